"""The measured values, their targets, and the table."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

Results = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Row:
    """One line of the table; without a limit it is only reported."""

    what: str
    measure: str
    figure: str
    unit: str = ""
    limit: float | None = None
    at_least: bool = False

    @property
    def target(self) -> str:
        return "" if self.limit is None else f"{self.limit:g}{self.unit} {'at least' if self.at_least else 'at most'}"

    def verdict(self, value: float) -> str:
        if self.limit is None:
            return ""
        return "met" if (value >= self.limit if self.at_least else value <= self.limit) else "missed"


ROWS: Final = (
    Row("1,000 instant assets against bare activities", "fanout", "ratio", " x", 1.3),
    Row("activity end to SSE event, p50", "latency", "p50_ms", " ms", 50),
    Row("activity end to SSE event, p99", "latency", "p99_ms", " ms", 200),
    Row("1 GiB stream against upload_fileobj", "stream", "ratio", " x", 0.9, at_least=True),
    Row("memory growth of that stream", "stream", "growth_mib", " MiB", 64),
    Row("film of 60 shots and 5 minutes against one plain loop", "film", "ratio", " x", 1.15),
    Row("the same film with one other shot, of the first time", "film", "again_ratio", " x", 0.08),
    Row("joining its 60 segments", "film", "join_seconds", " s", 3),
    Row("the same with fetching, contact sheet and storing", "film", "assembly_seconds", " s"),
    Row("memory of finishing an hour", "film", "hour_mib", " MiB", 400),
    Row("checks of a take, 5 s at 720p, against decoding it once", "checks", "ratio", " x", 1.5),
    Row("the CPU time of these checks", "checks", "seconds", " s"),
    Row("delay by the checks of a picture of 1024 x 1024, of its upload", "checks", "picture_percent", " %", 10),
    Row("the same of speech of 12 s", "checks", "speech_percent", " %", 10),
    Row("the same of a text of 600 words", "checks", "text_percent", " %", 10),
    Row("the same of a video of 5 s at 720p, 8 Mbit/s, that arrives", "checks", "arriving_percent", " %", 10),
    Row("the same where its index is at its end", "checks", "video_percent", " %", 10),
    Row("planted faults that the checks find (recall)", "quality", "recall", " %", 100, at_least=True),
    Row("takes with a finding that are damaged (precision)", "quality", "precision", " %"),
    Row("good takes that the checks flag", "quality", "flagged", " %", 2),
    Row("takes with a fault that an emulated judge rejects (recall)", "quality", "judge_recall", " %"),
    Row("takes that this judge rejects and that have one (precision)", "quality", "judge_precision", " %"),
    Row("import api.app", "import", "api_ms", " ms", 300),
    Row("import api.app against importing FastAPI alone", "import", "ratio", " x"),
    Row("queries with 1,000 watchers of 50 productions against 50 watchers", "watchers", "queries_ratio", " x", 1.2),
    Row("memory of the API with 1,000 watchers", "watchers", "api_mib_many", " MiB"),
    Row("memory of the API with 50 watchers", "watchers", "api_mib_few", " MiB"),
    Row("CPU of the API with 1,000 watchers", "watchers", "cpu_seconds_many", " s"),
    Row("CPU of the API with 50 watchers", "watchers", "cpu_seconds_few", " s"),
    Row("vendors' jobs in flight at once, one worker", "jobs", "most_at_once", "", 2_000, at_least=True),
    Row("longest time between two polls at one of them, of the interval", "jobs", "late_of_interval", " x", 2),
    Row("memory of that worker", "jobs", "worker_mib", " MiB", 300),
    Row("500 productions planned at once against bare workflows", "starts", "ratio", " x"),
    Row("answer to each start, p99", "starts", "answer_p99_ms", " ms"),
    Row("makespan against the vendors' own times", "makespan", "ratio", " x", 1.03),
    Row("killed worker: next poll later than its delay, p50", "recovery", "late_p50", " s", 1),
    Row("killed worker: next poll later than its delay, p90", "recovery", "late_p90", " s"),
    Row("killed worker: the same where it died in mid-poll", "recovery", "late_max", " s"),
    Row("cold replay of 1,000 assets, the longest run", "replay", "longest_seconds", " s", 1),
)


def report(results: Results) -> None:
    """Print the table and write out/bench.json."""
    table = Table(title="Greenlight, measured")
    for column in ("what", "measured", "target", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    for row in ROWS:
        if found := results.get(row.measure):
            value = found[row.figure]
            table.add_row(row.what, f"{value:.4g}{row.unit}", row.target, row.verdict(value))
    Console().print(table)
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "bench.json").write_text(json.dumps(results, indent=1))
