"""Google: Gemini text, pictures, speech and Omni video; Imagen and Veo on its Enterprise platform."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from activities.catalogue.loader import OWN_CATALOGUE, load_offers
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest
from activities.providers import http_failures
from activities.providers.google import content, enterprise, omni, transcripts
from activities.providers.google.client import Access
from activities.providers.protocol import Finished, Job, ProviderBase, Request, Running
from activities.providers.selection import find_offer
from workflows.continuity.inputs import EDIT, EXTEND, UPSCALE
from workflows.models import Modality

ENTERPRISE_ONLY: Final = ("imagen-", "veo-")
"""Model families whose methods google-genai 3.3 refuses for the Developer API (models.py)."""
UNAVAILABLE: Final = (
    "Google serves {model} only on its Enterprise platform: set GOOGLE_GENAI_USE_ENTERPRISE=true and "
    "GOOGLE_CLOUD_PROJECT for the worker, or choose another model"
)


@http_failures.redact_key
class Google(ProviderBase):
    """Environment: GOOGLE_API_KEY or GEMINI_API_KEY, GOOGLE_GEMINI_BASE_URL; for the Enterprise platform
    GOOGLE_GENAI_USE_ENTERPRISE or GOOGLE_GENAI_USE_VERTEXAI, GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION (default
    "global") with Application Default Credentials, or a key of its express mode, and GOOGLE_VERTEX_BASE_URL."""

    name = "google"

    def __init__(self, env: Mapping[str, str]) -> None:
        self._access = Access(env)
        self.secret = self._access.key or ""
        self.unbilled = self._access.unbilled
        listed = load_offers(self.name, env.get(OWN_CATALOGUE, ""))
        self._offers = tuple(map(self._available, listed))

    def offers(self) -> Sequence[Offer]:
        return self._offers

    def sendable(self, offer: Offer) -> Offer:
        enterprise_only = offer.model.startswith(ENTERPRISE_ONLY)
        match offer.modality:
            case Modality.TEXT if Modality.AUDIO in offer.requires:
                return offer.limited_to(Modality.AUDIO, recordings=1)
            case Modality.TEXT if offer.illustrates:
                return offer.limited_to(Modality.IMAGE)
            case Modality.TEXT:
                return offer.limited_to(Modality.IMAGE, Modality.VIDEO, Modality.AUDIO)
            case Modality.VIDEO if enterprise_only:
                return offer.limited_to(Modality.IMAGE, pictures=1, last_frame=True)
            case Modality.VIDEO:
                versions = (EDIT, EXTEND, UPSCALE)
                return offer.limited_to(Modality.IMAGE, Modality.VIDEO, recordings=1, versions=versions)
            case Modality.IMAGE if not enterprise_only:
                return offer.limited_to(Modality.IMAGE)
        return offer.limited_to()

    async def submit(self, request: Request) -> Finished | Job:
        model, modality = request.asset.model, request.asset.asset_type
        offer = find_offer(self, model, modality)
        if offer is None or offer.unavailable:
            why = offer.unavailable if offer else f"{model!r} is not in the catalogue of {self.name}"
            raise InvalidRequest(f"model: {why}")
        enterprise_only = model.startswith(ENTERPRISE_ONLY)
        match modality:
            case Modality.TEXT if Modality.AUDIO in offer.requires:
                return await transcripts.transcribe(self._access, request, offer)
            case Modality.TEXT:
                write = content.illustrate if offer.illustrates else content.write
                return await write(self._access, request, offer)
            case Modality.AUDIO:
                return await content.speak(self._access, request, offer)
            case Modality.IMAGE:
                paint = enterprise.imagine if enterprise_only else content.paint
                return await paint(self._access, request, offer)
            case Modality.VIDEO:
                start = enterprise.start_veo if enterprise_only else omni.start
                return await start(self._access, request, offer)

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        poll = enterprise.poll_veo if _is_veo(job) else omni.poll
        return await poll(self._access, request, job)

    async def check_adoptable(self, request: Request, job: Job) -> None:
        """The vendor reports model and input of an Omni interaction; a Veo operation has only the model, in its name.

        Raises:
            InvalidRequest: this account has no such job, or it has another model or prompt.
        """
        model = request.asset.model
        if request.asset.asset_type != Modality.VIDEO:
            raise InvalidRequest(
                f"job_id: google makes no {request.asset.asset_type.value} by a job; resubmit the asset"
            )
        if _is_veo(job) != model.startswith(ENTERPRISE_ONLY):
            raise InvalidRequest(
                f"job_id: {job.id!r} is not a job of {model}; adopt one of this model, or edit the asset"
            )
        check = enterprise.check_veo if _is_veo(job) else omni.check
        await check(self._access, request, job)

    async def check_key(self) -> None:
        """A request that lists models, which is free.

        Raises:
            ProviderError: the key is refused, or the vendor does not respond.
        """
        await self._access.call(lambda client: client.models.list(config={"page_size": 1}), submitting=False)

    async def close(self) -> None:
        await self._access.close()

    async def cancel(self, job: Job) -> None:
        if not _is_veo(job):  # Operations of publisher models cannot be cancelled (aiplatform discovery).
            await omni.cancel(self._access, job)

    def _available(self, offer: Offer) -> Offer:
        if self._access.enterprise or not offer.model.startswith(ENTERPRISE_ONLY):
            return offer
        return replace(offer, unavailable=UNAVAILABLE.format(model=offer.model))


def _is_veo(job: Job) -> bool:
    """Whether a job is a Veo operation: its id is a path, that of an interaction is not."""
    return "/operations/" in job.id
