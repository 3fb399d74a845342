// What happened to a production: the event log, and what became of the plan.

import { h } from "../lib/dom.js";
import { get } from "../lib/server.js";
import { named, REASONS, told, usd, when } from "../lib/words.js";

/** Every event, the newest first, and the changes of the plan. */
export function history(production, state, set) {
  const log = production.events.slice(-200).reverse();
  if (!log.length) return null;
  const look = (e) => {
    if (!e.target.open) return;
    get(`${production.path}/plan/history`).then((found) => set({ versions: found.versions }), () => {});
  };
  return h(
    "details",
    { class: "history", key: "history", ontoggle: look },
    h("summary", null, "What happened"),
    state.versions?.some((v) => v.changes.length) &&
      h(
        "ol",
        { class: "log", key: "versions", "aria-label": "Changes of the plan" },
        state.versions.filter((v) => v.changes.length).reverse().map((v) =>
          h(
            "li",
            { key: `v-${v.event_id}` },
            h("time", { datetime: v.at }, when(v.at)),
            h(
              "span",
              null,
              `${v.by || "Somebody"}: `,
              v.changes.slice(0, 6).map(
                (c, n) => h(
                  "span",
                  { key: n, class: "change", dir: "auto" },
                  `${c.asset_id ?? "plan"} ${c.field} `,
                  c.before !== null && h("del", null, shortened(c.before)),
                  c.after !== null && h("ins", null, shortened(c.after)),
                  " ",
                ),
              ),
              v.changes.length > 6 && `and ${v.changes.length - 6} more`,
            ),
          ),
        ),
      ),
    h(
      "ol",
      { class: "log", "aria-label": "Events" },
      log.map(
        (e) => h(
          "li",
          { key: e.id },
          h("time", { datetime: e.at, title: when(e.at) }, new Date(e.at).toLocaleTimeString()),
          h("span", { dir: "auto", class: isOverrun(e) ? "bad" : undefined }, told(e), saidOf(e)),
        ),
      ),
    ),
  );
}

const shortened = (value) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

const isOverrun = (event) =>
  event.name === "overrun" || (event.name === "needs_attention" && event.data.reason === "overrun");

/** The events that are about money, in words; of the others what they bring. */
const SAID = {
  overrun: (data) =>
    `${data.provider} ${data.model} charged ${usd(data.cost_usd)}, ${
      usd(Number(data.cost_usd) - Number(data.price_usd))
    } above its published ${usd(data.price_usd)}`,
  budget_raised: (data) =>
    `from ${usd(data.before_usd)} to ${usd(data.budget_usd)} by ${data.by}${aboveBrief(data)}`,
  approved: (data) =>
    [
      data.again && data.assets?.length && `${named(data.assets)},`,
      `by ${data.approver}, at most ${usd(data.budget_usd)}${aboveBrief(data)}`,
      data.note && `· ${data.note}`,
    ].filter(Boolean).join(" "),
  planning_billed: (data) =>
    data.message || `${usd(data.billed_usd)}${
      data.doubt_usd ? `, ${usd(data.doubt_usd)} of it for lost answers` : ""
    }`,
  attention_withdrawn: (data) => REASONS[data.reason] ?? data.reason,
  resolved: (data) => `${data.action.replaceAll("_", " ")} by ${data.by}${data.message ? `: ${data.message}` : ""}`,
  needs_attention: (data) =>
    data.message ? `${REASONS[data.reason] ?? data.reason}: ${data.message}` : (REASONS[data.reason] ?? data.reason),
};
const aboveBrief = (data) =>
  data.brief_budget_usd ? `, above the brief's ${usd(data.brief_budget_usd)}` : "";

function saidOf(event) {
  const { data } = event;
  const words = SAID[event.name]?.(data) || data.message || data.reason || data.note || data.feedback || (data.approver && `by ${data.approver}`) || (data.by && `by ${data.by}`);
  return words ? h("span", { class: "quiet" }, ` · ${words}`) : null;
}
