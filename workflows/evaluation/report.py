"""The report of an evaluation: each metric for each model with intervals, and the takes of each case side by side."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from workflows.evaluation.preference import Pair, Preference, pair_of
from workflows.evaluation.records import CellResult, EvaluationView
from workflows.evaluation.statistics import (
    Difference,
    Interval,
    independent_difference,
    mean_interval,
    paired_difference,
    share_interval,
)
from workflows.evaluation.statistics import welch_difference as _welch
from workflows.models import Modality, Model
from workflows.provider_report import MetricInfo


class Figure(Model):
    """One metric of one model, over the takes that have a value."""

    metric: str
    column: int
    interval: Interval


class FigureDifference(Model):
    """Of one metric: the model `column` minus the model `to`, over the cases that both have."""

    metric: str
    column: int
    to: int
    difference: Difference


class CaseResults(Model):
    """One case with the results of its models, in the order of the columns."""

    case_id: str
    line: int
    prompt: str
    modality: Modality
    cells: tuple[CellResult, ...]


class Summary(Model):
    """The report without the single cases."""

    view: EvaluationView
    written_at: datetime
    metrics: tuple[MetricInfo, ...]
    figures: tuple[Figure, ...]
    differences: tuple[FigureDifference, ...] = Field(
        default=(), description="Each model against the first one of its modality"
    )


class EvaluationReport(Summary):
    """As the bucket keeps it."""

    cases: tuple[CaseResults, ...]

    def summary(self) -> Summary:
        return Summary(**{name: getattr(self, name) for name in Summary.model_fields})

    def pairs(self) -> tuple[Pair, ...]:
        """All pairs of takes of one case, for people to compare."""
        found = []
        for case in self.cases:
            made = [cell for cell in case.cells if cell.media is not None and not cell.failure]
            for n, one in enumerate(made):
                found += [
                    pair_of(
                        self.view.evaluation_id,
                        case.case_id,
                        (one.column, one.number),
                        (other.column, other.number),
                    )
                    for other in made[n + 1 :]
                ]
        return tuple(found)


class Compared(Model):
    """One metric of one model in two evaluations: the second minus the first."""

    metric: str
    model: str
    first: Interval
    second: Interval
    difference: Difference


class Comparison(Model):
    """Two evaluations. Values of the same case with the same prompt are compared in pairs."""

    first: str
    second: str
    same_cases: int
    rows: tuple[Compared, ...]
    only_first: tuple[str, ...] = Field(default=(), description="Models that only the first one has")
    only_second: tuple[str, ...] = ()


class FullSummary(Summary):
    """The report for people: with the votes so far."""

    preference: Preference | None = None


def group_results(results: list[CellResult]) -> tuple[CaseResults, ...]:
    """The results by case, in the order of the file."""
    cases: dict[tuple[int, Modality], list[CellResult]] = {}
    for result in sorted(results, key=lambda each: each.number):
        cases.setdefault((result.line, result.modality), []).append(result)
    return tuple(
        CaseResults(
            case_id=cells[0].case_id,
            line=line,
            prompt=cells[0].prompt,
            modality=modality,
            cells=tuple(sorted(cells, key=lambda each: each.column)),
        )
        for (line, modality), cells in sorted(cases.items())
    )


def make_report(
    view: EvaluationView,
    results: list[CellResult],
    metrics: tuple[MetricInfo, ...],
    at: datetime,
    of_sets: Sequence[Figure] = (),
) -> EvaluationReport:
    """The report of these results; metrics without any value are left out.

    Args:
        of_sets: The figures of metrics that have no values of single takes.
    """
    valued = {name for each in results for name in each.values} | {figure.metric for figure in of_sets}
    used = tuple(m for m in metrics if m.name in valued)
    figures = [
        Figure(metric=metric.name, column=column, interval=_interval(metric, values))
        for metric in used
        for column in range(len(view.columns))
        if (values := [*_values(results, metric.name, column).values()])
    ]
    differences = [
        found
        for metric in used
        for column in range(len(view.columns))
        if (found := _against_first(view, results, metric.name, column))
    ]
    return EvaluationReport(
        view=view,
        written_at=at,
        metrics=used,
        figures=(*figures, *of_sets),
        differences=tuple(differences),
        cases=group_results(results),
    )


def _interval(metric: MetricInfo, values: list[float]) -> Interval:
    return share_interval(round(sum(values)), len(values)) if metric.share else mean_interval(values)


def _values(results: list[CellResult], metric: str, column: int) -> dict[int, float]:
    """Line of the case -> value."""
    return {each.line: each.values[metric] for each in results if each.column == column and metric in each.values}


def _against_first(
    view: EvaluationView, results: list[CellResult], metric: str, column: int
) -> FigureDifference | None:
    modality = view.columns[column].modality
    first = next(n for n, other in enumerate(view.columns) if other.modality is modality)
    if first == column:
        return None
    here, there = _values(results, metric, column), _values(results, metric, first)
    pairs = [(value, there[line]) for line, value in here.items() if line in there]
    if not pairs:
        return None
    return FigureDifference(metric=metric, column=column, to=first, difference=paired_difference(pairs))


def compare(first: EvaluationReport, second: EvaluationReport) -> Comparison:
    """The models that both have, by their labels, and the metrics that both have measured."""
    labels = {column.label: n for n, column in enumerate(first.view.columns)}
    others = {column.label: n for n, column in enumerate(second.view.columns)}
    prompts = {(case.case_id, case.modality, case.prompt) for case in first.cases}
    shared = prompts & {(case.case_id, case.modality, case.prompt) for case in second.cases}
    rows = []
    for label in (label for label in labels if label in others):
        for metric in first.metrics:
            one, other = _of_cases(first, metric.name, labels[label]), _of_cases(second, metric.name, others[label])
            if one and other:
                rows.append(_compared(metric, label, one, other))
        rows += _compared_sets(first, second, label, labels[label], others[label])
    return Comparison(
        first=first.view.evaluation_id,
        second=second.view.evaluation_id,
        same_cases=len(shared),
        rows=tuple(rows),
        only_first=tuple(label for label in labels if label not in others),
        only_second=tuple(label for label in others if label not in labels),
    )


_CaseKey = tuple[str, Modality, str]


def _of_cases(report: EvaluationReport, metric: str, column: int) -> dict[_CaseKey, float]:
    return {
        (case.case_id, case.modality, case.prompt): cell.values[metric]
        for case in report.cases
        for cell in case.cells
        if cell.column == column and metric in cell.values
    }


def _compared(metric: MetricInfo, label: str, one: dict[_CaseKey, float], other: dict[_CaseKey, float]) -> Compared:
    pairs = [(value, one[key]) for key, value in other.items() if key in one]
    whole = len(pairs) == len(one) == len(other)
    difference = paired_difference(pairs) if whole else _welch([*other.values()], [*one.values()])
    return Compared(
        metric=metric.name,
        model=label,
        first=_interval(metric, [*one.values()]),
        second=_interval(metric, [*other.values()]),
        difference=difference,
    )


def _compared_sets(
    first: EvaluationReport, second: EvaluationReport, label: str, column: int, other: int
) -> list[Compared]:
    """The metrics of all takes together, as independent values."""
    of_sets = {metric.name for metric in first.metrics if metric.of_set}
    before = {f.metric: f.interval for f in first.figures if f.column == column and f.metric in of_sets}
    after = {f.metric: f.interval for f in second.figures if f.column == other}
    return [
        Compared(
            metric=name,
            model=label,
            first=one,
            second=after[name],
            difference=independent_difference(after[name], one),
        )
        for name, one in before.items()
        if name in after
    ]
