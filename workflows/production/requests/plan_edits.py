"""Edits of the plan, before the approval and after it."""

from decimal import Decimal
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from workflows.events import AssetStatus, ProductionStatus
    from workflows.models import Plan
    from workflows.production.guards import (
        check_budget_kept,
        check_budget_limit,
        check_digest,
        check_may_release,
        check_no_doubt,
        check_not_a_preview,
        check_not_lowered,
        check_phase,
        check_prices,
        check_produced,
        check_record_size,
        known_asset,
    )
    from workflows.production.languages import Languages
    from workflows.production.prices import Prices
    from workflows.production.run import ProductionRun
    from workflows.production.state import policies
    from workflows.production.state.approvals import set_plan
    from workflows.production.state.budget import disallowed_models
    from workflows.production.state.changes import raise_budget, replace_plan, request_approval_of_languages
    from workflows.production.state.plans import plan_diff
    from workflows.production.state.plans.script import follow
    from workflows.refusals import refuse
    from workflows.requests import EditOp, PlanEdit
    from workflows.spoken import languages

CHECKED_ENDS: Final = "cut-ends"
"""The patch from which on the ends of a person's cut are checked."""


class PlanEdits:
    """Applies all edits of a request or none."""

    def __init__(self, run: ProductionRun, prices: Prices, languages: Languages) -> None:
        self._run = run
        self._prices = prices
        self._languages = languages

    async def edit(self, edit: PlanEdit) -> Plan:
        record = self._run.record
        self._check_edit(edit)
        budget = record.budget_usd
        async with self._run.pricing:
            self._check_edit(edit)
            if record.assets:
                plan = await self._edit_produced(edit, budget)
            else:
                plan = await self._languages.follow_edit(self._edited(edit.edits), edit)
                plan = await self._prices.priced(plan)
                self._check_unapproved(edit)  # a decision or another edit may have come while the catalogue was asked
                changes = plan_diff.changes(record.plan, plan)
                set_plan(record, plan, editor=edit.editor, by=edit.editor, how="edit", changes=changes)
        self._run.wake_up()
        return plan

    async def _edit_produced(self, edit: PlanEdit, budget: Decimal | None) -> Plan:
        """After the approval, dropped assets stay in the record, new ones are made, and changed ones become stale.

        Args:
            budget: That of the production when the request came.
        """
        record = self._run.record
        before = record.plan
        assert before is not None
        check_budget_kept(record, edit.budget_usd)
        check_not_lowered(record, edit.budget_usd, budget)
        plan = self._edited([e for e in edit.edits if e.op != "drop"])
        plan = await self._languages.follow_edit(plan, edit)
        if plan is not before:
            self._check_edit(edit)
        dropped = dict.fromkeys(self._left_out(plan, edit), edit.editor)
        touched = [a.asset_id for a in plan.assets if a.quote is None]
        if touched:
            plan = await self._prices.priced(plan, only=tuple(touched))
            self._check_edit(edit)
        check_not_lowered(record, edit.budget_usd, budget)
        pending = [a for a in plan.assets if self._is_to_be_made(a.asset_id)]
        changed = [a for a in pending if a != before.find(a.asset_id)]
        if not edit.allow_unknown_prices:
            check_prices(tuple(a.asset_id for a in changed if disallowed_models(record, a)))
        if edit.budget_usd is not None or (edit.allow_unknown_prices and any(a.unknown_price for a in changed)):
            check_may_release(record, edit.editor)
        check_budget_limit(record, edit.budget_usd)
        if edit.budget_usd is not None:
            await self._prices.allowances.reserve(edit.budget_usd)
            self._check_edit(edit)
        left_out: list[JsonValue] = [{"asset_id": asset_id, "field": "left out"} for asset_id in dropped]
        changes = [*plan_diff.changes(before, plan), *left_out]
        if edit.budget_usd is not None:
            raise_budget(record, edit.budget_usd, edit.editor)
        allowed = edit.allow_unknown_prices
        replace_plan(record, plan, dropped, allow_unknown=allowed, by=edit.editor, how="edit", changes=changes)
        new_languages = [tag for tag in plan.cut.languages if tag not in before.cut.languages]
        request_approval_of_languages(record, new_languages)
        return plan

    def _left_out(self, plan: Plan, edit: PlanEdit) -> list[str]:
        """What an edit leaves out: dropped assets with their translations, and narrations that are not made yet in
        languages that the film has no longer."""
        states = self._run.record.assets
        named = [e.asset_id for e in edit.edits if e.op == "drop" and e.asset_id]
        translated = [a.asset_id for a in languages.translations_of(plan, named)]
        waiting = (AssetStatus.PENDING, AssetStatus.FAILED)
        unheard = [a.asset_id for a in plan.assets if not languages.is_heard(plan, a)]
        unmade = [i for i in unheard if i in states and states[i].status in waiting]
        return list(dict.fromkeys((*named, *(i for i in translated if i in states), *unmade)))

    def _is_to_be_made(self, asset_id: str) -> bool:
        """Whether the asset is new, or approved and not started: its price is neither spent nor reserved yet."""
        state = self._run.record.assets.get(asset_id)
        return state is None or state.status is AssetStatus.PENDING

    def _check_edit(self, edit: PlanEdit) -> None:
        record = self._run.record
        check_not_a_preview(record)
        if record.assets:
            check_produced(record)
            current = record.plan.digest if record.plan else None
            if edit.plan_digest != current:
                message = f"{edit.plan_digest!r} is not the current plan; it is {current!r}"
                raise refuse("stale_digest", "plan_digest", message, plan_digest=current)
            for each in edit.edits:
                self._check_edit_of_made(each)
        else:
            self._check_unapproved(edit)
        check_record_size(record)
        self._edited([e for e in edit.edits if e.op != "drop"] if record.assets else edit.edits)

    def _check_unapproved(self, edit: PlanEdit) -> None:
        record = self._run.record
        check_phase(record, ProductionStatus.AWAITING_APPROVAL)
        check_digest(record, edit.plan_digest)

    def _check_edit_of_made(self, edit: EditOp) -> None:
        """Refuse edits of an asset that is being made: its price is reserved."""
        record = self._run.record
        if edit.op not in ("change", "drop") or edit.asset_id is None:
            return
        known_asset(record, edit.asset_id)
        state = record.assets[edit.asset_id]
        if state.status is AssetStatus.GENERATING or state.extra:
            raise refuse("wrong_phase", "asset_id", f"{edit.asset_id!r} is being made; wait until it is done")
        check_no_doubt(record, edit.asset_id)

    def _edited(self, edits: "tuple[EditOp, ...] | list[EditOp]") -> Plan:
        record = self._run.record
        assert record.plan is not None
        if not edits:
            return record.plan
        try:
            edited = policies.apply_edits(record.brief, record.plan, edits)
            if any(each.op == "cut" for each in edits) and workflow.patched(CHECKED_ENDS):
                policies.check_ends(edited)
            return follow(record, edited)
        except policies.PlanProblem as problem:
            raise refuse("invalid_edit", problem.field, str(problem)) from None
