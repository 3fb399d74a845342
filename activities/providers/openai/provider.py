"""OpenAI, and every server with its API (OPENAI_BASE_URL): pictures, speech, transcripts, text,
moderation, and interviews by voice."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from activities.catalogue.loader import OWN_CATALOGUE, load_offers
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest
from activities.providers.http_failures import (
    CONNECT_TIMEOUT_SECONDS,
    RESPONSE_TIMEOUT_SECONDS,
    redact_key,
    validate_key,
)
from activities.providers.openai import background, images, realtime, speech, text, transcripts
from activities.providers.openai.errors import UNBILLED, VARIABLE, VENDOR, translated_errors
from activities.providers.protocol import Finished, Job, ProviderBase, Request, Running
from activities.providers.realtime import ClientSecret, RealtimeModel
from activities.providers.response_repair import response_hooks
from activities.providers.selection import find_offer
from workflows.models import Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Moderation, ModerationImageURLInputParam

BASE_URL: Final = "https://api.openai.com/v1"
MODERATION: Final = "omni-moderation-latest"


@redact_key
class OpenAI(ProviderBase):
    """The provider. It reads the same variables as the SDK, but from `env`."""

    name = "openai"
    unbilled = UNBILLED

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.secret = env.get(VARIABLE, "")
        self._base_url = env.get("OPENAI_BASE_URL") or BASE_URL
        self._offers = tuple(map(self._offer, load_offers(self.name, env.get(OWN_CATALOGUE, ""))))

    def offers(self) -> Sequence[Offer]:
        return self._offers

    def _offer(self, offer: Offer) -> Offer:
        """Drop the retirement date for another server: it may still have models that OpenAI has retired."""
        host = urlsplit(self._base_url).hostname or ""
        own = host != "api.openai.com" and not host.endswith(".api.openai.com")
        return replace(offer, retires=None, replacement=()) if own else offer

    @cached_property
    def client(self) -> "AsyncOpenAI":
        """The SDK's client, created inside the event loop that uses it.

        Raises:
            AuthenticationFailed: there is no key, or it is not valid in a header.
        """
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

        client = AsyncOpenAI(
            api_key=validate_key(VENDOR, VARIABLE, self.secret),
            base_url=self._base_url,
            max_retries=0,  # Temporal owns retries: every submission is one request, and is in the ledger
            timeout=Timeout(RESPONSE_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS),
            http_client=DefaultAsyncHttpxClient(event_hooks=response_hooks()),
        )
        # Set afterwards: for None as an argument, the SDK would read the process's own environment.
        client.organization = self._env.get("OPENAI_ORG_ID") or None
        client.project = self._env.get("OPENAI_PROJECT_ID") or None
        return client

    def _find_offer(self, request: Request) -> Offer:
        asset = request.asset
        offer = find_offer(self, asset.model, asset.asset_type)
        if offer is None:
            models = ", ".join(o.model for o in self.offers() if o.modality == asset.asset_type)
            raise InvalidRequest(f"model: {asset.model!r} is not offered by openai; choose from {models or 'none'}")
        return offer

    def sendable(self, offer: Offer) -> Offer:
        match offer.modality:
            case Modality.IMAGE:
                return offer.limited_to(Modality.IMAGE, pictures=images.MAX_REFERENCES, mask=True)
            case Modality.TEXT if Modality.AUDIO in offer.requires:
                return offer.limited_to(Modality.AUDIO, recordings=1)
            case Modality.TEXT:
                return offer.limited_to(Modality.IMAGE)
        return offer.limited_to()

    async def submit(self, request: Request) -> Finished | Job:
        """Submit the request for the take.

        Raises:
            ProviderError: the submission failed.
        """
        offer = self._find_offer(request)
        match offer.modality:
            case Modality.IMAGE if offer.job:
                return await background.start(self.client, request, offer)
            case Modality.IMAGE:
                return await images.make_picture(self.client, request, offer)
            case Modality.AUDIO:
                return await speech.speak(self.client, request, offer)
            case Modality.TEXT if Modality.AUDIO in offer.requires:
                return await transcripts.transcribe(self.client, request, offer)
            case Modality.TEXT:
                return await text.write(self.client, request, offer)
            case other:
                raise InvalidRequest(f"model: openai makes no {other.value}; choose another provider")

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        """Poll a background response.

        Raises:
            ProviderError: the job failed permanently, or this poll failed.
        """
        return await background.poll(self.client, request, self._find_offer(request), job)

    async def cancel(self, job: Job) -> None:
        await background.cancel(self.client, job)

    async def check_adoptable(self, request: Request, job: Job) -> None:
        """The vendor reports the picture tool's model and, in another call, the input of a stored response.

        Raises:
            InvalidRequest: this account has no such response, or it has no picture, another model or another prompt.
        """
        if request.asset.asset_type != Modality.IMAGE:
            raise InvalidRequest(
                f"job_id: openai makes no {request.asset.asset_type.value} by a job; resubmit the asset"
            )
        await background.check(self.client, request, self._find_offer(request), job)

    def realtime_models(self) -> Sequence[RealtimeModel]:
        return realtime.MODELS

    def realtime_url(self, model: str) -> str:
        return realtime.url_of(self._base_url, model)

    async def mint_secret(self, session: Mapping[str, Any], seconds: int) -> ClientSecret:
        return await realtime.mint_secret(self.client, session, seconds)

    async def close(self) -> None:
        if "client" in self.__dict__:
            await self.client.close()

    async def check_key(self) -> None:
        """A request that lists models, which is free.

        Raises:
            ProviderError: the key is refused, or the vendor does not respond.
        """
        with translated_errors(submitting=False):
            await self.client.models.list()

    async def moderate(self, texts: Sequence[str]) -> list[str]:
        """For each text the categories that it is flagged for, joined by commas; "" where it is not flagged. Free.

        Raises:
            ProviderError: the request failed.
        """
        if not texts:
            return []
        with translated_errors(submitting=False):
            answer = await self.client.moderations.create(model=MODERATION, input=list(texts))
            return [_flagged(result) for result in answer.results]

    async def moderate_picture(self, jpeg: bytes) -> str:
        """The same for one picture, which omni-moderation takes next to texts. Free.

        Raises:
            ProviderError: the request failed.
        """
        address = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
        with translated_errors(submitting=False):
            picture: ModerationImageURLInputParam = {"type": "image_url", "image_url": {"url": address}}
            answer = await self.client.moderations.create(model=MODERATION, input=[picture])
            if len(answer.results) != 1:
                raise ValueError("the moderation answered for another number of pictures")
            return _flagged(answer.results[0])


def _flagged(result: "Moderation") -> str:
    """The categories that a result is flagged for, joined by commas; "" where it is not flagged.

    Raises:
        ValueError: the result does not say whether it is flagged.
    """
    if result.flagged not in (True, False):
        raise ValueError("the moderation answered without a result")
    return _flags(result.categories.model_dump(by_alias=True)) if result.flagged else ""


def _flags(categories: Mapping[str, bool | None]) -> str:
    return ", ".join(name for name, flagged in categories.items() if flagged) or "flagged"
