"""The order and the limits of a tenant's turns, without a server."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from api.auth.caller import Caller
from api.auth.limits import TenantTurns, TooMany


def caller(tenant: str | None) -> Caller:
    return Caller(name="ana", tenant=tenant, roles=frozenset())


async def test_turns_of_a_tenant() -> None:
    """A tenant's requests get their turns in their order, so many at once; a cancelled one leaves its place, and the
    one above the limit is refused."""
    turns = TenantTurns(2, 5, "pictures")
    order: list[int] = []
    go_on = asyncio.Event()

    async def request(n: int) -> None:
        async with turns.turn(caller("acme")):
            order.append(n)
            await go_on.wait()

    tasks = [asyncio.create_task(request(n)) for n in range(5)]
    await asyncio.sleep(0)
    assert order == [0, 1]
    with pytest.raises(TooMany):
        await request(5)
    async with AsyncExitStack() as others:
        await others.enter_async_context(turns.turn(caller("bolt")))
        await others.enter_async_context(turns.turn(caller(None)))
    tasks[2].cancel()
    go_on.set()
    await asyncio.wait(tasks)
    assert order == [0, 1, 3, 4]
    await request(6)
    assert order[-1] == 6
