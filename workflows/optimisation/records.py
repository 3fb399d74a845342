"""The records of an optimisation: a search for a better version of one prompt, over cases, under one cap. USD; pure."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from workflows.activity_io import Payer
from workflows.brief import Brief, Platform
from workflows.evaluation.cases import MAX_CASES, Case
from workflows.models import ZERO, Model, ModelName, Money, Person, ProductionId, Slug
from workflows.prompts.records import Gain
from workflows.prompts.uses import PromptName, Version

OPTIMISATION_REFUSED: Final = "OptimisationRefused"
"""A type of failure: the optimisation cannot run; the message names the field and the remedy."""
LEAST_CASES: Final = 4
"""Two for the search, and two for the interval of the gain."""
MAX_OPTIMISED_CASES: Final = 300
"""Each is asked about for many texts."""

MethodName = Literal["halving", "mipro", "gepa"]
"""halving: built in. A model proposes texts from failures, and successive halving over the cases keeps the best.
mipro, gepa: MIPROv2 and GEPA of DSPy, which is the optional extra `optimise`."""
AnswerMetric = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]


class OptimisationStatus(StrEnum):
    PREPARING = "preparing"
    REFUSED = "refused"
    SEARCHING = "searching"
    COMPARING = "comparing"
    DONE = "done"
    CAPPED = "capped"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def closed(self) -> bool:
        return self not in _OPEN


_OPEN: Final = (OptimisationStatus.PREPARING, OptimisationStatus.SEARCHING, OptimisationStatus.COMPARING)


class OptimisationStart(Model):
    """The workflow's input. The bucket keeps it for the activities."""

    optimisation_id: ProductionId
    name: PromptName
    cases: tuple[Case, ...] = Field(min_length=LEAST_CASES, max_length=MAX_CASES)
    metric: AnswerMetric
    model: ModelName | None = Field(
        default=None, description="provider/model that the prompt is for; if absent, the first of its stage"
    )
    proposer: ModelName | None = Field(default=None, description="provider/model that proposes texts; if absent, model")
    judge: ModelName | None = Field(default=None, description="provider/model for the metric `judge`; if absent, model")
    method: MethodName = "halving"
    candidates: int = Field(default=8, ge=1, le=32, description="Texts that are proposed in a round")
    held_out: float = Field(default=0.4, gt=0, lt=1, description="The share of cases that the search does not see")
    max_usd: Money
    seed: int = Field(default=0, ge=0, le=1_000_000)
    tenant: Slug = "default"
    requester: Person = "anonymous"
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    created_at: datetime
    content: str = Field(description="A digest of all that decides about the result")


class PreparedOptimisation(Model):
    """What an optimisation consists of, after it was checked and priced."""

    model: str
    proposer: str
    judge: str = ""
    base_version: Version = Field(description="The version in use, which the result is compared with")
    trained: int
    held_out: int
    least_usd: Money = Field(description="What a result costs at most, with one proposal")
    kept_usd: Money = Field(description="Kept for the held-out cases")


class OptimisationStep(Model):
    """The input of the activities after the first one; the cases are in the bucket."""

    optimisation_id: str
    tenant: Slug
    prepared: PreparedOptimisation
    text: str = Field(default="", description="Of the search: what it found")


class Searched(Model):
    """The end of a search."""

    text: str = Field(default="", description="The best text; empty where none is better than the version in use")
    texts: int = Field(default=0, description="Texts that were tried, the version in use included")
    before: float | None = Field(default=None, description="The mean of the version in use on the training cases")
    after: float | None = Field(default=None, description="The mean of the best text on the same cases")
    capped: bool = Field(default=False, description="The cap ended the search; the best text until then counts")
    problem: str = Field(default="", description="Why there is no text")


class ComparedTexts(Model):
    """The best text against the version in use, on the held-out cases, stored as a version."""

    version: Version = Field(default=0, description="0: no version was stored")
    gain: Gain | None = None
    problem: str = ""


class OptimisationView(Model):
    """The state of an optimisation; also the workflow's result."""

    optimisation_id: str
    name: PromptName
    title: str = ""
    status: OptimisationStatus
    message: str = Field(default="", description="Why it does not run or has no result, with the remedy")
    field: str = Field(default="", description="Of a refused optimisation: the field to correct")
    tenant: str
    requester: str
    created_at: datetime
    method: MethodName
    metric: str
    max_usd: Money
    spent_usd: Money = ZERO
    cases: int = 0
    prepared: PreparedOptimisation | None = None
    searched: Searched | None = None
    version: Version = Field(default=0, description="What was stored; it is not used before a person chooses it")
    gain: Gain | None = None


class ModelQuestions(Model):
    """The owner of the questions of an optimisation in the ledger and in the accounts."""

    production_id: str
    brief: Brief
    payer: Payer | None = None
    spent_usd: Money = ZERO


def questions_of(start: OptimisationStart, production_id: str, day: str) -> ModelQuestions:
    """
    Args:
        production_id: Under which the questions are stored.
        day: Of UTC, whose limits of the tenant and the key count: that of the start.
    """
    brief = Brief(
        text=f"Optimise the prompt {start.name}.",
        platform=Platform.COPY,
        tenant=start.tenant,
        requester=start.requester,
    )
    payer = Payer(tenant=start.tenant, person=start.requester, day=day)
    return ModelQuestions(production_id=production_id, brief=brief, payer=payer)
