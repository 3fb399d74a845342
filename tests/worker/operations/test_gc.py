"""`greenlight gc`: what it finds and removes, and all that it keeps, on the real servers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.storage import inventory
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.references.pictures import Desk, picture
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, update
from tests.support.stack import use_s3
from tests.support.waiting import eventually
from worker.operations.garbage import Collector, Item
from worker.operations.in_use import end_of, named_references
from workflows import keys
from workflows.brief import Brief, Platform, Reference
from workflows.events import ProductionStatus, Snapshot
from workflows.models import Media
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Decision, Rejection
from workflows.reuse.index import KnownTake, known_take_key

LATER = timedelta(days=40)
"""The collector's clock is ahead, so that what a test has just stored is old."""


@pytest.fixture(scope="module")
async def bucket(servers: Stack) -> AsyncIterator[Storage]:
    """A bucket of this module: a collector looks at all of it."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        storage = Storage(f"gc-{uuid4().hex[:8]}")
        await storage.ensure_bucket()
        yield storage


def collector(client: Client, bucket: Storage, days: int = 30, ahead: timedelta = LATER) -> Collector:
    return Collector(client, bucket, days, datetime.now(UTC) + ahead)


async def put(bucket: Storage, key: str) -> str:
    await bucket.put_bytes(key, b"x" * 10, "application/octet-stream")
    return key


async def record(bucket: Storage, production_id: str, status: ProductionStatus, *references: str) -> None:
    """A manifest, as a closed production has it after Temporal's retention."""
    brief = Brief(text="Say it.", platform=Platform.COPY, references=tuple(map(reference, references)))
    now = datetime.now(UTC)
    made = Snapshot(production_id=production_id, status=status, brief=brief, created_at=now, updated_at=now)
    await bucket.put_bytes(keys.manifest_key(production_id), made.model_dump_json().encode(), "application/json")


async def index_entry(bucket: Storage, media_key: str) -> str:
    """The entry of a take that can be reused."""
    media = Media(key=media_key, bytes=1, sha256="0" * 64, media_type="video/mp4")
    known = KnownTake(
        production_id="p", asset_id="a", take=1, provider="x", model="x", media=media, cost_usd=Decimal("0.40")
    )
    key = known_take_key("default", uuid4().hex)
    await bucket.put_bytes(key, known.model_dump_json().encode(), "application/json")
    return key


def reference(key: str) -> Reference:
    return Reference(source=keys.STORED + key)


def found_keys(items: list[Item]) -> dict[str, str]:
    return {each.found.key: each.reason for each in items}


async def _is_named(client: Client, key: str) -> bool | None:
    """Whether the list of runs has one that names a file: it follows a start by a moment."""
    return key in await named_references(client, datetime.now(UTC)) or None


async def all_keys(bucket: Storage) -> set[str]:
    return {each.key for each in await inventory.list_objects(bucket, "")}


async def test_leftovers_of_ended_productions_are_removed(client: Client, bucket: Storage) -> None:
    """The uploads and film parts of a production that ended long ago are found and removed, and so are abandoned
    uploads in parts; its manifest, ledgers, takes and accounts stay, and so does all of one that may still go on."""
    ended, unknown = f"ended-{uuid4().hex[:6]}", f"unknown-{uuid4().hex[:6]}"
    await record(bucket, ended, ProductionStatus.DELIVERED)
    take = keys.take_prefix(ended, "text-1", 1)
    needed = {
        await put(bucket, key)
        for key in (
            keys.plan_key(ended, "d"),
            f"{take}/ledger.json",
            f"{take}/media-1-abc.mp4",
            keys.planning_account(ended),
            keys.tenant_account("default", "2026-11-30"),
            keys.batch_key("b1"),
            keys.job_key("openai", "j1"),
            keys.reference_key(ended, 1, "png"),
            "inbox/default/own.png",
            keys.segment_key(unknown, "d"),
            keys.upload_prefix(unknown) + "f",
        )
    }
    needed.add(await index_entry(bucket, f"{take}/media-1-abc.mp4"))
    garbage = {
        await index_entry(bucket, f"{take}/media-2-deleted.mp4"): "index",
        await put(bucket, keys.upload_prefix(ended) + "f"): "upload",
        await put(bucket, keys.segment_key(ended, "d")): "film part",
        await put(bucket, keys.probe_key("left")): "probe",
    }
    parts = keys.REFERENCES + f"{uuid4().hex}-20000000"
    await bucket.call(lambda s3, name: s3.create_multipart_upload(Bucket=name, Key=parts))

    young = await collector(client, bucket, ahead=timedelta(0)).find()
    assert young.items == []  # everything is too young
    search = collector(client, bucket)
    found = await search.find()
    assert found_keys(found.items) == {**garbage, parts: "multipart"}
    assert found.unknown == 1
    removed = [item async for item, done in search.remove(found.items) if done]
    assert len(removed) == 5
    left = await all_keys(bucket)
    assert needed | {keys.manifest_key(ended)} <= left
    assert not set(garbage) & left
    assert (await search.find()).items == []


async def test_files_in_use_are_kept(client: Client, bucket: Storage, productions: Productions) -> None:
    """A file that an open production, a production without a plan, or a brief of the last days names is no garbage."""
    free, open_, failed = [await put(bucket, keys.REFERENCES + uuid4().hex) for _ in range(3)]
    await record(bucket, f"failed-{uuid4().hex[:6]}", ProductionStatus.FAILED, failed)
    async with FakeActivities(1).working(client):
        handle, _ = await productions.planned(references=[reference(open_).model_dump(mode="json")])
        search = collector(client, bucket)
        found = await search.find()
        assert found_keys(found.items) == {free: "reference"}
        assert found.in_use == 2
        await update(handle, ProductionWorkflow.decide, Decision(reject=Rejection(rejecter="ana")))
        await handle.result()
    assert found_keys((await collector(client, bucket, days=60).find()).items) == {}  # it ended within the period
    assert set(found_keys((await search.find()).items)) == {free, open_}


class Interrupted(Collector):
    """Runs `meanwhile` while files wait in the trash."""

    meanwhile: Callable[[], Awaitable[None]]

    async def wait_for_lists(self, passed: float) -> None:
        await self.meanwhile()


async def test_a_file_that_is_used_after_the_listing_is_not_lost(
    client: Client, bucket: Storage, productions: Productions
) -> None:
    """A production that begins to use a file while it is removed gets it, before it is moved to the trash and while it
    is there, and the file is back afterwards. One run deletes all others, and empties the trash of a killed run."""
    desk = Desk(bucket)
    early, late, free = [(await desk.stored(picture())).removeprefix(keys.STORED) for _ in range(3)]
    left = await put(bucket, keys.trash_key(keys.REFERENCES + "left"))
    search = Interrupted(client, bucket, 30, datetime.now(UTC) + LATER)
    found = [each for each in (await search.find()).items if each.found.key in (early, late, free, left)]
    assert len(found) == 4

    async def use(key: str) -> None:
        await productions.planned(references=[reference(key).model_dump(mode="json")])
        await eventually(lambda: _is_named(client, key))

    async def use_late() -> None:
        assert {late, free} & await all_keys(bucket) == set()
        (media,) = await desk.take_in(keys.STORED + late)
        assert await bucket.head(media.key) is not None
        await use(late)

    search.meanwhile = use_late
    async with FakeActivities(1).working(client):
        await use(early)
        results = {item.found.key: done async for item, done in search.remove(found)}
    assert results == {early: False, late: False, free: True, left: True}
    kept = {early, late, free, left, *map(keys.trash_key, (early, late, free))} & await all_keys(bucket)
    assert kept == {early, late}


async def test_a_production_that_is_opened_again_keeps_its_parts(
    client: Client, bucket: Storage, productions: Productions
) -> None:
    """The parts of a film that was closed when they were listed stay if the production is open when they are deleted;
    an object that was stored again since stays too."""
    async with FakeActivities(1).working(client):
        handle, _ = await productions.planned()
        production_id = keys.production_id_of(handle.id)
        part = await put(bucket, keys.segment_key(production_id, "d"))
        listed = next(each for each in await inventory.list_objects(bucket, part))
        search = collector(client, bucket)
        assert part not in found_keys((await search.find()).items)
        item = Item("film part", listed, production_id)
        assert [done async for _, done in search.remove([item])] == [False]
    again = await put(bucket, keys.probe_key("again"))
    (old,) = await inventory.list_objects(bucket, again)
    await bucket.put_bytes(again, b"another", "text/plain")
    assert not await inventory.delete_unchanged(bucket, old)
    assert await bucket.head(again) is not None


async def test_a_namespace_that_cannot_be_read_closes_no_production(servers: Stack, bucket: Storage) -> None:
    """A busy server says "Namespace … is not found", with the status of an unknown run: then nothing is removed."""
    await record(bucket, "known", ProductionStatus.DELIVERED)
    absent = await Client.connect(servers.info.temporal_address, namespace="absent")
    with pytest.raises(RPCError, match="Namespace absent is not found"):
        await end_of(absent, bucket, "known")
    assert await end_of(await Client.connect(servers.info.temporal_address), bucket, "known") != "unknown"
