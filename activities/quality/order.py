"""What a take was ordered to be, as far as its file can show it: from the asset, its model's catalogue entry and the
brief."""

import re
from dataclasses import dataclass
from typing import Final

from activities.catalogue.offers import Offer
from activities.catalogue.pricing import pictures_ordered
from workflows.brief import REFERENCE, Brief
from workflows.continuity.inputs import EXTEND
from workflows.models import MASK, UNSPOKEN_ROLES, Asset, Modality
from workflows.preview.plan import PREVIZ

_LENGTHS: Final = ("seconds", "duration", "duration_seconds")
_RATES: Final = ("fps", "frame_rate", "frames_per_second")
_SOUNDING: Final = ("generate_audio", "audio", "with_audio", "sound", "enable_audio")
_ASPECT: Final = re.compile(r"(\d{1,5}(?:\.\d+)?)\s*[:xX×*]\s*(\d{1,5}(?:\.\d+)?)")
_STILL: Final = re.compile(
    r"\b(lock(?:ed)?[- ]?off|static|still[- ]?(?:life|lives|frame|image|picture|shot)|motionless|immobile|stationary|"
    r"freeze[- ]?frames?|no (?:camera )?(?:motion|movement)|(?:does|do) not move|nothing moves|tripod|fixed camera|"
    r"title card|end ?card|caption card|credits|typography|(?:text|words?|lettering|title) on |"
    r"test card|still photograph|unbewegt|standbild|stillleben|statisch\w*|"
    r"plan fixe|nature morte|immobil\w*|est[aá]tic\w*|naturaleza muerta|c[aâ]mara fija|plano fijo|natura morta)\b|"
    r"静止|固定镜头|静物|固定カメラ|고정|정물",
    re.IGNORECASE,
)
_DARK: Final = re.compile(
    r"\b(black (?:screen|frame|card|picture|image|background|slide|leader|out)|blackout|all black|"
    r"(?:plain|solid|pure|completely|total(?:ly)?|entirely|pitch)[- ](?:black|dark(?:ness)?)|"
    r"fade(?:s)? (?:to|from|in from|out to) black|schwarzbild|schwarzblende|schwarzer? (?:bildschirm|hintergrund)|"
    r"[eé]cran noir|fondu au noir|pantalla negra|fundido a negro|schermo nero|tela preta)\b|黑屏|黑场|黒画面|검은 화면",
    re.IGNORECASE,
)
_QUIET: Final = re.compile(
    r"\b(silen(?:ce|t)\w*|stille|mute|room tone|no sound|digital zero|silenzio|silencio|sil[eê]ncio)\b|"
    r"静寂|寂静|无声|무음",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(
    r"\b(solid|plain|single|uniform|flat|blank|monochrome) (?:\w+ )?(?:colou?r\w*|background|swatch|field|wall|card|"
    r"canvas|page|sheet)|colou?r (?:swatch|field|card)|blank|mask\b",
    re.IGNORECASE,
)
_SOFT: Final = re.compile(
    r"\b(blur\w*|bokeh|out of focus|defocus\w*|soft[- ]?focus|dream\w*|haz[ey]|fog\w*|mist\w*|smoke|clouds?|gradient|"
    r"abstract|unscharf|nebel|flou\w*|brume|desenfocad\w*|niebla|sfocat\w*)\b",
    re.IGNORECASE,
)
_FLICKERS: Final = re.compile(
    r"\b(flicker\w*|strobe\w*|strobing|lightning|flash\w*|neon|candle\w*|fire\w*|flame\w*|glitch\w*|disco|explosion\w*|"
    r"blitz\w*|gewitter|club|concert|rave|static noise|old film)\b",
    re.IGNORECASE,
)
_STEPPED: Final = re.compile(
    r"\b(stop[- ]?motion|anim(?:e|ated|ation|atic)\w*|cartoon|claymation|on twos|time[- ]?lapse|slide ?show|"
    r"low frame rate|stutter\w*|pixel art|comic|puppet\w*|knetfigur\w*|zeichentrick|dessin anim[eé])\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Order:
    """What the checks compare a take with. Sizes are pixels, times seconds; None: nothing was ordered.

    Attributes:
        extends: The length of the video that it extends; `seconds` contains it.
        exact: The size was given; otherwise the aspect is that of the brief, which a model may only come near to.
        spoken: The words of a narration.
        writes_words: A text of a model's own words: no transcript, and no placeholder of previz.
        pictures: The number of pictures that were requested with a text; 0 of a text alone.
        speed: By how much a voice was ordered to speak faster.
        sounding: A video was ordered with sound.
        moving, dark, quiet, plain, soft, flickers, stepped: What the prompt allows the picture or sound to be.
    """

    modality: Modality
    width: int | None = None
    height: int | None = None
    aspect: float | None = None
    exact: bool = False
    seconds: float | None = None
    extends: float | None = None
    rate: float | None = None
    spoken: str = ""
    speed: float = 1.0
    sounding: bool = False
    prompt: str = ""
    language: str = "en"
    writes_words: bool = True
    pictures: int = 0
    moving: bool = True
    dark: bool = False
    quiet: bool = False
    plain: bool = False
    soft: bool = False
    flickers: bool = False
    stepped: bool = False


def order_of(brief: Brief, asset: Asset, offer: Offer, source_seconds: float | None = None) -> Order:
    """The order of one take.

    Args:
        source_seconds: The length of its input video; None if it is made from none.
    """
    asked = f"{asset.prompt}\n{asset.label}\n{brief.style}"
    width, height = _size(asset)
    given = width / height if width and height else _aspect(asset)
    mask = asset.role == MASK
    audio = asset.asset_type is Modality.AUDIO
    return Order(
        modality=asset.asset_type,
        width=width,
        height=height,
        aspect=given or _brief_aspect(brief, asset),
        exact=given is not None,
        seconds=_seconds(asset, offer, source_seconds),
        extends=source_seconds if _made_of_video(asset, offer, source_seconds) == EXTEND else None,
        rate=asset.number(*_RATES),
        spoken=asset.prompt if asset.spoken else "",
        speed=_speed(asset),
        sounding=any(asset.parameters.get(name) is True for name in _SOUNDING),
        prompt=asset.prompt,
        language=asset.language or brief.language,
        writes_words=asset.asset_type is Modality.TEXT and asset.provider != PREVIZ and not _transcribes(offer),
        pictures=pictures_ordered(offer, asset),
        moving=offer.provider != PREVIZ and not _STILL.search(asked),
        dark=mask or bool(_DARK.search(asked)),
        quiet=audio and not asset.spoken and bool(_QUIET.search(asked)),
        plain=mask or bool(_PLAIN.search(asked)),
        soft=mask or bool(_SOFT.search(asked)),
        flickers=bool(_FLICKERS.search(asked)),
        stepped=bool(_STEPPED.search(asked)),
    )


def _transcribes(offer: Offer) -> bool:
    """Whether its text is what a recording says, in the recording's own words."""
    return bool(offer.requires & {Modality.AUDIO, Modality.VIDEO})


def _size(asset: Asset) -> tuple[int | None, int | None]:
    """Width and height, if both were ordered."""
    wide, high = asset.number("width"), asset.number("height")
    if wide and high:
        return int(wide), int(high)
    size = asset.parameters.get("size")
    found = _ASPECT.fullmatch(size.strip()) if isinstance(size, str) else None
    return (round(float(found[1])), round(float(found[2]))) if found and float(found[2]) > 40 else (None, None)


def _aspect(asset: Asset) -> float | None:
    """The ordered width / height; a ratio in pixels, such as 1280:720, counts as one."""
    for name in ("aspect_ratio", "aspect", "ratio"):
        value = asset.parameters.get(name)
        found = _ASPECT.fullmatch(value.strip()) if isinstance(value, str) else None
        if found and float(found[2]):
            return float(found[1]) / float(found[2])
    return None


def _brief_aspect(brief: Brief, asset: Asset) -> float | None:
    found = _ASPECT.fullmatch(brief.aspect)
    pictured = asset.asset_type in (Modality.IMAGE, Modality.VIDEO)
    return float(found[1]) / float(found[2]) if found and pictured else None


def _made_of_video(asset: Asset, offer: Offer, source_seconds: float | None) -> str:
    """What is made of its input video; empty where it has none, or the model does not say."""
    moving = asset.asset_type is Modality.VIDEO and source_seconds is not None
    return offer.makes_of_video(asset) if moving else ""


def _seconds(asset: Asset, offer: Offer, source_seconds: float | None) -> float | None:
    """The ordered length: the parameter, otherwise the model's usual length, for which it is priced.

    An extension has the length of its source too. A changed copy of a video is as long as that video.
    """
    made = _made_of_video(asset, offer, source_seconds)
    if made not in ("", EXTEND, REFERENCE) or (not made and Modality.VIDEO in offer.requires):
        return None
    own = _own_seconds(asset, offer)
    return own + (source_seconds or 0.0) if own and made == EXTEND else own


def _own_seconds(asset: Asset, offer: Offer) -> float | None:
    if asset.asset_type is Modality.VIDEO or asset.sound in UNSPOKEN_ROLES:
        if (given := asset.number(*_LENGTHS)) is not None:
            return given if given > 0 else None
        frames, rate = asset.number("num_frames", "frames"), asset.number(*_RATES)
        if frames and rate:
            return frames / rate
        rules = [offer.rules[name] for name in _LENGTHS if name in offer.rules]
        return next((float(r.default) for r in rules if re.fullmatch(r"\d+(\.\d+)?", r.default)), None)
    return None


def _speed(asset: Asset) -> float:
    speed, words_a_minute = asset.number("speed"), asset.number("rate")
    if speed and speed > 0:
        return speed
    return max(1.0, words_a_minute / 165) if words_a_minute and words_a_minute >= 40 else 1.0
