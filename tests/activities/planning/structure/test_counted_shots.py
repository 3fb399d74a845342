"""A brief counts its shots, or gives the length of each: "3 shots of 4 seconds", "drei Bilder: …"."""

import pytest

from activities.planning.structure.orders.film_length import asked_seconds
from activities.planning.structure.orders.shot_lengths import EachShot, each_shot, without_each_shot
from tests.activities.planning.structured import lengths, plan, said, shots
from workflows.models import Plan


def seen(made: Plan) -> list[str]:
    return [shot.prompt.split(" First:")[0].rstrip("。.") for shot in shots(made)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A film, 3 shots, 4 seconds each.", EachShot(4, 3)),
        ("A film in four short scenes of five seconds each", EachShot(5, 4)),
        ("3 shots of 4s", EachShot(4, 3)),
        ("Each shot lasts about 6 seconds.", EachShot(6)),
        ("Each shot 6 seconds, five shots.", EachShot(6, 5)),
        ("2.5 seconds per shot", EachShot(2.5)),
        ("Drei Einstellungen zu je 4 Sekunden", EachShot(4, 3)),
        ("Vier Bilder, jedes 5 Sekunden", EachShot(5, 4)),
        ("3 plans de 4 secondes chacun", EachShot(4, 3)),
        ("4 planos de 3 segundos cada uno", EachShot(3, 4)),
        ("tre inquadrature da 4 secondi", EachShot(4, 3)),
        ("3 кадра по 4 секунды", EachShot(4, 3)),
        ("4个镜头，每个5秒", EachShot(5, 4)),
        ("三个镜头，每个5秒", EachShot(5, 3)),
        ("3カット、各4秒", EachShot(4, 3)),
        ("컷당 5초", EachShot(5)),
        ("A barista pulls two shots of espresso in 25 seconds.", None),
        ("She says: “Give me three shots of five seconds each!”", None),
        ("Three shots of 4 seconds, then two shots of 9 seconds.", None),
        ("A film of 30 seconds.", None),
        ("kolme kuvaa à kolme sekuntia", None),
    ],
)
def test_the_length_of_each_shot(text: str, found: EachShot | None) -> None:
    assert each_shot(text) == found


def test_the_film_lasts_as_long_as_its_shots() -> None:
    """Their number and length give the length of the film, which a length of its own overrides."""
    assert asked_seconds("A film, 3 shots, 4 seconds each.") == 12
    assert asked_seconds("A 30 second film. 3 shots, 4 seconds each.") == 30
    assert without_each_shot("A film in 3 shots of 4 seconds each, no voice. 4 s per shot.") == "A film, no voice. "


ROSES = "Roses at dawn", "A hand ties the ribbon", "The shop window"
NUMBERED = "".join(f"\n{k}. {picture}" for k, picture in enumerate(ROSES, start=1))


@pytest.mark.parametrize(
    "text",
    [
        f"A film for a florist. 3 shots, 4 seconds each.{NUMBERED}",
        f"A florist's film in three shots of 4 seconds each, no voice.{NUMBERED}",
        f"Promo for a florist: 3 scenes, 4 seconds per scene.{NUMBERED}",
        f"Ein Film für eine Gärtnerei, drei Einstellungen zu je 4 Sekunden, ohne Sprecher.{NUMBERED}",
        f"Vídeo para una floristería, 3 planos de 4 segundos cada uno, sin voz:{NUMBERED}",
        f"花店的宣传片，3个镜头，每个4秒，不要旁白。{NUMBERED}",
        f"A film for a florist. Three pictures, four seconds each: {'; '.join(ROSES)}.",
    ],
)
def test_listed_shots_of_one_length(text: str) -> None:
    """Each is seen for this time, nothing of the list is said, and its first line is no shot."""
    made = plan(text)
    assert seen(made) == [*ROSES]
    assert lengths(made) == [4, 4, 4]
    assert not any(said(made))


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        ("A film about tea. Three shots: the garden; the leaves; the cup.", ["The garden", "The leaves", "The cup"]),
        (
            "Film über Tee, drei Bilder: der Garten, die Blätter und die Tasse.",
            ["Der Garten", "Die Blätter", "Die Tasse"],
        ),
        ("Un film sur le thé. Deux plans : le jardin à l'aube, la tasse.", ["Le jardin à l'aube", "La tasse"]),
        ("A film about tea. Scene one: the garden. Scene two: the cup.", ["The garden", "The cup"]),
    ],
)
def test_a_sentence_counts_its_shots(text: str, pictures: list[str]) -> None:
    assert seen(plan(text)) == pictures


def test_another_number_is_no_list_of_shots() -> None:
    assert len(shots(plan("A film about tea. Three scenes: the garden, where it all begins; the cup."))) != 2


def test_rows_without_names_of_columns() -> None:
    """Rows with pipes: framings, pictures, lengths, lines with and without a label, and a cell that says "no VO"."""
    made = plan(
        "A teaser for a bottle\n"
        "01 | WS | A ridge at dawn | VO: “Some mornings start early.” | 6s\n"
        "02 | CU | Steam rises | “Hot for 24 hours.” | 5s\n"
        "03 | MS | A hiker drinks | (no VO) | 4s"
    )
    assert seen(made) == ["A ridge at dawn", "Steam rises", "A hiker drinks"]
    assert said(made) == ["Some mornings start early.", "Hot for 24 hours.", ""]
    assert lengths(made) == [6, 5, 4]


@pytest.mark.parametrize("asks", ["Vertical please!", "Oh and vertical!", "9:16 please.", "Bitte hochkant."])
def test_a_shape_is_asked_for_alone(asks: str) -> None:
    """It orders a version of the film, and is neither seen nor said."""
    made = plan(f"A reel for our bakery. The oven glows. Bread is sliced. {asks}")
    assert made.cut.renditions == ("9:16",)
    assert not any(asks.strip("!.") in asset.prompt for asset in made.assets)


def test_a_valley_is_no_shape() -> None:
    assert not plan("A film about home. Landscape. A valley in fog.").cut.renditions


@pytest.mark.parametrize("length", ["Like 15s.", "About 15 seconds.", "Etwa 15 Sekunden.", "15 seconds."])
def test_a_length_alone(length: str) -> None:
    made = plan(f"A reel for our bakery. {length} The oven glows. Bread is sliced.")
    assert sum(lengths(made)) == pytest.approx(15)
    assert not any("15" in asset.prompt for asset in shots(made))


def test_music_in_the_sentence_about_the_film() -> None:
    made = plan(f"A film for our gym, 3 shots, 3 s each, energetic electronic music, no voice-over.{NUMBERED}")
    assert [asset.prompt for asset in made.assets if asset.role == "music"] == [
        "energetic electronic music. Instrumental, no vocals."
    ]
    assert made.title == "Our gym"


def test_settings_after_a_dialogue_are_no_shot() -> None:
    made = plan("ANNA: Did you hear that?\nBEN: The rain. It stopped.\nDuration: 25s. Style: film noir.")
    assert said(made) == ["Did you hear that?", "The rain. It stopped."]
    assert sum(lengths(made)) == pytest.approx(25)


def test_notes_in_prose_are_neither_seen_nor_said() -> None:
    """Nor is a labelled length within the text, which counts."""
    made = plan(
        "A film about bees. The hive wakes. Duration: 12 seconds. The first flight. Tone: respectful and curious."
    )
    assert sum(lengths(made)) == pytest.approx(12)
    assert not any(word in asset.prompt for asset in shots(made) for word in ("Tone", "respectful", "Duration"))
    assert "Tone" not in " ".join(said(made))
