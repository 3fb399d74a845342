"""The input and output of the activity that judges a take."""

from pydantic import Field

from workflows.activity_io import Payer
from workflows.brief import Brief
from workflows.judging.policy import Criterion, Kind
from workflows.judging.verdicts import Verdict
from workflows.models import ZERO, Asset, Media, Modality, Model, Money, digest_of

SHOWN_REFERENCES = 2
"""Pictures of the brief that a judge gets beside a picture or a video, for the look and the cast."""


class JudgeTake(Model):
    """A request for the verdict about one take."""

    production_id: str
    brief: Brief
    asset: Asset = Field(description="As its model made it: its prompt is that of the take")
    take: int = Field(ge=1)
    media: Media
    judge: str = Field(description="provider/model")
    criteria: tuple[Criterion, ...]
    rules: tuple[str, ...] = ()
    min_score: float
    references: tuple[Media, ...] = Field(default=(), description="Pictures whose look and cast the take should have")
    max_prompt: int = Field(default=600, ge=1, description="The size of a better prompt at most, bytes")
    max_usd: Money = Field(description="Reserved for this verdict; no request is sent beyond it")
    payer: Payer | None = None

    @property
    def subject(self) -> str:
        """Identifies the question: the same take, prompt, judge and criteria are paid for once, whatever run asks."""
        asked = [self.asset.asset_id, self.take, self.media.sha256, self.asset.prompt, self.judge, self.brief.style]
        asked += [self.asset.delivery] if self.asset.delivery else []
        return subject_of([*asked, self.criteria, self.rules, [m.sha256 for m in self.references]])


class Judged(Model):
    """The verdict and what it has cost."""

    verdict: Verdict
    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="The part of billed_usd for requests with lost responses")


def subject_of(asked: object) -> str:
    """The asset id under which a judge's requests are in the ledger; no asset of a plan can have it."""
    return f"_judge-{digest_of(asked)[:20]}"


def kind_of(asset: Asset) -> Kind:
    """What a judge gets of the asset."""
    match asset.asset_type:
        case Modality.TEXT:
            return "text"
        case Modality.IMAGE:
            return "image"
        case Modality.VIDEO:
            return "video"
        case _:
            return "speech" if asset.spoken else "sound"
