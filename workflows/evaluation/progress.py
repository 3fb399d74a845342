"""The progress of an evaluation: its money, its counts, and what people see of it. Pure."""

from decimal import Decimal
from typing import Final

from workflows.evaluation.records import (
    MAX_FAILURES,
    Cell,
    CellFailure,
    EvaluationRefusal,
    EvaluationStart,
    EvaluationState,
    EvaluationStatus,
    EvaluationView,
    ModelProgress,
    Prepared,
)
from workflows.models import ZERO

MAX_MESSAGE_CHARS: Final = 300


class EvaluationProgress:
    """The state of an evaluation and its transitions. Takes under way hold their high prices."""

    def __init__(self, start: EvaluationStart) -> None:
        self._start = start
        self.state = start.state
        self.refused: tuple[EvaluationRefusal, str] | None = None
        """The refusal and its message."""
        self.reserved: dict[int, Decimal] = {}
        """Number of a cell -> the most that it may still cost."""
        self.step = EvaluationStatus.RUNNING
        self.cancelled_early = False

    def begin(self, prepared: Prepared) -> None:
        self.state = EvaluationState(prepared=prepared, progress=tuple(ModelProgress() for _ in prepared.columns))

    def change(self, **changes: object) -> None:
        """Replace fields of the state; each change has a version of its own."""
        assert self.state is not None
        self.state = self.state.model_copy(update={**changes, "version": self.state.version + 1})

    # Money

    @property
    def left_usd(self) -> Decimal:
        """What may still be reserved."""
        spent = self.state.spent_usd if self.state else ZERO
        return self._start.max_usd - spent - sum(self.reserved.values(), ZERO)

    def reserve(self, cells: tuple[Cell, ...]) -> bool:
        """Hold the high prices of all these cells together, where the cap allows it; what is free needs no money."""
        needed = sum((cell.high_usd for cell in cells), ZERO)
        if needed and needed > self.left_usd:
            return False
        self.reserved |= {cell.number: cell.high_usd for cell in cells}
        return True

    def hold(self, cell: Cell, usd: Decimal) -> bool:
        """Hold this amount for a cell instead of what it holds, where the cap allows it."""
        if usd > self.left_usd + self.reserved.get(cell.number, ZERO):
            return False
        self.reserved[cell.number] = usd
        return True

    def book(self, cell: Cell, usd: Decimal) -> None:
        """Add a bill of a cell."""
        assert self.state is not None
        if not usd:
            return
        one = self.state.progress[cell.column]
        self._set_progress(cell, one.model_copy(update={"spent_usd": one.spent_usd + usd}))
        self.change(spent_usd=self.state.spent_usd + usd)

    def finish(self, cell: Cell, failure: str = "") -> None:
        """Count a cell as made, or as failed with this reason; it holds no money any more."""
        assert self.state is not None
        self.reserved.pop(cell.number, None)
        one = self.state.progress[cell.column]
        counted = {"failed": one.failed + 1} if failure else {"made": one.made + 1}
        self._set_progress(cell, one.model_copy(update=counted))
        if failure and len(self.state.failures) < MAX_FAILURES:
            label = self.state.prepared.columns[cell.column].label
            named = CellFailure(case_id=cell.case.case_id, model=label, message=failure[:MAX_MESSAGE_CHARS])
            self.change(failures=(*self.state.failures, named))

    def _set_progress(self, cell: Cell, one: ModelProgress) -> None:
        assert self.state is not None
        progress = list(self.state.progress)
        progress[cell.column] = one
        self.change(progress=tuple(progress))

    # What people see

    @property
    def finished(self) -> int:
        return sum(one.made + one.failed for one in self.state.progress) if self.state else 0

    @property
    def status(self) -> EvaluationStatus:
        if self.refused:
            return EvaluationStatus.REFUSED
        state = self.state
        if state is None:
            return EvaluationStatus.CANCELLED if self.cancelled_early else EvaluationStatus.PREPARING
        if self.step is EvaluationStatus.DONE:
            if state.cancelled:
                return EvaluationStatus.CANCELLED
            return EvaluationStatus.CAPPED if state.capped else EvaluationStatus.DONE
        return EvaluationStatus.PAUSED if state.paused and self.step is EvaluationStatus.RUNNING else self.step

    def view(self) -> EvaluationView:
        start, state = self._start, self.state
        refusal, message = self.refused or (EvaluationRefusal(field=""), "")
        view = EvaluationView(
            evaluation_id=start.evaluation_id,
            title=start.title,
            status=self.status,
            message=message,
            field=refusal.field,
            least_usd=refusal.least_usd,
            unpriced=refusal.unpriced,
            tenant=start.tenant,
            requester=start.requester,
            created_at=start.created_at,
            max_usd=start.max_usd,
            cases=len(start.cases),
        )
        if state is None:
            return view
        prepared = state.prepared
        return view.model_copy(
            update={
                "message": self._message(),
                "spent_usd": state.spent_usd,
                "high_usd": prepared.high_usd,
                "cases": prepared.cases,
                "cells": prepared.cells,
                "made": sum(one.made for one in state.progress),
                "failed": sum(one.failed for one in state.progress),
                "columns": prepared.columns,
                "progress": state.progress,
                "metrics": prepared.metrics,
                "failures": state.failures,
                "version": state.version,
            }
        )

    def _message(self) -> str:
        state = self.state
        if state is None or not state.capped:
            return ""
        return (
            f"the next case does not fit the {max(self.left_usd, ZERO)} USD that are left of {self._start.max_usd} "
            f"USD, so {self.finished} of {state.prepared.cells} takes were made; "
            "start it again with a higher max_usd to continue"
        )


def details_of(view: EvaluationView) -> str:
    """Status, money and a table of the models, in markdown."""
    lines = [f"### {view.status.value}", "", f"{view.made + view.failed} of {view.cells} takes", ""]
    lines += [f"spent **{view.spent_usd} USD** of {view.max_usd} USD, at most {view.high_usd} USD for all", ""]
    if view.message:
        lines += [f"**{view.message}**", ""]
    lines += ["| model | made | failed | USD |", "|---|---|---|---|"]
    for column, one in zip(view.columns, view.progress, strict=True):
        label = column.label.replace("|", "\\|")
        lines.append(f"| {label} | {one.made} of {column.cells} | {one.failed} | {one.spent_usd} |")
    return "\n".join(lines)
