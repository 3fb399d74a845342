"""What the workers say they can make; pure, so that clients read it without importing Temporal."""

from datetime import date, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from workflows.models import Modality

RETIRES_SOON: Final = timedelta(days=60)
"""So long before its end a model warns, in plans, in the list of providers and in `doctor`."""


class _Report(BaseModel):
    """A newer worker may say more than an older client knows."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ModelInfo(_Report):
    """What a caller may choose, with what it costs, as the worker's catalogue says it."""

    provider: str
    model: str
    modality: Modality
    media_type: str
    job: bool
    price: str = Field(description="In words, e.g. 'free' or '0.0500 USD a second'")
    parameters: dict[str, str] = Field(default_factory=dict, description="Name -> meaning, unit and default")
    best_for: str = ""
    retires: date | None = Field(default=None, description="The day the vendor switches it off")
    replacement: tuple[str, ...] = ()
    unavailable: str = Field(default="", description="Why it cannot be planned here, with the remedy")


class ProviderInfo(_Report):
    provider: str
    enabled: bool
    reason: str = Field(default="", description="Why it is not enabled, naming the variable that would enable it")
    models: tuple[ModelInfo, ...] = ()


class ProvidersReport(_Report):
    """What this fleet of workers can make: the workers hold the keys, so they are asked."""

    planner: str
    enabled_providers: dict[Modality, tuple[str, ...]]
    reasons: dict[Modality, str] = Field(default_factory=dict, description="Why a modality has no provider")
    missing: dict[Modality, tuple[str, ...]] = Field(
        default_factory=dict, description="What would enable further providers of a modality, in words"
    )
    providers: tuple[ProviderInfo, ...]
    store: str = Field(
        default="", description="Why no paid work is done with this S3 store, with the remedy; empty where it is done"
    )
    webhooks: str = Field(default="", description="Why nothing can be posted to webhooks; empty where it can")
    webhook_tenants: tuple[str, ...] = Field(default=(), description="Tenants whose events can be signed")
    webhook_hosts: tuple[str, ...] = Field(
        default=(), description="Receivers that may be plain http and in a private network"
    )
