// All productions: what there is, how it stands, what it cost.

import { h } from "../lib/dom.js";
import { button, empty, failure, icon, pill, select } from "../lib/parts.js";
import { paged, Refused } from "../lib/server.js";
import { ago, beyond, PLATFORMS, STATUS, usd, when } from "../lib/words.js";

const FILTERS = ["", "awaiting_approval", "producing", "needs_attention", "delivered", "failed"];
const AGAIN_MS = 8_000;
const PAUSE_MS = 250;

/** The tabs of everything that is a list of productions. */
export const tabs = (current) =>
  h(
    "nav",
    { class: "tabs", "aria-label": "Lists", key: "tabs" },
    [["productions", "Productions"], ["batches", "Batches"], ["schedules", "Schedules"]].map(([name, words]) =>
      h("a", { href: `#/${name}`, key: name, "aria-current": name === current ? "page" : undefined }, words),
    ),
  );

export function open(_, app) {
  let status = "";
  let platform = "";
  let search = "";
  let lines = null;
  let more = false;
  let problem = null;
  let timer = 0;
  let typing = 0;
  let closed = false;
  let pages = 1;

  async function load() {
    clearTimeout(timer);
    const asked = `${status}/${platform}/${search}`;
    try {
      const query = {
        ...(status && { status }),
        ...(platform && { platform }),
        ...(search.trim() && { words: search.trim() }),
      };
      const found = await paged("productions", "production_id", query, pages);
      if (asked !== `${status}/${platform}/${search}`) return;
      ({ lines, more } = found);
      problem = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = error.problem;
    }
    if (!closed) timer = setTimeout(load, AGAIN_MS);
    app.update();
  }

  const type = (words) => {
    search = words;
    clearTimeout(typing);
    typing = setTimeout(() => filter(() => {}), PAUSE_MS);
    app.update();
  };

  const filter = (change) => {
    change();
    pages = 1;
    load();
    app.update();
  };

  load();

  return {
    title: () => "Productions",
    close: () => ((closed = true), clearTimeout(timer), clearTimeout(typing)),
    render() {
      if (!lines) return problem ? failure(problem, load) : h(
        "div",
        { class: "list", key: "loading" },
        tabs("productions"),
        h("p", { class: "hint", role: "status" }, "Loading…"),
      );
      return h(
        "div",
        { class: "list", key: "list" },
        h(
          "div",
          { class: "row" },
          h("h1", null, "Productions"),
          h("span", { class: "grow" }),
          h("a", { class: "button primary", href: "#/" }, icon("plus"), h("span", null, "New")),
        ),
        tabs("productions"),
        h(
          "div",
          { class: "row tight filters", role: "search" },
          FILTERS.map(
            (each) => h(
              "button",
              {
                type: "button",
                class: "chip",
                key: each || "all",
                "aria-pressed": String(status === each),
                onclick: () => filter(() => (status = each)),
              },
              each ? STATUS[each][0] : "All",
            ),
          ),
          h("span", { class: "grow" }),
          h("label", { class: "sr", for: "of-platform" }, "Platform"),
          select(
            "of-platform",
            [["", "Every platform"], ...Object.entries(PLATFORMS).map(([name, [words]]) => [name, words])],
            platform,
            (value) => filter(() => (platform = value)),
          ),
          h("label", { class: "sr", for: "search" }, "Search"),
          h(
            "input",
            {
              id: "search",
              type: "search",
              placeholder: "Title, id or person",
              value: search,
              oninput: (e) => type(e.target.value),
            },
          ),
        ),
        problem && h(
          "p",
          { class: "banner", role: "status" },
          h("span", { class: "spin", "aria-hidden": "true" }),
          problem.detail,
        ),
        lines.length
          ? h("ul", { class: "rows", key: "rows" }, lines.map(row))
          : status || platform || search
            ? empty(
              "Nothing fits",
              search ? `No title, id or person ${more ? "of the first thousand " : ""}reads like that.` : "No production has that status and platform.",
              button("Show all", () => filter(() => ((status = platform = search = "")))),
            )
            : empty(
              "No productions yet",
              "Write a brief, and see the plan with its prices before anything is made.",
              h("a", { class: "button primary", href: "#/" }, "Write a brief"),
            ),
        more && h("div", { class: "row end" }, button("Show more", () => ((pages += 1), load()))),
      );
    },
  };
}

function row(line) {
  return h(
    "li",
    { key: line.production_id },
    h(
      "a",
      { href: `#/p/${line.production_id}` },
      h(
        "span",
        { class: "name" },
        h("strong", { dir: "auto" }, line.title || line.production_id),
        h(
          "span",
          { class: "quiet small" },
          [
            PLATFORMS[line.platform]?.[0],
            line.requester !== "anonymous" && line.requester,
            line.title && line.production_id,
          ].filter(Boolean).join(" · "),
        ),
      ),
      pill(line.status),
      h(
        "span",
        { class: "cost tabular" },
        line.spent_usd === null ? "" : Number(line.spent_usd) ? usd(line.spent_usd) : "Free",
        Number(line.overrun_usd) > 0 && h("span", { class: "bad small", title: beyond(line.overrun_usd) }, `${usd(line.overrun_usd)} over`),
      ),
      h(
        "time",
        { class: "quiet small", datetime: line.created_at, title: when(line.created_at) },
        ago(line.created_at),
      ),
    ),
  );
}
