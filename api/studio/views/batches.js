// All batches, and the start of one: a file of briefs, a table of them, one budget.

import { COLUMNS, parseBriefFile, textOf } from "../create/brief_file.js";
import { Actions } from "../lib/actions.js";
import { listPages, post } from "../lib/api.js";
import { button, checkbox, field, icon, loadFailure, moneyInput } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { ago, count, dateTime, dotted, spentSoFar } from "../lib/format.js";
import { emptyState, pill } from "../lib/parts.js";
import { Poller } from "../lib/poller.js";
import { table } from "../lib/regions.js";
import { actorName } from "../lib/session.js";
import { openBatch } from "./batch.js";
import { tabs } from "./productions.js";

const SAMPLE = `key,text,platform,title
spring-1,Say why spring is worth waiting for.,copy,Spring
spring-2,A poster for the first market day.,design,Market day
`;

export function open([id], app) {
  return id ? openBatch(id, app) : openBatches(app);
}

function openBatches(app) {
  const actions = new Actions(app);
  let pages = 1;
  let file = null; // {name, rows}
  let refused = []; // {name, error} of the files that were chosen last and cannot be used
  let budget = "";
  let approve = false;
  let series = false;
  let catalogue = ""; // what the pictures of a file are, of which each row is one
  let over = false;
  const poller = new Poller(app, () => listPages("batches", "batch_id", {}, pages));

  /** A batch is one file. A file that cannot be used is named, and the good one before it stays. */
  async function read([chosen, ...others]) {
    refused = others.map(({ name }) => ({ name, error: "a batch is one file; start another batch with it" }));
    try {
      file = { name: chosen.name, rows: parseBriefFile(chosen.name, await textOf(chosen)) };
    } catch (error) {
      refused.unshift({ name: chosen.name, error: error.message });
    }
    app.update();
  }

  const start = () =>
    actions.run("start", async () => {
      const body = { requester: actorName(), file: file.name.slice(0, 200), ...content() };
      if (budget) body.budget_usd = budget;
      const started = await post("batches", body);
      location.hash = `#/batches/${started.batch_id}`;
    });

  const content = () => {
    if (!series) return { rows: file.rows, approve };
    if (!catalogue.trim()) return { rows: file.rows, series };
    const items = file.rows.map(({ key, brief }, n) => ({ key: key ?? String(n + 1), text: brief.text }));
    return { items, series, defaults: { platform: "design", text: catalogue } };
  };

  const drop = (e) => {
    e.preventDefault();
    drag(false);
    if (e.dataTransfer.files.length) read([...e.dataTransfer.files]);
  };
  const drag = (now) => over !== now && ((over = now), app.update());

  const dropZone = () => html`
    <section class="drop" data-over=${over}
      ondragover=${(e) => (e.preventDefault(), drag(true))}
      ondragleave=${() => drag(false)}
      ondrop=${drop}>
      <p>
        ${"Drop a CSV or JSON Lines file with one brief per row, or "}
        <label class="link">
          choose a file
          <input type="file" class="sr" accept=".csv,.jsonl,.ndjson,.json"
            onchange=${(e) => e.target.files.length && read([...e.target.files])}>
        </label>.
      </p>
      <p class="hint">
        ${`The columns are ${COLUMNS.slice(0, -1).join(", ")} and ${COLUMNS.at(-1)}. `}
        ${"Each row needs a text and a platform. "}
        <button type="button" class="link" onclick=${() => read([new File([SAMPLE], "sample.csv")])}>Try a sample</button>
      </p>
    </section>
  `;

  const fileSection = ({ name, rows }) => html`
    <section class="stack">
      <h2>${name}: ${count(rows.length, "brief")}</h2>
      ${table("Briefs in the file", ["", "Brief", "Platform", "Title"], rows.slice(0, 8).map(
        ({ brief }, n) => [String(n + 1), brief.text ?? "", brief.platform ?? "", brief.title ?? ""],
      ))}
      ${rows.length > 8 && html`<p class="hint">and ${rows.length - 8} more</p>`}
      <div class="row">
        ${field("together", "Total budget", moneyInput(
          "together", budget, "No limit", (text) => ((budget = text), app.update()),
        ))}
        <label class="check">
          <input type="checkbox" .checked=${series} onchange=${(e) => ((series = e.target.checked), app.update())}>
          <span>A series: one plan, one approval, one budget</span>
        </label>
        ${!series && html`
          <label class="check grow">
            <input type="checkbox" .checked=${approve} onchange=${(e) => ((approve = e.target.checked), app.update())}>
            <span>Approve automatically if the whole batch fits the budget</span>
          </label>
        `}
        ${button(series ? "Plan the series" : "Start the batch", start, { variant: "primary", busy: actions.busy("start") })}
      </div>
      ${series && field("catalogue", "Where each row is one picture: the catalogue", html`
        <input id="catalogue" .value=${catalogue} maxlength="2000" placeholder="Leave empty where each row is a brief"
          oninput=${(e) => ((catalogue = e.target.value), app.update())}>
      `)}
      ${actions.note("start")}
    </section>
  `;

  const row = (batch) => html`
    <li key=${batch.batch_id}>
      <a href="#/batches/${batch.batch_id}">
        <span class="name">
          <strong dir="auto">${batch.file || batch.batch_id}</strong>
          <span class="quiet small">${dotted(count(batch.rows, "brief"), batch.file && batch.batch_id)}</span>
        </span>
        ${pill(batch.status)}
        <span class="cost tabular">${spentSoFar(batch.spent_usd)}</span>
        <time class="quiet small" datetime=${batch.created_at} title=${dateTime(batch.created_at)}>
          ${ago(batch.created_at)}
        </time>
      </a>
    </li>
  `;

  function list({ items, more }) {
    if (items.length) return [
      html`<ul class="rows">${items.map(row)}</ul>`,
      more && html`<div class="row end">${button("Show more", () => ((pages += 1), poller.load()))}</div>`,
    ];
    return !file && emptyState("No batches yet", "A batch plans many briefs under one budget.");
  }

  return {
    title: () => "Batches",
    close: poller.close,
    render() {
      const { data, problem } = poller;
      if (!data && problem) return loadFailure(problem, poller.load);
      return html`
        <div class="list">
          <h1>Batches</h1>
          ${tabs("batches")}
          ${dropZone()}
          ${refused.length > 0 && html`
            <div class="note bad" role="alert">
              ${icon("alert")}
              <div>${refused.map(({ name, error }) => html`<p dir="auto">“${name}”: ${error}.</p>`)}</div>
            </div>
          `}
          ${file && fileSection(file)}
          ${data && list(data)}
        </div>
      `;
    },
  };
}
