"""The planner that uses language models: they answer a brief with a plan by structured output, within a budget.

`inquiry` sends the question to the models in turn; `answer` decides whether an answer is a plan.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.planning import film, prompts
from activities.planning.answer import SCHEMA, SCHEMA_WITH_SOURCES, AnswerValidator
from activities.planning.choices import roles
from activities.planning.fallbacks import with_fallbacks
from activities.planning.pricing import invalid
from activities.planning.questions.inquiry import (
    THINKING_TOKENS,
    Ask,
    Inquiry,
    Limit,
    Unanswered,
    name_of,
)
from activities.planning.task import PlanningTask, check_plannable
from activities.providers.protocol import Provider
from activities.providers.selection import rank_offers
from activities.settings import ActivitySettings
from workflows.activity_io import BUDGET_SHORT, PLAN_INVALID, AssetFailure
from workflows.brief import MAX_SHOTS, Platform
from workflows.models import Modality, Plan
from workflows.stages.models import split

Stage = Literal["planner", "enhancer", "translator"]
"""What a language model is asked for: plans, new prompts from feedback or refusals, translations."""

ASSET_TOKENS: Final = 400
"""The length of an asset with a long prompt; recorded prompts of pictures and shots take 80 to 250 tokens."""
MAX_TOKENS: Final = 32_000
"""About 15 minutes of a synchronous answer, and a plan of 60 assets."""

_REMEDY: Final = (
    "change what the reasons name and plan again, or name another model in models.planner of the brief, where "
    "'template' plans by rule"
)


def models_for(
    settings: ActivitySettings, providers: Mapping[str, Provider], today: date, stage: Stage = "planner"
) -> list[Offer]:
    """The language models of a stage, in the order in which they are asked. If there are none, it is done by rule.

    Raises:
        ApplicationError: type PLAN_INVALID; the setting of the stage names models, and none of them can be asked.
    """
    own: str = getattr(settings, stage)
    chosen, source = (own, settings.source_of(stage)) if own else (settings.planner, settings.source_of("planner"))
    if chosen == "template":
        return []
    able = [o for o in rank_offers(Modality.TEXT, providers, today) if o.schema]
    if chosen == "auto":
        return [o for o in able if not o.unknown]
    found = [o for name in split(chosen) for o in able if name_of(o) == name]
    if not found:
        choice = ", ".join(map(name_of, able)) or "none is enabled, set a vendor's key"
        raise invalid(
            f"{source}: {chosen!r} names no enabled model that follows a schema; "
            f"set it to one of ({choice}), to 'auto' or to 'template'"
        )
    return found


async def plan_with_models(task: PlanningTask, settings: ActivitySettings, ask: Ask) -> Plan | None:
    """The unpriced plan of the first model that gives a valid one, with fallbacks; None where the template plans.

    Raises:
        ApplicationError: type PLAN_INVALID; no plan can satisfy the brief, and no model was asked. Or no model gave a
            plan: the message has the reason of each, and an AssetFailure what was billed.
    """
    payer = task.request.payer
    models = [] if payer and payer.free_only else models_for(settings, task.providers, task.today)
    if not models:
        return None
    check_plannable(task)

    def read_plan(answer: str, offer: Offer, spent_usd: Decimal) -> Plan:
        return AnswerValidator(task, task.room_usd(spent_usd)).read_plan(answer, name_of(offer))

    inquiry = Inquiry(
        "plan",
        ask,
        Limit.of(settings, task.brief, task.request.spent_usd),
        answer_tokens(task),
        prompts.instructions(task),
        prompts.prompt(task),
        SCHEMA_WITH_SOURCES if task.read else SCHEMA,
        read_plan,
        shown=task.shown,
    )
    try:
        plan = await inquiry.answer(models)
    except Unanswered as error:
        remedy = "" if error.unsent else f"; {_REMEDY}"  # a limit that was too low has its own
        message = f"no language model gave a plan: {error}{remedy}"
        kind = BUDGET_SHORT if error.unsent else ""
        failure = AssetFailure(reason="plan_failed", message=message, billed_usd=error.billed_usd, kind=kind)
        raise ApplicationError(message, failure, type=PLAN_INVALID, non_retryable=True) from None
    plan = with_fallbacks(plan, task, task.room_usd(inquiry.spent_usd))
    reused = [f"planning: {inquiry.reused.statement}"] if inquiry.reused else []
    return plan.model_copy(update={"drafting_usd": inquiry.spent_usd, "warnings": (*plan.warnings, *reused)})


def answer_tokens(task: PlanningTask) -> int:
    """The limit of an answer, thoughts included, by the number of assets that such a brief usually gets."""
    brief = task.brief
    assets = len(roles.TEXTS.get(brief.platform, ())) + 3
    if brief.platform == Platform.VIDEO:
        shots = min(task.seconds / film.SECONDS_PER_SHOT + 1, prompts.USUAL_SHOTS)
        if task.structure:
            shots = max(shots, min(len(task.structure.shots), MAX_SHOTS))
        assets = 1 + round(shots * (len(brief.modalities) - 1))
    return min(THINKING_TOKENS + ASSET_TOKENS * assets, MAX_TOKENS)
