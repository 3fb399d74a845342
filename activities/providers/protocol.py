"""The provider protocol: what a vendor file implements, and the little it is given.

A provider makes one take at a time. `submit` either returns the finished media (synchronous
vendors) or a job that `poll` looks at until it is finished. Money, retries, ledger, storage and
progress are not a provider's concern: it raises the errors of `activities.errors` and no others.
"""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, Protocol, Self, runtime_checkable

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from activities.errors import InvalidRequest, JobFailed
from activities.providers.unbilled import Unbilled
from workflows.models import Aspect, Asset, Brief, Media, Modality


class Parameter(BaseModel):
    """One parameter of a model: what it means, and which values it takes.

    Attributes:
        unit: Of a number, e.g. "seconds"; `min` and `max` are in it and belong to the range.
        choices: The only values; of a number as text, e.g. "4", "6", "8".
        default: What happens without it, in words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    type: Literal["number", "text", "flag"]
    unit: str = ""
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    default: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        numeric = self.type == "number"
        if (self.min is None) != (self.max is None) or (not numeric and self.min is not None):
            raise ValueError("min, max: give both, and for a number only")
        if numeric and any(not _is_number(c) for c in self.choices):
            raise ValueError("choices: those of a number are numbers")
        return self

    def in_words(self) -> str:
        """E.g. "speed of speech (words a minute, 80 to 400); default: 165"."""
        limits = "" if self.min is None else f"{self.min:g} to {self.max:g}"
        details = ", ".join(filter(None, [self.unit, limits, ", ".join(self.choices)]))
        absent = f"; default: {self.default}" if self.default else ""
        return self.meaning + (f" ({details})" if details else "") + absent

    def nearest(self, value: float) -> float:
        """The value of a number that is taken and nearest to this one; of two the larger."""
        if self.choices:
            return min(map(float, self.choices), key=lambda c: (abs(c - value), -c))
        if self.min is not None and self.max is not None:
            return min(max(value, self.min), self.max)
        return value

    def problem(self, value: JsonValue) -> str | None:
        """What is wrong with a value and what would do instead; None where it can be taken."""
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:59] + "…"
        if self.type == "flag":
            return None if isinstance(value, bool) else f"{shown} is not true or false; give one of them"
        if self.type == "text":
            if not isinstance(value, str):
                return f"{shown} is not text; give {self.meaning} in quotes"
            if self.choices and value not in self.choices:
                return f"{shown} is not offered; choose from {', '.join(self.choices)}"
            return None
        unit = self.unit or "a number"
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            limits = "" if self.min is None else f" between {self.min:g} and {self.max:g}"
            return f"{shown} is not a number; give {unit}{limits}"
        if self.choices and float(value) not in map(float, self.choices):
            return f"{shown} is not offered; choose from {', '.join(self.choices)} {self.unit}".rstrip()
        if self.min is not None and self.max is not None and not self.min <= value <= self.max:
            return f"{shown} is not between {self.min:g} and {self.max:g}; give {unit} in that range"
        return None


Unit = Literal[
    "asset",
    "second",
    "minute",
    "character",
    "megapixel",
    "input_tokens",
    "input_image_tokens",
    "output_tokens",
    "output_image_tokens",
]
"""What vendors bill by. Tokens are counted one by one, their rates are for a million. A second or minute is of the
media that is made; of an input, where the model makes text."""
MILLION: Final = 1_000_000
TEXT_MAX_TOKENS: Final = 4_096
"""What a text may take without a parameter `max_tokens`, thoughts included: the high end of its price goes by it."""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@dataclass(frozen=True)
class Rate:
    """USD for one unit (tokens: for a million), for the parameters that it applies `when`, and to the day it ends."""

    unit: Unit
    usd_low: Decimal
    usd_high: Decimal
    when: Mapping[str, str] = field(default_factory=dict)
    until: date | None = None

    @property
    def each_high(self) -> Decimal:
        """USD for a single unit, tokens too."""
        return self.usd_high / MILLION if self.unit.endswith("tokens") else self.usd_high

    @property
    def each_low(self) -> Decimal:
        return self.usd_low / MILLION if self.unit.endswith("tokens") else self.usd_low


@dataclass(frozen=True)
class Tokens:
    """How many tokens one picture is, as the vendor says.

    Attributes:
        parameter: The parameter that decides, e.g. "quality"; its value "" stands for any other.
        counts: Value of the parameter -> least and most tokens.
        pixels: The picture size that `counts` is for; other sizes count in proportion. 0: size does not matter.
    """

    parameter: str
    counts: Mapping[str, tuple[int, int]]
    pixels: int = 0


@dataclass(frozen=True)
class Offer:
    """One model of the catalogue, as a provider offers it.

    Attributes:
        rates: What it costs: the first rate of each unit that applies to an asset's parameters. Empty: unknown.
        job: True when `submit` returns a Job.
        media_type: Of what it makes, e.g. "video/mp4".
        expected_seconds: What one asset usually takes; chooses the delay between looks at a job.
        parameters: Parameter name -> meaning, unit and default; any other name is refused in a plan.
        rules: Which values a parameter takes; one without a rule is checked when the take is made.
        any_parameter: Takes names that are not listed; the vendor checks them.
        accepts: Types of input takes that it makes use of; `requires` those it cannot work without.
        max_pictures: The most pictures that it is shown at once, 0 where a plan's own limits are lower.
        max_recordings: The most sounds and videos, in the same way.
        mask: Takes a picture of the role "mask", whose transparent part says where another picture is changed.
        output_tokens: Of a picture. Text is counted by its parameter `max_tokens`.
        input_image: The vendor's formula for the tokens of a picture that is shown to it, by its name in
            `activities.catalogue.pricing`.
        best_for: In a few words, for whoever plans.
        aspects: The only aspects that it makes; empty where it makes all, or the nearest.
        max_prompt: Longest prompt in UTF-16 units (as vendors count), 0 where a plan's own limit is shorter.
        rank: Among all models of a modality the lowest is planned first.
        schema: Text that follows a JSON schema can be asked for.
        retires: The day it stops answering; `replacement` names what to use then.
        unavailable: Why this provider cannot make it now, with the remedy; empty where it can.
    """

    provider: str
    model: str
    modality: Modality
    media_type: str
    rates: Sequence[Rate]
    expected_seconds: float
    job: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Parameter] = field(default_factory=dict)
    any_parameter: bool = False
    accepts: frozenset[Modality] = frozenset()
    requires: frozenset[Modality] = frozenset()
    max_pictures: int = 0
    max_recordings: int = 0
    mask: bool = False
    output_tokens: Tokens | None = None
    input_image: str = ""
    best_for: str = ""
    aspects: frozenset[str] = frozenset()
    max_prompt: int = 0
    rank: int = 50
    schema: bool = False
    retires: date | None = None
    replacement: tuple[str, ...] = ()
    unavailable: str = ""

    def fits(self, prompt: str) -> bool:
        return not self.max_prompt or utf16_units(prompt) <= self.max_prompt

    @property
    def free(self) -> bool:
        return bool(self.rates) and all(r.usd_high == 0 for r in self.rates)

    @property
    def unknown(self) -> bool:
        """Nobody published what it costs."""
        return not self.rates


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Input:
    """A take that the request is made from. `fetch` brings its bytes to a local file of this attempt."""

    asset_id: str
    asset_type: Modality
    role: str
    media: Media
    fetch: Callable[[], Awaitable[Path]]


@dataclass(frozen=True)
class Request:
    """One take to make.

    Attributes:
        key: Names this take for ever: production, asset and take. Where a vendor takes a
            client-chosen id or idempotency key, it is this one.
        seed: 31 bits derived from `key`, so that two attempts ask for the same picture.
        instructions: For a model that writes: who it writes for, and the form of its answer. The prompt follows it.
        schema: The JSON schema that a text has to follow, where one is asked for.
        on_text: Hears each piece of a text as it is written, where somebody waits for it. A model that tells nothing
            before its answer is whole never calls it.
        workdir: This attempt's directory, deleted after it. `file` makes it, so that a take of text needs none.
    """

    key: str
    seed: int
    brief: Brief
    asset: Asset
    take: int
    inputs: Sequence[Input]
    workdir: Path
    instructions: str = ""
    schema: Mapping[str, JsonValue] | None = None
    on_text: Callable[[str], None] | None = None

    def file(self, name: str) -> Path:
        """A path in this attempt's directory."""
        return scratch_file(self.workdir, name)

    def input(self, role: str) -> Input | None:
        """The first input with this role, if the asset depends on one."""
        return next((i for i in self.inputs if i.role == role), None)

    def inputs_of(self, modality: Modality) -> list[Input]:
        """The inputs of one type, in the order of the asset's dependencies."""
        return [i for i in self.inputs if i.asset_type == modality]

    def number(self, parameter: str, default: float) -> float:
        """A numeric parameter of the asset, or the default where it is absent or no number."""
        value = self.asset.parameters.get(parameter)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default

    def words(self, parameter: str, default: str) -> str:
        """A textual parameter of the asset, or the default."""
        value = self.asset.parameters.get(parameter)
        return value if isinstance(value, str) and value else default

    @property
    def aspect(self) -> Aspect:
        return self.brief.aspect


def scratch_file(workdir: Path, name: str) -> Path:
    """A path in a directory that is made when it is first needed, readable by nobody else."""
    workdir.mkdir(mode=0o700, exist_ok=True)
    return workdir / name


Stream = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]
"""Opens the vendor's media as chunks of bytes, e.g. an HTTP response; closed after the upload."""


async def save(source: Stream, path: Path) -> Path:
    """Write a stream into a file, piece by piece."""
    async with source() as chunks:
        with path.open("wb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
    return path


@dataclass(frozen=True)
class Finished:
    """Media is ready: a local file, bytes in memory (small things), or a stream to open.

    Attributes:
        cost_usd: What the vendor says that it charged.
        usage: Unit -> amount, where the vendor counts: its cost follows by the catalogue's rates. Without
            either the take costs what the plan said at most.
    """

    source: Path | bytes | Stream
    media_type: str
    cost_usd: Decimal | None = None
    usage: Mapping[Unit, int | Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A submitted long job. `id` is the vendor's; it alone must be enough to poll from another machine."""

    id: str
    details: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """Not done yet. `progress` is 0..1 where the vendor tells; `queued` when it has not begun."""

    progress: float | None = None
    queued: bool = False
    look_again_after: timedelta | None = None


@dataclass(frozen=True)
class Claim:
    """What is known of a submission whose answer was lost."""

    request: Request
    claimed_at: datetime


class Provider(Protocol):
    """A vendor. Construct it with the worker's environment; it opens connections lazily, inside activities.

    `ProviderBase` has the answers of a vendor that cannot do more than `submit`.
    """

    @property
    def name(self) -> str: ...

    def offers(self) -> Sequence[Offer]:
        """The models of the catalogue, with those that this instance cannot make marked `unavailable`."""

    def other(self, model: str, modality: Modality) -> Offer | None:
        """The offer of a model that is in no catalogue; None where the vendor has no such models."""

    async def submit(self, request: Request) -> Finished | Job:
        """Ask for the take, exactly once: no retries in here.

        Raises:
            ProviderError: the failure; `SubmissionUnknown` where the request may have arrived.
        """

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        """Look at a job once.

        Raises:
            ProviderError: the job failed for good, or this look did.
        """

    async def cancel(self, job: Job) -> None:
        """Ask the vendor to stop a job; jobs that are already over are no error."""

    async def recover(self, claim: Claim) -> Job | None:
        """Find the job of a submission whose answer was lost; None where the vendor cannot tell."""

    async def adoptable(self, request: Request, job: Job) -> None:
        """Check, by reading alone, a job that a person wants to adopt for this take.

        What the vendor does not tell is not checked: see the vendor's own method.

        Raises:
            InvalidRequest: this account has no such job, or it has another model or prompt than the asset.
            ProviderError: the check failed, not the job; a retryable one may be checked again later.
        """

    async def close(self) -> None:
        """Close the connections, when the worker stops."""


def offer_of(provider: Provider, model: str, modality: Modality) -> Offer | None:
    """What a provider offers under this name, from the catalogue or beside it."""
    listed = next((o for o in provider.offers() if o.model == model and o.modality == modality), None)
    return listed or provider.other(model, modality)


@runtime_checkable
class Moderator(Protocol):
    """A provider that also judges words, for nothing."""

    async def moderate(self, texts: Sequence[str]) -> list[str]:
        """For each text what it is flagged for, in words; "" where it is fine.

        Raises:
            ProviderError: the question was not answered.
        """


class ProviderBase(ABC):
    """What a synchronous vendor answers to the questions about jobs."""

    name: str
    unbilled: Sequence[Unbilled] = ()
    """Failed submissions that the vendor says it does not bill; every other one is ambiguous."""

    @abstractmethod
    def offers(self) -> Sequence[Offer]: ...

    @abstractmethod
    async def submit(self, request: Request) -> Finished | Job: ...

    def other(self, model: str, modality: Modality) -> Offer | None:
        return None

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        raise JobFailed(f"{self.name} has no jobs: {job.id!r} is not one of its")

    async def cancel(self, job: Job) -> None:
        return None

    async def recover(self, claim: Claim) -> Job | None:
        return None

    async def adoptable(self, request: Request, job: Job) -> None:
        raise InvalidRequest(
            f"job_id: {self.name} has no jobs; resubmit the asset, or accept the production without it"
        )

    async def close(self) -> None:
        return None
