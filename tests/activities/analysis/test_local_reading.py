"""What a worker without keys reads in a reference, and what it says that it cannot read."""

from pathlib import Path

from activities.storage.bucket import Storage
from tests.activities.analysis.support import Reader
from tests.activities.references import files


async def test_scenes_have_times_and_stills(storage: Storage, tmp_path: Path) -> None:
    """The scenes of a video are found with their times, and each has a key frame of its own colour in the bucket."""
    reader = Reader(storage)
    await reader.bring(files.video(tmp_path / "a.mp4", ("red", "lime", "blue"), seconds=6.0))
    found = await reader.read()
    analysis = await reader.analysis(found)
    scenes = [p for p in analysis.parts if p.kind == "scene"]
    assert [round(p.start_seconds or 0) for p in scenes] == [0, 2, 4]
    assert [p.place for p in scenes] == ["0:00", "0:02", "0:04"]
    for part in scenes:
        assert await storage.head(part.picture) is not None
    assert "3 scenes" in found.summary.summary
    assert "set GOOGLE_API_KEY" in analysis.unread[0].remedy
    assert next(p for p in analysis.parts if p.kind == "sound").text == "It has no sound."


async def test_sound_has_its_loudness_and_silence(storage: Storage) -> None:
    """The level and the stretches with sound are measured; of a silent recording nothing is left to transcribe."""
    reader = Reader(storage)
    await reader.bring(files.sound(6.0))
    analysis = await reader.analysis(await reader.read())
    (part,) = analysis.parts
    assert part.data["sounding"] == [[0.0, 3.0]]
    assert "what is said" in analysis.unread[0].what
    assert "OPENAI_API_KEY or GOOGLE_API_KEY" in analysis.unread[0].remedy
    silent = Reader(storage)
    await silent.bring(files.sound(2.0, silent=True))
    found = await silent.read()
    assert (await silent.analysis(found)).unread == ()
    assert "silent throughout" in found.summary.summary


async def test_documents_keep_their_pages_and_tables(storage: Storage) -> None:
    """Text has its page, a table stays a table, and pages without text are named as not read."""
    reader = Reader(storage)
    rows = [(72.0 + 200 * c, 700.0 - 20 * r, f"{name}{r}") for r in range(3) for c, name in enumerate("AB")]
    await reader.bring(files.pdf([(72, 780, "First page of it, with words"), *rows], []))
    analysis = await reader.analysis(await reader.read())
    assert [(p.kind, p.place) for p in analysis.parts] == [("text", "p. 1"), ("table", "p. 1")]
    assert analysis.parts[1].text == "A0,B0\nA1,B1\nA2,B2"
    assert "the text of page 2, which are pictures" in analysis.unread[0].what
    sheet = Reader(storage)
    await sheet.bring(files.xlsx([["Item", "Price"], ["Lamp", "49"]]))
    parts = (await sheet.analysis(await sheet.read())).parts
    assert [(p.kind, p.text) for p in parts] == [("table", "Item,Price\nLamp,49")]
    table = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"
    letter = Reader(storage)
    await letter.bring(files.docx(files.paragraph("Lamp", "Heading1") + files.paragraph("It is \u202ered.") + table))
    parts = (await letter.analysis(await letter.read())).parts
    assert [(p.kind, p.text) for p in parts] == [("text", "# Lamp\nIt is red."), ("table", "a,")]
    slides = Reader(storage)
    await slides.bring(files.pptx(["Title", "one"], ["Second"]))
    parts = (await slides.analysis(await slides.read())).parts
    assert [(p.page, p.text) for p in parts] == [(1, "# Title\n- one"), (2, "# Second")]


async def test_an_analysis_is_the_same_again(storage: Storage) -> None:
    """A second attempt has the same digest and the same key."""
    reader = Reader(storage)
    await reader.bring(files.image("PNG"))
    assert await reader.read() == await reader.read(attempt=2)
