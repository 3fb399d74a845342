"""The cut that a language model plans."""

from dataclasses import replace

from activities.planning.film import CLOSING, MIDDLE, OPENING, Film
from activities.planning.shots import FilmShot
from tests.activities.planning import structured
from tests.activities.planning.scripted import Script, film, offer, planned
from workflows.models import Modality


async def test_a_cut_is_planned() -> None:
    """Transitions and the fade at the end become the plan's cut, and what two shots share is not missed in its
    length."""
    joins = [{"into": f"shot-{k}", "kind": "dissolve", "seconds": 2} for k in (2, 3, 4)]
    plan = await planned(Script([{**film(seconds="6"), "transitions": joins, "fade_out_seconds": 1.5}]))
    assert {i: (t.kind, t.seconds) for i, t in plan.cut.transitions.items()} == {
        f"shot-{k}": ("dissolve", 2) for k in (2, 3, 4)
    }
    assert plan.cut.fade_out_seconds == 1.5


async def test_titles_captions_levels_and_destinations_are_planned() -> None:
    """What a model proposes for titles, captions, levels, destinations and focus becomes the cut."""
    given = {
        "title_card": "The light",
        "lower_thirds": [{"shot": "shot-1", "text": "A keeper"}],
        "end_card": "Keep it on.",
        "captions": "words",
        "levels": [{"track": "music", "decibels": -12}],
        "destinations": ["tiktok"],
        "focus": [{"shot": "shot-2", "x": 0.3, "y": 0.4}, {"shot": "shot-3", "x": 1.2}, {"shot": "shot-9", "x": 0}],
    }
    cut = (await planned(Script([{**film(), **given}]))).cut
    assert cut.title is not None
    assert cut.end_card is not None
    assert (cut.title.text, cut.end_card.text, cut.captions) == ("The light", "Keep it on.", "words")
    assert [(third.asset_id, third.text) for third in cut.lower_thirds] == [("shot-1", "A keeper")]
    assert (cut.levels.music, cut.renditions) == (-12, ("tiktok",))
    assert {i: (at.x, at.y) for i, at in cut.focus.items()} == {"shot-2": (0.3, 0.4), "shot-3": (1.0, 0.5)}


def test_the_template_planner_names_the_subjects_place() -> None:
    """For a destination, a shot is cropped around the third on which its prompt puts the subject; not where the model
    is a placeholder, which draws its own frame. The fade at the end takes at most half of the last shot."""
    shots = [FilmShot(f.name, "The sea.", f, seconds=1.5) for f in (OPENING, *MIDDLE[:3], CLOSING)]
    made = Film(shots, [], fades_out=True)
    ids, paints = [f"shot-{k}" for k in range(1, 6)], offer("vendor", "film", Modality.VIDEO, "1")
    assert {i: at.x for i, at in made.cut(ids, paints, cropped=True).focus.items()} == {"shot-2": 0.33, "shot-4": 0.67}
    assert made.cut(ids, replace(paints, placeholder=True), cropped=True).focus == {}
    assert made.cut(ids, paints).focus == {}
    assert made.cut(ids).fade_out_seconds == 0.7


def test_shots_of_prose_are_named_by_what_is_seen() -> None:
    """The shots of prose, and so the chapters of the film, have titles in the language of the brief."""
    made = structured.plan("Ein Nachtzug fährt durch die Alpen. Die Sonne geht über dem See auf. Er kommt in Wien an.")
    labels = [asset.label.partition(" · ")[2] for asset in structured.shots(made)]
    assert labels[0] == "Ein Nachtzug fährt durch die Alpen"
    assert not {"Opening", "Closer", "Detail", "Closing"} & set(labels)
