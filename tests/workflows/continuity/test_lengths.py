"""The length of a shot is chosen when its narration exists, and a narration that fits changes nothing."""

from decimal import Decimal
from typing import Any

import pytest

from tests.workflows.production.state.states import approved, take, text
from workflows.continuity.lengths import chosen_length, lengths_in_film, nearest_length, with_length
from workflows.events import AssetState, AssetStatus
from workflows.models import Asset, Plan, Quote, Take
from workflows.production.state import staleness
from workflows.production.state.record import Record
from workflows.production.state.takes import complete_take, start_take

LENGTHS = (4.0, 6.0, 8.0)


def voice(number: int = 1) -> Asset:
    return text(1, asset_id=f"narration-{number}", asset_type="audio", role="narration")


def shot(number: int = 1, *needs: str, lengths: tuple[float, ...] = LENGTHS, **parameters: object) -> Asset:
    quote = Quote(low_usd=Decimal("0.40"), high_usd=Decimal("0.80"), expected_seconds=9, lengths=lengths)
    given = {"asset_type": "video", "role": "shot", "quote": quote, "parameters": parameters}
    return text(number, *(needs or ("narration-1",)), asset_id=f"shot-{number}", **given)


def spoken(asset: Asset, seconds: float, number: int = 1) -> Take:
    made = take(asset, number)
    media = made.media.model_copy(update={"duration_seconds": seconds, "sha256": f"{seconds}".ljust(64, "0")})
    return made.model_copy(update={"media": media})


def told(seconds: float, *assets: Asset) -> Record:
    """A production whose first asset, a narration, is made."""
    record = approved(*assets)
    start_take(record, assets[0])
    complete_take(record, assets[0].asset_id, spoken(assets[0], seconds))
    return record


@pytest.mark.parametrize(
    ("seconds", "length"),
    [(0.5, 4), (3.99, 4), (4, 4), (4.1, 6), (4.6, 6), (6, 6), (6.02, 8), (8, 8), (9.2, 8), (16, 8)],
)
def test_the_nearest_length_that_holds_the_narration(seconds: float, length: float) -> None:
    """The shortest of the model's lengths that holds the narration is chosen; the longest where none does."""
    record = told(seconds, voice(), shot())
    assert record.plan is not None
    assert chosen_length(record.plan, record.assets, shot()) == length


@pytest.mark.parametrize(
    ("parameters", "length"),
    [({"seconds": 6}, 6), ({"seconds": 4}, 4), ({"at_most": 6}, 4), ({"seconds": 8}, 8)],
)
def test_a_narration_does_not_make_a_shot_shorter_than_planned(parameters: dict[str, Any], length: float) -> None:
    """The plan's own length is the least, so a short narration does not shorten a film of a given length."""
    record = told(3, voice(), shot(**parameters))
    assert record.plan is not None
    assert chosen_length(record.plan, record.assets, shot(**parameters)) == length


def test_a_narration_over_two_shots_is_shared() -> None:
    """A narration of two shots is divided by their planned lengths, so that both together hold it."""
    shots = shot(1), shot(2)
    record = told(11.5, voice(), *shots)
    assert record.plan is not None
    assert [chosen_length(record.plan, record.assets, each) for each in shots] == [6, 6]


def test_the_request_has_the_chosen_length() -> None:
    """The asset that is sent has the chosen length and no limit; the event of its start has the length too."""
    record = told(4.5, voice(), shot(at_most=8, seconds=4))
    start_take(record, shot(at_most=8, seconds=4))
    state = record.assets["shot-1"]
    assert state.seconds == 6
    assert record.events[-1].data["seconds"] == 6
    assert with_length(shot(at_most=8, seconds=4), state.seconds).parameters == {"seconds": 6}
    assert with_length(shot(seconds=5), None).parameters == {"seconds": 5}
    assert nearest_length(LENGTHS, 0) == 4


def test_a_started_take_keeps_its_length() -> None:
    """Another narration, or an edit, while a shot is made does not change its request: a retry sends the same one."""
    record = told(4.5, voice(), shot())
    start_take(record, shot())
    complete_take(record, "narration-1", spoken(voice(), 7.5, 2))
    assert record.assets["shot-1"].status is AssetStatus.GENERATING
    assert record.assets["shot-1"].seconds == 6


@pytest.mark.parametrize(("seconds", "because"), [(5.9, ()), (4.2, ()), (6.5, ("narration-1",)), (3, ("narration-1",))])
def test_a_shot_is_stale_only_where_its_narration_needs_another_length(
    seconds: float, because: tuple[str, ...]
) -> None:
    """A new take of a narration makes its shot stale, with the reason, if it needs another length; otherwise not."""
    record = told(4.5, voice(), shot())
    start_take(record, shot())
    made = take(shot(), 1, **{"narration-1": 1}).model_copy(update={"parameters": {"seconds": 6}})
    complete_take(record, "shot-1", made)
    complete_take(record, "narration-1", spoken(voice(), seconds, 2))
    state = record.assets["shot-1"]
    assert (state.stale, state.stale_because) == (bool(because), because)
    assert state.attention is None
    named = [e for e in record.events if e.name == "asset_stale"]
    assert [e.data["changed"] for e in named] == ([list(because)] if because else [])


def extension(*needs: str, lengths: tuple[float, ...] = LENGTHS, **parameters: object) -> Asset:
    return shot(2, *(needs or ("shot-1",)), lengths=lengths, **parameters).model_copy(update={"role": "extend"})


def extended(narration: float, source: float, asset: Asset) -> Record:
    """A production whose narration and shot are made, with an extension of the shot."""
    record = approved(voice(), shot(), asset)
    for each, seconds in ((voice(), narration), (shot(), source)):
        start_take(record, each)
        made = spoken(each, seconds)
        if not each.spoken:
            made = made.model_copy(update={"parameters": {"seconds": 8}, "inputs": {"narration-1": 1}})
        complete_take(record, each.asset_id, made)
    return record


@pytest.mark.parametrize(
    ("narration", "source", "needs", "parameters", "length"),
    [
        (11.5, 8.0, ("shot-1",), {}, 4),
        (13.0, 8.0, ("shot-1",), {}, 6),
        (13.0, 8.0, ("shot-1", "narration-1"), {}, 6),
        (13.0, 8.04, ("shot-1",), {"seconds": 8}, 8),
        (3.0, 8.0, ("shot-1",), {}, 4),
        (30.0, 8.0, ("shot-1",), {}, 8),
    ],
)
def test_an_extension_gets_what_its_source_leaves_of_the_narration(
    narration: float, source: float, needs: tuple[str, ...], parameters: dict[str, Any], length: float
) -> None:
    """An extension is as long as the narration needs it after its shot, whether it depends on the narration itself or
    through the shot; its own length is the least."""
    asset = extension(*needs, **parameters)
    record = extended(narration, source, asset)
    assert record.plan is not None
    assert chosen_length(record.plan, record.assets, asset) == length
    assert chosen_length(record.plan, record.assets, shot()) == nearest_length(LENGTHS, narration)


def test_an_extension_of_an_extension_gets_the_rest() -> None:
    """The second extension holds what the first one leaves of the narration: the take that it extends has both."""
    second = text(3, "shot-2", asset_id="shot-3", asset_type="video", role="extend", quote=extension().quote)
    record = approved(voice(), shot(), extension(), second)
    for each, seconds in ((voice(), 19.0), (shot(), 8.0), (extension(), 16.0)):
        start_take(record, each)
        complete_take(record, each.asset_id, spoken(each, seconds))
    assert record.plan is not None
    assert chosen_length(record.plan, record.assets, second) == 4


def test_an_extension_is_stale_where_its_shots_narration_needs_more() -> None:
    """A longer narration that the shot cannot hold makes the extension stale with its reason, also where only the shot
    depends on the narration; one that both still hold does not."""
    asset = extension()
    record = extended(11.5, 8.0, asset)
    start_take(record, asset)
    made = take(asset, 1, **{"shot-1": 1}).model_copy(update={"parameters": {"seconds": 4}})
    complete_take(record, "shot-2", made)
    complete_take(record, "narration-1", spoken(voice(), 11.9, 2))
    assert not record.assets["shot-2"].stale
    complete_take(record, "narration-1", spoken(voice(), 13.5, 3))
    assert record.assets["shot-2"].stale_because == ("narration-1",)


def test_an_extension_is_stale_with_its_source() -> None:
    """A new take of a shot makes its extension stale, and the extension of that too."""
    second = text(3, "shot-2", asset_id="shot-3", asset_type="video", role="extend")
    record = approved(shot(1, lengths=()), extension(lengths=()), second)
    for each, needs in ((shot(), {}), (extension(), {"shot-1": 1}), (second, {"shot-2": 1})):
        start_take(record, each)
        complete_take(record, each.asset_id, take(each, 1, **needs))
    complete_take(record, "shot-1", spoken(shot(), 2, 2))
    assert record.assets["shot-2"].stale_because == ("shot-1",)
    assert record.assets["shot-3"].stale_because == ("shot-2",)


def test_the_planned_length_of_a_shot_has_its_extensions() -> None:
    """An extension adds its length, a copy adds none; without a known length of one of them, that of the shot is not
    known."""
    plain = {"asset_type": "video", "parameters": {"seconds": 4}}
    first = text(1, asset_id="shot-1", **plain)
    longer = text(2, "shot-1", asset_id="longer", role="extend", **plain)
    larger = text(3, "longer", asset_id="larger", role="upscale", asset_type="video")
    other = text(4, "shot-1", asset_id="shot-2", **{**plain, "parameters": {"seconds": 6, "mode": "reference"}})
    assert lengths_in_film(Plan.of("A", [first, longer, larger, other])) == {"shot-1": 8, "shot-2": 6}
    unknown = longer.model_copy(update={"parameters": {}})
    assert lengths_in_film(Plan.of("A", [first, unknown])) == {"shot-1": None}


def test_a_model_that_hears_the_narration_is_stale_with_it() -> None:
    """A shot without a choice of lengths is made from its narration, and stale with each new take of it."""
    record = told(4.5, voice(), shot(lengths=()))
    start_take(record, shot(lengths=()))
    complete_take(record, "shot-1", take(shot(lengths=()), 1, **{"narration-1": 1}))
    complete_take(record, "narration-1", spoken(voice(), 4.6, 2))
    assert record.assets["shot-1"].stale_because == ("narration-1",)


def test_a_continued_shot_is_stale_with_the_shot_before_it() -> None:
    """A new take of a shot makes the shot that continues it stale, with its id as the reason; so does another one to
    continue."""
    first = text(1, asset_id="shot-1", asset_type="video")
    second = text(2, "shot-1", asset_id="shot-2", asset_type="video", continues="shot-1")
    record = approved(first, second)
    for asset, made in ((first, take(first)), (second, take(second, 1, **{"shot-1": 1}))):
        start_take(record, asset)
        complete_take(record, asset.asset_id, made)
    other = text(2, "shot-1", asset_id="shot-2", asset_type="video")
    assert staleness.spec(other)["depends_on"] != staleness.spec(second)["depends_on"]
    assert staleness.spec(other) == staleness.spec(text(2, "shot-1", asset_id="shot-2", asset_type="video"))
    complete_take(record, "shot-1", spoken(first, 2, 2))
    assert record.assets["shot-2"].stale_because == ("shot-1",)
    assert AssetState().seconds is None
