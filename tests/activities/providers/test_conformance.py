"""The rules that every provider follows, for any vendor: one suite over all ways of making a take.

The unmodified SDK sends its requests to the vendor's emulator, and attempts use the ledger on real S3. Differences
between vendors are data in WAYS; behaviour of a single vendor is tested in its own file.
"""

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from typing import Final

import pytest
from temporalio.exceptions import ApplicationError

from activities.providers.protocol import Job
from activities.providers.registry import PROVIDERS, describe_price
from activities.providers.selection import find_offer
from activities.storage.bucket import Storage
from activities.takes.paid import RECOVERED
from tests.activities.providers.shop import WAYS, Making, Shop
from tests.emulators.base import Fault
from tests.support.vendors import KINDS, MEDIA, VENDORS, env_of
from tests.support.waiting import WITHIN
from workflows.models import ZERO

EXPENSIVE: Final = Decimal("0.40")
"""From this price on no policy pays for a take twice without an order."""
IMPATIENT: Final = {"RESPONSE_TIMEOUT_SECONDS": 1.0, "POLL_TIMEOUT_SECONDS": 1.0, "SECONDS_A_TOKEN": 0.0}
"""Replaces the response timeout of the vendor files: short, for a vendor that never responds."""
JOBS: Final = [name for name, kindred in KINDS.items() if kindred.job]
every = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
async def shops(storage: Storage) -> AsyncIterator[Mapping[str, Shop]]:
    """One of each for all tests, because creating an SDK's client takes longer than most tests."""
    with ExitStack() as stack:
        made = {n: Shop(n, stack.enter_context(k.emulator()), storage) for n, k in KINDS.items()}
        yield made
        for each in made.values():
            await each.provider.close()


@pytest.fixture
def shop(shops: Mapping[str, Shop], kind: str) -> Iterator[Shop]:
    """The shop with its counters reset; at the end it asserts that all faults occurred, and that no request violated
    the vendor's specification."""
    found = shops[kind]
    found.emulator.calls.clear()
    found.emulator.submissions.clear()
    found.emulator.problems.clear()
    found.emulator._faults.clear()
    found.emulator.billed_usd = ZERO
    yield found
    assert not any(found.emulator._faults.values())
    assert found.emulator.problems == []


def test_every_provider_has_a_row() -> None:
    """A provider without a row fails here; a take of previz costs nothing and sends no request to a vendor."""
    assert {kindred.vendor for kindred in KINDS.values()} | {"previz"} == set(PROVIDERS)
    assert set(WAYS) == set(KINDS)


@every
async def test_a_take_is_made_once(shop: Shop, storage: Storage) -> None:
    """A take is stored with the media's own facts, for one submission, at no more than its quote; a second attempt
    returns the same take."""
    making = shop.take()
    take = await making.stored()
    assert await making.stored() == take
    assert (shop.requests, len(shop.emulator.submissions)) == (1, 1)
    found = await storage.get_bytes(take.media.key)
    assert found is not None
    media = found[0]
    assert (take.media.bytes, take.media.sha256) == (len(media), hashlib.sha256(media).hexdigest())
    assert take.media.media_type == shop.offer.media_type
    assert (take.media.width, take.media.height) == shop.way.facts[:2]
    assert take.media.duration_seconds == pytest.approx(shop.way.facts[2], abs=0.1)
    entry = await making.entry()
    assert (entry.state, entry.job_id, bool(take.job_id)) == ("stored", take.job_id, shop.kindred.job)
    assert entry.billed_usd == take.billed_usd == take.cost_usd
    assert take.cost_source == shop.way.cost
    assert shop.offer.unknown == (take.cost_source == "unknown")
    shop.agrees(take.cost_usd)
    assert making.asked.asset.quote is not None
    assert take.cost_usd <= making.asked.asset.quote.high_usd


# Lost responses


async def ambiguous(shop: Shop, lost: ApplicationError, making: Making) -> None:
    """Assert that the claim of a lost response is kept; when the vendor cannot find the job, a person decides, and pays
    for it."""
    assert lost.type == "submission_unknown"
    assert ((await making.entry()).state, shop.requests) == ("claimed", 1)
    if shop.kindred.recovers and shop.emulator.submissions:
        take = await making.stored()
        assert ((await making.entry()).last.outcome, shop.requests) == (RECOVERED, 1)
    else:
        assert (await making.ends()).reason == "ambiguous_submission"
        assert ((await making.entry()).state, shop.requests) == ("claimed", 1)
        making.order()
        take = await making.stored()
        assert shop.requests == 2
    assert shop.offer.unknown or take.billed_usd >= shop.emulator.billed_usd


@every
@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "break_off", "gateway"])
async def test_a_lost_response_is_never_paid_again_without_an_order(shop: Shop, fault: Fault) -> None:
    """There is one request, then an ambiguous submission; the final count of the ledger is never less than the vendor's
    bill."""
    shop.emulator.meet(fault)
    making = shop.take(at_least=EXPENSIVE)
    await ambiguous(shop, await making.fails(), making)


@every
async def test_a_vendor_that_never_responds_is_a_lost_response(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the response timeout the submission is ambiguous, and was made once."""
    making = shop.take(at_least=EXPENSIVE)
    with monkeypatch.context() as patch, shop.emulator.held("submit", "billed") as billed:
        for name, module in list(sys.modules.items()):
            for limit in IMPATIENT.keys() & vars(module).keys() if name.startswith("activities.providers.") else ():
                patch.setattr(module, limit, IMPATIENT[limit])
        async with shop.other() as impatient:
            lost = await making.sold_by(impatient).fails()
        assert await asyncio.to_thread(billed.wait, WITHIN)
    await ambiguous(shop, lost, making)


@every
async def test_a_refused_connection_is_not_ambiguous(shop: Shop) -> None:
    """When no connection opens nothing was sent: the claim is released, and a retry is safe."""
    with shop.kindred.emulator() as gone:
        env = env_of(shop.kindred.vendor, gone)
    async with shop.other(**env) as away:
        making = shop.take().sold_by(away)
        assert (await making.fails()).type == "provider_unavailable"
    entry = await making.entry()
    assert (entry.state, entry.failures, entry.billed_usd) == ("released", 1, ZERO)


# Refusals


@every
async def test_a_temporary_refusal_is_retried(shop: Shop) -> None:
    """A 429 waits for the vendor's own delay and is no failure; a 503 or 500 that the vendor's table covers is one.

    All release the claim, unbilled.
    """
    passing: dict[Fault, str] = {"throttle": "rate_limited", "overload": "overloaded", "error": "provider_unavailable"}
    faults = {fault: type_ for fault, type_ in passing.items() if fault == "throttle" or shop.unbilled(fault)}
    shop.emulator.meet(*faults)
    making = shop.take()
    for failures, (fault, type_) in enumerate(faults.items()):
        failure = await making.fails()
        assert failure.type == type_
        assert shop.quotes(failure.message, fault)
        assert failure.next_retry_delay is not None
        if type_ == "rate_limited":
            least, most = (timedelta(seconds=s) for s in shop.way.waits)
            assert least <= failure.next_retry_delay <= most
        entry = await making.entry()
        assert (entry.state, entry.failures, entry.billed_usd) == ("released", failures, ZERO)
    assert (shop.requests, shop.emulator.submissions) == (len(faults), [])
    shop.agrees((await making.stored()).billed_usd)
    assert (shop.requests, len(shop.emulator.submissions)) == (len(faults) + 1, 1)


@every
@pytest.mark.parametrize("fault", ["overload", "error"])
async def test_an_error_that_may_be_billed_is_never_paid_again_without_an_order(shop: Shop, fault: Fault) -> None:
    """The vendor's own 503 or 500 leaves the claim ambiguous when its table does not cover it."""
    if shop.unbilled(fault):
        pytest.skip("the vendor documents that it does not bill this")
    shop.emulator.meet(fault)
    making = shop.take(at_least=EXPENSIVE)
    await ambiguous(shop, await making.fails(), making)


@every
async def test_an_empty_account_waits_for_a_person(shop: Shop) -> None:
    """A missing credit or quota is final at the first request, and nothing was billed."""
    shop.emulator.meet("quota")
    making = shop.take()
    failure = await making.ends()
    assert (failure.kind, failure.reason, failure.billed_usd) == ("quota_exhausted", "asset_failed", ZERO)
    assert shop.quotes(failure.message, "quota")
    assert ((await making.entry()).state, shop.requests, shop.emulator.submissions) == ("released", 1, [])


@every
async def test_a_wrong_key_names_its_variable(shop: Shop) -> None:
    """A wrong key is final after one request, and the message names the variable to set."""
    variable = shop.registration.variables[0]
    async with shop.other(**{variable: "wrong"}) as locked_out:
        making = shop.take().sold_by(locked_out)
        failure = await making.ends()
    assert (failure.kind, failure.reason, failure.billed_usd) == ("authentication_failed", "asset_failed", ZERO)
    assert variable in failure.message
    assert ((await making.entry()).state, len(shop.emulator.calls)) == ("released", 1)


@every
async def test_refused_content_is_final(shop: Shop) -> None:
    """A refusal carries the vendor's own category and the billed cost."""
    shop.emulator.meet("refuse")
    making = shop.take()
    failure = await making.ends()
    assert (failure.kind, failure.reason) == ("content_refused", "content_refused")
    assert (failure.refused, failure.category) == shop.way.refuses
    entry = await making.entry()
    assert (entry.state, shop.requests) == ("released", 1)
    assert failure.billed_usd == entry.billed_usd
    shop.agrees(entry.billed_usd)


# Work without a result


@pytest.mark.parametrize("kind", [name for name, way in WAYS.items() if way.fails])
async def test_failed_work_is_repeated_only_when_it_cost_nothing(shop: Shop) -> None:
    """Failed work that was billed, or may have been at an unknown price, waits for a person; other failed work is
    requested again."""
    shop.emulator.meet("fail_job")
    making = shop.take()
    outcome = await making.over()
    assert isinstance(outcome, ApplicationError)
    assert outcome.type == shop.way.fails
    entry = await making.entry()
    assert (entry.state, entry.failures, shop.requests) == ("released", 1, 1)
    shop.agrees(entry.billed_usd)
    assert outcome.non_retryable == (shop.emulator.billed_usd > 0 or shop.offer.unknown)
    if not outcome.non_retryable:
        shop.agrees((await making.stored()).billed_usd)
        assert shop.requests == 2


@pytest.mark.parametrize("kind", [name for name, way in WAYS.items() if way.breaks])
async def test_invalid_media_was_paid_for(shop: Shop) -> None:
    """Invalid media is not a take; it is billed, so only a person may pay again."""
    shop.emulator.meet("broken")
    making = shop.take()
    failure = await making.ends()
    assert (failure.kind, failure.reason) == ("output_unusable", "output_unusable")
    entry = await making.entry()
    assert (entry.state, entry.take, shop.requests) == ("released", None, 1)
    assert failure.billed_usd == entry.billed_usd
    shop.agrees(entry.billed_usd)


# Jobs


@pytest.mark.parametrize("kind", JOBS)
async def test_a_failed_poll_is_not_a_failed_job(shop: Shop) -> None:
    """A poll that is lost or refused is sent once and repeated by the next attempt; the job continues, and nothing else
    is submitted."""
    faults: dict[Fault, str] = {
        "throttle": "rate_limited",
        "overload": "overloaded",
        "error": "provider_unavailable",
        "gateway": "provider_unavailable",
        "drop_before": "provider_unavailable",
    }
    making = shop.take()
    shop.emulator.meet(*faults, on="poll")
    for polls, type_ in enumerate(faults.values(), start=1):
        assert (await making.fails()).type == type_
        assert shop.emulator.count("poll") == polls
        assert (await making.entry()).state == "submitted"
    take = await making.stored()
    assert (shop.requests, len(shop.emulator.submissions)) == (1, 1)
    shop.agrees(take.billed_usd)


@pytest.mark.parametrize("kind", [name for name, way in WAYS.items() if way.fetched])
async def test_media_that_cannot_be_downloaded_is_never_made_again(shop: Shop) -> None:
    """A download that fails is retried by the next poll; after five expired addresses a person receives the id of the
    job."""
    making = shop.take()
    expired: list[Fault] = ["expire"] * 5
    shop.emulator.meet("overload", "drop_after", "drop_before", *expired, on="download")
    for type_ in ["overloaded", *["provider_unavailable"] * 2, *["submission_unknown"] * 4]:
        assert (await making.fails()).type == type_
    failure = await making.ends()
    entry = await making.entry()
    assert (failure.reason, failure.job_id) == ("ambiguous_submission", entry.job_id)
    assert (entry.state, shop.requests) == ("submitted", 1)
    making.order(adopt_job_id=entry.job_id)
    shop.agrees((await making.stored()).billed_usd)
    assert shop.requests == 1


@pytest.mark.parametrize("kind", JOBS)
async def test_an_unknown_job_waits_for_a_person(shop: Shop) -> None:
    """An id that the vendor does not have causes no submission: the person who named it has to decide again."""
    making = shop.take()
    making.order(adopt_job_id="no-such-job")
    failure = await making.ends()
    assert failure.reason == "ambiguous_submission"
    assert "no-such-job" in failure.message
    assert shop.requests == 0


@pytest.mark.parametrize("kind", JOBS)
async def test_cancelling_an_ended_or_unknown_job_is_no_error(shop: Shop) -> None:
    """A cancel succeeds for a job that has ended and for one that the vendor does not have."""
    job_id = (await shop.take().stored()).job_id
    assert job_id is not None
    await shop.provider.cancel(Job(job_id))
    await shop.provider.cancel(Job("no-such-job"))


# Offers and imports


@pytest.mark.parametrize("name", PROVIDERS)
def test_offers_name_their_provider(name: str) -> None:
    """Every offer names its provider, is found by its name and modality, and describes its price."""
    env = dict.fromkeys(PROVIDERS[name].variables, "k")
    provider = PROVIDERS[name].build(env)
    assert provider.name == name
    offers = provider.offers()
    assert offers
    for offer in offers:
        assert offer.provider == name
        assert find_offer(provider, offer.model, offer.modality) is offer
        assert describe_price(offer)
        assert offer.parameters.keys() == offer.rules.keys()


def test_no_sdk_is_loaded_before_it_is_used() -> None:
    """A fresh interpreter with every vendor and its offers has loaded no SDK, and none of the media libraries of
    previz."""
    script = (
        "import sys\n"
        "from activities.providers.registry import PROVIDERS\n"
        "vendors = [each for each in PROVIDERS.values() if each.variables]\n"
        "for each in vendors: assert each.build(dict.fromkeys(each.variables, 'k')).offers()\n"
        f"print(len(vendors), *[name for name in {VENDORS + MEDIA!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == [str(len(PROVIDERS) - 1)]
