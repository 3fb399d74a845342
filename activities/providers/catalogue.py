"""The model catalogue: data (`catalogue.toml`), loaded once, typed."""

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from activities.providers.base import Offer, Parameter
from workflows.models import Modality


class _Price(BaseModel):
    model_config = ConfigDict(extra="forbid")
    unit: str
    usd_low: Decimal = Field(ge=0)
    usd_high: Decimal = Field(ge=0)
    source: str
    date: str


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    provider: str
    model: str
    modality: Modality
    media_type: str
    job: bool = False
    expected_seconds: float = Field(gt=0)
    price: _Price
    parameters: dict[str, Parameter] = Field(default_factory=dict)


@cache
def offers_of(provider: str) -> tuple[Offer, ...]:
    """The catalogue's models of one provider, the preferred one of each modality first.

    Raises:
        pydantic.ValidationError: the catalogue is broken; names the entry and the field.
    """
    text = files("activities.providers").joinpath("catalogue.toml").read_text(encoding="utf-8")
    entries = [_Entry.model_validate(e) for e in tomllib.loads(text)["models"]]
    return tuple(
        Offer(
            provider=e.provider,
            model=e.model,
            modality=e.modality,
            media_type=e.media_type,
            unit=e.price.unit,
            usd_low=e.price.usd_low,
            usd_high=e.price.usd_high,
            expected_seconds=e.expected_seconds,
            job=e.job,
            parameters={name: p.in_words() for name, p in e.parameters.items()},
            rules=e.parameters,
        )
        for e in entries
        if e.provider == provider
    )
