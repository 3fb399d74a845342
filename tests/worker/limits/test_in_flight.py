"""A provider's in-flight limit over several workers, with jobs that run at the provider, on a real Temporal server."""

import pytest
from temporalio.client import Client

from api.temporal.change_feed import ChangeFeed
from tests.support.productions import Productions, until
from tests.support.waiting import eventually
from tests.worker.limits.stills import ASSETS, LIMIT, Jobs, Stills, met, pool_of, vendor_worker
from worker.limits import LimitRefused, check_names
from workflows import keys
from workflows.brief import Platform
from workflows.slots.messages import pool_id


async def test_the_limit_holds_over_all_workers(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions
) -> None:
    """Two workers have at most LIMIT jobs at the vendor while these are polled, also after one of the workers is gone;
    all assets are made, each is submitted once, and then no slot is held. Assets that wait say why."""
    async with vendor_worker(client, stills), vendor_worker(client, stills) as stop:
        handle = await productions.approved(platform=Platform.DESIGN)

        async def all_wait() -> bool | None:
            view = await pool_of(client)
            return (len(vendor.running), view.waiting) == (LIMIT, {"default": ASSETS - LIMIT}) or None

        await eventually(all_wait)
        production_id, assets = keys.production_id_of(handle.id), {f"still-{n}" for n in range(ASSETS)}
        beats = await ChangeFeed(client).heartbeats(production_id, assets)
        reasons = [beat.details["reason"] for beat in beats if beat.details.get("queued")]
        assert reasons == ["waits for one of the slots of vendor"] * (ASSETS - LIMIT)
        stop()
        vendor.ending = True
        delivered = await until(handle, "delivered")
        assert all(asset.take for asset in delivered.assets.values())
        assert (vendor.most, len(vendor.billed), len(set(vendor.billed))) == (LIMIT, ASSETS, ASSETS)

        async def all_free() -> bool | None:
            return not (await pool_of(client)).held or None

        await eventually(all_free)
        productions.started.append(pool_id("vendor"))  # its history is recorded too


@pytest.mark.usefixtures("soon")
async def test_a_job_counts_until_it_ends(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions
) -> None:
    """A production that is cancelled while it waits has submitted nothing. The jobs of a terminated one hold their
    slots while they run; when they end, the next production is made."""
    async with vendor_worker(client, stills):
        ended = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        waiting = await productions.approved(platform=Platform.DESIGN)

        async def waits() -> bool | None:
            return (await pool_of(client)).waiting["default"] == 2 * ASSETS - LIMIT or None

        await eventually(waits)
        await waiting.cancel()
        assert (await waiting.result()).spent_usd == 0
        await ended.terminate()
        polls = dict(vendor.jobs)
        after = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(all(vendor.jobs[job] > polls[job] + 2 for job in vendor.running)))
        assert len(vendor.billed) == LIMIT
        vendor.ending = True
        assert (await until(after, "delivered")).spent_usd == ASSETS * vendor.price
        assert (vendor.most, len(vendor.billed)) == (LIMIT, ASSETS + LIMIT)


def test_an_unknown_provider_is_refused() -> None:
    """A limit for a name that is no provider is refused with the providers that there are."""
    with pytest.raises(LimitRefused, match=r"GREENLIGHT_IN_FLIGHT has 'opnai'.*openai"):
        check_names({"openai": 1, "opnai": 2})
