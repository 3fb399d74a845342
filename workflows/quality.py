"""What the checks of a take found: measured on the worker, without a model and without a cost. Pure data.

A record holds this for each take of up to 1,000 assets, so it is small: one number for each check, and the findings.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from workflows.base import Model

CheckName = Literal[
    "opens",
    "length",
    "size",
    "rate",
    "black",
    "frozen",
    "blank",
    "blurred",
    "flicker",
    "repeated",
    "tracks",
    "silent",
    "level",
    "clipped",
    "cut_off",
    "too_long",
    "language",
    "placeholder",
    "safety",
    "pictures",
]
"""What is checked.

opens: the media decodes to its end, seconds that do not. length: seconds, against the order or the spoken words.
size: width / height. rate: frames a second. black, frozen, blank, repeated: the share of the picture's time, 0 to 1;
blank has one colour. blurred: the width of edges, pixels of a picture 640 wide. flicker: the jump of brightness from
frame to frame, 0 to 255. tracks: seconds by which sound and picture differ. silent: the share of the time. level:
loudness, LUFS. clipped: the share of samples. cut_off: the level of the last 30 ms below the speech, dB.
too_long: characters or words of a text. language: 1 if it is another. placeholder: phrases found. safety: 1 if the
moderation of a provider flags it. pictures: those of an illustrated text.
"""
MAX_FINDINGS: Final = 6
"""Of one take: more describe the same damage."""


class Finding(Model):
    """A check that did not pass, with its evidence."""

    check: CheckName
    hard: bool = Field(default=False, description="The take cannot be used; otherwise it is a note")
    message: Annotated[str, StringConstraints(max_length=300)] = Field(description="What is wrong, and where")
    at_seconds: float | None = Field(default=None, ge=0, description="Where it begins, seconds from the start")
    frame: int | None = Field(default=None, ge=0, description="The number of the frame there, from 0")
    value: float | None = Field(default=None, description="The measured value")
    limit: float | None = Field(default=None, description="The value that would pass")


class Checks(Model):
    """The checks of one take: the measured values by name, and the checks that did not pass, hard ones first."""

    measured: dict[CheckName, float] = Field(default_factory=dict)
    findings: tuple[Finding, ...] = Field(default=(), max_length=MAX_FINDINGS)

    @property
    def failed(self) -> bool:
        """Whether the take cannot be used."""
        return any(each.hard for each in self.findings)

    @property
    def flagged(self) -> bool:
        """Whether a moderation flags the take: only a person decides about it."""
        return any(each.hard and each.check == "safety" for each in self.findings)

    @property
    def problem(self) -> str:
        """The hard findings as one line; empty if there is none."""
        return "; ".join(each.message for each in self.findings if each.hard)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(each.message for each in self.findings if not each.hard)
