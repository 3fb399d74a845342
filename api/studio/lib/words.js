// How things are called and how numbers are written, in the reader's own locale.

const locale = navigator.language;
const dollars = new Intl.NumberFormat(locale, { style: "currency", currency: "USD" });
const cents = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "long" });
const whole = new Intl.NumberFormat(locale);
const percents = new Intl.NumberFormat(locale, { style: "percent" });
const list = new Intl.ListFormat(locale, { type: "conjunction" });

/** Small sums keep their fractions of a cent. */
export const usd = (amount) => (Math.abs(Number(amount)) < 0.1 ? cents : dollars).format(Number(amount ?? 0));
export const percent = (share) => percents.format(share);
export const count = (n, one, many) => `${whole.format(n)} ${n === 1 ? one : (many ?? `${one}s`)}`;
export const named = (names) => list.format(names);
export const when = (at) => moment.format(new Date(at));

/** On the button that spends it; null is a price that nobody published. */
export function atMost(price) {
  if (price === null) return "price unknown";
  return Number(price) === 0 ? "free" : `up to ${usd(price)}`;
}

export function priceRange(low, high) {
  if (Number(high) === 0) return "Free";
  return Number(low) === Number(high) ? usd(high) : `${usd(low)} to ${usd(high)}`;
}

export function priceOf(quote) {
  if (!quote) return "Not priced";
  return quote.unknown ? "Price unknown" : priceRange(quote.low_usd, quote.high_usd);
}

const STEPS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3_600], ["minute", 60]];

export function ago(at, now = Date.now()) {
  const seconds = (new Date(at) - now) / 1000;
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return unit === "second" && Math.abs(seconds) < 45 ? "just now" : relative.format(Math.round(seconds / size), unit);
}

/** 75 -> 1:15. */
export function clock(seconds) {
  const rounded = Math.max(0, Math.round(seconds));
  const rest = String(rounded % 60).padStart(2, "0");
  const minutes = Math.floor(rounded / 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

export function lasting(seconds) {
  if (seconds < 1) return "under 1 s";
  return seconds < 90 ? `${whole.format(Math.round(seconds))} s` : `${whole.format(Math.round(seconds / 60))} min`;
}

export function size(bytes) {
  const [unit, each] = bytes >= 1e9 ? ["gigabyte", 1e9] : bytes >= 1e6 ? ["megabyte", 1e6] : ["kilobyte", 1e3];
  const style = { style: "unit", unit, maximumFractionDigits: bytes / each < 10 ? 1 : 0 };
  return new Intl.NumberFormat(locale, style).format(bytes / each);
}

export const PLATFORMS = {
  video: ["Video", "A film with narration and captions"],
  social_post: ["Social post", "A post and its picture"],
  design: ["Design", "A concept and key visuals"],
  copy: ["Copy", "Headline, body, call to action"],
  creative_brief: ["Creative brief", "Objective to deliverables"],
};

export const MODALITIES = { text: "Text", image: "Image", video: "Video", audio: "Audio" };

/** Status -> [words, tone]. Tones: quiet, busy, ask, good, bad. */
export const STATUS = {
  planning: ["Planning", "busy"],
  awaiting_approval: ["Awaiting approval", "ask"],
  producing: ["Producing", "busy"],
  needs_attention: ["Needs attention", "ask"],
  finishing: ["Finishing", "busy"],
  delivered: ["Delivered", "good"],
  rejected: ["Rejected", "quiet"],
  expired: ["Expired", "quiet"],
  cancelled: ["Cancelled", "quiet"],
  failed: ["Failed", "bad"],
  pending: ["Pending", "quiet"],
  planned: ["Planned", "ask"],
  over_budget: ["Over budget", "ask"],
  overrun: ["Above its price", "bad"],
  stopped: ["Stopped", "quiet"],
  done: ["Done", "good"],
  paused: ["Paused", "ask"],
  active: ["Active", "good"],
};

export const REASONS = {
  approval: "The plan waits for approval",
  deadline_near: "The time to approve is nearly over",
  price_unknown: "A price is unknown",
  stills_to_approve: "The stills wait for approval",
  paused: "Paused",
  asset_failed: "Could not be made",
  content_refused: "The provider refused the content",
  output_unusable: "What came back cannot be used",
  model_retired: "The model was retired",
  store_unsupported: "The S3 store cannot protect paid work",
  ambiguous_submission: "The request may or may not have arrived",
  budget_short: "The budget is too small",
  overrun: "It costs more than its published price",
  change_to_approve: "It costs more than was approved",
  plan_failed: "There is no plan",
  finishing_failed: "The deliverable could not be put together",
};

/** What vendors charged beyond their published prices; red wherever it is said. */
export const beyond = (amount) => `${usd(amount)} above published prices`;

/** What approving spends of an asset that waits for money, by the reason. */
export const ASKS_FOR_MONEY = new Set(["price_unknown", "budget_short", "overrun", "change_to_approve"]);

export const CLOSED = new Set(["delivered", "rejected", "expired", "cancelled", "failed"]);
export const BUSY = new Set(["planning", "producing", "finishing"]);

const CHANGED = {
  prompt: "its prompt",
  model: "its model",
  parameters: "its parameters",
  depends_on: "what it is made from",
};
export const because = (reasons) => `Changed since: ${named(reasons.map((r) => CHANGED[r] ?? r))}`;

const LOG = {
  plan_start: "Planning began",
  plan_ready: "The plan was ready",
  plan_edited: "The plan was edited",
  plan_failed: "No plan could be made",
  planning_billed: "Planning was billed",
  approval_ignored: "An approval of another plan was ignored",
  approval_given: "An approval was given",
  approval_reminder: "Reminder: the time to approve is running out",
  approval_escalated: "The approval was escalated",
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired without an approval",
  cancelled: "Cancelled",
  asset_start: "began",
  asset_complete: "is done",
  asset_failed: "failed",
  asset_fallback: "goes to its next model",
  asset_cancelled: "was left out",
  asset_stale: "is stale",
  take_requested: "is asked for again",
  take_failed: "lost a further take",
  take_selected: "has another take in use",
  paused: "Paused",
  resumed: "Resumed",
  needs_attention: "Needs attention",
  attention_withdrawn: "needs no decision any more",
  overrun: "cost more than its published price",
  budget_raised: "The budget was raised",
  prompt_proposed: "has a softer prompt proposed",
  resolved: "was decided on",
  finishing: "Putting the deliverable together",
  done: "Delivered",
};
export const told = (event) => {
  const words_ = event.name === "approved" && event.data.again ? "Approved again" : (LOG[event.name] ?? event.name);
  return event.asset_id ? `${event.asset_id} ${words_.toLowerCase()}` : words_;
};

/** How a text begins, in whole words where it has some. */
export function opening(text, chars = 60) {
  if (text.length <= chars) return text;
  const whole = text.slice(0, chars + 1).replace(/\s*\S*$/, "");
  return `${whole || text.slice(0, chars)}…`;
}
