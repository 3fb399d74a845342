"""The delivery of speech in plans: it is apart from the words, and translations follow that of their original."""

import pytest

from workflows.brief import Brief
from workflows.cut import Cut
from workflows.models import Asset, Modality, Plan
from workflows.production.state import staleness
from workflows.production.state.policies import PlanProblem, apply_edits
from workflows.requests import EditOp, RegenerateBody

BRIEF = Brief(text="The sea.", platform="video", languages=("en", "de"))


def _line(asset_id: str, prompt: str, delivery: str, **given: object) -> Asset:
    return Asset.model_validate(
        {
            "asset_id": asset_id,
            "asset_type": "audio",
            "role": "narration",
            "prompt": prompt,
            "delivery": delivery,
            "provider": "previz",
            "model": "previz-narration",
            **given,
        }
    )


def _plan(german: str = "calm") -> Plan:
    original = _line("narration-1", "The sea.", "calm")
    known = {"language": "de", "translates": "narration-1", "translated_from": "x"}
    shot = Asset(
        asset_id="shot-1", asset_type=Modality.VIDEO, role="shot", prompt="Sea", provider="previz", model="animatic"
    )
    return Plan.of(
        "Sea", [original, shot, _line("narration-1-de", "Das Meer.", german, **known)], cut=Cut(languages=("de",))
    )


def _edited(plan: Plan, **change: object) -> Plan:
    return apply_edits(BRIEF, plan, [EditOp.model_validate({"op": "change", **change})])


def test_an_edit_of_the_delivery_changes_no_word() -> None:
    """The delivery of the original changes, its translation follows, and both keep their words."""
    made = _edited(_plan(), asset_id="narration-1", delivery="sad, slowly")
    assert [a.delivery for a in made.assets if a.spoken] == ["sad, slowly"] * 2
    assert [a.prompt for a in made.assets] == [a.prompt for a in _plan().assets]


def test_a_translation_with_its_own_delivery_keeps_it() -> None:
    """A translation that is said in another way stays as it is; its own edit changes it alone."""
    made = _edited(_plan("laut"), asset_id="narration-1", delivery="sad")
    assert [a.delivery for a in made.assets if a.spoken] == ["sad", "laut"]
    own = _edited(_plan(), asset_id="narration-1-de", delivery="leise")
    assert [a.delivery for a in own.assets if a.spoken] == ["calm", "leise"]


def test_a_vendor_parameter_is_the_delivery() -> None:
    """The parameter `instructions`, as vendors call it, is taken as the delivery; "" removes a delivery."""
    made = _edited(_plan(), asset_id="narration-1", parameters={"instructions": "excited"})
    line = made.by_id["narration-1"]
    assert (line.delivery, line.parameters) == ("excited", {})
    assert _edited(made, asset_id="narration-1", delivery="").by_id["narration-1"].delivery == ""


def test_only_speech_has_a_delivery() -> None:
    """A delivery of a picture is refused, and the message names the field and the remedy."""
    with pytest.raises(PlanProblem, match=r"shot-1.delivery: only speech has a delivery.*describe it in the prompt"):
        _edited(_plan(), asset_id="shot-1", delivery="sad")


def test_a_take_is_stale_by_its_delivery_alone() -> None:
    """The digest of the delivery is apart from that of the words; without one there is none, as in older takes."""
    one, other = _line("narration-1", "The sea.", "calm"), _line("narration-1", "The sea.", "sad")
    assert {name for name in staleness.spec(one) if staleness.spec(one)[name] != staleness.spec(other)[name]} == {
        "delivery"
    }
    assert "delivery" not in staleness.spec(_line("narration-1", "The sea.", ""))


def test_feedback_excludes_a_given_delivery() -> None:
    """A request has feedback, or the new words and delivery; both are given without feedback."""
    with pytest.raises(ValueError, match="not both"):
        RegenerateBody(feedback="slower", delivery="slow")
    assert RegenerateBody(prompt="The sea!", delivery="slow").delivery == "slow"
