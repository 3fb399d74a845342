// One batch: its progress, one approval for all of its briefs, and a row for each.

import { Actions } from "../lib/actions.js";
import { get, post } from "../lib/api.js";
import { button, field, icon, loadFailure, moneyInput } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, priceLimit, spentSoFar, usd } from "../lib/format.js";
import { loading, pill, UNKNOWN_PRICE_HINT, unknownPriceCheckbox } from "../lib/parts.js";
import { Poller } from "../lib/poller.js";
import { progressBar, table } from "../lib/regions.js";
import { actorName } from "../lib/session.js";

const POLL_MS = 2_500;
const CLOSED = ["delivered", "rejected", "cancelled", "expired", "failed"];

export function openBatch(id, app) {
  const actions = new Actions(app);
  const path = `batches/${encodeURIComponent(id)}`;
  const poller = new Poller(app, () => get(path), () => {
    const final = poller.data?.status === "done" || poller.problem?.status === 404;
    return final ? null : POLL_MS;
  });
  let budget = "";
  let allowUnknown = false;

  const word = () => (poller.data?.series ? "series" : "batch");

  const send = (action, body) =>
    actions.run(action, async () => {
      poller.data = await post(`${path}/${action}`, body);
      await poller.load();
    });

  const head = (batch) => html`
    <div class="row">
      <div class="titled grow">
        <h1 dir="auto">${batch.file || id}</h1>
        ${pill(batch.status)}
      </div>
      ${!["done", "stopped"].includes(batch.status) && button(`Stop the ${word()}`, () => send("stop", {}), {
        variant: "ghost", busy: actions.busy("stop"),
      })}
      <a class="button" href="/api/v1/${path}/results" download>${icon("download")}<span>Results as CSV</span></a>
      ${batch.totals.statuses.delivered > 0 && html`
        <a class="button" href="/api/v1/${path}/deliverables.zip" download>
          ${icon("download")}<span>Download everything</span>
        </a>
      `}
    </div>
    ${batch.file && html`<p class="quiet small">${id}</p>`}
  `;

  function meters({ totals, budget_usd, series }) {
    const closed = CLOSED.reduce((sum, status) => sum + (totals.statuses[status] ?? 0), 0);
    const ofBudget = budget_usd !== null ? `, of ${usd(budget_usd)}` : "";
    return html`
      <section class="meters">
        <div>
          <p>
            <strong>${closed} of ${count(totals.rows, series ? "part" : "brief")}</strong>
            ${totals.assets > 0 && ` · ${count(totals.assets, "asset")}`}
          </p>
          ${progressBar(closed / totals.rows, "Briefs done")}
        </div>
        <div>
          <p><strong>${usd(totals.spent_usd)}</strong> spent, up to ${usd(totals.high_usd)} in total${ofBudget}</p>
          ${progressBar(budget_usd ? Number(totals.high_usd) / Number(budget_usd) : 0, "Budget")}
        </div>
      </section>
    `;
  }

  function approval({ totals, allow_unknown_prices, plan_digest, series }) {
    const someUnknown = totals.unknown_prices > 0;
    const needsTick = someUnknown && !allow_unknown_prices;
    const unticked = needsTick && !allowUnknown;
    const limit = budget || totals.high_usd;
    const approve = () => send("admit", {
      approver: actorName(),
      ...(plan_digest && { plan_digest }),
      budget_usd: limit, // what the button states, also where a row is planned again meanwhile
      ...(allowUnknown && someUnknown && { allow_unknown_prices: true }),
    });
    return html`
      <div class="row">
        ${field("admit", "Total budget", moneyInput(
          "admit", budget, Number(totals.high_usd).toFixed(2), (text) => ((budget = text), app.update()),
        ))}
        ${button(`Approve all · ${someUnknown ? `up to ${usd(limit)}` : priceLimit(limit)}`, approve, {
          variant: "primary large", busy: actions.busy("admit"), disabled: unticked,
        })}
        ${needsTick && unknownPriceCheckbox(
          count(totals.unknown_prices, "row"), allowUnknown, (on) => ((allowUnknown = on), app.update()),
        )}
        ${unticked && html`<p class="hint">${UNKNOWN_PRICE_HINT}</p>`}
      </div>
      ${series && html`
        <p class="hint">
          ${`One approval of all plans, which cost ${usd(totals.low_usd)} to ${usd(totals.high_usd)}: `}
          <span class="key">${plan_digest}</span>
        </p>
      `}
    `;
  }

  /** The parts of a series take what they need from its budget, also for later changes. */
  const raise = ({ budget_usd }) => html`
    <div class="row">
      ${field("admit", "Budget of the series", moneyInput(
        "admit", budget, Number(budget_usd).toFixed(2), (text) => ((budget = text), app.update()),
      ))}
      ${button("Raise the budget", () => send("admit", { approver: actorName(), budget_usd: budget }), {
        busy: actions.busy("admit"), disabled: !(Number(budget) > Number(budget_usd)),
      })}
    </div>
  `;

  const cells = (row) => [
    String(row.row),
    row.status === "pending"
      ? row.title || row.key
      : html`<a href="#/p/${row.production_id}">${row.title || row.key}</a>`,
    html`<span class="key">${row.key}</span>`,
    pill(row.status),
    spentSoFar(row.spent_usd),
    usd(row.high_usd),
    row.error,
  ];

  return {
    title: () => `Batch ${id}`,
    close: poller.close,
    render() {
      const { data: batch, problem } = poller;
      if (!batch) return problem ? loadFailure(problem, poller.load) : loading;
      const raisable = batch.series && batch.budget_usd !== null && !batch.plan_digest && batch.status !== "stopped";
      const running = ["planning", "producing"].includes(batch.status);
      return html`
        <div class="list" key=${id}>
          <a class="crumb" href="#/batches">${icon("back")}Batches</a>
          ${head(batch)}
          ${meters(batch)}
          ${batch.message && html`<p class="note" role="status">${icon("alert")}<span>${batch.message}</span></p>`}
          ${batch.totals.statuses.awaiting_approval > 0 && !running && approval(batch)}
          ${raisable && raise(batch)}
          ${actions.note("admit") ?? actions.note("stop")}
          ${table(batch.series ? "Parts of the series" : "Rows of the batch", ["", "Title", "Key", "Status", "Cost", "Maximum", ""], batch.rows.map(cells))}
        </div>
      `;
    },
  };
}
