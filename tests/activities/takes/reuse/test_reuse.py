"""A take that another production of the tenant has made from the same request is copied, stated, and never paid."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from activities.storage.bucket import Storage
from activities.takes import paid
from activities.takes.reuse.copies import reuse_digest, reused_take
from tests.activities.takes.attempts import Attempts, Slow, finished_take, stop, take_request
from tests.activities.takes.test_safety import MODERATES, Moderated
from tests.support.vendor import Vendor, png
from tests.support.waiting import eventually
from workflows import keys
from workflows.activity_io import InputTake, ProduceAsset
from workflows.models import ZERO, Media, Modality, Take
from workflows.reuse.index import KnownTake, known_take_key, rejected_key

FREE = {"allowed": True}
PAID = {"allowed": False}


def requested(prompt: str, tenant: str = "default", reuse: object = FREE, **changes: object) -> ProduceAsset:
    """One take of a new production."""
    base = take_request("now", reuse=reuse)
    brief = base.brief.model_copy(update={"tenant": tenant, "reuse": True})
    production_id = keys.qualify_id(tenant, base.production_id)
    asset = base.asset.model_copy(update={"prompt": prompt, **changes})
    return base.model_copy(update={"brief": brief, "asset": asset, "production_id": production_id})


def digest_of(vendor: Vendor, request: ProduceAsset) -> str:
    return reuse_digest(request, vendor.offers()[0])


async def known(storage: Storage, vendor: Vendor, request: ProduceAsset) -> KnownTake:
    found = await storage.get_bytes(known_take_key(request.brief.tenant, digest_of(vendor, request)))
    assert found is not None
    return KnownTake.model_validate_json(found[0])


async def media_keys(storage: Storage, request: ProduceAsset) -> list[str]:
    return await storage.list_keys(f"{keys.take_prefix(request.production_id, 'still-1', request.take)}/media")


@pytest.fixture
def prompt() -> str:
    return f"a lighthouse {uuid4().hex}"


async def test_a_take_from_the_same_request_is_copied(storage: Storage, prompt: str) -> None:
    """It costs nothing, names its origin, has the same bytes under keys of its own, and is not copied on to others as
    the original; the other production may disappear."""
    vendor = Vendor()
    first = await Attempts(storage, vendor, requested(prompt)).attempt()
    run = Attempts(storage, vendor, requested(prompt))
    take = await run.attempt()
    assert len(vendor.billed) == 1
    assert (take.cost_usd, take.billed_usd, take.media.sha256) == (ZERO, ZERO, first.media.sha256)
    assert take.reused is not None
    assert (take.reused.asset_id, take.reused.take, take.reused.cost_usd) == ("still-1", 1, Decimal("0.40"))
    assert take.note == f"reused from take 1 of still-1 in {take.reused.production_id}"
    assert await media_keys(storage, run.request) == [take.media.key]
    ledger = await run.ledger()
    assert (ledger.state, ledger.submissions, ledger.billed_usd) == ("stored", (), ZERO)
    await storage.delete(first.media.key)
    assert await run.attempt(2) == take, "a repeated attempt, also after a reset, returns the same"
    assert await storage.sha256(take.media.key) == take.media.sha256
    stopped = await stop(run)
    assert (stopped.outcome, stopped.billed_usd) == ("free", ZERO)
    again = Attempts(storage, vendor, requested(prompt))
    assert (await again.attempt()).reused is None, "the original is missing: it is made, and takes its place"
    assert (await known(storage, vendor, again.request)).production_id == again.request.production_id


def _of_other_input(request: ProduceAsset) -> ProduceAsset:
    media = Media(key="x", bytes=1, sha256="ab", media_type="image/png")
    one = InputTake(asset_id="reference-1", asset_type=Modality.IMAGE, role="reference", take=1, media=media)
    return request.model_copy(update={"inputs": (one,)})


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.model_copy(update={"asset": r.asset.model_copy(update={"prompt": f"{r.asset.prompt}."})}),
        lambda r: r.model_copy(update={"asset": r.asset.model_copy(update={"parameters": {"seed": 2}})}),
        lambda r: r.model_copy(update={"asset": r.asset.model_copy(update={"delivery": "sad"})}),
        lambda r: r.model_copy(update={"brief": r.brief.model_copy(update={"aspect": "9:16"})}),
        lambda r: r.model_copy(update={"brief": r.brief.model_copy(update={"style": "noir"})}),
        lambda r: r.model_copy(update={"reuse": r.reuse.model_copy(update={"twin": 1})}),
        _of_other_input,
    ],
)
def test_another_request_has_another_digest(change: Callable[[ProduceAsset], ProduceAsset], prompt: str) -> None:
    """The digest has the prompt, parameters with a seed, delivery, aspect, style, inputs, and the place of twins."""
    vendor, request = Vendor(), requested(prompt)
    other = requested(prompt)
    assert digest_of(vendor, request) == digest_of(vendor, other), "the production is no part of it"
    assert digest_of(vendor, request) != digest_of(vendor, change(other))


async def _of_another_tenant(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    return requested(request.asset.prompt, tenant=f"t{uuid4().hex[:8]}")


async def _not_allowed(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    return requested(request.asset.prompt, reuse=PAID)


async def _without_terms(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    return requested(request.asset.prompt, reuse=None)


async def _missing(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    await storage.delete(first.media.key)
    return requested(request.asset.prompt)


async def _changed(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    await storage.put_bytes(first.media.key, png(32, 32), "image/png")
    return requested(request.asset.prompt)


async def _rejected(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    prefix = keys.take_prefix(request.production_id, "still-1", 1)
    await storage.put_bytes(rejected_key(prefix), b"{}", "application/json")
    return requested(request.asset.prompt)


async def _unreadable(storage: Storage, first: Take, request: ProduceAsset) -> ProduceAsset:
    key = known_take_key("default", digest_of(Vendor(), request))
    await storage.put_bytes(key, b"{", "application/json")
    return requested(request.asset.prompt)


@pytest.mark.parametrize(
    "make", [_of_another_tenant, _not_allowed, _without_terms, _missing, _changed, _rejected, _unreadable]
)
async def test_what_cannot_be_reused_is_made(storage: Storage, prompt: str, make: Any) -> None:
    """Another tenant's take, one that may not be reused, and one that is missing, changed or rejected: it is paid."""
    vendor, request = Vendor(), requested(prompt)
    first = await Attempts(storage, vendor, request).attempt()
    run = Attempts(storage, vendor, await make(storage, first, request))
    take = await run.attempt()
    assert (take.reused, len(vendor.billed)) == (None, 2)
    assert await media_keys(storage, run.request) == [take.media.key]


async def test_a_flagged_or_failed_take_is_not_offered(storage: Storage, prompt: str) -> None:
    """Only a take that passed its checks and its moderation is in the index, and a reused one is moderated too."""
    vendor = Moderated("violence", "", "hate")
    request = requested(prompt)
    await Attempts(storage, vendor, request, MODERATES).fails()
    assert await storage.get_bytes(known_take_key("default", digest_of(vendor, request))) is None
    good = await Attempts(storage, vendor, requested(prompt), MODERATES).attempt()
    assert (good.reused, len(vendor.billed)) == (None, 2)
    run = Attempts(storage, vendor, requested(prompt), MODERATES)
    flagged = (await run.fails()).details[0]
    assert flagged.flagged
    assert (flagged.rejected.reused.production_id, flagged.billed_usd) == (known_origin(good), ZERO)
    assert len(vendor.billed) == 2


def known_origin(take: Take) -> str:
    return take.media.key.split("/")[1]


async def test_a_newer_take_of_the_same_asset_is_offered_instead(storage: Storage, prompt: str) -> None:
    """A person who requests another take gets a new one, and others get that one from then on."""
    vendor, request = Vendor(), requested(prompt)
    await Attempts(storage, vendor, request).attempt()
    second = request.model_copy(update={"take": 2, "reuse": requested(prompt, reuse=PAID).reuse})
    vendor.media = png(48, 48)
    newer = await Attempts(storage, vendor, second).attempt()
    take = await Attempts(storage, vendor, requested(prompt)).attempt()
    assert take.reused is not None
    assert (take.reused.take, take.media.sha256, len(vendor.billed)) == (2, newer.media.sha256, 2)


async def test_two_productions_that_make_it_at_once_both_keep_theirs(storage: Storage, prompt: str) -> None:
    """Both pay, neither is lost, and the index has one of them."""
    vendor = Slow()
    runs = [Attempts(storage, vendor, requested(prompt)) for _ in range(2)]
    making = [asyncio.create_task(run.attempt()) for run in runs]

    async def both_are_sent() -> bool | None:
        return vendor.sent == 2 or None

    await eventually(both_are_sent)
    assert vendor.gate
    vendor.gate.set()
    takes = await asyncio.gather(*making)
    assert [t.reused for t in takes] == [None, None]
    assert len({t.media.key for t in takes}) == len(vendor.billed) == 2
    assert (await known(storage, vendor, runs[0].request)).production_id in {r.request.production_id for r in runs}
    assert (await Attempts(storage, vendor, requested(prompt)).attempt()).reused is not None


async def test_a_worker_that_dies_with_a_copy_pays_nothing(
    storage: Storage, prompt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt copies it again, and the copy that no ledger names is deleted."""
    vendor = Vendor()
    await Attempts(storage, vendor, requested(prompt)).attempt()
    run = Attempts(storage, vendor, requested(prompt))

    async def dying(*given: Any) -> Take | None:
        await reused_take(*given)
        raise asyncio.CancelledError

    monkeypatch.setattr(paid, "reused_take", dying)
    await run.dies()
    assert len(await media_keys(storage, run.request)) == 1
    monkeypatch.setattr(paid, "reused_take", reused_take)
    take = await run.attempt()
    assert take.reused is not None
    assert (await media_keys(storage, run.request), len(vendor.billed)) == ([take.media.key], 1)


@pytest.mark.parametrize("other", ["claims", "cancels"])
async def test_the_ledger_decides_between_attempts(
    storage: Storage, prompt: str, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """While one attempt copies a take, another one submits it, or it is cancelled: the copy is dropped, and the take is
    paid once or not at all."""
    vendor = Vendor()
    await Attempts(storage, vendor, requested(prompt)).attempt()
    run = Attempts(storage, vendor, requested(prompt))
    late = Attempts(storage, vendor, run.request.model_copy(update={"reuse": None}))

    async def overtaken(*given: Any) -> Take | None:
        copied = await reused_take(*given)
        await (late.attempt() if other == "claims" else stop(late))
        return copied

    monkeypatch.setattr(paid, "reused_take", overtaken)
    await run.fails()
    ended = await finished_take(run) if other == "claims" else (await run.fails()).details[0]
    assert len(vendor.billed) == (2 if other == "claims" else 1)
    kept = [ended.media.key] if other == "claims" else []
    assert await media_keys(storage, run.request) == kept
