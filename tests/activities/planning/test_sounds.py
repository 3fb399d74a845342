"""Music, effects and ambience in a plan: only where the brief asks, by models that make them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.catalogue.loader import load_offers
from activities.planning.pricing import price
from activities.planning.prompts import instructions
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.providers.registry import PROVIDERS
from tests.activities.planning.scripted import House, Script, asset, film, houses, planned, request
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.models import SPEECH, UNSPOKEN_ROLES, Asset, Modality, Plan

PREVIZ: dict[str, Provider] = {"previz": Previz({})}
SHOTS = "Shot 1 (0:00-0:05): The sea.\nVO: It wakes.\nSFX: a bell\nShot 2 (0:05-0:10): A boat.\nAtmo: rain"
CALM = "A film about a lighthouse, with calm piano music. It speaks to the ships."


def plan(text: str, providers: Mapping[str, Provider] = PREVIZ, **brief: Any) -> Plan:
    asked = DraftPlan(production_id="p", brief=Brief(**{"text": text, "platform": "video", **brief}))
    return draft(PlanningTask.of(asked, providers))


def sounds(made: Plan) -> list[tuple[str, str, tuple[str, ...], dict[str, Any]]]:
    return [(a.asset_id, a.model, a.depends_on, a.parameters) for a in made.assets if a.role in UNSPOKEN_ROLES]


def test_asked_sounds_are_planned() -> None:
    """The template plans what the brief asks for, over its shots and in their length, and nothing of it is spoken;
    every asset is priced as planned."""
    made = plan(f"{SHOTS}\n\nMUSIC: soft strings")
    assert sounds(made) == [
        ("effects-1", "previz-sounds", ("shot-1",), {}),
        ("ambience-1", "previz-sounds", ("shot-2",), {"seconds": 5}),
        ("music-1", "previz-music", (), {"seconds": 11}),
    ]
    assert made.find("music-1") == made.assets[-1]
    assert all(a.quote for a in price(made, PREVIZ).assets)
    prose = plan(CALM, duration_seconds=20)
    assert [each[:2] for each in sounds(prose)] == [("music-1", "previz-music")]
    assert not any("music" in a.prompt for a in prose.assets if a.spoken or a.asset_type is Modality.IMAGE)


@pytest.mark.parametrize("text", ["A film about a lighthouse.", "A film about the history of music. It is long."])
def test_no_sound_is_planned_unasked(text: str) -> None:
    """A brief that asks for no sound has only narration."""
    assert sounds(plan(text)) == []
    assert sounds(plan(CALM, modalities=("text", "image"))) == []


@pytest.mark.parametrize(
    ("cue", "heard"),
    [
        ("none until shot 2, then one piano note", [("one piano note", ("shot-2", "shot-3"))]),
        ("calm piano until shot 3, then drums", [("calm piano", ("shot-1", "shot-2")), ("drums", ("shot-3",))]),
        ("no music in shot 1, then a warm synth", [("a warm synth", ("shot-2", "shot-3"))]),
        ("ruhiges Klavier ab Einstellung 2", [("ruhiges Klavier", ("shot-2", "shot-3"))]),
        ("ピアノ、カット2から", [("ピアノ", ("shot-2", "shot-3"))]),
        ("cello (shots 1-2)", [("cello", ("shot-1", "shot-2"))]),
        ("a drone over shot 9", [("a drone over shot 9", ())]),
        ("a low drone throughout", [("a low drone throughout", ())]),
    ],
)
def test_a_cue_is_heard_over_the_shots_that_it_names(cue: str, heard: list[tuple[str, tuple[str, ...]]]) -> None:
    """Words for shots in a cue of the whole film are its place, and no part of its prompt; unknown shots are none."""
    made = plan(f"Shot 1: The sea.\nShot 2: A boat.\nShot 3: A harbour.\n\nMUSIC: {cue}")
    music = [(a.label.removeprefix("Music · "), a.depends_on) for a in made.assets if a.role == "music"]
    assert music == heard


def test_sound_that_no_model_makes_is_warned_of() -> None:
    """Where no enabled model makes music, the plan warns and stays without it, and no voice speaks its prompt."""
    voices = House("previz", *(o for o in Previz({}).offers() if SPEECH in o.sounds or o.modality != Modality.AUDIO))
    made = plan(CALM, {"previz": voices})
    assert sounds(made) == []
    assert any(w.startswith("music: the brief asks for it") for w in made.warnings)


def test_a_vendors_model_makes_the_music() -> None:
    """A vendor's model of music is planned before previz, with its own parameter for the length."""
    vendor = House("replicate", *load_offers("replicate"))
    made = plan(CALM, {**PREVIZ, "replicate": vendor}, duration_seconds=20)
    (music,) = (a for a in made.assets if a.role == "music")
    assert (music.provider, music.model) == ("replicate", "stability-ai/stable-audio-2.5")
    assert music.parameters == {"duration": 22}
    assert all(a.provider == "previz" for a in made.assets if a.spoken)


AUDIO = [(name, o) for name in PROVIDERS for o in load_offers(name) if o.modality == Modality.AUDIO]


@pytest.mark.parametrize(("name", "role"), [*product(PROVIDERS, (*UNSPOKEN_ROLES, "narration"))])
def test_each_model_makes_only_its_kinds_of_sound(name: str, role: str) -> None:
    """No voice of any provider gets music, effects or ambience, no other model gets narration, also as a fallback; the
    error names the field, the role and a model that makes it."""
    for offer in (o for owner, o in AUDIO if owner == name):
        shop: dict[str, Provider] = {name: House(name, offer), "previz": PREVIZ["previz"]}
        wanted = Asset(
            asset_id="a", asset_type="audio", role=role, prompt="calm", provider=name, model=offer.model
        )  # fmt: skip
        if (SPEECH if role == "narration" else role) in offer.sounds:
            assert price(Plan.of("t", [wanted]), shop).assets[0].quote
            continue
        with pytest.raises(ApplicationError, match=rf"'a': model: '{offer.model}' makes .*{role}.*; choose .*previz"):
            price(Plan.of("t", [wanted]), shop)


def test_every_kind_of_sound_has_a_model() -> None:
    """Each kind of sound is made without keys, and every listed model of sound names what it makes."""
    assert {kind for _, o in AUDIO for kind in o.sounds} == {SPEECH, *UNSPOKEN_ROLES}
    assert {kind for owner, o in AUDIO if owner == "previz" for kind in o.sounds} == {SPEECH, *UNSPOKEN_ROLES}
    assert all(o.sounds for _, o in AUDIO)


@pytest.mark.parametrize(
    ("role", "parameters", "problem"),
    [
        ("effects", {"at_seconds": 2.5}, ""),
        ("music", {"at_seconds": 0, "bpm": 96}, ""),
        ("effects", {"at_seconds": -1}, "parameters.at_seconds: -1 is not a number between 0 and 3600"),
        ("effects", {"at_seconds": "soon"}, "parameters.at_seconds: 'soon' is not a number"),
        ("narration", {"at_seconds": 2}, "parameters.at_seconds: previz-narration has no such parameter"),
    ],
)
def test_a_sound_has_a_place(role: str, parameters: dict[str, Any], problem: str) -> None:
    """Music, effects and ambience of every model may have a place in the film; a wrong one is refused by its name."""
    model = {"music": "previz-music", "effects": "previz-sounds"}.get(role, "previz-narration")
    given = {"asset_type": "audio", "role": role, "prompt": "x", "provider": "previz", "model": model}
    made = Plan.of("t", [Asset(asset_id="a", parameters=parameters, **given)])
    if not problem:
        assert price(made, PREVIZ).assets[0].parameters == parameters
        return
    with pytest.raises(ApplicationError) as caught:
        price(made, PREVIZ)
    assert problem in caught.value.message


def with_music() -> dict[str, Any]:
    made = film()
    bed = asset("music-1", "audio", "music", "previz-music", seconds="22")
    made["assets"].append(bed | {"provider": "previz"})
    return made


async def test_a_language_model_may_plan_asked_sound() -> None:
    """A language model gets the models of music, and may plan some, where the brief or the feedback asks for it;
    otherwise neither."""
    for asked in (request(CALM), request("A film about a lighthouse.", "Add calm music")):
        made = await planned(Script([with_music()]), asked)
        assert sounds(made) == [("music-1", "previz-music", (), {"seconds": 22})]
        prompt = instructions(PlanningTask.of(asked, houses(), datetime.now(UTC).date()))
        assert "`previz-music`" in prompt
        assert "role `music`" in prompt
    script = Script([with_music(), film()])
    assert sounds(await planned(script)) == []
    silent = instructions(PlanningTask.of(request(), houses(), datetime.now(UTC).date()))
    assert "previz-music" not in silent
    assert "no music, effects or ambience" in silent
