"""Rows of a batch whose productions have ended without a result, and whose ledgers or manifests cannot be read."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

import activities.batch
from activities.batch import ProductionReports
from activities.finishing.manifests import Manifests
from activities.storage.bucket import Storage
from activities.takes.accounts.costs import cost_by_ledgers
from activities.takes.ledger import Entry, Submission
from tests.workflows.batch.test_batches import Batches, begun, until, working
from workflows import keys


async def test_a_row_with_an_unreadable_ledger_waits_for_its_repair(
    client: Client, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row names the object that has to be repaired while the others go on, also in a batch that is started again,
    and ends by itself with its cost once that is done."""
    monkeypatch.setattr(activities.batch, "UNREADABLE_SECONDS", 0.05)
    batch_id = uuid4().hex
    ledger = f"{keys.production_prefix(f'{batch_id}-1')}/assets/text-1/takes/1/ledger.json"
    await storage.put_bytes(ledger, b"{}", "application/json")
    async with working(client, partial(cost_by_ledgers, storage)):
        batches = Batches(client)
        first = await batches.start("planning=held", "", batch_id=batch_id, at_once=1)
        await begun(batches.production(first, 1))
        await batches.production(first, 1).terminate("enough")
        view = await until(first, "needs_attention", "awaiting_approval")
        assert f"repair or restore {ledger}" in view.rows[0].error
        await first.terminate("by mistake")
        again = await batches.start("planning=held", "", "", batch_id=batch_id, at_once=1, approve=True)
        view = await until(again, "needs_attention", "delivered", "delivered")
        assert f"repair or restore {ledger}" in view.rows[0].error
        claim = Submission(at=datetime.now(UTC), run_id="r", attempt=1, nonce="n")
        price = {"price_usd": Decimal("0.07"), "request_digest": "d"}
        entry = Entry(state="claimed", provider="fake", model="words", submissions=(claim,), **price)
        await storage.put_bytes(ledger, entry.model_dump_json().encode(), "application/json")
        view = await again.result()
    assert [str(row.status) for row in view.rows] == ["failed", "delivered", "delivered"]
    assert (view.rows[0].spent_usd, view.rows[0].error) == (Decimal("0.07"), "terminated by an operator")


async def test_an_unreadable_manifest_is_reported(client: Client, storage: Storage) -> None:
    """A production that Temporal no longer has needs attention while its manifest cannot be read: the report names the
    object, and is repeated."""
    environment, production_id = ActivityEnvironment(client=client), uuid4().hex
    key = keys.manifest_key(production_id)
    reports = ProductionReports(Manifests(storage).read, partial(cost_by_ledgers, storage))
    await storage.put_bytes(key, b"{}", "application/json")
    found = await environment.run(reports.report_production, production_id)
    assert (found.status.value, found.again_seconds) == ("needs_attention", activities.batch.UNREADABLE_SECONDS)
    assert f"{key} cannot be read" in found.error
    await storage.delete(key)
    found = await environment.run(reports.report_production, production_id)
    assert (found.status.value, found.error) == ("failed", activities.batch.FORGOTTEN)
