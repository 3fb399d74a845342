"""Metrics of answers: how good the text is that a model wrote for a case. Pure, but for `judge`, which asks a model.

A metric of evaluations that measures texts can be used too, whoever installed it.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from activities.evaluation.metrics.registry import registered
from activities.judging.words import words_of
from workflows.evaluation.cases import Case
from workflows.models import Media, Modality, Take

NO_EXPECTED: Final = 'the case has no expected text: add "expected": {"text": "…"}'
JUDGE: Final = "judge"
UNUSABLE: Final = frozenset({"cost", "seconds", "clean"})
"""Metrics of evaluations that say nothing of an answer's text."""


@dataclass(frozen=True)
class Scored:
    """The value of one answer, and what a person or a model can learn from it."""

    value: float
    feedback: str


class AnswerMetric:
    """A metric of answers. `worst` is the value of an answer that is not valid."""

    name: str
    better: Literal["higher", "lower"] = "higher"
    worst: float = 0.0

    def problem(self, case: Case) -> str:
        """Why it cannot measure a case, with the remedy; empty if it can."""
        return ""

    def score(self, case: Case, answer: str) -> Scored:
        raise NotImplementedError

    def signed(self, value: float) -> float:
        """The value so that more is better."""
        return value if self.better == "higher" else -value


class Valid(AnswerMetric):
    """1 for an answer that follows the rules at once: its form, its limits, and for a plan all of its checks."""

    name = "valid"

    def score(self, case: Case, answer: str) -> Scored:
        return Scored(1.0, "it is valid")


class Match(AnswerMetric):
    """1 for an answer with the words of the expected text in their order."""

    name = "match"

    def problem(self, case: Case) -> str:
        return "" if case.expected.text.strip() else NO_EXPECTED

    def score(self, case: Case, answer: str) -> Scored:
        same = words_of(answer) == words_of(case.expected.text)
        return Scored(float(same), "it is as expected" if same else f"expected: {case.expected.text}")


class Overlap(AnswerMetric):
    """The words that the answer and the expected text share, as F1."""

    name = "overlap"

    def problem(self, case: Case) -> str:
        return "" if words_of(case.expected.text) else NO_EXPECTED

    def score(self, case: Case, answer: str) -> Scored:
        given, expected = Counter(words_of(answer)), Counter(words_of(case.expected.text))
        shared = sum((given & expected).values())
        value = 2 * shared / (sum(given.values()) + sum(expected.values())) if shared else 0.0
        missing = ", ".join([*(expected - given)][:10])
        return Scored(value, f"expected: {case.expected.text}" + (f"; missing words: {missing}" if missing else ""))


class Agreement(AnswerMetric):
    """1 less the distance between a judge's score and that of people."""

    name = "agreement"

    def problem(self, case: Case) -> str:
        return "" if case.expected.score is not None else 'people\'s score is missing: add "expected": {"score": 0.9}'

    def score(self, case: Case, answer: str) -> Scored:
        assert case.expected.score is not None
        try:
            given = float(answer)
        except ValueError:
            return Scored(self.worst, f"it is no score; people gave {case.expected.score:g}")
        return Scored(1 - abs(given - case.expected.score), f"people gave {case.expected.score:g}")


class Judged(AnswerMetric):
    """The score that a model gives the answer; the trial asks for it."""

    name = JUDGE


class Registered(AnswerMetric):
    """A metric of evaluations, of the answer as a text."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self.name = metric.name
        self.better = "lower" if metric.better == "lower" else "higher"
        self.worst = 1.0 if self.better == "lower" else 0.0

    def problem(self, case: Case) -> str:
        return self._metric.problem(case, Modality.TEXT, transcribed=False)

    def score(self, case: Case, answer: str) -> Scored:
        with TemporaryDirectory(prefix="greenlight-") as folder:
            path = Path(folder) / "answer.txt"
            path.write_text(answer, "utf-8")
            try:
                value = float(self._metric.measure(_sample(case, answer, path)))
            except NoValueError as error:
                return Scored(self.worst, str(error))
        if not math.isfinite(value):
            return Scored(self.worst, "it is not a number")
        expected = f"; expected: {case.expected.text}" if case.expected.text else ""
        return Scored(value, f"{self.name} is {value:.3g}{expected}")


def answer_metrics() -> Mapping[str, AnswerMetric]:
    """All metrics of answers that are installed here, by name."""
    own: list[AnswerMetric] = [Valid(), Match(), Overlap(), Agreement(), Judged()]
    texts = [
        Registered(metric)
        for name, metric in registered().items()
        if Modality.TEXT in metric.modalities and name not in UNUSABLE
        if metric.better != "neither" and not metric.paid and not metric.missing()
    ]
    return {metric.name: metric for metric in (*texts, *own)}


def _sample(case: Case, answer: str, path: Path) -> Sample:
    now = datetime.now(UTC)
    media = Media(key="answer.txt", bytes=len(answer.encode()), sha256="", media_type="text/plain")
    take = Take(number=1, media=media, provider="x", model="x", prompt=case.prompt, started_at=now, finished_at=now)
    return Sample(case=case, modality=Modality.TEXT, take=take, path=path, text=answer)
