"""Accounts of requests to language models: many writers of one object, and never more reserved than a limit allows."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from uuid import uuid4

import pytest

from activities.storage.bucket import Storage
from activities.takes.accounts.account import (
    KEPT_SETTLED,
    MAX_SETTLED,
    Account,
    AccountFile,
    AccountUnreadable,
    Cap,
    LimitReached,
)
from deploy.local import Stack
from tests.support.stack import use_s3

PRICE = Decimal("0.09")


def cap(usd: str, group: str | None = None) -> Cap:
    return Cap(Decimal(usd), "THE_LIMIT", "raise THE_LIMIT", group)


def bills(usd: str | None) -> Callable[[], Awaitable[Decimal | None]]:
    async def billed() -> Decimal | None:
        return None if usd is None else Decimal(usd)

    return billed


@pytest.fixture
def key() -> str:
    return f"accounts/tests/{uuid4().hex}.json"


@pytest.fixture
def account(storage: Storage, key: str) -> AccountFile:
    return AccountFile(storage, key)


async def test_concurrent_reservations_stay_within_the_limit(
    servers: Stack, storage: Storage, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20 workers that reserve on one object at the same time exactly as many succeed as the limit holds."""
    use_s3(monkeypatch, servers)
    each = [AccountFile(Storage("tests"), key) for _ in range(20)]
    ends = await asyncio.gather(
        *(file.reserve(f"q{n}", PRICE, [cap("1.00")]) for n, file in enumerate(each)), return_exceptions=True
    )
    refused = [e for e in ends if isinstance(e, LimitReached)]
    assert [e for e in ends if isinstance(e, BaseException) and e not in refused] == []
    assert len(refused) == 9
    known = await AccountFile(storage, key).read()
    assert (len(known.entries), known.taken_usd()) == (11, Decimal("0.99"))


async def test_a_refusal_names_limit_rest_and_remedy(account: AccountFile) -> None:
    """A refusal gives the price, the rest of the limit, and the remedy."""
    await account.reserve("a", Decimal("0.95"), [cap("1.00")])
    with pytest.raises(LimitReached) as refused:
        await account.reserve("b", PRICE, [cap("1.00")])
    assert str(refused.value) == (
        "up to 0.09 USD does not fit the 0.05 USD left of THE_LIMIT (1.00 USD); raise THE_LIMIT"
    )
    assert refused.value.may_pass  # "a" may cost less than it reserves
    await account.settle("a", bills("0.95"))
    with pytest.raises(LimitReached) as refused:
        await account.reserve("b", PRICE, [cap("1.00")])
    assert not refused.value.may_pass


async def test_a_repeated_attempt_reserves_once(account: AccountFile) -> None:
    """The same request counts once however often it is reserved, and grows only by a request that is sent again."""
    for _ in range(3):
        await account.reserve("a", PRICE, [cap("0.10")])
    assert (await account.read()).taken_usd() == PRICE
    with pytest.raises(LimitReached):
        await account.reserve("a", 2 * PRICE, [cap("0.10")])
    assert (await account.read()).taken_usd() == PRICE


async def test_an_unsettled_reservation_is_kept(account: AccountFile) -> None:
    """A reservation with an unknown end keeps its high price; once settled, the rest is free for others."""
    await account.reserve("a", PRICE, [cap("0.10")])
    await account.settle("a", bills(None))
    with pytest.raises(LimitReached):
        await account.reserve("b", PRICE, [cap("0.10")])
    await account.settle("a", bills("0.01"))
    await account.reserve("b", PRICE, [cap("0.10")])
    assert (await account.read()).taken_usd() == Decimal("0.10")


async def test_a_late_settlement_undoes_no_newer_reservation(account: AccountFile) -> None:
    """An attempt that read the ledger before another one reserved again does not lower the newer reservation."""
    await account.reserve("a", PRICE)
    read: list[Decimal | None] = []

    async def billed() -> Decimal | None:
        if read:  # the other attempt's request has been sent by now
            return None
        read.append(Decimal(0))
        await account.reserve("a", PRICE)
        return Decimal(0)

    await account.settle("a", billed)
    assert (await account.read()).taken_usd() == PRICE


async def test_limits_of_a_group_count_that_group(account: AccountFile) -> None:
    """A key's limit counts the requests of that key; the tenant's limit counts all of them."""
    caps = [cap("0.10", "ana"), cap("0.15")]
    await account.reserve("a", PRICE, caps, "ana")
    with pytest.raises(LimitReached):
        await account.reserve("b", Decimal("0.02"), caps, "ana")
    await account.reserve("c", Decimal("0.05"), [cap("0.10", "bo"), cap("0.15")], "bo")
    with pytest.raises(LimitReached):
        await account.reserve("d", Decimal("0.02"), [cap("0.10", "bo"), cap("0.15")], "bo")


async def test_an_undone_reservation_restores_the_account(account: AccountFile) -> None:
    """When another account has no room the reservation is undone, unless another attempt reserved again meanwhile."""
    before = await account.reserve("a", PRICE)
    await account.restore("a", before)
    assert (await account.read()).taken_usd() == 0
    before = await account.reserve("a", PRICE)
    await account.reserve("a", PRICE)
    await account.restore("a", before)
    assert (await account.read()).taken_usd() == PRICE


async def test_nothing_is_reserved_in_a_closed_group(account: AccountFile) -> None:
    """Once an inquiry is closed no attempt reserves in it, and others continue."""
    await account.reserve("a", PRICE, group="1")
    closed = await account.close("1")
    assert closed.of_group("1").keys() == {"a"}
    with pytest.raises(LimitReached, match="ended"):
        await account.reserve("b", PRICE, group="1")
    await account.reserve("c", PRICE, group="2")


def test_many_settled_entries_become_a_sum() -> None:
    """The object stays small: old settled entries are summed for each group, open ones are kept, and no cent is
    lost."""
    from activities.takes.accounts.account import Reservation

    account = Account().with_entry("open", Reservation(usd=PRICE, group="ana"))
    for n in range(3 * MAX_SETTLED):
        account = account.with_entry(f"q{n}", Reservation(usd=Decimal("0.01"), group=f"g{n % 2}", settled=True))
        assert len(account.entries) <= MAX_SETTLED + 1
    assert "open" in account.entries
    assert len(account.entries) > KEPT_SETTLED
    assert account.taken_usd() == PRICE + 3 * MAX_SETTLED * Decimal("0.01")
    assert account.taken_usd("g1") == 3 * MAX_SETTLED * Decimal("0.01") / 2
    assert len(account.model_dump_json(exclude_defaults=True)) < 60_000


async def test_an_unreadable_account_refuses_reservations(storage: Storage, key: str, account: AccountFile) -> None:
    """An invalid account reserves nothing and the error names the object; fields of a newer version are kept."""
    await storage.put_bytes(key, b'{"entries": 3}', "application/json")
    with pytest.raises(AccountUnreadable, match=key):
        await account.reserve("a", PRICE)
    await storage.put_bytes(key, b'{"entries": {"a": {"usd": "0.01", "newer": 1}}, "newer": [2]}', "application/json")
    await account.reserve("b", PRICE)
    found = await storage.get_bytes(key)
    assert found
    assert found[0].count(b'"newer"') == 2
