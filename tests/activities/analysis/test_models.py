"""What models add to an analysis: asked once through the ledger, within the limit, and never obeyed."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.planning.material.reading import parts_of
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
from workflows.activity_io import DraftPlan
from workflows.references.analysis import Correction
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
        hearer = Reader(storage, settings(transcriber="google/gemini-3.8-flash"), vendor.env)
        await hearer.bring(files.sound(2.0))
        parts = (await hearer.analysis(await hearer.read())).parts
        (heard,) = (p for p in parts if p.read_by)
        assert (heard.kind, heard.text, heard.speaker, heard.start_seconds) == ("speech", "Hello.", "speaker 1", 0.5)
        assert vendor.problems == []


async def test_words_have_times_and_speakers(storage: Storage) -> None:
    """A recording is written down by the model that reports each word's time and speaker: one part for each sentence
    of a speaker. If it fails, another model hears the recording."""
    spoken = [("Hello Ana. We start.", [("Hello", 0.2, 0.5, "spk_1"), ("Ana.", 0.5, 0.9, "spk_1"), *LATER])]
    said = {"language": "en", "speech": [{"start": 0.5, "end": 1.5, "speaker": "speaker 1", "text": "Hello."}]}
    with GoogleEmulator() as vendor:
        vendor.said = spoken
        vendor.answer_text = lambda _: json.dumps(said)
        reader = Reader(storage, settings(), vendor.env)
        await reader.bring(files.sound(2.0))
        found = await reader.read()
        parts = [p for p in (await reader.analysis(found)).parts if p.kind == "speech"]
        assert [(p.text, p.speaker, p.start_seconds, p.end_seconds) for p in parts] == [
            ("Hello Ana.", "spk_1", 0.2, 0.9),
            ("We start.", "spk_2", 1.0, 1.8),
        ]
        assert [(w.word, w.start, w.end, w.speaker) for w in parts[1].words] == [
            ("We", 1.0, 1.2, "spk_2"),
            ("start.", 1.2, 1.8, "spk_2"),
        ]
        assert found.summary.model == "google/gemini-3.5-transcribe"
        assert (len(vendor.submissions), vendor.problems, found.summary.unread) == (1, [], ())
        vendor.meet("refuse")
        other = Reader(storage, settings(), vendor.env)
        await other.bring(files.sound(2.0))
        assert (await other.read()).summary.model == "google/gemini-3.8-flash"


def translator(body: Any) -> str:
    """The translation of each line of a question."""
    asked = json.dumps(body)
    words = {"Die Lampe kostet 59 Euro": "The lamp costs 59 euros and it stands on the desk."}
    lines = [{"id": "1", "text": english} for german, english in words.items() if german in asked]
    return json.dumps({"lines": lines})


GERMAN = [("Die Lampe kostet 59 Euro und steht auf dem Schreibtisch.", [("Die", 0.2, 0.5), ("Lampe", 0.5, 0.9)])]
LATER = [("We", 1.0, 1.2, "spk_2"), ("start.", 1.2, 1.8, "spk_2")]


async def test_foreign_speech_is_translated_for_the_planner(storage: Storage) -> None:
    """Speech in another language than the brief's is translated once, beside the original and with its time; the
    planner gets the translation, and a correction of the original withdraws it."""
    with GoogleEmulator() as vendor:
        vendor.said, vendor.answer_text = GERMAN, translator
        reader = Reader(storage, settings(), vendor.env)
        await reader.bring(files.sound(2.0))
        found = await reader.read()
        analysis = await reader.analysis(found)
        original, english = analysis.parts[-2:]
        assert (original.kind, english.kind, english.place) == ("speech", "translation", original.place)
        assert english.text == "The lamp costs 59 euros and it stands on the desk."
        assert english.data == {"of": original.part_id, "from": "de", "to": "en"}
        assert english.read_by == "google/gemini-3.8-flash"
        assert await reader.read(attempt=2) == found
        assert len(vendor.submissions) == 2
        assert found.billed_usd >= sum(vendor.prices)
        draft = DraftPlan(production_id=reader.production_id, brief=reader.brief, analyses=(found.summary,))
        (shown,) = (p for p in (await parts_of(draft, storage))[1] if p.read_by)
        assert (shown.text, shown.place) == (english.text, "0:00")
        fixed = Correction(reference=1, part_id=original.part_id, text="Die Lampe kostet 49 Euro.")
        read = await parts_of(draft.model_copy(update={"corrections": (fixed,)}), storage)
        assert [p.text for p in read[1] if p.read_by] == ["Die Lampe kostet 49 Euro."]


async def test_an_expensive_translation_waits(storage: Storage) -> None:
    """Where only the transcript fits the limit, the translation is not asked for, and its price waits for a person."""
    with GoogleEmulator() as vendor:
        vendor.said, vendor.answer_text = GERMAN, translator
        reader = Reader(storage, settings(planning_usd=Decimal("0.02")), vendor.env)
        await reader.bring(files.sound(2.0))
        found = await reader.read()
        assert len(vendor.submissions) == 1
        (unread,) = found.summary.unread
        assert "a translation of what is said (German) into English" in unread.what
        assert "allow that price" in unread.remedy
        again = await reader.read(number=1, max_usd=Decimal(found.summary.waiting_usd))
        assert (again.summary.unread, len(vendor.submissions)) == ((), 3)


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
        assert "reports no times" in found.summary.unread[0].what


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
