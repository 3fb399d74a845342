// The pending decisions of all productions, oldest first.

import { Actions } from "../lib/actions.js";
import { postFile } from "../lib/api.js";
import { emptyState, icon, loading, nameField } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { dotted } from "../lib/format.js";
import { PLATFORMS } from "../lib/labels.js";
import { actorName, drafts } from "../lib/session.js";
import { attentionCard } from "../production/attention_card.js";

export function open(_, app) {
  const actions = new Actions(app);
  const state = drafts.get("attention") ?? {};
  app.loadAttention();

  const uploadTo = (id) => (assetId, file, key) =>
    actions.run(key, async () => {
      const query = new URLSearchParams({ filename: file.name, uploaded_by: actorName() });
      const asset = `productions/${encodeURIComponent(id)}/assets/${encodeURIComponent(assetId)}`;
      await postFile(`${asset}/takes?${query}`, file);
      await app.loadAttention();
    });

  const section = ([id, entries]) => html`
    <section class="entry" key=${id}>
      <h2>
        <a href="#/p/${id}" dir="auto">${entries[0].title || id}</a>
        <span class="quiet small">
          ${dotted(PLATFORMS[entries[0].platform]?.[0], entries[0].requester !== "anonymous" && entries[0].requester)}
        </span>
      </h2>
      ${entries.map(({ waiting }) => attentionCard(waiting, { actions, id, state, app, upload: uploadTo(id) }))}
    </section>
  `;

  return {
    title: () => "Attention",
    render() {
      drafts.set("attention", Object.fromEntries(Object.entries(state).map(([key, { texts }]) => [key, { texts }])));
      const found = app.attention;
      const entries = found?.entries ?? [];
      return html`
        <div class="attention narrow" key="attention">
          <div class="row" key="head">
            <h1 class="grow">Attention</h1>
            ${entries.length > 0 && nameField(app, "decided-by", "Decided by")}
          </div>
          ${!found && loading}
          ${found && !entries.length && emptyState(
            "No pending decisions",
            "Plans to approve and assets that need a decision appear here, oldest first.",
            html`<a class="button primary" href="#/">Write a brief</a>`,
          )}
          ${entries.length > 0 && html`<p class="hint" key="hint">Oldest first. Waiting costs nothing.</p>`}
          ${[...byProduction(entries)].map(section)}
          ${found && !found.complete && html`
            <p class="hint">${icon("alert")}More productions wait for decisions than are listed here.</p>
          `}
        </div>
      `;
    },
  };
}

/** Production id -> its entries; a production takes the place of its oldest entry. */
function byProduction(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(entry.production_id, [...(groups.get(entry.production_id) ?? []), entry]);
  return groups;
}
