"""The account of a series: one amount for each part, next to the questions of its planning in the same object.

Every write names the version that it replaces, so that of parts that ask at the same time only those get money for
which there is some. Amounts are USD.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.storage.bucket import Storage
from activities.takes.accounts.account import SERIES, SERIES_REMEDY, Account, AccountFile, LimitReached, Reservation
from activities.takes.accounts.ended import ASSETS, EndedParts
from activities.takes.attempt import application_error
from workflows import keys
from workflows.activity_io import BUDGET_SHORT, AssetFailure
from workflows.models import ZERO
from workflows.series.accounts import (
    OPEN_SERIES,
    RESERVE_PART,
    RETURN_PART,
    SERIES_SHORT,
    Granted,
    OpenSeries,
    PartGrant,
    ReservePart,
    ReturnPart,
    SeriesAccount,
)

SETTLING: Final = "SeriesSettling"
"""The type of a failure that is retried: it is not known yet what a part has cost whose workflow was ended."""
TRY_AGAIN: Final = timedelta(seconds=10)
CLOSED: Final = "the series of this production is not approved yet, so nothing may be spent; approve the series"
SETTLED: Final = (
    "this production was reset after its series had settled its costs, so nothing more is paid for it; start a new one "
    "from its brief"
)

Change = Callable[[Account], Account]


class GrantEnded(LimitReached):
    """A part gets nothing, however much the series has."""


class SeriesAccounts:
    """The activities of the account of a series. Each is idempotent."""

    def __init__(self, storage: Storage, ended: EndedParts | None = None) -> None:
        self._storage = storage
        self._ended = ended or EndedParts(storage)

    @activity.defn(name=OPEN_SERIES)
    async def open_series(self, request: OpenSeries) -> None:
        """Store an approved budget, and reserve the amount of each part.

        Raises:
            ApplicationError: type SERIES_SHORT, not retried; nothing changed.
            ApplicationError: type SETTLING; StorageFailed: try again.
        """
        await self._change(request, lambda account: opened(account, request))

    @activity.defn(name=RESERVE_PART)
    async def reserve_part(self, request: ReservePart) -> Granted:
        """Reserve an amount for a part; the result is what the account holds for it, which may be more.

        Raises:
            ApplicationError: type SERIES_SHORT, not retried; nothing changed.
            ApplicationError: type SETTLING; StorageFailed: try again.
        """
        account = await self._change(request, lambda account: reserved(account, request))
        return granted(account, request.production_id)

    @activity.defn(name=RETURN_PART)
    async def return_part(self, request: ReturnPart) -> Granted:
        """End a grant, and keep only what was spent of it.

        Raises:
            ApplicationError: type SERIES_SHORT, not retried; the grant has ended before.
            StorageFailed: try again.
        """
        account = await self._change(request, lambda account: returned(account, request))
        return granted(account, request.production_id)

    async def _change(self, request: SeriesAccount, change: Change) -> Account:
        """Change the account. Where it has too little, parts whose workflow was ended are settled first."""
        file = _file(self._storage, request)

        async def changed(account: Account) -> Account:
            return change(account)

        try:
            return await file.change(changed)
        except GrantEnded as error:
            raise _short(error) from None
        except LimitReached as error:
            short = error
        settled = await self._ended.settle(file, getattr(request, "production_id", ""))
        if settled == "wait":
            message = f"{short}; it waits for the cost of a part whose workflow was ended"
            benign = ApplicationErrorCategory.BENIGN
            raise ApplicationError(message, type=SETTLING, next_retry_delay=TRY_AGAIN, category=benign)
        if settled == "nothing":
            raise _short(short)
        try:
            return await file.change(changed)
        except LimitReached as error:
            raise _short(error) from None


def _short(error: LimitReached) -> ApplicationError:
    return ApplicationError(str(error), type=SERIES_SHORT, non_retryable=True)


async def check_grant(storage: Storage, grant: PartGrant, production_id: str) -> None:
    """Check, before a request is submitted, that the money of its grant was not returned: a run that was reset knows
    nothing of the return.

    Raises:
        ApplicationError: it was; nothing was submitted.
        StorageFailed: try again.
    """
    entry = (await _file(storage, grant).read()).entries.get(_name(production_id))
    if entry is None or entry.tries != grant.number:
        raise application_error(AssetFailure(message=SETTLED, kind=BUDGET_SHORT))


def _file(storage: Storage, account: SeriesAccount) -> AccountFile:
    return AccountFile(storage, keys.batch_account(account.tenant, account.series_id))


def _name(production_id: str) -> str:
    return f"{production_id}/{ASSETS}"


def granted(account: Account, production_id: str) -> Granted:
    entry = account.entries.get(_name(production_id))
    return Granted(usd=entry.usd, number=entry.tries) if entry else Granted(usd=ZERO, number=1)


def _with_part(account: Account, production_id: str, entry: Reservation) -> Account:
    return account.with_entry(_name(production_id), entry.model_copy(update={"group": production_id}))


def opened(account: Account, request: OpenSeries) -> Account:
    """The account with the budget. A lower amount for a part than before begins a new grant."""
    if request.number <= account.opened:
        return account
    changed = account.model_copy(update={"cap_usd": request.budget_usd, "opened": request.number})
    for production_id, usd in request.parts.items():
        entry = account.entries.get(_name(production_id)) or Reservation(usd=usd)
        if not entry.returned:
            new = Reservation(usd=usd, tries=entry.tries + (usd < entry.usd))
            changed = _with_part(changed, production_id, new)
    taken = changed.taken_usd()
    if taken > request.budget_usd:
        raise LimitReached(
            f"the parts may cost {taken:f} USD together with their planning, which does not fit {SERIES} "
            f"({request.budget_usd:f} USD); {SERIES_REMEDY}, of {taken:f} or more"
        )
    return changed


def reserved(account: Account, request: ReservePart) -> Account:
    entry = account.entries.get(name := _name(request.production_id))
    if entry and request.number != entry.tries and (request.number or entry.returned):
        raise GrantEnded(SETTLED)
    if entry and entry.usd >= request.usd:
        return account
    if account.cap_usd is None:
        raise GrantEnded(CLOSED)
    for cap in account.caps if request.usd else ():
        cap.check(account, name, request.usd)
    before = entry or Reservation(usd=request.usd)
    return _with_part(account, request.production_id, before.model_copy(update={"usd": request.usd}))


def returned(account: Account, request: ReturnPart) -> Account:
    entry = account.entries.get(_name(request.production_id))
    if entry and entry.returned and (entry.usd, entry.tries) == (request.usd, request.number + 1):
        return account  # an earlier attempt did it
    if entry is None or entry.tries != request.number:
        raise GrantEnded(SETTLED)
    end = Reservation(usd=request.usd, tries=request.number + 1, returned=True)
    return _with_part(account, request.production_id, end)
