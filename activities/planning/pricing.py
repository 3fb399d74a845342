"""The price of a whole plan: every asset is checked against the offers of the enabled providers, and quoted."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue import pricing
from activities.catalogue.loader import problem_with, retirement_warning
from activities.catalogue.offers import Offer, utf16_units
from activities.planning.checks.delivery import undirected
from activities.planning.checks.inputs import input_problem, unused_stills
from activities.planning.checks.lengths import heard, is_timed, length_problem, measured, quote_lengths
from activities.planning.checks.narration import overruns, unread
from activities.planning.checks.voices import voice_problem
from activities.planning.choices.illustrated import pictures_problem
from activities.providers.protocol import Provider
from activities.providers.registry import remedy_for
from activities.providers.selection import find_offer, plannable_offers, supports_aspect
from workflows.activity_io import PLAN_INVALID
from workflows.continuity.drafts import final_asset, models_of
from workflows.continuity.inputs import inputs_of, made_as, sources_of
from workflows.continuity.lengths import AT_MOST
from workflows.illustrated.parts import PICTURES
from workflows.models import FILM_PARAMETERS, MAX_PLAN_BYTES, UNSPOKEN_ROLES, Asset, Media, Modality, Plan, Quote
from workflows.spoken import languages

_FILM_LIMITS: Final = {"at_seconds": (0.0, 3_600.0), "bpm": (30.0, 300.0)}


def invalid(message: str) -> ApplicationError:
    return ApplicationError(message, type=PLAN_INVALID, non_retryable=True)


def _offer_for(asset: Asset, providers: Mapping[str, Provider], today: date, aspect: str) -> Offer:
    """The offer of an asset's provider and model, which must be available and make the aspect.

    Raises:
        ApplicationError: type PLAN_INVALID; the message names the field and the choices.
    """
    here = f"asset {asset.asset_id!r}"
    provider = providers.get(asset.provider)
    if provider is None:
        enabled = ", ".join(providers) or "none; " + remedy_for(asset.asset_type)
        raise invalid(f"{here}: provider: {asset.provider!r} is not enabled; choose from {enabled}")
    offer = find_offer(provider, asset.model, asset.asset_type)
    if offer is None:
        models = ", ".join(o.model for o in plannable_offers(provider, asset.asset_type, today))
        choice = f"choose from {models}" if models else f"it makes no {asset.asset_type.value}: choose another provider"
        raise invalid(f"{here}: model: {asset.model!r} is not offered by {asset.provider}; {choice}")
    if problem := problem_with(offer, today):
        raise invalid(f"{here}: model: {problem}")
    if not offer.makes(asset.sound):
        raise invalid(f"{here}: model: {_wrong_sound(offer, asset, providers, today)}")
    if not supports_aspect(offer, aspect):
        only = " and ".join(sorted(offer.aspects))
        raise invalid(f"{here}: model: {offer.model!r} makes {only} alone; choose another, or a brief of that aspect")
    return offer


def _wrong_sound(offer: Offer, asset: Asset, providers: Mapping[str, Provider], today: date) -> str:
    """Why a model does not make an asset of this role, with the models that do."""
    able = [o for p in providers.values() for o in plannable_offers(p, Modality.AUDIO, today) if o.makes(asset.sound)]
    models = ", ".join(f"{o.provider} {o.model}" for o in sorted(able, key=lambda o: o.preference)[:3])
    choice = f"choose {models}" if models else "enable a provider that does, or upload the recording"
    made = " and ".join(sorted(offer.sounds))
    return f"{offer.model!r} makes {made}, and the role {asset.role} is {asset.sound}; {choice}"


def _film_parameter_problem(asset: Asset, name: str) -> str | None:
    """Why a parameter that places a sound in the film is not valid, with the valid values."""
    low, high = _FILM_LIMITS[name]
    value = asset.number(name)
    if value is None or not low <= value <= high:
        shown = repr(asset.parameters[name])[:60]
        return f"{shown} is not a number between {low:g} and {high:g}; give one of that range"
    return None


def _quote(asset: Asset, known: Mapping[str, Asset], offer: Offer, providers: Mapping[str, Provider]) -> Quote:
    here = f"asset {asset.asset_id!r}"
    placing = [n for n in FILM_PARAMETERS if n in asset.parameters and n not in offer.parameters]
    if asset.sound in UNSPOKEN_ROLES:
        for placed in placing:
            if (problem := _film_parameter_problem(asset, placed)) is not None:
                raise invalid(f"{here}: parameters.{placed}: {problem}")
    else:
        placing = []
    pictures = pictures_problem(asset.parameters.get(PICTURES), offer)
    if pictures and not offer.illustrates:
        raise invalid(f"{here}: {pictures}")
    inputs, timing = inputs_of(asset, known), heard(asset, known)
    if (problem := length_problem(offer, asset, timing)) is not None:
        raise invalid(f"{here}: parameters.{AT_MOST}: {problem}")
    ours = (*offer.parameters, *placing, *([AT_MOST] if is_timed(offer, asset, timing) else []))
    unknown = next((name for name in asset.parameters if name not in ours), None)
    if unknown is not None and not offer.any_parameter:
        names = ", ".join(offer.parameters) or "none"
        raise invalid(
            f"{here}: parameters.{unknown}: {offer.model} has no such parameter; it has {names}, and null removes one"
        )
    for name, value in asset.parameters.items():
        rule = offer.rules.get(name)
        if rule and (problem := rule.problem(value)) is not None:
            raise invalid(f"{here}: parameters.{name}: {problem}")
    if not offer.fits(asset.prompt):
        length = utf16_units(asset.prompt)
        raise invalid(
            f"{here}: prompt: {length} characters; {offer.model} takes at most {offer.max_prompt}: shorten it"
        )
    if problem := input_problem(offer, asset, inputs) or pictures:
        raise invalid(f"{here}: {problem}")
    try:
        return quote_lengths(offer, asset, measured(timing, known, providers), _shots_narrated(known, timing))
    except pricing.PriceProblem as problem:
        raise invalid(f"{here}: {problem}") from None


def _shots_narrated(known: Mapping[str, Asset], inputs: Sequence[Asset]) -> int:
    """The most shots over which one of the narrations among the inputs is spoken; versions are not counted again."""
    voices = {i.asset_id for i in inputs if i.spoken}
    shots = [a for a in known.values() if a.asset_type is Modality.VIDEO] if voices else []
    placed = [{[a, *sources_of(a, known)][-1].asset_id for a in shots if voice in a.depends_on} for voice in voices]
    return max(map(len, placed), default=1)


def _check_voice(asset: Asset, offer: Offer, language: str) -> None:
    """
    Raises:
        ApplicationError: type PLAN_INVALID; the voice of a narration does not speak its language.
    """
    spoken = asset.language or language
    if asset.spoken and spoken and (problem := voice_problem(asset, offer, spoken)):
        raise invalid(f"asset {asset.asset_id!r}: {problem}")


def _priced(
    asset: Asset,
    known: Mapping[str, Asset],
    providers: Mapping[str, Provider],
    today: date,
    aspect: str,
    language: str,
) -> tuple[Asset, list[str]]:
    """The asset with a quote for each of its models, and a warning for each model that retires soon."""
    offer = _offer_for(asset, providers, today, aspect)
    _check_voice(asset, offer, language)
    warnings = [retirement_warning(offer, today)]
    fallbacks = []
    for each in asset.fallbacks:
        changes = {"provider": each.provider, "model": each.model, "parameters": each.parameters}
        other = asset.model_copy(update=changes)
        found = _offer_for(other, providers, today, aspect)
        _check_voice(other, found, language)
        if made_as(other) != made_as(asset):
            raise invalid(
                f"asset {asset.asset_id!r}: fallbacks: {each.model} would make something else of the input video than "
                f"{asset.model}; give both the same mode, or drop the fallback"
            )
        fallbacks.append(each.model_copy(update={"quote": _quote(other, known, found, providers)}))
        warnings.append(retirement_warning(found, today))
    quoted = asset.model_copy(update={"quote": _quote(asset, known, offer, providers), "fallbacks": tuple(fallbacks)})
    return quoted, [w for w in warnings if w]


def quoted(asset: Asset, known: Mapping[str, Asset], providers: Mapping[str, Provider]) -> Asset:
    """The asset with a quote for each of its models, by its inputs in `known`.

    Raises:
        ApplicationError: type PLAN_INVALID; the message names the asset, the field and the choices.
    """
    return _priced(asset, known, providers, datetime.now(UTC).date(), "", "")[0]


def price(
    plan: Plan,
    providers: Mapping[str, Provider],
    aspect: str = "",
    only: Collection[str] = (),
    references: Sequence[Media] = (),
    language: str = "",
) -> Plan:
    """The same plan with every asset quoted, numbered and named by its digest.

    Args:
        aspect: The aspect of the brief, which not every model makes; "" allows any.
        only: Ids of the assets to check and quote, all others stay as they are; without it, all.
        references: The references of the brief, which assets may be made from too.
        language: The language of the brief, which the voices of its narrations have to speak; "" checks none.

    Raises:
        ApplicationError: type PLAN_INVALID; the message names the asset, the field and the choices.
    """
    today = datetime.now(UTC).date()
    known = {**plan.by_id, **pricing.reference_assets(references)}
    assets, warnings, finals = [], list(plan.warnings), dict(plan.finals)
    for asset in plan.assets:
        if only and asset.asset_id not in only:
            assets.append(asset)
            continue
        priced_asset, found = _priced(asset, known, providers, today, aspect, language)
        assets.append(priced_asset)
        warnings += found
        if asset.asset_id in finals:
            final, found = _priced(final_asset(plan, asset), known, providers, today, aspect, language)
            finals[asset.asset_id] = models_of(final)
            warnings += found
    priced = Plan.of(plan.title, assets, plan.planner, (), plan.cut, finals, plan.quality)
    warnings += [*unused_stills(assets), *overruns(assets, providers)]
    warnings += undirected(assets, providers)
    warnings += unread(assets, providers, language) if language else []
    warnings = [*dict.fromkeys([*warnings, *languages.warnings(priced)])]
    if unknown := {f"{a.provider} {a.model}" for a in assets if a.unknown_price}:
        warnings.append(f"price unknown: {', '.join(sorted(unknown))}; an approval has to allow it")
    priced = priced.model_copy(update={"warnings": tuple(warnings)})
    size = len(priced.model_dump_json(exclude_defaults=True).encode())
    if size > MAX_PLAN_BYTES:
        raise invalid(f"plan: {size} bytes are more than {MAX_PLAN_BYTES}; shorten the prompts or plan fewer assets")
    return priced
