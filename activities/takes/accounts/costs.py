"""What a production has cost, and may still cost, by its ledgers: for one whose workflow has no result."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Final

from activities.storage import inventory
from activities.storage.bucket import Storage
from activities.takes.accounts.account import AccountFile, AccountUnreadable
from activities.takes.ledger import Ledger, LedgerUnreadable
from workflows import keys
from workflows.models import ZERO

LEDGER: Final = "/ledger.json"
ACCOUNTS: Final = ("/account.json", "/planning.json")
AT_ONCE: Final = 16


class CostUnreadable(Exception):
    """A ledger or an account cannot be read; the message has its key and the remedy."""


async def cost_by_ledgers(storage: Storage, production_id: str) -> Decimal:
    """The bills of all requests of a production, USD. One whose outcome is unknown counts at its price.

    Raises:
        CostUnreadable: the cost is not known until a person repairs an object.
        StorageFailed: try again.
    """
    prefix = f"{keys.production_prefix(production_id)}/"
    stored = {each.key for each in await inventory.list_objects(storage, prefix)}
    slots = asyncio.Semaphore(AT_ONCE)

    async def read(key: str) -> Decimal:
        async with slots:
            try:
                if key.endswith(LEDGER):
                    entry = await Ledger(storage, key.removesuffix(LEDGER)).read()
                    return entry.billed_usd + entry.reserved_usd if entry else ZERO
                return await _unsent(storage, key, stored)
            except (LedgerUnreadable, AccountUnreadable) as error:
                raise CostUnreadable(f"the cost is unknown: repair or restore {key}, which cannot be read") from error

    found = [key for key in stored if key.endswith((LEDGER, *ACCOUNTS))]
    return sum(await asyncio.gather(*map(read, found)), ZERO)


async def costs_of_takes(storage: Storage, production_id: str) -> dict[str, Decimal]:
    """The bills of each take, by "ASSET/NUMBER", and the price of a request whose outcome is unknown, USD. All bills of
    questions to language models together have the name "". A ledger that cannot be read is left out.

    Raises:
        StorageFailed: try again.
    """
    folder = f"{keys.production_prefix(production_id)}/assets/"
    slots, found = asyncio.Semaphore(AT_ONCE), dict[str, Decimal]()

    async def read(key: str) -> None:
        async with slots:
            with suppress(LedgerUnreadable):
                if entry := await Ledger(storage, key.removesuffix(LEDGER)).read():
                    name, question = _take_in(key.removeprefix(folder))
                    usd = entry.billed_usd if question else entry.billed_usd + entry.reserved_usd
                    found[name] = found.get(name, ZERO) + usd

    stored = [each.key for each in await inventory.list_objects(storage, folder)]
    await asyncio.gather(*(read(key) for key in stored if key.endswith(LEDGER)))
    return {name: usd for name, usd in found.items() if usd}


def _take_in(key: str) -> tuple[str, bool]:
    """The name of the take with this ledger, and whether it is a question."""
    asset_id, _, rest = key.partition("/takes/")
    question = asset_id.startswith(keys.QUESTION)
    return "" if question else f"{asset_id}/{rest.removesuffix(LEDGER)}", question


async def _unsent(storage: Storage, key: str, stored: set[str]) -> Decimal:
    """The reservations of an account of questions for which there is no ledger: a suspended worker may send them."""
    folder, _, name = key.rpartition("/")
    takes = f"{folder}/assets/{keys.PLANNER}/takes" if name == "planning.json" else f"{folder}/takes"
    entries = (await AccountFile(storage, key).read()).entries
    return sum((e.usd for n, e in entries.items() if not e.settled and f"{takes}/{n}{LEDGER}" not in stored), ZERO)
