"""A brief names models for the stages of its production; one that a worker cannot use is refused before a payment."""

from datetime import date
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.analysis.models import Need, choose_models
from activities.judging.stages import check_stage_models
from activities.judging.terms import with_reviews
from activities.planning.language_models import models_for
from activities.planning.pricing import price
from activities.planning.questions.inquiry import name_of
from activities.settings import ActivitySettings
from tests.activities.evaluation.test_judges import LUNA, SOL, providers
from workflows.activity_io import PLAN_INVALID, Payer
from workflows.brief import Brief, Platform
from workflows.models import Asset, Media, Modality, Plan

KEYS = ("OPENAI_API_KEY", "GEMINI_API_KEY")


def brief(models: dict[str, str], **given: Any) -> Brief:
    fields = {"text": "A fox", "platform": Platform.SOCIAL_POST, "models": models, **given}
    return Brief.model_validate(fields)


def refusal(named: Brief, settings: ActivitySettings | None = None, payer: Payer | None = None) -> str:
    with pytest.raises(ApplicationError) as caught:
        check_stage_models(named, settings or ActivitySettings(), providers(*KEYS), payer)
    assert caught.value.type == PLAN_INVALID
    return caught.value.message


@pytest.mark.parametrize(
    ("models", "field", "problem", "remedy"),
    [
        ({"judge": "openai/none"}, "models.judge", "openai has no such model", "choose from openai/"),
        ({"planner": "nobody/x"}, "models.planner", "there is no provider 'nobody'", "choose from"),
        ({"planner": "gpt-6-sol"}, "models.planner", "it is no 'provider/model'", "'auto', 'template'"),
        ({"enhancer": "template,openai/gpt-6-sol"}, "models.enhancer", "'template': it is no", "choose from"),
        ({"translator": "anthropic/claude-opus-4-8"}, "models.translator", "not enabled", "set ANTHROPIC_API_KEY"),
        ({"planner": "openai/gpt-image-2.5-flare"}, "models.planner", "it makes image", "choose from"),
        ({"judge": "vendor/gift"}, "models.judge", "it makes image and does not judge takes", "choose from"),
        ({"analyst": "previz/previz-text"}, "models.analyst", "it does not see or hear", "'local'"),
        ({"transcriber": LUNA}, "models.transcriber", "it does not write down recordings", "choose from"),
        ({"planner": f"{SOL}, openai/none"}, "models.planner", "'openai/none'", "choose from"),
        ({"judge": " , "}, "models.judge", "it names no model", "leave it out"),
    ],
)
def test_a_model_that_cannot_be_used_is_refused(models: dict[str, str], field: str, problem: str, remedy: str) -> None:
    """The message has the field, the problem and the remedy."""
    message = refusal(brief(models))
    assert message.startswith(f"{field}: ")
    assert problem in message
    assert remedy in message


def test_a_price_that_is_not_published_needs_a_permission() -> None:
    """A planner of unknown price needs the permission, and no budget can hold it; a judge's price is in the plan."""
    known = providers(*KEYS)
    offers = [o for p in known.values() for o in p.offers() if o.unknown and o.modality is Modality.TEXT and o.schema]
    if not offers:
        pytest.skip("the catalogue has a price for every model that follows a schema")
    unlisted = {"planner": name_of(offers[0])}
    assert "send allow_unknown_prices: true" in refusal(brief(unlisted))
    assert "no budget can hold it" in refusal(brief(unlisted, budget_usd="1", allow_unknown_prices=True))
    check_stage_models(brief(unlisted, allow_unknown_prices=True), ActivitySettings(), known)
    assert "neither the plan nor a limit" in refusal(brief({"judge": name_of(offers[0])}, allow_unknown_prices=True))


def test_the_workers_decide_which_models_a_brief_may_name() -> None:
    """GREENLIGHT_BRIEF_MODELS closes the field, or leaves it some models; words such as 'template' are always free."""
    assert "GREENLIGHT_BRIEF_MODELS is 'none'" in refusal(brief({"judge": SOL}), ActivitySettings(brief_models="none"))
    some = ActivitySettings(brief_models=f"{LUNA}")
    assert f"a brief may name only {LUNA}" in refusal(brief({"judge": SOL}), some)
    check_stage_models(brief({"judge": LUNA, "planner": "template"}), some, providers(*KEYS))


def test_stages_follow_their_brief() -> None:
    """The planner, the enhancer that has no model of its own, the transcriber and the judge are those of the brief."""
    known = providers(*KEYS)
    named = brief(
        {"planner": SOL, "judge": "google/gemini-3.8-flash", "translator": "template"}, quality={"mode": "gate"}
    )
    check_stage_models(named, ActivitySettings(), known)
    settings = ActivitySettings(planner=LUNA, enhancer="").with_models(named.models)
    today = date(2026, 11, 30)
    assert [name_of(o) for o in models_for(settings, known, today)] == [SOL]
    assert [name_of(o) for o in models_for(settings, known, today, "enhancer")] == [SOL]
    assert models_for(settings, known, today, "translator") == []
    asset = Asset(
        asset_id="a", asset_type=Modality.IMAGE, role="still", prompt="A fox", provider="vendor", model="gift"
    )
    plan = with_reviews(price(Plan.of("t", [asset]), known, "16:9"), named, settings, known)
    by_setting = with_reviews(price(Plan.of("t", [asset]), known, "16:9"), named, ActivitySettings(judge=SOL), known)
    (review,), (other,) = [[a.review for a in p.assets if a.review] for p in (plan, by_setting)]
    assert (review.judge, other.judge) == ("google/gemini-3.8-flash", SOL)
    assert review.high_usd != other.high_usd, "the price follows the judge"


def test_a_recording_is_written_down_by_the_named_transcriber() -> None:
    """A model that only transcribes reads recordings, and nothing else, although others hear too."""
    known = providers(*KEYS)
    able = next(
        name_of(o) for p in known.values() for o in p.offers() if o.model.endswith("-transcribe") and not o.unavailable
    )
    settings = ActivitySettings().with_models(brief({"transcriber": able}).models)
    check_stage_models(brief({"transcriber": able}), settings, known)
    sound = Media(key="x", bytes=9, sha256="", media_type="audio/mpeg", duration_seconds=3)
    picture = Media(key="x", bytes=9, sha256="", media_type="image/png", width=9, height=9)
    assert [name_of(o) for o in choose_models(Need("sound", "", (sound,)), known, settings)[0]] == [able]
    assert able not in [name_of(o) for o in choose_models(Need("picture", "", (picture,)), known, settings)[0]]


def test_a_brief_has_one_judge() -> None:
    """`quality.judge` and `models.judge` contradict each other."""
    with pytest.raises(ValueError, match=r"models\.judge: .*quality\.judge"):
        brief({"judge": SOL}, quality={"mode": "advise", "judge": LUNA})
