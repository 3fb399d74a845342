"""The records of an evaluation: cases that models make under one cap, and the measurements of their takes."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from workflows.activity_io import AssetFailure
from workflows.brief import Brief, Platform
from workflows.evaluation.cases import MAX_CASES, MAX_MODELS, Case, ModelSpec
from workflows.judging.policy import JudgeName
from workflows.models import ZERO, Asset, Media, Modality, Model, Money, Person, ProductionId, Slug, Take

MAX_AT_ONCE: Final = 50
MAX_FAILURES: Final = 20
"""Failures that the state names; the report has all."""
EVALUATION_REFUSED: Final = "EvaluationRefused"
"""A type of failure: the evaluation cannot run; the message names the field and the remedy."""

EvaluationName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
JUDGE_SCORE: Final = "judge_score"
"""The metric whose values are verdicts of a judge model, which are paid."""
MetricName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]

_PLATFORMS: Final = {Modality.TEXT: Platform.COPY, Modality.IMAGE: Platform.DESIGN}
ROLES: Final = {
    Modality.TEXT: "body",
    Modality.IMAGE: "still",
    Modality.VIDEO: "shot",
    Modality.AUDIO: "narration",
}


class EvaluationStatus(StrEnum):
    PREPARING = "preparing"
    REFUSED = "refused"
    RUNNING = "running"
    PAUSED = "paused"
    REPORTING = "reporting"
    DONE = "done"
    CAPPED = "capped"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def closed(self) -> bool:
        return self in _CLOSED


_CLOSED: Final = (
    EvaluationStatus.REFUSED,
    EvaluationStatus.DONE,
    EvaluationStatus.CAPPED,
    EvaluationStatus.CANCELLED,
    EvaluationStatus.FAILED,
)


class ModelColumn(Model):
    """A model of the evaluation, as the catalogue has it."""

    label: str
    provider: Slug
    model: str
    modality: Modality
    cells: int = Field(default=0, description="How many cases it makes")
    high_usd: Money = Field(default=ZERO, description="The most that all its takes may cost")


class ModelProgress(Model):
    """How far one model is."""

    made: int = 0
    failed: int = 0
    spent_usd: Money = ZERO


class CellFailure(Model):
    """A take that could not be made, and the reason."""

    case_id: str
    model: str
    message: str


class Prepared(Model):
    """What an evaluation consists of, after it was checked and priced."""

    columns: tuple[ModelColumn, ...]
    metrics: tuple[str, ...] = Field(description="The metrics that measure at least one take")
    cases: int
    cells: int
    pages: int
    high_usd: Money


class EvaluationState(Model):
    """How far an evaluation is; the next run continues from it."""

    prepared: Prepared
    page: int = Field(default=0, description="The first page whose takes are not all made")
    spent_usd: Money = ZERO
    progress: tuple[ModelProgress, ...]
    failures: tuple[CellFailure, ...] = ()
    paused: bool = False
    cancelled: bool = False
    capped: bool = False
    version: int = 0


class EvaluationStart(Model):
    """The workflow's input. After the first run, the bucket has the cases and `state` the progress."""

    evaluation_id: ProductionId
    cases: tuple[Case, ...] = Field(default=(), max_length=MAX_CASES)
    models: tuple[ModelSpec, ...] = Field(min_length=1, max_length=MAX_MODELS)
    metrics: tuple[MetricName, ...] = Field(default=(), description="If empty, all that are free, installed and fit")
    transcriber: ModelSpec | None = Field(default=None, description="A model that writes down what voices say")
    judge: JudgeName = Field(default="", description="The judge of `judge_score`; if empty, that of the worker")
    max_usd: Money = Field(default=ZERO, description="The most that takes and verdicts may cost together; USD")
    allow_unknown_prices: bool = Field(default=False, description="Make takes whose price no cap can limit too")
    at_once: int = Field(default=10, ge=1, le=MAX_AT_ONCE)
    tenant: Slug = "default"
    requester: Person = "anonymous"
    title: Annotated[str, StringConstraints(max_length=200)] = ""
    created_at: datetime
    content: str = Field(default="", description="A digest of cases, models, metrics, transcriber and judge")
    state: EvaluationState | None = None


class Cell(Model):
    """One case with one model: a take, the transcript of a voice where a transcriber is named, and the verdict of a
    judge, whose price is the review of the asset."""

    number: int = Field(ge=1)
    case: Case
    column: int = Field(ge=0, description="The index of its model")
    asset: Asset
    transcript: Asset | None = None
    unjudged: str = Field(default="", description="Why no judge is asked, where `judge_score` is selected")

    @property
    def high_usd(self) -> Decimal:
        """The most that it may cost."""
        return self.asset.high_usd + self.after_usd(self.asset)

    @property
    def verdict_usd(self) -> Decimal:
        return self.asset.review.high_usd if self.asset.review else ZERO

    def after_usd(self, asset: Asset) -> Decimal:
        """The most that the steps after the take of this asset may cost."""
        transcript = self.transcript.high_usd if self.transcript and asset is self.asset else ZERO
        return transcript + self.verdict_usd


class EvaluationRefusal(Model):
    """The second detail of EVALUATION_REFUSED; the first one is the field to correct, alone."""

    field: str
    least_usd: Money | None = None
    unpriced: bool = False


class CellPage(Model):
    """Some cases with all their cells, in the order in which they run."""

    cells: tuple[Cell, ...]


class CellsWanted(Model):
    evaluation_id: str
    page: int


class MeasureTake(Model):
    """A finished cell, to be measured and stored. `given` holds the metrics that are known without its file."""

    evaluation_id: str
    cell: Cell
    metrics: tuple[str, ...]
    take: Take | None = None
    transcript: Take | None = None
    failure: AssetFailure | None = None
    billed_usd: Money = ZERO
    given: dict[str, float] = Field(default_factory=dict, description="Metric -> value, e.g. the score of a judge")
    notes: dict[str, str] = Field(
        default_factory=dict, description="Metric -> the reasons of its given value, or of its absence"
    )


class CellResult(Model):
    """What became of one cell, as the bucket keeps it."""

    number: int
    case_id: str
    line: int
    prompt: str
    column: int
    modality: Modality
    asset_id: str
    media: Media | None = None
    excerpt: str = Field(default="", description="The beginning of a text")
    thumbnail: str = Field(default="", description="A small JPEG of a picture or of the first frame; base64")
    values: dict[str, float] = Field(default_factory=dict, description="Metric -> value")
    notes: dict[str, str] = Field(
        default_factory=dict, description="Metric -> why there is no value; a judge's reasons"
    )
    billed_usd: Money = ZERO
    failure: str = ""


class EvaluationView(Model):
    """The state of an evaluation; also the workflow's result."""

    evaluation_id: str
    title: str = ""
    status: EvaluationStatus
    message: str = Field(default="", description="Why it does not run or has ended early, with the remedy")
    field: str = Field(default="", description="Of a refused evaluation: the field to correct")
    least_usd: Money | None = Field(default=None, description="Of one that its cap refused: the least that it needs")
    unpriced: bool = Field(default=False, description="It was refused because a price is not published")
    tenant: str
    requester: str
    created_at: datetime
    max_usd: Money
    spent_usd: Money = ZERO
    high_usd: Money = Field(default=ZERO, description="The most that all takes and verdicts may cost")
    cases: int = 0
    cells: int = Field(default=0, description="Takes: each case with each model of its modality")
    made: int = 0
    failed: int = 0
    columns: tuple[ModelColumn, ...] = ()
    progress: tuple[ModelProgress, ...] = ()
    metrics: tuple[str, ...] = ()
    failures: tuple[CellFailure, ...] = Field(default=(), description="The first ones")
    version: int = Field(default=0, description="Increases with every change")


class WriteReport(Model):
    """The end of an evaluation: its report is computed from all results in the bucket."""

    view: EvaluationView


def brief_of(case: Case, modality: Modality, tenant: str, requester: str) -> Brief:
    """The brief with which a provider makes a case."""
    return Brief(
        text=case.prompt,
        platform=_PLATFORMS.get(modality, Platform.VIDEO),
        languages=(case.language,),
        aspect=case.aspect,
        tenant=tenant,
        requester=requester,
    )
