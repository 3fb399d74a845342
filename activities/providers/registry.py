"""Every provider, one line each; imported only when it is enabled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from activities.providers.base import Offer, Provider
from activities.providers.catalogue import offers_of
from activities.settings import ActivitySettings
from workflows.models import Modality
from workflows.reports import ModelInfo, ProviderInfo, ProvidersReport


@dataclass(frozen=True)
class Registration:
    """Where a provider is, when it is enabled, and what enables it."""

    where: str
    enabled: Callable[[ActivitySettings], bool]
    remedy: str

    def build(self) -> Provider:
        module, name = self.where.split(":")
        return cast(Provider, getattr(import_module(module), name)())


PROVIDERS: Final[dict[str, Registration]] = {
    "previz": Registration("activities.providers.previz:Previz", lambda s: s.previz, "set GREENLIGHT_PREVIZ=true"),
}


def build_providers(settings: ActivitySettings, extra: Mapping[str, Provider] | None = None) -> dict[str, Provider]:
    """The enabled providers by name, in registry order; `extra` ones follow and win over a registered name."""
    built = {name: entry.build() for name, entry in PROVIDERS.items() if entry.enabled(settings)}
    return {**built, **(extra or {})}


def remedy_for(modality: Modality) -> str:
    """What would enable a provider for a modality, in words; empty when nothing would."""
    makers = [n for n in PROVIDERS if any(o.modality == modality for o in offers_of(n))]
    return " or ".join(f"{PROVIDERS[n].remedy} for {n}" for n in makers)


def price_in_words(offer: Offer) -> str:
    """ "free", "0.0500 USD a second" or "0.0100 to 0.0400 USD an asset"."""
    if offer.free:
        return "free"
    low, high = f"{offer.usd_low:.4f}", f"{offer.usd_high:.4f}"
    article = "an" if offer.unit[:1] in "aeiou" else "a"
    return f"{high if low == high else f'{low} to {high}'} USD {article} {offer.unit}"


def _info(name: str, provider: Provider | None) -> ProviderInfo:
    offers = provider.offers() if provider else offers_of(name)
    return ProviderInfo(
        provider=name,
        enabled=provider is not None,
        reason="" if provider else f"{name} is switched off: {PROVIDERS[name].remedy} for the worker",
        models=tuple(
            ModelInfo(
                provider=name,
                model=o.model,
                modality=o.modality,
                media_type=o.media_type,
                job=o.job,
                price=price_in_words(o),
                parameters=dict(o.parameters),
            )
            for o in offers
        ),
    )


def report(providers: Mapping[str, Provider], planner: str) -> ProvidersReport:
    """What these providers can make, and why the others cannot."""
    makers = {m: tuple(n for n, p in providers.items() if any(o.modality == m for o in p.offers())) for m in Modality}
    return ProvidersReport(
        planner=planner,
        enabled_providers=makers,
        reasons={
            m: f"no enabled provider makes {m.value}: {remedy_for(m)}" for m, names in makers.items() if not names
        },
        providers=tuple(_info(n, providers.get(n)) for n in dict.fromkeys([*PROVIDERS, *providers])),
    )
