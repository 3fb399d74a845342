"""Each way of making a take, with its emulated vendor: the subjects of the conformance suite."""

import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Final
from uuid import uuid4

from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.catalogue.offers import Offer
from activities.catalogue.pricing import CostSource
from activities.errors import Refused
from activities.planning.pricing import price
from activities.providers.protocol import Provider, ProviderBase
from activities.providers.registry import PROVIDERS
from activities.providers.selection import find_offer
from activities.providers.unbilled import is_unbilled
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.ledger import Entry, Ledger
from activities.takes.producer import Producer
from tests.emulators.base import Call, Emulator, Fault
from tests.support.vendors import KINDS, env_of
from workflows import keys
from workflows.activity_io import STILL_RUNNING, AssetFailure, ProduceAsset
from workflows.brief import Brief, Platform
from workflows.events import TakeOrder
from workflows.models import ZERO, Asset, Plan, Take


@dataclass(frozen=True)
class Way:
    """The differences between one way of making a take and the others.

    Attributes:
        cost: The source of a take's cost.
        facts: Width, height and seconds of the emulator's media.
        waits: Seconds that a 429 asks to wait, from and to.
        refuses: The subject of a refusal, and the vendor's own word for the reason.
        fails: The error of work that ends without media; "" where a synchronous response is media or an error.
        breaks: Invalid media can be distinguished from media.
        fetched: The media is downloaded from an address.
    """

    cost: CostSource
    facts: tuple[int | None, int | None, float | None]
    waits: tuple[float, float]
    refuses: tuple[Refused, str]
    fails: str = ""
    breaks: bool = True
    fetched: bool = False


OPENAI_WAITS: Final = (7.5, 7.5)
GOOGLE_WAITS: Final = (2.5, 2.5)
PICTURE: Final = (64, 64, None)
WAYS: Final[Mapping[str, Way]] = {
    "openai-image": Way("usage", PICTURE, OPENAI_WAITS, ("prompt", "violence")),
    "openai-image-job": Way("usage", PICTURE, OPENAI_WAITS, ("output", "violence"), fails="job_failed"),
    # Half of a WAV is a valid WAV.
    "openai-speech": Way("unknown", (None, None, 1.0), OPENAI_WAITS, ("prompt", "violence"), breaks=False),
    # The model itself refuses, without a category.
    "openai-text": Way("usage", (None, None, None), OPENAI_WAITS, ("prompt", "")),
    "anthropic-text": Way("usage", (None, None, None), (7, 7), ("prompt", "bio")),
    # A text model that was to make a picture may end without one.
    "google-image": Way("usage", (96, 64, None), GOOGLE_WAITS, ("output", "IMAGE_SAFETY"), fails="output_unusable"),
    "google-video": Way(
        "unknown", (128, 72, 8.0), GOOGLE_WAITS, ("prompt", "SAFETY"), fetched=True, fails="job_failed"
    ),
    "replicate-image": Way("catalogue", PICTURE, (30, 30), ("prompt", "E005"), fails="job_failed", fetched=True),
    # Its 429 names no delay: half a minute, with jitter.
    "runway-video": Way(
        "vendor", (128, 72, 8.0), (30, 45), ("prompt", "SAFETY.INPUT.TEXT"), fails="job_failed", fetched=True
    ),
}


class Making:
    """Attempts at one take, as the Temporal server would start them, but without the delays between them."""

    def __init__(self, storage: Storage, provider: Provider, asked: ProduceAsset) -> None:
        self.asked = asked
        self._storage = storage
        self._producer = Producer(storage, {provider.name: provider}, ActivitySettings(claim_settles_seconds=0.2))
        self._numbers = count(1)

    def sold_by(self, provider: Provider) -> "Making":
        """Further attempts at the same take, with another provider."""
        return Making(self._storage, provider, self.asked)

    async def _attempt(self) -> Take | ApplicationError:
        environment = ActivityEnvironment()
        number = next(self._numbers)
        environment.info = dataclasses.replace(environment.info, attempt=number, workflow_run_id="run-1")
        try:
            return await environment.run(self._producer.produce, self.asked)
        except ApplicationError as error:
            return error

    async def over(self) -> Take | ApplicationError:
        """The outcome of the first attempt that does not find a job still running."""
        for _ in range(9):
            outcome = await self._attempt()
            if isinstance(outcome, Take) or outcome.type != STILL_RUNNING:
                return outcome
        raise AssertionError("the job never ends")

    async def stored(self) -> Take:
        outcome = await self.over()
        assert isinstance(outcome, Take), outcome
        return outcome

    async def fails(self) -> ApplicationError:
        """A failure that the next attempt may fix."""
        outcome = await self.over()
        assert isinstance(outcome, ApplicationError)
        assert not outcome.non_retryable, outcome
        return outcome

    async def ends(self) -> AssetFailure:
        """The failure that waits for a person."""
        outcome = await self.over()
        assert isinstance(outcome, ApplicationError)
        assert outcome.non_retryable, outcome
        return AssetFailure.model_validate(outcome.details[0])

    def order(self, adopt_job_id: str | None = None) -> None:
        order = TakeOrder(number=7, adopt_job_id=adopt_job_id)
        self.asked = self.asked.model_copy(update={"order": order})

    async def entry(self) -> Entry:
        entry = await Ledger(self._storage, keys.take_prefix(self.asked.production_id, "a", 1)).read()
        assert entry is not None
        return entry


class Shop:
    """One way of making a take: its vendor's emulator and the provider that sends requests to it."""

    def __init__(self, kind: str, emulator: Emulator, storage: Storage) -> None:
        self.kindred, self.way = KINDS[kind], WAYS[kind]
        self.emulator = emulator
        self.registration = PROVIDERS[self.kindred.vendor]
        self.env = env_of(self.kindred.vendor, emulator)
        self.provider = self.registration.build(self.env)
        self._storage = storage
        offer = find_offer(self.provider, self.kindred.model, self.kindred.modality)
        assert offer is not None
        self.offer: Offer = offer

    def take(self, *, at_least: Decimal = ZERO) -> Making:
        """A new take at the price of the catalogue, or at this price when it is higher."""
        asset = Asset(
            asset_id="a",
            asset_type=self.kindred.modality,
            role="body",
            prompt="A lighthouse at dusk.",
            provider=self.provider.name,
            model=self.kindred.model,
        )
        (priced,) = price(Plan.of("A lighthouse", [asset]), {self.provider.name: self.provider}).assets
        assert priced.quote is not None
        quote = priced.quote.model_copy(update={"high_usd": max(priced.quote.high_usd, at_least)})
        brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
        asset = priced.model_copy(update={"quote": quote})
        asked = ProduceAsset(production_id=uuid4().hex, brief=brief, asset=asset, take=1)
        return Making(self._storage, self.provider, asked)

    @asynccontextmanager
    async def other(self, **env: str) -> AsyncIterator[Provider]:
        """Another provider of the vendor, with these variables changed."""
        provider = self.registration.build({**self.env, **env})
        try:
            yield provider
        finally:
            await provider.close()

    @property
    def requests(self) -> int:
        """The number of submissions that reached the vendor, with any outcome."""
        return self.emulator.count("submit")

    def unbilled(self, fault: Fault) -> bool:
        """Whether the vendor documents that it does not bill a submission with this fault."""
        assert isinstance(self.provider, ProviderBase)
        reply = self.emulator.fault(fault, Call("POST", "/", {}, {}, b""))
        assert reply is not None
        return is_unbilled(self.provider.unbilled, reply.status, reply.data.decode())

    def quotes(self, message: str, fault: Fault) -> bool:
        """Whether a message contains the vendor's own message for a fault."""
        reply = self.emulator.fault(fault, self.emulator.calls[-1])
        assert reply is not None
        body = json.loads(reply.data)
        record = body["error"] if isinstance(body.get("error"), dict) else body
        words = next(record[name] for name in ("message", "detail", "error") if name in record)
        return " ".join(words.split()) in message

    def agrees(self, reported: Decimal) -> None:
        """Assert that a reported bill is never too low, and a counted one is too high by less than two roundings."""
        if self.offer.unknown:
            return
        assert reported >= self.emulator.billed_usd
        assert self.way.cost == "catalogue" or reported < self.emulator.billed_usd + Decimal("0.0002")
