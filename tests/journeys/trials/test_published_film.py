"""A film of 90 seconds in two languages and three aspects on the real stack, measured as a person would check it before
it is published: its lengths, loudness, captions, transitions, signatures, and its timeline in another program."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from otio_fcpx_xml_adapter import fcpx_xml
from typer.testing import CliRunner

from activities.finishing.sound.mastering import measure_recording
from api.cli import main
from api.client.client import GreenlightClient
from api.views.exports import ExportFormat
from deploy.local import Stack
from tests.activities.finishing.captions.test_words_of_takes import onsets_of
from tests.activities.finishing.media import Film, cue_times
from tests.activities.finishing.sound.recordings import STOP
from tests.support.film import approval, manifest_of, planned
from workflows.brief import Brief, Platform
from workflows.cut import Card, Cut, Transition
from workflows.events import Snapshot
from workflows.requests import EditOp, PlanEdit

pytestmark = pytest.mark.trial

SECONDS, SHOTS = 90, 10
LINES: Final = [
    ("The harbour wakes before the town does.", "Der Hafen erwacht vor der Stadt."),
    ("Nine boats leave on every calm morning.", "Neun Boote fahren an jedem ruhigen Morgen aus."),
    ("Ingrid has steered the smallest one since 1998.", "Ingrid steuert das kleinste seit 1998."),
    ("She reads the clouds, and then the radio.", "Sie liest die Wolken, und dann das Radio."),
    ("The nets come up heavy and silver.", "Die Netze kommen schwer und silbern herauf."),
    ("Half of the catch goes back into the water.", "Die Hälfte des Fangs geht zurück ins Wasser."),
    ("Small fish are next year's work.", "Kleine Fische sind die Arbeit des nächsten Jahres."),
    ("At noon the auction bell rings twice.", "Mittags läutet die Glocke der Auktion zweimal."),
    ("By four o'clock everything is sold.", "Um vier Uhr ist alles verkauft."),
    ("Tomorrow they do it again.", "Morgen tun sie es wieder."),
]
BRIEF: Final = Brief(
    title="Nine boats",
    text="\n".join(f"{n}. {SECONDS // SHOTS} s: Boats at sea.\n   VO: {line}" for n, (line, _) in enumerate(LINES, 1)),
    platform=Platform.VIDEO,
    duration_seconds=SECONDS,
    aspect="16:9",
    requester="ana",
)
JOINS: Final = {
    2: Transition(kind="dissolve", seconds=1),
    5: Transition(kind="fade", seconds=1),
    8: Transition(kind="wipe"),
}
ASPECTS: Final = {"": 16 / 9, "-9x16": 9 / 16, "-1x1": 1.0}
NAMES: Final = [f"deliverable{language}{aspect}.mp4" for aspect in ASPECTS for language in ("", ".de")]


@dataclass(frozen=True)
class Published:
    production_id: str
    record: Snapshot
    folder: Path
    client: GreenlightClient
    stack: Stack

    def data(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="module")
def published(local_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    folder = tmp_path_factory.mktemp("published")
    with GreenlightClient(local_stack.info.api_url) as client:
        production_id, plan = planned(client, BRIEF)
        shots = [a.asset_id for a in plan.assets if a.role == "shot"]
        assert len(shots) == SHOTS
        cut = Cut(
            transitions={shots[n - 1]: join for n, join in JOINS.items()},
            end_card=Card(text="The harbour, every day", seconds=2),
            renditions=("9:16", "1:1"),
        )
        german = {"The harbour, every day": "Der Hafen, jeden Tag", **dict(LINES)}
        edits = (
            EditOp(op="cut", cut=cut),
            EditOp(op="languages", languages=("en", "de"), translations={"de": german}),
        )
        plan = client.edit_plan(production_id, PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana"))
        client.approve(production_id, approval(plan))
        assert list(client.events(production_id))[-1].name == "done"
        for _ in client.download_all(client.get(production_id), folder):
            pass
        yield Published(production_id, manifest_of(client, production_id, folder), folder, client, local_stack)


def joins_of(film: Film) -> list[float]:
    """Where one picture differs from the one before as two shots do, in seconds."""
    rate = float(film.rate or 24)
    steps = [film.differ(k / rate, (k + 1) / rate) for k in range(len(film.pictures) - 1)]
    return [(k + 1) / rate for k, step in enumerate(steps) if step > 6]


@pytest.mark.parametrize("name", NAMES)
def test_each_film_can_be_published(published: Published, name: str) -> None:
    """Each has all frames of its length at equal intervals, the loudness of its goal within 0.5 LU and no peak above
    -1 dBTP, and no picture stands still for a second."""
    film = Film(published.data(name))
    assert film.seconds == pytest.approx(SECONDS, rel=0.05)
    assert len(film.pictures) == pytest.approx(film.seconds * float(film.rate or 0), abs=2)
    heard = measure_recording(published.folder / name, STOP)
    assert heard.lufs == pytest.approx(-14, abs=0.5)
    assert heard.peak_dbtp <= -1
    assert frozen(film) < 1
    aspect = next(ASPECTS[each] for each in reversed(ASPECTS) if each in name)
    assert film.size[0] / film.size[1] == pytest.approx(aspect, rel=0.02)


def frozen(film: Film) -> float:
    """The longest time in which the picture does not change, before the end card, in seconds."""
    rate = float(film.rate or 24)
    longest = current = 0
    for k in range(int((film.seconds - 2) * rate) - 1):
        current = current + 1 if film.differ(k / rate, (k + 1) / rate) == 0 else 0
        longest = max(longest, current)
    return longest / rate


def test_transitions_are_where_the_cut_says(published: Published) -> None:
    """The picture changes within a frame at each cut of the timeline, and nowhere else; within a dissolve, a fade and a
    wipe it changes over their whole length, and shows black in the middle of a fade."""
    film, overview = Film(published.data("deliverable.mp4")), json.loads(published.data("overview.json"))
    picture = overview["picture"]
    starts = [clip["start"] for clip in picture[1:]]
    cuts = [at for n, at in enumerate(starts, start=2) if n not in JOINS]
    found = joins_of(film)
    assert all(any(abs(at - one) <= 1 / 24 for one in found) for at in cuts), (cuts, found)
    joined = [starts[n - 2] for n in JOINS]
    assert all(any(abs(at - one) < 1.1 for at in (*cuts, *joined, film.seconds - 2)) for one in found), (found, starts)
    assert max(film.picture(starts[5 - 2])) < 30


@pytest.mark.parametrize("language", ["", ".de"])
def test_captions_start_with_their_words(published: Published, language: str) -> None:
    """Each caption that begins after a pause starts within 0.2 s of a word that is heard."""
    times = cue_times(published.data(f"captions{language}.vtt").decode())
    assert len(times) >= 2 * SHOTS
    onsets = onsets_of(published.data(f"deliverable{language}.mp4"))
    starts = [start for start, before in zip(times[2::2], times[1::2], strict=False) if start - before > 0.5]
    assert len(starts) >= SHOTS - 2
    assert all(min(abs(start - onset) for onset in onsets) < 0.2 for start in starts), (starts, onsets)


def test_every_sentence_is_said_once(published: Published) -> None:
    """The narrations of both languages are the lines of the brief and their translations."""
    assert published.record.plan
    said = [a.prompt for a in published.record.plan.assets if a.role == "narration"]
    assert sorted(said) == sorted(line for pair in LINES for line in pair)


@pytest.mark.parametrize("name", NAMES)
def test_each_film_is_signed(published: Published, name: str) -> None:
    """`greenlight verify` finds a valid signature, of a certificate that says that it is self-made."""
    app = ["--url", published.stack.info.api_url, "verify", str(published.folder / name), "--json"]
    found = CliRunner().invoke(main.app, app)
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["self_made"] is True


def test_the_timeline_is_read_by_another_program(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exported FCPXML has all shots with their lengths, as OpenTimelineIO's adapter reads them."""
    archive = published.client.export(published.production_id, ExportFormat.FCPXML, published.folder / "export.zip")
    with zipfile.ZipFile(archive) as files:
        document = files.read(next(n for n in files.namelist() if n.endswith(".fcpxml"))).decode()
    # The adapter reads a time in whole frames as a decimal fraction.
    monkeypatch.setattr(fcpx_xml, "int", lambda value: round(float(value)), raising=False)
    (read,) = fcpx_xml.read_from_string(document)
    shown = {
        clip.media_reference.target_url for clip in read.find_clips() if hasattr(clip.media_reference, "target_url")
    }
    assert len([url for url in shown if "shot-" in url]) == SHOTS
