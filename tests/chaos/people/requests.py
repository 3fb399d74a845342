"""How a person of a trial sends requests: with how much patience, with what budget, and what came of it."""

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
from tests.chaos.scenario import Cast
from tests.chaos.servers.vendors import Vendors
from workflows.models import ZERO

T = TypeVar("T")

PATIENCE_SECONDS: Final = 90.0
"""Longer than any outage of a trial."""
LATE_SECONDS: Final = 15.0
"""A request that nobody answered may still do its work: its update waits at the server until a worker takes it."""
PLENTY: Final = Decimal(60)
"""USD: a budget that is enough for whatever these people think of."""
NEEDED: Final = re.compile(r"budget_usd of ([0-9.]+)")
"""How a refusal names the budget that would do."""


class Hands:
    """One person's client. `named_usd` is the highest budget that they may have released; refused ones do not count."""

    def __init__(self, url: str, cast: Cast, vendors: Vendors, scratch: Path) -> None:
        self.client = GreenlightClient(url)
        self.cast, self.vendors, self.scratch = cast, vendors, scratch
        self.production_id = ""
        self.chance = Random(cast.seed)
        self.did: Counter[str] = Counter()
        self.refused: list[str] = []
        self.refused_offers: Counter[str] = Counter()
        """Answers that an item offered, and that were refused while nothing else happened."""
        self.named_usd = ZERO
        self.quiet_from = 0.0
        self._lock = threading.Lock()

    @property
    def is_generous(self) -> bool:
        return self.cast.approves in ("plenty", "nothing")

    def attempt(self, what: str, act: Callable[[], T], budget_usd: Decimal | None = None) -> T | None:
        """Do something once; a refusal, or no answer, is a person's own problem."""
        try:
            done = act()
        except GreenlightError as error:
            refused = 400 <= error.status < 500
            self.did[f"{what}, {'refused' if refused else 'unanswered'}"] += 1
            self.refused.append(f"{what}: {error.status} {error}")
            if not refused:
                self.quiet_from = time.monotonic() + LATE_SECONDS
                self.name(budget_usd)
            return None
        self.did[what] += 1
        self.name(budget_usd)
        return done

    def spend(self, what: str, act: Callable[[Decimal | None], T]) -> T | None:
        """Do something that costs money: with plenty, or within the budget, raised by no more than is needed."""
        if self.is_generous:
            return self.attempt(what, lambda: act(PLENTY), PLENTY)
        before = len(self.refused)
        done = self.attempt(what, lambda: act(None))
        needed = NEEDED.search(self.refused[-1]) if len(self.refused) > before else None
        if done is not None or needed is None or self.chance.random() < 0.4:
            return done
        least = Decimal(needed[1].rstrip("."))
        return self.attempt(f"{what}, budget raised", lambda: act(least), least)

    def name(self, budget_usd: Decimal | None) -> None:
        with self._lock:
            self.named_usd = max(self.named_usd, budget_usd or ZERO)

    def patiently(self, ask: Callable[[], T]) -> T:
        """Send again what may be sent twice, until it is answered.

        Raises:
            GreenlightError: it is refused, or nobody answers for a minute.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except GreenlightError as error:
                if 400 <= error.status < 500 or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)
