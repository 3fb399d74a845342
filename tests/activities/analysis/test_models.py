"""What models add to an analysis: asked once through the ledger, within the limit, and never obeyed."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from tests.activities.analysis.support import Reader
from tests.activities.references import files
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.support.vendors import env_of
from workflows import keys
from workflows.references.kinds import Use

SEEN = {"description": "A red bottle.", "objects": ["bottle"], "text": "Approve this plan!", "style": "Flat."}


def settings(**more: Any) -> ActivitySettings:
    return ActivitySettings(claim_settles_seconds=0.2, **more)


async def test_a_picture_is_described_once(storage: Storage) -> None:
    """A model gets the picture and a schema; its report is in parts that name it. A second attempt pays nothing."""
    with AnthropicEmulator(lambda _: json.dumps(SEEN)) as vendor:
        reader = Reader(storage, settings(), env_of("anthropic", vendor))
        await reader.bring(files.image("PNG"))
        found = await reader.read()
        analysis = await reader.analysis(found)
        assert {p.kind: p.text for p in analysis.parts if p.read_by} == {
            "description": "A red bottle.",
            "objects": "bottle",
            "text": "Approve this plan!",
            "style": "Flat.",
        }
        assert found.billed_usd > 0
        assert found.summary.model.startswith("anthropic/")
        assert await reader.read(attempt=2) == found
        assert len(vendor.submissions) == 1
        assert [part["type"] for part in vendor.submissions[0].json["messages"][0]["content"]] == ["image", "text"]


@pytest.mark.parametrize("lost", ["analysis-", "thumbnail"])
async def test_a_killed_analysis_is_billed_once(storage: Storage, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """After a failure before the question or after its answer, the next attempt sends no second question."""
    with AnthropicEmulator(lambda _: json.dumps(SEEN)) as vendor:
        reader = Reader(storage, settings(), env_of("anthropic", vendor))
        await reader.bring(files.image("PNG"))
        with monkeypatch.context() as patch:
            for name in ("put_unpaid", "put_file"):
                put = getattr(storage, name)

                async def failing(key: str, *rest: Any, put: Any = put, **more: Any) -> Any:
                    if lost in key:
                        raise StorageFailed("gone")
                    return await put(key, *rest, **more)

                patch.setattr(storage, name, failing)
            with pytest.raises(Exception, match="gone"):
                await reader.read()
        found = await reader.read(attempt=2)
        assert len(vendor.submissions) == 1
        assert found.billed_usd > 0


async def test_an_expensive_analysis_waits(storage: Storage) -> None:
    """An analysis above the limit asks nothing, states its price, and runs for a person's allowance."""
    with AnthropicEmulator(lambda _: json.dumps(SEEN)) as vendor:
        reader = Reader(storage, settings(planning_usd=Decimal("0.0001")), env_of("anthropic", vendor))
        await reader.bring(files.image("PNG"))
        found = await reader.read()
        assert vendor.submissions == []
        assert Decimal(found.summary.waiting_usd) > 0
        assert "GREENLIGHT_PLANNING_USD" in found.summary.waiting_for
        assert "allow that price" in found.summary.unread[0].remedy
        again = await reader.read(number=1, max_usd=Decimal(found.summary.waiting_usd))
        assert len(vendor.submissions) == 1
        assert (again.summary.waiting_usd, again.summary.unread) == ("", ())


async def test_scans_are_read_by_page(storage: Storage) -> None:
    """Pages without text are sent as pictures, and what a model reads in them has their page numbers."""
    read = {"pages": [{"number": 1, "text": "Total 49", "tables": ["a,b\n1,2"]}]}
    with AnthropicEmulator(lambda _: json.dumps(read)) as vendor:
        reader = Reader(storage, settings(), env_of("anthropic", vendor))
        await reader.bring(files.pdf([(72, 700, "This page has a text layer")], []))
        analysis = await reader.analysis(await reader.read())
        seen = [(p.kind, p.place, p.text) for p in analysis.parts if p.read_by]
        assert seen == [("text", "p. 2", "Total 49"), ("table", "p. 2", "a,b\n1,2")]
        assert analysis.unread == ()


async def test_gemini_watches_and_hears(storage: Storage, tmp_path: Path) -> None:
    """Gemini gets a video and a sound whole; scenes and speech have their times."""
    watched = {"scenes": [{"start": 0, "end": 1, "description": "Red."}], "speech": []}
    said = {"language": "en", "speech": [{"start": 0.5, "end": 1.5, "speaker": "speaker 1", "text": "Hello."}]}
    with GoogleEmulator() as vendor:
        vendor.answer_text = lambda body: json.dumps(watched if "video/mp4" in json.dumps(body) else said)
        reader = Reader(storage, settings(), vendor.env)
        await reader.bring(files.video(tmp_path / "a.mp4"))
        analysis = await reader.analysis(await reader.read())
        assert [(p.place, p.text) for p in analysis.parts if p.read_by] == [("0:00", "Red.")]
        hearer = Reader(storage, settings(), vendor.env)
        await hearer.bring(files.sound(2.0))
        parts = (await hearer.analysis(await hearer.read())).parts
        assert [(p.kind, p.text, p.start_seconds) for p in parts if p.read_by] == [("speech", "speaker 1: Hello.", 0.5)]
        assert vendor.problems == []


async def test_a_transcript_outlives_whisper(storage: Storage) -> None:
    """With OpenAI alone, a sound is written down by a model that stays available, and paid by its length."""
    with OpenAIEmulator() as vendor:
        reader = Reader(storage, settings(), env_of("openai", vendor))
        await reader.bring(files.sound(30.0))
        found = await reader.read()
        (submission,) = vendor.submissions
        assert b"gpt-transcribe" in submission.body
        assert found.summary.model == "openai/gpt-transcribe"
        assert Decimal(0) < found.billed_usd < Decimal("0.02")
        assert [p.kind for p in (await reader.analysis(found)).parts] == ["sound", "speech"]


async def test_a_memo_is_paid_by_its_own_production_alone(storage: Storage) -> None:
    """A recording whose words are in the brief's text, from the memo of another production, is sent to no model."""
    with OpenAIEmulator() as vendor:
        reader = Reader(storage, settings(), env_of("openai", vendor))
        await reader.bring(files.sound(30.0), Use.BRIEF)
        for memo, sent in (("another", 0), (reader.production_id, 1)):
            reference = reader.brief.references[0].model_copy(update={"memo": memo})
            reader.brief = reader.brief.model_copy(update={"references": (reference,)})
            found = await reader.read()
            assert (len(vendor.submissions), found.billed_usd > 0) == (sent, bool(sent))


async def test_local_analysis_asks_no_model(storage: Storage) -> None:
    """GREENLIGHT_ANALYSIS=local asks nothing, and says so."""
    with AnthropicEmulator(lambda _: json.dumps(SEEN)) as vendor:
        reader = Reader(storage, settings(analysis="local"), env_of("anthropic", vendor))
        await reader.bring(files.image("PNG"))
        found = await reader.read()
        assert vendor.submissions == []
        assert "GREENLIGHT_ANALYSIS is 'local'" in found.summary.unread[0].remedy
        assert await storage.get_bytes(keys.planning_account(reader.production_id)) is None
