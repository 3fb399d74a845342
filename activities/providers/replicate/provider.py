"""Replicate: Flux, and any other model as "owner/name" or "owner/name:version".

It is called over plain HTTP. A submission whose response was lost is found by the seed that we chose for it.
Sources: the vendor's OpenAPI and recorded responses; https://replicate.com/docs/topics/predictions/lifecycle.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from activities.catalogue.loader import OWN_CATALOGUE, load_offers
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest, JobCancelled, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.adoption import check_match, job_lookup
from activities.providers.protocol import Claim, Finished, Job, ProviderBase, Request, Running
from activities.providers.replicate.answer import (
    UNBILLED,
    VENDOR,
    created_at,
    error_of_prediction,
    error_of_response,
    progress,
    read_output,
)
from activities.providers.replicate.request import REFERENCES, SEEDED, picture_inputs, text_inputs
from activities.providers.response_repair import response_hooks
from activities.providers.selection import find_offer
from workflows.models import Modality

KEY: Final = "REPLICATE_API_TOKEN"
BASE_URL: Final = "https://api.replicate.com"
CANCEL_AFTER: Final = "60m"
"""A lost prediction must not run longer than it can be found: an hour after its end, it cannot be identified."""
MAX_CLOCK_SKEW: Final = timedelta(minutes=2)
"""Between the vendor's clock and ours, in the search for a lost prediction."""
MAX_PAGES: Final = 50
"""Of 100 predictions, newest first: far more than an account may create in the hour in which one can be matched."""
MEDIA_TYPES: Final = {
    Modality.TEXT: "text/markdown",
    Modality.IMAGE: "image/png",
    Modality.VIDEO: "video/mp4",
    Modality.AUDIO: "audio/mpeg",
}
"""For a model that is in no catalogue, if the address of its output has no known extension."""

_MODEL: Final = re.compile(r"\w[\w.-]*/\w[\w.-]*(:\w+)?", re.ASCII)


@http_failures.redact_key
class Replicate(ProviderBase):
    """The provider. Needs REPLICATE_API_TOKEN; REPLICATE_BASE_URL (without /v1) points it elsewhere."""

    name = VENDOR
    unbilled = UNBILLED

    def __init__(self, env: Mapping[str, str]) -> None:
        self.secret = env.get(KEY, "")
        self._base = (env.get("REPLICATE_BASE_URL") or BASE_URL).rstrip("/")
        self._own = env.get(OWN_CATALOGUE, "")
        self._client: httpx.AsyncClient | None = None

    def offers(self) -> Sequence[Offer]:
        return load_offers(self.name, self._own)

    def unlisted_offer(self, model: str, modality: Modality) -> Offer | None:
        """An offer for any public model; only the vendor knows its price and its parameters."""
        if not _MODEL.fullmatch(model):
            return None
        return Offer(
            provider=self.name,
            model=model,
            modality=modality,
            media_type=MEDIA_TYPES[modality],
            rates=(),
            expected_seconds=8.0,  # unknown: the first poll is soon, later ones follow the elapsed time
            job=True,
            any_parameter=True,
            accepts=frozenset({Modality.IMAGE}),
            max_pictures=1,
        )

    def sendable(self, offer: Offer) -> Offer:
        return offer.limited_to(Modality.IMAGE, pictures=REFERENCES.get(offer.model, 1))

    async def submit(self, request: Request) -> Job:
        model = request.asset.model
        offer = self._offer(request)
        # A sound may name the picture or shot that a film shows with it, and is not made from it.
        pictures = await picture_inputs(request) if Modality.IMAGE in offer.accepts else {}
        body: dict[str, Any] = {"input": text_inputs(request, offer) | pictures}
        if model in REFERENCES:
            path = f"/models/{model}/predictions"
        else:
            path = "/predictions"
            body["version"] = model.partition(":")[2] or model
        prediction = await self._call("POST", path, submitting=True, json=body, headers={"Cancel-After": CANCEL_AFTER})
        if not isinstance(prediction.get("id"), str):
            raise SubmissionUnknown(f"{VENDOR} returned a prediction without an id")
        return Job(prediction["id"])

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        prediction = await self._call("GET", f"/predictions/{quote(job.id, safe='')}")
        match prediction.get("status"):
            case "starting":
                return Running(queued=True)
            case "processing":
                return Running(progress=progress(prediction))
            case "succeeded":
                return read_output(request, self._offer(request), prediction, self._base)
            case "failed":
                raise error_of_prediction(request, prediction)
            case "canceled" | "aborted" as status:
                # By a person, or by the vendor after CANCEL_AFTER. A model that is billed by output cost nothing.
                raise JobCancelled(f"{VENDOR}: prediction {job.id} was {status} at the vendor; resubmit it")
            case status:
                raise SubmissionUnknown(f"{VENDOR}: prediction {job.id} has the unknown status {status!r}")

    async def check_key(self) -> None:
        """A request for the account, which is free.

        Raises:
            ProviderError: the key is refused, or the vendor does not respond.
        """
        await self._call("GET", "/account")

    async def cancel(self, job: Job) -> None:
        with suppress(InvalidRequest):  # It has ended, or never existed.
            await self._call("POST", f"/predictions/{quote(job.id, safe='')}/cancel")

    async def recover(self, claim: Claim) -> Job | None:
        """Find it by model, seed and prompt. Other models get no seed, so their predictions cannot be identified."""
        request = claim.request
        if request.asset.model not in SEEDED:
            return None
        ours = (request.asset.model, request.seed, request.asset.prompt)
        since = claim.claimed_at - MAX_CLOCK_SKEW
        query = {"created_after": since.isoformat()}
        for _ in range(MAX_PAGES):
            page = await self._call("GET", "/predictions", params=query)
            for each in page.get("results") or ():
                if created_at(each) < since:
                    return None
                given = each.get("input") or {}
                if (each.get("model"), given.get("seed"), given.get("prompt")) == ours:
                    return Job(each["id"])
            if not page.get("next"):
                return None
            # Only the query of that address: the token is not sent to another host.
            query = dict(httpx.URL(page["next"]).params)
        return None

    async def check_adoptable(self, request: Request, job: Job) -> None:
        """The vendor reports model, version and input; the input only until an hour after the end.

        Raises:
            InvalidRequest: this account has no such prediction, or it has another model, version or prompt.
        """
        with job_lookup(VENDOR, job, KEY):
            prediction = await self._call("GET", f"/predictions/{quote(job.id, safe='')}")
        model, _, version = request.asset.model.partition(":")
        check_match(job, "id", prediction.get("id"), job.id)
        check_match(job, "model", prediction.get("model"), model)
        if version:
            check_match(job, "version", prediction.get("version"), version)
        check_match(job, "prompt", (prediction.get("input") or {}).get("prompt"), request.asset.prompt)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _offer(self, request: Request) -> Offer:
        offer = find_offer(self, request.asset.model, request.asset.asset_type)
        if offer is None:
            raise InvalidRequest(f"model: {request.asset.model!r} is not a model of {VENDOR}; give it as owner/name")
        return offer

    async def _call(self, method: str, path: str, *, submitting: bool = False, **more: Any) -> dict[str, Any]:
        """Send one request, without retries.

        Raises:
            ProviderError: the request failed; `SubmissionUnknown` if it may be billed.
        """
        try:
            response = await self._http().request(method, f"/v1{path}", **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise http_failures.error_without_response(VENDOR, error, submitting=submitting, variable=KEY) from error
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return body
        if response.is_success:
            raise SubmissionUnknown(f"{VENDOR} returned something other than a record (HTTP {response.status_code})")
        raise error_of_response(response, body, variable=KEY, submitting=submitting)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            key = http_failures.validate_key(VENDOR, KEY, self.secret)
            self._client = httpx.AsyncClient(
                base_url=self._base,
                headers={"Authorization": f"Bearer {key}"},
                event_hooks=response_hooks(),
                timeout=httpx.Timeout(
                    http_failures.POLL_TIMEOUT_SECONDS, connect=http_failures.CONNECT_TIMEOUT_SECONDS
                ),
                # Requests are seconds apart, so keeping connections open has no benefit.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client
