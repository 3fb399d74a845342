"""The review of takes as a brief requests it and as a plan offers it, with its price. USD; pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from workflows.base import Model
from workflows.prices import Money

Mode = Literal["off", "advise", "gate"]
"""off: no judge. advise: scores, and refinements within the approved price. gate: a person also decides about a take
whose score stays below the minimum."""
Criterion = Literal["prompt", "subject", "text", "anatomy", "style", "brand", "safety", "words", "delivery", "language"]
"""What a judge assesses.

prompt: it shows or says what the prompt requests. subject: the right subject, complete. text: lettering is as requested
and spelled correctly. anatomy: bodies, hands and objects are possible. style: the style of the brief, and the look and
cast of its references. brand: the rules. safety: nothing that harms. words: the words of a narration. delivery: voice,
pace and pronunciation. language: the language of a text, and its correctness."""
Kind = Literal["text", "image", "video", "speech", "sound"]
"""What is judged: a narration is speech; music, effects and ambience are sound."""
CRITERIA: Final[Mapping[Kind, tuple[Criterion, ...]]] = {
    "text": ("prompt", "subject", "style", "brand", "safety", "language"),
    "image": ("prompt", "subject", "text", "anatomy", "style", "brand", "safety"),
    "video": ("prompt", "subject", "text", "anatomy", "style", "brand", "safety"),
    "speech": ("words", "delivery", "brand", "safety"),
    "sound": ("prompt", "style", "brand", "safety"),
}
"""The criteria of each kind; `brand` is judged where the brief has rules."""
MAX_REFINEMENTS: Final = 4
MIN_SCORE: Final = 0.8
Rule = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
JudgeName = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+/\S{1,200})?$", max_length=220)]


def longest_prompt(prompt: str) -> int:
    """The size of a judge's better prompt at most, bytes: its price is part of the plan's."""
    size = len(prompt.encode())
    return min(max(size + 600, 2 * size), 8_000)


def _each_once(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    return tuple(dict.fromkeys(criteria))


class Quality(Model):
    """How the takes of a brief are reviewed. A field that is not given has the default of the worker's settings."""

    mode: Mode | None = Field(
        default=None,
        description="off: takes are only checked on the worker. advise: a judge model scores each take. gate: a person "
        "also decides about a take whose score stays below `min_score`",
    )
    criteria: Annotated[tuple[Criterion, ...], AfterValidator(_each_once)] = Field(
        default=(), max_length=20, description="What is judged; if empty, all criteria that suit the type of the asset"
    )
    rules: tuple[Rule, ...] = Field(
        default=(),
        max_length=10,
        description="Rules of the brand for the criterion `brand`, e.g. never show competitors",
    )
    min_score: float | None = Field(default=None, ge=0, le=1, description="The score from which a take is good enough")
    refinements: int | None = Field(
        default=None,
        ge=0,
        le=MAX_REFINEMENTS,
        description="How often an asset is made again with the judge's better prompt; the plan's high price has it all",
    )
    judge: JudgeName = Field(
        default="", description="'provider/model' of the judge; if empty, the choice of GREENLIGHT_JUDGE"
    )


class Terms(Model):
    """The review that a plan offers: the brief's request with the defaults of the settings."""

    mode: Literal["advise", "gate"]
    criteria: tuple[Criterion, ...] = ()
    rules: tuple[Rule, ...] = ()
    min_score: float = MIN_SCORE
    refinements: int = 0
    unjudged: dict[Kind, str] = Field(
        default_factory=dict, description="Kinds of assets that no enabled model can judge, with the reason and remedy"
    )

    def criteria_of(self, kind: Kind) -> tuple[Criterion, ...]:
        """The criteria that are judged for a kind of asset; none where the brief names none that suits it."""
        wanted = self.criteria or CRITERIA[kind]
        return tuple(c for c in CRITERIA[kind] if c in wanted and (c != "brand" or self.rules))


class Review(Model):
    """The judge of one asset, and the prices of its review. The low price is one verdict."""

    judge: str = Field(description="provider/model")
    low_usd: Money = Field(description="One verdict, usually")
    high_usd: Money = Field(description="One verdict at most, with a repaired answer")
    retake_usd: Money = Field(description="One refinement at most: its prompt may be longer than that of the plan")
    refinements: int = Field(default=0, ge=0, le=MAX_REFINEMENTS)

    @property
    def most_usd(self) -> Decimal:
        """All verdicts and refinements, without the first take."""
        return self.high_usd + self.refinements * (self.retake_usd + self.high_usd)
