// Everything that waits for a person, over all productions, the longest waiting first.

import { waiting } from "./answers.js";
import { h } from "./dom.js";
import { Acts, empty, icon, me, nameField } from "./parts.js";
import { ask } from "./server.js";
import { PLATFORMS } from "./words.js";

export function open(_, app) {
  const acts = new Acts(app);
  const state = {};
  app.look();

  function upload(id) {
    return (assetId, file, key) =>
      acts.run(key, async () => {
        const query = new URLSearchParams({ filename: file.name, uploaded_by: me() });
        await ask("POST", `productions/${encodeURIComponent(id)}/assets/${encodeURIComponent(assetId)}/takes?${query}`, file);
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
        h("h1", null, "Attention"),
        !found && h("p", { class: "hint", role: "status" }, "Loading…"),
        found?.entries.length === 0 && empty("Nothing waits for you", "Plans to approve and assets that somebody has to decide about appear here, the longest waiting first.", h("a", { class: "button primary", href: "#/" }, "Write a brief")),
        found?.entries.length > 0 && h("div", { class: "row", key: "who" }, h("p", { class: "hint grow" }, "The longest waiting first. Nothing costs anything while it waits."), nameField(app, "who", "Decided by")),
        found?.entries.map((entry) =>
          h(
            "section",
            { key: `${entry.production_id}/${entry.waiting.id}`, class: "entry" },
            h("h2", null, h("a", { href: `#/p/${entry.production_id}`, dir: "auto" }, entry.title || entry.production_id), entry.platform && h("span", { class: "quiet small" }, PLATFORMS[entry.platform][0])),
            waiting(entry.waiting, { acts, id: entry.production_id, state, app, upload: upload(entry.production_id) }),
          ),
        ),
        found && !found.complete && h("p", { class: "hint" }, icon("ask"), "More productions wait than are read at once."),
      );
    },
  };
}
