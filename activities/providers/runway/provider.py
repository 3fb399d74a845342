"""Runway: video from words and pictures, upscaling, pictures and speech, all of it as tasks.

No list of tasks can be asked for, so a submission whose answer was lost cannot be found again.
Sources: the types of the official SDK 5.24 and https://docs.dev.runwayml.com/errors/.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from activities.catalogue.loader import OWN_CATALOGUE, offers_of
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest, JobCancelled, OutputUnusable, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.adoption import looking_for
from activities.providers.base64_text import decoded, type_in
from activities.providers.download import media_type_at, streamed
from activities.providers.job_outputs import media_in
from activities.providers.protocol import Finished, Job, ProviderBase, Request, Running
from activities.providers.response_repair import response_hooks
from activities.providers.runway.answer import KEY, UNBILLED, asked, charged, cost, failure, record
from activities.providers.runway.request import VENDOR, order
from activities.providers.selection import offer_of

if TYPE_CHECKING:
    from runwayml import AsyncRunwayML

BASE_URL: Final = "https://api.dev.runwayml.com"
LOOK_AGAIN: Final = timedelta(seconds=6)
"""As the SDK's own waiting does; the vendor asks for at least five seconds between looks."""


@http_failures.discreet
class Runway(ProviderBase):
    """The provider. Needs RUNWAYML_API_SECRET; RUNWAYML_BASE_URL points it elsewhere."""

    name = VENDOR
    unbilled = UNBILLED

    def __init__(self, env: Mapping[str, str]) -> None:
        self.secret = env.get(KEY, "")
        self._base = (env.get("RUNWAYML_BASE_URL") or BASE_URL).rstrip("/")
        self._own = env.get(OWN_CATALOGUE, "")
        self._client: AsyncRunwayML | None = None

    def offers(self) -> Sequence[Offer]:
        return offers_of(self.name, self._own)

    async def submit(self, request: Request) -> Job:
        offer = offer_of(self, request.asset.model, request.asset.asset_type)
        if offer is None:
            raise InvalidRequest(f"model: {request.asset.model!r} is not in the catalogue of {VENDOR}")
        ordered = await order(request, offer)
        sdk = self._sdk()
        if ordered.upload:
            # Nothing is bought by it: an upload that fails may simply be made again.
            uploaded = await asked(sdk.uploads.create_ephemeral(file=ordered.upload), submitting=False)
            ordered.arguments["video_uri"] = uploaded.uri
        create: Any = getattr(sdk, ordered.endpoint).create
        made = await asked(create(**ordered.arguments), submitting=True)
        if not isinstance(getattr(made, "id", None), str):
            raise SubmissionUnknown(f"{VENDOR} answered without the id of its task")
        estimate = getattr(getattr(made, "estimated_cost", None), "credits", None)
        return Job(made.id, {"estimated_credits": estimate})

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        task = record(await asked(self._sdk().tasks.retrieve(job.id), submitting=False))
        match task.get("status"):
            case "PENDING" | "THROTTLED":
                return Running(queued=True, look_again_after=LOOK_AGAIN)
            case "RUNNING":
                return Running(progress=task.get("progress"), look_again_after=LOOK_AGAIN)
            case "SUCCEEDED":
                return self._finished(request, job, task)
            case "FAILED":
                raise failure(request, task)
            case "CANCELLED":
                words = f"{VENDOR}: task {job.id} was cancelled there; resubmit to make it"
                raise JobCancelled(words, billed_usd=charged(request, task))
            case status:
                raise SubmissionUnknown(f"{VENDOR}: task {job.id} has the unknown status {status!r}")

    async def cancel(self, job: Job) -> None:
        tasks = self._sdk().tasks
        with suppress(InvalidRequest):  # It was never there, or is deleted.
            task: Any = await asked(tasks.retrieve(job.id), submitting=False)
            # To delete a task that is over erases what was paid for.
            if getattr(task, "status", None) in ("PENDING", "THROTTLED", "RUNNING"):
                await asked(tasks.delete(job.id), submitting=False)

    async def adoptable(self, request: Request, job: Job) -> None:
        """The vendor tells neither model nor prompt of a task (types/task_retrieve_response.py, SDK 5.24).

        Raises:
            InvalidRequest: this account has no such task.
        """
        with looking_for(VENDOR, job, KEY):
            await asked(self._sdk().tasks.retrieve(job.id), submitting=False)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _finished(self, request: Request, job: Job, task: Mapping[str, Any]) -> Finished:
        """The first output; its address is made anew at every look and lives for 24 to 48 hours."""
        url = media_in(task.get("output"), request.asset.asset_type)
        offer = offer_of(self, request.asset.model, request.asset.asset_type)
        if url is None or offer is None:
            words = f"{VENDOR}: task {job.id} succeeded without any output"
            raise OutputUnusable(words, billed_usd=charged(request, task))
        if (declared := type_in(url)) is not None:
            with suppress(ValueError):
                return Finished(decoded(url), declared or offer.media_type, cost_usd=cost(task))
        source = streamed(url, vendor=VENDOR, base_url=self._base)
        return Finished(source, media_type_at(url, offer.media_type), cost_usd=cost(task))

    def _sdk(self) -> "AsyncRunwayML":
        if self._client is None:
            from runwayml import AsyncRunwayML

            self._client = AsyncRunwayML(
                api_key=http_failures.usable_key(VENDOR, KEY, self.secret),
                base_url=self._base,
                max_retries=0,  # A retried submission would be paid for twice.
                timeout=httpx.Timeout(http_failures.LOOK_SECONDS, connect=http_failures.CONNECT_SECONDS),
                # Requests are seconds apart, so no connection is worth keeping; and none is left open at the end.
                http_client=httpx.AsyncClient(
                    limits=httpx.Limits(max_keepalive_connections=0), event_hooks=response_hooks()
                ),
            )
        return self._client
