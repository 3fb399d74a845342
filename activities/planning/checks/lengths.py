"""The lengths from which a shot's narration chooses, and the price range that covers each of them. Seconds, USD."""

from collections.abc import Sequence

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.text.speech import speech_seconds
from workflows.continuity.lengths import AT_MOST, PLANNED, nearest_length, with_length
from workflows.models import Asset, Modality, Quote


def is_timed(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> bool:
    """Whether the narration of a shot chooses its length: a model that hears the narration chooses by itself."""
    narrated = any(i.spoken for i in inputs)
    return asset.asset_type is Modality.VIDEO and narrated and bool(offer.seconds) and not _hears(offer)


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
        shots: The number of shots over which its narration is spoken.

    Raises:
        PriceProblem: names the parameter and its valid values.
    """
    if not is_timed(offer, asset, inputs):
        return pricing.quote(offer, asset, inputs)
    planned, most = asset.number(PLANNED) or 0.0, asset.number(AT_MOST) or offer.seconds[-1]
    lengths = [each for each in offer.seconds if planned <= each <= most] or [nearest_length(offer.seconds, planned)]
    spoken = sum(speech_seconds(i.prompt) for i in inputs if i.spoken) / max(shots, 1)
    least = nearest_length(lengths, spoken * pricing.SPEECH_SPREAD[0])
    low = pricing.quote(offer, with_length(asset, least), inputs)
    high = pricing.quote(offer, with_length(asset, lengths[-1]), inputs)
    return high.model_copy(update={"low_usd": min(low.low_usd, high.low_usd), "lengths": tuple(lengths)})
