// One evaluation: its progress as it happens, then its report, with the takes of each case side by side.

import { Actions } from "../lib/actions.js";
import { get, post } from "../lib/api.js";
import { button, icon, loadFailure } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted, usd } from "../lib/format.js";
import { loading, pill } from "../lib/parts.js";
import { progressBar, table } from "../lib/regions.js";
import { followEvents } from "../production/event_stream.js";
import { casesSection, comparisonSection, figuresTable, preferenceSection } from "./report.js";

const CLOSED = ["refused", "done", "capped", "cancelled", "failed"];
const CASES = 20;

export function openEvaluation(id, app) {
  const actions = new Actions(app);
  const path = `evaluations/${encodeURIComponent(id)}`;
  const state = {
    view: null, links: null, problem: null, report: null, cases: [], total: 0, others: [], other: "", comparison: null,
  };
  let stop = () => null;

  const load = async () => {
    try {
      const found = await get(path);
      Object.assign(state, { view: found.view, links: found.links, problem: null });
      if (CLOSED.includes(found.view.status)) await loadReport();
    } catch (error) {
      state.problem = error.problem ?? { status: 0, title: String(error) };
    }
    app.update();
  };

  async function loadReport() {
    if (!state.view.cells) return;
    state.report = await get(`${path}/report`);
    await moreCases();
    const { evaluations } = await get("evaluations?page_size=50");
    state.others = evaluations.filter((e) => e.evaluation_id !== id && !["refused", "preparing"].includes(e.status));
  }

  async function moreCases() {
    const page = await get(`${path}/cases?after=${state.cases.length}&limit=${CASES}`);
    state.cases = [...state.cases, ...page.cases];
    state.total = page.total;
    app.update();
  }

  const follow = () => {
    stop = followEvents(path, 0, {
      event: (view) => ((state.view = view), app.update()),
      connection: () => null,
      end: async () => {
        await load();
        return !state.view || CLOSED.includes(state.view.status);
      },
    });
  };
  load().then(() => state.view && !CLOSED.includes(state.view.status) && follow());

  const send = (change) =>
    actions.run(change, async () => {
      state.view = await post(`${path}/${change}`);
    });

  const compare = () =>
    actions.run("compare", async () => {
      state.comparison = await get(`${path}/compare?to=${encodeURIComponent(state.other)}`);
    });

  const change = (text, name, variant = "") =>
    button(text, () => send(name), { variant, busy: actions.busy(name) });

  const controls = ({ status }) => html`
    <div class="row">
      ${status === "running" && change("Pause", "pause")}
      ${status === "paused" && change("Resume", "resume", "primary")}
      ${["running", "paused"].includes(status) && change("Cancel", "cancel", "ghost")}
      ${state.report && html`
        <a class="button primary" href="#/evaluations/${id}/votes">Compare blindly</a>
        <a class="button" href="/api/v1/${path}/report.html" target="_blank" rel="noopener">
          ${icon("external")}<span>Report as a page</span>
        </a>
      `}
      ${state.links?.temporal_ui && html`
        <a class="button ghost" href=${state.links.temporal_ui} target="_blank" rel="noopener">
          ${icon("external")}<span>In Temporal</span>
        </a>
      `}
    </div>
  `;

  const meters = (view) => html`
    <section class="meters">
      <div>
        <p>
          <strong>${view.made + view.failed} of ${count(view.cells, "take")}</strong>
          ${view.failed > 0 && `, ${view.failed} failed`}
        </p>
        ${progressBar(view.cells ? (view.made + view.failed) / view.cells : null, "Takes made")}
      </div>
      <div>
        <p><strong>${usd(view.spent_usd)}</strong> spent, of at most ${usd(view.max_usd)}</p>
        ${progressBar(Number(view.max_usd) ? Number(view.spent_usd) / Number(view.max_usd) : 0, "Money")}
      </div>
    </section>
  `;

  const models = (view) => table("Models", ["Model", "Made", "Failed", "Cost"], view.columns.map((column, n) => [
    column.label,
    `${view.progress[n].made} of ${column.cells}`,
    String(view.progress[n].failed),
    usd(view.progress[n].spent_usd),
  ]));

  const failures = ({ failures: found }) => found.length > 0 && html`
    <section class="stack">
      <h2>Failures</h2>
      ${table("Failures", ["Case", "Model", "Reason"], found.map((f) => [f.case_id, f.model, f.message]))}
    </section>
  `;

  return {
    title: () => state.view?.title || `Evaluation ${id}`,
    close: () => stop(),
    accepts: ([other, part]) => other === id && !part,
    render() {
      const { view, problem } = state;
      if (!view) return problem ? loadFailure(problem, load) : loading;
      return html`
        <div class="list" key=${id}>
          <div class="stack">
            <a class="crumb" href="#/evaluations">${icon("back")}Evaluations</a>
            <div class="titled"><h1 dir="auto">${view.title || id}</h1>${pill(view.status)}</div>
            <p class="quiet small">${dotted(id, count(view.cases, "case"), view.requester)}</p>
          </div>
          ${controls(view)}
          ${["pause", "resume", "cancel"].map((name) => actions.note(name))}
          ${view.message && html`
            <p class="note" role="status">${icon("alert")}<span>${view.message}</span></p>
          `}
          ${meters(view)}
          ${!state.report && view.columns.length > 0 && models(view)}
          ${state.report && figuresTable(state.report)}
          ${state.report && preferenceSection(state.report)}
          ${state.report && comparisonSection(state, actions, compare, app)}
          ${failures(view)}
          ${state.report && casesSection(state, path, () => actions.run("cases", moreCases), actions)}
        </div>
      `;
    },
  };
}
