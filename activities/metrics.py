"""The metrics of a worker, next to those of the SDK, at the same address (GREENLIGHT_METRICS_ADDRESS).

Labels are few and known: providers, modalities, operations, and the kind of the error tree as outcome. The SDK's
counters count whole numbers, so US dollars are histograms: the `_sum` of a `…_usd` is the total. The current
reservation is the difference of two sums. Each process starts both at zero, and may release the reservations of another
process: so compare their `increase`, as the dashboard does.
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
"""Outcomes that alert rules count from the first one."""
BUCKETS: Final = {
    "greenlight_asset_seconds": SECONDS,
    "greenlight_queue_wait_seconds": SECONDS,
    "greenlight_vendor_request_seconds": SECONDS,
    "_usd": USD,
}
"""Part of the name of a metric -> buckets, as the SDK expects them."""


class Metrics:
    """The instruments of one meter; without an address, of the SDK's no-op meter."""

    def __init__(self, meter: MetricMeter) -> None:
        counter, histogram = meter.create_counter, meter.create_histogram_float
        # The endpoint adds `_total` to counters.
        self._assets = counter("greenlight_assets", "Takes that ended, by provider, modality and outcome")
        self._asset_seconds = histogram(
            "greenlight_asset_seconds", "From the order of a take to its end, including waits"
        )
        self._queue_wait = histogram(
            "greenlight_queue_wait_seconds",
            "How long a take waited in its provider's task queue before its first attempt",
        )
        self._requests = counter("greenlight_vendor_requests", "Requests to providers, by operation and outcome")
        self._request_seconds = histogram("greenlight_vendor_request_seconds", "How long requests to providers took")
        self._reserved = histogram("greenlight_reserved_usd", "The most that a claimed submission may cost")
        self._released = histogram("greenlight_released_usd", "Reservations of submissions that ended")
        self._spent = histogram("greenlight_spent_usd", "Billed costs, by the ledger")
        self._unpolled = meter.create_gauge_float(
            "greenlight_unpolled_seconds", "How long Temporal has received no poll for a task queue, by kind of task"
        )
        self._signatures = counter("greenlight_signatures", "Files to sign, by kind (take, deliverable) and outcome")

    def begin(self, providers: Iterable[str]) -> None:
        """Create the series of every provider at zero: `increase` ignores the first value of a series."""
        for provider in providers:
            self.reserved(provider, Decimal(0))
            self.released(provider, Decimal(0))
            self.spent(provider, Decimal(0))
            for outcome in ALERTED:
                self._requests.add(0, {"provider": provider, "operation": "submit", "outcome": outcome})

    def asset_ended(self, provider: str, modality: Modality, outcome: str, took: timedelta) -> None:
        labels = {"provider": provider, "modality": modality.value}
        self._assets.add(1, {**labels, "outcome": outcome})
        self._asset_seconds.record(took.total_seconds(), labels)

    def queue_waited(self, provider: str, waited: timedelta) -> None:
        self._queue_wait.record(max(waited.total_seconds(), 0.0), {"provider": provider})

    def vendor_called(self, provider: str, operation: str, outcome: str, seconds: float) -> None:
        labels = {"provider": provider, "operation": operation}
        self._requests.add(1, {**labels, "outcome": outcome})
        self._request_seconds.record(seconds, labels)

    def reserved(self, provider: str, usd: Decimal) -> None:
        self._reserved.record(float(usd), {"provider": provider})

    def released(self, provider: str, usd: Decimal) -> None:
        self._released.record(float(usd), {"provider": provider})

    def spent(self, provider: str, usd: Decimal) -> None:
        self._spent.record(float(usd), {"provider": provider})

    def polls_missed(self, task_queue: str, kind: str, seconds: float) -> None:
        self._unpolled.set(seconds, {"task_queue": task_queue, "kind": kind})

    def signed(self, kind: str, outcome: str) -> None:
        self._signatures.add(1, {"kind": kind, "outcome": outcome})


_metrics = Metrics(MetricMeter.noop)


def use_meter(meter: MetricMeter, providers: Iterable[str] = ()) -> None:
    """Set the meter of this process, which has one, as it has one runtime."""
    global _metrics
    _metrics = Metrics(meter)
    _metrics.begin(providers)


def metrics() -> Metrics:
    return _metrics
