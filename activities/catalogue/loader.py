"""The model catalogue: one TOML file for each provider in `catalogue/`, loaded once into typed offers.

A file `GREENLIGHT_CATALOGUE` in the same format adds models and replaces entries: prices of your own
contract, or models of your own server behind OPENAI_BASE_URL.
"""

import tomllib
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from activities.catalogue.offers import Offer, Parameter, Rate, Tokens, Unit
from workflows.brief import Aspect, Language
from workflows.models import SPEECH, Modality, ModelName, Slug
from workflows.provider_report import RETIRES_SOON

OWN_CATALOGUE: Final = "GREENLIGHT_CATALOGUE"
"""The variable with the path of the operator's own catalogue file."""

Usd = Annotated[Decimal, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Rate(_Strict):
    unit: Unit
    usd: Usd | tuple[Usd, Usd] = Field(description="One price, or the lowest and the highest; tokens: for a million")
    when: dict[str, str] = Field(default_factory=dict)
    until: date | None = Field(default=None, description="The last day of this rate; the next one of the unit follows")

    def typed(self) -> Rate:
        low, high = self.usd if isinstance(self.usd, tuple) else (self.usd, self.usd)
        return Rate(self.unit, low, high, self.when, self.until)


class _Price(_Strict):
    """Without rates: no price is published, and the plan shows that it is unknown."""

    rates: tuple[_Rate, ...] = ()
    source: str = Field(min_length=1)
    date: date


class _Tokens(_Strict):
    parameter: str
    counts: dict[str, tuple[int, int]]
    pixels: int = Field(default=0, ge=0)


class _Entry(_Strict):
    provider: Slug
    model: ModelName
    modality: Modality
    media_type: str
    job: bool = False
    expected_seconds: float = Field(gt=0)
    best_for: str = ""
    aspects: frozenset[Aspect] = frozenset()
    max_prompt: int = Field(default=0, ge=0)
    rank: int = 50
    structured: bool = Field(default=False, description="Text that follows a JSON schema")
    accepts: frozenset[Modality] = frozenset()
    requires: frozenset[Modality] = frozenset()
    max_pictures: int = Field(default=0, ge=0)
    max_recordings: int = Field(default=0, ge=0)
    max_recording_seconds: float = Field(default=0, ge=0, description="The longest recording that it takes")
    max_recording_bytes: int = Field(default=0, ge=0)
    word_times: bool = Field(default=False, description="Its transcripts have the time of each word")
    mask: bool = Field(default=False, description="Accepts a picture that marks where another one is changed")
    last_frame: bool = Field(default=False, description="Accepts the picture with which a shot ends, with a first one")
    one_kind: bool = Field(default=False, description="Accepts pictures or recordings, not both in one request")
    versions: tuple[Literal["extend", "edit", "upscale", "interpolate", "reference"], ...] = Field(
        default=(), description="What a video model makes of an input video, the usual one first"
    )
    edit_seconds: float = Field(default=0, ge=0, description="The length by which an edit is billed before a refund")
    languages: frozenset[Language] = Field(default=frozenset(), description="That a voice speaks; empty: any")
    sounds: frozenset[Literal["speech", "music", "effects", "ambience"]] = Field(
        default=frozenset(), description="What an audio model makes; without it, speech"
    )
    placeholder: bool = Field(default=False, description="Planned only where no other model fits; never a fallback")
    retires: date | None = None
    replacement: tuple[str, ...] = ()
    source: str = Field(default="", description="Source of the limits and the retirement")
    price: _Price
    output_tokens: _Tokens | None = None
    input_image: str = ""
    parameters: dict[str, Parameter] = Field(default_factory=dict)

    def offer(self) -> Offer:
        tokens = self.output_tokens
        return Offer(
            provider=self.provider,
            model=self.model,
            modality=self.modality,
            media_type=self.media_type,
            rates=tuple(r.typed() for r in self.price.rates),
            expected_seconds=self.expected_seconds,
            job=self.job,
            parameters={name: p.describe() for name, p in self.parameters.items()},
            rules=self.parameters,
            accepts=self.accepts | self.requires,
            requires=self.requires,
            max_pictures=self.max_pictures,
            max_recordings=self.max_recordings,
            max_recording_seconds=self.max_recording_seconds,
            max_recording_bytes=self.max_recording_bytes,
            word_times=self.word_times,
            mask=self.mask,
            last_frame=self.last_frame,
            one_kind=self.one_kind,
            versions=self.versions,
            edit_seconds=self.edit_seconds,
            output_tokens=Tokens(tokens.parameter, tokens.counts, tokens.pixels) if tokens else None,
            input_image=self.input_image,
            best_for=self.best_for,
            aspects=frozenset(map(str, self.aspects)),
            max_prompt=self.max_prompt,
            rank=self.rank,
            schema=self.structured,
            languages=frozenset(map(str.lower, self.languages)),
            sounds=self.sounds or (frozenset({SPEECH}) if self.modality is Modality.AUDIO else frozenset()),
            placeholder=self.placeholder,
            retires=self.retires,
            replacement=self.replacement,
        )


_ENTRIES: Final = TypeAdapter(list[_Entry])


class CatalogueBroken(ValueError):
    """A catalogue file is not valid; the message names the file, the entry and the field."""


def read_catalogue(file: Traversable | Path) -> list[Offer]:
    """The offers of one catalogue file.

    Raises:
        CatalogueBroken: it cannot be read, or an entry is not valid.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        return [e.offer() for e in _ENTRIES.validate_python(content.get("models", []))]
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CatalogueBroken(f"{file.name}: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise CatalogueBroken(f"{file.name}: models.{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


@cache
def _own(path: str) -> tuple[Offer, ...]:
    return tuple(read_catalogue(Path(path))) if path else ()


@cache
def load_offers(provider: str, own: str = "") -> tuple[Offer, ...]:
    """The catalogue's models of one provider, the preferred one of each modality first.

    Args:
        own: Path of a catalogue file whose entries are added; they replace entries of the same model.

    Raises:
        CatalogueBroken: names the file, the entry and the field.
    """
    file = files("activities.catalogue").joinpath(f"{provider}.toml")
    offers = {(o.model, o.modality): o for o in read_catalogue(file)} if file.is_file() else {}
    offers |= {(o.model, o.modality): o for o in _own(own) if o.provider == provider}
    return tuple(sorted(offers.values(), key=lambda o: o.preference))


def problem_with(offer: Offer, today: date) -> str | None:
    """The reason why a model cannot be planned, with the remedy; None if it can."""
    if offer.unavailable:
        return offer.unavailable
    if offer.retires and offer.retires <= today:
        instead = f"use {' or '.join(offer.replacement)}" if offer.replacement else "choose another"
        return f"{offer.model!r} was retired by {offer.provider} on {offer.retires}; {instead}"
    return None


def retirement_warning(offer: Offer, today: date) -> str | None:
    """A warning for a model that retires within RETIRES_SOON; None for all others."""
    if offer.retires is None or not today < offer.retires <= today + RETIRES_SOON:
        return None
    instead = f"; use {' or '.join(offer.replacement)}" if offer.replacement else ""
    return f"{offer.provider} retires {offer.model!r} on {offer.retires}{instead}"
