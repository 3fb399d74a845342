"""The money of a series at the moment of payment, with real S3."""

from decimal import Decimal
from uuid import uuid4

from activities.storage.bucket import Storage
from activities.takes.accounts.series import SETTLED, SeriesAccounts
from tests.activities.takes.attempts import Attempts, take_request
from tests.support.vendor import Vendor
from workflows.series.accounts import OpenSeries, PartGrant, ReturnPart


async def test_nothing_is_submitted_after_the_end_of_a_grant(storage: Storage) -> None:
    """A run that was reset recalls a take that is stored, and submits no other one after its part has returned its
    money; its series has that money for other parts."""
    accounts, vendor, part = SeriesAccounts(storage), Vendor(), uuid4().hex
    series = {"tenant": "default", "series_id": uuid4().hex}
    await accounts.open_series(OpenSeries(budget_usd=Decimal(1), number=1, parts={part: Decimal(1)}, **series))
    grant = PartGrant(number=1, **series)
    first = Attempts(storage, vendor, take_request("now", production_id=part, grant=grant))
    take = await first.attempt()
    await accounts.return_part(ReturnPart(production_id=part, usd=Decimal("0.40"), number=1, **series))
    assert await first.attempt() == take
    second = Attempts(storage, vendor, take_request("now", production_id=part, grant=grant, take=2))
    assert SETTLED in str(await second.fails())
    assert len(vendor.billed) == 1
