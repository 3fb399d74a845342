"""The activities of interviews by voice: a client secret is minted through the ledger, and its cost is settled.

The cap is reserved in the account of the tenant and the key before anything is requested. A secret that is minted is
stored for the API, never in history. One whose worker was killed before it answered reached no caller: it costs
nothing, and the next attempt marks it in the ledger and mints another one.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import ProviderError, SubmissionUnknown
from activities.planning.questions.limits import payer_caps
from activities.providers.protocol import Provider
from activities.providers.realtime import ClientSecret
from activities.providers.registry import load_sdk
from activities.settings import ActivitySettings
from activities.steps import heartbeats
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from activities.storage.probe import support_of
from activities.takes.accounts.account import AccountFile, LimitReached
from activities.takes.attempt import MAX_ATTEMPTS, retry_later, retry_with_backoff
from activities.takes.ledger import Entry, Ledger, Submission, now
from activities.takes.vendor_calls import record_call
from activities.voice.terms import Terms, Unavailable, describe, session_of, terms_of
from workflows import keys
from workflows.activity_io import Payer
from workflows.models import digest_of
from workflows.provider_report import InterviewInfo
from workflows.voice import session_keys
from workflows.voice.sessions import (
    NEVER_HANDED_OUT,
    REFUSED,
    SECRET_SECONDS,
    CloseSession,
    Opened,
    OpenSession,
    SessionStart,
    Settled,
)

LOST: Final = f"its worker ended before it answered: {NEVER_HANDED_OUT}"
OPENED_BEFORE: Final = "an earlier run of this session has minted a client secret; start a new session"


class VoiceSessionActivities:
    """Opens and settles interviews over one bucket."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings

    def describe(self) -> InterviewInfo:
        return describe(self._providers, self._settings)

    @activity.defn(name=session_keys.OPEN)
    async def open_voice_session(self, request: OpenSession) -> Opened:
        """Reserve the cap, mint a client secret, and store it for the API.

        Raises:
            ApplicationError: type REFUSED, not retried, with the reason; or the activity has to be retried.
        """
        async with heartbeats("minting"):
            try:
                terms = terms_of(request.start, self._providers, self._settings)
            except Unavailable as error:
                raise _refused(str(error)) from None
            await self._check_store()
            ledger = self._ledger(request.start)
            before = await ledger.read()
            if before and before.last.run_id != activity.info().workflow_run_id:
                raise _refused(OPENED_BEFORE)
            try:
                caps, account = payer_caps(self._settings, _payer(request)), self._account(request.start, request.day)
                await account.reserve(request.start.session_id, terms.cap_usd, caps, request.start.requester)
            except LimitReached as limit:
                raise _refused(str(limit)) from None
            try:
                return await self._mint(request, terms, ledger, before)
            except StorageConflict:
                raise retry_later("another attempt is minting", timedelta(seconds=1)) from None

    @activity.defn(name=session_keys.CLOSE)
    async def close_voice_session(self, request: CloseSession) -> Settled:
        """Settle the session in its ledger and in the account, and delete the secret. It may run again."""
        async with heartbeats("settling"):
            ledger = self._ledger(request.start)
            entry = await ledger.read()
            cost = request.cost_usd
            if entry is not None:
                if entry.last.run_id != activity.info().workflow_run_id:  # of a reset run, which may have handed it out
                    cost = max(cost, entry.price_usd)
                unused = entry.is_open and not cost
                await ledger.update("stored", billed_usd=cost, outcome=NEVER_HANDED_OUT if unused else None)

            async def billed() -> Decimal:
                return cost

            await self._account(request.start, request.day).settle(request.start.session_id, billed)
            if entry is not None:
                for submission in entry.submissions:
                    await self._storage.delete(session_keys.secret_key(request.start.session_id, submission.nonce))
            return Settled(cost_usd=cost)

    async def _mint(self, request: OpenSession, terms: Terms, ledger: Ledger, before: Entry | None) -> Opened:
        """Claim, request the secret once, store it, and record it.

        Raises:
            StorageConflict: another attempt works on this session.
            ApplicationError: the vendor refused, or the activity has to be retried.
        """
        claim = _claim(terms, before)
        await ledger.add_submission(claim)
        session = session_of(terms.model.name)
        await load_sdk(terms.provider)
        try:
            requested = terms.interviewer.mint_secret(session, SECRET_SECONDS)
            secret = await record_call(terms.provider, terms.model.name, "submit", requested)
        except ProviderError as error:
            raise await _failed(ledger, error) from None
        session_id, nonce = request.start.session_id, claim.last.nonce
        key = session_keys.secret_key(session_id, nonce)
        await self._storage.put_bytes(key, secret.value.encode(), "text/plain")
        await ledger.update("submitted", job_id=secret.session_id or f"secret-{nonce}")
        return _opened(terms, claim, secret)

    async def _check_store(self) -> None:
        """
        Raises:
            ApplicationError: the store does not honour conditional writes, so it holds no ledger.
        """
        support = await support_of(self._storage)
        if support.state == "unsupported":
            raise _refused(support.problem)
        if support.state == "unreachable":
            raise retry_later(f"storage: {support.problem}", timedelta(seconds=2), "storage_unavailable")

    def _ledger(self, start: SessionStart) -> Ledger:
        return Ledger(self._storage, session_keys.prefix(start.session_id))

    def _account(self, start: SessionStart, day: str) -> AccountFile:
        return AccountFile(self._storage, keys.tenant_account(start.tenant, day))


def _payer(request: OpenSession) -> Payer:
    return Payer(tenant=request.start.tenant, person=request.start.requester, day=request.day)


def _claim(terms: Terms, before: Entry | None) -> Entry:
    """The entry with a new submission. An earlier one was lost with its worker, and is marked so."""
    info = activity.info()
    earlier = before.submissions if before else ()
    if before and before.is_open:
        earlier = (*earlier[:-1], earlier[-1].model_copy(update={"outcome": LOST}))
    submission = Submission(
        at=now(),
        run_id=info.workflow_run_id or "",
        attempt=info.attempt,
        nonce=uuid4().hex,
        resubmitted=bool(before and before.is_open),
    )
    return Entry(
        state="claimed",
        provider=terms.provider,
        model=terms.model.name,
        request_digest=digest_of(session_of(terms.model.name)),
        price_usd=terms.cap_usd,
        submissions=(*earlier, submission),
        failures=before.failures if before else 0,
    )


def _opened(terms: Terms, claim: Entry, secret: ClientSecret) -> Opened:
    opened_at = now()
    return Opened(
        nonce=claim.last.nonce,
        provider=terms.provider,
        model=terms.model.name,
        url=terms.url,
        minted=1 + sum(s.outcome == LOST for s in claim.submissions),
        opened_at=opened_at,
        expires_at=secret.expires_at,
        ends_at=opened_at + timedelta(minutes=terms.minutes),
        reserved_usd=terms.cap_usd,
        turn_usd=terms.turn_usd,
        rates=terms.model.rates,
    )


async def _failed(ledger: Ledger, error: ProviderError) -> ApplicationError:
    """The failure of a request without a secret. A lost answer stays claimed, so that the next attempt marks it."""
    entry = ledger.entry
    failures = (entry.failures if entry else 0) + 1
    if isinstance(error, SubmissionUnknown):
        await ledger.update(failures=failures)
    else:
        await ledger.update("released", failures=failures, outcome=str(error))
    if not error.retryable or failures >= MAX_ATTEMPTS:
        return _refused(str(error))
    return retry_with_backoff(error, failures)


def _refused(message: str) -> ApplicationError:
    return ApplicationError(message, type=REFUSED, non_retryable=True)
