"""The terms of Greenlight: plan, asset, take, deliverable and their parts.

Money is `Decimal` USD with at most four decimals, in JSON a string ("0.0400"). Durations are seconds, sizes bytes,
dimensions pixels. Everything here is pure data: pydantic validates it on entry, Temporal carries it, and the manifest
stores it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, StringConstraints, model_validator

from workflows.base import Clean, Language, MaybeSlug
from workflows.base import Model as Model
from workflows.base import Slug as Slug
from workflows.base import digest_of as digest_of
from workflows.cut import Cut
from workflows.destinations.measured import Check as Check
from workflows.destinations.measured import Measured as Measured
from workflows.illustrated.parts import StoredPicture
from workflows.judging.policy import Review, Terms
from workflows.judging.verdicts import Verdict
from workflows.prices import MAX_USD as MAX_USD
from workflows.prices import ZERO as ZERO
from workflows.prices import Charges as Charges
from workflows.prices import Estimate as Estimate
from workflows.prices import Money as Money
from workflows.prices import Quote as Quote
from workflows.prompts.uses import PromptUse
from workflows.quality import Checks
from workflows.reuse.reused import Reused

MAX_ASSETS: Final = 1_000
"""The server suggests continue-as-new after 2,000 activities in a run; a run of 1,000 stays readable (measured)."""
MAX_PLAN_BYTES: Final = 600_000
"""Without defaults, as payloads are. A film of 300 shots has 480,000 (measured). The limit keeps the snapshot (plan,
takes and events) under Temporal's payload limit of 2 MB."""

MAX_ID_CHARS: Final = 100
"""Of the id of a production, a batch or a schedule, including the tenant's name."""
MAX_TAKES_AT_ONCE: Final = 10
"""Of one asset, for a person to choose from. A larger number is more likely a mistake that the budget would pay for."""
UPLOAD: Final = "upload"
"""The provider of a take that a person uploaded."""
MASK: Final = "mask"
"""The role of a picture that marks the area where another picture is edited."""
UNSPOKEN_ROLES: Final = ("music", "effects", "ambience")
"""Audio whose prompt is not spoken: it is mixed into the film. All other audio is narration, which is captioned too."""
SPEECH: Final = "speech"
"""The kind of sound of all other audio."""
PLACE: Final = "at_seconds"
FILM_PARAMETERS: Final = (PLACE, "bpm")
"""Parameters of music, effects and ambience that place them in the film. A model gets only those that it has itself."""
LENGTHS: Final = ("seconds", "duration", "duration_seconds", "durationSeconds", "at_least")
"""The parameters of the models with the length of a shot or a sound, in seconds."""
MAX_PROMPT_CHARS: Final = 8_000
MAX_DELIVERY_CHARS: Final = 500
"""Of the direction for a line of speech: a few sentences."""

ProductionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Person = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Digest = Annotated[str, StringConstraints(min_length=1, max_length=64)]
PromptText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_PROMPT_CHARS), Clean]
DeliveryText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_DELIVERY_CHARS), Clean]


class Modality(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class Alternative(Model):
    """Another model for the same asset, used if all models before it failed and billed nothing."""

    provider: Slug
    model: ModelName
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    quote: Quote | None = None


class Asset(Model):
    """One item of a plan. `position` counts from 1 in plan order."""

    asset_id: Slug
    asset_type: Modality
    role: Slug = Field(description="Its purpose, e.g. script, narration, still, shot, body")
    position: int = Field(default=0, ge=0, description="Order in the plan from 1; set by the plan")
    label: Annotated[str, StringConstraints(max_length=200)] = ""
    prompt: PromptText
    delivery: DeliveryText = Field(
        default="",
        description="Of speech: how the prompt is said (style, emotion, pace). It is never spoken",
        examples=["sad, slowly"],
    )
    composed: bool = Field(
        default=False,
        description="Its prompt lists and follows the plan's shots and narrations; a change of the prompt ends this",
    )
    original: Annotated[str, StringConstraints(max_length=MAX_PROMPT_CHARS)] = Field(
        default="", description="The prompt before it was enhanced for its modality; empty if it was not enhanced"
    )
    provider: Slug
    model: ModelName
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    depends_on: tuple[Slug, ...] = ()
    language: Language | Literal[""] = Field(default="", description="A further language; empty for the original")
    translates: MaybeSlug = Field(default="", description="The narration of the original that it translates")
    translated_from: str = Field(default="", description="A digest of the text that it translates")
    continues: MaybeSlug = Field(default="", description="The shot from whose last frame this shot starts")
    last_frame: MaybeSlug = Field(default="", description="The picture with which this shot ends")
    quote: Quote | None = None
    review: Review | None = Field(default=None, description="Its judge and the prices of its review; null: unjudged")
    sources: tuple[Annotated[str, StringConstraints(max_length=60)], ...] = Field(
        default=(),
        max_length=20,
        description="The places of references whose content its prompt uses, e.g. 'reference-2 p. 3'",
    )
    fallbacks: tuple[Alternative, ...] = Field(
        default=(),
        max_length=4,
        description="Tried in order if the model fails permanently and billed nothing. "
        "After a refused key or an empty account, models of the same provider are skipped",
    )

    @model_validator(mode="after")
    def _wait_for_frames(self) -> "Asset":
        frames = tuple(i for i in (self.continues, self.last_frame) if i and i not in self.depends_on)
        if frames:
            object.__setattr__(self, "depends_on", (*self.depends_on, *frames))
        return self

    @property
    def high_usd(self) -> Decimal:
        """The most that one take may cost, over all models that may make it."""
        return max((quote.high_usd for _, quote in self.quotes), default=ZERO)

    @property
    def least_usd(self) -> Decimal:
        """The low price with one verdict."""
        return (self.quote.low_usd if self.quote else ZERO) + (self.review.low_usd if self.review else ZERO)

    @property
    def most_usd(self) -> Decimal:
        """The most that the asset may cost with all of its verdicts and refinements."""
        return self.high_usd + (self.review.most_usd if self.review else ZERO)

    @property
    def quotes(self) -> Iterator[tuple[str, Quote]]:
        """provider/model and the quote of each model that may make the asset: its own model, then its fallbacks."""
        if self.quote:
            yield f"{self.provider}/{self.model}", self.quote
        for each in self.fallbacks:
            if each.quote:
                yield f"{each.provider}/{each.model}", each.quote

    def made_by(self, model: int) -> "Asset":
        """The asset with the model of this index: 0 is its own model, 1 the first fallback.

        If an edit has removed the fallback since, it is the asset with its own model.
        """
        if not 0 < model <= len(self.fallbacks):
            return self
        other = self.fallbacks[model - 1]
        given = {"provider": other.provider, "model": other.model, "parameters": other.parameters, "quote": other.quote}
        return self.model_copy(update=given)

    @property
    def spoken(self) -> bool:
        """Whether its prompt is spoken in the film, and captioned."""
        return self.asset_type is Modality.AUDIO and self.role not in UNSPOKEN_ROLES

    @property
    def sound(self) -> str:
        """What kind of sound it is: speech, music, effects or ambience; empty for all other types of assets."""
        if self.asset_type is not Modality.AUDIO:
            return ""
        return SPEECH if self.spoken else self.role

    def number(self, *parameters: str) -> float | None:
        """The first of these parameters that is a number."""
        values = (self.parameters.get(name) for name in parameters)
        return next((float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)), None)

    @property
    def estimate(self) -> Estimate | None:
        """The price range of one take, over all models that may make it; None before it is priced."""
        return Estimate(low=self.quote.low_usd, high=self.high_usd, unknown=self.unknown_price) if self.quote else None

    @property
    def unknown_price(self) -> bool:
        """Whether one of its models has no published price."""
        return any(quote.unknown for _, quote in self.quotes)


class Plan(Model):
    """The ordered assets that fulfil a brief. `digest` identifies exactly this plan, prices included."""

    title: str
    assets: tuple[Asset, ...] = Field(min_length=1, max_length=MAX_ASSETS)
    planner: str = "template"
    warnings: tuple[str, ...] = ()
    drafting_usd: Money = Field(default=ZERO, description="The cost of the planner's language model for this plan")
    cut: Cut = Cut()
    finals: dict[Slug, tuple[Alternative, ...]] = Field(
        default_factory=dict, description="Of a draft: the models of the finals, each with its fallbacks"
    )
    quality: Terms | None = Field(default=None, description="How its takes are reviewed; null: they are only checked")
    prompts: tuple[PromptUse, ...] = Field(default=(), description="The versions of Greenlight's own prompts")
    digest: str = ""

    @classmethod
    def of(
        cls,
        title: str,
        assets: Iterable[Asset],
        planner: str = "template",
        warnings: Iterable[str] = (),
        cut: Cut = Cut(),  # noqa: B008  # frozen
        finals: Mapping[str, tuple[Alternative, ...]] | None = None,
        quality: Terms | None = None,
    ) -> "Plan":
        """Number the assets in their order and set the digest."""
        numbered = tuple(a.model_copy(update={"position": i}) for i, a in enumerate(assets, start=1))
        plan = cls(
            title=title,
            assets=numbered,
            planner=planner,
            warnings=tuple(warnings),
            cut=cut.of_assets(a.asset_id for a in numbered),
            finals={a.asset_id: finals[a.asset_id] for a in numbered if finals and a.asset_id in finals},
            quality=quality,
        )
        content = plan.model_dump(mode="json", exclude={"digest", "warnings", "drafting_usd"}, exclude_defaults=True)
        return plan.model_copy(update={"digest": digest_of(content)})

    def with_assets(self, assets: Iterable[Asset], cut: Cut | None = None) -> "Plan":
        """The plan with these assets, which its digest then covers."""
        plan = Plan.of(self.title, assets, self.planner, self.warnings, cut or self.cut, self.finals, self.quality)
        return plan.model_copy(update={"drafting_usd": self.drafting_usd, "prompts": self.prompts})

    @property
    def identified(self) -> "Plan":
        """The plan without warnings and the cost of planning, which its digest does not cover."""
        return self.model_copy(update={"warnings": (), "drafting_usd": ZERO})

    @property
    def low_usd(self) -> Decimal:
        return sum((a.least_usd for a in self.assets), ZERO)

    @property
    def high_usd(self) -> Decimal:
        return sum((a.most_usd for a in self.assets), ZERO)

    @property
    def review_usd(self) -> Estimate:
        """The part of the price for reviews."""
        known = [a.review for a in self.assets if a.review]
        return Estimate(low=sum((r.low_usd for r in known), ZERO), high=sum((r.most_usd for r in known), ZERO))

    @property
    def unknown_prices(self) -> tuple[str, ...]:
        """Ids of the assets without a published price."""
        return tuple(a.asset_id for a in self.assets if a.unknown_price)

    @cached_property
    def by_id(self) -> dict[str, Asset]:
        return {a.asset_id: a for a in self.assets}

    @cached_property
    def composed_ids(self) -> tuple[str, ...]:
        """Ids of the assets whose prompts follow the others. It is cached: each take of 1,000 asks for them."""
        return tuple(a.asset_id for a in self.assets if a.composed)

    @cached_property
    def used_by(self) -> dict[str, list[Asset]]:
        """Asset id -> the assets that depend on it directly, in plan order. Assets without dependents are absent."""
        found: dict[str, list[Asset]] = {}
        for asset in self.assets:
            for need in asset.depends_on:
                found.setdefault(need, []).append(asset)
        return found

    @property
    def shots(self) -> tuple[Asset, ...]:
        """The assets that the film shows one after the other: its videos, or its stills if it has none."""
        videos = tuple(a for a in self.assets if a.asset_type is Modality.VIDEO)
        return videos or tuple(a for a in self.assets if a.asset_type is Modality.IMAGE)

    def find(self, asset_id: str) -> Asset | None:
        return self.by_id.get(asset_id)


class Media(Model):
    """The object key of a media file, and its properties as read from the file itself."""

    key: str
    bytes: int = Field(ge=0)
    sha256: str
    media_type: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    unsigned_sha256: str = Field(
        default="", description="Of a signed file: the SHA-256 before the signature, which differs each time"
    )
    use: str = Field(default="", description="Of a reference: what it is for, e.g. material or mask")
    pictures: tuple[StoredPicture, ...] = Field(default=(), description="Of an illustrated text, in their order")

    @property
    def modality(self) -> Modality:
        """What it is as an input of an asset; a document is text."""
        main = self.media_type.partition("/")[0]
        return {"image": Modality.IMAGE, "video": Modality.VIDEO, "audio": Modality.AUDIO}.get(main, Modality.TEXT)

    @property
    def content_sha256(self) -> str:
        """The same for two files of the same content, signed or not."""
        return self.unsigned_sha256 or self.sha256


class Take(Model):
    """One produced version of one asset, with the inputs that it was made from."""

    number: int = Field(ge=1)
    prompt: str
    delivery: str = Field(default="", description="Of speech: how the prompt is said")
    provider: str
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    media: Media
    cost_usd: Money = ZERO
    cost_source: Literal["vendor", "usage", "catalogue", "unknown"] = Field(
        default="catalogue",
        description="vendor: as billed; usage: reported usage at the catalogue's rates; catalogue: the high price",
    )
    billed_usd: Money = Field(default=ZERO, description="All submissions of this take, including failed ones")
    estimate_usd: Estimate | None = Field(
        default=None, description="The price range of the plan from which it was made"
    )
    job_id: str | None = None
    inputs: dict[str, int] = Field(default_factory=dict, description="Asset id -> number of the input take")
    made_from: dict[str, str] = Field(
        default_factory=dict,
        description="Digests of the prompt, model, parameters and depends_on, and of each input's content",
    )
    note: str = Field(default="", description="Of an upload: the person and the file; otherwise why it is not signed")
    checks: Checks = Field(default=Checks(), description="What was measured and found; empty if it was not checked")
    verdict: Verdict | None = Field(default=None, description="What a judge found; null if no review was requested")
    refined_from: int = Field(default=0, ge=0, description="The take whose verdict gave this one its prompt; 0: none")
    reused: Reused | None = Field(default=None, description="The take whose media it has, where it was not made anew")
    started_at: datetime
    finished_at: datetime


class DeliverableFile(Model):
    """One file of a deliverable; `role` is video, document, page, captions-vtt, captions-srt, timeline, …"""

    name: str
    role: Slug
    media: Media
    language: str = Field(default="", description="Of a file in a further language; empty for the original")
    measured: Measured | None = Field(default=None, description="Of a film")
    signed_by: str = Field(default="", description="The name in the certificate; empty if it is not signed")


class Chapter(Model):
    """The start of a shot in the film, in seconds."""

    asset_id: Slug
    title: str
    start_seconds: float = Field(ge=0)


class Deliverable(Model):
    """The finished result in one revision. The first file is the main one."""

    revision: int = Field(ge=1)
    files: tuple[DeliverableFile, ...] = Field(min_length=1)
    draft: bool = Field(default=False, description="Made by the models of the draft")
    notes: tuple[str, ...] = Field(default=(), description="Remarks for people, e.g. on narration that overruns")
    duration_seconds: float | None = None
    chapters: tuple[Chapter, ...] = Field(default=(), description="The shots of a film in order; the first begins at 0")
    takes: dict[str, int] = Field(default_factory=dict, description="Asset id -> number of the take in it")
    provenance: str = Field(default="", description="Whether its files are signed, by which certificate, or why not")


def utc(moment: datetime) -> datetime:
    """The moment as an aware UTC time in whole milliseconds."""
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
