"""An offer of a provider: a model of the catalogue with its rates, parameters and limits."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from workflows.continuity.inputs import made_as
from workflows.illustrated.parts import PICTURES
from workflows.models import Asset, Modality


class Parameter(BaseModel):
    """One parameter of a model: its meaning and its valid values.

    Attributes:
        unit: The unit of a number, e.g. "seconds"; `min` and `max` are in this unit and are valid values.
        choices: The only valid values; those of a number as text, e.g. "4", "6", "8".
        default: The value or effect without the parameter, as text.
        only: What the model makes of an input video where it takes the parameter; empty: anything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str
    type: Literal["number", "text", "flag"]
    unit: str = ""
    min: float | None = None
    max: float | None = None
    choices: tuple[str, ...] = ()
    default: str = ""
    only: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        numeric = self.type == "number"
        if (self.min is None) != (self.max is None) or (not numeric and self.min is not None):
            raise ValueError("min, max: give both, and for a number only")
        if numeric and any(not _is_number(c) for c in self.choices):
            raise ValueError("choices: give only numbers for a number")
        return self

    def describe(self) -> str:
        """E.g. "speed of speech (words a minute, 80 to 400); default: 165"."""
        limits = "" if self.min is None else f"{self.min:g} to {self.max:g}"
        details = ", ".join(filter(None, [self.unit, limits, ", ".join(self.choices)]))
        absent = f"; default: {self.default}" if self.default else ""
        return self.meaning + (f" ({details})" if details else "") + absent

    def nearest(self, value: float) -> float:
        """The valid value of a number that is nearest to this one; the larger of two that are equally near."""
        if self.choices:
            return min(map(float, self.choices), key=lambda c: (abs(c - value), -c))
        if self.min is not None and self.max is not None:
            return min(max(value, self.min), self.max)
        return value

    def problem(self, value: JsonValue) -> str | None:
        """What is wrong with a value, and which values are valid; None if it is valid."""
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:59] + "…"
        if self.type == "flag":
            return None if isinstance(value, bool) else f"{shown} is not true or false; give one of them"
        if self.type == "text":
            if not isinstance(value, str):
                return f"{shown} is not text; give {self.meaning} in quotes"
            if self.choices and value not in self.choices:
                return f"{shown} is not offered; choose from {', '.join(self.choices)}"
            return None
        unit = self.unit or "a number"
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            limits = "" if self.min is None else f" between {self.min:g} and {self.max:g}"
            return f"{shown} is not a number; give {unit}{limits}"
        if self.choices and float(value) not in map(float, self.choices):
            return f"{shown} is not offered; choose from {', '.join(self.choices)} {self.unit}".rstrip()
        if self.min is not None and self.max is not None and not self.min <= value <= self.max:
            return f"{shown} is not between {self.min:g} and {self.max:g}; give {unit} in that range"
        return None


Unit = Literal[
    "asset",
    "second",
    "minute",
    "character",
    "megapixel",
    "input_tokens",
    "input_image_tokens",
    "output_tokens",
    "output_image_tokens",
]
"""Units by which vendors bill. Tokens are counted one by one, but their rates are for a million. Seconds and minutes
are those of the output media, or of an input if the model makes text."""
MILLION: Final = 1_000_000
TEXT_MAX_TOKENS: Final = 4_096
"""The limit of a text without a parameter `max_tokens`, thoughts included; the high end of its price is based on it."""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@dataclass(frozen=True)
class Rate:
    """USD for one unit (tokens: for a million), for parameters that match `when`, until the day of `until`."""

    unit: Unit
    usd_low: Decimal
    usd_high: Decimal
    when: Mapping[str, str] = field(default_factory=dict)
    until: date | None = None

    @property
    def each_high(self) -> Decimal:
        """USD for a single unit, also for tokens."""
        return self.usd_high / MILLION if self.unit.endswith("tokens") else self.usd_high

    @property
    def each_low(self) -> Decimal:
        return self.usd_low / MILLION if self.unit.endswith("tokens") else self.usd_low


@dataclass(frozen=True)
class Tokens:
    """The number of tokens of one picture, as the vendor documents it.

    Attributes:
        parameter: The parameter that decides, e.g. "quality"; the value "" in `counts` stands for any other.
        counts: Value of the parameter -> lowest and highest number of tokens.
        pixels: The picture size of `counts`; other sizes are in proportion. 0: the size does not matter.
    """

    parameter: str
    counts: Mapping[str, tuple[int, int]]
    pixels: int = 0


@dataclass(frozen=True)
class Offer:
    """One model of the catalogue, as a provider offers it.

    Attributes:
        rates: Its prices: for each unit, the first rate that applies to an asset's parameters. Empty: unknown.
        job: True when `submit` returns a Job.
        media_type: The media type of its output, e.g. "video/mp4".
        expected_seconds: The usual duration of one take; it determines the delay between polls of a job.
        parameters: Parameter name -> meaning, unit and default; any other name is refused in a plan.
        rules: The valid values of a parameter; one without a rule is checked when the take is made.
        any_parameter: Accepts names that are not listed; the vendor checks them.
        accepts: Types of input takes that it uses; `requires` are those that it needs.
        max_pictures: The maximum number of input pictures, 0 if a plan's own limits are lower.
        max_recordings: The maximum number of input audio and video files, in the same way.
        max_recording_seconds: The longest recording that it takes, 0 if that is not limited; `max_recording_bytes` in
            the same way.
        word_times: A transcript has the time of each word, where it reports words as data.
        mask: Accepts a picture of the role "mask", whose transparent part marks where another picture is changed.
        last_frame: Accepts the picture with which a shot ends, in addition to the one with which it starts.
        one_kind: Accepts inputs of one type in a request: pictures or recordings.
        versions: What a video model makes of an input video: extend, edit, upscale, interpolate, or with `reference`
            another shot. The first is made where the asset says nothing.
        edit_seconds: The length by which an edit is billed before the rest is refunded; 0: that of its source.
        output_tokens: Tokens of an output picture. Text is counted by its parameter `max_tokens`.
        input_image: The vendor's formula for the tokens of an input picture, by its name in
            `activities.catalogue.pricing`.
        best_for: The strengths of the model, as a short text for the planner.
        aspects: The only aspects that it makes; empty if it makes all, or the nearest.
        max_prompt: Longest prompt in UTF-16 units (as vendors count), 0 if a plan's own limit is shorter.
        rank: Among the models of a modality whose prices are known, the lowest is planned first; `preference` is the
            whole order.
        schema: Supports text that follows a JSON schema.
        languages: BCP 47 tags in lower case that a voice speaks; "pt" covers "pt-MZ". Empty: any.
        sounds: What an audio model makes: speech, music, effects, ambience. Empty: any of them.
        placeholder: It makes free placeholders: planned only where no other model fits, and never used as a fallback.
        retires: The day on which it is shut down; `replacement` names the models to use then.
        unavailable: The reason why this provider cannot use it now, with the remedy; empty if it can.
    """

    provider: str
    model: str
    modality: Modality
    media_type: str
    rates: Sequence[Rate]
    expected_seconds: float
    job: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Parameter] = field(default_factory=dict)
    any_parameter: bool = False
    accepts: frozenset[Modality] = frozenset()
    requires: frozenset[Modality] = frozenset()
    max_pictures: int = 0
    max_recordings: int = 0
    max_recording_seconds: float = 0.0
    max_recording_bytes: int = 0
    word_times: bool = False
    mask: bool = False
    last_frame: bool = False
    one_kind: bool = False
    versions: tuple[str, ...] = ()
    edit_seconds: float = 0.0
    output_tokens: Tokens | None = None
    input_image: str = ""
    best_for: str = ""
    aspects: frozenset[str] = frozenset()
    max_prompt: int = 0
    rank: int = 50
    schema: bool = False
    languages: frozenset[str] = frozenset()
    sounds: frozenset[str] = frozenset()
    placeholder: bool = False
    retires: date | None = None
    replacement: tuple[str, ...] = ()
    unavailable: str = ""

    @property
    def preference(self) -> tuple[bool, bool, int]:
        """Sorts models, the preferred first: known prices come before unknown ones, and placeholders last."""
        return (self.placeholder, self.unknown, self.rank)

    def limited_to(
        self,
        *accepts: Modality,
        pictures: int = 0,
        recordings: int = 0,
        mask: bool = False,
        last_frame: bool = False,
        versions: Sequence[str] = (),
    ) -> Self:
        """The offer without inputs that an adapter does not send, whatever the catalogue says.

        Args:
            accepts: The types of inputs that the adapter sends.
            pictures: The most pictures, 0 for any number; `recordings` in the same way.
            versions: What the adapter can request of an input video; an offer that names none makes all of them.
        """
        missing, sent = self.requires - frozenset(accepts), self.accepts & frozenset(accepts)
        recorded = sent & {Modality.AUDIO, Modality.VIDEO}
        problem = f"{self.model!r} requires {' and '.join(sorted(missing))}, which Greenlight does not send to it"
        limited: dict[str, Any] = {
            "accepts": sent,
            "max_pictures": _least(self.max_pictures, pictures) if Modality.IMAGE in sent else self.max_pictures,
            "max_recordings": _least(self.max_recordings, recordings) if recorded else self.max_recordings,
            "mask": self.mask and mask,
            "last_frame": self.last_frame and last_frame,
            "versions": tuple(v for v in self.versions or versions if v in versions),
            "unavailable": self.unavailable or (f"{problem}; choose another model" if missing else ""),
        }
        is_whole = all(getattr(self, name) == value for name, value in limited.items())
        return self if is_whole else replace(self, **limited)

    def takes_recording(self, size_bytes: int, seconds: float | None) -> bool:
        """Whether a recording is within the limits of a model that has some."""
        long = bool(self.max_recording_seconds) and (seconds or 0.0) > self.max_recording_seconds
        large = bool(self.max_recording_bytes) and size_bytes > self.max_recording_bytes
        return not long and not large

    @property
    def seconds(self) -> tuple[float, ...]:
        """The lengths of a shot that it makes, the shortest first; empty where the catalogue does not list them."""
        rule = self.rules.get("seconds")
        if self.modality is not Modality.VIDEO or rule is None:
            return ()
        if rule.choices:
            return tuple(sorted(map(float, rule.choices)))
        if rule.min is None or rule.max is None:
            return ()
        return tuple(float(n) for n in range(math.ceil(rule.min), math.floor(rule.max) + 1))

    def makes_of_video(self, asset: Asset) -> str:
        """What it makes of the input video of an asset: as the asset says, otherwise the first of its `versions`."""
        return made_as(asset) or next(iter(self.versions), "")

    def fits(self, prompt: str) -> bool:
        return not self.max_prompt or utf16_units(prompt) <= self.max_prompt

    def makes(self, sound: str) -> bool:
        """Whether an audio model makes this kind of sound; "" stands for assets that are no audio."""
        return not sound or not self.sounds or sound in self.sounds

    def speaks(self, language: str) -> bool:
        """Whether a voice speaks a BCP 47 tag; a tag that is not listed is shortened ("pt-MZ" to "pt")."""
        parts = language.lower().split("-")
        return not self.languages or any("-".join(parts[:n]) in self.languages for n in range(len(parts), 0, -1))

    @property
    def illustrates(self) -> bool:
        """Whether it writes texts with pictures in one response, and nothing else."""
        return self.modality is Modality.TEXT and PICTURES in self.rules

    @property
    def takes_directions(self) -> bool:
        """Whether a voice takes the delivery of a line in words."""
        return "instructions" in self.parameters

    @property
    def free(self) -> bool:
        return bool(self.rates) and all(r.usd_high == 0 for r in self.rates)

    @property
    def unknown(self) -> bool:
        """Whether no price is published."""
        return not self.rates


def _least(*limits: int) -> int:
    """The lowest of these limits, of which 0 is none."""
    return min(filter(None, limits), default=0)


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
