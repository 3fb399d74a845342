"""The review of takes by judge models: each verdict is paid once, within the price that the plan states for it."""

import asyncio
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.contracts import ProductionActivities
    from workflows.judging.policy import longest_prompt
    from workflows.judging.requests import SHOWN_REFERENCES, Judged, JudgeTake, kind_of
    from workflows.judging.verdicts import unjudged
    from workflows.models import Asset, Media, Modality, Take
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, JUDGE_TIMEOUT, PATIENT
    from workflows.production.failures import message_of
    from workflows.production.questions import Questions
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import book_planning
    from workflows.production.state.budget import verdict_usd
    from workflows.production.state.reviews.judged import book_verdict, criteria_of, is_reviewed, why_unjudged

BRIEF_CHARS: Final = 2_000
"""Of the brief's text: enough to know what the production is about."""
CANCELLED: Final = "the production was cancelled before the verdict"


class Judging:
    """Requests verdicts. Whatever happens to one, the production goes on with its take."""

    def __init__(self, run: ProductionRun, questions: Questions) -> None:
        self._run = run
        self._questions = questions

    def reviews(self) -> bool:
        """Whether takes get a verdict, or the statement that they are unjudged."""
        return is_reviewed(self._run.record)

    async def judge(self, asset: Asset, take: Take) -> Take:
        """The take with its verdict, which is booked.

        Args:
            asset: The asset as it was made.

        Raises:
            CancelledError: the production was cancelled; `unjudged_take` is the take then.
        """
        record = self._run.record
        if reason := why_unjudged(record, asset):
            return book_verdict(record, asset, take, unjudged(reason))
        request = self._request(asset, take)
        try:
            found = await workflow.execute_activity_method(
                ProductionActivities.judge_take,
                request,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=JUDGE_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"judge {asset.asset_id}, take {take.number} · {request.judge}",
            )
        except ActivityError as error:
            found, cancelled = await self._failed(error, request)
            if cancelled:
                book_planning(record, found.billed_usd, found.doubt_usd, asset.asset_id)
                raise asyncio.CancelledError from None
        verdict = found.verdict.model_copy(update={"billed_usd": found.billed_usd, "doubt_usd": found.doubt_usd})
        return book_verdict(record, asset, take, verdict)

    def unjudged_take(self, asset: Asset, take: Take) -> Take:
        """The take of a production that was cancelled before its verdict."""
        return book_verdict(self._run.record, asset, take, unjudged(CANCELLED))

    async def _failed(self, error: ActivityError, request: JudgeTake) -> tuple[Judged, bool]:
        """The statement that there is no verdict, with the cost of its questions; and whether all is cancelled."""
        assert request.payer is not None
        bill, cancelled = await self._questions.bill_of_failed(
            error, "verdict", 0, request.payer, request.subject, request.max_usd
        )
        verdict = unjudged(f"no verdict: {message_of(error)}", judge=request.judge)
        return Judged(verdict=verdict, **bill.model_dump()), cancelled or self._run.record.cancelling

    def _request(self, asset: Asset, take: Take) -> JudgeTake:
        record = self._run.record
        assert asset.review is not None
        assert record.plan is not None
        assert record.plan.quality is not None
        brief = record.brief.model_copy(
            update={"text": record.brief.text[:BRIEF_CHARS], "references": (), "translations": {}, "items": ()}
        )
        return JudgeTake(
            production_id=record.production_id,
            brief=brief.model_copy(update={"languages": (asset.language or brief.language,)}),
            asset=asset.model_copy(update={"prompt": take.prompt, "original": "", "fallbacks": ()}),
            take=take.number,
            media=take.media,
            judge=asset.review.judge,
            criteria=criteria_of(record, asset),
            rules=record.plan.quality.rules,
            min_score=record.plan.quality.min_score,
            references=self._references(asset),
            max_prompt=longest_prompt(planned.prompt if (planned := record.find(asset.asset_id)) else take.prompt),
            max_usd=verdict_usd(asset),
            payer=self._questions.payer(record.brief.requester),
        )

    def _references(self, asset: Asset) -> tuple[Media, ...]:
        """The pictures of the brief from which the asset is made."""
        record = self._run.record
        if kind_of(asset) not in ("image", "video"):
            return ()
        named = zip(record.brief.reference_ids, record.references, strict=False)
        shown = (m for i, m in named if i in asset.depends_on and m.modality is Modality.IMAGE)
        return tuple(shown)[:SHOWN_REFERENCES]
