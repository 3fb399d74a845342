"""What a worker counts, beside what the SDK counts, at the same address (GREENLIGHT_METRICS_ADDRESS).

Labels are few and known: providers, modalities, operations, and the one word of the error tree for how it ended.
The SDK's counters count whole numbers, so US dollars are observed: the `_sum` of a `…_usd` is what it comes to. What is
reserved now is a difference of two of them. A process begins both at zero, also one that ends what another reserved: so
compare their `increase`, as the dashboard does.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Final

from temporalio.common import MetricMeter

from workflows.models import Modality

COMPLETED: Final = "completed"
SECONDS: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""From a previz frame to the longest video job in its queue."""
USD: Final = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
ALERTED: Final = ("ok", "authentication_failed", "quota_exhausted")
"""Where the first one already counts."""
BUCKETS: Final = {
    "greenlight_asset_seconds": SECONDS,
    "greenlight_queue_wait_seconds": SECONDS,
    "greenlight_vendor_request_seconds": SECONDS,
    "_usd": USD,
}
"""By a part of the metric's name, as the SDK takes them."""


class Metrics:
    """Instruments of one meter. Without an address it is the SDK's meter that does nothing."""

    def __init__(self, meter: MetricMeter) -> None:
        counter, histogram = meter.create_counter, meter.create_histogram_float
        # The endpoint adds `_total` to counters.
        self._assets = counter("greenlight_assets", "Takes that ended, by provider, modality and outcome")
        self._asset_seconds = histogram(
            "greenlight_asset_seconds", "From the order of a take to its end, waiting included"
        )
        self._queue_wait = histogram(
            "greenlight_queue_wait_seconds",
            "How long a take waited in its provider's task queue before its first attempt",
        )
        self._requests = counter("greenlight_vendor_requests", "Requests to providers, by operation and outcome")
        self._request_seconds = histogram("greenlight_vendor_request_seconds", "How long requests to providers took")
        self._reserved = histogram("greenlight_reserved_usd", "The most that a claimed submission may cost")
        self._released = histogram("greenlight_released_usd", "What was reserved for submissions that ended")
        self._spent = histogram("greenlight_spent_usd", "What was billed, as the ledger says")

    def begin(self, providers: Iterable[str]) -> None:
        """Show every provider's series from the start: `increase` misses what a series begins with."""
        for provider in providers:
            self.reserved(provider, Decimal(0))
            self.released(provider, Decimal(0))
            self.spent(provider, Decimal(0))
            for outcome in ALERTED:
                self._requests.add(0, {"provider": provider, "operation": "submit", "outcome": outcome})

    def asset_ended(self, provider: str, modality: Modality, outcome: str, took: timedelta) -> None:
        made = {"provider": provider, "modality": modality.value}
        self._assets.add(1, {**made, "outcome": outcome})
        self._asset_seconds.record(took.total_seconds(), made)

    def queue_waited(self, provider: str, waited: timedelta) -> None:
        self._queue_wait.record(max(waited.total_seconds(), 0.0), {"provider": provider})

    def vendor_asked(self, provider: str, operation: str, outcome: str, seconds: float) -> None:
        asked = {"provider": provider, "operation": operation}
        self._requests.add(1, {**asked, "outcome": outcome})
        self._request_seconds.record(seconds, asked)

    def reserved(self, provider: str, usd: Decimal) -> None:
        self._reserved.record(float(usd), {"provider": provider})

    def released(self, provider: str, usd: Decimal) -> None:
        self._released.record(float(usd), {"provider": provider})

    def spent(self, provider: str, usd: Decimal) -> None:
        self._spent.record(float(usd), {"provider": provider})


_metrics = Metrics(MetricMeter.noop)


def count_with(meter: MetricMeter, providers: Iterable[str] = ()) -> None:
    """Count with this meter from now on: a process has one, as its runtime has."""
    global _metrics
    _metrics = Metrics(meter)
    _metrics.begin(providers)


def metrics() -> Metrics:
    return _metrics
