"""Titles as a search attribute: set where they can be, and never a reason why a start fails."""

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from api.metrics import Metrics
from api.temporal.batches import BatchGateway
from api.temporal.productions import ProductionGateway
from api.temporal.reads import ProductionReader
from api.temporal.schedules import ScheduleGateway
from api.temporal.titles import SearchableTitles
from api.views.batches import ScheduleBody
from tests.workflows.production.steps import server
from worker.connect import register_search_attributes
from workflows import keys
from workflows.batch.records import BatchRow, BatchStart
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.start_options import MAX_TITLE_BYTES, TITLE, start_options

UNKNOWN = f"Namespace default has no mapping defined for search attribute {keys.TITLE_ATTRIBUTE}"


class Refusing:
    """Refuses starts with the message."""

    def __init__(self, message: str = "", status: RPCStatusCode = RPCStatusCode.INVALID_ARGUMENT) -> None:
        self.message, self.status = message, status
        self.starts: list[bool] = []

    async def start(self, titled: bool) -> str:
        self.starts.append(titled)
        if titled and self.message:
            raise RPCError(self.message, self.status, b"")
        return "started"


async def test_namespace_without_attribute() -> None:
    """A namespace that lacks the attribute gets the start without it, and the next starts at once so."""
    titles, server = SearchableTitles(), Refusing(UNKNOWN)
    assert [await titles.start(server.start) for _ in range(3)] == ["started"] * 3
    assert server.starts == [True, False, False, False]


async def test_older_namespace_starts_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server without the attribute, productions, batches and schedules start as before, and without it."""
    monkeypatch.delitem(keys.SEARCH_ATTRIBUTES, keys.TITLE_ATTRIBUTE)

    async def no_record(_: str) -> None:
        return None

    brief = Brief(text="Say it.", platform=Platform.COPY)
    rows = (BatchRow(row=1, key="1", production_id="p2", brief=brief),)
    body = ScheduleBody(schedule_id="monday", brief=brief, cron="0 9 * * MON")
    async with server() as environment:
        monkeypatch.setitem(keys.SEARCH_ATTRIBUTES, keys.TITLE_ATTRIBUTE, "Text")
        client = environment.client
        reader = ProductionReader(client, no_record, Metrics())
        await ProductionGateway(client, reader, SearchableTitles()).start("p1", brief, keyed=True)
        start = BatchStart(batch_id="b1", rows=rows, created_at=datetime.now(UTC))
        await BatchGateway(client, no_record, SearchableTitles()).start_batch(start)
        await ScheduleGateway(client, SearchableTitles()).create("monday", body)
        found = [await client.get_workflow_handle(each).describe() for each in ("production-p1", "batch-b1")]
        assert all(each.typed_search_attributes.get(TITLE) is None for each in found)
        await register_search_attributes(client)
        again = SearchableTitles()
        await ProductionGateway(client, reader, again).start("p3", brief, keyed=False)
        await ScheduleGateway(client, again).create("tuesday", body.model_copy(update={"schedule_id": "tuesday"}))
        described = await client.get_workflow_handle("production-p3").describe()
        assert described.typed_search_attributes.get(TITLE) == "Say it."


async def test_attribute_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute the attribute is tried again: a worker may have registered it."""
    titles, server = SearchableTitles(), Refusing(UNKNOWN)
    now = 1_000.0
    monkeypatch.setattr("api.temporal.titles.monotonic", lambda: now)
    await titles.start(server.start)
    server.message = ""
    now += 61
    await titles.start(server.start)
    assert server.starts == [True, False, True]


@pytest.mark.parametrize(
    ("message", "status"),
    [("bad task queue", RPCStatusCode.INVALID_ARGUMENT), (UNKNOWN, RPCStatusCode.UNAVAILABLE)],
)
async def test_other_errors_are_raised(message: str, status: RPCStatusCode) -> None:
    """An error for another reason is raised, and the start is not repeated."""
    server = Refusing(message, status)
    with pytest.raises(RPCError):
        await SearchableTitles().start(server.start)
    assert server.starts == [True]


async def test_encrypted_titles_are_not_sent() -> None:
    """With payload encryption no title is sent as an attribute, which the server stores as it is."""
    server = Refusing()
    await SearchableTitles(encrypted=True).start(server.start)
    assert server.starts == [False]


@pytest.mark.parametrize("title", ["Night train", "x" * 500, "夜行列車" * 50, "Two\nlines"])
def test_title_of_start(title: str) -> None:
    """The attribute is the title on one line, within what indexed columns hold; without `titled` there is none."""
    brief = Brief(text="Say it.", platform=Platform.COPY, title=title[:200])

    def attributes(**more: Any) -> Any:
        options = start_options("p1", brief, ProductionStatus.PLANNING, datetime.now(UTC), **more)
        return options["search_attributes"]

    value = attributes(titled=True).get(TITLE)
    assert value
    assert len(value.encode()) <= MAX_TITLE_BYTES
    assert "\n" not in value
    assert brief.title.split()[0].startswith(value[:3])
    assert attributes().get(TITLE) is None
