"""A delivery in numbers, for voices that take no direction in words."""

from dataclasses import dataclass
from typing import Final

from activities.text.delivery.vocabulary import STRONGER, mentions

PACE: Final = (0.55, 1.6)
"""The slowest and the fastest pace, as factors of the usual one."""
VOLUME: Final = (45.0, 190.0)
"""Percent of the usual volume; below this a check could find a whisper silent."""
_MORE: Final = 1.6
"""The effect of a manner that is made stronger ("much slower")."""


@dataclass(frozen=True)
class Prosody:
    """How a voice speaks.

    Attributes:
        pace: A factor of the usual pace: 0.8 is slower.
        volume: Percent of the usual volume.
        pitch, range: From 0 to 100, 50 is the usual one.
        whispers: Whether it whispers.
    """

    pace: float = 1.0
    volume: float = 100.0
    pitch: int = 50
    range: int = 50
    whispers: bool = False


USUAL: Final = Prosody()


def prosody_of(delivery: str) -> Prosody:
    """What a delivery means for a voice; words that are not known mean nothing."""
    pace, volume, pitch, spread, whispers = 1.0, 100.0, 50.0, 50.0, False
    last = 0
    for mention in mentions(delivery):
        strength = _MORE if STRONGER.search(delivery, last, mention.start) else 1.0
        strength *= -0.5 if mention.less else 1.0
        effect, last = mention.manner.effect, mention.end
        pace *= effect.pace**strength
        volume *= 1 + (effect.volume / 100 - 1) * strength
        pitch += effect.pitch * strength
        spread += effect.range * strength
        whispers = whispers or (mention.manner.name == "whispering" and not mention.less)
    return Prosody(
        pace=round(min(max(pace, PACE[0]), PACE[1]), 3),
        volume=round(min(max(volume, VOLUME[0]), VOLUME[1]), 1),
        pitch=round(min(max(pitch, 5), 95)),
        range=round(min(max(spread, 0), 100)),
        whispers=whispers,
    )
