"""The client's endpoints of batches and schedules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from api.client.transport import Transport, not_seen, query
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


class BatchEndpoints(Transport):
    """Batches and schedules."""

    # Batches

    def start_batch(self, batch: BatchBody) -> BatchStarted:
        """Start a production for each row, or none if a row is invalid. The same batch_id starts nothing twice."""
        return self._request("POST", "/batches", BatchStarted, body=batch)

    def batch(self, batch_id: str) -> BatchView:
        """A batch: its status, rows and totals."""
        return self._request("GET", _batch_path(batch_id), BatchView)

    def batches(self, *, prefix: str | None = None, page_size: int = 50) -> Iterator[ListedBatch]:
        """Batches, open ones first, then by when they closed; pages are requested when needed.

        Args:
            prefix: The ids begin with it.
        """
        seen: set[str] = set()
        for page in self._pages("/batches", BatchPage, query(prefix=prefix, page_size=page_size)):
            yield from not_seen(page.batches, "batch_id", seen)

    def admit_batch(self, batch_id: str, admit: Admit, *, idempotency_key: str | None = None) -> BatchView:
        """Approve all waiting rows together; the API refuses if they exceed the budget.

        A series needs the `plan_digest` of its plans.
        """
        return self._request("POST", f"{_batch_path(batch_id)}/admit", BatchView, body=admit, key=idempotency_key)

    def stop_batch(self, batch_id: str) -> BatchView:
        """Start and approve no further rows; productions that run continue."""
        return self._request("POST", f"{_batch_path(batch_id)}/stop", BatchView)

    def download_results(
        self,
        batch_id: str,
        to: Path,
        *,
        format: Literal["csv", "jsonl"] = "csv",  # noqa: A002 - the name of the query parameter
        by: Literal["row", "asset"] = "row",
    ) -> Path:
        """Download one line per row, or per asset of all rows: status, cost, error, link to the result."""
        return self._download(f"{_batch_path(batch_id)}/results", to, {"format": format, "by": by})

    def download_deliverables(self, batch_id: str, to: Path) -> Path:
        """Download one archive with a folder for each delivered row."""
        return self._download(f"{_batch_path(batch_id)}/deliverables.zip", to)

    # Schedules

    def create_schedule(self, schedule: ScheduleBody) -> ScheduleView:
        """Start a production of a brief at each time of a cron expression."""
        return self._request("POST", "/schedules", ScheduleView, body=schedule)

    def schedules(self) -> tuple[ListedSchedule, ...]:
        """All schedules, with their next times."""
        found: dict[str, ListedSchedule] = {}
        for page in self._pages("/schedules", ScheduleList, {}):
            found |= {schedule.schedule_id: schedule for schedule in page.schedules}
        return tuple(found.values())

    def schedule(self, schedule_id: str) -> ScheduleView:
        """A schedule with its brief, its next times and the productions that it started last."""
        return self._request("GET", _schedule_path(schedule_id), ScheduleView)

    def pause_schedule(self, schedule_id: str, note: str = "") -> ScheduleView:
        """Start no production until the schedule is resumed."""
        return self._request("POST", f"{_schedule_path(schedule_id)}/pause", ScheduleView, body=ScheduleNote(note=note))

    def resume_schedule(self, schedule_id: str, note: str = "") -> ScheduleView:
        """Start productions again, from the next time on."""
        return self._request(
            "POST", f"{_schedule_path(schedule_id)}/resume", ScheduleView, body=ScheduleNote(note=note)
        )

    def run_schedule(self, schedule_id: str) -> ScheduleView:
        """Start one production now; `recent` lists it a moment later."""
        return self._request("POST", f"{_schedule_path(schedule_id)}/run", ScheduleView)

    def delete_schedule(self, schedule_id: str) -> ScheduleView:
        """Delete the schedule; productions that it started continue."""
        return self._request("DELETE", _schedule_path(schedule_id), ScheduleView)


def _batch_path(batch_id: str) -> str:
    return f"/batches/{quote(batch_id, safe='')}"


def _schedule_path(schedule_id: str) -> str:
    return f"/schedules/{quote(schedule_id, safe='')}"
