"""A client secret of an interview: minted through the ledger, handed out once, and settled, on real S3."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.providers.openai.provider import OpenAI
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.accounts.account import AccountFile
from activities.takes.ledger import Entry, Ledger
from activities.voice.sessions import LOST, VoiceSessionActivities
from activities.voice.terms import OFF, describe
from tests.emulators.base import Fault
from tests.emulators.realtime import RealtimeEmulator
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.models import ZERO
from workflows.voice import session_keys
from workflows.voice.sessions import REFUSED, CloseSession, Opened, OpenSession, SessionStart, Settled

ON = ActivitySettings(voice_sessions="auto")
CAP = ON.planning_usd
DAY = "2026-11-30"


@pytest.fixture
async def vendor() -> AsyncIterator[RealtimeEmulator]:
    with RealtimeEmulator() as vendor:
        yield vendor


@pytest.fixture
async def openai(vendor: RealtimeEmulator) -> AsyncIterator[OpenAI]:
    provider = OpenAI(env_of("openai", vendor))
    yield provider
    await provider.close()


class Interview:
    """One session of a new tenant, opened and closed by attempts of one run."""

    def __init__(self, storage: Storage, openai: OpenAI, settings: ActivitySettings = ON) -> None:
        self.storage = storage
        self.activities = VoiceSessionActivities(storage, {"openai": openai}, settings)
        name = uuid4().hex
        self.start = SessionStart(session_id=name, tenant=f"t{name[:20]}", requester="ana")

    async def open(self, attempt: int = 1, run: str = "run-1") -> Opened:
        return await self._environment(attempt, run).run(
            self.activities.open_voice_session, OpenSession(start=self.start, day=DAY)
        )

    async def close(self, nonce: str, cost: Decimal, run: str = "run-1") -> Settled:
        request = CloseSession(start=self.start, day=DAY, nonce=nonce, cost_usd=cost)
        return await self._environment(1, run).run(self.activities.close_voice_session, request)

    async def entry(self) -> Entry | None:
        return await Ledger(self.storage, session_keys.prefix(self.start.session_id)).read()

    async def counted(self) -> Decimal:
        """What the account of the tenant counts."""
        account = await AccountFile(self.storage, keys.tenant_account(self.start.tenant, DAY)).read()
        return account.taken_usd("ana")

    def _environment(self, attempt: int, run: str) -> ActivityEnvironment:
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=attempt, workflow_run_id=run)
        return environment


async def test_a_secret_is_reserved_minted_and_settled(
    storage: Storage, openai: OpenAI, vendor: RealtimeEmulator
) -> None:
    """The cap is in the ledger and the account before the request; only the bucket has the secret, until the end."""
    interview = Interview(storage, openai)
    with vendor.held() as reached:
        opening = asyncio.create_task(interview.open())
        assert await asyncio.to_thread(reached.wait, WITHIN)
        claimed, counted = await interview.entry(), await interview.counted()
    opened = await opening
    assert claimed is not None
    assert (claimed.state, claimed.reserved_usd, counted) == ("claimed", CAP, CAP)
    (secret,) = vendor.minted
    key = session_keys.secret_key(interview.start.session_id, opened.nonce)
    found = await storage.get_bytes(key)
    assert found
    assert found[0].decode() == secret
    entry = await interview.entry()
    assert entry
    assert entry.state == "submitted"
    assert secret not in entry.model_dump_json() + opened.model_dump_json()
    assert vendor.configured["audio"]["input"]["turn_detection"]["create_response"] is False
    assert vendor.problems == []
    settled = await interview.close(opened.nonce, CAP)
    again = await interview.close(opened.nonce, CAP)
    assert settled == again == Settled(cost_usd=CAP)
    entry = await interview.entry()
    assert entry
    assert (entry.billed_usd, entry.reserved_usd, await interview.counted()) == (CAP, ZERO, CAP)
    assert await storage.get_bytes(key) is None


@pytest.mark.parametrize("fault", ["drop_after", None], ids=["killed before it answered", "killed after it answered"])
async def test_a_lost_secret_is_flagged_and_costs_nothing(
    storage: Storage, openai: OpenAI, vendor: RealtimeEmulator, fault: Fault | None
) -> None:
    """A worker that dies between mint and answer leaves a mark: the next attempt mints another secret, the ledger says
    that the first reached no caller, and the cap counts once."""
    interview = Interview(storage, openai)
    if fault:
        vendor.meet(fault)
        with pytest.raises(ApplicationError) as lost:
            await interview.open()
        assert not lost.value.non_retryable
    else:
        await interview.open()  # its result does not reach the server
    opened = await interview.open(attempt=2)
    assert (opened.minted, len(vendor.minted)) == (2, 2)
    entry = await interview.entry()
    assert entry
    first, second = entry.submissions
    assert (first.outcome, first.billed_usd, second.resubmitted) == (LOST, ZERO, True)
    assert await interview.counted() == CAP
    await interview.close(opened.nonce, CAP)
    entry = await interview.entry()
    assert entry
    assert entry.billed_usd == CAP


async def test_a_reset_run_mints_no_second_secret(storage: Storage, openai: OpenAI, vendor: RealtimeEmulator) -> None:
    """The secret of an earlier run may have been handed out: nothing more is minted, and the cap stays counted."""
    interview = Interview(storage, openai)
    await interview.open()
    with pytest.raises(ApplicationError, match="start a new session") as refused:
        await interview.open(run="run-2")
    assert (refused.value.type, refused.value.non_retryable) == (REFUSED, True)
    assert len(vendor.minted) == 1
    assert await interview.close("", ZERO, run="run-2") == Settled(cost_usd=CAP)
    assert await interview.counted() == CAP


async def test_a_secret_that_nobody_fetched_costs_nothing(
    storage: Storage, openai: OpenAI, vendor: RealtimeEmulator
) -> None:
    """A session that ends without a hand-out gives its reservation back, and its ledger says why."""
    interview = Interview(storage, openai)
    opened = await interview.open()
    await interview.close(opened.nonce, ZERO)
    entry = await interview.entry()
    assert entry
    assert (entry.billed_usd, await interview.counted()) == (ZERO, ZERO)
    assert "never handed out" in entry.last.outcome


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"key_planning_usd": Decimal("0.40")}, "GREENLIGHT_KEY_PLANNING_USD for 'ana'"),
        ({"tenant_planning_usd": Decimal("0.40")}, "GREENLIGHT_TENANT_PLANNING_USD"),
        ({"planning_usd": Decimal("0.01")}, "raise GREENLIGHT_PLANNING_USD (0.01 USD)"),
        ({"voice_sessions": OFF}, "set GREENLIGHT_VOICE_SESSIONS=auto"),
        ({"voice_sessions": "openai/gpt-9"}, "choose from auto, openai/gpt-realtime-2.1-mini"),
    ],
)
async def test_limits_apply_before_anything_is_minted(
    storage: Storage, openai: OpenAI, vendor: RealtimeEmulator, settings: dict[str, Decimal | str], why: str
) -> None:
    """A limit without room, and a feature that is off, are named with the remedy, and nothing is requested."""
    interview = Interview(storage, openai, ON.model_copy(update=settings))
    with pytest.raises(ApplicationError) as refused:
        await interview.open()
    assert why in refused.value.message
    assert refused.value.type == REFUSED
    assert vendor.calls == []
    await interview.close("", ZERO)
    assert await interview.counted() == ZERO


@pytest.mark.parametrize(("fault", "final"), [("throttle", False), ("quota", True)])
async def test_a_refused_request_is_released(
    storage: Storage, openai: OpenAI, vendor: RealtimeEmulator, fault: Fault, final: bool
) -> None:
    """A vendor that refuses leaves nothing reserved in the ledger; only what may pass is tried again."""
    interview = Interview(storage, openai)
    vendor.meet(fault)
    with pytest.raises(ApplicationError) as failed:
        await interview.open()
    assert failed.value.non_retryable is final
    entry = await interview.entry()
    assert entry
    assert (entry.state, entry.reserved_usd) == ("released", ZERO)
    await interview.close("", ZERO)
    assert await interview.counted() == ZERO


def test_the_terms_are_described() -> None:
    """The report of a worker names the model, the cap and the one host, or what would enable interviews."""
    openai = OpenAI({"OPENAI_API_KEY": "k"})
    found = describe({"openai": openai}, ON)
    assert (found.enabled, found.model, found.origin) == (True, "gpt-realtime-2.1-mini", "wss://api.openai.com")
    assert "OPENAI_API_KEY" in describe({}, ON).reason
    assert not describe({"openai": openai}, ActivitySettings()).enabled
