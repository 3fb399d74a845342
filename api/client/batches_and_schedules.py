"""The client's part for batches and schedules."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote

from api.client.changes import Changes, once
from api.views.batches import (
    BatchBody,
    BatchPage,
    BatchStarted,
    ListedBatch,
    ListedSchedule,
    ScheduleBody,
    ScheduleList,
    ScheduleNote,
    ScheduleView,
)
from workflows.batch.records import Admit, BatchView


class Many(Changes):
    """What `GreenlightClient` offers for many productions; it brings the way to ask and to download."""

    @abstractmethod
    def _download(self, path: str, to: Path, params: Mapping[str, str] = MappingProxyType({})) -> Path: ...

    # Batches

    def start_batch(self, batch: BatchBody) -> BatchStarted:
        """Start a production for each row, or none where one is wrong. The same batch_id starts nothing twice."""
        return self._ask("POST", "/batches", BatchStarted, body=batch)

    def batch(self, batch_id: str) -> BatchView:
        """How far a batch is."""
        return self._ask("GET", _batch(batch_id), BatchView)

    def batches(self, *, page_size: int = 50) -> Iterator[ListedBatch]:
        """Batches, open ones first, then by when they closed; pages are fetched as they are needed."""
        params = {"page_size": str(page_size)}
        while True:
            page = self._ask("GET", "/batches", BatchPage, params=params)
            yield from page.batches
            if not page.next_page_token:
                return
            params["page_token"] = page.next_page_token

    def admit_batch(self, batch_id: str, admit: Admit, *, idempotency_key: str | None = None) -> BatchView:
        """Approve all rows that wait, together; refused where they do not fit the budget."""
        return self._ask("POST", f"{_batch(batch_id)}/admit", BatchView, body=admit, headers=once(idempotency_key))

    def stop_batch(self, batch_id: str) -> BatchView:
        """Start and approve nothing further; what runs goes on."""
        return self._ask("POST", f"{_batch(batch_id)}/stop", BatchView)

    def download_results(self, batch_id: str, to: Path, *, format: Literal["csv", "jsonl"] = "csv") -> Path:  # noqa: A002 - its name in the address
        """A line a row: status, cost, error, link to the deliverable."""
        return self._download(f"{_batch(batch_id)}/results", to, {"format": format})

    # Schedules

    def create_schedule(self, schedule: ScheduleBody) -> ScheduleView:
        """Start a production of a brief again and again, at the times of a cron expression."""
        return self._ask("POST", "/schedules", ScheduleView, body=schedule)

    def schedules(self) -> tuple[ListedSchedule, ...]:
        """All schedules, with their next times."""
        return self._ask("GET", "/schedules", ScheduleList).schedules

    def schedule(self, schedule_id: str) -> ScheduleView:
        """A schedule with its brief, its next times and the productions that it started last."""
        return self._ask("GET", _schedule(schedule_id), ScheduleView)

    def pause_schedule(self, schedule_id: str, note: str = "") -> ScheduleView:
        """Start nothing more until it is resumed."""
        return self._ask("POST", f"{_schedule(schedule_id)}/pause", ScheduleView, body=ScheduleNote(note=note))

    def resume_schedule(self, schedule_id: str, note: str = "") -> ScheduleView:
        """Go on with the next time."""
        return self._ask("POST", f"{_schedule(schedule_id)}/resume", ScheduleView, body=ScheduleNote(note=note))

    def run_schedule(self, schedule_id: str) -> ScheduleView:
        """Start one production now; `recent` names it a moment later."""
        return self._ask("POST", f"{_schedule(schedule_id)}/run", ScheduleView)

    def delete_schedule(self, schedule_id: str) -> ScheduleView:
        """Start nothing more; what was started goes on."""
        return self._ask("DELETE", _schedule(schedule_id), ScheduleView)


def _batch(batch_id: str) -> str:
    return f"/batches/{quote(batch_id, safe='')}"


def _schedule(schedule_id: str) -> str:
    return f"/schedules/{quote(schedule_id, safe='')}"
