// The names that the page gives to the API's values.

import { listed } from "./format.js";

export const PLATFORMS = {
  video: ["Video", "A film with narration and captions"],
  social_post: ["Social post", "A post and its picture"],
  design: ["Design", "A concept and key visuals"],
  copy: ["Copy", "Headline, body, call to action"],
  creative_brief: ["Creative brief", "Objective to deliverables"],
  document: ["Document", "The fields of documents, as JSON and CSV"],
};
export const PLATFORM_OPTIONS = Object.entries(PLATFORMS).map(([platform, [label]]) => [platform, label]);

export const MODALITIES = { text: "Text", image: "Image", video: "Video", audio: "Audio" };

/** Status -> [label, tone]. Tones: quiet, busy, ask, good, bad. */
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
  preparing: ["Preparing", "busy"],
  refused: ["Refused", "bad"],
  running: ["Running", "busy"],
  reporting: ["Reporting", "busy"],
  capped: ["Stopped at the cap", "ask"],
  paused: ["Paused", "ask"],
  active: ["Active", "good"],
};

const REASONS = {
  fields_to_review: "Extracted fields wait for a review",
  approval: "The plan waits for approval",
  deadline_near: "The approval deadline is near",
  price_unknown: "A price is unknown",
  stills_to_approve: "The stills wait for approval",
  draft_to_approve: "The draft waits for approval",
  paused: "Paused",
  asset_failed: "Generation failed",
  content_refused: "The provider refused the content",
  output_unusable: "The output cannot be used",
  below_score: "The judge's score is too low",
  model_retired: "The model was retired",
  store_unsupported: "The S3 storage cannot protect paid work",
  ambiguous_submission: "The provider may or may not have received the request",
  budget_short: "The budget is too small",
  overrun: "It costs more than its published price",
  change_to_approve: "It costs more than was approved",
  plan_failed: "Planning failed",
  finishing_failed: "The deliverable could not be assembled",
};
export const REASON_ORDER = Object.keys(REASONS);
export const reasonLabel = (reason) => REASONS[reason] ?? reason;

const CHANGES = {
  prompt: "its prompt",
  delivery: "its delivery",
  model: "its model",
  parameters: "its parameters",
  depends_on: "its inputs",
  continues: "the shot that it continues",
  last_frame: "its last frame",
};
export const staleBecause = (changes) => `Changed since: ${listed(changes.map((each) => CHANGES[each] ?? each))}`;

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
  prompt_proposed: "has a softer prompt proposed",
  resolved: "was resolved",
  finishing: "Assembling the deliverable",
  film_progress: "The film is encoded",
  done: "Delivered",
};
export function eventLabel({ name, asset_id, data }) {
  const label = name === "approved" && data.again ? "Approved again" : (EVENTS[name] ?? name);
  return asset_id ? `${asset_id} ${label.toLowerCase()}` : label;
}
