"""The nouns of Greenlight: brief, plan, asset, take, approval and their parts.

Money is `Decimal` USD with at most four decimals and travels as a JSON string ("0.0400").
Durations are seconds, sizes bytes, dimensions pixels. Everything here is pure data: pydantic
validates it at the door, Temporal carries it, the manifest keeps it.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_UP, Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

MAX_BRIEF_CHARS: Final = 20_000
MAX_VIDEO_SECONDS: Final = 600.0
MAX_ASSETS: Final = 1_000
"""A run of 2,000 activities makes the server suggest continue-as-new; 1,000 stay readable (measured)."""
MAX_PLAN_BYTES: Final = 400_000
"""Keeps the snapshot (plan + takes + events) under Temporal's 2 MB payload limit."""

MAX_ID_CHARS: Final = 100
"""Of a production, a batch or a schedule, with the tenant's name."""
MAX_TAKES_AT_ONCE: Final = 10
"""Of one asset, to choose from; more is a budget's accident rather than a choice."""
UPLOAD: Final = "upload"
"""Stands for the provider of a take that a person made."""
MASK: Final = "mask"
"""The role of a picture that says where another one is changed."""
REFERENCE: Final = "reference"
"""The role of a picture that a brief brings along."""
MAX_REFERENCES: Final = 8
"""Of a brief; few models are shown more pictures at once."""
MAX_REFERENCE_BYTES: Final = 20_000_000
"""Of one: a camera's JPEG, or a large PNG; more is no use to a model that works in one or two megapixels."""

ZERO: Final = Decimal(0)

Money = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=4, examples=["2.50"])]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
ProductionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Digest = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]
Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"),
    Field(description="BCP 47 language tag, the language part in lower case", examples=["en", "pt-BR"]),
]


class Platform(StrEnum):
    """The kind of content; it decides which modalities a brief may ask for."""

    COPY = "copy"
    CREATIVE_BRIEF = "creative_brief"
    SOCIAL_POST = "social_post"
    VIDEO = "video"
    DESIGN = "design"


class Modality(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


PLATFORM_MODALITIES: Final[dict[Platform, tuple[Modality, ...]]] = {
    Platform.COPY: (Modality.TEXT,),
    Platform.CREATIVE_BRIEF: (Modality.TEXT,),
    Platform.SOCIAL_POST: (Modality.TEXT, Modality.IMAGE),
    Platform.DESIGN: (Modality.TEXT, Modality.IMAGE),
    Platform.VIDEO: (Modality.TEXT, Modality.IMAGE, Modality.VIDEO, Modality.AUDIO),
}

Aspect = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "4:5", "21:9"]


class Model(BaseModel):
    """Base of all records: unknown fields are refused, so that a typing slip is never silently lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _modalities_in_order(value: tuple[Modality, ...]) -> tuple[Modality, ...]:
    return tuple(m for m in Modality if m in value)


class ApprovalPolicy(Model):
    """Who has to approve a plan, and when nobody has to."""

    approvers: int = Field(default=1, ge=1, le=10, description="So many different people have to approve the same plan")
    not_by_requester: bool = Field(default=False, description="Whoever asked for it may not approve it")
    auto_below_usd: Money | None = Field(
        default=None,
        description="A plan of at most this, by its high price with what planning cost, is approved at once",
    )
    stills_first: bool = Field(
        default=False, description="A second approval, once all else is made, before any video is paid for"
    )
    max_budget_usd: Money | None = Field(
        default=None, description="No approval, answer or request raises the budget above this; USD"
    )
    escalate_to: tuple[Person, ...] = Field(
        default=(),
        max_length=10,
        description="Named by `approval_escalated`, which comes when a tenth of the time is left",
    )


class Webhook(Model):
    """Where to post events as they happen, signed by the Standard Webhooks scheme with the workers' secret."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2_000)]
    events: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")], ...] = Field(
        default=(), max_length=40, description="Names of events; without any, all of the log"
    )


class Reference(Model):
    """A picture that a brief brings along, to be worked from: PNG, JPEG or WebP."""

    source: Annotated[
        str,
        StringConstraints(
            max_length=2_000, pattern=r"^(https://[^\s/]\S*|stored:references/[A-Za-z0-9][A-Za-z0-9._-]*)$"
        ),
    ] = Field(
        description="Its https address, or what POST /api/v1/references answered",
        examples=["stored:references/1f0c6d5e8b7a49d2a3c4b5e6f7a8b9c0"],
    )
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = Field(
        default="", description="What it shows, in a few words"
    )
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = Field(
        default="", description="What it is for, in words, e.g. keep this bottle as it is"
    )


class Brief(Model):
    """What somebody asks for. Without `modalities` it is all that the platform allows; text is always on."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BRIEF_CHARS)] = Field(
        description="What to make, in the requester's words",
        examples=["A 20 second film about a lighthouse."],
    )
    platform: Platform
    modalities: Annotated[tuple[Modality, ...], AfterValidator(_modalities_in_order)] = ()
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    style: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    languages: tuple[Language, ...] = Field(
        default=("en",), min_length=1, max_length=1, description="Language of text, narration and captions"
    )
    aspect: Aspect = "16:9"
    duration_seconds: float = Field(
        default=20, ge=4, le=MAX_VIDEO_SECONDS, description="Length of a video; other platforms ignore it"
    )
    references: tuple[Reference, ...] = Field(
        default=(),
        max_length=MAX_REFERENCES,
        description="Pictures to work from; plans name them `reference-1`, `reference-2`, …",
    )
    budget_usd: Money | None = Field(default=None, description="Never spend more than this; USD")
    allow_unknown_prices: bool = Field(
        default=False,
        description="Where there is a budget: also plan models whose price is not published. The approval has to allow "
        "them too",
    )
    approval_deadline_seconds: float = Field(
        default=7 * 86_400, ge=1, le=90 * 86_400, description="Without an approval the production expires"
    )
    approval: ApprovalPolicy = ApprovalPolicy()
    webhooks: tuple[Webhook, ...] = Field(default=(), max_length=5)
    tenant: Slug = "default"
    requester: Person = "anonymous"

    @model_validator(mode="after")
    def _modalities_fit_platform(self) -> "Brief":
        allowed = PLATFORM_MODALITIES[self.platform]
        outside = [m.value for m in self.modalities if m not in allowed]
        if outside:
            raise ValueError(
                f"modalities: {', '.join(outside)} is not made for platform {self.platform.value!r}; "
                f"choose from {', '.join(allowed)}"
            )
        asked = "modalities" in self.model_fields_set
        chosen = _modalities_in_order((Modality.TEXT, *self.modalities)) if asked else allowed
        object.__setattr__(self, "modalities", chosen)
        return self

    @property
    def known_prices_only(self) -> bool:
        """Whether models of unknown price may not be planned: no budget can hold them."""
        return self.budget_usd is not None and not self.allow_unknown_prices

    @property
    def language(self) -> str:
        return self.languages[0]

    @property
    def reference_ids(self) -> tuple[str, ...]:
        """What the references are called where assets are made from them."""
        return tuple(map(reference_id, range(1, len(self.references) + 1)))


def reference_id(number: int) -> str:
    return f"{REFERENCE}-{number}"


class Quote(Model):
    """What the model catalogue says of one asset: price range in USD and how it is made."""

    low_usd: Money
    high_usd: Money
    expected_seconds: float = Field(description="What the model usually takes; the first look at a job waits this")
    job: bool = Field(default=False, description="A provider's long job, polled; it holds no slot while it runs")
    unknown: bool = Field(default=False, description="Nobody published a price: the amounts are 0 and say nothing")
    until: date | None = Field(
        default=None, description="The last day (UTC) on which its rates hold; after it, it is priced again"
    )

    def holds_on(self, day: date) -> bool:
        return self.until is None or day <= self.until


class Learned(Model):
    """What one model has charged in a production beyond its published price, or without one."""

    usd: Money = Field(default=ZERO, description="The most expensive submission that cost more than its price")
    factor: Decimal = Field(default=Decimal(1), description="The highest bill, in multiples of its published price")

    def with_bill(self, quote: Quote, cost_usd: Decimal) -> "Learned":
        """The same with one more bill; one within its published price teaches nothing."""
        if cost_usd <= (ZERO if quote.unknown else quote.high_usd):
            return self
        factor = cost_usd / quote.high_usd if quote.high_usd else Decimal(1)
        return Learned(
            usd=max(self.usd, cost_usd), factor=max(self.factor, factor.quantize(Decimal("0.0001"), ROUND_UP))
        )

    def price(self, quote: Quote) -> Decimal:
        """The most that a submission may cost, USD: its published high price, or as much as the model charged."""
        raised = (quote.high_usd * self.factor).quantize(Decimal("0.0001"), ROUND_UP)
        return max(quote.high_usd, raised, self.usd)


class Alternative(Model):
    """Another model for the same asset, used when those before it failed and billed nothing."""

    provider: Slug
    model: ModelName
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    quote: Quote | None = None


class Asset(Model):
    """One piece of a plan. `position` counts from 1 in plan order."""

    asset_id: Slug
    asset_type: Modality
    role: Slug = Field(description="What it is for, e.g. script, narration, still, shot, body")
    position: int = Field(default=0, ge=0, description="Order in the plan from 1; set by the plan")
    label: Annotated[str, StringConstraints(max_length=200)] = ""
    prompt: Words
    original: Annotated[str, StringConstraints(max_length=8_000)] = Field(
        default="", description="The prompt before it was enhanced for its modality; empty where it was not"
    )
    provider: Slug
    model: ModelName
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: tuple[Slug, ...] = ()
    quote: Quote | None = None
    fallbacks: tuple[Alternative, ...] = Field(
        default=(),
        max_length=4,
        description="In order; tried where the model fails for good and billed nothing. "
        "A refused key or an empty account passes over models of the same provider",
    )

    @property
    def high_usd(self) -> Decimal:
        """The most that one take of it may cost, whichever model makes it."""
        return max((quote.high_usd for _, quote in self.quotes), default=ZERO)

    @property
    def quotes(self) -> Iterator[tuple[str, Quote]]:
        """provider/model and the quote of each model that may make it: its own, then its fallbacks."""
        if self.quote:
            yield f"{self.provider}/{self.model}", self.quote
        for each in self.fallbacks:
            if each.quote:
                yield f"{each.provider}/{each.model}", each.quote

    def made_by(self, model: int) -> "Asset":
        """The asset as one of its models makes it: 0 its own, from 1 its fallbacks.

        What was made by a fallback that an edit has taken out since, is made by its own from now on.
        """
        if not 0 < model <= len(self.fallbacks):
            return self
        other = self.fallbacks[model - 1]
        given = {"provider": other.provider, "model": other.model, "parameters": other.parameters, "quote": other.quote}
        return self.model_copy(update=given)

    @property
    def unknown_price(self) -> bool:
        """Whether one of its models has a price that nobody published."""
        return any(quote.unknown for _, quote in self.quotes)


class Plan(Model):
    """The ordered assets that answer a brief. `digest` names exactly this plan, prices included."""

    title: str
    assets: tuple[Asset, ...] = Field(min_length=1, max_length=MAX_ASSETS)
    planner: str = "template"
    warnings: tuple[str, ...] = ()
    drafting_usd: Money = Field(default=ZERO, description="What the planner's own model was paid for this plan")
    digest: str = ""

    @classmethod
    def of(cls, title: str, assets: Iterable[Asset], planner: str = "template", warnings: Iterable[str] = ()) -> "Plan":
        """Number the assets by their order and name the result by its digest."""
        numbered = tuple(a.model_copy(update={"position": i}) for i, a in enumerate(assets, start=1))
        plan = cls(title=title, assets=numbered, planner=planner, warnings=tuple(warnings))
        content = plan.model_dump(mode="json", exclude={"digest", "warnings", "drafting_usd"}, exclude_defaults=True)
        return plan.model_copy(update={"digest": digest_of(content)})

    @property
    def identified(self) -> "Plan":
        """What the digest names: without what may differ between two plans of one digest."""
        return self.model_copy(update={"warnings": (), "drafting_usd": ZERO})

    @property
    def low_usd(self) -> Decimal:
        return sum((a.quote.low_usd for a in self.assets if a.quote), ZERO)

    @property
    def high_usd(self) -> Decimal:
        return sum((a.high_usd for a in self.assets), ZERO)

    @property
    def unknown_prices(self) -> tuple[str, ...]:
        """Ids of the assets whose price nobody published."""
        return tuple(a.asset_id for a in self.assets if a.unknown_price)

    @cached_property
    def by_id(self) -> dict[str, Asset]:
        return {a.asset_id: a for a in self.assets}

    @cached_property
    def used_by(self) -> dict[str, list[Asset]]:
        """What is made from each asset directly, in plan order; assets that nothing is made from are not in it."""
        found: dict[str, list[Asset]] = {}
        for asset in self.assets:
            for need in asset.depends_on:
                found.setdefault(need, []).append(asset)
        return found

    def find(self, asset_id: str) -> Asset | None:
        return self.by_id.get(asset_id)


def digest_of(content: object) -> str:
    """128 bits of SHA-256 over canonical JSON, as 32 hex characters."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


class Media(Model):
    """Where the bytes of a take are and what they are, read from the media itself."""

    key: str
    bytes: int = Field(ge=0)
    sha256: str
    media_type: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


class Take(Model):
    """One production of one asset, with what it was made from."""

    number: int = Field(ge=1)
    prompt: str
    provider: str
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    media: Media
    cost_usd: Money = ZERO
    cost_source: Literal["vendor", "usage", "catalogue", "unknown"] = Field(
        default="catalogue",
        description="vendor: it said so; usage: what it counted, by the catalogue's rates; catalogue: the high price",
    )
    billed_usd: Money = Field(default=ZERO, description="All submissions of this take, the failed ones too")
    job_id: str | None = None
    inputs: dict[str, int] = Field(default_factory=dict, description="Asset id -> number of the take it was made from")
    made_from: dict[str, str] = Field(
        default_factory=dict,
        description="Digests of what it was made from: prompt, model, parameters, depends_on, and each input's content",
    )
    note: str = Field(default="", description="Of a person's own file: whose it is and what it was called")
    started_at: datetime
    finished_at: datetime


class DeliverableFile(Model):
    """One file of a deliverable; `role` is video, document, page, captions-vtt, captions-srt, contact-sheet, …"""

    name: str
    role: Slug
    media: Media


class Chapter(Model):
    """Where a shot begins in the film, in seconds."""

    asset_id: Slug
    title: str
    start_seconds: float = Field(ge=0)


class Deliverable(Model):
    """The finished thing in one revision. The first file is the main one."""

    revision: int = Field(ge=1)
    files: tuple[DeliverableFile, ...] = Field(min_length=1)
    notes: tuple[str, ...] = Field(default=(), description="What a person should know, e.g. narration overruns")
    duration_seconds: float | None = None
    chapters: tuple[Chapter, ...] = Field(default=(), description="Of a film, in its order; the first begins at 0")
    takes: dict[str, int] = Field(default_factory=dict, description="Asset id -> number of the take it is made from")


def utc(moment: datetime) -> datetime:
    """Temporal's workflow clock as an aware UTC time of whole milliseconds."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
