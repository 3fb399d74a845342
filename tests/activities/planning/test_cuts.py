"""The cut that a language model plans."""

from tests.activities.planning.scripted import Script, film, planned


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
    """What a model proposes for titles, captions, levels and destinations becomes the cut."""
    given = {
        "title_card": "The light",
        "lower_thirds": [{"shot": "shot-1", "text": "A keeper"}],
        "end_card": "Keep it on.",
        "captions": "words",
        "levels": [{"track": "music", "decibels": -12}],
        "destinations": ["tiktok"],
    }
    cut = (await planned(Script([{**film(), **given}]))).cut
    assert cut.title is not None
    assert cut.end_card is not None
    assert (cut.title.text, cut.end_card.text, cut.captions) == ("The light", "Keep it on.", "words")
    assert [(third.asset_id, third.text) for third in cut.lower_thirds] == [("shot-1", "A keeper")]
    assert (cut.levels.music, cut.renditions) == (-12, ("tiktok",))
