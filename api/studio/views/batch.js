// One batch: how far its briefs are, one approval for all of them, a row each.

import { h } from "../lib/dom.js";
import { Acts, bar, button, failure, field, icon, input, me, pill, table, unknownTick, UNTICKED } from "../lib/parts.js";
import { get, post, Refused } from "../lib/server.js";
import { atMost, count, usd } from "../lib/words.js";

const AGAIN_MS = 2_500;

export function one(id, app) {
  const acts = new Acts(app);
  const path = `batches/${encodeURIComponent(id)}`;
  let batch = null;
  let problem = null;
  let timer = 0;
  let closed = false;
  let budget = "";
  let allowed = false;

  async function load() {
    clearTimeout(timer);
    try {
      batch = await get(path);
      problem = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = error.problem;
    }
    if (!closed && batch?.status !== "done" && problem?.status !== 404) timer = setTimeout(load, AGAIN_MS);
    app.update();
  }
  const act = (part, body) => acts.run(part, async () => ((batch = await post(`${path}/${part}`, body)), load()));
  load();

  return {
    title: () => `Batch ${id}`,
    close: () => ((closed = true), clearTimeout(timer)),
    goes: () => false,
    render() {
      if (!batch) return problem ? failure(problem, load) : h("p", { class: "hint", role: "status" }, "Loading…");
      const { totals } = batch;
      const unticked = totals.unknown_prices > 0 && !batch.allow_unknown_prices && !allowed;
      const done = Object.entries(totals.statuses).filter(
        ([s]) => ["delivered", "rejected", "cancelled", "expired", "failed"].includes(s),
      ).reduce((n, [, each]) => n + each, 0);
      const open_ = totals.statuses.awaiting_approval > 0;
      return h(
        "div",
        { class: "list", key: id },
        h("a", { class: "crumb", href: "#/batches" }, icon("back"), "Batches"),
        h(
          "div",
          { class: "row" },
          h("h1", null, id),
          pill(batch.status),
          h("span", { class: "grow" }),
          !["done", "stopped"].includes(batch.status) && button(
            "Stop",
            () => act("stop", {}),
            { look: "ghost", busy: acts.busy("stop") },
          ),
          h(
            "a",
            { class: "button", href: `/api/v1/${path}/results`, download: "" },
            icon("down"),
            h("span", null, "Results as CSV"),
          ),
        ),
        h(
          "section",
          { class: "meters" },
          h(
            "div",
            null,
            h("p", null, h("strong", null, `${done} of ${count(totals.rows, "brief")}`)),
            bar(done / totals.rows, "Briefs done"),
          ),
          h(
            "div",
            null,
            h(
              "p",
              null,
              h("strong", null, usd(totals.spent_usd)),
              ` spent, up to ${usd(totals.high_usd)} in all${batch.budget_usd !== null ? `, of ${usd(batch.budget_usd)}` : ""}`,
            ),
            bar(batch.budget_usd ? Number(totals.high_usd) / Number(batch.budget_usd) : 0, "Money"),
          ),
        ),
        batch.message && h("p", { class: "note", role: "status" }, icon("ask"), h("span", null, batch.message)),
        open_ && !["planning", "producing"].includes(batch.status) &&
          h(
            "div",
            { class: "row", key: "admit" },
            field(
              "admit",
              "All together at most",
              h(
                "div",
                { class: "money" },
                h("span", { "aria-hidden": "true" }, "$"),
                input(
                  "admit",
                  {
                    inputmode: "decimal",
                    value: budget,
                    placeholder: Number(totals.high_usd).toFixed(2),
                    oninput: (e) => ((budget = e.target.value.trim()), app.update()),
                  },
                ),
              ),
            ),
            button(
              `Approve all · ${totals.unknown_prices ? `up to ${usd(budget || totals.high_usd)}` : atMost(budget || totals.high_usd)}`,
              () => act("admit", {
                approver: me(),
                ...(budget && { budget_usd: budget }),
                ...(allowed && totals.unknown_prices && { allow_unknown_prices: true }),
              }),
              { look: "primary large", busy: acts.busy("admit"), disabled: unticked },
            ),
            totals.unknown_prices > 0 && !batch.allow_unknown_prices &&
              unknownTick(count(totals.unknown_prices, "row"), allowed, (on) => ((allowed = on), app.update())),
            unticked && h("p", { class: "hint", key: "unticked" }, UNTICKED),
          ),
        acts.note("admit") ?? acts.note("stop"),
        table(
          ["", "Key", "Status", "Cost", "Most", ""],
          batch.rows.map(
            (r) => [
              String(r.row),
              h(
                "span",
                { class: "key" },
                r.status === "pending" ? r.key : h("a", { href: `#/p/${r.production_id}` }, r.key),
              ),
              pill(r.status),
              Number(r.spent_usd) ? usd(r.spent_usd) : "Free",
              usd(r.high_usd),
              r.error,
            ],
          ),
          "Rows of the batch",
        ),
      );
    },
  };
}
