"""The ids of events in streams, which `Last-Event-ID` brings back, also to another process.

The id of an event is its number. After `temporal workflow reset` the log has other events of the same numbers: their
ids also have the time of the reset, so they are larger than all ids before it. They stay decimal numbers that a double
holds exactly, because clients parse and compare them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from workflows.events import Event

MAX_ID_DIGITS: Final = 16
_NUMBERS: Final = 1_000_000
"""A record is full before it has so many events."""
NEWEST: Final = 10**12
"""As `Position.reset`: of a number in the newest log."""
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_UNIT: Final = timedelta(milliseconds=100)


class Position(NamedTuple):
    """The last event that a watcher has, and the last reset before it in the log that the watcher read."""

    number: int = 0
    reset: int = 0
    """In units of 0.1 s since 2026; 0 where there was none."""

    @classmethod
    def of_id(cls, event_id: int) -> "Position":
        reset, number = divmod(event_id, _NUMBERS)
        return cls(number, reset)

    @classmethod
    def at(cls, event: Event, resets: Sequence[datetime]) -> "Position":
        return cls(event.id, max((_mark(reset) for reset in resets if reset <= event.at), default=0))

    @property
    def id(self) -> int:
        return self.reset * _NUMBERS + self.number

    def known(self, times: Sequence[datetime], resets: Sequence[datetime]) -> int:
        """How many events of a log the watcher has: none of those after a reset that the watcher has not seen.

        Args:
            times: Of the events of the log.
            resets: Of the same log.
        """
        unseen = min((reset for reset in resets if _mark(reset) > self.reset), default=None)
        common = len(times) if unseen is None else sum(at < unseen for at in times)
        return min(self.number, common)


def last_id(events: Sequence[Event], resets: Sequence[datetime]) -> int:
    """The id of the last event; 0 where there is none."""
    return Position.at(events[-1], resets).id if events else 0


def _mark(reset: datetime) -> int:
    return max(1, (reset - _EPOCH) // _UNIT)
