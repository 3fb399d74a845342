"""Requests and responses of optimisations of Greenlight's own prompts."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.views.production import View
from workflows.evaluation.cases import MAX_CASES_BYTES
from workflows.evaluation.records import EvaluationName
from workflows.models import Model, ModelName, Money, Person, Slug
from workflows.optimisation.records import AnswerMetric, MethodName, OptimisationStatus
from workflows.prompts.uses import PromptName


class OptimisationBody(Model):
    """A search for a better version of one prompt. Nothing is paid before all of it is checked and priced."""

    name: PromptName = Field(description="The prompt", examples=["delivery"])
    cases: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CASES_BYTES)] = Field(
        description="JSON Lines, as for evaluations; `style`, `take` and `expected` are for prompts",
        examples=['{"prompt": "We lost the lighthouse.", "expected": {"text": "sad, slowly"}}\n'],
    )
    metric: AnswerMetric = Field(
        description="valid, match, overlap, agreement, judge, or a metric of evaluations that measures texts",
        examples=["overlap"],
    )
    max_usd: Money = Field(description="The most that all requests may cost together")
    model: ModelName | None = Field(
        default=None, description="provider/model that the prompt is for; if absent, the first of its stage"
    )
    proposer: ModelName | None = Field(default=None, description="provider/model that proposes texts; if absent, model")
    judge: ModelName | None = Field(default=None, description="provider/model for the metric `judge`; if absent, model")
    method: MethodName = Field(
        default="halving", description="halving is built in; mipro and gepa need the extra `optimise` on the workers"
    )
    candidates: int = Field(default=8, ge=1, le=32, description="Texts that are proposed in a round")
    held_out: float = Field(default=0.4, gt=0, lt=1, description="The share of cases that the search does not see")
    seed: int = Field(default=0, ge=0, le=1_000_000)
    optimisation_id: EvaluationName | None = Field(
        default=None, description="The same id names the same optimisation; without it, a new id"
    )
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    tenant: Slug = "default"
    requester: Person = "anonymous"


class ListedOptimisation(View):
    """One line of the list, from Temporal's visibility store."""

    optimisation_id: str
    name: str
    title: str = ""
    status: OptimisationStatus
    tenant: str | None = None
    requester: str | None = None
    spent_usd: Money | None = None
    created_at: datetime
    closed_at: datetime | None = None


class OptimisationPage(View):
    """Open ones come first. `next_page_token` is null on the last page.

    None is missed; one that closes while the pages are read can be on two of them.
    """

    optimisations: tuple[ListedOptimisation, ...]
    next_page_token: str | None = None
