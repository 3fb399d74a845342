"""Activities whose plans have reviews, and whose judge answers from a list."""

import asyncio
from decimal import Decimal

from temporalio import activity
from temporalio.exceptions import ApplicationError

from tests.support.fakes import FakeActivities
from workflows.activity_io import PricePlan
from workflows.judging.policy import Review, Terms
from workflows.judging.requests import Judged, JudgeTake
from workflows.judging.verdicts import Score, Verdict, unjudged
from workflows.models import Plan

VERDICT = Decimal("0.0200")
BILL = Decimal("0.0150")


class JudgedActivities(FakeActivities):
    """`scores` are those of the takes of each asset, in their order: the last one counts for all that follow; None is
    unjudged. `down` fails for good, `held` waits until `release`. `judged` records the requests."""

    def __init__(self, assets: int = 1, price_usd: str = "0.1000", refinements: int = 2, mode: str = "advise") -> None:
        super().__init__(assets, price_usd)
        self.terms = Terms.model_validate({"mode": mode, "refinements": refinements})
        self.scores: dict[str, list[float | None]] = {}
        self.judged: list[tuple[str, int]] = []
        self.prompts: list[str] = []
        self.down = False
        self.held: asyncio.Event | None = None

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        plan = await super().price_plan(request)
        if request.brief.quality and request.brief.quality.mode == "off":
            return plan
        review = Review(
            judge="other/judge",
            low_usd=Decimal("0.0100"),
            high_usd=VERDICT,
            retake_usd=self.price_usd,
            refinements=self.terms.refinements,
        )
        assets = [a.model_copy(update={"review": review}) for a in plan.assets]
        return plan.model_copy(update={"quality": self.terms}).with_assets(assets)

    @activity.defn(name="judge_take")
    async def judge_take(self, request: JudgeTake) -> Judged:
        asset_id = request.asset.asset_id
        self.judged.append((asset_id, request.take))
        self.prompts.append(request.asset.prompt)
        if self.held:
            while not self.held.is_set():
                activity.heartbeat()
                await asyncio.sleep(0.05)
        if self.down:
            raise ApplicationError("the judge is down", non_retryable=True)
        listed = self.scores.get(asset_id, [0.9])
        score = listed[min(request.take, len(listed)) - 1]
        if score is None:
            return Judged(verdict=unjudged("nonsense", judge=request.judge), billed_usd=BILL)
        good = score >= request.min_score
        verdict = Verdict(
            judge=request.judge,
            score=score,
            matches=good,
            scores=(Score(criterion="prompt", score=score, reason="it is dull"),),
            prompt="" if good else f"{request.asset.prompt}, better",
        )
        return Judged(verdict=verdict, billed_usd=BILL)
