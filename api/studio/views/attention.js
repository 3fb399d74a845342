// Everything that waits for a person, over all productions, the longest waiting first.

import { waiting } from "../production/answers.js";
import { h } from "../lib/dom.js";
import { Acts, empty, icon, me, nameField } from "../lib/parts.js";
import { ask } from "../lib/server.js";
import { PLATFORMS } from "../lib/words.js";

export function open(_, app) {
  const acts = new Acts(app);
  const state = {};
  app.look();

  function upload(id) {
    return (assetId, file, key) =>
      acts.run(key, async () => {
        const query = new URLSearchParams({ filename: file.name, uploaded_by: me() });
        await ask(
          "POST",
          `productions/${encodeURIComponent(id)}/assets/${encodeURIComponent(assetId)}/takes?${query}`,
          file,
        );
        await app.look();
      });
  }

  return {
    title: () => "Attention",
    render() {
      const found = app.waiting;
      return h(
        "div",
        { class: "attention narrow", key: "attention" },
        h(
          "div",
          { class: "row", key: "head" },
          h("h1", { class: "grow" }, "Attention"),
          found?.entries.length > 0 && nameField(app, "decided-by", "Decided by"),
        ),
        !found && h("p", { class: "hint", role: "status" }, "Loading…"),
        found?.entries.length === 0 && empty(
          "Nothing waits for you",
          "Plans to approve and assets that somebody has to decide about appear here, the longest waiting first.",
          h("a", { class: "button primary", href: "#/" }, "Write a brief"),
        ),
        found?.entries.length > 0 && h(
          "p",
          { class: "hint", key: "hint" },
          "The longest waiting first. Nothing costs anything while it waits.",
        ),
        [...grouped(found?.entries ?? [])].map(([id, entries]) =>
          h(
            "section",
            { key: id, class: "entry" },
            h(
              "h2",
              null,
              h("a", { href: `#/p/${id}`, dir: "auto" }, entries[0].title || id),
              h(
                "span",
                { class: "quiet small" },
                [
                  PLATFORMS[entries[0].platform]?.[0],
                  entries[0].requester !== "anonymous" && entries[0].requester,
                ].filter(Boolean).join(" · "),
              ),
            ),
            entries.map((entry) => waiting(entry.waiting, { acts, id, state, app, upload: upload(id) })),
          ),
        ),
        found && !found.complete && h(
          "p",
          { class: "hint" },
          icon("ask"),
          "More productions wait than are read at once.",
        ),
      );
    },
  };
}

/** What waits of one production belongs together, at the place of what waits longest. */
function grouped(entries) {
  const found = new Map();
  for (const entry of entries) found.set(entry.production_id, [...(found.get(entry.production_id) ?? []), entry]);
  return found;
}
