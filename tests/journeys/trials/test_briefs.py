"""Films of twelve briefs, made by previz from plans of the template planner and of an emulated language model: what
their manifests, captions and lengths say. `BRIEFS_OUT` names a folder that keeps the films."""

import asyncio
import html
import io
import os
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from activities.storage.bucket import Storage
from tests.activities.planning.money.billed_planner import working
from tests.activities.planning.twelve.reader import plan_of as answer_to
from tests.activities.planning.twelve.wanted import WANTED, flat, read
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Handle, Productions, plan_of, update
from workflows.events import Snapshot
from workflows.keys import manifest_key
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision

pytestmark = pytest.mark.trial
SECONDS = 1500.0
"""The film of nine minutes on a busy machine."""


async def delivered(handle: Handle) -> Snapshot:
    """The production after the approval of its plan, from the manifest that it delivers."""
    plan = await plan_of(handle)
    approval = Approval(plan_digest=plan.digest, approver="ana")
    await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
    async with asyncio.timeout(SECONDS):
        seen: Snapshot = await handle.result()
    return seen


async def content(storage: Storage, seen: Snapshot, name: str) -> bytes:
    assert seen.deliverable
    file = next(f for f in seen.deliverable.files if f.name == name)
    return await storage.read(file.media.key, file.media.sha256)


@pytest.fixture
def vendor(name: str) -> Iterator[OpenAIEmulator]:
    """A vendor whose language model plans the film of a brief."""
    with OpenAIEmulator(lambda body: answer_to(name)) as emulator:
        yield emulator
    assert emulator.problems == []


def keep(name: str, film: bytes, captions: str) -> None:
    if folder := os.environ.get("BRIEFS_OUT"):
        Path(folder, f"{name}.mp4").write_bytes(film)
        Path(folder, f"{name}.vtt").write_text(captions)


def length(film: bytes) -> float:
    """Seconds."""
    with av.open(io.BytesIO(film), "r") as opened:
        return float(opened.duration or 0) / av.time_base


def cues(captions: str) -> str:
    """The text of WebVTT captions, without their numbers and times."""
    blocks = (block.splitlines() for block in captions.strip().split("\n\n") if "-->" in block)
    lines = [line for block in blocks for line in block[block.index(next(x for x in block if "-->" in x)) + 1 :]]
    return flat([html.unescape(line) for line in lines])


@pytest.mark.parametrize("planner", ["template", "openai/gpt-6-luna"])
@pytest.mark.parametrize("name", WANTED)
async def test_a_film_says_and_shows_what_its_brief_lists(
    name: str, planner: str, vendor: OpenAIEmulator, productions: Productions, storage: Storage
) -> None:
    """The narrations of the manifest are the lines of the brief and nothing else, and so are the captions; each text on
    the screen is in the prompt of one shot or on the end card; the film is within 5 % of the length."""
    wanted = WANTED[name]
    async with working(productions.client, storage, vendor, planner=planner):
        seen = await delivered(
            await productions.start(
                text=read(name),
                platform="video",
                languages=[wanted.language],
                duration_seconds=wanted.length,
                aspect=wanted.aspect,
            )
        )
    stored = await storage.get_bytes(manifest_key(seen.production_id))
    assert stored
    manifest = Snapshot.model_validate_json(stored[0])
    film = await content(storage, seen, "deliverable.mp4")
    captions = (await content(storage, seen, "captions.vtt")).decode()
    await asyncio.to_thread(keep, f"{name}-{planner[:6]}", film, captions)
    assert manifest.plan
    assert len(vendor.submissions) == (planner != "template")
    spoken = [a.prompt for a in manifest.plan.assets if a.spoken]
    assert flat(spoken) == flat(wanted.said)
    assert all(manifest.assets[a.asset_id].selected for a in manifest.plan.assets)
    card = manifest.plan.cut.end_card
    shots = [a.prompt for a in manifest.plan.assets if a.role == "shot"]
    for text, _ in wanted.shown:
        assert sum(f"“{text}”" in prompt for prompt in shots) + (card is not None and card.text == text) == 1
    assert length(film) == pytest.approx(wanted.length, rel=0.05)
    assert cues(captions) == flat(wanted.said)
