"""The segments of a film: they are joined as they are, kept by what they show, and hold every frame once."""

import asyncio
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from activities.finishing.deliverable import finish
from activities.finishing.film import encode_segment, lay_out_film, mix_sound
from activities.finishing.picture.frames import load_last_frame
from activities.finishing.picture.pieces import pieces_of
from activities.finishing.picture.titles import draw, lines_of, undrawn
from activities.finishing.sources import Sources
from activities.finishing.timeline import Shot, lay_out
from activities.media.fonts import Face
from activities.storage.bucket import Storage
from tests.activities.finishing.media import Film, Takes, finished, shot_file, voice_file
from workflows.activity_io import EncodeSegment, FinishDeliverable, MixSound
from workflows.brief import Platform
from workflows.cut import Card, Cut, Focus, LowerThird, Transition
from workflows.keys import film_prefix
from workflows.models import Media, Modality

RATE = 24


async def three_shots(storage: Storage, tmp_path: Path, name: str, *, seconds: float = 1.0) -> Takes:
    takes = Takes(storage, name)
    for number in (1, 2, 3):
        source = shot_file(tmp_path / f"{number}.mp4", seconds=seconds, hue=number * 80)
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4")
    return takes


def with_cut(request: FinishDeliverable, cut: Cut) -> FinishDeliverable:
    return request.model_copy(update={"cut": cut})


def luma(film: Film, number: int) -> float:
    plane = bytes(film.pictures[number].planes[0])
    return sum(plane) / len(plane)


async def test_every_transition_is_where_the_cut_says(storage: Storage, tmp_path: Path) -> None:
    """A dissolve shows both shots for its frames, a wipe one beside the other; the film is shorter by both."""
    takes = await three_shots(storage, tmp_path, "joins")
    plain, _ = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert plain.duration_seconds == 3
    joins = {"shot-2": Transition(kind="dissolve", seconds=0.5), "shot-3": Transition(kind="wipe", seconds=0.5)}
    request = with_cut(takes.request(Platform.VIDEO), Cut(transitions=joins))
    deliverable, files = await finished(takes, request, tmp_path)
    film = Film(files["deliverable.mp4"])
    assert deliverable.duration_seconds == 2
    assert len(film.pictures) == 48
    assert [c.start_seconds for c in deliverable.chapters] == [0, 0.5, 1]
    with av.open(BytesIO(film.data), "r") as container:
        frames = [f.to_image().resize((32, 18)) for f in container.decode(video=0)]  # type: ignore[no-untyped-call]
    corner = [f.getpixel((1, 16)) for f in frames]  # the square does not pass here
    far = [f.getpixel((30, 16)) for f in frames]
    one, two, three = corner[6], far[25], corner[42]
    for number, channel in ((0, 0), (1, 1), (2, 2)):
        expected = (one[channel] + two[channel]) / 2
        assert abs(corner[18][channel] - expected) < 12, f"the middle of the dissolve, channel {number}"
    assert max(abs(a - b) for a, b in zip(corner[30], three, strict=True)) < 12, "a wipe covers the left side first"
    assert max(abs(a - b) for a, b in zip(far[26], two, strict=True)) < 12
    assert max(abs(a - b) for a, b in zip(far[36], three, strict=True)) < 12


async def test_fades_go_through_black(storage: Storage, tmp_path: Path) -> None:
    """A fade begins the film from black, goes through black between shots, and ends it; no frame is added or lost."""
    takes = await three_shots(storage, tmp_path, "fades")
    fades = {f"shot-{n}": Transition(kind="fade", seconds=0.5) for n in (1, 2)}
    request = with_cut(takes.request(Platform.VIDEO), Cut(transitions=fades, fade_out_seconds=0.5))
    _, files = await finished(takes, request, tmp_path)
    film = Film(files["deliverable.mp4"])
    assert len(film.pictures) == 72
    light = [luma(film, number) for number in range(72)]
    dark = [number for number in range(72) if light[number] < 0.35 * max(light)]
    assert {0, 23, 24, 71} <= set(dark)
    assert not set(dark) & {12, 40, 47, 48, 60}


@pytest.mark.parametrize("kind", ["dissolve", "wipe"])
@given(
    lengths=st.lists(st.floats(0.2, 3), min_size=1, max_size=6),
    seconds=st.lists(st.floats(0.1, 5), min_size=6, max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_pieces_hold_every_frame_once(kind: str, lengths: list[float], seconds: list[float]) -> None:
    """Whatever the lengths of shots and transitions, the pieces follow each other without a gap, and show every frame
    of each shot once, or twice where it is in no transition."""
    none = Media(key="", bytes=0, sha256="", media_type="video/mp4")
    shots = [Shot(f"shot-{n}", none, length) for n, length in enumerate(lengths, start=1)]
    joins = {
        shot.asset_id: Transition.model_validate({"kind": kind, "seconds": each})
        for shot, each in zip(shots[1:], seconds, strict=False)
    }
    timeline = lay_out(shots, [], RATE, Cut(transitions=joins))
    pieces = pieces_of(timeline)
    assert all(one.start + one.frames == other.start for one, other in pairwise(pieces))
    assert sum(piece.frames for piece in pieces) == timeline.frames
    for placed in timeline.shots:
        shown = [
            frame
            for piece in pieces
            for part in piece.parts
            if part.placed is placed
            for frame in range(part.first, part.first + piece.frames)
        ]
        assert shown == list(range(placed.frames))


async def test_only_what_changed_is_encoded_again(storage: Storage, tmp_path: Path) -> None:
    """Another take of one shot of three leaves one segment to encode; the old film is laid out without any."""
    takes = await three_shots(storage, tmp_path, "again")
    voice = voice_file(tmp_path / "v.wav", 0.5)
    await takes.add("narration-1", Modality.AUDIO, "narration", voice, "audio/wav")
    request = takes.request(Platform.VIDEO)
    sources = Sources(storage, tmp_path / "takes")
    first = await lay_out_film(sources, request, print)
    assert (len(first.segments), first.count, bool(first.sound)) == (3, 3, True)
    await finished(takes, request, tmp_path)
    again = await lay_out_film(sources, request, print)
    assert (again.segments, again.count, again.sound) == ((), 3, "")

    other = shot_file(tmp_path / "other.mp4", hue=20)
    changed = Takes(storage, "again-other")
    await changed.add("shot-2", Modality.VIDEO, "shot", other, "video/mp4")
    assets = tuple(changed.assets[0] if a.asset.asset_id == "shot-2" else a for a in request.assets)
    third = await lay_out_film(sources, request.model_copy(update={"assets": assets}), print)
    assert ([s.name for s in third.segments], third.sound) == (["shot-2"], "")


async def test_other_workers_take_the_steps(storage: Storage, tmp_path: Path) -> None:
    """Each step on a machine of its own, in any order and some of them twice, gives the film of one machine."""
    takes = await three_shots(storage, tmp_path, "machines")
    voice = voice_file(tmp_path / "v.wav", 0.5)
    await takes.add("narration-1", Modality.AUDIO, "narration", voice, "audio/wav")
    request = takes.request(Platform.VIDEO)
    layout = await lay_out_film(Sources(storage, tmp_path / "a"), request, print)

    async def encode(number: int, machine: str) -> None:
        work = tmp_path / machine
        work.mkdir()
        part = EncodeSegment(production_id="machines", timeline=layout.timeline, segment=layout.segments[number])
        await encode_segment(Sources(storage, work / "takes"), part, work, print)

    await asyncio.gather(encode(2, "b"), encode(0, "c"), encode(0, "d"), encode(1, "e"))
    work = tmp_path / "f"
    work.mkdir()
    sound = MixSound(production_id="machines", timeline=layout.timeline, key=layout.sound)
    await mix_sound(Sources(storage, work / "takes"), sound, work, print)
    stored = await storage.list_keys(film_prefix("machines"))
    work = tmp_path / "g"
    work.mkdir()
    steps: list[str] = []
    deliverable = await finish(storage, request, work, steps.append)
    assert not any(step.startswith("shot-") for step in steps), "it encoded again"
    assert await storage.list_keys(film_prefix("machines")) == stored
    found = await storage.get_bytes(deliverable.files[0].media.key)
    assert found
    film = Film(found[0])
    assert len(film.pictures) == 72
    with av.open(BytesIO(found[0]), "r") as container:
        times = [f.time for f in container.decode(video=0)]
    assert all(b - a == pytest.approx(1 / RATE) for a, b in pairwise(t for t in times if t is not None))


async def test_texts_of_the_cut_are_on_their_frames(storage: Storage, tmp_path: Path) -> None:
    """A title is over the begin, a lower third over its shot, and an end card follows the last shot; every other
    frame is as without them."""
    takes = await three_shots(storage, tmp_path, "texts")
    _, plain = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    cut = Cut(
        title=Card(text="The light", seconds=0.5),
        lower_thirds=(LowerThird(asset_id="shot-2", text="Anna Müller\nKeeper", at_seconds=0.25, seconds=0.5),),
        end_card=Card(text="shop.example", seconds=1),
        fade_out_seconds=0.5,
    )
    deliverable, files = await finished(takes, with_cut(takes.request(Platform.VIDEO), cut), tmp_path)
    film, before = Film(files["deliverable.mp4"]), Film(plain["deliverable.mp4"])
    assert deliverable.duration_seconds == 4
    assert len(film.pictures) == 96

    def differs(number: int) -> bool:
        one, other = (bytes(f.pictures[number].planes[0]) for f in (film, before))
        return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 15

    shown = [number for number in range(72) if differs(number)]
    assert {4, 8, 35, 36} <= set(shown)
    assert set(shown) <= {*range(12), *range(30, 42)}
    assert max(film.picture(3.3)) > 90, "the card has light text"
    assert sum(film.picture(3.3)) / len(film.picture(3.3)) < 60, "on a dark ground"
    assert luma(film, 95) < luma(film, 80)


def test_every_line_of_a_title_fits() -> None:
    """A long title is broken into lines that fit the frame, in scripts with and without spaces."""
    face = Face(40)
    for text in (
        "The lighthouse at the end of the world " * 4,
        "灯塔站在海边已经两百年了" * 5,
        "المنارة لا تنام في الليل " * 4,
    ):
        lines = [line for line, _ in lines_of(text.strip(), face, 600)]
        assert len(lines) > 1
        assert all(face.width(line) <= 600 for line in lines)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


async def test_renditions_are_cropped_around_the_focus(storage: Storage, tmp_path: Path) -> None:
    """A further aspect is a film of its own with the same length and sound; each shot fills it around its focus."""
    picture = Image.new("RGB", (640, 360), "navy")
    picture.paste("red", (0, 0, 160, 360))
    picture.paste("lime", (480, 0, 640, 360))
    picture.save(tmp_path / "i.png")
    takes = Takes(storage, "renditions")
    for number in (1, 2):
        voice = voice_file(tmp_path / "v.wav", 0.5)
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", voice, "audio/wav")
        tied = (f"narration-{number}",)
        await takes.add(f"still-{number}", Modality.IMAGE, "still", tmp_path / "i.png", "image/png", depends_on=tied)
    cut = Cut(renditions=("9:16", "16:9", "1:1"), focus={"still-1": Focus(x=0), "still-2": Focus(x=0.9)})
    deliverable, files = await finished(takes, with_cut(takes.request(Platform.VIDEO), cut), tmp_path)
    assert [(f.name, f.role) for f in deliverable.files[:3]] == [
        ("deliverable.mp4", "video"),
        ("deliverable-9x16.mp4", "rendition"),
        ("deliverable-1x1.mp4", "rendition"),
    ], "16:9 is the film itself"
    main = Film(files["deliverable.mp4"])
    for name, size in (("deliverable-9x16.mp4", (720, 1280)), ("deliverable-1x1.mp4", (720, 720))):
        film = Film(files[name])
        assert film.size == size
        assert (len(film.pictures), film.kinds) == (len(main.pictures), main.kinds)
        with av.open(BytesIO(film.data), "r") as container:
            frames = list(container.decode(video=0))
        for at_frame, expected in ((3, (1, 0, 0)), (-3, (0, 1, 0))):
            frame = frames[at_frame].to_image()  # type: ignore[no-untyped-call]
            at = (size[0] // 3, size[1] // 2) if expected[0] else (size[0] * 2 // 3, size[1] // 2)
            assert tuple(int(value > 128) for value in frame.getpixel(at)) == expected


def test_letters_of_titles_without_a_font_are_noted() -> None:
    """A title whose letters no font here has is named with the remedy; one that can be drawn is not."""
    assert undrawn(["The light", "Le phare"]) == []
    (note,) = undrawn(["The light", "\U000130b8\U000131cb"])
    assert "\U000130b8" in note
    assert "install" in note


async def test_captions_in_the_picture_are_parts_of_their_segments(storage: Storage, tmp_path: Path) -> None:
    """Another style or text of captions encodes the segments that show them and no other, on workers with any fonts."""
    takes = await three_shots(storage, tmp_path, "captions")
    voice = voice_file(tmp_path / "v.wav", 0.8)
    await takes.add("narration-2", Modality.AUDIO, "narration", voice, "audio/wav", prompt="It turns.")
    shots = [
        a if a.asset.asset_id != "shot-2" else a.model_copy(
            update={"asset": a.asset.model_copy(update={"depends_on": ("narration-2",)})}
        )
        for a in takes.assets
    ]  # fmt: skip
    request = takes.request(Platform.VIDEO).model_copy(update={"assets": tuple(shots)})
    sources = Sources(storage, tmp_path / "takes")
    await finished(takes, request, tmp_path)
    boxed = await lay_out_film(sources, with_cut(request, Cut(captions="boxed")), print)
    assert [segment.name for segment in boxed.segments] == ["shot-2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("activities.finishing.picture.burned_captions.without_font", lambda text, bold: text)
        other = await lay_out_film(sources, with_cut(request, Cut(captions="boxed")), print)
    assert other.segments == boxed.segments, "a worker without fonts expects the same parts"
    words = await lay_out_film(sources, with_cut(request, Cut(captions="words")), print)
    assert [segment.key for segment in words.segments] != [segment.key for segment in boxed.segments]


async def test_an_upscaled_copy_is_shown_in_the_place_of_its_source(storage: Storage, tmp_path: Path) -> None:
    """A film with a larger copy of one of its two shots lasts as long as both: the copy has the place, the narration
    and the transition of its source, which is not shown."""
    takes = Takes(storage, "copies")
    voice = voice_file(tmp_path / "voice.wav", 0.8)
    await takes.add("narration-2", Modality.AUDIO, "narration", voice, "audio/wav")
    for number in (1, 2):
        source = shot_file(tmp_path / f"{number}.mp4", hue=number * 80)
        needs = ("narration-2",) if number == 2 else ()
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=needs)
    larger = shot_file(tmp_path / "larger.mp4", size=(640, 360), hue=160)
    await takes.add("copy", Modality.VIDEO, "anything", larger, "video/mp4", depends_on=("shot-2",))
    fade = Cut(transitions={"shot-2": Transition(kind="fade", seconds=0.4)})
    deliverable, files = await finished(takes, with_cut(takes.request(Platform.VIDEO), fade), tmp_path)
    assert deliverable.duration_seconds == 2
    assert [c.asset_id for c in deliverable.chapters] == ["shot-1", "copy"]
    assert "copy is shown in the place of shot-2" in deliverable.notes
    film = Film(files["deliverable.mp4"])
    assert len(film.pictures) == 48
    assert film.silent(0, 0.9)
    assert film.loud(1.3, 1.8)
    assert luma(film, 24) < luma(film, 36)


async def test_the_last_frame_of_a_shot_is_its_last(storage: Storage, tmp_path: Path) -> None:
    """The frame from which the next shot starts is the last one of its file, at its full size."""
    path = shot_file(tmp_path / "shot.mp4", seconds=2)
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
        wanted = last.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    found = load_last_frame(path, (4096, 4096))
    assert found.size == wanted.size == (320, 180)
    difference = ImageStat.Stat(ImageChops.difference(found, wanted.convert("RGB"))).mean
    assert max(difference) < 3


def first_letter(text: str) -> tuple[tuple[int, int], bytes]:
    """The first letter of an end card, as it is drawn."""
    card = draw("end card", text, (640, 360)).convert("L").point(lambda value: 255 if value > 128 else 0)
    drawn = card.crop(card.getbbox())
    columns = range(drawn.width)
    width = next(x for x in columns if drawn.crop((x, 0, x + 1, drawn.height)).getbbox() is None)
    letter = drawn.crop((0, 0, width, drawn.height))
    letter = letter.crop(letter.getbbox())
    return letter.size, letter.tobytes()


def test_cards_of_any_letters_have_one_font() -> None:
    """A letter looks the same next to a dash, an umlaut or a letter of ASCII."""
    assert len({first_letter(text) for text in ("n n", "n – n", "n ä")}) == 1


def test_a_title_is_readable_on_white() -> None:
    """Its letters have a dark edge on all sides."""
    picture = Image.new("RGB", (640, 360), "white")
    title = draw("title", "I", picture.size)
    picture.paste(title, (0, 0), title)
    left, top, right, bottom = title.getbbox() or (0, 0, 0, 0)
    light, width = picture.convert("L").tobytes(), picture.width
    across = light[(top + bottom) // 2 * width :][left:right]
    down = light[(left + right) // 2 :: width][top:bottom]
    for line in (across, down):
        dark = [n for n, value in enumerate(line) if value < 128]
        letter = line.index(255, dark[0])
        assert dark[0] < letter < dark[-1]
