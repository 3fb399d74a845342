"""The request for a production: the brief, its references, its webhooks and its approval policy. Pure data."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from workflows.base import MAX_LANGUAGES, Clean
from workflows.base import Aspect as Aspect
from workflows.base import Language as Language
from workflows.cut import Translations, check_languages
from workflows.extraction.fields import Extract
from workflows.judging.policy import Quality
from workflows.models import Modality, Model, Money, Person, ProductionId, Slug
from workflows.references.kinds import Use
from workflows.series.items import MAX_ITEMS, Item, repeated_key
from workflows.stages.models import StageModels

MAX_BRIEF_CHARS: Final = 20_000
MIN_VIDEO_SECONDS: Final = 4.0
MAX_VIDEO_SECONDS: Final = 3_600.0
MAX_SHOTS: Final = 300
"""Of one film."""
REFERENCE: Final = "reference"
"""The role of a reference of the brief."""
MAX_REFERENCES: Final = 8
"""Of one brief; few models accept more pictures in one request."""


class Platform(StrEnum):
    """The kind of content; it determines the modalities that a brief may request."""

    COPY = "copy"
    CREATIVE_BRIEF = "creative_brief"
    SOCIAL_POST = "social_post"
    VIDEO = "video"
    DESIGN = "design"
    DOCUMENT = "document"


PLATFORM_MODALITIES: Final[dict[Platform, tuple[Modality, ...]]] = {
    Platform.COPY: (Modality.TEXT,),
    Platform.CREATIVE_BRIEF: (Modality.TEXT,),
    Platform.DOCUMENT: (Modality.TEXT,),
    Platform.SOCIAL_POST: (Modality.TEXT, Modality.IMAGE),
    Platform.DESIGN: (Modality.TEXT, Modality.IMAGE),
    Platform.VIDEO: (Modality.TEXT, Modality.IMAGE, Modality.VIDEO, Modality.AUDIO),
}


def _modalities_in_order(value: tuple[Modality, ...]) -> tuple[Modality, ...]:
    return tuple(m for m in Modality if m in value)


class ApprovalPolicy(Model):
    """Who approves a plan, and which plans need no approval."""

    approvers: int = Field(default=1, ge=1, le=10, description="How many different people must approve the same plan")
    not_by_requester: bool = Field(default=False, description="The requester may not approve the plan")
    auto_below_usd: Money | None = Field(
        default=None,
        description="A plan is approved at once if its high price and the cost of planning are at most this; USD",
    )
    stills_first: bool = Field(
        default=False, description="Videos are paid for only after a second approval, once all other assets exist"
    )
    max_budget_usd: Money | None = Field(
        default=None, description="No approval, decision or request raises the budget above this; USD"
    )
    escalate_to: tuple[Person, ...] = Field(
        default=(),
        max_length=10,
        description="People in the event `approval_escalated`, which is sent when a tenth of the time is left",
    )


class Webhook(Model):
    """An address to which events are posted as they happen, signed with the workers' secret (Standard Webhooks)."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2_000)]
    events: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")], ...] = Field(
        default=(), max_length=40, description="Names of events; if empty, all events of the log"
    )


ReferenceSource = Annotated[
    str,
    StringConstraints(
        max_length=2_000,
        pattern=r"^(https://[^\s/]\S*|stored:references/[A-Za-z0-9][A-Za-z0-9._-]*"
        r"|stored:inbox/[a-z0-9][a-z0-9-]*(/[^\s/.][^\s/]*)+)$",
    ),
]


class Reference(Model):
    """A picture, video, sound or document that comes with a brief. Its content decides what it is, not its name."""

    source: ReferenceSource = Field(
        description="Its https address, the `source` from the response of POST /api/v1/references, or "
        "`stored:inbox/{tenant}/{path}` for an object that is in the bucket under that key",
        examples=["stored:references/1f0c6d5e8b7a49d2a3c4b5e6f7a8b9c0"],
    )
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Clean] = Field(
        default="", description="What it shows or contains, in a few words"
    )
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), Clean] = Field(
        default="", description="How to use it, e.g. keep this bottle as it is"
    )
    use: Use = Field(
        default=Use.MATERIAL,
        description="What it is for. material: whatever it is good for; first_frame, last_frame, mask, style: a "
        "picture; voice: a recording; extract: its fields are read; brief: what it says is the brief",
    )
    memo: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$")] = Field(
        default="",
        description="With use: brief, the id of the voice memo that it is. Its words are in the brief's text, as a "
        "person corrected them, and the production has this id",
    )
    extract: Extract | None = Field(
        default=None, description="With the use extract: the fields to read; without it, by the kind of the document"
    )

    @model_validator(mode="after")
    def _extracts_for_its_use(self) -> "Reference":
        if self.extract is not None and self.use is not Use.EXTRACT:
            raise ValueError(f"extract: it is for a reference with use 'extract', and this one has {self.use.value!r}")
        return self


class Brief(Model):
    """The request for a production. Without `modalities`, all of the platform's are enabled; text always is."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BRIEF_CHARS), Clean] = (
        Field(
            description="What to produce, as the requester describes it",
            examples=["A 20 second film about a lighthouse."],
        )
    )
    platform: Platform
    modalities: Annotated[tuple[Modality, ...], AfterValidator(_modalities_in_order)] = ()
    title: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), Clean] = ""
    style: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), Clean] = ""
    languages: Annotated[tuple[Language, ...], AfterValidator(check_languages)] = Field(
        default=("en",),
        min_length=1,
        max_length=MAX_LANGUAGES,
        description="The language of text, narration and captions; each further one is another version of the film, "
        "with the same pictures",
        examples=[["en"], ["en", "de", "ja"]],
    )
    translations: Translations = Field(
        default_factory=dict,
        description="Further language -> narration, sentence or text on the screen -> its translation; a language "
        "model translates what is missing",
    )
    aspect: Aspect = "16:9"
    duration_seconds: float = Field(
        default=20,
        ge=MIN_VIDEO_SECONDS,
        le=MAX_VIDEO_SECONDS,
        description="Length of a video in seconds. Without it, the text decides if it names a length",
    )
    references: tuple[Reference, ...] = Field(
        default=(),
        max_length=MAX_REFERENCES,
        description="Pictures, videos, sounds and documents; plans name them `reference-1`, `reference-2`, …",
    )
    items: tuple[Item, ...] = Field(
        default=(),
        max_length=MAX_ITEMS,
        description="The pictures of a catalogue, for the platforms design and social_post: each is made as its text "
        "says, and nothing else is made. More than 500 are a series: see POST /api/v1/batches",
    )
    budget_usd: Money | None = Field(default=None, description="The most that may be spent; USD")
    allow_unknown_prices: bool = Field(
        default=False,
        description="With a budget, plan models of unpublished price too. The approval must also allow them",
    )
    draft: bool = Field(
        default=False,
        description="First make pictures and shots on cheaper models or settings; a second approval starts the finals",
    )
    approval_deadline_seconds: float = Field(
        default=7 * 86_400, ge=1, le=90 * 86_400, description="Seconds until a production without an approval expires"
    )
    approval: ApprovalPolicy = ApprovalPolicy()
    quality: Quality | None = Field(
        default=None,
        description="How a judge model reviews the takes; without it, the default of the worker's settings",
    )
    models: StageModels | None = Field(
        default=None,
        description="The language models of its stages; without it, those of the worker's settings",
        examples=[{"planner": "openai/gpt-6-sol", "judge": "google/gemini-3.8-flash"}],
    )
    reuse: bool = Field(
        default=False,
        description="Takes, and answers of language models, that another production of the tenant has from the same "
        "request are used again, free of charge. A take that a person requests is always new",
    )
    webhooks: tuple[Webhook, ...] = Field(default=(), max_length=5)
    tenant: Slug = "default"
    requester: Person = "anonymous"

    @model_validator(mode="after")
    def _modalities_fit_platform(self) -> "Brief":
        allowed = PLATFORM_MODALITIES[self.platform]
        outside = [m.value for m in self.modalities if m not in allowed]
        if outside:
            raise ValueError(
                f"modalities: {', '.join(outside)} is not available for platform {self.platform.value!r}; "
                f"choose from {', '.join(allowed)}"
            )
        given = "modalities" in self.model_fields_set
        enabled = _modalities_in_order((Modality.TEXT, *self.modalities)) if given else allowed
        object.__setattr__(self, "modalities", enabled)
        return self

    @model_validator(mode="after")
    def _memo_is_first(self) -> "Brief":
        for number, reference in enumerate(self.references):
            if reference.memo and (number or reference.use is not Use.BRIEF):
                raise ValueError(
                    f"references[{number}].memo: a voice memo is the first reference of its brief, with use: brief"
                )
        return self

    @model_validator(mode="after")
    def _items_are_pictures(self) -> "Brief":
        if self.items and (Modality.IMAGE not in self.modalities or self.platform is Platform.VIDEO):
            raise ValueError("items: they are pictures; choose the platform design or social_post with images")
        if self.items and self.draft:
            raise ValueError("draft: the items of a catalogue have no draft; leave it out")
        if key := repeated_key(self.items):
            raise ValueError(f"items: two of them have the key {key!r}; give each one its own")
        return self

    @model_validator(mode="after")
    def _has_one_judge(self) -> "Brief":
        if self.quality and self.quality.judge and self.models and self.models.judge:
            raise ValueError("models.judge: the brief names a judge in quality.judge too; give one of them")
        return self

    @model_validator(mode="after")
    def _languages_fit(self) -> "Brief":
        if self.further_languages and self.platform is not Platform.VIDEO:
            raise ValueError(
                f"languages: further languages are for films, not for platform {self.platform.value!r}; "
                "give one language, and start a production for each other one"
            )
        if unknown := next((tag for tag in self.translations if tag not in self.further_languages), None):
            raise ValueError(f"translations: {unknown!r} is no further language of the brief; add it to languages")
        return self

    @property
    def known_prices_only(self) -> bool:
        """Whether models of unknown price are excluded from the plan, because no budget can limit them."""
        return self.budget_usd is not None and not self.allow_unknown_prices

    @property
    def language(self) -> str:
        """The original language."""
        return self.languages[0]

    @property
    def further_languages(self) -> tuple[str, ...]:
        return self.languages[1:]

    def languages_beyond(self, planned: Iterable[str]) -> tuple[str, ...]:
        """The further languages that are not among those of a plan, which could not add them; its warnings say why."""
        known = set(planned)
        return tuple(tag for tag in self.further_languages if tag not in known)

    @property
    def memo(self) -> str:
        """The id of the voice memo from which it was written; empty for all other briefs."""
        return self.references[0].memo if self.references else ""

    @property
    def reference_ids(self) -> tuple[str, ...]:
        """The ids by which assets depend on the references."""
        return tuple(map(reference_id, range(1, len(self.references) + 1)))


def reference_id(number: int) -> str:
    return f"{REFERENCE}-{number}"


def title_of(brief: Brief) -> str:
    """The title of the brief, or its first words."""
    return brief.title or " ".join(brief.text.split()[:8])


class BatchBudget(Model):
    """The batch of a production, and the most that all planning of its rows may cost together."""

    batch_id: ProductionId
    budget_usd: Money | None = None
    series: bool = Field(default=False, description="What it may spend is granted by the account of its series")
    approved: bool = Field(default=False, description="Of a series: a person has approved the plans of all parts")
