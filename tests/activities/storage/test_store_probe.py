"""Stores that do not honour conditional writes: a real HTTP proxy in front of a real S3 server."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import RateLimited
from activities.production import Activities
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage import probe as store_probe
from activities.storage.bucket import Storage
from activities.storage.probe import keep_probing, probe, probe_again, support_of
from activities.takes import paid_attempt
from deploy.local import Stack
from tests.activities.references.pictures import Desk as References
from tests.activities.storage.store_proxy import Mode, StoreProxy
from tests.activities.takes.attempts import Attempts, take_request
from tests.activities.takes.uploads.desk import Desk as Uploads
from tests.emulators.openai import OpenAIEmulator
from tests.support.vendor import Vendor, png
from tests.support.vendors import env_of
from tests.support.waiting import eventually
from workflows import keys
from workflows.activity_io import AssetFailure, DraftPlan, PricePlan, RewritePrompt
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality, Plan
from workflows.production.state.attention import ANSWERS

UNSUPPORTED: list[Mode] = ["ignores", "ignores_versions", "checks_first", "answers_501", "answers_400"]


@pytest.fixture
def proxy(servers: Stack) -> Iterator[StoreProxy]:
    with StoreProxy(servers.info.s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def behind(proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch, storage: Storage) -> Storage:
    """The session's bucket, reached through the proxy."""
    for name, value in proxy.env({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(store_probe, "SHARED_SECONDS", 0)
    return Storage("tests")


def failure(error: ApplicationError) -> AssetFailure:
    return AssetFailure.model_validate(error.details[0])


async def fails(activity: Any, request: object) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await ActivityEnvironment().run(activity, request)
    return caught.value


@pytest.mark.parametrize(
    ("mode", "state", "reason"),
    [
        ("honours", "supported", ""),
        ("answers_409", "supported", ""),
        ("ignores", "unsupported", "accepted a second create"),
        ("ignores_versions", "unsupported", "ignores If-Match"),
        ("checks_first", "unsupported", "two creates of one object at the same time"),
        ("answers_501", "unsupported", "it answered 501 NotImplemented"),
        ("answers_400", "unsupported", "400 InvalidArgument"),
        ("forbids", "unsupported", "403 AccessDenied"),
        ("is_down", "unreachable", "503"),
    ],
)
async def test_the_probe_reports_the_fault_of_the_store(
    behind: Storage, proxy: StoreProxy, mode: Mode, state: str, reason: str
) -> None:
    """Each way not to honour conditional writes is detected and named; an outage proves neither."""
    proxy.mode = mode
    found = await probe(behind)
    assert (found.state, reason in found.reason) == (state, True), found
    assert bool(found.problem) == (state != "supported")


async def test_a_probe_leaves_nothing(behind: Storage, proxy: StoreProxy) -> None:
    """The temporary objects of a probe are below `probes/`, and none is left."""
    await probe(behind)
    written = {path.removeprefix("/tests/") for path in proxy.writes}
    assert written
    for key in written:
        assert key.startswith(keys.probe_key(""))
        assert await behind.head(key) is None


@pytest.mark.parametrize("mode", UNSUPPORTED)
@pytest.mark.parametrize("model", ["now", "later"])
async def test_nothing_is_paid_without_support(behind: Storage, proxy: StoreProxy, mode: Mode, model: str) -> None:
    """In a store without conditional writes no paid take is claimed or submitted: it waits for a person, who receives
    the fault of the store and the remedy; once the store is fixed the same take is made, and billed once."""
    proxy.mode = mode
    vendor = Vendor(polls=1)
    run = Attempts(behind, vendor, take_request(model))
    error = await run.fails()
    found = failure(error)
    assert (error.type, error.non_retryable, found.reason) == ("store_unsupported", True, "store_unsupported")
    assert "AWS_ENDPOINT_URL_S3" in error.message
    assert not found.billed_usd
    assert not found.maybe_billed
    assert not vendor.billed
    assert not [path for path in proxy.writes if "/takes/" in path]
    proxy.mode = "honours"
    with suppress(ApplicationError):  # a job is polled
        await run.attempt()
    assert (await run.attempt()).billed_usd == Decimal("0.40")
    assert len(vendor.billed) == 1


@pytest.mark.parametrize("mode", UNSUPPORTED)
async def test_free_takes_need_no_support(behind: Storage, proxy: StoreProxy, mode: Mode) -> None:
    """A take without cost is made in any store, and a second attempt finds the object of the first one."""
    proxy.mode = mode
    if mode == "answers_400":  # only a probe shows that this refusal is about the condition
        await probe_again(behind)
    vendor = Vendor()
    run = Attempts(behind, vendor, take_request("gift", "0"))
    first = await run.attempt()
    assert await run.attempt(1) is not None
    assert (await run.attempt()).media.sha256 == first.media.sha256


async def test_an_unreachable_store_is_retried(behind: Storage, proxy: StoreProxy) -> None:
    """When the probe gets no response nothing is paid, and the attempt is retried without a question to a person."""
    vendor = Vendor()
    run = Attempts(behind, vendor, take_request("now"))
    proxy.mode = "is_down_for_writes"
    error = await run.fails()
    assert (error.type, error.non_retryable, vendor.billed) == ("storage_unavailable", False, [])
    proxy.mode = "honours"
    await run.attempt()
    assert len(vendor.billed) == 1


async def test_an_outage_disproves_nothing(behind: Storage, proxy: StoreProxy) -> None:
    """Proven support survives an outage, but not a probe that finds the condition ignored."""
    assert (await probe_again(behind)).state == "supported"
    proxy.mode = "is_down"
    assert (await probe_again(behind)).state == "supported"
    proxy.mode = "ignores"
    assert (await probe_again(behind)).state == "unsupported"
    assert (await support_of(behind)).state == "unsupported"


async def test_the_worker_keeps_probing(
    behind: Storage, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker logs the fault of the store once as an error, probes again periodically, and logs when the store is
    fixed."""
    monkeypatch.setattr(store_probe, "AGAIN_SECONDS", 0.02)
    caplog.set_level(logging.INFO, "activities.storage.probe")
    proxy.mode = "ignores"
    await probe_again(behind)
    probing, before = asyncio.create_task(keep_probing(behind)), len(proxy.writes)

    async def probed() -> bool | None:
        return len(proxy.writes) > before + 20 or None

    await eventually(probed)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "it ignores If-None-Match" in caplog.text
    proxy.mode = "honours"

    async def reported() -> bool | None:
        return len(caplog.records) > 1 or None

    await eventually(reported)
    probing.cancel()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


async def test_a_store_that_stops_supporting_conditional_writes(
    behind: Storage, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the first claim after a good probe gets a 501, nothing is submitted and a person has to decide."""
    monkeypatch.setattr(paid_attempt, "UNSUPPORTED_WAIT", 0.5)
    await probe_again(behind)
    proxy.mode = "answers_501"
    vendor = Vendor()
    error = await Attempts(behind, vendor, take_request("now")).fails()
    assert (error.type, error.non_retryable, vendor.billed) == ("store_unsupported", True, [])
    assert behind.support is not None
    assert behind.support.state == "unsupported"


@pytest.mark.parametrize("model", ["now", "later"])
async def test_a_paid_response_that_cannot_be_recorded(
    behind: Storage, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """When the store returns 501 only after the submission, the attempt ends as ambiguous, with the known job: it
    neither waits forever nor submits again."""
    monkeypatch.setattr(paid_attempt, "UNSUPPORTED_WAIT", 0.5)
    vendor = Vendor()
    vendor.gate = asyncio.Event()
    run = Attempts(behind, vendor, take_request(model))
    attempt = asyncio.create_task(run.fails())
    await vendor.reached.wait()
    proxy.mode = "answers_501"
    vendor.gate.set()
    found = failure(await attempt)
    assert (found.reason, found.maybe_billed) == ("ambiguous_submission", True)
    assert found.job_id == ("job-1" if model == "later" else None)
    assert "501" in found.message or "NotImplemented" in found.message
    assert len(vendor.billed) == 1


async def test_a_short_lack_of_support_loses_no_response(behind: Storage, proxy: StoreProxy) -> None:
    """A paid response survives a store that returns 501 for a moment: it is stored, and billed once."""
    vendor = Vendor()
    vendor.gate = asyncio.Event()
    run = Attempts(behind, vendor, take_request("now"))
    attempt = asyncio.create_task(run.attempt())
    await vendor.reached.wait()
    proxy.mode, before = "answers_501", len(proxy.writes)
    vendor.gate.set()

    async def refused() -> bool | None:
        return len(proxy.writes) > before + 1 or None

    await eventually(refused)
    proxy.mode = "honours"
    assert (await attempt).billed_usd == Decimal("0.40")
    assert len(vendor.billed) == 1


async def test_a_refusal_that_cannot_be_recorded(
    behind: Storage, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 429 from a vendor while the store stops writing the ledger ends in a question too, and not in a loop."""
    monkeypatch.setattr(paid_attempt, "UNSUPPORTED_WAIT", 0.2)
    vendor = Vendor()
    run = Attempts(behind, vendor, take_request("now"))
    vendor.script = [RateLimited("later", retry_after=timedelta(seconds=1))]
    submit = vendor.submit

    async def stopping(request: Any) -> Any:
        proxy.mode = "answers_501"
        return await submit(request)

    monkeypatch.setattr(vendor, "submit", stopping)
    assert failure(await run.fails()).reason == "ambiguous_submission"


@pytest.mark.parametrize("mode", ["ignores", "answers_501"])
async def test_uploads_and_references_need_no_support(behind: Storage, proxy: StoreProxy, mode: Mode) -> None:
    """A reference is ingested, and an upload becomes a take, in any store; a second run finds both."""
    references, uploads = References(behind), Uploads(behind)
    source = await references.stored(png(40, 20))
    arrived = await uploads.arrived(png(80, 40), Modality.IMAGE)
    proxy.mode = mode
    taken = await references.take_in(source)
    assert await references.take_in(source) == taken
    take = await uploads.check(arrived)
    assert await uploads.check(arrived) == take


async def test_a_store_without_writes_ends_free_steps(behind: Storage, proxy: StoreProxy) -> None:
    """A 501 to an unconditional write also ends the steps without cost, with an error that names the remedy."""
    proxy.mode = "answers_501_to_puts"
    plan = Plan.of("A plan", [Asset.model_validate(_PREVIZ)])
    request = PricePlan(production_id="p", brief=Brief(text="x", platform=Platform.COPY), plan=plan)
    activities = Activities(behind, build_providers(ActivitySettings(), {}), ActivitySettings())
    error = await fails(activities.price_plan, request)
    assert (error.type, error.non_retryable) == ("store_unsupported", True)
    assert "AWS_ENDPOINT_URL_S3" in error.message
    gift = await Attempts(behind, Vendor(), take_request("gift", "0")).fails()
    assert (gift.type, gift.non_retryable) == ("store_unsupported", True)


@pytest.mark.parametrize("mode", ["ignores", "answers_501"])
async def test_language_models_receive_no_request(behind: Storage, proxy: StoreProxy, mode: Mode) -> None:
    """Planning and rewriting by language models end with the same message, and no model receives a request."""
    proxy.mode = mode
    brief = Brief(text="A line about the sea.", platform=Platform.COPY)
    with OpenAIEmulator() as vendor:
        providers = build_providers(ActivitySettings(), env_of("openai", vendor))
        activities = Activities(behind, providers, ActivitySettings())
        planning = await fails(activities.draft_plan, DraftPlan(production_id=f"p-{mode}", brief=brief))
        asset = Asset.model_validate(_PREVIZ)
        again = RewritePrompt(production_id=f"p-{mode}", brief=brief, asset=asset, number=1, feedback="shorter")
        rewording = await fails(activities.rewrite_prompt, again)
        assert vendor.count("submit") == 0
    for error in (planning, rewording):
        assert error.non_retryable
        assert "conditional writes" in error.message
        assert failure(error).billed_usd == 0


async def test_providers_report_why_they_are_disabled(behind: Storage, proxy: StoreProxy) -> None:
    """The report of a worker names the store's fault; a paid provider is disabled for that reason, and previz is still
    enabled."""
    proxy.mode = "ignores"
    await probe_again(behind)
    env = {"OPENAI_API_KEY": "none", "RUNWAYML_API_SECRET": "none"}
    activities = Activities(behind, build_providers(ActivitySettings(), env), ActivitySettings())
    report = await activities.list_providers()
    enabled = {p.provider: p.enabled for p in report.providers}
    assert (enabled["openai"], enabled["runway"], enabled["previz"]) == (False, False, True)
    assert "conditional writes" in next(p.reason for p in report.providers if p.provider == "openai")
    assert set(report.enabled_providers[Modality.VIDEO]) == {"previz"}
    assert "ignores If-None-Match" in report.store
    assert "conditional writes" in report.planner
    proxy.mode = "honours"
    await probe_again(behind)
    report = await activities.list_providers()
    assert (report.store, "openai" in report.enabled_providers[Modality.TEXT]) == ("", True)


def test_a_person_can_answer() -> None:
    """A take that waits for a better store can be retried, skipped, uploaded or cancelled."""
    assert set(ANSWERS["store_unsupported"]) == {"retry", "accept_without", "upload", "cancel"}


_PREVIZ = {
    "asset_id": "text-1",
    "asset_type": "text",
    "role": "script",
    "prompt": "a line",
    "provider": "previz",
    "model": "previz-text",
}
