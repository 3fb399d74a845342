"""The planner: language models answer a brief with a plan, by structured output, within a limit of money.

Models are asked in order; each gets one try and two repairs. Whether an answer is a plan is decided by
`planner_answer`, not by the model. Every call goes through `ask`, which keeps it in a ledger under its step
number: the same request with the same earlier answers makes the same calls, byte for byte, so that an activity
that runs again pays for nothing twice.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities import planner_prompts, planning, pricing
from activities.errors import cents_up
from activities.planner_answer import SCHEMA, Menu, Refused, Rules
from activities.planner_fallbacks import with_fallbacks
from activities.providers import catalogue, previz_speech
from activities.providers.base import Offer, Provider
from activities.settings import ActivitySettings
from activities.wording import wishes
from workflows.contracts import PLAN_INVALID, AssetFailure, DraftPlan
from workflows.models import ZERO, Asset, Brief, Modality, Plan, Platform

__all__ = ["Answer", "Ask", "Unanswered", "call_asset", "models_for", "plan_with_models", "with_fallbacks"]

REPAIRS: Final = 2
STEPS_A_MODEL: Final = 10
"""Each model numbers its questions in a range of its own: whichever are skipped on a retry, the others keep theirs."""
THINKING_TOKENS: Final = 12_000
"""Models that always think spend these before the first word of the answer."""
ASSET_TOKENS: Final = 400
"""An asset with a long prompt; recorded prompts of pictures and shots take 80 to 250."""
MOST_TOKENS: Final = 32_000
"""About 15 minutes of a synchronous answer, and a plan of 60 assets."""
MAX_REASON_CHARS: Final = 400
"""Of each model's failure, so that all of them fit into one message."""


@dataclass(frozen=True)
class Answer:
    """What a model said, and what the call cost, USD."""

    text: str
    billed_usd: Decimal


class Unanswered(Exception):
    """This model cannot answer; the next one is asked. `billed_usd` is what it charged all the same."""

    def __init__(self, message: str, billed_usd: Decimal = ZERO) -> None:
        super().__init__(message)
        self.billed_usd = billed_usd


Ask = Callable[[Offer, int, str, str, Mapping[str, JsonValue]], Awaitable[Answer]]
"""(offer, step from 1, instructions, prompt, schema) -> Answer. Makes one paid call, or raises Unanswered."""


def models_for(settings: ActivitySettings, providers: Mapping[str, Provider], today: date) -> list[Offer]:
    """The language models that plan, in the order to ask; none: the template plans.

    Raises:
        ApplicationError: type PLAN_INVALID; GREENLIGHT_PLANNER names models of which none can be asked.
    """
    if settings.planner == "template":
        return []
    able = [o for o in catalogue.ranked(Modality.TEXT, providers, today) if o.schema]
    if settings.planner == "auto":
        return [o for o in able if not o.unknown]
    names = [name.strip() for name in settings.planner.split(",") if name.strip()]
    found = [o for name in names for o in able if _name(o) == name]
    if not found:
        choice = ", ".join(map(_name, able)) or "none is enabled, set a vendor's key"
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
    planning.draft(request, providers)  # What stops the template (no provider, no voice) stops here for nothing.
    return await _Planning(request, providers, settings, ask, _menu(request.brief, providers, today)).run(models, today)


def max_tokens(offer: Offer, request: DraftPlan) -> int:
    """What an answer may take, thoughts included: by the number of assets that such a brief usually gets."""
    brief = request.brief
    assets = len(planning.TEXTS.get(brief.platform, ())) + 3
    if brief.platform == Platform.VIDEO:
        shots = min(_seconds(request) / planning.SECONDS_PER_SHOT + 1, planning.MAX_SHOTS)
        assets = 1 + round(shots * (len(brief.modalities) - 1))
    wanted = min(THINKING_TOKENS + ASSET_TOKENS * assets, MOST_TOKENS)
    rule = offer.rules.get("max_tokens")
    return min(wanted, int(rule.max)) if rule and rule.max is not None else wanted


def call_asset(offer: Offer, request: DraftPlan, prompt: str) -> Asset:
    """The call as an asset that can be quoted and made; its prompt may be longer than those of a plan."""
    asset = Asset(
        asset_id="planner",
        asset_type=Modality.TEXT,
        role="plan",
        prompt="plan",
        provider=offer.provider,
        model=offer.model,
        parameters={"max_tokens": max_tokens(offer, request)},
    )
    return asset.model_copy(update={"prompt": prompt})


def _name(offer: Offer) -> str:
    return f"{offer.provider}/{offer.model}"


def _menu(brief: Brief, providers: Mapping[str, Provider], today: date) -> Menu:
    """What may be planned of each modality, the preferred first."""
    mute = previz_speech.find_voice(brief.language) is None

    def serves(offer: Offer) -> bool:
        if offer.modality == Modality.AUDIO:
            return not (mute and offer.provider == "previz")
        # A video made from a video would be a second shot of the same: every video gets into the film.
        return not (offer.modality == Modality.VIDEO and Modality.VIDEO in offer.requires)

    return {m: list(filter(serves, catalogue.ranked(m, providers, today, brief.aspect))) for m in brief.modalities}


def _seconds(request: DraftPlan) -> float:
    return planning.film_seconds(request.brief, wishes(request.feedback, numbers=True))


@dataclass
class _Planning:
    """One brief on its way through the models."""

    request: DraftPlan
    providers: Mapping[str, Provider]
    settings: ActivitySettings
    ask: Ask
    menu: Menu
    spent: Decimal = ZERO
    failures: list[str] = field(default_factory=list)

    async def run(self, models: list[Offer], today: date) -> Plan:
        for number, offer in enumerate(models):
            plan = await self._try(offer, number * STEPS_A_MODEL)
            if plan is not None:
                plan = with_fallbacks(plan, self.request.brief, self.providers, today, self._room())
                return plan.model_copy(update={"drafting_usd": self.spent})
        message = f"no language model gave a plan: {'; '.join(self.failures)}"
        failure = AssetFailure(reason="plan_failed", message=message, billed_usd=self.spent)
        raise ApplicationError(message, failure, type=PLAN_INVALID, non_retryable=True)

    async def _try(self, offer: Offer, step: int) -> Plan | None:
        """One model: a try and its repairs, numbered after `step`; None where it gave no plan (see `failures`)."""
        seconds = _seconds(self.request)
        instructions = planner_prompts.instructions(self.request.brief, self.menu, seconds)
        first = prompt = planner_prompts.prompt(self.request, seconds)
        refused = ""
        for tries in range(1 + REPAIRS):
            if dear := self._too_dear(offer, instructions, prompt):
                self._failed(offer, f"{refused}; then {dear}" if refused else dear)
                return None
            step += 1
            try:
                answer = await self.ask(offer, step, instructions, prompt, SCHEMA)
            except Unanswered as error:
                self.spent += cents_up(error.billed_usd)
                self._failed(offer, str(error))
                return None
            self.spent += cents_up(answer.billed_usd)
            rules = Rules(self.request.brief, self.menu, self.providers, seconds, self._room())
            try:
                return rules.plan_of(answer.text, _name(offer))
            except Refused as error:
                refused = f"refused {tries + 1} times, at last: {error}"
                prompt = planner_prompts.repair(first, answer.text, error.problems)
        self._failed(offer, refused)
        return None

    def _room(self) -> Decimal | None:
        """What is left of the brief's budget for the assets themselves."""
        budget = self.request.brief.budget_usd
        return None if budget is None else max(budget - self.request.spent_usd - self.spent, ZERO)

    def _too_dear(self, offer: Offer, instructions: str, prompt: str) -> str:
        """Why this call is not made, with the remedy; empty where the money for it is there."""
        beside = len(instructions.encode()) + len(str(SCHEMA).encode())
        high = pricing.quote(offer, call_asset(offer, self.request, prompt), instructions=beside).high_usd
        limit, remedy = self.settings.planning_usd, "raise GREENLIGHT_PLANNING_USD"
        budget = self.request.brief.budget_usd
        if budget is not None and budget - self.request.spent_usd < limit:
            limit, remedy = max(budget - self.request.spent_usd, ZERO), "raise the brief's budget_usd"
        if self.spent + high <= limit:
            return ""
        return f"not asked: up to {high:f} USD after {self.spent:f} is above {limit:f}; {remedy}"

    def _failed(self, offer: Offer, why: str) -> None:
        short = why if len(why) <= MAX_REASON_CHARS else why[: MAX_REASON_CHARS - 1] + "…"
        self.failures.append(f"{_name(offer)}: {short}")
