"""What a metric is: a number for one take. A plug-in needs only this module.

A metric that costs money, such as the score of a judge, is a take or a verdict of its own: the workflow makes it
through the ledger, and passes its value in `Sample.given`. So a metric itself is free, and may run again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from workflows.evaluation.cases import Case
from workflows.models import Modality, Take
from workflows.provider_report import MetricInfo

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
    """

    case: Case
    modality: Modality
    take: Take
    path: Path
    text: str | None = None
    words: Sequence[Mapping[str, Any]] = ()
    given: Mapping[str, float] = field(default_factory=dict)
    spoken: bool = False


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

    def missing(self) -> str:
        """Why it measures nothing on this worker, with the remedy; empty if it does."""
        return ""

    def problem(self, case: Case, modality: Modality, *, transcribed: bool) -> str:
        """Why it cannot measure a take of this case, with the remedy; empty if it can.

        Args:
            transcribed: A model writes down what its voice says.
        """
        return "" if modality in self.modalities else f"it measures {' and '.join(sorted(self.modalities))} alone"

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
            missing=self.missing(),
        )
