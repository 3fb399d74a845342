"""Accounts of paid questions: what is reserved and billed for each, kept in the bucket so that every worker sees it.

An account is one JSON object. Every write names the version that it replaces, and the loser of a race reads again, so
that of many planners only those get through whose price fits. A question is reserved at its high price before it is
sent and settled to what was billed afterwards. A reservation that is never settled stays at its high price. Amounts
are USD.
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
"""Between two tries to write, with jitter: 20 writers of one object need about a second."""
GIVE_UP_SECONDS: Final = 60.0
"""Of conflicts on one object; then the storage is treated as unavailable and the activity is retried."""


class LimitReached(Exception):
    """A question is not sent: its price does not fit a limit. The message names limit, rest and remedy.

    Attributes:
        passes: Whether it fits as soon as other questions are answered for less than they may cost.
    """

    def __init__(self, message: str, *, passes: bool = False) -> None:
        super().__init__(message)
        self.passes = passes


class AccountUnreadable(Exception):
    """An account object that this version cannot read. Nothing is asked until a person repairs or deletes it."""


class Reservation(Model):
    """What one question may cost, or has cost once it is settled."""

    model_config = ConfigDict(extra="allow", frozen=True)  # a field of a newer version is kept

    usd: Money
    group: str = Field(default="", description="Whose it is within the account: a person, or an inquiry")
    settled: bool = False
    tries: int = Field(default=1, description="Grows with each reservation: a settlement from before it is refused")


class Account(Model):
    """One account. Settled entries beyond a number are kept as one sum for each group."""

    model_config = ConfigDict(extra="allow", frozen=True)

    entries: dict[str, Reservation] = Field(default_factory=dict)
    rolled_usd: dict[str, Money] = Field(default_factory=dict)
    closed: tuple[str, ...] = Field(default=(), description="Groups in which nothing is asked any more")

    def taken_usd(self, group: str | None = None, *, without: str = "", settled_only: bool = False) -> Decimal:
        """Reserved and billed, of one group or of all; not of the question `without`."""
        rolled = sum((usd for g, usd in self.rolled_usd.items() if group in (None, g)), ZERO)
        known = (
            e.usd
            for name, e in self.entries.items()
            if name != without and group in (None, e.group) and (e.settled or not settled_only)
        )
        return sum(known, rolled)

    def of_group(self, group: str) -> dict[str, Reservation]:
        return {name: e for name, e in self.entries.items() if e.group == group}

    def with_entry(self, name: str, entry: Reservation) -> "Account":
        """The account with this entry as the newest; many settled ones are added up."""
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
        name: As users know it, e.g. "GREENLIGHT_PLANNING_USD".
        remedy: What makes room, as an imperative.
        group: The limit holds for this group alone; None for the whole account.
        before_usd: What counts against the limit besides the account.
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
            passes=settled + usd <= self.usd,
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
        """Reserve `usd` for a question where all caps allow it; returns the entry that was there before.

        Args:
            usd: All requests of the question together: what they were billed so far, and the next at its high price.

        Raises:
            LimitReached: it does not fit, or the group is closed.
            StorageFailed: it is not known to be reserved.
        """
        before: Reservation | None = None

        async def reserved(account: Account) -> Account:
            nonlocal before
            before = account.entries.get(question)
            if group in account.closed:
                raise LimitReached("this planning has ended: its attempts ask nothing more")
            if before is None or before.usd < usd or before.settled:
                for cap in caps:
                    cap.check(account, question, usd)
            most = max(usd, before.usd) if before and not before.settled else usd
            tries = before.tries + 1 if before else 1
            return account.with_entry(question, Reservation(usd=most, group=group, tries=tries))

        await self._change(reserved)
        return before

    async def settle(self, question: str, billed: Callable[[], Awaitable[Decimal | None]]) -> None:
        """Replace a reservation by what was billed.

        Args:
            billed: Reads it; None while nobody knows. It is called after the account was read, so that a reservation
                made meanwhile is never undone.

        Raises:
            StorageFailed: it is not known to be settled.
        """

        async def settled(account: Account) -> Account:
            entry = account.entries.get(question)
            usd = await billed() if entry else None
            if entry is None or usd is None or (entry.settled and entry.usd == usd):
                return account
            return account.with_entry(question, entry.model_copy(update={"usd": usd, "settled": True}))

        await self._change(settled)

    async def restore(self, question: str, before: Reservation | None) -> None:
        """Undo a reservation of which another account had no room."""

        async def restored(account: Account) -> Account:
            entry = account.entries.get(question)
            if entry is None or entry.settled or entry.tries > (before.tries if before else 0) + 1:
                return account
            back = before or entry.model_copy(update={"usd": ZERO, "settled": True})
            return account.with_entry(question, back.model_copy(update={"tries": entry.tries}))

        await self._change(restored)

    async def close(self, group: str) -> Account:
        """Let nothing further be reserved in a group; the account as it is then."""

        async def closed(account: Account) -> Account:
            if group in account.closed:
                return account
            return account.model_copy(update={"closed": (*account.closed, group)})

        return await self._change(closed)

    async def _change(self, change: Callable[[Account], Awaitable[Account]]) -> Account:
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
                    raise StorageFailed(f"{self._key}: too many write it at the same time") from None
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
            what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise AccountUnreadable(f"{self._key} cannot be read: {what}; repair or delete the object") from None
