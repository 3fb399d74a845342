"""The rules of a pool of slots: who is next, and what is held until when."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.slots.messages import HeldSlot, SlotRequest, Verdict, take_of
from workflows.slots.state import ABANDONED_CHECK, FIRST_CHECK, PoolStart, Slots

NOW = datetime(2026, 11, 30, tzinfo=UTC)
WEIGHTS = {"north": 3.0, "south": 1.0, "west": 0.5}


class Pool:
    """A pool with one slot, unless a test says more, and the messages of its holders."""

    def __init__(self, limit: int | None = 1) -> None:
        self.slots = Slots(PoolStart(provider="vendor", limit=limit))
        self.now = NOW

    def send(self, tenant: str, priority: int = 3, **changes: tuple[str, ...]) -> None:
        terms = {"holder": f"production-{tenant}", "tenant": tenant, "weight": WEIGHTS.get(tenant, 1.0)}
        self.slots.request(SlotRequest.model_validate({**terms, "priority": priority, **changes}), self.now)

    def queue(self, tenant: str, count: int, priority: int = 3) -> None:
        self.send(tenant, priority, wanted=tuple(f"{tenant}/still-{n}/1" for n in range(count)))

    def grant(self) -> list[str]:
        """The takes that are told of a slot now."""
        return [slot for slots in self.slots.grant(100, self.now).values() for slot in slots]

    def take_turns(self, rounds: int) -> list[str]:
        """The tenants of the next takes; each one ends before the next begins."""
        found = []
        for _ in range(rounds):
            (slot,) = self.grant()
            tenant = take_of(slot)[0]
            self.send(tenant, released=(slot,))
            found.append(tenant)
        return found

    def check(self, verdict: Verdict) -> tuple[HeldSlot, ...]:
        """Check what is due, with the same result for all."""
        due = self.slots.take_due(self.now).slots
        self.slots.apply(due, [verdict] * len(due))
        return due

    def continued(self) -> None:
        """Go on in another run."""
        self.slots = Slots(PoolStart.model_validate_json(self.slots.carried().model_dump_json()))


@pytest.mark.parametrize("continued", [False, True])
def test_shares_follow_weights(continued: bool) -> None:
    """Tenants with waiting takes get slots by their weights, to within a slot each, also across runs of the pool."""
    pool = Pool()
    for tenant in WEIGHTS:
        pool.queue(tenant, 300)
    names = []
    for _ in range(9):
        names += pool.take_turns(20)
        if continued:
            pool.continued()
    assert [names.count(tenant) for tenant in WEIGHTS] == pytest.approx([120, 40, 20], abs=1)


def test_a_tenant_that_comes_late_is_next() -> None:
    """While one tenant has 1,000 waiting takes and has had 50, the first of another one gets the next slot; after
    a time without any, a tenant has no credit."""
    pool = Pool()
    pool.queue("north", 1_000)
    assert pool.take_turns(50) == ["north"] * 50
    pool.queue("south", 1)
    assert pool.take_turns(1) == ["south"]
    pool.take_turns(50)
    pool.queue("south", 10)
    assert pool.take_turns(8).count("south") <= 3


def test_people_come_before_batches() -> None:
    """A lower priority key gets all slots first, whatever the tenant."""
    pool = Pool()
    pool.queue("north", 2, priority=3)
    pool.queue("south", 2, priority=2)
    assert pool.take_turns(4) == ["south", "south", "north", "north"]


def test_the_limit_holds() -> None:
    """No more takes hold a slot than the limit says, after a repeated request and a changed limit; null lifts it."""
    pool = Pool(limit=2)
    pool.queue("north", 5)
    first = pool.grant()
    assert len(first) == 2
    pool.queue("north", 5)
    assert sorted(pool.grant()) == sorted(first)  # they are told again, and no other
    pool.slots.limit = 1
    pool.send("north", released=(first[0],))
    assert pool.grant() == []
    pool.slots.limit = None
    assert len(pool.grant()) == 3


def test_a_job_that_runs_counts_at_once() -> None:
    """A submission that is open without a slot counts above the limit, and nothing is granted until it is below."""
    pool = Pool()
    pool.queue("north", 1)
    (first,) = pool.grant()
    pool.send("south", running=("south/shot-1/1",))
    assert pool.grant() == ["south/shot-1/1"]
    pool.queue("north", 2)
    pool.grant()
    pool.send("north", released=(first,))
    assert pool.grant() == []
    pool.send("south", released=("south/shot-1/1",))
    assert pool.grant() == ["north/still-1/1"]


def test_a_slot_that_nobody_releases_is_checked() -> None:
    """A slot is free when a check says that its take is over, not before; an unclear one is asked for at its holder."""
    pool = Pool()
    pool.queue("north", 2)
    (first,) = pool.grant()
    assert pool.check("free") == ()  # too early
    pool.now += FIRST_CHECK
    assert len(pool.check("held")) == 1
    assert pool.grant() == []
    pool.now += 2 * FIRST_CHECK
    pool.check("unclear")
    assert pool.grant() == [first]
    pool.send("north", abandoned=(first,))
    pool.now += ABANDONED_CHECK
    pool.check("free")
    assert pool.grant() == ["north/still-1/1"]


def test_a_check_that_is_overtaken_frees_nothing() -> None:
    """A take that requests its slot again during a check keeps it."""
    pool = Pool()
    pool.queue("north", 1)
    (first,) = pool.grant()
    pool.send("north", abandoned=(first,))
    pool.now += ABANDONED_CHECK
    due = pool.slots.take_due(pool.now).slots
    pool.send("north", wanted=(first,))
    pool.slots.apply(due, ["free"])
    pool.queue("south", 1)
    assert pool.grant() == [first]


def test_a_holder_that_is_closed_frees_its_slots() -> None:
    """What a closed workflow waits for ends, and a slot of which it never knew is free at once; one that it had is
    checked."""
    pool = Pool()
    pool.queue("north", 2)
    pool.queue("south", 1)
    (never_told,) = pool.grant()
    pool.slots.lose("production-north", (never_told,), pool.now)
    assert pool.grant() == ["south/still-0/1"]
    pool.slots.confirm(("south/still-0/1",))
    pool.slots.lose("production-south", ("south/still-0/1",), pool.now)
    pool.queue("west", 1)
    assert pool.grant() == []
    pool.now += timedelta(seconds=3)
    pool.check("free")
    assert pool.grant() == ["west/still-0/1"]


def test_thousands_wait_in_one_payload() -> None:
    """With 2,000 productions that wait, the state of a pool stays below a quarter of Temporal's limit for a payload."""
    pool = Pool()
    for number in range(2_000):
        pool.queue(f"tenant-{number}", 1)
    assert len(pool.slots.carried().model_dump_json()) < 512 * 1024
