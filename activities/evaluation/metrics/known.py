"""Metrics that are known without another look at the file: costs, times, the checks of the take, and given scores."""

from typing import ClassVar

from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from workflows.evaluation.records import JUDGE_SCORE
from workflows.models import Modality
from workflows.quality import CheckName

IMAGES = frozenset({Modality.IMAGE, Modality.VIDEO})


class Cost(Metric):
    name, title, unit, better = "cost", "Cost", "USD", "lower"

    def measure(self, sample: Sample) -> float:
        return float(sample.take.cost_usd)


class Seconds(Metric):
    name, title, unit, better = "seconds", "Time to make it", "s", "lower"

    def measure(self, sample: Sample) -> float:
        return (sample.take.finished_at - sample.take.started_at).total_seconds()


class WithoutFindings(Metric):
    name, title, share = "clean", "No finding of the checks", True

    def measure(self, sample: Sample) -> float:
        return float(not sample.take.checks.findings)


class JudgeScore(Metric):
    """The score of a judge model, which the workflow passes as `given`: that of the worst criterion."""

    name, title, paid = JUDGE_SCORE, "Score of the judge, 0 to 1", True

    def measure(self, sample: Sample) -> float:
        if self.name not in sample.given:
            raise NoValueError("the take is unjudged")
        return sample.given[self.name]


class _Checked(Metric):
    """A value that the checks of every take measure."""

    check: ClassVar[CheckName]

    def measure(self, sample: Sample) -> float:
        value = sample.take.checks.measured.get(self.check)
        if value is None:
            raise NoValueError(f"the checks did not measure {self.check}")
        return value


class Loudness(_Checked):
    name, title, unit, better = "loudness", "Loudness", "LUFS", "neither"
    modalities = frozenset({Modality.AUDIO})
    check = "level"


class Sharpness(_Checked):
    name, title = "sharpness", "Sharpness, 0 to 1"
    modalities = IMAGES
    check = "blurred"

    def measure(self, sample: Sample) -> float:
        return 1 - super().measure(sample)


class Flicker(_Checked):
    name, title, better = "flicker", "Flicker, 0 to 255", "lower"
    modalities = frozenset({Modality.VIDEO})
    check = "flicker"


METRICS = (Cost(), Seconds(), WithoutFindings(), JudgeScore(), Loudness(), Sharpness(), Flicker())
