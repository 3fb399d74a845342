"""The lengths from which a shot's narration chooses, and the price range that covers each of them. Seconds, USD."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import JsonValue

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer
from activities.text.speech import speech_seconds
from workflows.continuity.inputs import EXTEND, inputs_of, made_as, source_video
from workflows.continuity.lengths import AT_MOST, PLANNED, nearest_length, voices_of, with_length
from workflows.models import LENGTHS, UPLOAD, Asset, Modality, Quote

_OWN_LENGTH: frozenset[str] = frozenset({EXTEND, "reference"})
"""What is made of an input video with a length of its own; everything else is as long as that video."""


class Lasts(NamedTuple):
    """The shortest and the longest length that a video may get."""

    least: float
    most: float


def is_timed(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> bool:
    """Whether the narration of a shot chooses its length: a model that hears the narration chooses by itself.

    Args:
        inputs: Its inputs, and the narrations that are spoken over it.
    """
    if asset.asset_type is not Modality.VIDEO or not offer.seconds or _hears(offer):
        return False
    own_length = source_video(inputs) is None or offer.makes_of_video(asset) in _OWN_LENGTH
    return own_length and any(i.spoken for i in inputs)


def _hears(offer: Offer) -> bool:
    return Modality.AUDIO in offer.accepts


def length_problem(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> str | None:
    """Why the longest length of a shot is not valid, with the valid values; None where it is, or is not given."""
    if AT_MOST not in asset.parameters or AT_MOST in offer.parameters:
        return None
    if not is_timed(offer, asset, inputs):
        return f"it limits the length that a narration chooses, and {asset.asset_id} has none to choose; leave it out"
    most, least = asset.number(AT_MOST), asset.number(PLANNED) or offer.seconds[0]
    if most is None or most < least:
        choices = ", ".join(f"{each:g}" for each in offer.seconds if each >= least)
        return f"{asset.parameters[AT_MOST]!r} is no length from {least:g} seconds on; choose from {choices}"
    return None


def quote_lengths(offer: Offer, asset: Asset, inputs: Sequence[Asset], shots: int = 1) -> Quote:
    """The price range of a take: of a shot that follows its narration, from the shortest plausible length to the
    longest one that may be chosen.

    Args:
        inputs: Its inputs, a video with its lengths (`measured`), and the narrations that are spoken over it.
        shots: The number of shots over which its narration is spoken.

    Raises:
        PriceProblem: names the parameter and its valid values.
    """
    if not is_timed(offer, asset, inputs):
        return pricing.quote(offer, asset, inputs)
    lengths = _choices(offer, asset)
    spoken = sum(speech_seconds(i.prompt) for i in inputs if i.spoken) / max(shots, 1) * pricing.SPEECH_SPREAD[0]
    source = source_video(inputs) if made_as(asset) == EXTEND else None
    shown = (source.number(AT_MOST, PLANNED) or 0.0) if source else 0.0
    low = pricing.quote(offer, with_length(asset, nearest_length(lengths, spoken - shown)), inputs)
    high = pricing.quote(offer, with_length(asset, lengths[-1]), inputs)
    return high.model_copy(update={"low_usd": min(low.low_usd, high.low_usd), "lengths": tuple(lengths)})


def _choices(offer: Offer, asset: Asset) -> list[float]:
    """The lengths from which a narration chooses, the shortest first."""
    planned, most = asset.number(PLANNED) or 0.0, asset.number(AT_MOST) or offer.seconds[-1]
    return [each for each in offer.seconds if planned <= each <= most] or [nearest_length(offer.seconds, planned)]


def heard(asset: Asset, known: Mapping[str, Asset]) -> list[Asset]:
    """The inputs of an asset as its model gets them, and the narrations that are spoken over it."""
    inputs = inputs_of(asset, known)
    return [*inputs, *(v for v in voices_of(asset, known) if v not in inputs)]


def measured(inputs: Sequence[Asset], known: Mapping[str, Asset], providers: Mapping[str, Provider]) -> list[Asset]:
    """The inputs, where each video has its shortest and longest length as parameters, by which a version is priced."""
    return [_measured(i, known, providers) if i.asset_type is Modality.VIDEO else i for i in inputs]


def _measured(source: Asset, known: Mapping[str, Asset], providers: Mapping[str, Provider]) -> Asset:
    lasts = film_lengths(source, known, providers)
    if lasts is None:
        return source
    lengths: dict[str, JsonValue] = {PLANNED: lasts.least, AT_MOST: lasts.most}
    return source.model_copy(update={"parameters": {**source.parameters, **lengths}})


def film_lengths(asset: Asset, known: Mapping[str, Asset], providers: Mapping[str, Provider]) -> Lasts | None:
    """How long a video may get by plan and catalogue, with the videos that it extends; None if it is unknown."""
    provider = providers.get(asset.provider)
    offer = find_offer(provider, asset.model, asset.asset_type) if provider and asset.provider != UPLOAD else None
    inputs = heard(asset, known)
    source = source_video(inputs)
    made = offer.makes_of_video(asset) if source and offer else made_as(asset) if source else ""
    before = film_lengths(source, known, providers) if source else None
    if source and made not in _OWN_LENGTH:
        return before
    own = _own_lengths(asset, offer, inputs)
    if made != EXTEND or own is None:
        return own
    return Lasts(before.least + own.least, before.most + own.most) if before else None


def _own_lengths(asset: Asset, offer: Offer | None, inputs: Sequence[Asset]) -> Lasts | None:
    if offer and is_timed(offer, asset, inputs):
        lengths = _choices(offer, asset)
        return Lasts(lengths[0], lengths[-1])
    rule = offer.rules.get(PLANNED) if offer else None
    fixed = asset.number(*LENGTHS[:-1])
    try:
        seconds = fixed if fixed is not None else float(rule.default if rule else "")
    except ValueError:
        return None
    return Lasts(seconds, seconds)
