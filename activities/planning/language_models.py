"""The planner: language models answer a brief with a plan, by structured output, within a limit of money.

Models are asked as `inquiry` does it; whether an answer is a plan is decided by `answer`.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.planning import prompts, template
from activities.planning.answer import SCHEMA, Menu, Rules
from activities.planning.fallbacks import with_fallbacks
from activities.planning.questions.inquiry import (
    THINKING_TOKENS,
    Answer,
    Ask,
    Inquiry,
    Limit,
    Unanswered,
    call_of,
    name_of,
)
from activities.providers import selection
from activities.providers.previz import narration
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.text.speech import wishes
from workflows.activity_io import BUDGET_SHORT, PLAN_INVALID, AssetFailure, DraftPlan
from workflows.models import ZERO, Asset, Brief, Modality, Plan, Platform

__all__ = ["Answer", "Ask", "Unanswered", "call_asset", "models_for", "plan_with_models", "with_fallbacks"]

ASSET_TOKENS: Final = 400
"""An asset with a long prompt; recorded prompts of pictures and shots take 80 to 250."""
MOST_TOKENS: Final = 32_000
"""About 15 minutes of a synchronous answer, and a plan of 60 assets."""


def models_for(settings: ActivitySettings, providers: Mapping[str, Provider], today: date) -> list[Offer]:
    """The language models that plan, in the order to ask; none: the template plans.

    Raises:
        ApplicationError: type PLAN_INVALID; GREENLIGHT_PLANNER names models of which none can be asked.
    """
    if settings.planner == "template":
        return []
    able = [o for o in selection.ranked(Modality.TEXT, providers, today) if o.schema]
    if settings.planner == "auto":
        return [o for o in able if not o.unknown]
    names = [name.strip() for name in settings.planner.split(",") if name.strip()]
    found = [o for name in names for o in able if name_of(o) == name]
    if not found:
        choice = ", ".join(map(name_of, able)) or "none is enabled, set a vendor's key"
        raise ApplicationError(
            f"GREENLIGHT_PLANNER: {settings.planner!r} names no enabled model that follows a schema; "
            f"name one of ({choice}), or say 'auto' or 'template'",
            type=PLAN_INVALID,
            non_retryable=True,
        )
    return found


async def plan_with_models(
    request: DraftPlan,
    providers: Mapping[str, Provider],
    settings: ActivitySettings,
    ask: Ask,
    today: date,
) -> Plan | None:
    """The unpriced plan of the first model that gives a valid one, with fallbacks; None: the template plans.

    Raises:
        ApplicationError: type PLAN_INVALID with an AssetFailure that tells what was billed; no model gave a plan,
            and the message says why for each.
    """
    models = models_for(settings, providers, today)
    if not models:
        return None
    template.draft(
        request, providers
    )  # What stops the template (no provider, no voice) stops here before any question.
    brief, menu, seconds = request.brief, _menu(request.brief, providers, today), _seconds(request)

    def room(spent: Decimal) -> Decimal | None:
        """What is left of the brief's budget for the assets themselves."""
        return None if brief.budget_usd is None else max(brief.budget_usd - request.spent_usd - spent, ZERO)

    def read(answer: str, offer: Offer, spent: Decimal) -> Plan:
        return Rules(brief, menu, providers, seconds, room(spent), request.references).plan_of(answer, name_of(offer))

    inquiry = Inquiry(
        "plan",
        ask,
        Limit.of(settings, brief, request.spent_usd),
        answer_tokens(request),
        prompts.instructions(brief, menu, seconds),
        prompts.prompt(request, seconds),
        SCHEMA,
        read,
        shown=request.references,
    )
    try:
        plan = await inquiry.answer(models)
    except Unanswered as error:
        message = f"no language model gave a plan: {error}"
        kind = BUDGET_SHORT if error.unasked else ""
        failure = AssetFailure(reason="plan_failed", message=message, billed_usd=error.billed_usd, kind=kind)
        raise ApplicationError(message, failure, type=PLAN_INVALID, non_retryable=True) from None
    plan = with_fallbacks(plan, brief, providers, today, room(inquiry.spent), request.references)
    return plan.model_copy(update={"drafting_usd": inquiry.spent})


def answer_tokens(request: DraftPlan) -> int:
    """What an answer may take, thoughts included: by the number of assets that such a brief usually gets."""
    brief = request.brief
    assets = len(template.TEXTS.get(brief.platform, ())) + 3
    if brief.platform == Platform.VIDEO:
        shots = min(_seconds(request) / template.SECONDS_PER_SHOT + 1, template.MAX_SHOTS)
        assets = 1 + round(shots * (len(brief.modalities) - 1))
    return min(THINKING_TOKENS + ASSET_TOKENS * assets, MOST_TOKENS)


def call_asset(offer: Offer, request: DraftPlan, prompt: str) -> Asset:
    """The call that asks for this plan."""
    return call_of(offer, answer_tokens(request), prompt)


def _menu(brief: Brief, providers: Mapping[str, Provider], today: date) -> Menu:
    """What may be planned of each modality, the preferred first."""
    mute = narration.find_voice(brief.language) is None

    def serves(offer: Offer) -> bool:
        if offer.modality == Modality.AUDIO:
            return not (mute and offer.provider == "previz")
        # A video made from a video would be a second shot of the same: every video gets into the film.
        return not (offer.modality == Modality.VIDEO and Modality.VIDEO in offer.requires)

    known = brief.known_prices_only
    return {
        m: list(filter(serves, selection.ranked(m, providers, today, brief.aspect, known_prices_only=known)))
        for m in brief.modalities
    }


def _seconds(request: DraftPlan) -> float:
    return template.film_seconds(request.brief, wishes(request.feedback, numbers=True))
