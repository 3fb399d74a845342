"""The possible price of a take before it is made, and its cost afterwards, by the catalogue's rates.

A price is a range: the low end is the usual cost of such a take, the high end its maximum. A budget reserves the
high end. If a vendor counts a unit that cannot be known before (tokens), the high end is based on the limit that the
request itself sets.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, NamedTuple, Protocol

from pydantic import JsonValue

from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer, Rate, Unit
from activities.errors import cents_up
from activities.text.delivery.prosody import prosody_of
from activities.text.speech import speech_seconds
from workflows.brief import REFERENCE, reference_id
from workflows.continuity.inputs import EDIT, EXTEND, source_video
from workflows.continuity.lengths import AT_MOST
from workflows.illustrated.parts import PICTURES
from workflows.models import (
    LENGTHS,
    MASK,
    MAX_USD,
    UNSPOKEN_ROLES,
    UPLOAD,
    ZERO,
    Asset,
    Media,
    Modality,
    Quote,
    digest_of,
)

DEFAULT_SECONDS: Final = 5.0
"""The length of a shot, if neither the plan nor the catalogue has one."""
MAX_SECONDS: Final = 3_600.0
"""No model makes an hour in one take: a longer length is a mistake, found before it is priced."""
SPEECH_SPREAD: Final = (0.7, 1.5)
"""Voices differ: the duration of a spoken text is known within these factors."""
ROUNDED_SECONDS: Final = 0.5
"""By which models make a video longer than requested: whole frames, and a sound that ends later."""
INSTRUCTIONS_BYTES: Final = 2_000
"""Bytes that are sent in addition to the prompt of a text."""
USUAL_TEXT_TOKENS: Final = 300
"""Tokens of a short text, the low end."""
DEFAULT_PIXELS: Final = (1536, 1024)
"""Pixels of a picture whose size is not in the plan."""
MEDIA_TOKENS_PER_SECOND: Final = {Modality.AUDIO: 32, Modality.VIDEO: 300}
"""Input tokens of a second of audio or video; Google counts 258 for a frame, at one a second, and 32 for sound."""

CostSource = Literal["vendor", "usage", "catalogue", "unknown"]


class Billed(Protocol):
    """The billing data of a finished take: USD that the vendor charged, or the units that it counted."""

    @property
    def cost_usd(self) -> Decimal | None: ...

    @property
    def usage(self) -> Mapping[Unit, int | Decimal]: ...


class PriceProblem(ValueError):
    """A parameter makes it impossible to price the take; the message names it."""


class Span(NamedTuple):
    """The lowest and the highest amount of one unit."""

    low: float
    high: float


def _tiles(width: int, height: int) -> int:
    """Google: 258 tokens for a picture of at most 384 pixels each way, otherwise for each tile of 768."""
    if max(width, height) <= 384:
        return 258
    return 258 * math.ceil(width / 768) * math.ceil(height / 768)


def _area(width: int, height: int) -> int:
    """Anthropic: pixels / 750, after the picture is scaled to at most 1,568 pixels on its long side."""
    scale = min(1.0, 1568 / max(width, height))
    return math.ceil(width * scale * height * scale / 750)


def _patches(width: int, height: int) -> int:
    """OpenAI: patches of 32 pixels, at most 1,536 of them."""
    return min(math.ceil(width / 32) * math.ceil(height / 32), 1_536)


LOW_DETAIL: Final = "low"
"""The value of the parameter `detail` with which a model sees a small copy of each picture."""


def _detail_tiles(width: int, height: int) -> int:
    """OpenAI, GPT-4o family: 85 tokens, and 170 for each tile of 512.

    The picture is first scaled down to 2,048 pixels on its long side, then to 768 on its short side. 1920 x 1080 has
    six tiles: 1,105 tokens.
    """
    scale = min(1.0, 2_048 / max(width, height))
    scale = min(scale, 768 / min(width, height))
    return 85 + 170 * math.ceil(round(width * scale, 3) / 512) * math.ceil(round(height * scale, 3) / 512)


PICTURE_TOKEN_FORMULAS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "tiles": _tiles,
    "area": _area,
    "patches": _patches,
    "detail-tiles": _detail_tiles,
}
"""Name in the catalogue (`input_image`) -> tokens of an input picture of width x height pixels."""
LOW_DETAIL_TOKENS: Final[Mapping[str, int]] = {"detail-tiles": 85}
"""Name of a formula -> tokens of any picture with `detail` low, where the vendor has that."""


def reference_assets(references: Sequence[Media]) -> dict[str, Asset]:
    """Id -> a reference of the brief, as an asset of its size and length, to price takes that use it."""
    named = {reference_id(n): media for n, media in enumerate(references, start=1)}
    return {
        name: Asset(
            asset_id=name,
            asset_type=media.modality,
            role=MASK if media.use == MASK else REFERENCE,
            prompt=REFERENCE,
            provider=UPLOAD,
            model=REFERENCE,
            parameters=_measures(media),
        )
        for name, media in named.items()
    }


def _measures(media: Media) -> dict[str, JsonValue]:
    measures: dict[str, JsonValue] = {"width": media.width, "height": media.height}
    return measures if media.duration_seconds is None else {**measures, "seconds": media.duration_seconds}


def quote(offer: Offer, asset: Asset, inputs: Sequence[Asset] = (), instructions: int = INSTRUCTIONS_BYTES) -> Quote:
    """The price range of one take, USD.

    Args:
        inputs: Its input assets, as in the plan.
        instructions: Bytes that are sent to a text model in addition to the prompt.

    Raises:
        PriceProblem: names the parameter and its valid values.
    """
    low = high = Decimal(0)
    rates = applicable_rates(offer, asset.parameters)
    for rate in rates:
        span = _amount(rate.unit, offer, asset, inputs, instructions)
        low += rate.each_low * Decimal(str(span.low))
        high += rate.each_high * Decimal(str(span.high))
    return Quote(
        low_usd=low.quantize(Decimal("0.0001"), ROUND_HALF_UP),
        high_usd=cents_up(high),
        expected_seconds=offer.expected_seconds,
        job=offer.job,
        unknown=offer.unknown,
        until=min((rate.until for rate in rates if rate.until), default=None),
        rates=_digest(rates),
    )


def _digest(rates: Sequence[Rate]) -> str:
    known = [[rate.unit, f"{rate.usd_low:f}", f"{rate.usd_high:f}"] for rate in rates]
    return digest_of(known)[:8] if known else ""


def present_usd(offer: Offer, asset: Asset, inputs: Sequence[Media]) -> Decimal:
    """The high price by the rates of today, USD, where they are not those of the asset's quote; otherwise 0."""
    given = asset.quote.rates if asset.quote else ""
    if given in ("", _digest(applicable_rates(offer, asset.parameters))):
        return ZERO
    return quote(offer, asset, list(reference_assets(inputs).values())).high_usd


def version_usd(offer: Offer, asset: Asset, source_seconds: float) -> Decimal:
    """The most that a version costs whose length is that of its source, USD; 0 for any other take.

    Args:
        source_seconds: As measured. A length may differ from the planned one by ROUNDED_SECONDS, which are not counted.
    """
    seconds = min(max(source_seconds - ROUNDED_SECONDS, 0.1), MAX_SECONDS)
    source = asset.model_copy(update={"parameters": {"seconds": seconds}})
    return quote(offer, asset, [source]).high_usd if _as_long_as(offer, asset, [source]) else ZERO


def cost_of(offer: Offer, asset: Asset, finished: Billed) -> tuple[Decimal, CostSource]:
    """The cost of a finished take, USD, and the source of that amount.

    An amount that no take can cost, such as a negative one or a usage of nothing, is ignored: then the take costs its
    price.
    """
    if finished.cost_usd is not None and is_possible(finished.cost_usd):
        return cents_up(finished.cost_usd), "vendor"
    if offer.unknown:
        return Decimal(0), "unknown"
    rates = {rate.unit: rate for rate in applicable_rates(offer, asset.parameters)}
    if finished.usage.keys() & rates.keys() and any(finished.usage.values()):
        parts = (rates[unit].each_high * amount for unit, amount in finished.usage.items() if unit in rates)
        usd = sum(parts, Decimal(0))
        if is_possible(usd):
            return cents_up(usd), "usage"
    return (asset.quote.high_usd if asset.quote else Decimal(0)), "catalogue"


def is_possible(usd: Decimal) -> bool:
    """Whether a vendor's number can be the cost of a take, USD."""
    return usd.is_finite() and ZERO <= usd <= MAX_USD


def applicable_rates(offer: Offer, parameters: Mapping[str, JsonValue]) -> list[Rate]:
    """For each unit, the first rate that is still valid and matches the parameters, or their defaults."""
    found: dict[Unit, Rate] = {}
    today = datetime.now(UTC).date()
    for rate in offer.rates:
        if rate.until and rate.until < today:
            continue
        if all(_value(offer, parameters, name) == wanted for name, wanted in rate.when.items()):
            found.setdefault(rate.unit, rate)
    return list(found.values())


def _value(offer: Offer, parameters: Mapping[str, JsonValue], name: str) -> str:
    rule = offer.rules.get(name)
    return str(parameters.get(name, rule.default if rule else ""))


def _amount(unit: Unit, offer: Offer, asset: Asset, inputs: Sequence[Asset], instructions: int) -> Span:
    match unit:
        case "asset":
            return Span(1, 1)
        case "second":
            return _seconds(offer, asset, inputs)
        case "minute":
            return Span(*(s / 60 for s in _seconds(offer, asset, inputs)))
        case "character":
            return Span(len(asset.prompt), len(asset.prompt))
        case "megapixel":
            width, height = pixels(asset)
            return Span(width * height / 1e6, width * height / 1e6)
        case "input_tokens":
            size = len(asset.prompt.encode()) + len(asset.delivery.encode())
            media = (
                0
                if any(r.unit == "input_image_tokens" for r in offer.rates)
                else _input_media_tokens(offer, asset, inputs)
            )
            # A token has about four bytes of English, and at least two bytes of any script.
            return Span(size / 4 + media, (size + instructions) / 2 + media)
        case "input_image_tokens":
            tokens = _input_media_tokens(offer, asset, inputs)
            return Span(tokens, tokens)
        case "output_tokens":
            most = asset.number("max_tokens") or TEXT_MAX_TOKENS
            return Span(min(USUAL_TEXT_TOKENS, most), most)
        case "output_image_tokens":
            return _output_picture_tokens(offer, asset)


def _seconds(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> Span:
    if source := _as_long_as(offer, asset, inputs):
        lasts = _seconds(offer, source, ())
        billed = offer.edit_seconds if offer.makes_of_video(asset) == EDIT else 0.0
        return Span(lasts.low, max(lasts.high, billed))
    known = asset.number(*LENGTHS)
    composed = asset.sound in UNSPOKEN_ROLES  # music is as long as requested, not as its description is spoken
    if known is None and asset.asset_type in (Modality.AUDIO, Modality.TEXT) and not composed:
        recordings = (
            [asset] if asset.asset_type == Modality.AUDIO else [i for i in inputs if i.asset_type == Modality.AUDIO]
        )
        known = sum(a.number("seconds") or 0.0 for a in recordings if a.provider == UPLOAD)
        spoken = [(speech_seconds(a.prompt), _pace(a)) for a in recordings if a.provider != UPLOAD]
        low = sum(seconds / max(pace, 1.0) for seconds, pace in spoken)
        high = sum(seconds / min(pace, 1.0) for seconds, pace in spoken)
        return Span(known + low * SPEECH_SPREAD[0], known + high * SPEECH_SPREAD[1])
    seconds = known if known is not None else _default_seconds(offer)
    if not 0 < seconds <= MAX_SECONDS:
        raise PriceProblem(
            f"parameters: {seconds!r} seconds is not a valid length; give more than 0 and at most {MAX_SECONDS:g}"
        )
    most = asset.number(AT_MOST) if asset.asset_type is Modality.VIDEO else None
    return Span(seconds, max(seconds, most or 0.0))


def _as_long_as(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> Asset | None:
    """The input video whose length a version has: an edited, larger or smoother copy has no length of its own."""
    moving = asset.asset_type is Modality.VIDEO
    if not moving or asset.number(*LENGTHS) or offer.makes_of_video(asset) in (EXTEND, REFERENCE):
        return None
    return source_video(inputs)


def _pace(asset: Asset) -> float:
    """How fast a text is spoken, as a factor of the usual pace: by its delivery and its parameter `speed`."""
    return prosody_of(asset.delivery).pace * max(asset.number("speed") or 1.0, 0.1)


def _default_seconds(offer: Offer) -> float:
    rule = next((offer.rules[name] for name in LENGTHS if name in offer.rules), None)
    try:
        return float(rule.default) if rule else DEFAULT_SECONDS
    except ValueError:
        return DEFAULT_SECONDS


def pixels(asset: Asset) -> tuple[int, int]:
    """Width and height in the plan: its size "WxH", its width and height, otherwise `DEFAULT_PIXELS`."""
    size = asset.parameters.get("size")
    if isinstance(size, str) and size.count("x") == 1 and all(part.isdigit() for part in size.split("x")):
        width, height = (int(part) for part in size.split("x"))
        return max(width, 1), max(height, 1)
    wide, high = asset.number("width"), asset.number("height")
    return (int(wide), int(high)) if wide and high else DEFAULT_PIXELS


def _input_media_tokens(offer: Offer, asset: Asset, inputs: Sequence[Asset]) -> int:
    """Tokens of the inputs. Without `detail`, or with `auto`, a picture counts as with `high`."""
    formula = PICTURE_TOKEN_FORMULAS.get(offer.input_image)
    small = (
        LOW_DETAIL_TOKENS.get(offer.input_image) if _value(offer, asset.parameters, "detail") == LOW_DETAIL else None
    )
    total = 0.0
    for each in inputs:
        if each.asset_type == Modality.IMAGE and formula:
            total += formula(*pixels(each)) if small is None else small
        elif each.asset_type in offer.accepts and each.asset_type in MEDIA_TOKENS_PER_SECOND:
            total += MEDIA_TOKENS_PER_SECOND[each.asset_type] * _seconds(offer, each, ()).high
    return math.ceil(total)


def _output_picture_tokens(offer: Offer, asset: Asset) -> Span:
    tokens = offer.output_tokens
    if tokens is None:
        return Span(0, 0)
    value = _value(offer, asset.parameters, tokens.parameter)
    low, high = tokens.counts.get(value) or tokens.counts[""]
    if offer.illustrates:
        # A model may make more pictures than requested; the limit of the response bounds them.
        return Span(low, high * (output_limit(offer, asset) // high))
    width, height = pixels(asset)
    scale = width * height / tokens.pixels if tokens.pixels else 1.0
    return Span(low * scale, high * scale)


def pictures_ordered(offer: Offer, asset: Asset) -> int:
    """The number of pictures that are requested with an illustrated text; 0 of any other model."""
    return int(asset.number(PICTURES) or float(offer.rules[PICTURES].default or 1)) if offer.illustrates else 0


def output_limit(offer: Offer, asset: Asset) -> int:
    """The most tokens of the response with an illustrated text: those of its words, and of the requested pictures."""
    tokens = offer.output_tokens
    counts = tokens.counts if tokens else {"": (0, 0)}
    each = counts.get(_value(offer, asset.parameters, tokens.parameter) if tokens else "") or counts[""]
    return int(asset.number("max_tokens") or TEXT_MAX_TOKENS) + pictures_ordered(offer, asset) * each[1]
