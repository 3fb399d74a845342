"""The values of metrics of all takes of a model together, from the vectors of its takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from activities.evaluation.measure import REFERENCE
from activities.evaluation.metrics.learned.sets import MIN_VECTORS, jackknife
from activities.evaluation.metrics.protocol import SetMetric
from activities.evaluation.metrics.registry import registered
from workflows.evaluation.records import CellResult, EvaluationView
from workflows.evaluation.report import Figure

if TYPE_CHECKING:
    from activities.evaluation.metrics.protocol import Vectors

    Cells = Mapping[int, Mapping[str, Vectors]]


def figures_of_sets(view: EvaluationView, results: Sequence[CellResult], vectors: "Cells") -> list[Figure]:
    """A figure for each model with at least two takes that have vectors. Synchronous; takes seconds for many takes."""
    metrics = [found for name in view.metrics if isinstance(found := registered().get(name), SetMetric)]
    return [*_figures(metrics, range(len(view.columns)), results, vectors)]


def _figures(
    metrics: Sequence[SetMetric], columns: Sequence[int], results: Sequence[CellResult], vectors: "Cells"
) -> Iterator[Figure]:
    for metric in metrics:
        for column in columns:
            own = [vectors.get(result.number, {}) for result in results if result.column == column]
            takes = [found for found in own if metric.name in found]
            if len(takes) >= MIN_VECTORS:
                yield Figure(metric=metric.name, column=column, interval=jackknife(len(takes), _Value(metric, takes)))


class _Value:
    """The value of a metric over some takes of one model."""

    def __init__(self, metric: SetMetric, takes: "Sequence[Mapping[str, Vectors]]") -> None:
        self._metric = metric
        self._takes = takes

    def __call__(self, chosen: Sequence[int]) -> float:
        own = self._rows(self._metric.name, chosen)
        compared = self._rows(self._metric.name + REFERENCE, chosen) if self._metric.needs_reference else own
        return self._metric.value(own, compared)

    def _rows(self, name: str, chosen: Sequence[int]) -> "Vectors":
        import numpy as np

        return np.concatenate([self._takes[n][name] for n in chosen])
