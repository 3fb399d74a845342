"""Analyses of references and their corrections: what they cost, and what a correction makes stale. Pure."""

from decimal import Decimal

from pydantic import JsonValue

from workflows.activity_io import Analysed
from workflows.brief import Platform
from workflows.events import ProductionStatus
from workflows.extraction.fields import ExtractionSummary
from workflows.models import ZERO
from workflows.production.state.approvals import book_planning
from workflows.production.state.record import Record
from workflows.production.state.stale_takes import mark_all_stale
from workflows.production.state.takes import reopen
from workflows.references.analysis import Correction, source_of, touches
from workflows.requests import CorrectReference, ReviewFields


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


def fields_wait(record: Record) -> bool:
    """Whether extracted fields wait for a person."""
    return any(each.extraction and each.extraction.waiting for each in record.analyses)


def awaits_review(record: Record) -> bool:
    """Whether the production waits for that before it is planned."""
    return record.status is ProductionStatus.NEEDS_ATTENTION and record.plan is None


def request_review(record: Record) -> None:
    """Wait for a person's review of fields before the plan is drafted."""
    waiting = {f"reference-{a.reference}": a.extraction.waiting for a in record.analyses if a.extraction}
    record.status = ProductionStatus.NEEDS_ATTENTION
    data: dict[str, JsonValue] = {name: count for name, count in waiting.items() if count}
    record.log("needs_attention", reason="fields_to_review", fields=data)


def review_message(record: Record) -> str:
    """What waits for a review, for people: the first entries of each document."""
    parts = []
    for each in record.analyses:
        found = each.extraction
        if found and found.waiting:
            first = "; ".join(f"{item.item}: {item.reason}" for item in found.review[:3])
            more = f" and {found.waiting - 3} more" if found.waiting > 3 else ""
            parts.append(f"reference-{each.reference} ({found.kind}): {first}{more}")
    return " · ".join(parts)


def keep_review(record: Record, request: ReviewFields, extraction: ExtractionSummary) -> None:
    """Keep the reviewed fields; a production that waited for them plans, and takes made from them are stale."""
    changed = [{"extraction": extraction} if a.reference == request.reference else {} for a in record.analyses]
    record.analyses = tuple(a.model_copy(update=c) for a, c in zip(record.analyses, changed, strict=True))
    record.log(
        "fields_reviewed",
        reference=request.reference,
        by=request.reviewer,
        changed=[each.path for each in request.changes],
        accepted=list(request.accept),
        waiting=extraction.waiting,
    )
    if request.changes and record.brief.platform is not Platform.DOCUMENT:
        _mark(record, Correction(reference=request.reference, part_id="fields", by=request.reviewer))
    if record.plan is None and not fields_wait(record):
        record.status = ProductionStatus.PLANNING
    elif record.brief.platform is Platform.DOCUMENT and record.deliverable:
        reopen(record)  # the files are written again, with the reviewed fields


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
