// All evaluations, and the start of one: a file of cases, models, and the most that they may cost.

import { textOf } from "../create/brief_file.js";
import { Actions } from "../lib/actions.js";
import { get, listPages, post } from "../lib/api.js";
import { button, field, icon, loadFailure, moneyInput } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { ago, count, dateTime, dotted, spentSoFar } from "../lib/format.js";
import { emptyState, pill } from "../lib/parts.js";
import { Poller } from "../lib/poller.js";
import { actorName, drafts } from "../lib/session.js";
import { tabs } from "../views/productions.js";
import { openEvaluation } from "./evaluation.js";
import { openVotes } from "./votes.js";

const SAMPLE_CASES = `{"id": "boat", "modality": "image", "prompt": "A red boat on a calm sea"}
{"id": "trains", "modality": "audio", "prompt": "Night trains are back, and they are quiet."}
{"id": "harbour", "modality": "audio", "prompt": "The wind turns, and the harbour wakes."}
{"id": "sails", "modality": "video", "prompt": "A boat sails past a lighthouse"}
{"id": "line", "modality": "text", "prompt": "One line about night trains"}
`;
const SAMPLE_MODELS = `previz/previz-storyboard
previz/previz-narration
previz/previz-narration?rate=220
previz/previz-animatic?seconds=2
previz/previz-animatic?seconds=3
previz/previz-text`;

const CASES_HINT = "JSON Lines: an object with a “prompt” on each line. Optional are “id”, “modality”, “parameters”, "
  + "“aspect”, “language” and “expected”.";

export function open([id, part], app) {
  if (!id) return openList(app);
  return part === "votes" ? openVotes(id, app) : openEvaluation(id, app);
}

function openList(app) {
  const actions = new Actions(app);
  const form = { cases: "", models: "", metrics: "", judge: "", budget: "", title: "", ...drafts.get("evaluation") };
  let metrics = null;
  let pages = 1;
  const poller = new Poller(app, () => listPages("evaluations", "evaluation_id", {}, pages));
  get("evaluation-metrics").then((found) => ((metrics = found.metrics), app.update()), () => null);

  const set = (name) => (e) => ((form[name] = e.target.value), app.update());
  const names = (text) => text.split(/[\n,]/).map((each) => each.trim()).filter(Boolean);

  async function read([file]) {
    form.cases = await textOf(file);
    form.title ||= file.name.slice(0, 200);
    app.update();
  }

  const start = () =>
    actions.run("start", async () => {
      const body = { cases: form.cases, models: names(form.models), title: form.title, requester: actorName() };
      if (form.metrics.trim()) body.metrics = names(form.metrics);
      if (form.judge.trim()) body.judge = form.judge.trim();
      if (form.budget) body.max_usd = form.budget;
      const { view } = await post("evaluations", body);
      for (const name of Object.keys(form)) form[name] = "";
      location.hash = `#/evaluations/${view.evaluation_id}`;
    });

  const sample = () => {
    Object.assign(form, { cases: SAMPLE_CASES, models: SAMPLE_MODELS, title: "Sample" });
    app.update();
  };

  const metricHint = () => {
    if (!metrics) return "Empty: all that fit and are free.";
    const here = metrics.filter((m) => !m.missing).map((m) => (m.paid ? `${m.name} (paid)` : m.name)).join(", ");
    const absent = metrics.filter((m) => m.missing).map((m) => `${m.name}: ${m.missing}`).join("; ");
    return `Empty: all that fit and are free. Available: ${here}.${absent && ` Not here: ${absent}.`}`;
  };

  const startForm = () => html`
    <section class="stack" aria-label="New evaluation">
      ${field("cases", "Cases", html`
        <textarea id="cases" rows="6" spellcheck="false" dir="auto" aria-describedby="cases-hint"
          .value=${form.cases} oninput=${set("cases")}></textarea>
      `, CASES_HINT)}
      <div class="row">
        <label class="link">
          Choose a file
          <input type="file" class="sr" accept=".jsonl,.ndjson,.json"
            onchange=${(e) => e.target.files.length && read([...e.target.files])}>
        </label>
        <button type="button" class="link" onclick=${sample}>Try a sample</button>
      </div>
      ${field("models", "Models", html`
        <textarea id="models" rows="4" spellcheck="false" aria-describedby="models-hint"
          .value=${form.models} oninput=${set("models")}></textarea>
      `, "One on each line: provider/model, with parameters after a question mark.")}
      ${field("metrics", "Metrics", html`
        <input id="metrics" type="text" spellcheck="false" aria-describedby="metrics-hint"
          .value=${form.metrics} oninput=${set("metrics")}>
      `, metricHint())}
      ${field("judge", "Judge", html`
        <input id="judge" type="text" spellcheck="false" aria-describedby="judge-hint"
          .value=${form.judge} oninput=${set("judge")}>
      `, "provider/model, for judge_score, which is paid. Empty: the worker's choice.")}
      <div class="row">
        ${field("most", "At most, in total", moneyInput(
          "most", form.budget, "0.00", (text) => ((form.budget = text), app.update()),
        ))}
        ${button("Evaluate", start, {
          variant: "primary", busy: actions.busy("start"), disabled: !form.cases.trim() || !form.models.trim(),
        })}
      </div>
      ${actions.note("start")}
    </section>
  `;

  const row = (each) => html`
    <li key=${each.evaluation_id}>
      <a href="#/evaluations/${each.evaluation_id}">
        <span class="name">
          <strong dir="auto">${each.title || each.evaluation_id}</strong>
          <span class="quiet small">
            ${dotted(count(each.cases, "case"), count(each.models, "model"), each.evaluation_id)}
          </span>
        </span>
        ${pill(each.status)}
        <span class="cost tabular">${spentSoFar(each.spent_usd)}</span>
        <time class="quiet small" datetime=${each.created_at} title=${dateTime(each.created_at)}>
          ${ago(each.created_at)}
        </time>
      </a>
    </li>
  `;

  function list({ items, more }) {
    if (items.length) return [
      html`<ul class="rows">${items.map(row)}</ul>`,
      more && html`<div class="row end">${button("Show more", () => ((pages += 1), poller.load()))}</div>`,
    ];
    return emptyState("No evaluations yet", "An evaluation measures models, parameters or voices over the same cases.");
  }

  return {
    title: () => "Evaluations",
    close: poller.close,
    render() {
      drafts.set("evaluation", form);
      const { data, problem } = poller;
      if (!data && problem) return loadFailure(problem, poller.load);
      return html`
        <div class="list">
          <h1>Evaluations</h1>
          ${tabs("evaluations")}
          ${startForm()}
          ${data && list(data)}
        </div>
      `;
    },
  };
}
