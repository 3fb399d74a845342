// The events of a production, and the changes of its plan.

import { get } from "../lib/api.js";
import { html } from "../lib/dom.js";
import { dateTime, listed, truncated, usd } from "../lib/format.js";
import { reasonLabel } from "../lib/labels.js";

const MOST_EVENTS = 200;
const MOST_CHANGES = 6;

/** Event -> label; events of an asset continue its id. */
const EVENTS = {
  plan_start: "Planning started",
  plan_ready: "The plan is ready",
  plan_edited: "The plan was edited",
  plan_failed: "Planning failed",
  planning_billed: "Planning was billed",
  reference_analysed: "A reference was read",
  reference_corrected: "A reference was corrected",
  fields_reviewed: "Extracted fields were reviewed",
  approval_ignored: "An approval of another plan was ignored",
  approval_requested: "An approval was requested",
  approval_given: "An approval was given",
  approval_reminder: "Reminder: the approval deadline is near",
  approval_escalated: "The approval was escalated",
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired without an approval",
  cancelled: "Cancelled",
  asset_start: "started",
  asset_complete: "completed",
  asset_failed: "failed",
  asset_fallback: "continues with its next model",
  asset_cancelled: "was left out",
  asset_stale: "is stale",
  take_requested: "has a new take requested",
  take_failed: "has a take that failed",
  take_selected: "uses another take",
  take_judged: "has a take that was judged",
  paused: "Paused",
  resumed: "Resumed",
  needs_attention: "Needs attention",
  attention_withdrawn: "no longer needs a decision",
  overrun: "cost more than its published price",
  budget_raised: "The budget was raised",
  budget_lowered: "The budget was lowered",
  prompt_proposed: "has a softer prompt proposed",
  resolved: "was resolved",
  finishing: "Assembling the deliverable",
  film_progress: "The film is encoded",
  done: "Delivered",
};
function eventLabel({ name, asset_id, data }) {
  const label = name === "approved" && data.again ? "Approved again" : (EVENTS[name] ?? name);
  return asset_id ? `${asset_id} ${label.toLowerCase()}` : label;
}

/** The newest event first. The plan's versions are loaded when the log is opened. */
export function eventLog(production, state, set) {
  const events = production.events.slice(-MOST_EVENTS).reverse();
  if (!events.length) return null;
  const versions = (state.versions ?? []).filter((v) => v.changes.length).reverse();
  const load = (e) => {
    if (!e.target.open) return;
    get(`${production.path}/plan/history`).then((found) => set({ versions: found.versions }), () => {});
  };
  return html`
    <details class="history" ontoggle=${load}>
      <summary>Event log</summary>
      ${versions.length > 0 && html`
        <ol class="log" aria-label="Plan changes">${versions.map(versionLine)}</ol>
      `}
      <ol class="log" aria-label="Events">${events.map(eventLine)}</ol>
    </details>
  `;
}

const versionLine = ({ event_id, at, by, changes }) => html`
  <li key="v-${event_id}">
    <time datetime=${at}>${dateTime(at)}</time>
    <span>
      ${`${by || "Someone"}: `}
      ${changes.slice(0, MOST_CHANGES).map((change) => html`
        <span class="change" dir="auto">
          ${`${change.asset_id ?? "plan"} ${change.field} `}
          ${change.before !== null && html`<del>${valueText(change.before)}</del>`}
          ${change.after !== null && html`<ins>${valueText(change.after)}</ins>`}${" "}
        </span>
      `)}
      ${changes.length > MOST_CHANGES && `and ${changes.length - MOST_CHANGES} more`}
    </span>
  </li>
`;

function eventLine(event) {
  const overrun = event.name === "overrun" || (event.name === "needs_attention" && event.data.reason === "overrun");
  const details = eventDetails(event);
  return html`
    <li key=${event.id}>
      <time datetime=${event.at} title=${dateTime(event.at)}>${new Date(event.at).toLocaleTimeString()}</time>
      <span dir="auto" class=${overrun ? "bad" : null}>
        ${eventLabel(event)}${details && html`<span class="quiet"> · ${details}</span>`}
      </span>
    </li>
  `;
}

const valueText = (value) => truncated(typeof value === "string" ? value : JSON.stringify(value), 80);

const aboveBrief = (data) => (data.brief_budget_usd ? `, above the brief's ${usd(data.brief_budget_usd)}` : "");

const forLost = (doubt) => `, ${usd(doubt)} of it for lost responses`;

/** Event -> its details as text; the other events show their message, reason, note or actor. */
const DETAILS = {
  overrun({ provider, model, cost_usd, price_usd }) {
    const above = usd(Number(cost_usd) - Number(price_usd));
    return `${provider} ${model} charged ${usd(cost_usd)}, ${above} above its published ${usd(price_usd)}`;
  },
  reference_analysed: ({ reference, summary }) => `reference-${reference}: ${summary}`,
  reference_corrected: ({ reference, by, changed = [], struck = [] }) =>
    `reference-${reference} by ${by}: ${[...changed, ...struck.map((part) => `${part} struck out`)].join(", ")}`,
  film_progress: (data) => `${data.segments} of ${data.count} segments`,
  budget_raised: (data) => `from ${usd(data.before_usd)} to ${usd(data.budget_usd)} by ${data.by}${aboveBrief(data)}`,
  budget_lowered: ({ before_usd, budget_usd, by, reason }) =>
    `from ${usd(before_usd)} to ${usd(budget_usd)} by ${by}${reason ? `: ${reason}` : ""}`,
  approved: (data) =>
    [
      data.again && data.assets?.length && `${listed(data.assets)},`,
      `by ${data.approver}, at most ${usd(data.budget_usd)}${aboveBrief(data)}`,
      data.note && `· ${data.note}`,
    ].filter(Boolean).join(" "),
  planning_billed: ({ message, billed_usd, doubt_usd }) =>
    message || `${usd(billed_usd)}${doubt_usd ? forLost(doubt_usd) : ""}`,
  take_judged: ({ take, score, matches, reason, unjudged, billed_usd, doubt_usd }) =>
    (typeof score === "number"
      ? `take ${take} ${matches ? "matches" : "scores"} ${score.toFixed(2)}${reason ? `: ${reason}` : ""}`
      : `take ${take} is unjudged${typeof unjudged === "string" ? `: ${unjudged}` : ""}`) +
    (doubt_usd ? ` (${usd(billed_usd)}${forLost(doubt_usd)})` : ""),
  asset_complete: ({ reused }) => reused && `reused from ${reused.production_id}, free`,
  attention_withdrawn: ({ reason }) => reasonLabel(reason),
  resolved: ({ action, by, message }) => `${action.replaceAll("_", " ")} by ${by}${message ? `: ${message}` : ""}`,
  needs_attention: ({ reason, message }) => (message ? `${reasonLabel(reason)}: ${message}` : reasonLabel(reason)),
};

function eventDetails({ name, data }) {
  const actor = data.approver || data.by;
  return DETAILS[name]?.(data) || data.message || data.reason || data.note || data.feedback || (actor && `by ${actor}`);
}
