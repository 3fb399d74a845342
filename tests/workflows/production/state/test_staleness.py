"""Whether the take of a sound is stale: its place in the film is nothing that it is made from."""

from typing import Any

from tests.workflows.production.state.states import approved, take, text
from workflows.events import AssetState, AssetStatus
from workflows.models import Asset
from workflows.production.state import staleness
from workflows.production.state.film_times import film_start


def sound(role: str, prompt: str = "calm", **parameters: Any) -> Asset:
    made = text(1, "shot-1", asset_id="sound-1", asset_type="audio", prompt=prompt, parameters=parameters)
    return made.model_copy(update={"role": role})


def shot(number: int = 1) -> Asset:
    return text(1, asset_id=f"shot-{number}", asset_type="video", provider="previz")


def finished(asset: Asset, states: dict[str, AssetState], content: str, *inputs: str) -> AssetState:
    made = take(asset)
    media = made.media.model_copy(update={"sha256": content})
    made = made.model_copy(update={"media": media, "inputs": dict.fromkeys(inputs, 1)})
    made = made.model_copy(update={"made_from": staleness.made_from(asset, made, states)})
    return AssetState(status=AssetStatus.COMPLETED, takes=(made,), selected=1)


def reasons(now: Asset, was: Asset) -> staleness.Reasons:
    """Why the take of a sound is stale after its shot was made again and the sound became `now`."""
    states = {"shot-1": finished(shot(), {}, "one")}
    states["sound-1"] = finished(was, states, "heard", "shot-1")
    states["shot-1"] = finished(shot(), {}, "two")
    record = approved(shot(), now)
    assert record.plan is not None
    return staleness.reasons(record.plan, states, "sound-1")


def test_a_sound_is_not_made_from_its_place() -> None:
    """Another take of the shot over which it sounds, or another time, makes no music, effect or ambience stale; other
    words and parameters do, and a narration that was made from a shot is stale with it."""
    for role in ("music", "effects", "ambience"):
        assert reasons(sound(role, at_seconds=3), sound(role)) == ()
        assert reasons(sound(role, at_seconds=3, bpm=90), sound(role, at_seconds=1, bpm=80)) == ("parameters",)
        assert reasons(sound(role, "wild"), sound(role)) == ("prompt",)
    assert reasons(sound("narration"), sound("narration")) == ("shot-1",)


def test_music_does_not_lengthen_a_shot() -> None:
    """The time of a shot in the film follows the narrations of those before it, and not their music."""
    first = text(1, "sound-1", asset_id="shot-1", asset_type="video", provider="previz")
    music = sound("music").model_copy(update={"depends_on": ()})
    second = shot(2)
    for heard, start in ((music, 5.0), (music.model_copy(update={"role": "narration"}), 90.4)):
        record = approved(heard, first, second)
        made = take(heard)
        media = made.media.model_copy(update={"duration_seconds": 90.0, "media_type": "audio/wav"})
        changed = {"status": AssetStatus.COMPLETED, "takes": (made.model_copy(update={"media": media}),), "selected": 1}
        record.assets["sound-1"] = record.assets["sound-1"].model_copy(update=changed)
        assert film_start(record, second) == start
