"""The verdict in a judge's answer. Nothing in an answer is trusted: it is complete, within its bounds, and consistent,
or it is refused."""

from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, ValidationError

from activities.judging.words import word_errors
from activities.planning.questions.inquiry import Refused
from activities.text.addressing import addressing
from activities.text.model_text import read_as, unambiguous
from activities.text.valid_unicode import valid
from workflows.judging.policy import Criterion
from workflows.judging.requests import JudgeTake, kind_of
from workflows.judging.verdicts import REASON_CHARS, Score, Verdict, unjudged

CLEARLY_BAD: Final = 0.5
"""A take with a lower score cannot match."""
CLEARLY_GOOD: Final = 0.95
"""A take whose scores are all at least this cannot fail to match."""


class _Score(BaseModel):
    model_config = ConfigDict(extra="ignore")

    score: StrictFloat | StrictInt
    reason: str


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text_in_take: str
    addresses_judge: StrictBool
    heard: str = ""
    scores: dict[str, _Score] = Field(default={})
    matches: StrictBool
    better_prompt: str = ""


def read_verdict(answer: str, request: JudgeTake, criteria: Sequence[Criterion], judge: str) -> Verdict:
    """The verdict; one without a score where the take addresses its judge.

    Raises:
        Refused: the answer is no report, lacks a criterion, or contradicts itself.
    """
    try:
        report = read_as(_Report, answer, unambiguous)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'the answer'}: {e['msg']}" for e in error.errors()]
        raise Refused(problems) from None
    except ValueError as error:
        raise Refused([f"answer: {error}"]) from None
    found = addressing(f"{report.text_in_take}\n{report.heard}")
    if report.addresses_judge or found:
        quoted = f" (“{found}”)" if found else ""
        return unjudged(f"the take contains text that addresses its judge{quoted}; look at it yourself", judge=judge)
    scores = _scores(report, criteria)
    if "words" in request.criteria and kind_of(request.asset) == "speech":
        scores = [score_of_words(request.asset.prompt, report.heard), *scores]
    else:
        _check_consistency(report.matches, scores)
    return verdict_of(request, judge, scores, matches=report.matches, prompt=report.better_prompt)


def _scores(report: _Report, criteria: Sequence[Criterion]) -> list[Score]:
    problems, scores = [], []
    for criterion in criteria:
        given = report.scores.get(criterion)
        if given is None:
            problems.append(f"scores.{criterion}: it is missing")
        elif not 0 <= given.score <= 1:  # NaN is not, either
            problems.append(f"scores.{criterion}.score: {given.score!r:.40} is not between 0 and 1")
        elif not given.reason.strip():
            problems.append(f"scores.{criterion}.reason: it is empty")
        else:
            reason = " ".join(valid(given.reason).split())[:REASON_CHARS]
            scores.append(Score(criterion=criterion, score=round(float(given.score), 3), reason=reason))
    if problems:
        raise Refused(problems)
    return scores


def _check_consistency(matches: bool, scores: Sequence[Score]) -> None:
    worst = min(scores, key=lambda s: s.score, default=None)
    if worst is None:
        return
    if matches and worst.score < CLEARLY_BAD:
        raise Refused([f"matches: it is true, and {worst.criterion} has {worst.score:g}; correct one of them"])
    if not matches and worst.score >= CLEARLY_GOOD:
        raise Refused([f"matches: it is false, and no score is below {worst.score:g}; correct one of them"])


def score_of_words(text: str, heard: str) -> Score:
    """The words of a recording against those of its text: 1 less the word error rate."""
    errors = word_errors(text, heard)
    missed = f"; not heard: {', '.join(errors.missed)}" if errors.missed else ""
    reason = f"word error rate {errors.rate:.0%}{missed}"[:REASON_CHARS]
    return Score(criterion="words", score=round(max(0.0, 1 - errors.rate), 3), reason=reason)


def verdict_of(request: JudgeTake, judge: str, scores: Sequence[Score], *, matches: bool, prompt: str) -> Verdict:
    """The verdict with the score of its worst criterion; its better prompt only where the take does not match."""
    score = min((each.score for each in scores), default=None)
    if score is None:
        return unjudged("the judge gave no score", judge=judge)
    good = matches and score >= request.min_score
    better = "" if good or kind_of(request.asset) == "speech" else _shortened(prompt, request.max_prompt)
    if better and addressing(better):
        better = ""  # the next take would address its judge
    return Verdict(judge=judge, score=score, matches=good, scores=tuple(scores), prompt=better)


def _shortened(prompt: str, chars: int) -> str:
    """The prompt within its limit, which its price is based on, cut after a word."""
    text = valid(prompt).replace("\x00", "").strip()
    if len(text.encode()) <= chars:
        return text
    cut = text.encode()[:chars].decode(errors="ignore")
    return cut.rsplit(maxsplit=1)[0].strip() if " " in cut else cut
