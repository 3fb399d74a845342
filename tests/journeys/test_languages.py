"""A film in several languages on real servers: translated, priced, approved once, delivered as a film for each, and
with one more language after the delivery."""

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import av
import pytest

from activities.storage.bucket import Storage
from tests.activities.planning.money.billed_planner import working
from tests.activities.planning.translation.translator import (
    ENGLISH,
    GERMAN,
    JAPANESE,
    TITLE,
    planner_and_translator,
)
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Handle, Productions, until, update
from workflows.cut import Card, Cut
from workflows.events import Snapshot
from workflows.models import Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, PlanEdit

pytestmark = pytest.mark.trial

BRIEF: dict[str, Any] = {
    "text": "A film about the boats of Ingrid.",
    "platform": "video",
    "modalities": ["video", "audio"],
    "duration_seconds": 15,
    "languages": ["en", "de"],
}


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator(planner_and_translator()) as emulator:
        yield emulator
    assert emulator.problems == []


async def planned(productions: Productions, **brief: Any) -> tuple[Handle, Plan]:
    """A production whose plan waits for approval, with a title on the screen."""
    handle, plan = await productions.planned(**{**BRIEF, **brief})
    cut = EditOp(op="cut", cut=Cut(title=Card(text=TITLE["en"], seconds=2)))
    both = (cut, EditOp(op="languages", languages=("en", *plan.cut.languages)))
    return handle, await update(
        handle, ProductionWorkflow.edit_plan, PlanEdit(plan_digest=plan.digest, edits=both, editor="ana")
    )


async def approve(handle: Handle, plan: Plan) -> None:
    await update(handle, ProductionWorkflow.decide, Decision(approve=Approval(plan_digest=plan.digest, approver="ana")))


async def film_of(storage: Storage, seen: Snapshot, name: str) -> dict[str, Any]:
    """The language of a file of the deliverable, and the languages of its streams by their kind."""
    assert seen.deliverable
    file = next(f for f in seen.deliverable.files if f.name == name)
    content = await storage.read(file.media.key, file.media.sha256)
    found: dict[str, Any] = {"language": file.language}
    with av.open(io.BytesIO(content)) as film:
        for stream in film.streams:
            found.setdefault(stream.type, []).append(stream.metadata.get("language"))
    return found


async def text_of(storage: Storage, seen: Snapshot, name: str) -> str:
    assert seen.deliverable
    file = next(f for f in seen.deliverable.files if f.name == name)
    return (await storage.read(file.media.key, file.media.sha256)).decode()


def letters(text: str) -> str:
    return "".join(text.split())


async def test_a_film_is_made_in_each_language_and_one_is_added_after_delivery(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator
) -> None:
    """English and German share the shots; each has its narration, captions and title. Japanese, added after the
    delivery, costs one more question and three narrations, and nothing else is made again."""
    async with working(productions.client, storage, vendor):
        handle, plan = await planned(productions)
        assert plan.cut.translations == {"de": {TITLE["en"]: TITLE["de"]}}
        await approve(handle, plan)
        first = await handle.result()
        await check_first(storage, first)
        asked = len(vendor.submissions)
        assert first.plan
        op = EditOp(op="languages", languages=("en", "de", "ja"))
        edit = PlanEdit(plan_digest=first.plan.digest, edits=(op,), editor="ana", budget_usd=Decimal("0.50"))
        await productions.reopen(first, ProductionWorkflow.edit_plan, edit)
        seen = await productions.newest(handle).result()
    assert seen.deliverable
    assert seen.deliverable.revision == first.deliverable.revision + 1 if first.deliverable else False
    assert len(vendor.submissions) == asked + 1
    assert {i: s.selected for i, s in seen.assets.items() if not i.endswith("-ja")} == {
        i: s.selected for i, s in first.assets.items()
    }
    assert sorted(i for i in seen.assets if i not in first.assets) == [f"narration-{k}-ja" for k in (1, 2, 3)]
    made = await film_of(storage, seen, "deliverable.ja.mp4")
    assert (made["audio"], made["subtitle"], made["language"]) == (["jpn"], ["jpn"], "ja")
    assert (await film_of(storage, seen, "deliverable.mp4"))["subtitle"] == ["eng", "deu", "jpn"]
    captions = letters(await text_of(storage, seen, "captions.ja.vtt"))
    assert all(letters(line)[:12] in captions for line in JAPANESE)


async def check_first(storage: Storage, seen: Snapshot) -> None:
    assert seen.deliverable
    names = [f.name for f in seen.deliverable.files]
    assert names[:2] == ["deliverable.mp4", "deliverable.de.mp4"]
    assert {"captions.vtt", "captions.srt", "captions.de.vtt", "captions.de.srt"} <= set(names)
    original, german = [await film_of(storage, seen, n) for n in ("deliverable.mp4", "deliverable.de.mp4")]
    assert (original["audio"], original["subtitle"]) == (["eng"], ["eng", "deu"])
    assert (german["audio"], german["subtitle"], german["language"]) == (["deu"], ["deu"], "de")
    captions = letters(await text_of(storage, seen, "captions.de.vtt"))
    assert all(letters(line) in captions for line in GERMAN)
    assert ENGLISH[0] not in captions


async def test_an_edit_of_the_original_makes_its_translation_stale_with_the_reason(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator
) -> None:
    """Another text of narration-1 makes narration-1 and its German stale, and no other; a refresh of the German is
    refused until it is translated again or edited."""
    async with working(productions.client, storage, vendor):
        handle, plan = await productions.planned(**BRIEF)
        await approve(handle, plan)
        first = await handle.result()
        assert first.plan
        change = EditOp(op="change", asset_id="narration-1", prompt=ENGLISH[1])
        edit = PlanEdit(plan_digest=first.plan.digest, edits=(change,), editor="ana")
        await productions.reopen(first, ProductionWorkflow.edit_plan, edit)
        newest = productions.newest(handle)
        seen = await until(newest, "delivered")
        stale = {i: s.stale_because for i, s in seen.assets.items() if s.stale}
        assert stale["narration-1"] == ("prompt",)
        assert stale["narration-1-de"] == ("narration-1",)
        assert not {"narration-2-de", "narration-3-de", "narration-2"} & set(stale)
