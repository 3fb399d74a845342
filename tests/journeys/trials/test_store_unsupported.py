"""The whole stack over a store that does not honour conditional writes, for operators and callers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.client.client import GreenlightClient
from deploy.local import Stack, running_stack
from tests.activities.storage.store_proxy import StoreProxy
from tests.emulators.openai import OpenAIEmulator
from tests.support.film import approval, planned
from tests.support.stack import hermetic
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN, until
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.requests import EditOp, PlanEdit, Resolve

pytestmark = pytest.mark.trial

BRIEF = Brief(text="A line about the sea.", platform=Platform.COPY)
PREVIZ = ("previz", "previz-text")


@dataclass(frozen=True)
class Studio:
    """A stack whose S3 is the proxy, and whose OpenAI is an emulator."""

    stack: Stack
    proxy: StoreProxy
    vendor: OpenAIEmulator
    client: GreenlightClient

    def fix_store(self) -> None:
        """Let the store honour conditions, and wait until the running worker has detected that."""
        self.proxy.mode = "honours"
        until(lambda: self.storage() == "ok", "the worker has seen it")

    def storage(self) -> str:
        return self.client.ready().checks["storage"]

    def approved(self, *, bought: bool = False) -> str:
        """A production by previz only, or with its first asset from the vendor, approved."""
        production_id, plan = planned(self.client, BRIEF)
        makers = [("openai", "gpt-6-luna") if bought else PREVIZ, *[PREVIZ] * (len(plan.assets) - 1)]
        edits = tuple(
            EditOp(op="change", asset_id=a.asset_id, provider=provider, model=model, parameters={})
            for a, (provider, model) in zip(plan.assets, makers, strict=True)
            if (a.provider, a.model) != (provider, model)
        )
        if edits:
            edit = PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana")
            plan = self.client.edit_plan(production_id, edit)
        self.client.approve(production_id, approval(plan))
        return production_id

    def comes_to(self, production_id: str, status: ProductionStatus) -> None:
        until(lambda: self.client.get(production_id).status is status, status.value)

    def doctor(self) -> Result:
        return CliRunner().invoke(app, ["--url", self.stack.info.api_url, "doctor"])


@pytest.fixture(scope="module")
def studio(servers: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with StoreProxy(servers.info.s3_endpoint, "ignores") as proxy, OpenAIEmulator() as vendor:
        environ = proxy.env(hermetic(os.environ)) | env_of("openai", vendor)
        environ |= {"GREENLIGHT_PLANNER": "template", "GREENLIGHT_BUCKET": "unsupported"}
        home = tmp_path_factory.mktemp("unsupported") / "home"
        with (
            running_stack(home, ports="free", environ=environ) as stack,
            GreenlightClient(stack.info.api_url) as client,
        ):
            yield Studio(stack, proxy, vendor, client)


def test_operators_receive_the_fault(studio: Studio) -> None:
    """A worker over a store that ignores conditions starts; its log, /readyz, doctor and the providers report the fault
    of the store and the remedy."""
    until(lambda: "If-None-Match" in studio.storage(), "the workers have been asked")
    answer = httpx.get(f"{studio.stack.info.api_url}/readyz", timeout=WITHIN, trust_env=False)
    assert (answer.status_code, answer.json()["ready"]) == (503, False)
    report = studio.client.providers()
    doctor = studio.doctor()
    log = (Path(studio.stack.info.log_dir) / "worker.log").read_text()
    for words in (answer.json()["checks"]["storage"], report.store, " ".join(doctor.stdout.split()), log):
        assert "it ignores If-None-Match" in words
        assert "AWS_ENDPOINT_URL_S3" in words
    assert "ERROR" in log
    assert doctor.exit_code == 1
    assert [p.provider for p in report.providers if p.enabled] == ["previz"]


def test_previz_is_delivered(studio: Studio) -> None:
    """A production without cost is planned, made and delivered over such a store."""
    production_id = studio.approved()
    studio.comes_to(production_id, ProductionStatus.DELIVERED)


def test_paid_work_waits_for_a_person(studio: Studio) -> None:
    """A paid asset waits with the store's fault and is never submitted; after the store is fixed a retry makes it
    without a restart, and the vendor bills it once."""
    before = studio.vendor.count("submit")
    production_id = studio.approved(bought=True)
    studio.comes_to(production_id, ProductionStatus.NEEDS_ATTENTION)
    waiting = [e for e in studio.client.attention().entries if e.production_id == production_id]
    assert [e.waiting.reason for e in waiting] == ["store_unsupported"]
    assert "it ignores If-None-Match" in waiting[0].waiting.message
    assert studio.vendor.count("submit") == before
    studio.fix_store()
    assert studio.doctor().exit_code == 0
    asset_id = waiting[0].waiting.asset_id
    assert asset_id is not None
    studio.client.resolve(production_id, Resolve(asset_id=asset_id, action="retry", resolver="ana"))
    studio.comes_to(production_id, ProductionStatus.DELIVERED)
    assert studio.vendor.count("submit") == before + 1


def test_a_store_that_changes_while_the_worker_runs(studio: Studio) -> None:
    """When a store starts to return 501 after a good probe, the next paid asset waits, and the fault is reported at
    once: there is no endless retry, and assets without cost are still delivered."""
    studio.fix_store()
    studio.proxy.mode = "answers_501"
    before = studio.vendor.count("submit")
    production_id = studio.approved(bought=True)
    studio.comes_to(production_id, ProductionStatus.NEEDS_ATTENTION)
    until(lambda: "NotImplemented" in studio.storage(), "/readyz says so")
    assert studio.vendor.count("submit") == before
    studio.comes_to(studio.approved(), ProductionStatus.DELIVERED)
