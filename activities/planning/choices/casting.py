"""Chooses a different voice for each speaker of a conversation, where the brief names none."""

import re
from collections.abc import Sequence
from typing import Final

from activities.catalogue.offers import Offer
from activities.planning.structure.model import Structure
from activities.planning.structure.vocabulary import podcasts
from activities.text.patterns import Pattern

_FEMALE: Final = Pattern(rf"(?<![^\W\d_])(?:{podcasts.FEMALE})", re.IGNORECASE)
_MALE: Final = Pattern(rf"(?<![^\W\d_])(?:{podcasts.MALE})", re.IGNORECASE)
_SCRATCH_FEMALE: Final = ("f2", "f4", "f1", "f3")
_SCRATCH_MALE: Final = ("m3", "m1", "m7", "m4")
"""Variants of the scratch narration."""


def cast(structure: Structure | None, offer: Offer, language: str) -> dict[str, str]:
    """Speaker -> the value of the model's parameter `voice`; empty where the film has no conversation, or the model's
    voices are not known."""
    if not structure or not structure.conversation or "voice" not in offer.parameters:
        return {}
    lines = [line for shot in structure.shots for line in shot.lines if line.speaker]
    speakers = list(dict.fromkeys(line.speaker for line in lines))
    described = {s: " ".join(line.direction for line in lines if line.speaker == s) for s in speakers}
    rule = offer.rules.get("voice")
    if rule and rule.choices:
        choices = [str(choice) for choice in rule.choices]
        return {speaker: choices[k % len(choices)] for k, speaker in enumerate(speakers)}
    return _scratch(speakers, described, language) if offer.placeholder else {}


def _scratch(speakers: Sequence[str], described: dict[str, str], language: str) -> dict[str, str]:
    found, used = dict[str, str](), {"f": 0, "m": 0}
    for speaker in speakers:
        how = described[speaker]
        kind = "f" if _FEMALE.search(how) else "m" if _MALE.search(how) else "f" if used["f"] <= used["m"] else "m"
        variants = _SCRATCH_FEMALE if kind == "f" else _SCRATCH_MALE
        found[speaker] = f"{language}+{variants[used[kind] % len(variants)]}"
        used[kind] += 1
    return found
