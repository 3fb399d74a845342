"""All providers, one line each; a provider is imported only when it is enabled."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final, cast

from activities.catalogue.loader import load_offers
from activities.catalogue.offers import Offer, Rate, Unit
from activities.providers.installed import is_installed
from activities.providers.protocol import Provider
from activities.providers.selection import plannable_offers
from activities.settings import ActivitySettings
from activities.storage.support import StoreSupport
from workflows.models import SPEECH, Modality
from workflows.provider_report import ModelInfo, ProviderInfo, ProvidersReport

ENTRY_POINTS: Final = "greenlight.providers"
"""Installed packages add their own providers under this group: name -> a `Registration`."""

STORE_UNSUITABLE: Final = "the S3 store does not honour conditional writes, and paid takes require them"
"""Why a provider that has its key is not used."""


@dataclass(frozen=True)
class Registration:
    """Where a provider is (`module:class`), when it is enabled, and the remedy that enables it."""

    where: str
    enabled: Callable[[ActivitySettings, Mapping[str, str]], bool]
    remedy: str
    variables: tuple[str, ...] = ()
    """Environment variables that hold its keys; only the worker gets them."""
    sdk: str = ""
    """The module that it imports at its first call; an extra of this package installs it."""

    @property
    def installed(self) -> bool:
        """Whether its SDK is: a worker may be installed without those of the vendors that it does not use."""
        return not self.sdk or is_installed(self.sdk)

    def build(self, env: Mapping[str, str]) -> Provider:
        module, name = self.where.split(":")
        return cast(Provider, getattr(import_module(module), name)(env))


def vendor(where: str, *variables: str, sdk: str = "") -> Registration:
    """The registration of a provider that is enabled by any of these variables, which hold its key."""
    return Registration(
        where, lambda _, env: any(env.get(v) for v in variables), f"set {' or '.join(variables)}", variables, sdk
    )


def _has_google(env: Mapping[str, str]) -> bool:
    """Whether there is a key, or the Enterprise platform is on, with the credentials of the machine."""
    switches = (env.get(v, "").lower() for v in ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"))
    enterprise = any(word in ("true", "1") for word in switches) and bool(env.get("GOOGLE_CLOUD_PROJECT"))
    return enterprise or any(env.get(v) for v in ("GOOGLE_API_KEY", "GEMINI_API_KEY"))


PROVIDERS: Final[dict[str, Registration]] = {
    "openai": vendor("activities.providers.openai.provider:OpenAI", "OPENAI_API_KEY", sdk="openai"),
    "anthropic": vendor("activities.providers.anthropic:Anthropic", "ANTHROPIC_API_KEY", sdk="anthropic"),
    "google": Registration(
        "activities.providers.google.provider:Google",
        lambda _, env: _has_google(env),
        "set GOOGLE_API_KEY, or GOOGLE_GENAI_USE_ENTERPRISE=true and GOOGLE_CLOUD_PROJECT",
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
        "google.genai",
    ),
    "replicate": vendor("activities.providers.replicate.provider:Replicate", "REPLICATE_API_TOKEN"),
    "runway": vendor("activities.providers.runway.provider:Runway", "RUNWAYML_API_SECRET", sdk="runwayml"),
    "previz": Registration(
        "activities.providers.previz.provider:Previz", lambda s, _: s.previz, "set GREENLIGHT_PREVIZ=true"
    ),
}


@cache
def registered() -> Mapping[str, Registration]:
    """Our own providers and those of installed packages, which cannot replace ours."""
    plugins = {e.name: e.load() for e in entry_points(group=ENTRY_POINTS)}
    return {**plugins, **PROVIDERS}


def build_providers(
    settings: ActivitySettings, env: Mapping[str, str], extra: Mapping[str, Provider] | None = None
) -> dict[str, Provider]:
    """The enabled providers by name. `extra` providers follow and replace a registered one of the same name.

    Args:
        env: The worker's environment, which holds the keys.
    """
    # A pasted key often ends with a line break, which an HTTP header must not contain.
    clean = {name: value.strip() for name, value in env.items()}
    usable = {n: e for n, e in registered().items() if e.installed and e.enabled(settings, clean)}
    built = {name: entry.build(clean) for name, entry in usable.items()}
    return {**built, **(extra or {})}


async def load_sdk(provider: str) -> None:
    """Import a vendor's SDK in a thread: on the event loop, it would block all heartbeats for about a second."""
    entry = registered().get(provider)
    if entry and entry.sdk and entry.sdk not in _loaded:
        await asyncio.to_thread(import_module, entry.sdk)
        _loaded.add(entry.sdk)


_loaded: Final[set[str]] = set()
"""Modules whose import is complete: `sys.modules` also contains those that are still being imported."""


def enabling_remedies(modality: Modality, enabled: Collection[str] = ()) -> tuple[str, ...]:
    """The remedy for each provider of a modality that is not enabled, e.g. "set OPENAI_API_KEY for openai".

    Audio stands for speech, which every film with sound needs; music is an addition.
    """
    makers = (n for n in registered() if n not in enabled and any(_is_maker(o, modality) for o in load_offers(n)))
    return tuple(f"{how_to_enable(n)} for {n}" for n in makers)


def how_to_enable(name: str) -> str:
    """What enables a provider that is not enabled: its SDK, where that is not installed, and its key."""
    entry = registered()[name]
    return entry.remedy if entry.installed else f"install greenlight[{name}] and {entry.remedy}"


def _is_maker(offer: Offer, modality: Modality) -> bool:
    return offer.modality == modality and offer.makes(SPEECH)


def placeholder_providers() -> list[str]:
    """The providers whose models make free placeholders, enabled or not."""
    return [name for name in registered() if any(o.placeholder for o in load_offers(name))]


def remedy_for(modality: Modality) -> str:
    """The remedies that would enable a provider for a modality, as text; empty if there are none."""
    return " or ".join(enabling_remedies(modality))


_TOKENS: Final[dict[Unit, str]] = {
    "input_tokens": "in",
    "input_image_tokens": "images in",
    "output_tokens": "out",
    "output_image_tokens": "images out",
}


def describe_price(offer: Offer) -> str:
    """ "free", "price unknown", "USD a million tokens: 2 in, 10 out" or "0.10 to 0.15 USD a second, by audio"."""
    if offer.free:
        return "free"
    today = datetime.now(UTC).date()
    holding = [r for r in offer.rates if r.until is None or r.until >= today]
    tokens: list[str] = []
    others: list[str] = []
    tokens_go_by: dict[str, None] = {}
    for unit in dict.fromkeys(r.unit for r in holding if r.usd_high):
        span, goes_by = _describe_rate([r for r in holding if r.unit == unit])
        if unit in _TOKENS:
            tokens.append(f"{span} {_TOKENS[unit]}")
            tokens_go_by |= dict.fromkeys(goes_by)
        else:
            others.append(", ".join([f"{span} USD {'an' if unit == 'asset' else 'a'} {unit}", *goes_by]))
    if tokens:
        others.insert(0, f"USD a million tokens: {', '.join([*tokens, *tokens_go_by])}")
    return " + ".join(others) or "price unknown"


def _describe_rate(rates: Sequence[Rate]) -> tuple[str, list[str]]:
    """The rates of one unit as a range, and what the price depends on: parameters, and the day on which a rate ends."""
    # Among rates with the same conditions, the first applies.
    taken = list({frozenset(r.when.items()): r for r in reversed(rates)}.values())
    low, high = min(r.usd_low for r in taken), max(r.usd_high for r in taken)
    span = f"{high:f}" if low == high else f"{low:f} to {high:f}" if low else f"up to {high:f}"
    several = len({(r.usd_low, r.usd_high) for r in taken}) > 1
    deciding = sorted({name for r in taken for name in r.when}) if several else []
    ends = min((r.until for r in taken if r.until), default=None)
    return span, [f"by {' and '.join(deciding)}"] * bool(deciding) + [f"until {ends}"] * bool(ends)


def _is_blocked(provider: Provider | None, store: StoreSupport | None) -> bool:
    """Whether the provider has only paid models and the store does not support paid takes."""
    unsupported = store is not None and store.state == "unsupported"
    return unsupported and provider is not None and not any(o.free for o in provider.offers())


def _provider_info(name: str, provider: Provider | None, store: StoreSupport | None = None) -> ProviderInfo:
    blocked = _is_blocked(provider, store)
    offers = provider.offers() if provider else load_offers(name)
    return ProviderInfo(
        provider=name,
        enabled=provider is not None and not blocked,
        reason=STORE_UNSUITABLE
        if blocked
        else ""
        if provider
        else f"{name} is switched off: {how_to_enable(name)} for the worker",
        models=tuple(
            ModelInfo(
                provider=name,
                model=o.model,
                modality=o.modality,
                media_type=o.media_type,
                job=o.job,
                price=describe_price(o),
                parameters=dict(o.parameters),
                best_for=o.best_for,
                sounds=tuple(sorted(o.sounds)),
                retires=o.retires,
                replacement=o.replacement,
                unavailable=o.unavailable,
            )
            for o in offers
        ),
    )


def build_report(providers: Mapping[str, Provider], planner: str, store: StoreSupport | None = None) -> ProvidersReport:
    """The models of all providers, and the reasons why some are not available.

    Args:
        store: The result of the last probe of the store; None if it was not probed.
    """
    today = datetime.now(UTC).date()
    blocked = {n for n, p in providers.items() if _is_blocked(p, store)}
    makers = {
        m: tuple(
            n
            for n, p in providers.items()
            if n not in blocked and any(_is_maker(o, m) for o in plannable_offers(p, m, today))
        )
        for m in Modality
    }
    return ProvidersReport(
        planner=planner,
        enabled_providers=makers,
        reasons={
            m: f"no enabled provider makes {m.value}: {STORE_UNSUITABLE if blocked else remedy_for(m)}"
            for m, names in makers.items()
            if not names
        },
        missing={m: enabling_remedies(m, providers) for m in Modality},
        store=store.problem if store else "",
        providers=tuple(_provider_info(n, providers.get(n), store) for n in dict.fromkeys([*registered(), *providers])),
    )
