"""The length of a video or a sound against the order, seconds."""

from typing import Final

from activities.quality.order import Order
from activities.quality.report import Report
from activities.text.speech import speech_seconds
from workflows.models import Modality

SHORT_SHARE: Final = 0.15
"""A video that is shorter by more is another clip than the one that was paid for. Models that make whole numbers of
frames differ by at most 0.1 s."""
SHORT_SECONDS: Final = 0.5
NOTED_SHARE: Final = 0.07
NOTED_SECONDS: Final = 0.35
LONG_FACTOR: Final = 1.5
SOUND_SHARE: Final = 0.3
"""Of music and effects, whose models keep to a length less exactly."""
FAST_SPEECH: Final = 0.4
"""Of the usual time of the words: hurried speech takes 0.6, so words are missing."""
IMPOSSIBLE_SPEECH: Final = 0.15
"""The same where most of the words are missing; only of texts of at least IMPOSSIBLE_SECONDS."""
IMPOSSIBLE_SECONDS: Final = 8.0
LEAST_SPEECH_SECONDS: Final = 1.5
"""A text that usually takes less is not judged: a single word has no usual time."""


def check_length(seconds: float, order: Order, report: Report) -> None:
    """Compare the length with the order, if it has one."""
    report.measure("length", seconds)
    if order.spoken:
        _check_speech(seconds, order, report)
        return
    ordered = order.seconds
    if not ordered:
        return
    if order.extends and _is_only_added(seconds, ordered - order.extends):
        message = (
            f"length: it lasts {seconds:.1f} s, as long as what was added; the shot of {order.extends:g} s that it "
            "extends may be missing"
        )
        report.find("length", message, at=seconds, value=seconds, limit=ordered)
        return
    share = SHORT_SHARE if order.modality is Modality.VIDEO else SOUND_SHARE
    short = ordered - seconds > max(SHORT_SECONDS, share * ordered)
    if short or (short := seconds < ordered / 2) or seconds > ordered * LONG_FACTOR + SHORT_SECONDS:
        message = f"length: it lasts {seconds:.1f} s; ordered were {ordered:g} s"
        at = seconds if short else ordered
        report.find("length", message, hard=True, at=at, value=seconds, limit=ordered)
    elif abs(seconds - ordered) > max(NOTED_SECONDS, NOTED_SHARE * ordered * (share / SHORT_SHARE)):
        message = f"length: it lasts {seconds:.1f} s; ordered were {ordered:g} s"
        report.find("length", message, at=min(seconds, ordered), value=seconds, limit=ordered)


def _is_only_added(seconds: float, added: float) -> bool:
    """Whether an extension is only as long as what was added: some models may return it without its source."""
    return abs(seconds - added) <= max(NOTED_SECONDS, NOTED_SHARE * added)


def _check_speech(seconds: float, order: Order, report: Report) -> None:
    """Words that cannot have been spoken in the time are missing."""
    usual = speech_seconds(order.spoken) / order.speed
    if usual < LEAST_SPEECH_SECONDS or seconds >= usual * FAST_SPEECH:
        return
    hard = usual >= IMPOSSIBLE_SECONDS and seconds < usual * IMPOSSIBLE_SPEECH
    message = f"length: it lasts {seconds:.1f} s; its words take about {usual:.0f} s"
    report.find("length", message, hard=hard, at=seconds, value=seconds, limit=usual * FAST_SPEECH)
