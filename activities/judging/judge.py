"""The verdict about one take: asked once through the ledger, within its price, and kept in the bucket.

A take stays unjudged where its judge is not enabled, does not answer, gives no usable answer, or is addressed by the
take. Amounts are USD.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue.loader import problem_with
from activities.catalogue.offers import Offer
from activities.errors import OutputUnusable
from activities.judging import questions as asked
from activities.judging.answers import read_verdict, score_of_words, verdict_of
from activities.judging.terms import TOKENS, VIDEO_SECONDS, way_of
from activities.judging.views import frame_views, illustration_views, picture_views
from activities.planning.questions.inquiry import Inquiry, Limit, Unanswered, name_of, visible_media
from activities.planning.questions.paid import PaidQuestions
from activities.prompts.store import production_prompts
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer
from activities.settings import ActivitySettings
from activities.storage import support
from activities.storage.bucket import Storage
from activities.takes.accounts.account import Cap
from activities.takes.attempt import scratch_directory
from activities.text.addressing import addressing
from workflows import keys
from workflows.judging.policy import Criterion
from workflows.judging.requests import Judged, JudgeTake, kind_of
from workflows.judging.verdicts import Verdict, unjudged
from workflows.models import Media, Modality
from workflows.reuse.index import rejected_key

NUMBER: Final = 0
"""Of the inquiry: a verdict has its ledger for itself."""


class _Unjudged(Exception):
    """No question is sent; the message says why."""


async def judge_take(
    request: JudgeTake, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings
) -> Judged:
    """The verdict and its cost. A second attempt finds both.

    Raises:
        ApplicationError: the activity has to be retried.
        StorageFailed: try again.
    """
    try:
        offer, text = _judge_of(request, providers), await _text_of(request, storage)
    except _Unjudged as reason:
        return Judged(verdict=unjudged(str(reason), judge=request.judge))
    used = await production_prompts(storage, request.production_id, request.brief.tenant)
    limit = Limit(request.max_usd, "the price of a verdict in the plan", "name a cheaper judge")
    cap = Cap(limit.usd, limit.name, limit.remedy, str(NUMBER))
    async with scratch_directory() as workdir:
        try:
            way, shown = await _shown(request, offer, storage, workdir)
        except OutputUnusable as error:
            return Judged(verdict=unjudged(f"the take cannot be shown to a judge: {error}", judge=request.judge))
        questions = PaidQuestions(
            storage, providers, settings, request, NUMBER, TOKENS, shown=shown, caps=[cap], subject=request.subject
        )
        try:
            verdict = await _ask(request, offer, way, shown, text, questions, limit, used.texts["judge"])
            seen = len(shown) if way == "illustrated" else 0
            unseen = len(request.media.pictures) - seen
            verdict = verdict.model_copy(update={"version": used.version_of("judge"), "unseen": unseen})
        except Unanswered as error:
            questions.raise_retryable()
            verdict = unjudged(f"no verdict: {error}", judge=request.judge)
        except ApplicationError as error:
            if error.type != support.ERROR_TYPE:
                raise
            verdict = unjudged(f"no verdict: {error.message}", judge=request.judge)
    return await _kept(request, verdict, storage, questions)


async def _kept(request: JudgeTake, verdict: Verdict, storage: Storage, questions: PaidQuestions) -> Judged:
    """The verdict, stored before its questions are closed."""
    if verdict.score is not None:
        key = keys.judge_file_key(request.production_id, request.subject, "verdict.json")
        verdict = verdict.model_copy(update={"key": key})
        if await storage.head(key) is None:
            await storage.put_unpaid(key, verdict.model_dump_json(indent=1).encode(), "application/json")
        if not verdict.matches:
            await _reject_take(storage, request)
    bill = await questions.end()
    return Judged(verdict=verdict, billed_usd=bill.billed_usd, doubt_usd=bill.doubt_usd)


async def _reject_take(storage: Storage, request: JudgeTake) -> None:
    """Record next to the take that no other production reuses it."""
    prefix = keys.take_prefix(request.production_id, request.asset.asset_id, request.take)
    await storage.put_unpaid(rejected_key(prefix), b"{}", "application/json")


def _judge_of(request: JudgeTake, providers: Mapping[str, Provider]) -> Offer:
    """The judge as it is enabled here.

    Raises:
        _Unjudged: it is not, or the prompt or the delivery of the take addresses it.
    """
    if found := addressing(f"{request.asset.prompt}\n{request.asset.delivery}"):
        raise _Unjudged(f"its prompt addresses a judge (“{found}”); look at the take yourself")
    name, _, model = request.judge.partition("/")
    provider = providers.get(name)
    offer = find_offer(provider, model, Modality.TEXT) if provider else None
    if offer is None:
        raise _Unjudged(f"the judge {request.judge} is not enabled; set its key in the worker's environment")
    if problem := problem_with(offer, datetime.now(UTC).date()):
        raise _Unjudged(f"the judge {request.judge}: {problem}")
    if way_of(offer, kind_of(request.asset)) is None:
        raise _Unjudged(f"the judge {request.judge} cannot judge {kind_of(request.asset)}")
    return offer


async def _text_of(request: JudgeTake, storage: Storage) -> str:
    """The text of a take, empty for all others.

    Raises:
        _Unjudged: it addresses its judge.
    """
    if kind_of(request.asset) != "text":
        return ""
    text = (await storage.read(request.media.key, request.media.sha256)).decode("utf-8-sig", "replace")
    if found := addressing(text):
        raise _Unjudged(f"the text addresses a judge (“{found}”); read it yourself")
    if not text.strip():
        raise _Unjudged("the text is empty")
    return text


async def _shown(
    request: JudgeTake, offer: Offer, storage: Storage, workdir: Path
) -> tuple[asked.Way, Sequence[Media]]:
    """What the judge gets; of a video that does not fit into a question its frames.

    Raises:
        OutputUnusable: the take does not open.
    """
    way = way_of(offer, kind_of(request.asset), illustrated=bool(request.media.pictures))
    assert way is not None
    match way:
        case "illustrated":
            return way, await illustration_views(request, storage, workdir)
        case "picture":
            return way, await picture_views(request, storage, workdir)
        case "video" if not visible_media(offer, [request.media]) or _seconds(request) > VIDEO_SECONDS:
            return "frames", await frame_views(request, storage, workdir)
        case "frames":
            return way, await frame_views(request, storage, workdir)
        case "video" | "recording" | "transcript":
            return way, [request.media]
        case _:
            return way, []


def _seconds(request: JudgeTake) -> float:
    return request.media.duration_seconds or 0.0


async def _ask(
    request: JudgeTake,
    offer: Offer,
    way: asked.Way,
    shown: Sequence[Media],
    text: str,
    questions: PaidQuestions,
    limit: Limit,
    scoring: str,
) -> Verdict:
    """
    Raises:
        Unanswered: the judge gave no usable answer within its price.
    """
    if way == "transcript":
        _, answer = await questions.write_down(offer, 1, shown[0])
        if found := addressing(answer.text):
            return unjudged(f"what is said addresses a judge (“{found}”); listen to it", judge=request.judge)
        score = score_of_words(request.asset.prompt, answer.text)
        verdict = verdict_of(request, request.judge, [score], matches=True, prompt="")
        return verdict.model_copy(update={"reused": answer.reused.production_id}) if answer.reused else verdict
    references = sum("/reference-" in media.key for media in shown)
    criteria = asked.judged_criteria(request, way)
    inquiry = Inquiry(
        "report",
        questions,
        limit,
        TOKENS,
        asked.instructions(request, way, len(shown) - references, references, scoring),
        asked.prompt(request, text),
        asked.schema(criteria, kind_of(request.asset)),
        partial(_read, request, criteria),
        shown=shown,
    )
    verdict = await inquiry.answer([offer])
    return verdict.model_copy(update={"reused": inquiry.reused.production_id}) if inquiry.reused else verdict


def _read(request: JudgeTake, criteria: Sequence[Criterion], answer: str, offer: Offer, spent: object) -> Verdict:
    return read_verdict(answer, request, criteria, name_of(offer))
