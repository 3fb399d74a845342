"""Replicate: Flux, and any other model as "owner/name" or "owner/name:version".

Spoken over plain HTTP. A submission whose answer was lost is found again by the seed that we chose for it.
Sources: the vendor's OpenAPI and recorded answers; https://replicate.com/docs/topics/predictions/lifecycle.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from activities.catalogue.loader import OWN_CATALOGUE, offers_of
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest, JobCancelled, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.adoption import looking_for, same
from activities.providers.protocol import Claim, Finished, Job, ProviderBase, Request, Running
from activities.providers.replicate.answer import UNBILLED, VENDOR, failure, finished, made_at, progress, refusal
from activities.providers.replicate.request import REFERENCES, pictures, words
from activities.providers.response_repair import response_hooks
from activities.providers.selection import offer_of
from workflows.models import Modality

KEY: Final = "REPLICATE_API_TOKEN"
BASE_URL: Final = "https://api.replicate.com"
CANCEL_AFTER: Final = "60m"
"""An orphan may cost no longer than it can be found: an hour after its end nothing tells it from others."""
CLOCKS_APART: Final = timedelta(minutes=2)
"""Between the vendor's clock and ours, when a lost prediction is looked for."""
MAX_PAGES: Final = 50
"""Of 100 predictions, newest first: far more than an account may create in the hour in which one can be matched."""
MEDIA_TYPES: Final = {
    Modality.TEXT: "text/markdown",
    Modality.IMAGE: "image/png",
    Modality.VIDEO: "video/mp4",
    Modality.AUDIO: "audio/mpeg",
}
"""Of a model in no catalogue, where the address of what it made does not say."""

_MODEL: Final = re.compile(r"\w[\w.-]*/\w[\w.-]*(:\w+)?", re.ASCII)


@http_failures.discreet
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
        return offers_of(self.name, self._own)

    def other(self, model: str, modality: Modality) -> Offer | None:
        """Any public model: what it costs and which parameters it takes, only the vendor knows."""
        if not _MODEL.fullmatch(model):
            return None
        return Offer(
            provider=self.name,
            model=model,
            modality=modality,
            media_type=MEDIA_TYPES[modality],
            rates=(),
            expected_seconds=8.0,  # nobody knows: the first look is soon, later ones by how long it has taken
            job=True,
            any_parameter=True,
            accepts=frozenset({Modality.IMAGE}),
            max_pictures=1,
        )

    async def submit(self, request: Request) -> Job:
        model = request.asset.model
        body: dict[str, Any] = {"input": words(request, self._offer(request)) | await pictures(request)}
        if model in REFERENCES:
            path = f"/models/{model}/predictions"
        else:
            path = "/predictions"
            body["version"] = model.partition(":")[2] or model
        made = await self._call("POST", path, submitting=True, json=body, headers={"Cancel-After": CANCEL_AFTER})
        if not isinstance(made.get("id"), str):
            raise SubmissionUnknown(f"{VENDOR} answered without the id of its prediction")
        return Job(made["id"])

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        seen = await self._call("GET", f"/predictions/{quote(job.id, safe='')}")
        match seen.get("status"):
            case "starting":
                return Running(queued=True)
            case "processing":
                return Running(progress=progress(seen))
            case "succeeded":
                return finished(request, self._offer(request), seen, self._base)
            case "failed":
                raise failure(request, seen)
            case "canceled" | "aborted" as status:
                # By somebody, or by the vendor after CANCEL_AFTER. What is billed by output cost nothing.
                raise JobCancelled(f"{VENDOR}: prediction {job.id} was {status} there; resubmit to make it")
            case status:
                raise SubmissionUnknown(f"{VENDOR}: prediction {job.id} has the unknown status {status!r}")

    async def cancel(self, job: Job) -> None:
        with suppress(InvalidRequest):  # It is over, or was never there.
            await self._call("POST", f"/predictions/{quote(job.id, safe='')}/cancel")

    async def recover(self, claim: Claim) -> Job | None:
        """By model, seed and prompt. Other models get no seed of ours: theirs cannot be told from another take's."""
        request = claim.request
        if request.asset.model not in REFERENCES:
            return None
        ours = (request.asset.model, request.seed, request.asset.prompt)
        since = claim.claimed_at - CLOCKS_APART
        query = {"created_after": since.isoformat()}
        for _ in range(MAX_PAGES):
            page = await self._call("GET", "/predictions", params=query)
            for each in page.get("results") or ():
                if made_at(each) < since:
                    return None
                given = each.get("input") or {}
                if (each.get("model"), given.get("seed"), given.get("prompt")) == ours:
                    return Job(each["id"])
            if not page.get("next"):
                return None
            # Only its query: the token goes to no other host than our own.
            query = dict(httpx.URL(page["next"]).params)
        return None

    async def adoptable(self, request: Request, job: Job) -> None:
        """The vendor tells model, version and input; the input only until an hour after the end.

        Raises:
            InvalidRequest: this account has no such prediction, or it has another model, version or prompt.
        """
        with looking_for(VENDOR, job, KEY):
            seen = await self._call("GET", f"/predictions/{quote(job.id, safe='')}")
        model, _, version = request.asset.model.partition(":")
        same(job, "id", seen.get("id"), job.id)
        same(job, "model", seen.get("model"), model)
        if version:
            same(job, "version", seen.get("version"), version)
        same(job, "prompt", (seen.get("input") or {}).get("prompt"), request.asset.prompt)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _offer(self, request: Request) -> Offer:
        offer = offer_of(self, request.asset.model, request.asset.asset_type)
        if offer is None:
            raise InvalidRequest(f"model: {request.asset.model!r} is none of {VENDOR}'s; name it as owner/name")
        return offer

    async def _call(self, method: str, path: str, *, submitting: bool = False, **more: Any) -> dict[str, Any]:
        """One request, never repeated.

        Raises:
            ProviderError: what its failure means for money.
        """
        try:
            response = await self._http().request(method, f"/v1{path}", **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise http_failures.lost(VENDOR, error, submitting=submitting, variable=KEY) from error
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.is_success and isinstance(body, dict):
            return body
        if response.is_success:
            raise SubmissionUnknown(f"{VENDOR} answered HTTP {response.status_code} with something that is no record")
        raise refusal(response, body, variable=KEY, submitting=submitting)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            key = http_failures.usable_key(VENDOR, KEY, self.secret)
            self._client = httpx.AsyncClient(
                base_url=self._base,
                headers={"Authorization": f"Bearer {key}"},
                event_hooks=response_hooks(),
                timeout=httpx.Timeout(http_failures.LOOK_SECONDS, connect=http_failures.CONNECT_SECONDS),
                # Requests are seconds apart, so no connection is worth keeping; and none is left open at the end.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        return self._client
