"""A client that follows the events of a production over a connection that is cut again and again."""

import threading
import time
from random import Random
from typing import Final, Self

from api.client.client import GreenlightClient, GreenlightError
from api.views.production import StreamEvent

CUT: Final = 0.12
"""The probability that the connection ends after an event."""
AWAY_SECONDS: Final = 0.6


class Watcher:
    """Follows the events in a thread; after each cut it reconnects with the last event id."""

    def __init__(self, url: str, production_id: str, rng: Random, after: int = 0) -> None:
        self.seen: list[StreamEvent] = []
        self.problems: list[str] = []
        self.cuts = 0
        self.last = self._resume = after
        self._client = GreenlightClient(url)
        self._production_id = production_id
        self._rng = rng
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"watcher of {production_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._client.close()

    def caught_up(self, event_id: int, seconds: float) -> bool:
        """Wait until the event of this id arrived, and return whether it did."""
        deadline = time.monotonic() + seconds
        while self.last < event_id and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.last >= event_id

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                self._until_cut()
            except GreenlightError as error:
                if error.status == 404:
                    self.problems.append(f"a watcher of {self._production_id} got: {error}")
            except Exception as error:  # a client that is closed while its thread reads raises many kinds of errors
                if not self._stopped.is_set():
                    self.problems.append(f"a watcher of {self._production_id} failed: {error!r}")
            self._stopped.wait(self._rng.uniform(0.05, AWAY_SECONDS))

    def _until_cut(self) -> None:
        for event in self._client.events(self._production_id, after=self._resume):
            if self._stopped.is_set():
                return
            if event.id is None:
                continue
            if event.id != self.last + 1:
                self.problems.append(f"{self._production_id}: event {event.id} came after event {self.last}")
            self.last, self._resume = event.id, event.resume_id or 0
            self.seen.append(event)
            if self._rng.random() < CUT:
                self.cuts += 1
                return
