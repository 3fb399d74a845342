// The names that the page gives to the API's values.

import { listed } from "./format.js";

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
