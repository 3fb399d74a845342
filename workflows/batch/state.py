"""The state of a batch and its next actions; pure. The workflow is in `workflow`."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from workflows.batch.records import (
    Admit,
    BatchRecord,
    BatchRow,
    BatchRowView,
    BatchStart,
    BatchStatus,
    BatchTotals,
    BatchView,
)
from workflows.brief import BatchBudget
from workflows.events import AnsweredRequest, ProductionStatus, Report
from workflows.models import ZERO, digest_of
from workflows.refusals import Refusal
from workflows.requests import Approval, request_digest
from workflows.runtime.repeated_requests import key_used

MAX_ERROR_BYTES: Final = 200
"""Of a row's error: 1,000 of them must fit next to the briefs. The production has the whole message."""
NAMED_ROWS: Final = 5
MAX_ADMITTED: Final = 20
"""The number of admissions with an idempotency key that a batch stores."""


_UNAPPROVED: Final = ("pending", ProductionStatus.PLANNING, ProductionStatus.AWAITING_APPROVAL)


class Objection(NamedTuple):
    """Why the rows cannot be approved together; the message names the remedy."""

    kind: Literal["budget_short", "price_unknown", "stale_digest", "wrong_phase", "not_allowed"]
    field: str
    message: str


class Batch:
    """The terms and the rows of a batch. A change of a row replaces the row."""

    def __init__(self, start: BatchStart) -> None:
        self.terms = start
        self._rows = {row.production_id: row for row in start.rows}

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        return tuple(self._rows.values())

    def find(self, production_id: str) -> BatchRow | None:
        return self._rows.get(production_id)

    def to_start(self) -> BatchStart:
        """The input of the next run."""
        return self.terms.model_copy(update={"rows": self.rows})

    @property
    def budget(self) -> BatchBudget:
        """The budget in the form that each production gets, so that all planning together stays within it."""
        terms = self.terms
        usd = terms.budget_usd if terms.planning_usd is None else terms.planning_usd
        series = {"series": True, "approved": terms.approve} if terms.series else {}
        return BatchBudget(batch_id=terms.batch_id, budget_usd=usd, **series)

    def released(self) -> list[BatchRow]:
        """The rows that were approved, by the batch or by people."""
        return [row for row in self.rows if row.approved or row.status not in _UNAPPROVED]

    def limit_planning(self) -> bool:
        """Keep the money for the assets of all rows that are approved, now or next, out of reach of further planning;
        whether the productions have to receive another budget."""
        if self.terms.budget_usd is None or self.terms.series:  # the account of a series counts both
            return False
        next_rows = self._approvable() if self.rows_to_approve() else ()
        kept = {row.production_id: row.making_usd for row in (*self.released(), *next_rows)}
        room = max(self.terms.budget_usd - sum(kept.values(), ZERO), ZERO)
        before = self.budget.budget_usd
        if before is not None and room >= before:
            return False
        self.terms = self.terms.model_copy(update={"planning_usd": room})
        return True

    # Next actions

    def rows_to_start(self) -> list[BatchRow]:
        """Rows to start now; at most `at_once` are in planning."""
        planning = sum(row.status is ProductionStatus.PLANNING for row in self.rows)
        pending = [row for row in self.rows if row.status == "pending" and not self.terms.stopped]
        return pending[: max(self.terms.at_once - planning, 0)]

    def rows_to_approve(self) -> list[BatchRow]:
        """Rows to approve now: none until all are planned and fit the budget, then at most `at_once` are in work."""
        if not self.terms.approve or self.terms.stopped or not self.is_planned():
            return []
        waiting = self._approvable()
        if self.terms.series:
            waiting = (row for row in waiting if row.is_admitted)
        elif self.find_objection(self.terms):
            return []
        in_work = sum(row.in_work for row in self.rows)
        return list(waiting)[: max(self.terms.at_once - in_work, 0)]

    def rows_to_admit(self) -> list[BatchRow]:
        """The rows whose plans wait for a person's approval of the whole batch."""
        return [row for row in self._approvable() if not row.is_admitted]

    @property
    def plan_digest(self) -> str:
        """The digest over the plans of `rows_to_admit`; empty until all rows are planned, and if none waits."""
        waiting = self.rows_to_admit()
        return digest_of([[row.key, row.digest] for row in waiting]) if waiting and self.is_planned() else ""

    def is_planned(self) -> bool:
        return all(row.status not in ("pending", ProductionStatus.PLANNING) for row in self.rows)

    def _approvable(self) -> Iterator[BatchRow]:
        return (row for row in self.rows if row.digest and not row.needs_person and not row.in_work)

    def find_objection(self, terms: BatchStart) -> Objection | None:
        """Why the waiting rows cannot be approved on these terms; None until all rows are planned."""
        waiting = self.rows_to_admit()
        if not waiting or not self.is_planned():
            return None
        unknown = [str(row.row) for row in waiting if row.report and row.report.unknown_prices]
        if unknown and not terms.allow_unknown_prices:
            rows = f"row{'s' * (len(unknown) > 1)} {', '.join(unknown[:NAMED_ROWS])}"
            rows += f" and {len(unknown) - NAMED_ROWS} more" if len(unknown) > NAMED_ROWS else ""
            return Objection(
                "price_unknown",
                "allow_unknown_prices",
                f"{rows} would use models without a published price, so no budget can limit them; "
                "admit the batch with allow_unknown_prices: true, or edit or reject those productions",
            )
        high, budget = self._high_usd(), terms.budget_usd
        if budget is not None and high > budget:
            return Objection(
                "budget_short",
                "budget_usd",
                f"the rows may cost {high} USD in total, which is {high - budget} USD more than the budget of {budget} "
                f"USD, so none is approved; admit the batch with a budget_usd of {high} or more, or reject productions",
            )
        return None

    # Changes

    def record_start(self, row: BatchRow) -> None:
        assert row.brief is not None
        policy = row.brief.approval
        report = Report(production_id=row.production_id, status=ProductionStatus.PLANNING)
        alone = policy.not_by_requester and not self.terms.series
        given = {"brief": None, "report": report, "by_people": policy.approvers > 1 or alone}
        given |= {"not_by_requester": policy.not_by_requester} if self.terms.series else {}
        self._rows[row.production_id] = row.model_copy(update=given)

    def record_report(self, report: Report) -> None:
        """Store the report of a production; the report of an unknown production is ignored."""
        row = self._rows.get(report.production_id)
        if row is None:
            return
        given: dict[str, object] = {"error": report.error.encode()[:MAX_ERROR_BYTES].decode(errors="ignore")}
        if row.report and report.status is not ProductionStatus.AWAITING_APPROVAL:
            # After the approval, high_usd is only the amount spent.
            given["high_usd"] = max(row.report.high_usd, report.high_usd)
        planned = report.status is ProductionStatus.AWAITING_APPROVAL
        known = {"planning_usd": report.spent_usd} if planned else {}
        self._rows[row.production_id] = row.model_copy(update={"report": report.model_copy(update=given), **known})

    def approve(self, row: BatchRow) -> Approval:
        """Mark the row as in work, and return the approval of exactly its current plan, for the plan's high price."""
        assert row.report is not None
        self._rows[row.production_id] = row.model_copy(update={"approved": row.digest})
        return Approval(
            plan_digest=row.digest,
            approver=self.terms.approver,
            # No budget can limit an unknown price.
            budget_usd=None if row.report.unknown_prices and not self.terms.series else row.high_usd,
            allow_unknown_prices=self.terms.allow_unknown_prices,
            note=f"batch {self.terms.batch_id}",
        )

    def terms_with(self, admit: Admit) -> BatchStart:
        """The terms after this admission."""
        given = {
            "approve": True,
            "approver": admit.approver,
            "allow_unknown_prices": admit.allow_unknown_prices or self.terms.allow_unknown_prices,
        }
        budget = {} if admit.budget_usd is None else {"budget_usd": admit.budget_usd, "planning_usd": None}
        if self.terms.series and admit.budget_usd is None and self.terms.budget_usd is None:
            budget = {"budget_usd": self._high_usd()}
        return self.terms.model_copy(update=given | budget | self._admitted(admit))

    def admit(self, admit: Admit) -> None:
        """Apply an admission; in a series it approves exactly the plans that wait now."""
        self.terms = self.terms_with(admit)
        for row in self.rows_to_admit() if self.terms.series else ():
            self._rows[row.production_id] = row.model_copy(update={"admitted": row.digest})

    def _admitted(self, admit: Admit) -> dict[str, object]:
        if not admit.idempotency_key:
            return {}
        done = AnsweredRequest(key=digest_of(admit.idempotency_key), request=request_digest("admit", admit))
        return {"admitted": (*self.terms.admitted, done)[-MAX_ADMITTED:]}

    def record(self) -> BatchRecord:
        return BatchRecord(rows_digest=self.terms.rows_digest, view=self.view(), admitted=self.terms.admitted)

    # Views

    @property
    def status(self) -> BatchStatus:
        terms = self.terms
        if all(row.closed or (terms.stopped and row.status == "pending") for row in self.rows):
            return BatchStatus.DONE
        if terms.stopped:
            return BatchStatus.STOPPED
        if not self.is_planned():
            return BatchStatus.PLANNING
        if terms.series:
            return self._series_status()
        if terms.approve and self.find_objection(terms):
            return BatchStatus.OVER_BUDGET
        if any(row.in_work for row in self.rows) or (terms.approve and any(self._approvable())):
            return BatchStatus.PRODUCING
        if not terms.approve and any(row.digest for row in self.rows):
            return BatchStatus.PLANNED
        return BatchStatus.NEEDS_ATTENTION

    def _series_status(self) -> BatchStatus:
        """Of a planned series that is open. A plan that was changed after the approval waits for another one."""
        if any(row.in_work or row.is_admitted for row in self.rows):
            return BatchStatus.PRODUCING
        return BatchStatus.PLANNED if self.rows_to_admit() else BatchStatus.NEEDS_ATTENTION

    def _high_usd(self) -> Decimal:
        return sum((row.high_usd for row in self.rows), ZERO)

    @property
    def spent_usd(self) -> Decimal:
        return sum((row.report.spent_usd for row in self.rows if row.report), ZERO)

    def view(self) -> BatchView:
        terms, status = self.terms, self.status
        objection = self.find_objection(terms) if status is BatchStatus.OVER_BUDGET else None
        return BatchView(
            status=status,
            message=objection.message if objection else "",
            plan_digest=self.plan_digest,
            rows=tuple(map(_row_view, self.rows)),
            totals=BatchTotals(
                rows=len(self.rows),
                statuses=dict(Counter(str(row.status) for row in self.rows)),
                spent_usd=self.spent_usd,
                high_usd=self._high_usd(),
                low_usd=sum((row.low_usd for row in self.rows), ZERO),
                assets=sum(row.report.assets for row in self.rows if row.report),
                unknown_prices=sum(bool(row.report and row.report.unknown_prices) for row in self.rows),
            ),
            **terms.model_dump(exclude={"rows", "approver", "stopped", "rows_digest", "admitted", "planning_usd"}),
        )


def check_repeat(admitted: Iterable[AnsweredRequest], admit: Admit) -> tuple[Refusal | None, bool]:
    """A refusal if another admission had this key before; otherwise, whether this admission was done before."""
    key = digest_of(admit.idempotency_key)
    before = next((each for each in admitted if each.key == key), None)
    if before and before.request != request_digest("admit", admit):
        return key_used(), False
    return None, before is not None


def _reason(row: BatchRow) -> str:
    """Why the row failed, or why the batch does not approve its plan; empty if neither is so."""
    if row.report and row.digest and row.report.missing_languages:
        missing = ", ".join(row.report.missing_languages)
        return (
            f"the plan has no narration in {missing}, and its warnings say why: edit its languages, or approve it alone"
        )
    return row.report.error if row.report else ""


def _row_view(row: BatchRow) -> BatchRowView:
    report = row.report
    return BatchRowView(
        row=row.row,
        key=row.key,
        production_id=row.production_id,
        status=row.status,
        spent_usd=report.spent_usd if report else ZERO,
        high_usd=row.high_usd,
        assets=report.assets if report else 0,
        error=_reason(row),
        title=row.title,
    )
