"""Counters of this process, in the Prometheus text format (a dozen lines need no library)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class ProductionCounts:
    """How many productions there are, by status and by the reason for which they need attention."""

    productions: Mapping[str, int]
    attention: Mapping[str, int]


class Metrics:
    """Gauges and counters. Everything runs on one event loop, so plain integers are enough."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.queries = 0
        self.events_relayed = 0
        self.watchers = 0
        self.watched_productions = 0
        self.stalls = 0

    def text(self, counts: ProductionCounts | None = None) -> str:
        requests = {
            f'{{method="{method}",status="{status}"}}': count
            for (method, status), count in sorted(self.requests.items())
        }
        lines = [
            *_metric("relay_watchers", "gauge", "Open event streams", {"": self.watchers}),
            *_metric("relay_watched_productions", "gauge", "Productions with a stream", {"": self.watched_productions}),
            *_metric("relay_events_total", "counter", "Events read by the relay, once each", {"": self.events_relayed}),
            *_metric("relay_stalls_total", "counter", "Times that no worker answered", {"": self.stalls}),
            *_metric("workflow_queries_total", "counter", "Queries sent to workflows", {"": self.queries}),
            *_metric("http_requests_total", "counter", "Requests answered, by method and status", requests),
        ]
        if counts:
            statuses = {f'{{status="{status}"}}': n for status, n in counts.productions.items()}
            meaning = "Productions, by status; closed ones as long as Temporal keeps them"
            lines += _metric("productions", "gauge", meaning, statuses)
            reasons = {f'{{reason="{reason}"}}': n for reason, n in counts.attention.items()}
            meaning = "Productions in which a decision is pending, by reason"
            lines += _metric("attention_waiting", "gauge", meaning, reasons)
        return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, meaning: str, values: Mapping[str, int]) -> list[str]:
    """
    Args:
        values: Labels as the format writes them -> value.
    """
    full = f"greenlight_{name}"
    samples = [f"{full}{labels} {value}" for labels, value in values.items()]
    return [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}", *samples]
