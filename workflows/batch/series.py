"""The rules of a series: a batch whose rows share one plan, one approval and one budget. Pure."""

from datetime import datetime

from workflows.batch.records import Admit
from workflows.batch.state import Batch, Objection
from workflows.series.accounts import OpenSeries


def find_objection(batch: Batch, admit: Admit) -> Objection | None:
    """Why the plans that wait cannot be approved like this; the prices are checked by `Batch.find_objection`."""
    digest, series = batch.plan_digest, batch.terms.series
    if admit.plan_digest and admit.plan_digest != digest:
        now = f"it is {digest!r}" if digest else "no plan waits for an approval"
        return Objection("stale_digest", "plan_digest", f"it is not the digest of the plans that wait; {now}")
    if not series:
        return None
    if not batch.is_planned():
        return Objection("wrong_phase", "status", "not all parts are planned; approve the series when they are")
    if digest and not admit.plan_digest:
        return Objection("stale_digest", "plan_digest", f"name the digest of the plans; it is {digest!r}")
    if any(row.not_by_requester for row in batch.rows_to_admit()) and admit.approver == batch.terms.requester:
        message = f"{admit.approver!r} is the requester; another person has to approve"
        return Objection("not_allowed", "approver", message)
    return None


def opening(batch: Batch, admit: Admit, now: datetime) -> OpenSeries:
    """The request that stores the budget, and reserves what the assets of each waiting part may cost."""
    terms = batch.terms_with(admit)
    assert terms.budget_usd is not None
    return OpenSeries(
        tenant=terms.tenant,
        series_id=terms.batch_id,
        budget_usd=terms.budget_usd,
        number=int(now.timestamp() * 1000),
        parts={row.production_id: row.making_usd for row in batch.rows_to_admit()},
    )
