// The pending decisions of all productions, oldest first: by reason and by batch, answered one by one or at once.

import { Actions } from "../lib/actions.js";
import { get, listPages, postFile } from "../lib/api.js";
import { button, icon, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { dotted } from "../lib/format.js";
import { REASON_ORDER, reasonLabel } from "../lib/labels.js";
import { emptyState, loading, nameField } from "../lib/parts.js";
import { PLATFORMS } from "../lib/platforms.js";
import { actorName, drafts, hasRole } from "../lib/session.js";
import { attentionCard } from "../production/attention_card.js";
import { Bulk } from "./bulk.js";

export function open(_, app) {
  const actions = new Actions(app);
  const state = drafts.get("attention") ?? {};
  const bulk = new Bulk(app);
  let reason = "";
  let batch = ""; // its id
  let inBatch = null; // the ids of its productions
  let batches = [];
  let pages = 1;
  app.readAttention = () => readPages(pages);
  app.loadAttention();
  actions.run("batches", async () => ((batches = (await listPages("batches", "batch_id", {}, 1)).items)));

  function showMore() {
    pages += 1;
    app.loadAttention();
  }

  const show = (each) => ((reason = each), app.update());

  function chooseBatch(id) {
    batch = id;
    inBatch = null;
    if (id) actions.run("batch", async () => {
      const { rows } = await get(`batches/${encodeURIComponent(id)}`);
      if (batch === id) inBatch = new Set(rows.map((row) => row.production_id));
    });
    app.update();
  }

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

  /** The reasons that there are, each with its number of decisions; the batches. */
  function filters(entries) {
    const counts = new Map();
    for (const { waiting } of entries) counts.set(waiting.reason, (counts.get(waiting.reason) ?? 0) + 1);
    const reasons = ["", ...REASON_ORDER.filter((each) => counts.has(each) || each === reason)];
    if (reasons.length < 3 && !reason && !batches.length) return null; // nothing to choose from
    return html`
      <div class="row tight filters" role="search">
        ${reasons.map((each) => html`
          <button type="button" class="chip" key=${each || "all"} aria-pressed=${String(reason === each)}
            onclick=${() => show(each)}>
            ${each ? reasonLabel(each) : "All"}${" "}
            <span class="count">${each ? counts.get(each) ?? 0 : entries.length}</span>
          </button>
        `)}
        ${batches.length > 0 && html`
          <label class="sr" for="of-batch">Batch</label>
          ${select("of-batch", [["", "With and without a batch"], ...batches.map(batchOption)], batch, chooseBatch)}
        `}
      </div>
    `;
  }

  return {
    title: () => "Attention",
    render() {
      drafts.set("attention", Object.fromEntries(Object.entries(state).map(([key, { texts }]) => [key, { texts }])));
      const found = app.attention;
      const pending = (found?.entries ?? []).filter(bulk.isOpen);
      const ofBatch = batch ? pending.filter((each) => inBatch?.has(each.production_id)) : pending;
      const entries = reason ? ofBatch.filter((each) => each.waiting.reason === reason) : ofBatch;
      const filtered = reason || batch;
      return html`
        <div class="attention narrow">
          <div class="row">
            <h1 class="grow">Attention</h1>
            ${pending.length > 0 && nameField(app, "decided-by", "Decided by")}
          </div>
          ${!found && loading}
          ${pending.length > 0 && filters(ofBatch)}
          ${actions.note("batch")}
          ${hasRole("approver") && bulk.view(entries, reason)}
          ${pending.length > 0 && !entries.length && (!batch || inBatch) && emptyState(
            "No matches",
            "No pending decision has that reason and batch.",
            filtered && button("Show all", () => (chooseBatch(""), show(""))),
          )}
          ${found && !pending.length && emptyState(
            "No pending decisions",
            "Plans to approve and assets that need a decision appear here, oldest first.",
            html`<a class="button primary" href="#/">Write a brief</a>`,
          )}
          ${[...byProduction(entries)].map(section)}
          ${found && !found.complete && html`
            <div class="row end">${button("Show more", showMore)}</div>
          `}
        </div>
      `;
    },
  };
}

/** The first pages of pending decisions, each with those of a thousand productions, in one list. */
async function readPages(pages) {
  const entries = new Map();
  let token = null;
  do {
    const page = await get(token ? `attention?${new URLSearchParams({ page_token: token })}` : "attention");
    for (const entry of page.entries) entries.set(`${entry.production_id} ${entry.waiting.id}`, entry);
    token = page.next_page_token;
    pages -= 1;
  } while (token && pages > 0);
  const oldestFirst = (a, b) => (a.waiting.since < b.waiting.since ? -1 : 1);
  return { entries: [...entries.values()].sort(oldestFirst), complete: !token };
}

const batchOption = ({ batch_id, file }) => [batch_id, file ? `${file} · ${batch_id}` : batch_id];

/** Production id -> its entries; a production takes the place of its oldest entry. */
function byProduction(entries) {
  const groups = new Map();
  for (const entry of entries) groups.set(entry.production_id, [...(groups.get(entry.production_id) ?? []), entry]);
  return groups;
}
