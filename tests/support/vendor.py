"""A vendor that bills: a fake provider with scripted responses and counted submissions."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

from activities.catalogue.offers import Offer, Rate
from activities.errors import InvalidRequest, ProviderError, ProviderUnavailable
from activities.providers.protocol import Claim, Finished, Job, ProviderBase, Request, Running
from workflows.models import Modality


def png(width: int = 64, height: int = 36) -> bytes:
    """A small real picture."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(buffer, "PNG")
    return buffer.getvalue()


class Vendor(ProviderBase):
    """Sells images at `price` USD: model "now" synchronously, "later" as a job, "gift" for nothing.

    `script` holds the outcomes of the next calls: an error to raise, or "die" for a process that is killed right after
    the vendor billed. Jobs are done after `polls` polls. A `gate` holds responses until it opens.
    """

    name = "vendor"

    def __init__(self, price: str = "0.40", polls: int = 2) -> None:
        self.price = Decimal(price)
        self.polls = polls
        self.script: list[ProviderError | str] = []
        self.billed: list[str] = []
        self.jobs: dict[str, int] = {}
        self.recoverable = False
        self.deaf = 0
        """The number of calls about jobs, other than polls, without a response."""
        self.media = png()
        self.streams = False
        self.gate: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.breaks = False

    def offers(self) -> Sequence[Offer]:
        def offer(model: str, *, job: bool, price: Decimal) -> Offer:
            rates = (Rate("asset", price, price),)
            return Offer("vendor", model, Modality.IMAGE, "image/png", rates, 8.0, job)

        return [
            offer("now", job=False, price=self.price),
            offer("later", job=True, price=self.price),
            offer("gift", job=False, price=Decimal(0)),
        ]

    async def submit(self, request: Request) -> Finished | Job:
        await asyncio.sleep(0)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, ProviderError):
            raise step
        self.billed.append(request.key)
        media = self.media
        if self.gate:
            self.reached.set()
            await self.gate.wait()
        if step == "die":
            raise asyncio.CancelledError
        if request.asset.model == "later":
            job = Job(f"job-{len(self.billed)}")
            self.jobs[job.id] = 0
            return job
        return self._finished(media)

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        step = self.script.pop(0) if self.script else None
        if isinstance(step, ProviderError):
            raise step
        self.jobs[job.id] += 1
        if self.jobs[job.id] < self.polls:
            return Running(progress=self.jobs[job.id] / self.polls)
        return self._finished()

    async def cancel(self, job: Job) -> None:
        if self.deaf:
            self.deaf -= 1
            raise ProviderUnavailable("no answer")
        self.jobs.pop(job.id, None)

    async def check_adoptable(self, request: Request, job: Job) -> None:
        if job.id not in self.jobs:
            raise InvalidRequest(f"job_id: there is no job {job.id!r} in this account")

    async def recover(self, claim: Claim) -> Job | None:
        if self.deaf:
            self.deaf -= 1
            raise ProviderUnavailable("no answer")
        return Job(next(iter(self.jobs))) if self.recoverable and self.jobs else None

    def _finished(self, media: bytes = b"") -> Finished:
        media = media or self.media
        if not self.streams:
            return Finished(media, "image/png")

        @asynccontextmanager
        async def stream() -> AsyncIterator[AsyncIterator[bytes]]:
            async def chunks() -> AsyncIterator[bytes]:
                for at in range(0, len(media), 7):
                    yield media[at : at + 7]
                    if self.breaks:
                        raise ConnectionResetError("the vendor hung up")

            yield chunks()

        return Finished(stream, "image/png", cost_usd=Decimal("0.33"))
