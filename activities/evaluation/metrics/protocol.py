"""What a metric is: a number for one take. A plug-in needs only this module.

A metric that costs money, such as the score of a judge, is a take or a verdict of its own: the workflow makes it
through the ledger, and passes its value in `Sample.given`. So a metric itself is free, and may run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workflows.evaluation.cases import Case
from workflows.models import Modality, Take
from workflows.provider_report import MetricInfo

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[tuple[int, ...], np.dtype[np.floating]]

ALL = frozenset(Modality)


class NoValueError(Exception):
    """A take has no value of a metric; the message says why."""


@dataclass(frozen=True)
class Sample:
    """One take to measure.

    Attributes:
        path: Its file. Metrics only read it.
        text: The take of a text, or the transcript of a voice; None without one.
        words: The words of a voice with `start` and `end` in seconds, where the provider returned them.
        given: Values that are known without the file, by the name of the metric.
        spoken: Whether the prompt is what a voice says.
        reference: The file of `expected.reference`, with which the take is compared; None without one.
    """

    case: Case
    modality: Modality
    take: Take
    path: Path
    text: str | None = None
    words: Sequence[Mapping[str, Any]] = ()
    given: Mapping[str, float] = field(default_factory=dict)
    spoken: bool = False
    reference: Path | None = None

    def reference_path(self) -> Path:
        """
        Raises:
            NoValueError: the case has no reference, or it was deleted.
        """
        if self.reference is None:
            raise NoValueError("the case has no reference, or its file was deleted")
        return self.reference


class Metric:
    """A metric. Subclass it, set the attributes, and implement `measure`, which is synchronous and runs in a thread."""

    name: ClassVar[str]
    title: ClassVar[str]
    unit: ClassVar[str] = ""
    better: ClassVar[str] = "higher"
    modalities: ClassVar[frozenset[Modality]] = ALL
    share: ClassVar[bool] = False
    """Whether each value is 0 or 1, so that the report shows a share."""
    paid: ClassVar[bool] = False
    """Whether a value costs money: such a metric is measured only where it is named."""

    needs_reference: ClassVar[bool] = False
    """Whether it compares takes with `expected.reference`."""
    of_set: ClassVar[bool] = False
    """Whether it has one value for all takes of a model: see `SetMetric`."""

    def missing(self) -> str:
        """Why it measures nothing on this worker, with the remedy; empty if it does."""
        return ""

    def problem(self, case: Case, modality: Modality, *, transcribed: bool) -> str:
        """Why it cannot measure a take of this case, with the remedy; empty if it can.

        Args:
            transcribed: A model writes down what its voice says.
        """
        if modality not in self.modalities:
            return f"it measures {' and '.join(sorted(self.modalities))} alone"
        if self.needs_reference and not case.expected.reference:
            return 'the case has nothing to compare with: add "expected": {"reference": "stored:references/…"}'
        return ""

    def measure(self, sample: Sample) -> float:
        """
        Raises:
            NoValueError: this take has no value.
        """
        raise NotImplementedError

    def info(self) -> MetricInfo:
        return MetricInfo(
            name=self.name,
            title=self.title,
            unit=self.unit,
            better=self.better,
            modalities=tuple(m for m in Modality if m in self.modalities),
            share=self.share,
            paid=self.paid,
            of_set=self.of_set,
            missing=self.missing(),
        )


class SetMetric(Metric):
    """A metric of all takes of a model together. Each take gives vectors, which are kept; the report has the value."""

    of_set = True

    def vectors(self, path: Path) -> "Vectors":
        """The vectors of one file, a row each; also those of a reference, where it needs one.

        Raises:
            NoValueError: this file has none.
        """
        raise NotImplementedError

    def value(self, takes: "Vectors", references: "Vectors") -> float:
        """The value of at least two vectors; `references` has as many where the metric needs references."""
        raise NotImplementedError
