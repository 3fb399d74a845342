"""What a judge found in a take. A record holds it for each take, so it is small; the judge's whole answer is an object
in the bucket."""

from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints

from workflows.base import Model
from workflows.judging.policy import Criterion
from workflows.prices import ZERO, Money

REASON_CHARS: Final = 200
PROBLEM_CHARS: Final = 300
MANY_ASSETS: Final = 200
"""With more assets, a record keeps only the scores that are too low; the object has all of them."""


class Score(Model):
    """One criterion: 0 is wrong or missing, 1 is right in every respect."""

    criterion: Criterion
    score: float = Field(ge=0, le=1)
    reason: Annotated[str, StringConstraints(max_length=REASON_CHARS)] = ""


class Verdict(Model):
    """A judge's assessment of a take. Without a `score` the take is unjudged, and `unjudged` is the reason."""

    judge: str = Field(default="", description="provider/model")
    score: float | None = Field(default=None, ge=0, le=1, description="That of the worst criterion")
    matches: bool = Field(default=False, description="The judge accepts it, and the score reaches the minimum")
    scores: tuple[Score, ...] = Field(default=(), max_length=12)
    prompt: Annotated[str, StringConstraints(max_length=8_000)] = Field(
        default="", description="A better prompt, where the take does not match"
    )
    unjudged: Annotated[str, StringConstraints(max_length=PROBLEM_CHARS)] = Field(
        default="", description="Why there is no score; the take is kept and used without one"
    )
    billed_usd: Money = Field(default=ZERO, description="The cost of the verdict, lost answers included")
    doubt_usd: Money = Field(default=ZERO, description="The part of billed_usd for questions whose answers were lost")
    reused: str = Field(default="", description="The production whose judge gave the same answer, which cost nothing")
    unseen: int = Field(default=0, ge=0, description="Pictures of an illustrated text that the judge did not see")
    version: int = Field(default=0, ge=0, description="Of the prompt `judge`; 0 is the built-in one")
    key: str = Field(default="", description="The object with the judge's whole answer")

    @property
    def judged_by(self) -> str:
        """The judge, with the version of its prompt if that is not the built-in one, and what it did not see."""
        version = f" (judge@{self.version})" if self.version else ""
        return f"{self.judge}{version}" + (f", who did not see {self.unseen} pictures" if self.unseen else "")

    @property
    def rank(self) -> tuple[float, float]:
        """For the choice among takes: the worst score, then the mean. An unjudged take is behind all others."""
        if self.score is None:
            return -1.0, 0.0
        values = [each.score for each in self.scores] or [self.score]
        return self.score, sum(values) / len(values)

    @property
    def complaint(self) -> str:
        """The reasons of the scores that are not perfect, the worst first, on one line."""
        bad = sorted((s for s in self.scores if s.score < 1 and s.reason), key=lambda s: s.score)
        return "; ".join(f"{s.criterion}: {s.reason}" for s in bad)

    def shortened(self, assets: int, min_score: float) -> Self:
        """The verdict as the record of a production with so many assets keeps it."""
        if assets <= MANY_ASSETS:
            return self
        return self.model_copy(update={"scores": tuple(s for s in self.scores if s.score < min_score), "key": ""})


def unjudged(reason: str, **known: object) -> Verdict:
    """The verdict of a take that has no score."""
    return Verdict.model_validate({"unjudged": reason[:PROBLEM_CHARS], **known})
