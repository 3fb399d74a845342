"""The draft of a plan: by language models where some are enabled, otherwise by the template."""

from collections.abc import Mapping

from temporalio.exceptions import ApplicationError

from activities.planning import template
from activities.planning.checks.other_form import other_form
from activities.planning.choices.drafts import with_draft
from activities.planning.choices.lengths import divided_shots, within_budget
from activities.planning.choices.ordered_cut import with_ordered_cut
from activities.planning.delivery.feedback import revised, with_kept_deliveries
from activities.planning.delivery.rule import with_deliveries
from activities.planning.fallbacks import with_fallbacks
from activities.planning.language_models import answer_tokens, plan_with_models
from activities.planning.material.document import plan_document
from activities.planning.material.facts import with_facts
from activities.planning.material.reading import parts_of, with_spoken_brief
from activities.planning.progress import PlanProgress
from activities.planning.questions.paid import PaidQuestions
from activities.planning.task import PlanningTask
from activities.prompts.store import prompts_where_used
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from workflows.activity_io import AssetFailure, DraftPlan
from workflows.brief import Platform
from workflows.models import Plan
from workflows.prompts.built_in import BUILT_IN


async def draft_plan(
    request: DraftPlan, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings
) -> Plan:
    """The unpriced plan with its fallbacks, and the cost of all questions about it.

    Raises:
        ApplicationError: the activity has to be retried. Or there is no plan: with an AssetFailure that holds what was
            billed.
    """
    read = await parts_of(request, storage)
    request = with_spoken_brief(request, read)
    if request.before and request.feedback and (said := revised(request.before, request.feedback[-1])):
        return said
    used = await prompts_where_used(storage, providers, request.production_id, request.brief.tenant)
    task = PlanningTask.of(request, providers, read=read, texts=used.texts if used else BUILT_IN)
    if request.brief.platform is Platform.DOCUMENT:
        return plan_document(task)
    tokens = answer_tokens(task)
    shown = task.shown
    questions = PaidQuestions(storage, providers, settings, request, request.drafts, tokens, PlanProgress, shown=shown)
    try:
        plan = None if task.brief.items else await plan_with_models(task, settings, questions)
        if plan is None:
            drafted = divided_shots(template.draft(with_facts(task)), task)
            planned = with_fallbacks(within_budget(drafted, task, task.brief.budget_usd), task, task.brief.budget_usd)
            return complete(planned, task)
    except ApplicationError as error:
        if not error.non_retryable:
            raise
        questions.raise_retryable()
        failure = AssetFailure.model_validate(error.details[0]) if error.details else None
        known = failure or AssetFailure(reason="plan_failed", message=error.message)
        bill = await questions.end()
        total = known.model_copy(update={"summed": True, "billed_usd": bill.billed_usd, "lost_usd": bill.doubt_usd})
        raise ApplicationError(error.message, total, type=error.type, non_retryable=True) from None
    bill = await questions.end()
    lost = f"planning: an answer of a language model was lost and counts as billed, with {bill.doubt_usd:f} USD"
    plan = complete(with_deliveries(plan, task), task)
    warnings = (*plan.warnings, lost) if bill.doubt_usd else plan.warnings
    return plan.model_copy(update={"drafting_usd": bill.billed_usd, "warnings": warnings})


def complete(plan: Plan, task: PlanningTask) -> Plan:
    """The plan of either planner with the cut and the draft that its brief orders, with kept deliveries, and with a
    warning where the brief orders another form of content."""
    kept = with_kept_deliveries(with_ordered_cut(plan, task), task.request.before, task.request.feedback)
    noted = kept.model_copy(update={"warnings": (*kept.warnings, *other_form(task.brief))})
    return with_draft(noted, task)
