"""The provider protocol: what a vendor file implements, and the little it is given.

A provider makes one take at a time. `submit` either returns the finished media (synchronous
vendors) or a job that `poll` looks at until it is finished. Money, retries, ledger, storage and
progress are not a provider's concern: it raises the errors of `activities.errors` and no others.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from workflows.models import Aspect, Asset, Brief, Media, Modality


class Parameter(BaseModel):
    """One parameter of a model: what it means, and which values it takes.

    Attributes:
        unit: Of a number, e.g. "seconds"; `min` and `max` are in it and belong to the range.
        default: What happens without it, in words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    type: Literal["number", "text"]
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
        if numeric and self.choices:
            raise ValueError("choices: only a text has them")
        return self

    def in_words(self) -> str:
        """E.g. "speed of speech (words a minute, 80 to 400); default: 165"."""
        limits = "" if self.min is None else f"{self.min:g} to {self.max:g}"
        details = ", ".join(filter(None, [self.unit, limits, ", ".join(self.choices)]))
        absent = f"; default: {self.default}" if self.default else ""
        return self.meaning + (f" ({details})" if details else "") + absent

    def problem(self, value: JsonValue) -> str | None:
        """What is wrong with a value and what would do instead; None where it can be taken."""
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:59] + "…"
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
        if self.min is not None and self.max is not None and not self.min <= value <= self.max:
            return f"{shown} is not between {self.min:g} and {self.max:g}; give {unit} in that range"
        return None


@dataclass(frozen=True)
class Offer:
    """One model of the catalogue, as a provider offers it.

    Attributes:
        unit: What `usd` is the price of; an asset's price range is computed from its parameters.
        usd_low, usd_high: USD for one unit.
        job: True when `submit` returns a Job.
        media_type: Of what it makes, e.g. "video/mp4".
        expected_seconds: What one asset usually takes; chooses the delay between looks at a job.
        parameters: Parameter name -> meaning, unit and default; any other name is refused in a plan.
        rules: Which values a parameter takes; one without a rule is checked when the take is made.
    """

    provider: str
    model: str
    modality: Modality
    media_type: str
    unit: str
    usd_low: Decimal
    usd_high: Decimal
    expected_seconds: float
    job: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        return self.usd_high == 0


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
        workdir: This attempt's directory, deleted after it. `file` makes it, so that a take of text needs none.
    """

    key: str
    seed: int
    brief: Brief
    asset: Asset
    take: int
    inputs: Sequence[Input]
    workdir: Path

    def file(self, name: str) -> Path:
        """A path in this attempt's directory."""
        return scratch_file(self.workdir, name)

    def input(self, role: str) -> Input | None:
        """The first input with this role, if the asset depends on one."""
        return next((i for i in self.inputs if i.role == role), None)

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


@dataclass(frozen=True)
class Finished:
    """Media is ready: a local file, bytes in memory (small things), or a stream to open.

    `cost_usd` is what the vendor says it charged; None takes the catalogue's price.
    """

    source: Path | bytes | Stream
    media_type: str
    cost_usd: Decimal | None = None


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
    """A vendor. Construct it with its credentials; it opens connections lazily, inside activities."""

    @property
    def name(self) -> str: ...

    def offers(self) -> Sequence[Offer]:
        """The models of the catalogue that this instance can make."""

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
