"""The report of the workers about their providers and models. Pure, so clients read it without importing Temporal."""

from datetime import date, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from workflows.models import ZERO, Modality, Money

RETIRES_SOON: Final = timedelta(days=60)
"""Before a model retires, plans, the list of providers and `doctor` show a warning for this time."""


class _Report(BaseModel):
    """The base of reports. A newer worker may send fields that an older client ignores."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ModelInfo(_Report):
    """A model that a caller may choose, with its price, from the worker's catalogue."""

    provider: str
    model: str
    modality: Modality
    media_type: str
    job: bool
    price: str = Field(description="As text, e.g. 'free' or '0.0500 USD a second'")
    parameters: dict[str, str] = Field(default_factory=dict, description="Name -> meaning, unit and default")
    best_for: str = ""
    sounds: tuple[str, ...] = Field(
        default=(), description="Of an audio model: what it makes (speech, music, effects, ambience); empty: any"
    )
    retires: date | None = Field(default=None, description="The day on which the vendor switches it off")
    replacement: tuple[str, ...] = ()
    unavailable: str = Field(default="", description="Why it cannot be planned, with the remedy")


class ProviderInfo(_Report):
    provider: str
    enabled: bool
    reason: str = Field(default="", description="Why it is not enabled, with the variable that enables it")
    models: tuple[ModelInfo, ...] = ()


class MetricInfo(_Report):
    """A metric of the workers for evaluations, installed or not."""

    name: str
    title: str
    unit: str = ""
    better: Literal["higher", "lower", "neither"]
    modalities: tuple[Modality, ...]
    share: bool = Field(default=False, description="Each value is 0 or 1")
    paid: bool = Field(
        default=False, description="A value costs money, so the metric is measured only where it is named"
    )
    of_set: bool = Field(default=False, description="One value for all takes of a model, and none for a single take")
    missing: str = Field(default="", description="Why it measures nothing here, with the remedy")


class InterviewInfo(_Report):
    """Whether a browser can speak with a realtime model, on which terms, and otherwise what would enable it."""

    enabled: bool = False
    reason: str = Field(default="", description="Why not, with the remedy")
    provider: str = ""
    model: str = ""
    origin: str = Field(default="", description="The one address to which the page may connect, e.g. wss://host")
    max_usd: Money = Field(default=ZERO, description="The cap of an interview that names none")
    minutes: int = Field(default=0, description="The most that an interview may last")


class ProvidersReport(_Report):
    """The providers and models of the workers, which hold the vendors' keys."""

    planner: str
    enabled_providers: dict[Modality, tuple[str, ...]]
    reasons: dict[Modality, str] = Field(default_factory=dict, description="Why a modality has no provider")
    missing: dict[Modality, tuple[str, ...]] = Field(
        default_factory=dict, description="How to enable further providers of a modality"
    )
    providers: tuple[ProviderInfo, ...]
    store: str = Field(
        default="", description="Why this S3 store allows no paid work, with the remedy; empty if it does"
    )
    film_parts: str = Field(
        default="", description="Why the store does not delete old parts of films, with the remedy; empty if it does"
    )
    webhooks: str = Field(default="", description="Why events cannot be posted to webhooks; empty if they can")
    webhook_tenants: tuple[str, ...] = Field(default=(), description="Tenants whose events can be signed")
    webhook_hosts: tuple[str, ...] = Field(
        default=(), description="Receivers that may use plain http and a private network"
    )
    in_flight: dict[str, int] = Field(
        default_factory=dict, description="Provider -> takes that are at it at any moment, over all workers"
    )
    interviews: InterviewInfo = InterviewInfo(reason="the workers report none; update them")
    metrics: tuple[MetricInfo, ...] = Field(default=(), description="What evaluations can measure")
