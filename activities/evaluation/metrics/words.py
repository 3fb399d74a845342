"""Metrics of words: errors against the expected text, the pace of a voice, and the timing of its captions."""

from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from activities.evaluation.metrics.signals import sounding_span
from activities.judging.words import words_of
from workflows.evaluation.cases import Case
from workflows.models import Modality

SPEECH = frozenset({Modality.AUDIO})


class WordErrors(Metric):
    """The word error rate: the least number of changed, missing and added words, by the expected words."""

    name, title, better = "wer", "Word error rate", "lower"
    modalities = frozenset({Modality.TEXT, Modality.AUDIO})

    def problem(self, case: Case, modality: Modality, *, transcribed: bool) -> str:
        if modality is Modality.TEXT and not case.expected.text:
            return 'the case has no expected words: add "expected": {"text": "…"}'
        if modality is Modality.AUDIO and not transcribed:
            return "no transcriber writes down what the voice says: name one, e.g. openai/gpt-transcribe"
        return super().problem(case, modality, transcribed=transcribed)

    def measure(self, sample: Sample) -> float:
        import jiwer

        expected = words_of(sample.case.expected.text or sample.case.prompt)
        if sample.text is None:
            raise NoValueError("there is no transcript")
        if not expected:
            raise NoValueError("no words are expected")
        return float(jiwer.wer(" ".join(expected), " ".join(words_of(sample.text))))


class Pace(Metric):
    """Words a minute, from the first sound to the last; of scripts without spaces, letters a minute."""

    name, title, unit, better = "pace", "Pace of the voice", "words/min", "neither"
    modalities = SPEECH

    def measure(self, sample: Sample) -> float:
        if not sample.spoken:
            raise NoValueError("nothing is spoken")
        first, last = sounding_span(sample.path)
        if last - first <= 0:
            raise NoValueError("the recording is silent")
        return 60 * len(words_of(sample.case.prompt)) / (last - first)


class CaptionTiming(Metric):
    """By how much captions begin and end apart from the voice, the mean of both, seconds."""

    name, title, unit, better = "caption_timing", "Captions apart from the voice", "s", "lower"
    modalities = SPEECH

    def measure(self, sample: Sample) -> float:
        times = [(float(w["start"]), float(w["end"])) for w in sample.words if "start" in w and "end" in w]
        if not times:
            raise NoValueError("the provider returned no times of words")
        first, last = sounding_span(sample.path)
        if last - first <= 0:
            raise NoValueError("the recording is silent")
        return (abs(min(s for s, _ in times) - first) + abs(max(e for _, e in times) - last)) / 2


METRICS = (WordErrors(), Pace(), CaptionTiming())
