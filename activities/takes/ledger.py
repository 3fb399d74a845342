"""The take ledger: one object a take, written with conditional puts, so that nothing is paid for twice.

    (none) ──claim──> claimed ──job id──> submitted ──media──> stored
                         │ ▲                  │
                  release│ │claim     release │  (the job failed: a new submission is needed)
                         ▼ │                  ▼
                        released <────────────┘

`claimed` found by another attempt is ambiguous: the request may or may not have reached the provider.
A cancel writes `released` with its end (`final`), also where nothing was submitted: no attempt claims after that.
A take that can cost nothing needs no claim; its media object with metadata is the record.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from activities.metrics import metrics
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from workflows.activity_io import AssetFailure
from workflows.models import ZERO, Model, Money, Take

State = Literal["claimed", "submitted", "stored", "released"]


class LedgerUnreadable(Exception):
    """The object is no ledger that this version can read. `job_id` is the last one that its text names."""

    def __init__(self, key: str, reason: str, job_id: str | None) -> None:
        super().__init__(f"the ledger {key} cannot be read ({reason})")
        self.job_id = job_id


class _Kept(Model):
    """A record that a newer version may have added fields to: they are kept when it is written again."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Submission(_Kept):
    """One request to the provider that may have cost money."""

    at: datetime
    run_id: str
    attempt: int
    nonce: str = Field(
        description="Tells this attempt's own claim from another's, where the answer to writing it was lost"
    )
    order: int = Field(default=0, description="The number of the person's order that it follows")
    job_id: str | None = None
    outcome: str = ""
    resubmitted: bool = Field(default=False, description="Sent although the one before it may have arrived")
    billed_usd: Money = ZERO
    beats: int = Field(default=0, description="Grows while its attempt waits for the provider's answer")
    waited: bool = Field(default=False, description="The provider said to wait: it cost nothing and is no failure")


class Entry(_Kept):
    """What the ledger says of a take now, with every submission so far."""

    state: State
    provider: str
    model: str
    request_digest: str
    price_usd: Money = Field(description="The catalogue's high price at the time of the claim")
    submissions: tuple[Submission, ...] = ()
    failures: int = Field(default=0, description="Real failures in a row: of submissions, or of looks at a job")
    waits: int = Field(default=0, description="How often in a row the provider said to wait")
    final: AssetFailure | None = Field(
        default=None, description="How the take ended; only a person's order goes on from there"
    )
    cancelled: bool = Field(default=False, description="Ended by a cancel: no order goes on from there either")
    take: Take | None = None

    @property
    def is_open(self) -> bool:
        """Whether its last submission has no known end: it may be billed yet."""
        return self.state in ("claimed", "submitted")

    @property
    def reserved_usd(self) -> Decimal:
        """What its open submission may cost yet; not where it is in doubt and counted as billed."""
        return self.price_usd if self.is_open and not self.last.billed_usd else ZERO

    @property
    def last(self) -> Submission:
        """The newest submission; there is one in every state but that of a take cancelled before its first."""
        return self.submissions[-1]

    @property
    def job_id(self) -> str | None:
        return self.last.job_id if self.submissions else None

    @property
    def billed_usd(self) -> Decimal:
        return sum((s.billed_usd for s in self.submissions), ZERO)


class Ledger:
    """The ledger object of one take. Every write names the version it replaces: the loser of a race reads again."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage = storage
        self._key = f"{prefix}/ledger.json"
        self._etag: str | None = None
        self._noting = asyncio.Lock()
        self.entry: Entry | None = None

    async def read(self) -> Entry | None:
        """What the ledger says now, or None where there is none.

        Raises:
            LedgerUnreadable: there is one, and nobody can say what it says.
            StorageFailed: the storage does not answer.
        """
        found = await self._storage.get_bytes(self._key)
        self.entry, self._etag = None, found[1] if found else None
        if found:
            self.entry = self._parsed(found[0])
        return self.entry

    def _parsed(self, data: bytes) -> Entry:
        try:
            return Entry.model_validate_json(data, extra="allow")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            reason = f"{'.'.join(map(str, first['loc'])) or 'the text'}: {first['msg']}"
            jobs = re.findall(rb'"job_id"\s*:\s*"([^"\\]{1,200})"', data)
            raise LedgerUnreadable(
                self._key, reason[:200], jobs[-1].decode(errors="replace") if jobs else None
            ) from None

    async def _found(self, ours: Callable[[Entry], bool]) -> Entry | None:
        """Read what is there, and take it up where it is `ours`. What others wrote is left to them: with its version
        in hand, the next write would replace it."""
        found = await self._storage.get_bytes(self._key)
        entry = self._parsed(found[0]) if found else None
        if found is None or entry is None or not ours(entry):
            return None
        self.entry, self._etag = entry, found[1]
        return entry

    async def set_aside(self) -> None:
        """Keep the unreadable object that was read last under another name: the next write replaces it."""
        found = await self._storage.get_bytes(self._key)
        if found is not None:
            data, self._etag = found
            await self._storage.put_bytes(f"{self._key}.unreadable", data, "application/octet-stream")

    async def write(self, entry: Entry) -> None:
        """Replace what was read by `entry`.

        Raises:
            StorageConflict: another attempt wrote meanwhile; read again.
        """
        self._etag = await self._storage.put_bytes(
            self._key,
            entry.model_dump_json(exclude_defaults=True).encode(),
            "application/json",
            only_if_absent=self._etag is None,
            if_match=self._etag,
        )
        _count(self.entry, entry)
        self.entry = entry

    async def submit(self, entry: Entry) -> None:
        """Write an entry whose last submission is new.

        Raises:
            StorageConflict, StorageFailed: it is not there.
        """
        before = self.entry
        try:
            await self.write(entry)
        except (StorageConflict, StorageFailed):
            # The answer may be what was lost, not the write: then what is there is ours.
            found = await self._found(lambda there: bool(there.submissions) and there.last.nonce == entry.last.nonce)
            if found is None:
                raise
            _count(before, found)

    async def count_doubtful(self) -> None:
        """Nobody knows whether the submission that is open was billed: the budget counts it as if it was."""
        entry = self.entry
        if entry and entry.is_open and not entry.last.billed_usd:
            await self.note(billed_usd=entry.price_usd)

    async def name_job(self, nonce: str, job_id: str) -> None:
        """Write the job of an earlier submission that was answered late, for people to find.

        Raises:
            StorageConflict: somebody wrote meanwhile.
        """
        found = await self.read()
        if found is not None:
            named = [s.model_copy(update={"job_id": job_id}) if s.nonce == nonce else s for s in found.submissions]
            await self.write(found.model_copy(update={"submissions": tuple(named)}))

    async def note(
        self,
        state: State | None = None,
        *,
        failures: int | None = None,
        take: Take | None = None,
        job_id: str | None = None,
        outcome: str | None = None,
        billed_usd: Decimal | None = None,
        waits: int | None = None,
        waited: bool | None = None,
        beats: int | None = None,
        final: AssetFailure | None = None,
        only_while: State | None = None,
    ) -> None:
        """Write what became known of the last submission; None leaves a field as it is.

        Args:
            only_while: Write nothing where the take has come further by now.

        Raises:
            StorageConflict: the last submission is no longer ours, or somebody went on with it.
        """
        entry = {"state": state, "failures": failures, "take": take, "waits": waits, "final": final}
        last = {"job_id": job_id, "outcome": outcome, "billed_usd": billed_usd, "waited": waited, "beats": beats}
        async with self._noting:
            before = self.entry
            assert before is not None
            if only_while and before.state != only_while:
                return

            def noted(of: Entry) -> Entry:
                submission = of.last.model_copy(update={k: v for k, v in last.items() if v is not None})
                known = {k: v for k, v in entry.items() if v is not None}
                return of.model_copy(update={**known, "submissions": (*of.submissions[:-1], submission)})

            def ours(there: Entry) -> bool:
                same = bool(there.submissions) and there.last.nonce == before.last.nonce
                return same and (there.state == before.state or there == noted(before))

            try:
                await self.write(noted(before))
            except StorageConflict:
                # What was lost may be the answer to our own last write.
                found = await self._found(ours)
                if found is None:
                    raise
                if found == noted(before):
                    _count(before, found)
                else:
                    await self.write(noted(found))


def _count(before: Entry | None, after: Entry) -> None:
    """Tell the metrics what a write has moved: each is written by one attempt alone, so it is counted once."""
    reserved = after.reserved_usd - (before.reserved_usd if before else ZERO)
    if reserved > 0:
        metrics().reserved(after.provider, reserved)
    elif reserved < 0:
        metrics().released(after.provider, -reserved)
    if (spent := after.billed_usd - (before.billed_usd if before else ZERO)) > 0:
        metrics().spent(after.provider, spent)


def now() -> datetime:
    """The time in UTC, whole milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
