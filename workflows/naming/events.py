"""The names of events, of the reasons why a decision is pending, and of the possible decisions. Pure data."""

from typing import Final, Literal

EventName = Literal[
    "plan_start",
    "plan_progress",
    "plan_ready",
    "plan_edited",
    "plan_failed",
    "planning_billed",
    "reference_analysed",
    "reference_corrected",
    "fields_reviewed",
    "approval_ignored",
    "approval_requested",
    "approval_given",
    "approval_reminder",
    "approval_escalated",
    "approved",
    "rejected",
    "expired",
    "cancelled",
    "asset_start",
    "asset_progress",
    "asset_complete",
    "asset_failed",
    "asset_fallback",
    "asset_cancelled",
    "asset_stale",
    "take_requested",
    "take_failed",
    "take_selected",
    "take_judged",
    "paused",
    "resumed",
    "needs_attention",
    "attention_withdrawn",
    "overrun",
    "budget_raised",
    "budget_lowered",
    "prompt_proposed",
    "resolved",
    "finishing",
    "film_progress",
    "done",
    "stalled",
]
"""The relay sends those of `TRANSIENT_EVENTS`, without an id; all others are in the event log."""
TRANSIENT_EVENTS: Final[frozenset[EventName]] = frozenset({"plan_progress", "asset_progress", "stalled"})

AttentionReason = Literal[
    "fields_to_review",
    "approval",
    "deadline_near",
    "price_unknown",
    "stills_to_approve",
    "draft_to_approve",
    "paused",
    "asset_failed",
    "content_refused",
    "output_unusable",
    "below_score",
    "model_retired",
    "store_unsupported",
    "ambiguous_submission",
    "budget_short",
    "overrun",
    "change_to_approve",
    "plan_failed",
    "finishing_failed",
]
"""The reason why a decision is pending; the first seven concern the whole production.
fields_to_review: extracted fields are uncertain or break a rule, before the plan is drafted.
overrun: a model charges more than its published price, so the remaining assets exceed the budget; while they fit, it is
a notice about the whole production. change_to_approve: an edit costs more than was approved, or adds a language.
below_score: the judge of a brief with `gate` scored its best take below the minimum.
price_unknown of an asset: spending on its unpublished price is not allowed yet."""

Answer = Literal[
    "approve",
    "reject",
    "edit_plan",
    "revise",
    "review_fields",
    "pause",
    "resume",
    "retry",
    "accept_without",
    "adopt",
    "resubmit",
    "raise_budget",
    "upload",
    "cancel",
]
"""A possible decision: an update of the production, or an action of the update `resolve`."""
