"""Attempts that are suspended, replaced and resumed: the objects that a returned record names keep their recorded
bytes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.finishing import document
from activities.finishing.deliverable import finish
from activities.production import Activities
from activities.providers.previz.provider import Previz
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.activities.finishing.media import Takes, still_file
from tests.activities.references.pictures import Desk as References
from tests.activities.references.pictures import picture
from tests.activities.takes.uploads.desk import Desk as Uploads
from tests.support.vendor import png
from workflows import keys
from workflows.activity_io import FinishDeliverable, PricePlan
from workflows.brief import Brief, Platform
from workflows.models import Asset, Deliverable, Media, Modality, Plan

T = TypeVar("T")
U = TypeVar("U")
WRITES: Final = ("put_bytes", "put_file", "put_stream", "delete")


class Suspension:
    """Stops an attempt before its first write to storage until another attempt has finished."""

    def __init__(self, storage: Storage, patch: pytest.MonkeyPatch) -> None:
        self._suspending = False
        self._reached, self._resumed = asyncio.Event(), asyncio.Event()
        for name in WRITES:
            patch.setattr(storage, name, self._held(getattr(storage, name)))

    def _held(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def held(*args: Any, **named: Any) -> Any:
            if self._suspending:
                self._reached.set()
                await self._resumed.wait()
            return await write(*args, **named)

        return held

    async def around(self, first: Coroutine[Any, Any, T], second: Callable[[], Awaitable[U]]) -> tuple[T, U]:
        """The results of both attempts, where the first one writes after the second has finished."""
        self._suspending = True
        task = asyncio.create_task(first)
        waiting = asyncio.create_task(self._reached.wait())
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        assert not task.done(), "the first attempt wrote nothing"
        self._suspending = False
        other = await second()
        self._resumed.set()
        return await task, other


@pytest.fixture
def suspension(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Suspension:
    return Suspension(storage, monkeypatch)


async def assert_true(storage: Storage, media: Iterable[Media]) -> None:
    """Assert that every object exists with the recorded bytes."""
    for each in media:
        head = await storage.head(each.key)
        assert head is not None, each.key
        assert (head.bytes, await storage.sha256(each.key)) == (each.bytes, each.sha256), each.key


def _media(made: Deliverable) -> list[Media]:
    return [file.media for file in made.files]


@pytest.fixture
async def takes(storage: Storage, tmp_path: Path) -> Takes:
    takes = Takes(storage, uuid4().hex)
    await takes.add("text-1", Modality.TEXT, "body", b"Words.", "text/markdown")
    picture = still_file(tmp_path / "still.png", "navy")
    await takes.add("still-1", Modality.IMAGE, "still", picture, "image/png")
    return takes


async def _finish(takes: Takes, request: FinishDeliverable, workdir: Path) -> Deliverable:
    return await finish(takes.storage, request, workdir, lambda step: None)


async def test_a_late_attempt_at_a_revision(
    takes: Takes, suspension: Suspension, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the encoders of two attempts give different bytes for one revision, the files of both records stay as
    recorded."""
    page, calls = document.page, iter(range(9))
    monkeypatch.setattr(document, "page", lambda *args: page(*args) + f"<!-- {next(calls)} -->")
    request = takes.request(Platform.DESIGN)
    first, second = await suspension.around(
        _finish(takes, request, tmp_path / "1"), lambda: _finish(takes, request, tmp_path / "2")
    )
    assert [file.name for file in first.files] == [file.name for file in second.files]
    assert first != second
    await assert_true(takes.storage, [*_media(second), *_media(first)])


async def test_a_second_attempt_with_the_same_bytes_stores_nothing(takes: Takes, tmp_path: Path) -> None:
    """An attempt that makes the same files again stores nothing, and its record is the same."""
    request = takes.request(Platform.DESIGN)
    first = await _finish(takes, request, tmp_path / "1")
    folder = keys.deliverables_prefix(takes.production_id)
    stored = await takes.storage.list_keys(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(Storage, "put_file")
        assert await _finish(takes, request, tmp_path / "2") == first
    assert await takes.storage.list_keys(folder) == stored == sorted(media.key for media in _media(first))


async def test_a_repeated_revision_keeps_the_first_record(takes: Takes, tmp_path: Path) -> None:
    """A production that is reset makes the same revision from other takes, and the first record of it stays correct."""
    first = await _finish(takes, takes.request(Platform.DESIGN), tmp_path / "1")
    del takes.assets[0]
    await takes.add("text-1", Modality.TEXT, "body", b"Other words.", "text/markdown")
    second = await _finish(takes, takes.request(Platform.DESIGN), tmp_path / "2")
    await assert_true(takes.storage, [*_media(first), *_media(second)])


async def test_a_late_upload_keeps_the_newer_take(storage: Storage, suspension: Suspension) -> None:
    """An upload that resumes after another one became the take of the same number leaves that take as recorded."""
    uploads = Uploads(storage)
    one, other = [await uploads.arrived(png(size, 40), Modality.IMAGE) for size in (80, 90)]
    first, second = await suspension.around(uploads.check(one), lambda: uploads.check(other))
    await assert_true(storage, [second.media, first.media])
    assert (await uploads.check(one), await uploads.check(other)) == (first, second)


async def test_a_late_upload_keeps_a_made_take(storage: Storage, suspension: Suspension) -> None:
    """An upload that resumes after a provider made the take of the same number changes neither its media nor its
    ledger, and the provider's take stays possible after an upload."""
    uploads = Uploads(storage)
    request = await uploads.arrived(png(80, 40), Modality.IMAGE)
    prefix = keys.take_prefix(uploads.production_id, "a-1", 1)
    objects = {keys.media_key(prefix, "png"): png(50, 50), f"{prefix}/ledger.json": b"{}"}

    async def made() -> None:
        for key, data in objects.items():
            await storage.put_bytes(key, data, "image/png", only_if_absent=True)

    take, _ = await suspension.around(uploads.check(request), made)
    await assert_true(storage, [take.media])
    for key, data in objects.items():
        found = await storage.get_bytes(key)
        assert found is not None
        assert found[0] == data


async def test_a_late_plan_changes_no_bytes(storage: Storage, suspension: Suspension) -> None:
    """Plans of one digest with different warnings and costs are one object, whose bytes no attempt changes."""
    production_id, brief = uuid4().hex, Brief(text="x", platform=Platform.COPY)
    activities = Activities(storage, {"previz": Previz({})}, ActivitySettings())
    asset = Asset(asset_id="a", asset_type="text", role="body", prompt="Words.", provider="previz", model="previz-text")

    async def priced(warning: str) -> tuple[Plan, bytes | None]:
        request = PricePlan(production_id=production_id, brief=brief, plan=Plan.of("t", [asset], warnings=(warning,)))
        plan = await ActivityEnvironment().run(activities.price_plan, request)
        found = await storage.get_bytes(keys.plan_key(production_id, plan.digest))
        return plan, found[0] if found else None

    (first, seen_later), (second, seen) = await suspension.around(priced("one"), lambda: priced("two"))
    assert first.digest == second.digest
    assert seen == seen_later
    assert seen is not None
    kept = Plan.model_validate_json(seen)
    assert kept.digest == Plan.of(kept.title, kept.assets, kept.planner).digest == first.digest


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
async def test_a_late_reference_keeps_its_picture(storage: Storage, suspension: Suspension, form: str) -> None:
    """When the source of a reference changes between two attempts, the picture of each returned record stays as
    recorded."""
    references = References(storage)
    source = await references.stored(picture())

    async def changed() -> tuple[Media, ...]:
        await storage.put_bytes(source.removeprefix(keys.STORED), picture(form, (30, 30)), "application/octet-stream")
        return await references.take_in(source)

    first, second = await suspension.around(references.take_in(source), changed)
    await assert_true(storage, [*second, *first])
