"""The provider protocol: what a vendor file implements, and the little it is given.

A provider makes one take at a time. `submit` either returns the finished media (synchronous
vendors) or a job that `poll` looks at until it is finished. Money, retries, ledger, storage and
progress are not a provider's concern: it raises the errors of `activities.errors` and no others.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from activities.catalogue.offers import Offer, Unit
from activities.errors import InvalidRequest, JobFailed
from activities.providers.unbilled import Unbilled
from workflows.brief import Aspect, Brief
from workflows.models import Asset, Media, Modality


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
