"""The take ledger: one object for each take, written with conditional puts, so that nothing is paid for twice.

    (none) ──claim──> claimed ──job id──> submitted ──media──> stored
                         │ ▲                  │
                  release│ │claim     release │  (the job failed: a new submission is needed)
                         ▼ │                  ▼
                        released <────────────┘

`claimed` by another attempt is ambiguous: the request may or may not have reached the provider.
A cancel writes `released` with its failure (`final`), also if nothing was submitted: no attempt claims after that.
A take that can cost nothing needs no claim; its media object with metadata is the record.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from pydantic import ConfigDict, Field, JsonValue, ValidationError

from activities.metrics import metrics
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from workflows.activity_io import AssetFailure
from workflows.models import ZERO, Modality, Model, Money, Take
from workflows.prices import EarlierRequest

State = Literal["claimed", "submitted", "stored", "released"]


class LedgerUnreadable(Exception):
    """This version cannot read the ledger object. `job_id` is the last one in its text."""

    def __init__(self, key: str, reason: str, job_id: str | None) -> None:
        super().__init__(f"the ledger {key} cannot be read ({reason})")
        self.job_id = job_id


class _Extensible(Model):
    """A record to which a newer version may have added fields: they are kept when it is written again."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Submission(_Extensible):
    """One request to the provider that may have cost money."""

    at: datetime
    run_id: str
    attempt: int
    nonce: str = Field(description="Identifies this attempt's own claim if the response to its write was lost")
    order: int = Field(default=0, description="The number of the reviewer's order that it follows")
    job_id: str | None = None
    outcome: str = ""
    resubmitted: bool = Field(default=False, description="Sent although the previous one may have arrived")
    billed_usd: Money = ZERO
    beats: int = Field(default=0, description="Grows while its attempt awaits the provider's response")
    waited: bool = Field(default=False, description="The provider asked to wait: it cost nothing and is not a failure")


class Entry(_Extensible):
    """The current state of a take, with every submission so far."""

    state: State
    provider: str
    model: str
    asset_type: Modality | None = None
    parameters: dict[str, JsonValue] = Field(default={}, description="Of the request: its cost may depend on them")
    request_digest: str
    price_usd: Money = Field(description="The catalogue's high price at the time of the claim")
    submissions: tuple[Submission, ...] = ()
    failures: int = Field(default=0, description="Consecutive failures of submissions or polls; waits do not count")
    waits: int = Field(default=0, description="How often in a row the provider asked to wait")
    final: AssetFailure | None = Field(
        default=None, description="How the take ended; only a reviewer's order continues it"
    )
    cancelled: bool = Field(default=False, description="Ended by a cancel: no order continues it either")
    take: Take | None = None

    @property
    def is_open(self) -> bool:
        """Whether the outcome of its last submission is unknown: it may still be billed."""
        return self.state in ("claimed", "submitted")

    @property
    def reserved_usd(self) -> Decimal:
        """What its open submission may still cost; zero if it is ambiguous and counted as billed."""
        return self.price_usd if self.is_open and not self.last.billed_usd else ZERO

    @property
    def last(self) -> Submission:
        """The newest submission; every entry has one, except that of a take cancelled before its first."""
        return self.submissions[-1]

    @property
    def job_id(self) -> str | None:
        return self.last.job_id if self.submissions else None

    @property
    def billed_usd(self) -> Decimal:
        return sum((s.billed_usd for s in self.submissions), ZERO)

    def as_earlier(self) -> EarlierRequest:
        """The request of this ledger, for a run that finds its number used by it."""
        above = sum((max(s.billed_usd - self.price_usd, ZERO) for s in self.submissions), ZERO)
        return EarlierRequest(provider=self.provider, model=self.model, price_usd=self.price_usd, above_usd=above)


class Ledger:
    """The ledger object of one take. Every write names the version it replaces: the loser of a race reads again."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self._storage = storage
        self._key = f"{prefix}/ledger.json"
        self._etag: str | None = None
        self._update_lock = asyncio.Lock()
        self.entry: Entry | None = None

    async def read(self) -> Entry | None:
        """The current entry, or None if there is none.

        Raises:
            LedgerUnreadable: the object exists, and cannot be parsed.
            StorageFailed: the storage does not respond.
        """
        found = await self._storage.get_bytes(self._key)
        self.entry, self._etag = None, found[1] if found else None
        if found:
            self.entry = self._parse(found[0])
        return self.entry

    def _parse(self, data: bytes) -> Entry:
        try:
            return Entry.model_validate_json(data, extra="allow")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            reason = f"{'.'.join(map(str, first['loc'])) or 'the text'}: {first['msg']}"
            jobs = re.findall(rb'"job_id"\s*:\s*"([^"\\]{1,200})"', data)
            raise LedgerUnreadable(
                self._key, reason[:200], jobs[-1].decode(errors="replace") if jobs else None
            ) from None

    async def _reread(self, ours: Callable[[Entry], bool]) -> Entry | None:
        """Read the entry, and continue from it if it is `ours`. The version of another attempt's entry is not kept:
        with it, the next write would replace that entry."""
        found = await self._storage.get_bytes(self._key)
        entry = self._parse(found[0]) if found else None
        if found is None or entry is None or not ours(entry):
            return None
        self.entry, self._etag = entry, found[1]
        return entry

    async def keep_unreadable(self) -> None:
        """Copy the unreadable object that was read last to another key: the next write replaces it."""
        found = await self._storage.get_bytes(self._key)
        if found is not None:
            data, self._etag = found
            await self._storage.put_bytes(f"{self._key}.unreadable", data, "application/octet-stream")

    async def write(self, entry: Entry) -> None:
        """Replace the entry that was read by `entry`.

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
        _count_money(self.entry, entry)
        self.entry = entry

    async def add_submission(self, entry: Entry) -> None:
        """Write an entry whose last submission is new.

        Raises:
            StorageConflict, StorageFailed: it is not stored.
        """
        before = self.entry
        try:
            await self.write(entry)
        except (StorageConflict, StorageFailed):
            # If only the response was lost, and not the write, then the stored entry is ours.
            found = await self._reread(lambda other: bool(other.submissions) and other.last.nonce == entry.last.nonce)
            if found is None:
                raise
            _count_money(before, found)

    async def count_as_billed(self) -> None:
        """Count an open submission as billed: whether it was billed is unknown."""
        entry = self.entry
        if entry and entry.is_open and not entry.last.billed_usd:
            await self.update(billed_usd=entry.price_usd)

    async def record_job(self, nonce: str, job_id: str) -> None:
        """Record the job of an earlier submission with a late response, so that operators find it.

        Raises:
            StorageConflict: another attempt wrote meanwhile.
        """
        found = await self.read()
        if found is not None:
            named = (s.model_copy(update={"job_id": job_id}) if s.nonce == nonce else s for s in found.submissions)
            await self.write(found.model_copy(update={"submissions": tuple(named)}))

    async def update(
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
        """Update the entry and its last submission; None leaves a field as it is.

        Args:
            only_while: Write nothing if the entry is in another state by now.

        Raises:
            StorageConflict: the last submission is no longer ours, or another attempt continued it.
        """
        entry = {"state": state, "failures": failures, "take": take, "waits": waits, "final": final}
        last = {"job_id": job_id, "outcome": outcome, "billed_usd": billed_usd, "waited": waited, "beats": beats}
        async with self._update_lock:
            before = self.entry
            assert before is not None
            if only_while and before.state != only_while:
                return

            def updated(base: Entry) -> Entry:
                submission = base.last.model_copy(update={k: v for k, v in last.items() if v is not None})
                known = {k: v for k, v in entry.items() if v is not None}
                return base.model_copy(update={**known, "submissions": (*base.submissions[:-1], submission)})

            def ours(other: Entry) -> bool:
                same = bool(other.submissions) and other.last.nonce == before.last.nonce
                return same and (other.state == before.state or other == updated(before))

            try:
                await self.write(updated(before))
            except StorageConflict:
                # Only the response to our own last write may have been lost.
                found = await self._reread(ours)
                if found is None:
                    raise
                if found == updated(before):
                    _count_money(before, found)
                else:
                    await self.write(updated(found))


def _count_money(before: Entry | None, after: Entry) -> None:
    """Count the USD that a write has moved: one attempt alone succeeds with each write, so it is counted once."""
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
