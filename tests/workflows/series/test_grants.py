"""The money of a series at the moment of payment, with real S3."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.storage.bucket import Storage
from activities.takes import paid
from activities.takes.accounts import ended
from activities.takes.accounts.account import AccountFile
from activities.takes.accounts.series import SETTLED, SETTLING, SeriesAccounts
from activities.takes.ledger import Ledger
from tests.activities.takes.attempts import Attempts, take_request
from tests.support.vendor import Vendor
from workflows import keys
from workflows.series.accounts import SERIES_SHORT, OpenSeries, PartGrant, ReservePart, ReturnPart


class Series:
    """A series of two parts of 0.50 USD, whose workflows ended as `closed` says: never, or at a time."""

    def __init__(self, storage: Storage) -> None:
        self.closed: dict[str, datetime] = {}
        self.name = {"tenant": "default", "series_id": uuid4().hex}
        self.first, self.second = uuid4().hex, uuid4().hex
        self.accounts = SeriesAccounts(storage, ended.EndedParts(storage, self._closed_at))
        self.file = AccountFile(storage, keys.batch_account("default", self.name["series_id"]))
        self._storage, self.vendor = storage, Vendor()

    async def _closed_at(self, production_id: str) -> datetime | None:
        return self.closed.get(production_id)

    async def open(self) -> None:
        parts = {self.first: Decimal("0.50"), self.second: Decimal("0.50")}
        await self.accounts.open_series(OpenSeries(budget_usd=Decimal(1), number=1, parts=parts, **self.name))

    def attempts(self, take: int = 1, model: str = "now", number: int = 1) -> Attempts:
        grant = PartGrant(number=number, **self.name)
        request = take_request(model, production_id=self.first, grant=grant, take=take)
        return Attempts(self._storage, self.vendor, request)

    async def reserve(self, usd: str, part: str = "", number: int = 1) -> None:
        request = ReservePart(production_id=part or self.second, usd=Decimal(usd), number=number, **self.name)
        await self.accounts.reserve_part(request)

    async def return_first(self, usd: str) -> None:
        request = ReturnPart(production_id=self.first, usd=Decimal(usd), number=1, **self.name)
        await self.accounts.return_part(request)

    async def held(self) -> Decimal:
        return (await self.file.read()).entries[f"{self.first}/assets"].usd


@pytest.fixture
async def series(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Series:
    monkeypatch.setattr(ended, "CLAIMS_WITHIN_SECONDS", -1)
    made = Series(storage)
    await made.open()
    return made


async def test_nothing_is_submitted_after_the_end_of_a_grant(series: Series) -> None:
    """A run that was reset recalls a take that is stored, and submits no other one after its part has returned its
    money; its series has that money for other parts."""
    first = series.attempts()
    take = await first.attempt()
    await series.return_first("0.40")
    assert await first.attempt() == take
    assert SETTLED in str(await series.attempts(take=2).fails())
    assert len(series.vendor.billed) == 1


async def test_nothing_is_submitted_where_the_grant_ends_before_the_claim(
    series: Series, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that was suspended between the check of its grant and its claim checks again, sends nothing and leaves
    no claim."""
    monkeypatch.setattr(paid, "CLAIMS_WITHIN_SECONDS", -1)
    put, ends = storage.put_bytes, [series.return_first]

    async def after_the_end(key: str, *args: Any, **named: Any) -> Any:
        if key.endswith("ledger.json") and ends:
            await ends.pop()("0")
        return await put(key, *args, **named)

    monkeypatch.setattr(storage, "put_bytes", after_the_end)
    assert SETTLED in str(await series.attempts().fails())
    entry = await Ledger(storage, keys.take_prefix(series.first, "still-1", 1)).read()
    assert entry is not None
    assert (entry.state, entry.billed_usd, len(series.vendor.billed)) == ("released", Decimal(0), 0)


async def test_the_money_of_a_terminated_part_is_for_others(series: Series, storage: Storage) -> None:
    """A part whose workflow was terminated keeps its bills, and the price of a request whose outcome is unknown, until
    that is known; the rest is for other parts, when they need it."""
    await series.attempts().attempt()  # 0.40 USD
    await series.reserve("0.50")
    with pytest.raises(ApplicationError, match="does not fit") as short:
        await series.reserve("0.60")  # both parts are open
    assert short.value.type == SERIES_SHORT
    series.closed[series.first] = datetime.now(UTC)
    with pytest.raises(ApplicationError) as waits:
        await series.reserve("0.60")
    assert (waits.value.type, waits.value.non_retryable, await series.held()) == (SETTLING, False, Decimal("0.50"))
    assert SETTLED in str(await series.attempts(take=2).fails())  # its grant has ended
    with pytest.raises(ApplicationError, match="was reset after its series"):
        await series.reserve("0.50", series.first, number=0)  # a run that was reset to before its first grant
    series.closed[series.first] -= timedelta(minutes=1)
    ledger = Ledger(storage, keys.take_prefix(series.first, "still-1", 2))
    stored = await Ledger(storage, keys.take_prefix(series.first, "still-1", 1)).read()
    assert stored is not None
    claim = stored.model_copy(update={"state": "claimed", "take": None, "price_usd": Decimal("0.05")})
    last = stored.last.model_copy(update={"billed_usd": Decimal(0)})
    await ledger.write(claim.model_copy(update={"submissions": (last,)}))
    await series.reserve("0.55")
    assert await series.held() == Decimal("0.45")
    with pytest.raises(ApplicationError, match="does not fit"):
        await series.reserve("0.56")
    await ledger.update("released", outcome="refused")
    await series.reserve("0.60")
    assert await series.held() == Decimal("0.40")
