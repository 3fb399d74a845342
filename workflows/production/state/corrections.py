"""Analyses of references and their corrections: what they cost, and what a correction makes stale. Pure."""

from decimal import Decimal

from pydantic import JsonValue

from workflows.activity_io import Analysed
from workflows.models import ZERO
from workflows.production.state.approvals import book_planning
from workflows.production.state.record import Record
from workflows.production.state.stale_takes import mark_all_stale
from workflows.references.analysis import Correction, source_of, touches
from workflows.requests import CorrectReference


def analysed_usd(record: Record) -> Decimal:
    """What all analyses have cost so far."""
    bills = (e.data.get("billed_usd", "0") for e in record.events if e.name == "reference_analysed")
    return sum((Decimal(str(each)) for each in bills), ZERO)


def book_analysis(record: Record, found: Analysed) -> None:
    """Keep the summary of an analysis instead of an earlier one, and book its cost."""
    summary = found.summary
    others = (each for each in record.analyses if each.reference != summary.reference)
    record.analyses = tuple(sorted((*others, summary), key=lambda each: each.reference))
    book_planning(record, found.billed_usd, found.doubt_usd)
    data: dict[str, JsonValue] = {"billed_usd": str(found.billed_usd)} if found.billed_usd else {}
    data |= {"waiting_usd": summary.waiting_usd} if summary.waiting_usd else {}
    data |= {"model": summary.model} if summary.model else {}
    record.log(
        "reference_analysed",
        reference=summary.reference,
        kind=summary.kind.value,
        summary=summary.summary,
        digest=summary.digest,
        **data,
    )


def correct(record: Record, request: CorrectReference) -> None:
    """Keep the corrections; mark the takes that used the corrected parts, and warn in a plan that is not approved."""
    now = record.clock()
    made = tuple(
        Correction(
            reference=request.reference, part_id=c.part_id, text=c.text, place=c.place, by=request.editor, at=now
        )
        for c in request.changes
    )
    changed = {(c.reference, c.part_id) for c in made}
    record.corrections = (*(c for c in record.corrections if (c.reference, c.part_id) not in changed), *made)
    record.log(
        "reference_corrected",
        reference=request.reference,
        by=request.editor,
        changed=[c.part_id for c in made if c.text is not None],
        struck=[c.part_id for c in made if c.text is None],
    )
    for each in made:
        _mark(record, each)


def _mark(record: Record, correction: Correction) -> None:
    plan = record.plan
    if plan is None:
        return
    source = source_of(correction.reference, correction.place)
    using = [a.asset_id for a in plan.assets if touches(correction, a.sources)]
    if not using:
        return
    if not record.assets:
        named = ", ".join(using[:5]) + (" and others" if len(using) > 5 else "")
        warning = f"{source} was corrected after this plan, and {named} used it; revise the plan, or change its prompts"
        warnings = dict.fromkeys((*plan.warnings, warning))
        record.plan = plan.model_copy(update={"warnings": tuple(warnings)})
        return
    for asset_id in using:
        corrected = dict.fromkeys((*record.assets[asset_id].corrected, source))
        record.update(asset_id, corrected=tuple(corrected))
    mark_all_stale(record, [i for i in using if record.assets[i].take], source)
