"""The time in the film at which a shot starts, for the animatics that draw it."""

from activities.takes.attempt import request_digest
from tests.workflows.production.state.states import approved, take, text
from workflows.activity_io import ProduceAsset
from workflows.events import AssetStatus
from workflows.models import Asset
from workflows.production.state.film_times import film_start
from workflows.production.state.record import Record


def shot(number: int, *needs: str, provider: str = "previz", **parameters: float) -> Asset:
    return text(number, *needs, asset_id=f"shot-{number}", asset_type="video", provider=provider, parameters=parameters)


def voice() -> Asset:
    return text(1, asset_id="narration-1", asset_type="audio")


def complete(record: Record, asset: Asset, seconds: float, media_type: str = "video/mp4") -> None:
    made = take(asset)
    media = made.media.model_copy(update={"duration_seconds": seconds, "media_type": media_type})
    state = record.assets[asset.asset_id]
    changed = {"status": AssetStatus.COMPLETED, "takes": (made.model_copy(update={"media": media}),), "selected": 1}
    record.assets[asset.asset_id] = state.model_copy(update=changed)


def test_a_shot_starts_after_those_before_it() -> None:
    """Lengths are those of the takes, otherwise of the plan: `seconds`, or the longer of narration and `at_least`."""
    shots = [shot(1, "narration-1", at_least=2), shot(2, seconds=4), shot(3), shot(4, provider="runway"), shot(5)]
    record = approved(voice(), *shots)
    assert [film_start(record, s) for s in shots] == [0.0, 2.0, 6.0, None, 16.0]
    complete(record, voice(), 3.0, "audio/wav")
    assert film_start(record, shots[1]) == 3.4
    complete(record, shots[0], 3.5)
    assert film_start(record, shots[1]) == 3.5
    record.assets["shot-2"] = record.assets["shot-2"].model_copy(update={"status": AssetStatus.CANCELLED})
    assert film_start(record, shots[2]) == 3.5
    assert film_start(record, voice()) is None


def test_the_start_is_no_part_of_a_take() -> None:
    """Another start in the film is the same request, so a change of an earlier shot makes no later one again."""
    record = approved(shot(1, seconds=4), shot(2, seconds=4))
    asset = shot(2, seconds=4)
    one, other = (
        ProduceAsset(production_id="p", brief=record.brief, asset=asset, take=1, film_start=start)
        for start in (4.0, 9.0)
    )
    assert request_digest(one) == request_digest(other)
