"""The slots of one provider: who holds one, who waits, and which slots are to be checked. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from workflows.base import Model
from workflows.slots.messages import CheckSlots, HeldSlot, PoolView, SlotRequest, Verdict
from workflows.slots.queue import FairQueue, Waiting

FIRST_CHECK: Final = timedelta(seconds=30)
"""After a grant; most takes have released their slot by then."""
LAST_CHECK: Final = timedelta(minutes=2)
"""The longest time between two checks, after it was doubled each time."""
ABANDONED_CHECK: Final = timedelta(seconds=2)
"""The first check of a slot whose workflow needs it no more: until then its job may be cancelled."""
MAX_CHECKED: Final = 100
"""The slots of one check: two requests each, and within a minute."""


class CarriedSlot(Model):
    """A held slot with its next check."""

    held: HeldSlot
    due: datetime
    pause: timedelta


class PoolStart(Model):
    """The input of a pool, and its state when it is continued as new."""

    provider: str
    limit: int | None = Field(default=None, ge=1, description="Takes at the provider at any moment; null: any number")
    replaces: bool = Field(default=False, description="An earlier pool was ended, and this one knows nothing of it")
    held: tuple[CarriedSlot, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    starts: dict[int, dict[str, float]] = Field(default_factory=dict)


@dataclass
class _Slot:
    held: HeldSlot
    due: datetime
    pause: timedelta


class Slots:
    """The state of a pool. A slot that is granted is held until it is released, or a check finds it free."""

    def __init__(self, start: PoolStart) -> None:
        self.provider, self.limit = start.provider, start.limit
        self._held = {each.held.slot: _Slot(each.held, each.due, each.pause) for each in start.held}
        self._queue = FairQueue(start.waiting, start.starts)
        self._again: dict[str, str] = {}
        """Held slots -> their holders, to which they are reported once more."""
        self._unreported: set[str] = set()
        """Slots that are granted for the first time, until their holders know it."""

    def request(self, request: SlotRequest, now: datetime) -> None:
        """Apply a message of a holder."""
        for slot in request.released:
            self._queue.remove(slot)
            self._held.pop(slot, None)
        for slot in request.abandoned:
            self._queue.remove(slot)
            self._abandon(slot, now)
        for slot in (*request.running, *request.wanted):
            if slot in self._held:
                held = self._held[slot].held
                self._held[slot].held = held.model_copy(update={"holder": request.holder, "abandoned": False})
                self._again[slot] = request.holder
            elif slot in request.running:
                self._queue.remove(slot)
                self._hold(slot, request.holder, now)
                self._again[slot] = request.holder
            else:
                names = {"tenant": request.tenant, "weight": request.weight, "priority": request.priority}
                self._queue.add(Waiting.model_validate({"slot": slot, "holder": request.holder, **names}))

    def grant(self, most: int, now: datetime) -> dict[str, tuple[str, ...]]:
        """Give free slots to the takes that are next; holder -> its slots to report, at most `most` in all."""
        reported: dict[str, list[str]] = {}
        for slot in list(self._again)[:most]:
            reported.setdefault(self._again.pop(slot), []).append(slot)
        left = most - sum(map(len, reported.values()))
        while left > 0 and self._queue and (self.limit is None or len(self._held) < self.limit):
            taken = self._queue.pop()
            self._hold(taken.slot, taken.holder, now)
            self._unreported.add(taken.slot)
            reported.setdefault(taken.holder, []).append(taken.slot)
            left -= 1
        return {holder: tuple(slots) for holder, slots in reported.items()}

    def confirm(self, slots: Iterable[str]) -> None:
        """The holder knows of these slots."""
        self._unreported.difference_update(slots)

    def lose(self, holder: str, slots: Sequence[str], now: datetime) -> None:
        """The holder is closed: what it waits for ends, and what it held before is checked."""
        self._queue.remove_all_of(holder)
        for slot in slots:
            if slot in self._unreported:
                self._held.pop(slot, None)
            self._abandon(slot, now)
        self.confirm(slots)

    def take_due(self, now: datetime) -> CheckSlots:
        """The slots to check now, the earliest first. Each one's next check is set."""
        due = sorted((s for s in self._held.values() if s.due <= now), key=lambda s: s.due)[:MAX_CHECKED]
        for each in due:
            each.pause = min(2 * each.pause, LAST_CHECK)
            each.due = now + each.pause
        return CheckSlots(provider=self.provider, slots=tuple(s.held for s in due))

    def apply(self, checked: Sequence[HeldSlot], verdicts: Iterable[Verdict]) -> None:
        """Free what a check found free, and ask the holder where only that one has the answer.

        What was requested again meanwhile stays held.
        """
        for before, verdict in zip(checked, verdicts, strict=True):
            found = self._held.get(before.slot)
            if found is None or found.held != before or before.slot in self._again:
                continue
            if verdict == "free":
                del self._held[before.slot]
            elif verdict == "unclear":
                self._again[before.slot] = before.holder

    @property
    def has_work(self) -> bool:
        """Whether `grant` would tell anyone anything."""
        free = self.limit is None or len(self._held) < self.limit
        return bool(self._again) or (free and bool(self._queue))

    def next_due(self) -> datetime | None:
        return min((s.due for s in self._held.values()), default=None)

    def view(self) -> PoolView:
        held = tuple(s.held for s in self._held.values())
        return PoolView(provider=self.provider, limit=self.limit, held=held, waiting=self._queue.counts())

    def carried(self) -> PoolStart:
        held = tuple(CarriedSlot(held=s.held, due=s.due, pause=s.pause) for s in self._held.values())
        return PoolStart(provider=self.provider, limit=self.limit, held=held, **self._queue.carried())

    def _hold(self, slot: str, holder: str, now: datetime) -> None:
        held = HeldSlot(slot=slot, holder=holder, since=now)
        self._held[slot] = _Slot(held, now + FIRST_CHECK, FIRST_CHECK)

    def _abandon(self, slot: str, now: datetime) -> None:
        if (found := self._held.get(slot)) and not found.held.abandoned:
            found.held = found.held.model_copy(update={"abandoned": True})
            found.due, found.pause = now + ABANDONED_CHECK, ABANDONED_CHECK
