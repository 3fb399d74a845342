"""The updates of the production workflow: the request, the result and the time limit of each."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from workflows.events import Receipt
from workflows.models import Model, Plan
from workflows.requests import (
    AnalyseAgain,
    ApprovalRequest,
    CorrectReference,
    Decision,
    LowerBudget,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    Resolve,
    Resume,
    ReviewFields,
    Revision,
    SelectTake,
    UploadTake,
)

UPDATE_SECONDS: Final = 25.0
"""For an accepted update; an edit prices the plan. Below the 30 s that clients commonly wait."""
REVISE_SECONDS: Final = 300.0
"""A language model may take minutes for a new plan."""
UPLOAD_SECONDS: Final = 120.0
"""A worker fetches, checks and keeps a file of up to 2 GB."""

A = TypeVar("A", bound=Model)
R = TypeVar("R", bound=Model)


@dataclass(frozen=True)
class Update(Generic[A, R]):
    """One update.

    Attributes:
        seconds: The time for its result.
        reopens: Whether it opens a delivered production again.
    """

    name: str
    request: type[A]
    result: type[R]
    seconds: float = UPDATE_SECONDS
    reopens: bool = False


DECIDE: Final = Update("decide", Decision, Receipt)
REQUEST_APPROVAL: Final = Update("request_approval", ApprovalRequest, Receipt)
EDIT_PLAN: Final = Update("edit_plan", PlanEdit, Plan, reopens=True)
REVISE: Final = Update("revise", Revision, Plan, REVISE_SECONDS)
RESOLVE: Final = Update("resolve", Resolve, Receipt)
REGENERATE: Final = Update("regenerate", Regenerate, Receipt, reopens=True)
REGENERATE_FROM_FEEDBACK: Final = Update("regenerate", Regenerate, Receipt, REVISE_SECONDS, reopens=True)
SELECT_TAKE: Final = Update("select_take", SelectTake, Receipt, reopens=True)
UPLOAD_TAKE: Final = Update("upload_take", UploadTake, Receipt, UPLOAD_SECONDS, reopens=True)
REFRESH: Final = Update("refresh", Refresh, Receipt, reopens=True)
CORRECT_REFERENCE: Final = Update("correct_reference", CorrectReference, Receipt, reopens=True)
ANALYSE_AGAIN: Final = Update("analyse_again", AnalyseAgain, Receipt, REVISE_SECONDS)
REVIEW_FIELDS: Final = Update("review_fields", ReviewFields, Receipt, reopens=True)
PAUSE: Final = Update("pause", Pause, Receipt)
RESUME: Final = Update("resume", Resume, Receipt)
LOWER_BUDGET: Final = Update("lower_budget", LowerBudget, Receipt)
