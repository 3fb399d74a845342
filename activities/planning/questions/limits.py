"""The accounts that a paid question has to fit: its plan, its brief, its batch, its tenant and its key.

`reserve` comes before a question is sent, `settle` after it, and `end` when its inquiry is over. Planning and rewriting
send their paid requests to language models through `PaidQuestions`, which calls them.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic
from typing import Final
from uuid import uuid4

from activities.errors import JobCancelled
from activities.planning.questions.grants import NO_GRANT, grant_cap, grant_file
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from activities.takes.accounts.account import AccountFile, Cap, LimitReached, Reservation
from activities.takes.attempt import failure_of
from activities.takes.ledger import Entry, Ledger, Submission, now
from workflows import keys
from workflows.activity_io import AddLanguages, AnalyseReference, DraftPlan, Payer, RewritePrompt, SettledQuestions
from workflows.brief import Brief
from workflows.judging.requests import JudgeTake
from workflows.models import ZERO
from workflows.optimisation.records import ModelQuestions

ROOM_SECONDS: Final = 60.0
"""How long a question waits until others are settled below their reservations; most of them take less than 30 s."""
ANSWER_SECONDS: Final = 30.0
"""How long the end of an inquiry waits for a pending answer: a cancel should not take a minute."""
POLL_SECONDS: Final = 0.5
ENDED: Final = "this planning has ended"


Asking = DraftPlan | RewritePrompt | AnalyseReference | AddLanguages | JudgeTake | ModelQuestions
"""The requests to activities that ask language models."""


def payer_of(request: Asking) -> Payer:
    """The owner of the limits that the request has to keep."""
    brief = request.brief
    day = datetime.now(UTC).date().isoformat()
    return request.payer or Payer(tenant=brief.tenant, person=brief.requester, day=day)


def own_caps(settings: ActivitySettings, brief: Brief, spent_usd: Decimal, number: int) -> list[Cap]:
    """The limits of one plan, or one rewritten prompt, and of its brief."""
    plan = Cap(settings.planning_usd, "GREENLIGHT_PLANNING_USD", "raise GREENLIGHT_PLANNING_USD", str(number))
    if brief.budget_usd is None:
        return [plan]
    remedy = "raise the brief's budget_usd"
    return [Cap(brief.budget_usd, "brief.budget_usd", remedy, str(number), before_usd=spent_usd), plan]


def payer_caps(settings: ActivitySettings, payer: Payer) -> list[Cap]:
    """The limits of a key and of a tenant on a day; the owner's name is the group in the account of the tenant."""
    key, tenant = "GREENLIGHT_KEY_PLANNING_USD", "GREENLIGHT_TENANT_PLANNING_USD"
    later = "in the worker's environment, or wait for the next day of UTC"
    return [
        Cap(settings.key_planning_usd, f"{key} for {payer.person!r}", f"raise {key} {later}", payer.person),
        Cap(settings.tenant_planning_usd, f"{tenant} for {payer.tenant!r}", f"raise {tenant} {later}"),
    ]


@dataclass(frozen=True)
class _LimitedAccount:
    """One account of a question: the object, the prefix of the question's name there, its group and its limits."""

    file: AccountFile
    prefix: str
    group: str
    caps: Sequence[Cap] = ()


class QuestionAccounts:
    """The accounts of one inquiry, `number` of its production. Questions are named by the number of their take.

    The questions of a judge (`subject`) have an account of their own: their price is part of an approved plan, so the
    limits of planning do not apply to them, and a thousand verdicts do not wait for one object.
    """

    def __init__(
        self,
        storage: Storage,
        settings: ActivitySettings,
        production_id: str,
        number: int,
        payer: Payer,
        caps: Sequence[Cap] = (),
        subject: str = keys.PLANNER,
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._production_id = production_id
        self._group = str(number)
        self._subject = subject
        own = keys.planning_account(production_id)
        if subject != keys.PLANNER:
            own = keys.judge_file_key(production_id, subject, "account.json")
        self._own = AccountFile(storage, own)
        self._accounts = [_LimitedAccount(self._own, "", self._group, caps)]
        if subject != keys.PLANNER:
            return
        name = f"{production_id}/"
        if batch := payer.batch:
            budget, remedy = "the batch's budget_usd", "admit the batch with a higher budget_usd"
            limits = [] if batch.budget_usd is None else [Cap(batch.budget_usd, budget, remedy)]
            file = AccountFile(storage, keys.batch_account(payer.tenant, batch.batch_id))
            self._accounts.append(_LimitedAccount(file, name, production_id, limits))
        file = AccountFile(storage, keys.tenant_account(payer.tenant, payer.day))
        self._accounts.append(_LimitedAccount(file, name, payer.person, payer_caps(settings, payer)))
        if payer.free_only:
            self._accounts[0] = _LimitedAccount(self._own, "", self._group, [*caps, NO_GRANT])
        if payer.grant:
            granted = grant_file(storage, payer.grant, production_id, payer.day)
            self._accounts.append(_LimitedAccount(granted, name, production_id, [grant_cap(payer.grant)]))

    def ledger(self, take: int) -> Ledger:
        return Ledger(self._storage, keys.take_prefix(self._production_id, self._subject, take))

    async def reserve(self, take: int, usd: Decimal) -> None:
        """Reserve the cost of a question with its next request; waits up to ROOM_SECONDS where it fits as soon as other
        questions are settled.

        Args:
            usd: The question's bills so far, lost answers included, and the high price of the next request.

        Raises:
            LimitReached: the request must not be sent.
            StorageFailed: the reservation may or may not be stored.
        """
        until = monotonic() + ROOM_SECONDS
        while True:
            try:
                return await self._reserve(take, usd)
            except LimitReached as limit:
                if not limit.may_pass or monotonic() > until:
                    raise
            await asyncio.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - no secret

    async def _reserve(self, take: int, usd: Decimal) -> None:
        reserved: list[tuple[_LimitedAccount, Reservation | None]] = []
        for account in self._accounts:
            try:
                before = await account.file.reserve(f"{account.prefix}{take}", usd, account.caps, account.group)
            except LimitReached:
                for other, previous in reserved:
                    await other.file.restore(f"{other.prefix}{take}", previous)
                raise
            reserved.append((account, before))

    async def settle(self, take: int) -> None:
        """Settle a question at the bill in its ledger; the bill of a question that was just sent is not known yet.

        Raises:
            StorageFailed: the activity has to be retried.
        """

        async def billed() -> Decimal | None:
            entry = await self.ledger(take).read()
            if entry is None or (entry.is_open and not entry.last.billed_usd):
                return None
            return entry.billed_usd

        await asyncio.gather(*(account.file.settle(f"{account.prefix}{take}", billed) for account in self._accounts))

    async def end(self) -> SettledQuestions:
        """Allow no attempt to send a further question in this inquiry; returns the sum of its bills.

        A pending request is waited for while its attempt updates the ledger, at most ANSWER_SECONDS. Then its answer
        counts as lost, and the request as billed at its high price.

        Raises:
            StorageFailed: the activity has to be retried.
        """
        account = await self._own.close(self._group)
        known = account.of_group(self._group)
        ends = await asyncio.gather(*(self._ended(int(take)) for take in known))
        entries = dict(zip(known, ends, strict=True))
        await asyncio.gather(*(self.settle(int(take)) for take, e in known.items() if self._stale(e, entries[take])))
        billed = sum((entry.billed_usd for entry in ends), account.rolled_usd.get(self._group, ZERO))
        return SettledQuestions(billed_usd=billed, doubt_usd=sum(map(doubt_usd, ends), ZERO))

    def _stale(self, known: Reservation, entry: Entry) -> bool:
        return not known.settled or known.usd != entry.billed_usd

    async def _ended(self, take: int) -> Entry:
        """The ledger of a question for which no further request is sent."""
        before: Entry | None = None
        since, until = monotonic(), monotonic() + ANSWER_SECONDS
        while True:
            ledger = self.ledger(take)
            entry = await ledger.read()
            if entry and (entry.state == "stored" or (entry.state == "released" and entry.final)):
                return entry
            if entry and entry.is_open and monotonic() < until:
                if before is None or entry != before:
                    before, since = entry, monotonic()
                if monotonic() - since < self._settings.claim_settles_seconds:
                    await asyncio.sleep(POLL_SECONDS)
                    continue
            try:
                await ledger.write(_closed(entry))
            except StorageConflict:
                continue
            assert ledger.entry is not None
            return ledger.entry


def _closed(entry: Entry | None) -> Entry:
    """The ledger of a question at the end of its inquiry, so that an attempt that resumes sends no request."""
    known = entry or _unsent()
    lost = known.is_open
    if lost:
        cost = known.last.billed_usd or known.price_usd
        last = known.last.model_copy(update={"billed_usd": cost, "outcome": "its answer is lost"})
        known = known.model_copy(update={"submissions": (*known.submissions[:-1], last)})
    error = JobCancelled(f"{ENDED}, and its answer is lost" if lost else ENDED)
    failure = failure_of(error, known, billed_usd=known.billed_usd, maybe_billed=lost)
    return known.model_copy(update={"state": "released", "final": failure})


def _unsent() -> Entry:
    """The ledger of a question that was reserved and not sent."""
    unsent = Submission(at=now(), run_id="", attempt=0, nonce=uuid4().hex, outcome=ENDED)
    return Entry(state="released", provider="", model="", request_digest="", price_usd=ZERO, submissions=(unsent,))


def doubt_usd(entry: Entry) -> Decimal:
    """The part of a ledger's bill for requests of which it is unknown whether they were billed."""
    found, last = ZERO, len(entry.submissions) - 1
    for number, submission in enumerate(entry.submissions):
        if number < last:
            lost = entry.submissions[number + 1].resubmitted
        else:
            lost = entry.is_open or bool(entry.final and entry.final.maybe_billed)
        found += submission.billed_usd if lost else ZERO
    return found
