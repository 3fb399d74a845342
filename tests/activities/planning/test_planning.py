"""The template planner makes a plan for any brief; pricing refuses models that no provider offers."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Parameter
from activities.planning.pricing import price
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.previz import narration
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.text.speech import fit, sentences, speech_seconds
from tests.activities.planning.scripted import House, offer
from workflows.activity_io import PLAN_INVALID, DraftPlan
from workflows.brief import PLATFORM_MODALITIES, Brief, Platform
from workflows.models import Asset, Modality, Plan

FILM = (
    "A 20 second film about a lighthouse. It has stood for two hundred years. Every night it speaks to the ships. "
    "They answer with their horns. Nobody is lost."
)
PREVIZ: dict[str, Provider] = {"previz": Previz({})}


def plan(text: str = FILM, *feedback: str, providers: dict[str, Provider] | None = None, **brief: Any) -> Plan:
    made = Brief(**{"text": text, "platform": "video", **brief})
    request = DraftPlan(production_id="p", brief=made, feedback=feedback)
    return draft(PlanningTask.of(request, PREVIZ if providers is None else providers))


def ids(made: Plan) -> list[str]:
    return [a.asset_id for a in made.assets]


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ApplicationError) as caught:
        call()
    assert caught.value.type == PLAN_INVALID
    assert caught.value.non_retryable
    return str(caught.value)


def test_video_is_planned_as_a_storyboard() -> None:
    """The plan of a video has a script, then narration, still and shot in turn; a shot is made from the other two."""
    made = plan()
    each = [f"{kind}-{k}" for k in range(1, 5) for kind in ("narration", "still", "shot")]
    assert ids(made) == ["script", *each]
    assert [a.position for a in made.assets] == list(range(1, 14))
    shot = made.find("shot-2")
    assert shot is not None
    assert shot.depends_on == ("narration-2", "still-2")
    assert {a.role for a in made.assets} == {"script", "narration", "still", "shot"}
    assert made.title == "A lighthouse"


def test_narration_is_the_briefs_words() -> None:
    """The narration is the text of the brief in its order, without markup and without directions to the crew."""
    made = plan("# Slow mornings\n\nOur **new** machine. Show the crema up close. Made by [Sara](https://x.example).")
    said = " ".join(a.prompt for a in made.assets if a.role == "narration")
    assert said.index("Slow mornings.") < said.index("Our new machine.") < said.index("Made by Sara.")
    assert not set("*#[]") & set(said)
    assert "crema" not in said
    assert any("crema" in a.prompt for a in made.assets if a.role == "still")


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("copy", ["headline", "body", "call-to-action"]),
        ("creative_brief", ["objective", "audience", "message", "tone", "deliverables"]),
        ("social_post", ["post", "visual"]),
        ("design", ["concept", "visual-1", "visual-2", "visual-3"]),
    ],
)
def test_other_platforms(platform: str, expected: list[str]) -> None:
    """A platform of text and images has its own assets, and none depends on another."""
    made = plan("Launch our oat milk.", platform=platform)
    assert ids(made) == expected
    assert not any(a.depends_on for a in made.assets)


@pytest.mark.parametrize(
    ("chosen", "kinds"),
    [
        (["text"], []),
        (["text", "image"], ["still"]),
        (["text", "audio"], ["narration"]),
        (["text", "video"], ["shot"]),
        (["text", "audio", "video"], ["narration", "shot"]),
    ],
)
def test_only_chosen_modalities(chosen: list[str], kinds: list[str]) -> None:
    """A video brief with fewer modalities is planned with those, and each dependency is in the plan."""
    made = plan(modalities=chosen)
    assert ids(made) == ["script", *(f"{kind}-{k}" for k in range(1, 5) for kind in kinds)]
    assert {d for a in made.assets for d in a.depends_on} <= set(ids(made))


def test_length_without_narration_is_the_briefs() -> None:
    """Without narration the shots together are as long as the brief; with narration they last at least as long."""
    silent, spoken = plan(modalities=["image", "video"], duration_seconds=30), plan(duration_seconds=30)
    assert [a.parameters for a in silent.assets if a.role == "shot"] == [{"seconds": 5.0}] * 6
    said, unsaid = {"at_least": 5.0}, {"seconds": 5.0}
    assert [a.parameters for a in spoken.assets if a.role == "shot"] == [said, unsaid, said, said, unsaid, said]


@pytest.mark.parametrize(("seconds", "shots"), [(4, 1), (20, 4), (33, 7), (600, 120), (3600, 300)])
def test_a_shot_every_five_seconds(seconds: float, shots: int) -> None:
    """The number of shots follows from the length."""
    assert sum(a.role == "shot" for a in plan(duration_seconds=seconds).assets) == shots


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("灯塔站在海边已经两百年了。每天晚上它都和船说话。灯光扫过黑暗的海面，告诉水手们：家在这里。", "zh"),
        ("प्रकाशस्तंभ दो सौ वर्षों से खड़ा है। हर रात वह जहाजों से बात करता है।", "hi"),
        ("المنارة هنا منذ مائتي عام. هل تسمعها السفن؟ نعم، كل ليلة.", "ar"),
        ("!!!", "en"),
        ("🎉", "en"),
        ("W" * 20_000, "en"),
        ("灯" * 20_000, "zh"),
        ("one two three, " * 1_300, "en"),
        ("a" + "!" * 19_999, "en"),
    ],
)
@pytest.mark.parametrize("seconds", [4, 20, pytest.param(3_600, marks=pytest.mark.trial)])
def test_any_script_and_length_gives_a_priced_plan(text: str, language: str, seconds: float) -> None:
    """A brief in any script and of any length is planned within the limits, and each narration fits its shot."""
    made = price(plan(text, languages=[language], duration_seconds=seconds), PREVIZ)
    lengths = {a.depends_on[0]: a.parameters["at_least"] for a in made.assets if "at_least" in a.parameters}
    said = {a.asset_id: a.prompt for a in made.assets if a.role == "narration"}
    assert said.keys() == lengths.keys()
    assert all(speech_seconds(said[name]) <= float(str(lengths[name])) for name in said)
    shots = [a.parameters for a in made.assets if a.role == "shot"]
    assert sum(float(str(v)) for p in shots for v in p.values()) == pytest.approx(seconds, rel=0.01)


@given(text=st.text(min_size=1, max_size=300).filter(str.strip), seconds=st.floats(min_value=0.5, max_value=20))
def test_fitting_loses_no_text(text: str, seconds: float) -> None:
    """The spoken part of any text fits, and together with the omitted part it is the whole text."""
    parts = sentences(text.strip())
    assert parts
    whole = " ".join(parts)
    said, left = fit(whole, seconds)
    assert said == whole or speech_seconds(said) <= seconds + 0.1
    letters = [c for c in (said + left).casefold() if c.isalnum()]
    assert letters == [c for c in whole.casefold() if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "seconds", "said"),
    [
        ("She buys a warm loaf of rye bread. Then she goes home.", 3, "She buys a warm loaf of rye bread."),
        ("She buys a warm loaf of rye bread", 1, ""),
        ("The street empties; only Mara stays with her red umbrella.", 2, "The street empties."),
        ("In the small town by the sea, a keeper lives alone.", 2.5, ""),
        ("卵と牛乳だけで、ゆっくり固まります。", 3, ""),
        ("雪の朝です。店に明かりがともります。", 2.5, "雪の朝です。"),
        ("المنارة هنا منذ مائتي عام. هل تسمعها السفن؟", 3, "المنارة هنا منذ مائتي عام."),
    ],
)
def test_no_phrase_is_cut(text: str, seconds: float, said: str) -> None:
    """The part that fits consists of whole sentences or clauses in every script, or is empty."""
    assert fit(text, seconds)[0] == said


def test_sentences_end_where_they_end() -> None:
    """Abbreviations, decimals and times do not end a sentence; the marks of other scripts and new lines do."""
    assert sentences("Dr. No, e.g. at 10:30, paid 3.5 million. 你好。再见！\nLast line") == [
        "Dr. No, e.g. at 10:30, paid 3.5 million.",
        "你好。",
        "再见！",
        "Last line.",
    ]


def test_numbers_in_feedback_change_the_plan() -> None:
    """Feedback with a number of shots and seconds is followed; the newest number counts."""
    made = plan(FILM, "Make it six shots", "No: 3 shots of 4 seconds in total")
    shots = [a for a in made.assets if a.role == "shot"]
    assert [list(a.parameters.values()) for a in shots] == [[1.333]] * 3
    assert len([a for a in plan(FILM, "6 shots of 2.5 seconds each").assets if a.role == "shot"]) == 6


@pytest.mark.parametrize("platform", [each for each in Platform if each is not Platform.DOCUMENT])  # planned by no one
def test_feedback_that_needs_a_language_model_is_not_appended(platform: Platform) -> None:
    """Without a language model, other feedback is named in a warning with the remedy, and is in no prompt."""
    made = plan(FILM, "“More fog”, colder colours", platform=platform)
    assert not any("fog" in asset.prompt for asset in made.assets)
    assert made.digest == plan(FILM, platform=platform).digest
    assert [w for w in made.warnings if "More fog" in w and "needs a language model" in w]


def test_a_writer_gets_the_feedback() -> None:
    """If a language model writes the texts, it receives the feedback from the template."""
    wise: dict[str, Provider] = {"alpha": House("alpha", offer("alpha", "wise", Modality.TEXT, "1"))}
    made = plan("Oat milk.", "shorter, warmer", platform="copy", providers=wise)
    assert all("Direction: shorter, warmer" in asset.prompt for asset in made.assets)
    assert made.warnings == ()


@pytest.mark.parametrize("platform", list(Platform))
def test_no_provider_is_refused_with_the_remedy(platform: Platform) -> None:
    """Without a provider no plan is made, and the message names the modality and the variable."""
    message = refused(lambda: plan(platform=platform, providers={}))
    assert PLATFORM_MODALITIES[platform][0] in message
    assert "GREENLIGHT_PREVIZ" in message


def test_unspoken_language_is_refused_with_a_choice() -> None:
    """A language that previz cannot speak is refused only if audio is chosen; the message names those that it can."""
    message = refused(lambda: plan(languages=["tlh"]))
    assert message.endswith(
        "languages: previz cannot speak 'tlh'; leave out audio, or give a language it speaks, e.g. en, de, fr, es, zh"
    )
    assert all(narration.find_voice(tag) for tag in ("en", "de", "fr", "es", "zh"))
    assert plan(languages=["tlh"], modalities=["image", "video"]).assets


def test_a_voice_is_planned_for_its_languages() -> None:
    """A voice that lists its languages is planned for them and their regions, and another voice for all others."""
    voice = offer("alpha", "speak", Modality.AUDIO, "0.02", languages=frozenset({"en", "pt"}), rank=10)
    alpha: dict[str, Provider] = {"alpha": House("alpha", offer("alpha", "wise", Modality.TEXT, "1"), voice)}

    def narrator(language: str, **more: Provider) -> str:
        made = plan(languages=[language], modalities=["text", "audio"], providers={**alpha, **more})
        return made.by_id["narration-1"].provider

    assert narrator("pt-MZ") == "alpha"
    assert narrator("de", **PREVIZ) == "previz"
    assert refused(lambda: narrator("de")).endswith("give a language it speaks, e.g. en")


def test_a_voice_is_planned_that_takes_the_longest_line() -> None:
    """One voice speaks the whole film: the first one that takes each line whole. Where none does, the plan says it."""
    voices = (offer("alpha", "brief", Modality.AUDIO, "0.01", max_prompt=60, rank=1),
              offer("alpha", "long", Modality.AUDIO, "0.02", rank=2))  # fmt: skip
    alpha: dict[str, Provider] = {"alpha": House("alpha", offer("alpha", "wise", Modality.TEXT, "1"), *voices)}

    def planned(said: str) -> Plan:
        text = f'Shot 1: a harbour. Narrator: "{said}"\nShot 2: a boat. Narrator: "Bye."'
        return plan(text, modalities=["text", "audio"], providers=alpha)

    def speakers(made: Plan) -> list[str]:
        return [a.model for a in made.assets if a.role == "narration"]

    assert speakers(planned("The harbour sleeps.")) == ["brief", "brief"]
    assert speakers(planned("The harbour sleeps. " * 4)) == ["long", "long"]
    alpha["alpha"] = House("alpha", offer("alpha", "wise", Modality.TEXT, "1"), voices[0])
    warnings = planned("The harbour sleeps. " * 4).warnings
    assert any(w.startswith("narration-1: brief takes at most 60 characters, and the rest") for w in warnings)


def test_words_that_do_not_fit_are_warned_of() -> None:
    """If the text of a brief is longer than its film can speak, a warning for each shot gives the omitted text."""
    long = " ".join(f"Sentence {k} tells of the keeper and of every ship that he saw." for k in range(4))
    made = price(plan(long, duration_seconds=10), PREVIZ)
    assert len(made.warnings) == 2
    assert made.warnings[0].startswith("shot 1 has no room for all of the brief's text: the narration leaves out “Sent")
    assert plan(long, duration_seconds=60).warnings == ()
    assert plan(long, duration_seconds=10, modalities=["image", "video"]).warnings == ()


def test_a_shot_is_extended_for_its_sentence() -> None:
    """If the whole text fits the film, a shot with more text gets more of its time, and no text is omitted."""
    text = "It stands here. The keeper saw ships and storms and whales and slept at dawn every day of his life."
    made = plan(text, duration_seconds=12, modalities=["text", "audio", "video"])
    said = " ".join(a.prompt for a in made.assets if a.role == "narration")
    assert "every day of his life" in said
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Dawn over the harbour, and the boats come home. Gulls wait."),
        ("de", "Morgens im Hafen, wenn die Boote heimkehren. Möwen warten."),
        ("ja", "朝の港に、船が帰ってきます。かもめが待っています。"),
        ("ar", "المنارة هنا منذ مائتي عام، وكل ليلة تتحدث إلى السفن. هل تسمعها؟"),
    ],
)
def test_nothing_is_invented_or_repeated(language: str, text: str) -> None:
    """A film with more shots than the brief has sentences speaks each sentence once, and its other shots are silent."""
    made = plan(text, languages=[language], duration_seconds=30)
    assert [a.prompt for a in made.assets if a.role == "narration"] == sentences(text)
    assert len([a for a in made.assets if a.role == "shot"]) == 6
    script = made.by_id["script"].prompt
    assert script.count("Narration: ") == 2
    assert made.warnings == ()


def test_one_long_shot_is_warned_of_alone() -> None:
    """Only the shot whose text is omitted is named, not the shots that speak their whole text."""
    long = "The keeper " + "saw ships and " * 12 + "slept."
    warnings = plan(f"It stands here still. {long}", duration_seconds=10).warnings
    assert len(warnings) == 1
    assert warnings[0].startswith("shot 2 has no room")


def test_planning_is_a_function_of_the_brief() -> None:
    """Plans of the same brief have the same digest, and those of another brief have another one."""
    assert price(plan(), PREVIZ).digest == price(plan(), PREVIZ).digest != price(plan("Another."), PREVIZ).digest


def test_previz_is_free_and_says_how_it_is_made() -> None:
    """The quote of each asset of previz is zero, with the duration of the catalogue, and marks jobs."""
    made = plan()
    job = made.assets[3].model_copy(update={"model": "previz-animatic-job", "parameters": {"job_seconds": 3}})
    priced = price(Plan.of(made.title, [*made.assets[:3], job]), PREVIZ)
    assert priced.high_usd == 0
    assert [a.quote.job for a in priced.assets if a.quote] == [False, False, False, True]
    assert priced.digest != made.digest


def _shot(**change: Any) -> Asset:
    whole = {"asset_id": "shot-2", "asset_type": "video", "role": "shot", "prompt": "ships", "provider": "previz"}
    return Asset(**{**whole, "model": "previz-animatic", **change})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"provider": "nobody"}, "asset 'shot-2': provider: 'nobody' is not enabled; choose from previz"),
        ({"model": "x"}, "asset 'shot-2': model: 'x' is not offered by previz; choose from previz-animatic, previz-"),
        ({"model": "previz-storyboard"}, "asset 'shot-2': model: 'previz-storyboard' is not offered"),
        ({"parameters": {"second": 2}}, "asset 'shot-2': parameters.second: previz-animatic has no such parameter"),
    ],
)
def test_what_nobody_offers_is_refused(change: dict[str, Any], named: str) -> None:
    """An asset whose provider or model is not offered is refused by asset and field, with the choices."""
    assert named in refused(lambda: price(Plan.of("t", [_shot(**change)]), PREVIZ))


def _narration(**parameters: Any) -> Asset:
    words = _shot(asset_id="narration-1", asset_type="audio", role="narration", model="previz-narration")
    return words.model_copy(update={"parameters": parameters})


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"rate": 9999}, "parameters.rate: 9999 is not between 80 and 400; give words a minute in that range"),
        ({"rate": "fast"}, "parameters.rate: 'fast' is not a number; give words a minute between 80 and 400"),
        ({"rate": True}, "parameters.rate: True is not a number; give words a minute between 80 and 400"),
        ({"rate": float("nan")}, "parameters.rate: nan is not a number; give words a minute between 80 and 400"),
        ({"rate": None}, "parameters.rate: None is not a number; give words a minute between 80 and 400"),
        ({"voice": 3}, "parameters.voice: 3 is not text; give an espeak-ng voice or BCP 47 language tag in quotes"),
        ({"voice": "valyrian"}, "parameters.voice: previz has no voice 'valyrian'; choose a language such as en"),
        ({"voice": "en+nobody"}, "parameters.voice: previz has no voice 'en+nobody'"),
    ],
)
def test_values_that_no_model_takes_are_not_priced(parameters: dict[str, Any], named: str) -> None:
    """An invalid value of a parameter is refused before the approval, by asset and name, with the valid values."""
    message = refused(lambda: price(Plan.of("t", [_narration(**parameters)]), PREVIZ))
    assert f"asset 'narration-1': {named}" in message


@pytest.mark.parametrize("parameters", [{"rate": 80}, {"rate": 400}, {"voice": "en-gb"}, {"voice": "pt-MZ+f3"}])
def test_values_at_the_ends_are_priced(parameters: dict[str, Any]) -> None:
    """The ends of a range are valid, and so is each voice of previz."""
    assert price(Plan.of("t", [_narration(**parameters)]), PREVIZ).assets[0].quote


def test_choices_are_named() -> None:
    """A parameter with choices accepts only them; a rule that contradicts itself is refused with the catalogue."""
    rule = Parameter(meaning="picture size", type="text", choices=("small", "large"), default="small")
    assert rule.describe() == "picture size (small, large); default: small"
    assert rule.problem("huge") == "'huge' is not offered; choose from small, large"
    assert rule.problem("large") is None
    for broken in ({"type": "number", "min": 1}, {"type": "text", "min": 1, "max": 2}):
        with pytest.raises(ValueError, match="min, max"):
            Parameter(meaning="size", **broken)
    with pytest.raises(ValueError, match="choices"):
        Parameter(meaning="size", type="number", choices=("one",))
    seconds = Parameter(meaning="length", type="number", unit="seconds", choices=("4", "6", "8"))
    assert seconds.problem(6) is None
    assert seconds.problem(5) == "5 is not offered; choose from 4, 6, 8 seconds"
    assert [seconds.nearest(v) for v in (1, 5, 6.9, 60)] == [4, 6, 6, 8]


def test_oversized_plan_is_refused() -> None:
    """A plan that would not fit a workflow's payload is refused with its size and a remedy."""
    assets = [_shot(asset_id=f"shot-{k}", prompt="灯" * 8_000) for k in range(30)]
    assert "shorten the prompts" in refused(lambda: price(Plan.of("t", assets), PREVIZ))
