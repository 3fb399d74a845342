"""Further languages of a film: translated before the approval, and added or translated again by an edit."""

from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import BUDGET_SHORT, AddLanguages, LanguagesAdded, Payer
    from workflows.brief import Brief
    from workflows.contracts import ProductionActivities
    from workflows.cut import Translations
    from workflows.events import AssetStatus
    from workflows.models import ZERO, Plan
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, LANGUAGES_TIMEOUT, PATIENT
    from workflows.production.allowance import Allowances
    from workflows.production.guards import check_budget_limit, check_may_release
    from workflows.production.questions import NotAnswered, Questions
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import book_planning
    from workflows.production.state.budget import was_lowered
    from workflows.production.state.changes import raise_budget
    from workflows.refusals import refuse
    from workflows.requests import PlanEdit
    from workflows.spoken import languages

MAX_TRANSLATION_USD: Final = Decimal("2.00")
"""What the translations of one edit may cost at most after the approval, if GREENLIGHT_PLANNING_USD allows it."""


class Languages:
    """Adds languages to plans, through language models where nobody gave the translations."""

    def __init__(self, run: ProductionRun, questions: Questions, allowances: Allowances) -> None:
        self._run = run
        self._questions = questions
        self._allowances = allowances

    async def add_to_draft(self, plan: Plan, payer: Payer) -> Plan:
        """The drafted plan with the languages of the brief, or of the plan that it replaces; its warnings name those
        that cannot be added. Their cost is booked.

        Raises:
            NotAnswered: nothing was added, and the requests have cost this.
        """
        record, before = self._run.record, self._run.record.plan
        wanted = before.cut.languages if before and before.cut.languages else record.brief.further_languages
        if not wanted:
            return plan
        request = AddLanguages(
            production_id=record.production_id,
            brief=record.brief,
            plan=plan,
            languages=wanted,
            translations=_known(before) if before else {},
            number=len(record.events) + record.translation_requests,
            needed=False,
            drafted_usd=plan.drafting_usd,
            spent_usd=record.spent_usd,
            payer=payer,
        )
        added = await self._ask(request, payer)
        record.spent_usd += added.billed_usd
        return added.plan.model_copy(update={"drafting_usd": plan.drafting_usd + added.billed_usd})

    async def follow_edit(self, plan: Plan, edit: PlanEdit) -> Plan:
        """The edited plan with everything that its languages need, if the edit is about languages.

        Raises:
            ApplicationError: a refusal; a language cannot be added.
        """
        record, budget = self._run.record, self._run.record.budget_usd
        before = set(record.plan.cut.languages if record.plan else ())
        about = [e for e in edit.edits if e.op == "languages" or (e.cut and not before >= set(e.cut.languages))]
        if not about:
            return plan
        if not record.assets:
            plan = plan.with_assets(a for a in plan.assets if languages.is_heard(plan, a))
        given: Translations = {}
        for each in about:
            given |= {tag: given.get(tag, {}) | words for tag, words in each.translations.items()}
        out = {i for i, state in record.assets.items() if state.status is AssetStatus.CANCELLED}
        if not any(languages.to_translate(plan, tag, out) for tag in plan.cut.languages):
            return plan
        try:
            return await self._add_by_edit(plan, edit, given, tuple(sorted(out)))
        except NotAnswered as failed:
            self._book(failed.bill.billed_usd, failed.bill.doubt_usd, edit, budget)
            message = str(failed).removeprefix("languages: ")
            if failed.kind == BUDGET_SHORT:
                raise refuse("budget_short", "budget_usd", self._with_remedy(message)) from None
            raise refuse("invalid_edit", "languages", message) from None

    def _with_remedy(self, message: str) -> str:
        """The message of a request that did not fit the budget; after the approval, the edit itself can raise it."""
        if not self._run.record.assets:
            return message
        return message.replace("brief.budget_usd", "the approved budget").replace(
            "raise the brief's budget_usd", "send a higher budget_usd with the edit"
        )

    async def _add_by_edit(self, plan: Plan, edit: PlanEdit, given: Translations, left_out: tuple[str, ...]) -> Plan:
        record, payer = self._run.record, self._questions.payer(edit.editor)
        before, approved = record.budget_usd, bool(record.assets)
        async with self._questions.one_at_a_time:
            if record.assets and not approved:
                raise refuse("wrong_phase", "status", "the plan was approved meanwhile; read it and repeat the edit")
            room = None
            if record.assets:
                if edit.budget_usd is not None:
                    check_may_release(record, edit.editor)
                    check_budget_limit(record, edit.budget_usd)
                    await self._allowances.reserve(edit.budget_usd)
                more = max((edit.budget_usd or ZERO) - (record.budget_usd or ZERO), ZERO)
                room = self._questions.room_usd(MAX_TRANSLATION_USD, more)
            record.translation_requests += 1  # a refused edit logs no event, and its number is closed for questions
            request = AddLanguages(
                production_id=record.production_id,
                brief=record.brief if room is None else _with_budget(record.brief, record.spent_usd + room),
                plan=plan,
                languages=plan.cut.languages,
                translations=given,
                left_out=left_out,
                number=len(record.events) + record.translation_requests,
                spent_usd=record.spent_usd,
                payer=payer,
            )
            with self._questions.planning() if room is None else self._questions.holding(room):
                added = await self._ask(request, payer, by_edit=True)
        self._book(added.billed_usd, added.doubt_usd, edit, before)
        return added.plan

    def _book(self, billed_usd: Decimal, doubt_usd: Decimal, edit: PlanEdit, before: Decimal | None) -> None:
        """Book the cost of translations, and raise the budget as the edit says if that is what they were paid from.
        One that was lowered from `before` meanwhile holds their cost, and stays."""
        record = self._run.record
        if billed_usd and record.assets and edit.budget_usd is not None and not was_lowered(record, before):
            raise_budget(record, edit.budget_usd, edit.editor)
        book_planning(record, billed_usd, doubt_usd)

    async def _ask(self, request: AddLanguages, payer: Payer, *, by_edit: bool = False) -> LanguagesAdded:
        try:
            return await workflow.execute_activity_method(
                ProductionActivities.add_languages,
                request,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=LANGUAGES_TIMEOUT if by_edit else None,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"languages {', '.join(request.languages)}",
            )
        except ActivityError as error:
            raise await self._questions.not_answered(error, "languages", request.number, payer) from None


def _with_budget(brief: Brief, budget_usd: Decimal) -> Brief:
    return brief.model_copy(update={"budget_usd": budget_usd})


def _known(plan: Plan) -> Translations:
    """The translations of a plan, for the plan that replaces it."""
    found: Translations = {tag: dict(words) for tag, words in plan.cut.translations.items()}
    for asset in plan.assets:
        original = plan.find(asset.translates) if asset.translates else None
        if original and not languages.is_outdated(plan, asset):
            found.setdefault(asset.language, {})[original.prompt] = asset.prompt
    return found
