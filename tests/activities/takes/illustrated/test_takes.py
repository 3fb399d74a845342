"""Illustrated texts: the unmodified SDK of Google against an emulated Gemini, and the takes in a real S3 store."""

import dataclasses
import hashlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.catalogue import pricing
from activities.providers.google.provider import Google
from activities.providers.previz.provider import Previz
from activities.providers.selection import find_offer
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage, Stored
from activities.takes.paid_attempt import PaidAttempt
from activities.takes.producer import Producer
from activities.text.illustrated import Placed, blocks_of
from tests.emulators import samples
from tests.emulators.google import GoogleEmulator
from workflows import keys
from workflows.activity_io import ProduceAsset
from workflows.brief import Brief, Platform
from workflows.illustrated.parts import MAX_PICTURES, picture_prefix
from workflows.models import Asset, Modality, Take
from workflows.reuse.reused import ReuseTerms

MODEL = "gemini-3-pro-image"


@pytest.fixture
async def vendor() -> AsyncIterator[tuple[GoogleEmulator, Google]]:
    with GoogleEmulator() as emulator:
        google = Google(emulator.env)
        yield emulator, google
        await google.close()


def task(provider: Google | Previz, model: str = MODEL, pictures: int = 2, **more: Any) -> ProduceAsset:
    asset = Asset(
        asset_id="article",
        asset_type=Modality.TEXT,
        role="article",
        label="Soup",
        prompt="A recipe for soup",
        provider=provider.name,
        model=model,
        parameters={"pictures": pictures},
    )
    offer = find_offer(provider, model, Modality.TEXT)
    assert offer is not None
    asset = asset.model_copy(update={"quote": pricing.quote(offer, asset)})
    brief = Brief(text="Peel the carrots. Boil the water. Serve the soup.", platform=Platform.DESIGN)
    return ProduceAsset(production_id=uuid4().hex, brief=brief, asset=asset, take=1, **more)


async def attempt(storage: Storage, provider: Google | Previz, request: ProduceAsset, number: int = 1) -> Take:
    settings = ActivitySettings(claim_settles_seconds=0.3, resubmit_below_usd=Decimal(0), moderation=False)
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=number, workflow_run_id="run-1")
    return await environment.run(Producer(storage, {provider.name: provider}, settings).produce, request)


async def check_stored(storage: Storage, take: Take) -> list[str]:
    """Assert that the text and each picture are stored as recorded; what the text has, in its order."""
    text = (await storage.read(take.media.key, take.media.sha256)).decode()
    for picture in take.media.pictures:
        data = await storage.read(picture.key, picture.sha256)
        assert Stored(len(data), hashlib.sha256(data).hexdigest()) == Stored(picture.bytes, picture.sha256)
        assert picture.width
        assert picture.height
        assert picture.media_type.startswith("image/")
    names = [picture.name for picture in take.media.pictures]
    blocks = list(blocks_of(text, names))
    assert [block.name for block in blocks if isinstance(block, Placed)] == names
    return ["picture" if isinstance(block, Placed) else block.split("\n")[0] for block in blocks]


async def test_a_response_is_one_take_with_its_pictures_in_order(
    storage: Storage, vendor: tuple[GoogleEmulator, Google]
) -> None:
    """One paid request becomes a text and its pictures at their places, billed by tokens within the shown price; a
    second attempt returns the same take."""
    emulator, google = vendor
    request = task(google)
    take = await attempt(storage, google, request)
    assert await check_stored(storage, take) == ["## Step 1", "picture", "## Step 2", "picture"]
    assert [p.width for p in take.media.pictures] == [96, 112]
    assert (take.media.media_type, take.checks.failed, take.cost_source) == ("text/markdown", False, "usage")
    quote = request.asset.quote
    assert quote is not None
    assert quote.low_usd <= take.cost_usd <= quote.high_usd
    assert 0 <= take.cost_usd - emulator.billed_usd < Decimal("0.0001")
    assert await attempt(storage, google, request, 2) == take
    assert len(emulator.submissions) == 1
    assert emulator.problems == []
    config = emulator.submissions[0].json["generationConfig"]
    assert (config["responseModalities"], config["maxOutputTokens"]) == (["TEXT", "IMAGE"], 4_096 + 2 * 1_120)


async def test_no_response_costs_more_than_the_shown_price(
    storage: Storage, vendor: tuple[GoogleEmulator, Google]
) -> None:
    """As many pictures as the limit of the response allows are within the price, and noted; a response that does not
    say which tokens are those of pictures costs the highest price."""
    emulator, google = vendor
    request = task(google)
    emulator.illustrated = ["Soup.", *[samples.picture(80 + n, 64, "JPEG") for n in range(5)]]  # 6,336 tokens
    take = await attempt(storage, google, request)
    quote = request.asset.quote
    assert quote is not None
    assert take.cost_usd <= quote.high_usd
    assert [f.message for f in take.checks.findings if f.check == "pictures"] == [
        "pictures: the text has 5; requested were 2"
    ]
    emulator.detailed = False
    uncounted = await attempt(storage, google, task(google))
    assert uncounted.cost_usd == quote.high_usd


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["Soup.", b"RIFF\0\0\0\0WAVEfmt no picture"], "part 1 of the response is audio/wav, not a picture"),
        (["Soup.", b"\x89PNG\r\n\x1a\n damaged"], "picture 1 of the response"),
        (["Soup.", b"what is this"], "part 1 of the response is of an unknown type, not a picture"),
        (["Soup.", *[samples.picture(8, 8)] * (MAX_PICTURES + 1)], f"at most {MAX_PICTURES} are stored"),
        ([samples.picture(8, 8)], "no complete text"),
    ],
)
async def test_an_unusable_response_is_billed_once_and_leaves_nothing(
    storage: Storage, vendor: tuple[GoogleEmulator, Google], parts: list[str | bytes], message: str
) -> None:
    """A part that is no picture, too many pictures, or no text end the take with a reason; nothing is stored of it."""
    emulator, google = vendor
    emulator.illustrated = parts
    request = task(google)
    for number in (1, 2):
        with pytest.raises(ApplicationError) as failure:
            await attempt(storage, google, request, number)
        details = failure.value.details[0]
        assert (details.reason, message in details.message) == ("output_unusable", True)
        assert details.billed_usd > 0
    assert len(emulator.submissions) == 1
    prefix = keys.take_prefix(request.production_id, "article", 1)
    assert [key.rpartition("/")[2] for key in await storage.list_keys(prefix)] == ["ledger.json"]


async def test_a_text_without_pictures_is_kept_for_a_decision(
    storage: Storage, vendor: tuple[GoogleEmulator, Google]
) -> None:
    """A response without pictures fails its checks; its text is kept, because a person may use it anyway."""
    emulator, google = vendor
    emulator.illustrated = ["Only words."]
    with pytest.raises(ApplicationError) as failure:
        await attempt(storage, google, task(google))
    rejected = failure.value.details[0].rejected
    assert (rejected.media.pictures, failure.value.details[0].reason) == ((), "output_unusable")
    assert await storage.read(rejected.media.key, rejected.media.sha256) == b"Only words."


async def test_a_refusal_names_its_category(storage: Storage, vendor: tuple[GoogleEmulator, Google]) -> None:
    """A refused response is a refusal, for which a person changes the prompt."""
    emulator, google = vendor
    emulator.meet("refuse")
    with pytest.raises(ApplicationError) as failure:
        await attempt(storage, google, task(google))
    details = failure.value.details[0]
    assert (details.reason, details.category) == ("content_refused", "IMAGE_SAFETY")


@pytest.mark.parametrize("step", ["_store_data", "_withdraw_question"])
async def test_a_lost_attempt_leaves_no_pictures(
    storage: Storage, vendor: tuple[GoogleEmulator, Google], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """An attempt that is lost before the ledger names its take is ambiguous, and billed once; after it, the next
    attempt returns the take. A repeated submission deletes the pictures of the lost one."""
    emulator, google = vendor
    request = task(google)

    async def lost(self: PaidAttempt, *_: object) -> None:
        raise RuntimeError("the worker is killed")

    with monkeypatch.context() as patched:
        patched.setattr(PaidAttempt, step, lost)
        with pytest.raises(RuntimeError):
            await attempt(storage, google, request)
    prefix = keys.take_prefix(request.production_id, "article", 1)
    if step == "_withdraw_question":
        take = await attempt(storage, google, request, 2)
        assert len(emulator.submissions) == 1
    else:
        with pytest.raises(ApplicationError) as failure:
            await attempt(storage, google, request, 2)
        assert failure.value.details[0].reason == "ambiguous_submission"
        assert len(emulator.submissions) == 1
        order = {"number": 1}
        again = ProduceAsset.model_validate({**request.model_dump(), "order": order})
        take = await attempt(storage, google, again, 3)
        assert len(emulator.submissions) == 2
    await check_stored(storage, take)
    kept = {picture.key for picture in take.media.pictures}
    assert {key for key in await storage.list_keys(prefix) if "/pictures" in key} == kept


async def test_a_reused_text_has_its_own_pictures(storage: Storage, vendor: tuple[GoogleEmulator, Google]) -> None:
    """A production that requests the same gets verified copies under its own keys, for nothing; where a picture is
    missing, it is made anew."""
    emulator, google = vendor
    terms = ReuseTerms(allowed=True)
    first = await attempt(storage, google, task(google, reuse=terms))
    other = task(google, reuse=terms)
    copied = await attempt(storage, google, other)
    assert copied.reused is not None
    assert copied.cost_usd == 0
    assert all(picture.key.startswith(picture_prefix(copied.media.key)) for picture in copied.media.pictures)
    assert await check_stored(storage, copied) == await check_stored(storage, first)
    await storage.delete(first.media.pictures[0].key)
    anew = await attempt(storage, google, task(google, reuse=terms))
    assert (anew.reused, len(emulator.submissions)) == (None, 2)


async def test_the_placeholder_is_the_same_for_every_attempt(storage: Storage) -> None:
    """Without a key, previz draws as many pictures as requested, between the sentences of the brief; a later attempt
    reads them from the store."""
    request = task(Previz({}), "previz-illustrated", 3)
    take = await attempt(storage, Previz({}), request)
    read = await check_stored(storage, take)
    assert read[0].startswith("> **PREVIZ**")
    assert read[0].endswith("from the brief"), "a heading begins its own line"
    assert read.count("picture") == 3
    assert len({picture.sha256 for picture in take.media.pictures}) == 3
    assert await attempt(storage, Previz({}), request, 2) == take
