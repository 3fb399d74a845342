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
