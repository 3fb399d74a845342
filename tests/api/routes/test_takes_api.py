"""Takes over the API: inside a JSON response, with the data of their vendors; and titles in Temporal."""

import base64

import pytest
from temporalio.client import Client

from activities.storage.bucket import Storage
from api.routes.streamed_media import MAX_INLINE_BYTES
from api.routes.uploads import shown_name
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import BRIEF, Api, path, problem
from tests.support.waiting import eventually
from workflows import keys
from workflows.start_options import TITLE


@pytest.mark.parametrize("size", [7, MAX_INLINE_BYTES])
async def test_inline_media(api: Api, storage: Storage, fake: FakeActivities, size: int) -> None:
    """A small take is returned as base64, with its media type and the id of its content."""
    fake.media_bytes = size
    production_id = await api.delivered()
    content = b"x" * size
    await storage.put_bytes(f"{keys.take_prefix(production_id, 'text-1', 1)}/media.txt", content, "text/plain")
    media = path(production_id, "assets/text-1/takes/1/media?inline=base64")
    answer = await api.http.get(media)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert base64.b64decode(found["base64"]) == content
    assert (found["content_id"], found["take"], found["bytes"]) == (f"{production_id}/text-1", 1, size)


async def test_inline_media_is_refused(api: Api, fake: FakeActivities) -> None:
    """A larger take, another encoding and an unknown take are refused, and the refusal names the field."""
    fake.media_bytes = MAX_INLINE_BYTES + 1
    production_id = await api.delivered()
    media = path(production_id, "assets/text-1/takes/1/media")
    (error,) = problem(await api.http.get(f"{media}?inline=base64"), 413).errors
    assert (error.field, "1,000,001" in error.message) == ("inline", True)
    (error,) = problem(await api.http.get(f"{media}?inline=hex"), 422).errors
    assert (error.field, error.remedy) == ("inline", "choose from 'base64'")
    for wrong in ("assets/text-1/takes/2/media", "assets/text-9/takes/1/media"):
        problem(await api.http.get(path(production_id, f"{wrong}?inline=base64")), 404)


async def test_data_of_take(api: Api, storage: Storage) -> None:
    """The data that a vendor returned with a take is JSON next to its media; most takes have none."""
    production_id = await api.delivered()
    missing = problem(await api.http.get(path(production_id, "assets/text-2/takes/1/data")), 404)
    assert [e.field for e in missing.errors] == ["take"]
    key = keys.data_key(f"{keys.take_prefix(production_id, 'text-1', 1)}/media.txt")
    await storage.put_bytes(key, b'{"seconds": 2.5}', "application/json")
    answer = await api.http.get(path(production_id, "assets/text-1/takes/1/data"))
    assert (answer.json(), answer.headers["content-type"]) == ({"seconds": 2.5}, "application/json")


async def test_title_in_temporal(api: Api, client: Client) -> None:
    """The first words of the brief are a search attribute from the start, and the title of the plan replaces them."""
    production_id = await api.delivered()
    described = await client.get_workflow_handle(keys.workflow_id(production_id)).describe()
    assert described.typed_search_attributes[TITLE] == "A plan"
    history = await client.get_workflow_handle(keys.workflow_id(production_id)).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    assert b"Say it." in started.search_attributes.indexed_fields[keys.TITLE_ATTRIBUTE].data


async def test_titles_of_batches_and_schedules(api: Api, client: Client) -> None:
    """Productions that a batch or a schedule starts have their title as a search attribute too."""
    body = {"schedule_id": "titled", "brief": BRIEF, "cron": "0 9 1 1 *"}
    assert (await api.http.post("/api/v1/schedules", json=body)).status_code == 201
    assert (await api.http.post("/api/v1/schedules/titled/run")).status_code < 300
    batch = {"batch_id": "titled", "rows": [{"brief": BRIEF}]}
    assert (await api.http.post("/api/v1/batches", json=batch)).status_code == 202

    async def scheduled() -> str | None:
        recent = (await api.http.get("/api/v1/schedules/titled")).json()["recent"]
        return str(recent[0]["production_id"]) if recent else None

    async def of_batch() -> str | None:
        (row,) = (await api.http.get("/api/v1/batches/titled")).json()["rows"]
        return str(row["production_id"]) if row["status"] == "awaiting_approval" else None

    for started in (scheduled, of_batch):
        production_id = await eventually(started)
        await api.until(production_id, "plan_ready")

        async def title(of: str = production_id) -> str | None:
            described = await client.get_workflow_handle(keys.workflow_id(of)).describe()
            found = described.typed_search_attributes.get(TITLE)
            return found if found != "Say it." else None

        assert await eventually(title) == "A plan"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\own.mp4", "own.mp4"),
        ("own\n\0.mp4", "own.mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("-rf 🎬é.png", "-rf 🎬é.png"),
        ("x" * 1_000, "x" * 200),
    ],
)
def test_names_of_uploaded_files(given: str, shown: str) -> None:
    """A name has no folders, no control characters, and no marks that show it as another one."""
    assert shown_name(given) == shown
