"""What a brief orders in words is in its plan, or in a warning: cuts, conversations, own footage, listed pictures."""

import pytest

from activities.planning.choices.ordered_cut import with_ordered_cut
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from tests.activities.planning.scripted import Script, film, planned, request
from tests.activities.planning.structured import PREVIZ, plan, said, shots
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.models import Media, Modality
from workflows.references.analysis import Part

ADVERT = """Werbung, 15 Sekunden, in drei Formaten: 16:9, 1:1 und 9:16.
Einstellung 1: Eine Flasche in der Morgensonne.
Einstellung 2: {second}
Sprecherin: "Frisch vom Hof."
{end}Rechtlicher Hinweis: "Enthält Milch."
Untertitel fest eingebrannt."""
PODCAST = """Podcast, deux voix. Pas d'image nécessaire, seulement une couverture fixe.
Claire (voix féminine, chaleureuse) : Bonjour et bienvenue.
Marc (voix masculine) : Parlons des trains.
Claire : Merci Marc.
Jingle au début."""


def test_a_cut_has_what_the_brief_orders() -> None:
    """Formats and subtitles are settings of the cut, the legal line is on the end card, and nobody says them."""
    made = plan(ADVERT.format(second="Ein Glas.", end='Endkarte: "Hof Nord"\n'), language="de", duration_seconds=15)
    assert (made.cut.renditions, made.cut.captions) == (("1:1", "9:16"), "plain")
    assert made.cut.end_card
    assert made.cut.end_card.text == "Hof Nord\nEnthält Milch."
    assert said(made) == ["", "Frisch vom Hof."]


def test_own_footage_is_no_paid_shot() -> None:
    """A shot that the requester has is a stand-in without a still, and a warning names it. Without an end card, a legal
    line is over the last shot."""
    made = plan(ADVERT.format(second="(vorhandenes Material)", end=""), language="de", duration_seconds=15)
    assert made.find("still-1")
    assert not made.find("still-2")
    assert any("shot-2 is a free stand-in" in each for each in made.warnings)
    assert [(third.asset_id, third.text) for third in made.cut.lower_thirds] == [("shot-2", "Enthält Milch.")]


def test_a_podcast_has_a_voice_for_each_speaker_and_one_cover() -> None:
    """Its labels are not said, each speaker has a voice, and no shot is planned where no picture is ordered; a warning
    says how long its words are."""
    made = plan(PODCAST, language="fr", duration_seconds=20)
    spoken = [(a.prompt, a.parameters["voice"]) for a in made.assets if a.spoken]
    assert spoken == [
        ("Bonjour et bienvenue.", "fr+f2"),
        ("Parlons des trains.", "fr+m3"),
        ("Merci Marc.", "fr+f2"),
    ]
    assert not shots(made)
    assert [a.asset_id for a in made.assets if a.asset_type is Modality.IMAGE] == ["still-1"]
    assert [a.prompt for a in made.assets if a.role == "effects"] == ["Jingle au début."]
    assert [each for each in made.warnings if each.startswith("length: the words take about 3 s")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Two illustrations: the lamp on a desk, and a detail of the switch.",
            "the lamp on a desk|a detail of the switch",
        ),
        ("Con dos ilustraciones: un torno y una taza.", "un torno|una taza"),
        ("A picture of each dish.\n- Cod\n- Rhubarb tart", "Cod|Rhubarb tart"),
        ("Ein quadratisches Bild pro Produkt aus der Liste.", 'Lampe "Nord"|Stuhl'),
    ],
)
def test_listed_pictures_are_one_each(text: str, names: str) -> None:
    """Pictures after a colon, in a list, or in the rows of an attached table are planned with their names."""
    language = "es" if text.startswith("Con") else "en"
    brief = Brief(text=text, platform="design", languages=(language,), references=[{"source": "stored:references/a"}])
    media = Media(key="k", bytes=1, sha256="", media_type="text/csv")
    rows = Part(part_id="t", kind="table", text='name,preis\n"Lampe ""Nord""",49 EUR\nStuhl,9 EUR\n')
    request = DraftPlan(production_id="p", brief=brief, references=(media,))
    made = draft(PlanningTask.of(request, PREVIZ, read={1: (rows,)}))
    assert [a.label for a in made.assets if a.role == "visual"] == names.split("|")


def test_a_list_that_is_missing_is_a_warning() -> None:
    """A brief that speaks of a list without one is planned with a warning."""
    made = plan("One picture for each product in the attached list.", platform="design")
    assert any(each.startswith("items: ") for each in made.warnings)


async def test_the_plan_of_a_language_model_has_the_cut_too() -> None:
    """A model that plans without the formats and subtitles of the brief is no reason to lose them."""
    text = (
        "A film about a lighthouse, in 16:9 and 9:16. Burn the subtitles into the picture. Legal line: “Not to scale.”"
    )
    made = await planned(Script([film()]), request(text))
    assert (made.cut.renditions, made.cut.captions) == (("9:16",), "plain")
    assert [third.text for third in made.cut.lower_thirds] == ["Not to scale."]


@pytest.mark.parametrize(
    ("prompt", "level"),
    [
        ('The baker turns around. She says, "We open at five every morning."', 0.0),
        ("Die Bäckerin sagt: „Wir öffnen um fünf.“ Warmes Licht.", 0.0),
        ('Wide view of a shop, a sign reads "OPEN ALL NIGHT".', -10.0),
        ("The baker at her oven.", -10.0),
    ],
)
def test_shots_in_which_people_speak_are_heard(prompt: str, level: float) -> None:
    """Where lines are said in the shots themselves, their sound is in front of the music."""
    brief = Brief(text="A baker at dawn. Her shop opens.", platform="video", languages=("en",))
    task = PlanningTask.of(DraftPlan(production_id="p", brief=brief), PREVIZ)
    made = draft(task)
    assets = tuple(a.model_copy(update={"prompt": prompt}) if a.asset_id == "shot-1" else a for a in made.assets)
    assert with_ordered_cut(made.with_assets(assets, made.cut), task).cut.levels.own_sound == level
