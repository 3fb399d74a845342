"""The take ledger: one object a take, written with conditional puts, so that nothing is paid for twice.

    (none) ──claim──> claimed ──job id──> submitted ──media──> stored
                         │ ▲                  │
                  release│ │claim     release │  (the job failed: a new submission is needed)
                         ▼ │                  ▼
                        released <────────────┘

`claimed` found by another attempt is ambiguous: the request may or may not have reached the provider.
A take that can cost nothing needs no claim; its media object with metadata is the record.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field

from activities.storage import Storage
from workflows.models import ZERO, Model, Money, Take

State = Literal["claimed", "submitted", "stored", "released"]


class Submission(Model):
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
    billed_usd: Money = ZERO


class Entry(Model):
    """What the ledger says of a take now, with every submission so far."""

    state: State
    provider: str
    model: str
    request_digest: str
    price_usd: Money = Field(description="The catalogue's high price at the time of the claim")
    submissions: tuple[Submission, ...] = ()
    failures: int = Field(default=0, description="Real failures of the last submission and its looks")
    take: Take | None = None

    @property
    def last(self) -> Submission:
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
        self.entry: Entry | None = None

    async def read(self) -> Entry | None:
        found = await self._storage.get_bytes(self._key)
        if found is not None:
            data, self._etag = found
            self.entry = Entry.model_validate_json(data)
        return self.entry

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
        self.entry = entry

    async def note(
        self,
        state: State | None = None,
        *,
        failures: int | None = None,
        take: Take | None = None,
        job_id: str | None = None,
        outcome: str | None = None,
        billed_usd: Decimal | None = None,
    ) -> None:
        """Write what became known of the last submission; None leaves a field as it is."""
        assert self.entry is not None
        entry = {"state": state, "failures": failures, "take": take}
        last = {"job_id": job_id, "outcome": outcome, "billed_usd": billed_usd}
        submission = self.entry.last.model_copy(update={k: v for k, v in last.items() if v is not None})
        known = {k: v for k, v in entry.items() if v is not None}
        await self.write(
            self.entry.model_copy(update={**known, "submissions": (*self.entry.submissions[:-1], submission)})
        )


def now() -> datetime:
    """The time in UTC, whole milliseconds."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
