"""Requests and responses of evaluations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.views.production import View
from workflows.evaluation.cases import MAX_CASES_BYTES, MAX_MODELS
from workflows.evaluation.records import MAX_AT_ONCE, EvaluationName, EvaluationStatus, EvaluationView, MetricName
from workflows.evaluation.report import CaseResults
from workflows.judging.policy import JudgeName
from workflows.models import ZERO, Modality, Model, Money, Person, Slug
from workflows.provider_report import MetricInfo

ModelText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class EvaluationBody(Model):
    """Cases that each model makes once. Nothing is paid before all of it is checked and priced."""

    cases: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CASES_BYTES)] = Field(
        description="JSON Lines: an object with a `prompt` on each line, and further fields of a case",
        examples=['{"id": "boat", "prompt": "A red boat"}\n{"prompt": "A lighthouse", "aspect": "1:1"}\n'],
    )
    models: tuple[ModelText, ...] = Field(
        min_length=1,
        max_length=MAX_MODELS,
        description="provider/model, with parameters after a question mark",
        examples=[["previz/previz-narration", "previz/previz-narration?rate=200"]],
    )
    metrics: tuple[MetricName, ...] = Field(default=(), description="If empty, all that are free, installed and fit")
    transcriber: ModelText | None = Field(
        default=None, description="A model that writes down what voices say, for the word error rate"
    )
    judge: JudgeName = Field(
        default="",
        description="'provider/model' of the judge whose verdicts are `judge_score`; if empty, the choice of "
        "GREENLIGHT_JUDGE. Without `metrics`, naming it selects the metric",
    )
    max_usd: Money = Field(default=ZERO, description="The most that all takes and verdicts may cost together")
    at_once: int = Field(default=10, ge=1, le=MAX_AT_ONCE, description="Takes at a time")
    evaluation_id: EvaluationName | None = Field(
        default=None, description="The same id names the same evaluation; without it, a new id"
    )
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    tenant: Slug = "default"
    requester: Person = "anonymous"


class EvaluationLinks(View):
    """Paths of this API, and the run in the Temporal UI where its address is configured."""

    evaluation: str
    report: str
    page: str = Field(description="The report as HTML")
    temporal_ui: str | None = None


class EvaluationResponse(View):
    """An evaluation and where to read more of it."""

    view: EvaluationView
    links: EvaluationLinks


class ListedEvaluation(View):
    """One line of the list, from Temporal's visibility store."""

    evaluation_id: str
    title: str = ""
    status: EvaluationStatus
    cases: int = 0
    models: int = 0
    tenant: str | None = None
    requester: str | None = None
    spent_usd: Money | None = None
    created_at: datetime
    closed_at: datetime | None = None


class EvaluationPage(View):
    """Open ones come first. `next_page_token` is null on the last page.

    None is missed; one that closes while the pages are read can be on two of them.
    """

    evaluations: tuple[ListedEvaluation, ...]
    next_page_token: str | None = None


class MetricList(View):
    metrics: tuple[MetricInfo, ...]


class CasePage(View):
    """Some cases with their takes, in the order of the file."""

    cases: tuple[CaseResults, ...]
    total: int


class PairSide(View):
    """One take of a pair; nothing in it shows the model."""

    media_type: str
    media: str | None = Field(default=None, description="The path of its file; null for a text")
    text: str = ""


class PairView(View):
    """Two takes of one case, for a person to compare; `pair_id` is null when the person has compared all."""

    pair_id: str | None = None
    modality: Modality | None = None
    prompt: str = ""
    left: PairSide | None = None
    right: PairSide | None = None
    done: int = Field(description="Pairs that this person has compared")
    total: int


class VoteBody(Model):
    """The choice of one person; the same person may change it."""

    pair_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{20}$")]
    choice: Literal["left", "right", "tie"]
    voter: Person = "anonymous"
