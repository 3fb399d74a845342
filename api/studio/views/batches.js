// Many briefs at once: a file in, a table, one budget.

import { one } from "./batch.js";
import { h } from "../lib/dom.js";
import { Acts, button, empty, failure, field, icon, input, me, pill, table } from "../lib/parts.js";
import { tabs } from "./productions.js";
import { rowsOf } from "../create/rows.js";
import { paged, post, Refused } from "../lib/server.js";
import { ago, count, usd, when } from "../lib/words.js";

const SAMPLE = "key,text,platform,title\nspring-1,Say why spring is worth waiting for.,copy,Spring\nspring-2,A poster for the first market day.,design,Market day\n";

export function open([id], app) {
  return id ? one(id, app) : all(app);
}

function all(app) {
  const acts = new Acts(app);
  let list = null;
  let more = false;
  let pages = 1;
  let problem = null;
  let file = null; // { name, rows } or { name, wrong }
  let budget = "";
  let approve = false;
  let over = false;

  async function load() {
    try {
      ({ lines: list, more } = await paged("batches", "batch_id", {}, pages));
      problem = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = error.problem;
    }
    app.update();
  }

  async function read(chosen) {
    try {
      file = { name: chosen.name, rows: rowsOf(chosen.name, await chosen.text()) };
    } catch (error) {
      file = { name: chosen.name, wrong: error.message };
    }
    app.update();
  }

  const start = () =>
    acts.run("start", async () => {
      const body = { rows: file.rows, approve, requester: me() };
      if (budget) body.budget_usd = budget;
      const started = await post("batches", body);
      location.hash = `#/batches/${started.batch_id}`;
    });

  load();
  return {
    title: () => "Batches",
    render() {
      if (!list && problem) return failure(problem, load);
      return h(
        "div",
        { class: "list", key: "batches" },
        h("h1", null, "Batches"),
        tabs("batches"),
        h(
          "section",
          {
            class: "drop",
            key: "drop",
            "data-over": over ? "" : undefined,
            ondragover: (e) => (e.preventDefault(), over || ((over = true), app.update())),
            ondragleave: () => ((over = false), app.update()),
            ondrop: (e) => (e.preventDefault(), (over = false), e.dataTransfer.files[0] && read(e.dataTransfer.files[0])),
          },
          h(
            "p",
            null,
            "Drop a CSV or JSON Lines file, a brief in each row, or ",
            h(
              "label",
              { class: "link" },
              "choose one",
              h(
                "input",
                {
                  type: "file",
                  class: "sr",
                  accept: ".csv,.jsonl,.ndjson,.json",
                  onchange: (e) => e.target.files[0] && read(e.target.files[0]),
                },
              ),
            ),
            ".",
          ),
          h(
            "p",
            { class: "hint" },
            "Columns are the fields of a brief: text, platform, title, style, duration_seconds, … A key names a row. ",
            h(
              "button",
              {
                type: "button",
                class: "link",
                onclick: () => ((file = { name: "sample.csv", rows: rowsOf("sample.csv", SAMPLE) }), app.update()),
              },
              "Try a sample",
            ),
          ),
        ),
        file?.wrong && h(
          "p",
          { class: "note bad", role: "alert", key: "wrong" },
          icon("ask"),
          h("span", null, `${file.name}: ${file.wrong}`),
        ),
        file?.rows &&
          h(
            "section",
            { key: "file", class: "stack" },
            h("h2", null, `${file.name}: ${count(file.rows.length, "brief")}`),
            table(
              ["", "Brief", "Platform", "Title"],
              file.rows.slice(0, 8).map(
                (r, n) => [String(n + 1), r.brief.text ?? "", r.brief.platform ?? "", r.brief.title ?? ""],
              ),
              "Briefs in the file",
            ),
            file.rows.length > 8 && h("p", { class: "hint" }, `and ${file.rows.length - 8} more`),
            h(
              "div",
              { class: "row" },
              field(
                "together",
                "All together at most",
                h(
                  "div",
                  { class: "money" },
                  h("span", { "aria-hidden": "true" }, "$"),
                  input(
                    "together",
                    {
                      inputmode: "decimal",
                      value: budget,
                      placeholder: "No limit",
                      oninput: (e) => ((budget = e.target.value.replace(",", ".").trim()), app.update()),
                    },
                  ),
                ),
              ),
              h(
                "label",
                { class: "check grow" },
                h(
                  "input",
                  { type: "checkbox", checked: approve, onchange: (e) => ((approve = e.target.checked), app.update()) },
                ),
                h("span", null, "Approve all by itself, if all of it fits"),
              ),
              button("Start the batch", start, { look: "primary", busy: acts.busy("start") }),
            ),
            acts.note("start"),
          ),
        list?.length
          ? h(
            "ul",
            { class: "rows", key: "rows" },
            list.map(
              (b) => h(
                "li",
                { key: b.batch_id },
                h(
                  "a",
                  { href: `#/batches/${b.batch_id}` },
                  h(
                    "span",
                    { class: "name" },
                    h("strong", null, b.batch_id),
                    h("span", { class: "quiet small" }, count(b.rows, "brief")),
                  ),
                  pill(b.status),
                  h(
                    "span",
                    { class: "cost tabular" },
                    b.spent_usd === null ? "" : Number(b.spent_usd) ? usd(b.spent_usd) : "Free",
                  ),
                  h(
                    "time",
                    { class: "quiet small", datetime: b.created_at, title: when(b.created_at) },
                    ago(b.created_at),
                  ),
                ),
              ),
            ),
          )
          : list && !file && empty("No batches yet", "A batch plans many briefs, and holds all of them to one budget."),
        more && h("div", { class: "row end", key: "more" }, button("Show more", () => ((pages += 1), load()))),
      );
    },
  };
}
