"""The provider protocol: the methods that a vendor file implements, and the records that they take and return.

A provider makes one take at a time. `submit` either returns the finished media (synchronous
vendors) or a job that is polled until it is finished. Money, retries, ledger, storage and
progress are not a provider's concern. It raises the errors of `activities.errors` and no others.
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
    """An input take of the request. `fetch` copies its bytes to a local file of this attempt.

    `name` is what a reference of the brief shows, as its requester names it.
    """

    asset_id: str
    asset_type: Modality
    role: str
    media: Media
    fetch: Callable[[], Awaitable[Path]]
    name: str = ""


@dataclass(frozen=True)
class Request:
    """One take to make.

    Attributes:
        key: Identifies this take permanently: production, asset and take. It is the client-chosen id or
            idempotency key, where a vendor accepts one.
        seed: 31 bits derived from `key`, so that two attempts request the same picture.
        instructions: For a text model: the audience and the format of its answer. The prompt follows it.
        schema: The JSON schema that the text has to follow, if any.
        on_text: Receives each piece of a text while the model writes it, if a caller wants that. A model that does not
            stream never calls it.
        film_start: For an animatic: the seconds from the start of the film to its shot, by the plan.
        workdir: This attempt's directory, deleted after the attempt. `file` creates it, so a text take needs none.
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
    film_start: float | None = None

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
        """A numeric parameter of the asset, or the default where it is absent or not a number."""
        value = self.asset.number(parameter)
        return default if value is None else value

    def text(self, parameter: str, default: str) -> str:
        """A text parameter of the asset, or the default where it is absent, empty or not text."""
        value = self.asset.parameters.get(parameter)
        return value if isinstance(value, str) and value else default

    @property
    def delivery(self) -> str:
        """How speech is said, in words: of its asset, otherwise the brief's style."""
        return self.asset.delivery or self.text("instructions", self.brief.style)

    @property
    def aspect(self) -> Aspect:
        return self.brief.aspect


def scratch_file(workdir: Path, name: str) -> Path:
    """A path in a directory that only this user can read. The directory is created when it is first needed."""
    workdir.mkdir(mode=0o700, exist_ok=True)
    return workdir / name


Stream = Callable[[], AbstractAsyncContextManager[AsyncIterator[bytes]]]
"""Opens the vendor's media as chunks of bytes, e.g. an HTTP response. It is closed after the upload."""


async def write_stream(source: Stream, path: Path) -> Path:
    """Write a stream to a file, chunk by chunk."""
    async with source() as chunks:
        with path.open("wb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
    return path


@dataclass(frozen=True)
class Picture:
    """A picture of an illustrated text. `name` is that in the text; width and height are pixels."""

    name: str
    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Finished:
    """The media is ready: a local file, bytes in memory (small media), or a stream to open.

    Attributes:
        cost_usd: What the vendor reports that it charged.
        usage: Unit -> amount, where the vendor counts; the cost follows from the catalogue's rates. Without
            either, the take costs the most that the plan quoted.
        data: What the vendor returned in addition, stored as JSON next to the media: a revised prompt, or the `words`
            of a transcript or of speech, [{word, start, end}] in seconds. Speech (kind "speech") has also the `text`
            that it speaks and, in each word, `at`, its place in that text. Captions are timed by words.
        parts: Of an illustrated text: its texts and the files of its pictures in the order of the response. `source`
            is then empty: `activities.takes.stored_form` composes it, with `pictures`.
        pictures: The pictures to which the lines of `source` refer, in their order.
    """

    source: Path | bytes | Stream
    media_type: str
    cost_usd: Decimal | None = None
    usage: Mapping[Unit, int | Decimal] = field(default_factory=dict)
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    parts: Sequence[str | bytes] = ()
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True)
class Job:
    """A submitted long job. `id` is the vendor's, and is enough to poll the job from another machine."""

    id: str
    details: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """The job is not done. `progress` is 0..1 where the vendor reports it; `queued` if the job has not started."""

    progress: float | None = None
    queued: bool = False
    poll_after: timedelta | None = None


@dataclass(frozen=True)
class Unreadable:
    """The part of a narration that its voice cannot read.

    Attributes:
        characters: The characters, each once.
        voice: The voice, as a part of a sentence.
        silent: Whether it stays silent for the length of the text; otherwise, it leaves the characters out.
    """

    characters: str
    voice: str
    silent: bool


@dataclass(frozen=True)
class Claim:
    """What is known about a submission whose response was lost."""

    request: Request
    claimed_at: datetime


class Provider(Protocol):
    """A vendor. Construct it with the worker's environment; it opens connections lazily, inside activities.

    `ProviderBase` has the defaults of a vendor that supports only `submit`.
    """

    @property
    def name(self) -> str: ...

    def offers(self) -> Sequence[Offer]:
        """The models of the catalogue, with those that this instance cannot use marked `unavailable`."""

    def unlisted_offer(self, model: str, modality: Modality) -> Offer | None:
        """The offer of a model that is in no catalogue; None where the vendor has no such models."""

    def sendable(self, offer: Offer) -> Offer:
        """The offer with only those inputs that this adapter puts into its requests (`Offer.limited_to`)."""

    def unreadable(self, asset: Asset, language: str) -> Unreadable | None:
        """What the voice of a narration cannot read, in a brief of this language; None where it reads all.

        None also where it is unknown, as for vendors whose voices read every script.
        """

    async def submit(self, request: Request) -> Finished | Job:
        """Submit the request for the take, exactly once and without retries.

        Raises:
            ProviderError: the failure; `SubmissionUnknown` if the request may have arrived.
        """

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        """Poll a job once.

        Raises:
            ProviderError: the job failed permanently, or this poll failed.
        """

    async def cancel(self, job: Job) -> None:
        """Ask the vendor to stop a job. A job that has already ended is not an error."""

    async def recover(self, claim: Claim) -> Job | None:
        """Find the job of a submission whose response was lost; None where the vendor cannot find it."""

    async def check_adoptable(self, request: Request, job: Job) -> None:
        """Check, with read requests only, a job that a person wants to adopt for this take.

        Facts that the vendor does not report are not checked: see the vendor's own method.

        Raises:
            InvalidRequest: this account has no such job, or its model or prompt differs from the asset's.
            ProviderError: the check failed, not the job; a retryable check may be repeated later.
        """

    async def close(self) -> None:
        """Close the connections when the worker stops."""


@runtime_checkable
class Moderator(Protocol):
    """A provider that also moderates texts and pictures, free of charge."""

    async def moderate(self, texts: Sequence[str]) -> list[str]:
        """For each text, the reason why it is flagged; "" where it is not.

        Raises:
            ProviderError: the request failed.
        """

    async def moderate_picture(self, jpeg: bytes) -> str:
        """The reason why a picture is flagged; "" where it is not.

        Raises:
            ProviderError: the request failed.
        """


@runtime_checkable
class KeyChecker(Protocol):
    """A provider that can find out, free of charge, whether its key is accepted."""

    async def check_key(self) -> None:
        """
        Raises:
            ProviderError: the key is refused, or the vendor does not respond.
        """


class ProviderBase(ABC):
    """Defaults for a synchronous vendor, which has no jobs."""

    name: str
    unbilled: Sequence[Unbilled] = ()
    """Failed submissions that the vendor documents as not billed; every other one is ambiguous."""

    @abstractmethod
    def offers(self) -> Sequence[Offer]: ...

    @abstractmethod
    async def submit(self, request: Request) -> Finished | Job: ...

    def unlisted_offer(self, model: str, modality: Modality) -> Offer | None:
        return None

    def sendable(self, offer: Offer) -> Offer:
        return offer

    def unreadable(self, asset: Asset, language: str) -> Unreadable | None:
        return None

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        raise JobFailed(f"{self.name} has no jobs, so {job.id!r} is not one of them")

    async def cancel(self, job: Job) -> None:
        return None

    async def recover(self, claim: Claim) -> Job | None:
        return None

    async def check_adoptable(self, request: Request, job: Job) -> None:
        raise InvalidRequest(
            f"job_id: {self.name} has no jobs; resubmit the asset, or accept the production without it"
        )

    async def close(self) -> None:
        return None
