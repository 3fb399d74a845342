"""Accounts of paid questions: the reservation and the bill of each, kept in the bucket, where every worker reads them.

An account is one JSON object. Every write names the version that it replaces, and the loser of a race reads again, so
that of many concurrent planners only those whose price fits can reserve. A question is reserved at its high price
before it is sent, and settled at its bill afterwards. A reservation that is never settled stays at its high price.
Amounts are USD.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic
from typing import Final

from pydantic import ConfigDict, Field, ValidationError

from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from workflows.models import ZERO, Model, Money

MAX_SETTLED: Final = 400
"""Settled entries of one account; above it the oldest are added up, which bounds the object to about 50 KB."""
KEPT_SETTLED: Final = 200
FIRST_DELAY_SECONDS: Final = 0.01
MAX_DELAY_SECONDS: Final = 0.5
"""The longest delay between two attempts to write, with jitter: 20 writers of one object need about a second."""
GIVE_UP_SECONDS: Final = 60.0
"""How long a write is retried after conflicts; then the storage counts as unavailable and the activity is retried."""

CLAIMS_WITHIN_SECONDS: Final = 2.0
"""From the check of its money to its claim, a submission takes so long at most; otherwise it checks once more."""

SERIES: Final = "the budget of the series"
SERIES_REMEDY: Final = "approve the series again with a higher budget_usd"


class LimitReached(Exception):
    """A question is not sent: its price does not fit a limit. The message names the limit, its rest and the remedy.

    Attributes:
        may_pass: Whether the question fits as soon as other questions are settled for less than their reservations.
    """

    def __init__(self, message: str, *, may_pass: bool = False) -> None:
        super().__init__(message)
        self.may_pass = may_pass


class AccountUnreadable(Exception):
    """An account object that this version cannot read. No question is sent until a person repairs or deletes it."""


class Reservation(Model):
    """The highest possible cost of one question, or its bill once it is settled."""

    model_config = ConfigDict(extra="allow", frozen=True)  # a field of a newer version is kept

    usd: Money
    group: str = Field(default="", description="The owner within the account: a person, or an inquiry")
    settled: bool = False
    tries: int = Field(default=1, description="Grows with each reservation, so that an older settlement is refused")
    returned: bool = Field(default=False, description="Of a part of a series: it was closed, and gets no more money")
    ended: bool = Field(default=False, description="The same, by the end of its workflow: its ledgers say its cost")


class Account(Model):
    """One account. Above a number of settled entries, the oldest are kept as one sum for each group."""

    model_config = ConfigDict(extra="allow", frozen=True)

    entries: dict[str, Reservation] = Field(default_factory=dict)
    rolled_usd: dict[str, Money] = Field(default_factory=dict)
    closed: tuple[str, ...] = Field(default=(), description="Groups in which no further question may be sent")
    cap_usd: Money | None = Field(default=None, description="Of a series: the approved budget of the whole account")
    opened: int = Field(default=0, description="Of a series: the number of the newest approval")

    def taken_usd(self, group: str | None = None, *, without: str = "", settled_only: bool = False) -> Decimal:
        """The sum of reservations and bills, of one group or of all, except the question `without`."""
        rolled = sum((usd for g, usd in self.rolled_usd.items() if group in (None, g)), ZERO)
        known = (
            e.usd
            for name, e in self.entries.items()
            if name != without and group in (None, e.group) and (e.settled or not settled_only)
        )
        return sum(known, rolled)

    @property
    def caps(self) -> "tuple[Cap, ...]":
        """The limit that the account itself names."""
        return () if self.cap_usd is None else (Cap(self.cap_usd, SERIES, SERIES_REMEDY),)

    def of_group(self, group: str) -> dict[str, Reservation]:
        return {name: e for name, e in self.entries.items() if e.group == group}

    def with_entry(self, name: str, entry: Reservation) -> "Account":
        """The account with this entry as the newest; above MAX_SETTLED the oldest settled entries are added up."""
        entries = {**{n: e for n, e in self.entries.items() if n != name}, name: entry}
        rolled = dict(self.rolled_usd)
        settled = [n for n, e in entries.items() if e.settled]
        if len(settled) > MAX_SETTLED:
            for old in settled[:-KEPT_SETTLED]:
                gone = entries.pop(old)
                rolled[gone.group] = rolled.get(gone.group, ZERO) + gone.usd
        return self.model_copy(update={"entries": entries, "rolled_usd": rolled})


@dataclass(frozen=True)
class Cap:
    """A limit on an account.

    Attributes:
        name: The name that users know, e.g. "GREENLIGHT_PLANNING_USD".
        remedy: How to make room, as an imperative.
        group: The only group that the limit applies to; None for the whole account.
        before_usd: Costs outside the account that count against the limit.
    """

    usd: Decimal
    name: str
    remedy: str
    group: str | None = None
    before_usd: Decimal = ZERO

    def check(self, account: Account, question: str, usd: Decimal) -> None:
        """
        Raises:
            LimitReached: `usd` for this question does not fit.
        """
        left = self.usd - self.before_usd - account.taken_usd(self.group, without=question)
        if usd <= left:
            return
        settled = self.before_usd + account.taken_usd(self.group, without=question, settled_only=True)
        raise LimitReached(
            f"up to {usd:f} USD does not fit the {max(left, ZERO):f} USD left of {self.name} ({self.usd:f} USD); "
            f"{self.remedy}",
            may_pass=settled + usd <= self.usd,
        )


class AccountFile:
    """The object of one account in the bucket."""

    def __init__(self, storage: Storage, key: str) -> None:
        self._storage = storage
        self._key = key

    async def read(self) -> Account:
        """
        Raises:
            StorageFailed, AccountUnreadable: it cannot be read.
        """
        return (await self._versioned())[0]

    async def reserve(
        self, question: str, usd: Decimal, caps: Sequence[Cap] = (), group: str = ""
    ) -> Reservation | None:
        """Reserve `usd` for a question where all caps allow it; returns the previous entry of the question.

        Args:
            usd: For all requests of the question together: their bills so far, and the high price of the next one.

        Raises:
            LimitReached: it does not fit, or the group is closed.
            StorageFailed: the reservation may or may not be stored.
        """
        before: Reservation | None = None

        async def reserved(account: Account) -> Account:
            nonlocal before
            before = account.entries.get(question)
            if group in account.closed:
                raise LimitReached("this planning has ended; no further question is sent")
            if before is None or before.usd < usd or before.settled:
                for cap in (*caps, *account.caps):
                    cap.check(account, question, usd)
            highest = max(usd, before.usd) if before and not before.settled else usd
            tries = before.tries + 1 if before else 1
            return account.with_entry(question, Reservation(usd=highest, group=group, tries=tries))

        await self.change(reserved)
        return before

    async def settle(self, question: str, billed: Callable[[], Awaitable[Decimal | None]]) -> None:
        """Replace a reservation by the bill.

        Args:
            billed: Reads the bill; None while it is unknown. It is called after the account was read, so that a
                reservation that is made meanwhile is never undone.

        Raises:
            StorageFailed: the settlement may or may not be stored.
        """

        async def settled(account: Account) -> Account:
            entry = account.entries.get(question)
            usd = await billed() if entry else None
            if entry is None or usd is None or (entry.settled and entry.usd == usd):
                return account
            return account.with_entry(question, entry.model_copy(update={"usd": usd, "settled": True}))

        await self.change(settled)

    async def restore(self, question: str, before: Reservation | None) -> None:
        """Undo a reservation for which another account had no room."""

        async def restored(account: Account) -> Account:
            entry = account.entries.get(question)
            if entry is None or entry.settled or entry.tries > (before.tries if before else 0) + 1:
                return account
            previous = before or entry.model_copy(update={"usd": ZERO, "settled": True})
            return account.with_entry(question, previous.model_copy(update={"tries": entry.tries}))

        await self.change(restored)

    async def close(self, group: str) -> Account:
        """Allow no further reservation in a group; returns the account with the group closed."""

        async def closed(account: Account) -> Account:
            if group in account.closed:
                return account
            return account.model_copy(update={"closed": (*account.closed, group)})

        return await self.change(closed)

    async def change(self, change: Callable[[Account], Awaitable[Account]]) -> Account:
        delay, until = FIRST_DELAY_SECONDS, monotonic() + GIVE_UP_SECONDS
        while True:
            account, etag = await self._versioned()
            changed = await change(account)
            if changed is account:
                return account
            data = changed.model_dump_json(exclude_defaults=True).encode()
            try:
                await self._storage.put_bytes(
                    self._key, data, "application/json", only_if_absent=etag is None, if_match=etag
                )
            except StorageConflict:
                if monotonic() > until:
                    raise StorageFailed(f"{self._key}: too many workers write it at the same time") from None
            else:
                return changed
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            delay = min(delay * 1.5, MAX_DELAY_SECONDS)

    async def _versioned(self) -> tuple[Account, str | None]:
        found = await self._storage.get_bytes(self._key)
        if found is None:
            return Account(), None
        try:
            return Account.model_validate_json(found[0]), found[1]
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise AccountUnreadable(f"{self._key} cannot be read: {reason}; repair or delete the object") from None
