"""Counters of this process, in the Prometheus text format (a dozen lines need no library)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Standing:
    """How many productions stand where."""

    productions: Mapping[str, int]
    attention: Mapping[str, int]


class Metrics:
    """Gauges and counters; everything runs on one event loop, so plain integers do."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.queries = 0
        self.events_relayed = 0
        self.watchers = 0
        self.watched_productions = 0
        self.stalls = 0

    def text(self, standing: Standing | None = None) -> str:
        lines = [
            *_metric("relay_watchers", "gauge", "Open event streams", self.watchers),
            *_metric("relay_watched_productions", "gauge", "Productions with a stream", self.watched_productions),
            *_metric("relay_events_total", "counter", "Events read by the relay, once each", self.events_relayed),
            *_metric("relay_stalls_total", "counter", "Times that no worker answered", self.stalls),
            *_metric("workflow_queries_total", "counter", "Queries sent to workflows", self.queries),
            "# HELP greenlight_http_requests_total Requests answered, by method and status",
            "# TYPE greenlight_http_requests_total counter",
        ]
        for (method, status), count in sorted(self.requests.items()):
            lines.append(f'greenlight_http_requests_total{{method="{method}",status="{status}"}} {count}')
        if standing:
            told = "Productions, by status; closed ones as long as Temporal keeps them"
            lines += _gauges("productions", told, "status", standing.productions)
            told = "Productions in which something waits for a person, by reason"
            lines += _gauges("attention_waiting", told, "reason", standing.attention)
        return "\n".join(lines) + "\n"


def _metric(name: str, kind: str, meaning: str, value: int) -> list[str]:
    full = f"greenlight_{name}"
    return [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}", f"{full} {value}"]


def _gauges(name: str, meaning: str, label: str, values: Mapping[str, int]) -> list[str]:
    full = f"greenlight_{name}"
    counted = [f'{full}{{{label}="{value}"}} {count}' for value, count in values.items()]
    return [f"# HELP {full} {meaning}", f"# TYPE {full} gauge", *counted]
