"""Runway: video from prompts and pictures, upscaling, pictures and speech, all as tasks.

Tasks cannot be listed, so a submission whose response was lost cannot be found.
Sources: the types of the official SDK 5.24 and https://docs.dev.runwayml.com/errors/.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from activities.catalogue.loader import OWN_CATALOGUE, load_offers
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest, JobCancelled, OutputUnusable, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.adoption import job_lookup
from activities.providers.base64_text import declared_type, decode
from activities.providers.download import media_type_of, open_media
from activities.providers.job_outputs import find_media
from activities.providers.protocol import Finished, Job, ProviderBase, Request, Running
from activities.providers.response_repair import response_hooks
from activities.providers.runway.answer import (
    KEY,
    UNBILLED,
    call_sdk,
    charged_usd,
    error_of_task,
    task_cost,
    task_record,
)
from activities.providers.runway.request import REFERENCES, VENDOR, build_call
from activities.providers.runway.videos import INTERPOLATOR, UPSCALER, VERSIONS, build_video_call
from activities.providers.selection import find_offer
from workflows.models import Modality

if TYPE_CHECKING:
    from runwayml import AsyncRunwayML

BASE_URL: Final = "https://api.dev.runwayml.com"
POLL_INTERVAL: Final = timedelta(seconds=6)
"""As in the SDK's own polling; the vendor requires at least five seconds between polls."""


@http_failures.redact_key
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
        return load_offers(self.name, self._own)

    def sendable(self, offer: Offer) -> Offer:
        match offer.modality:
            case Modality.VIDEO if offer.model in (UPSCALER, INTERPOLATOR):
                return offer.limited_to(Modality.VIDEO, recordings=1, versions=VERSIONS[offer.model])
            case Modality.VIDEO if versions := VERSIONS.get(offer.model):
                sent = (Modality.IMAGE, Modality.VIDEO)
                return offer.limited_to(*sent, pictures=1, recordings=1, last_frame=True, versions=versions)
            case Modality.VIDEO:
                return offer.limited_to(Modality.IMAGE, pictures=1, last_frame=True)
            case Modality.IMAGE:
                return offer.limited_to(Modality.IMAGE, pictures=REFERENCES)
        return offer.limited_to()

    async def submit(self, request: Request) -> Job:
        offer = find_offer(self, request.asset.model, request.asset.asset_type)
        if offer is None:
            raise InvalidRequest(f"model: {request.asset.model!r} is not in the catalogue of {VENDOR}")
        moving = request.asset.asset_type is Modality.VIDEO
        from_video = moving and (Modality.VIDEO in offer.requires or request.inputs_of(Modality.VIDEO))
        call = await (build_video_call if from_video else build_call)(request, offer)
        sdk = self._sdk()
        if call.upload:
            # An upload is free, so a failed one can be repeated.
            uploaded = await call_sdk(sdk.uploads.create_ephemeral(file=call.upload), submitting=False)
            call.arguments[call.upload_as] = uploaded.uri
        create: Any = getattr(sdk, call.endpoint).create
        task = await call_sdk(create(**call.arguments), submitting=True)
        if not isinstance(getattr(task, "id", None), str):
            raise SubmissionUnknown(f"{VENDOR} returned a task without an id")
        estimate = getattr(getattr(task, "estimated_cost", None), "credits", None)
        return Job(task.id, {"estimated_credits": estimate})

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        task = task_record(await call_sdk(self._sdk().tasks.retrieve(job.id), submitting=False))
        match task.get("status"):
            case "PENDING" | "THROTTLED":
                return Running(queued=True, poll_after=POLL_INTERVAL)
            case "RUNNING":
                return Running(progress=task.get("progress"), poll_after=POLL_INTERVAL)
            case "SUCCEEDED":
                return self._finished(request, job, task)
            case "FAILED":
                raise error_of_task(request, task)
            case "CANCELLED":
                message = f"{VENDOR}: task {job.id} was cancelled at the vendor; resubmit it"
                raise JobCancelled(message, billed_usd=charged_usd(request, task))
            case status:
                raise SubmissionUnknown(f"{VENDOR}: task {job.id} has the unknown status {status!r}")

    async def cancel(self, job: Job) -> None:
        tasks = self._sdk().tasks
        with suppress(InvalidRequest):  # It never existed, or was deleted.
            task: Any = await call_sdk(tasks.retrieve(job.id), submitting=False)
            # Deleting a task that has ended would delete its paid output.
            if getattr(task, "status", None) in ("PENDING", "THROTTLED", "RUNNING"):
                await call_sdk(tasks.delete(job.id), submitting=False)

    async def check_adoptable(self, request: Request, job: Job) -> None:
        """The vendor reports neither model nor prompt of a task (types/task_retrieve_response.py, SDK 5.24).

        Raises:
            InvalidRequest: this account has no such task.
        """
        with job_lookup(VENDOR, job, KEY):
            await call_sdk(self._sdk().tasks.retrieve(job.id), submitting=False)

    async def check_key(self) -> None:
        """A request for the organization and its credits, which is free.

        Raises:
            ProviderError: the key is refused, or the vendor does not respond.
        """
        await call_sdk(self._sdk().organization.retrieve(), submitting=False)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _finished(self, request: Request, job: Job, task: Mapping[str, Any]) -> Finished:
        """The first output. Each poll returns a new address, which is valid for 24 to 48 hours."""
        url = find_media(task.get("output"), request.asset.asset_type)
        offer = find_offer(self, request.asset.model, request.asset.asset_type)
        if url is None or offer is None:
            message = f"{VENDOR}: task {job.id} succeeded without any output"
            raise OutputUnusable(message, billed_usd=charged_usd(request, task))
        if (declared := declared_type(url)) is not None:
            with suppress(ValueError):
                return Finished(decode(url), declared or offer.media_type, cost_usd=task_cost(task))
        source = open_media(url, vendor=VENDOR, base_url=self._base)
        return Finished(source, media_type_of(url, offer.media_type), cost_usd=task_cost(task))

    def _sdk(self) -> "AsyncRunwayML":
        if self._client is None:
            from runwayml import AsyncRunwayML

            self._client = AsyncRunwayML(
                api_key=http_failures.validate_key(VENDOR, KEY, self.secret),
                base_url=self._base,
                max_retries=0,  # A retried submission would be paid for twice.
                timeout=httpx.Timeout(
                    http_failures.POLL_TIMEOUT_SECONDS, connect=http_failures.CONNECT_TIMEOUT_SECONDS
                ),
                # Requests are seconds apart, so keeping connections open has no benefit.
                http_client=httpx.AsyncClient(
                    limits=httpx.Limits(max_keepalive_connections=0), event_hooks=response_hooks()
                ),
            )
        return self._client
