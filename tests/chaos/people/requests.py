"""The requests of a reviewer: sent with retries and budgets, and counted by their outcome."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final, TypeVar

from api.client.client import GreenlightClient, GreenlightError
from tests.chaos.scenario import ProductionScript
from tests.chaos.servers.vendors import Vendors
from tests.support.waiting import WITHIN
from workflows.models import ZERO

T = TypeVar("T")

PATIENCE_SECONDS: Final = WITHIN
"""Longer than any outage of a trial."""
LATE_SECONDS: Final = 15.0
"""A request without a response may still take effect: its update is queued at the server until a worker polls it."""
PLENTY: Final = Decimal(60)
"""USD: a budget that is enough for every request of a trial."""
NEEDED: Final = re.compile(r"budget_usd of ([0-9.]+)")
"""The budget that a refusal names as sufficient."""


class Requests:
    """One reviewer's client. `highest_budget_usd` is the highest budget in a request that was not refused."""

    def __init__(self, url: str, script: ProductionScript, vendors: Vendors, scratch: Path) -> None:
        self.client = GreenlightClient(url)
        self.script, self.vendors, self.scratch = script, vendors, scratch
        self.production_id = ""
        self.rng = Random(script.seed)
        self.did: Counter[str] = Counter()
        self.refused: list[str] = []
        self.refused_offers: Counter[str] = Counter()
        """Answers that an item offered, and that were refused although nothing else happened."""
        self.highest_budget_usd = ZERO
        self.quiet_from = 0.0
        self._lock = threading.Lock()

    @property
    def is_generous(self) -> bool:
        return self.script.approves in ("plenty", "nothing")

    def send(self, what: str, act: Callable[[], T], budget_usd: Decimal | None = None) -> T | None:
        """Send a request once, and return None if it is refused or gets no response."""
        try:
            done = act()
        except GreenlightError as error:
            refused = 400 <= error.status < 500
            self.did[f"{what}, {'refused' if refused else 'unanswered'}"] += 1
            self.refused.append(f"{what}: {error.status} {error}")
            if not refused:
                self.quiet_from = time.monotonic() + LATE_SECONDS
                self._record_budget(budget_usd)
            return None
        self.did[what] += 1
        self._record_budget(budget_usd)
        return done

    def send_paid(self, what: str, act: Callable[[Decimal | None], T]) -> T | None:
        """Send a request that costs money: with PLENTY, or within the budget, which is raised only as far as needed."""
        if self.is_generous:
            return self.send(what, lambda: act(PLENTY), PLENTY)
        before = len(self.refused)
        done = self.send(what, lambda: act(None))
        needed = NEEDED.search(self.refused[-1]) if len(self.refused) > before else None
        if done is not None or needed is None or self.rng.random() < 0.4:
            return done
        least = Decimal(needed[1].rstrip("."))
        return self.send(f"{what}, budget raised", lambda: act(least), least)

    def _record_budget(self, budget_usd: Decimal | None) -> None:
        with self._lock:
            self.highest_budget_usd = max(self.highest_budget_usd, budget_usd or ZERO)

    def retry(self, ask: Callable[[], T]) -> T:
        """Retry an idempotent request until it gets a response.

        Raises:
            GreenlightError: it is refused, or it gets no response for PATIENCE_SECONDS.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except GreenlightError as error:
                if 400 <= error.status < 500 or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)
