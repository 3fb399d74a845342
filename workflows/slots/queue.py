"""The order in which takes get slots: by priority key, then tenants in turn by their weights. Pure.

A tenant's next slot has a start, and each slot moves it on by 1/weight; the smallest start is next. A tenant that comes
or returns starts where the last slot was given, so that it is served next and has no credit for its absence. This is
how Temporal shares a task queue by fairness keys, in one partition.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from workflows.base import Model


class Waiting(Model):
    """A take that waits for a slot."""

    slot: str
    holder: str
    tenant: str
    weight: float = Field(default=1.0, gt=0)
    priority: int = 3


class _Level:
    """The takes of one priority key."""

    def __init__(self, starts: dict[str, float]) -> None:
        self.tenants: dict[str, dict[str, Waiting]] = {}
        self.starts = starts
        self.now = min(starts.values(), default=0.0)

    def start_of(self, tenant: str) -> float:
        return max(self.starts.get(tenant, 0.0), self.now)

    def pop(self) -> Waiting:
        tenant = min(self.tenants, key=self.start_of)
        queue = self.tenants[tenant]
        taken = queue.pop(next(iter(queue)))
        self.now = self.start_of(tenant)
        self.starts[tenant] = self.now + 1 / taken.weight
        self.forget(tenant)
        return taken

    def forget(self, tenant: str) -> None:
        """Drop the tenant's queue once it is empty, and the starts that say nothing any more."""
        if not self.tenants.get(tenant):
            self.tenants.pop(tenant, None)
            self.starts = {name: at for name, at in self.starts.items() if at > self.now or name in self.tenants}


class FairQueue:
    """Takes that wait for slots.

    Args:
        starts: Those of each priority key, of an earlier run of the pool.
    """

    def __init__(self, waiting: Iterable[Waiting] = (), starts: dict[int, dict[str, float]] | None = None) -> None:
        self._levels = {priority: _Level(dict(known)) for priority, known in (starts or {}).items()}
        self._waiting: dict[str, Waiting] = {}
        for each in waiting:
            self.add(each)

    def __contains__(self, slot: str) -> bool:
        return slot in self._waiting

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Add a take at the end of its tenant's takes; one that waits keeps its place."""
        if waiting.slot not in self._waiting:
            self._waiting[waiting.slot] = waiting
            level = self._levels.setdefault(waiting.priority, _Level({}))
            level.tenants.setdefault(waiting.tenant, {})[waiting.slot] = waiting

    def remove(self, slot: str) -> None:
        if found := self._waiting.pop(slot, None):
            level = self._levels[found.priority]
            level.tenants[found.tenant].pop(slot)
            level.forget(found.tenant)

    def pop(self) -> Waiting:
        """The take that is next.

        Raises:
            ValueError: none waits.
        """
        taken = self._levels[min(key for key, level in self._levels.items() if level.tenants)].pop()
        del self._waiting[taken.slot]
        return taken

    def remove_all_of(self, holder: str) -> None:
        for slot in [w.slot for w in self._waiting.values() if w.holder == holder]:
            self.remove(slot)

    def counts(self) -> dict[str, int]:
        """Tenant -> takes that wait."""
        found: dict[str, int] = {}
        for each in self._waiting.values():
            found[each.tenant] = found.get(each.tenant, 0) + 1
        return found

    def carried(self) -> dict[str, Any]:
        """The arguments of a queue that goes on with this state."""
        starts = {priority: level.starts for priority, level in self._levels.items() if level.starts}
        return {"waiting": tuple(self._waiting.values()), "starts": starts}
