"""Paid questions to language models, through the take ledger: each answer is paid for once, whatever attempts do.

Every request, also one that is sent again because its answer was lost, is reserved at its high price in the accounts
of `limits` before it is sent, and it is not sent where it does not fit.

A question is a take of an asset that no plan can have (`keys.PLANNER`, or the `subject` of a verdict), so that its
claims, lost answers, errors and costs are treated like those of every other take. Its number is the number of the
inquiry in the production, times `STEPS_AN_INQUIRY`, plus its step: drafts count from 0, rewritten prompts from
`REWRITES`, analyses from `ANALYSES`, translations from `TRANSLATIONS`. A verdict has its subject for itself.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.planning.questions.inquiry import Answer, Unanswered, call_of, visible_media
from activities.planning.questions.limits import Asking, QuestionAccounts, own_caps, payer_of
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.storage import support
from activities.storage.bucket import Storage
from activities.storage.errors import StorageUnsupported
from activities.takes.accounts.account import Cap, LimitReached
from activities.takes.attempt import MAX_ATTEMPTS, NumberUsed, scratch_directory, take_number_used
from activities.takes.ledger import Entry
from activities.takes.paid import PaidTake
from activities.takes.reuse.copies import offer_for_reuse, reuse_digest
from activities.takes.stopping import TakeStopper
from activities.takes.store_guard import check_store
from workflows import keys
from workflows.activity_io import (
    STILL_RUNNING,
    AddLanguages,
    AnalyseReference,
    AssetFailure,
    DraftPlan,
    InputTake,
    ProduceAsset,
    SettledQuestions,
    SettleQuestions,
)
from workflows.judging.requests import JudgeTake
from workflows.models import ZERO, Asset, Media, Quote, Take
from workflows.reuse.reused import ReuseTerms

STEPS_AN_INQUIRY: Final = 1_000
"""Enough for a hundred models with ten steps each."""
REWRITES: Final = 1_000_000
"""The number before the first rewritten prompt of a production: it is above any number of drafts."""
ANALYSES: Final = 2_000_000
"""The number before the first analysis of a production: it is above any number of rewritten prompts."""
TRANSLATIONS: Final = 10_000_000
"""The number before the first translations of a production."""
NUMBERS_OF_TRANSLATIONS: Final = 100
"""Of one inquiry: a long film in many languages needs many questions."""
RESUBMISSIONS: Final = 3
"""For a question whose answer was lost: no person can decide about it, and without an answer there is no plan."""
_REUSABLE: Final = (DraftPlan, AnalyseReference, AddLanguages, JudgeTake)
"""The requests whose answers other productions may reuse. A new prompt is always written anew: a person asked for a
change, or a provider refused the one before."""
_RETRIED: Final = frozenset({STILL_RUNNING, "storage_unavailable", "worker_disk_full", "submission_unknown"})
"""Failures after which a retry of the activity continues with the same question."""


TOKENS_A_SECOND: Final = 25
"""The most that a transcript with the times of its words is written with: fast speech has 5 tokens a second."""


def _transcript_tokens(recording: Media) -> int:
    """The limit of a transcript whose model is billed by tokens."""
    return 500 + math.ceil(TOKENS_A_SECOND * (recording.duration_seconds or 0.0))


def inquiry_number(request: SettleQuestions) -> int:
    """The number under which the questions of a request are in the ledger."""
    match request.inquiry:
        case "rewrite":
            return REWRITES + request.number
        case "analysis":
            return ANALYSES + request.number
        case "verdict":
            return 0  # its subject is its own
        case "languages":
            return TRANSLATIONS + request.number * NUMBERS_OF_TRANSLATIONS
        case _:
            return request.number


def _reuse_terms(request: Asking) -> ReuseTerms | None:
    if not isinstance(request, _REUSABLE):
        return None
    again = isinstance(request, AnalyseReference) and request.number > 0  # a person asks for another reading
    return ReuseTerms(allowed=request.brief.reuse and not again)


class PaidQuestions:
    """Sends the questions of one inquiry, under its `number` in the production; `tokens` limits each answer.

    `shown` are the pictures and recordings that go with each question; `caps` replaces the limits of a plan and its
    brief. `subject` is the asset id of the questions. For each question, `new_listener` makes a callback that gets the
    pieces of its answer as they arrive. Call `end` after the last question.
    """

    def __init__(
        self,
        storage: Storage,
        providers: Mapping[str, Provider],
        settings: ActivitySettings,
        request: Asking,
        number: int,
        tokens: int,
        new_listener: Callable[[], Callable[[str], None]] | None = None,
        *,
        shown: Sequence[Media] = (),
        caps: Sequence[Cap] | None = None,
        subject: str = keys.PLANNER,
    ) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        self._request = request
        self._first_take = number * STEPS_AN_INQUIRY
        self._shown = shown
        if caps is None:
            spent = ZERO if isinstance(request, JudgeTake) else request.spent_usd
            caps = own_caps(settings, request.brief, spent, number)
        payer = payer_of(request)
        self._batch = payer.batch
        self._subject = subject
        self._accounts = QuestionAccounts(storage, settings, request.production_id, number, payer, caps, subject)
        self._tokens = tokens
        self._new_listener = new_listener
        self._retryable: ApplicationError | None = None
        self._supported = False

    async def __call__(
        self, offer: Offer, step: int, instructions: str, prompt: str, schema: Mapping[str, JsonValue]
    ) -> Answer:
        """The answer to one question, from the ledger where it was answered before.

        Raises:
            Unanswered: this model cannot answer.
            ApplicationError: the activity has to be retried.
        """
        await check_store(self._storage, offer, None)  # before the accounts, which need the same features
        self._supported = True
        request = self._as_take(offer, step, len(instructions.encode()) + len(json.dumps(schema)), prompt)
        take = await self._make(offer, request, instructions, schema)
        return await self._answer(request, take, reuse_digest(request, offer, instructions, schema))

    async def write_down(self, offer: Offer, step: int, recording: Media) -> tuple[Take, Answer]:
        """The transcript of a recording by a model that only transcribes; its data is next to its media.

        Raises:
            Unanswered: this model cannot answer.
            ApplicationError: the activity has to be retried.
        """
        await check_store(self._storage, offer, None)
        self._supported = True
        asset = call_of(offer, _transcript_tokens(recording), "transcript").model_copy(
            update={"asset_id": self._subject, **({} if "max_tokens" in offer.rules else {"parameters": {}})}
        )
        quote = pricing.quote(offer, asset, list(pricing.reference_assets([recording]).values()))
        request = self._request_of(asset, quote, step, [recording])
        take = await self._make(offer, request, "", None)
        answer = await self._answer(request, take, reuse_digest(request, offer, ""))
        if answer.keep:
            await answer.keep()
        return take, answer

    async def _make(
        self, offer: Offer, request: ProduceAsset, instructions: str, schema: Mapping[str, JsonValue] | None
    ) -> Take:
        provider = self._providers[offer.provider]
        async with scratch_directory() as workdir:
            question = PaidTake(
                self._storage,
                provider,
                offer,
                request,
                workdir,
                self._settings,
                instructions=instructions,
                schema=schema,
                on_text=self._new_listener() if self._new_listener else None,
            )
            question.resubmissions = RESUBMISSIONS
            question.reserve = partial(self._reserve, offer, request)
            try:
                take = await question.make()
            except LimitReached as limit:
                await self._accounts.settle(request.take)
                entry = await self._accounts.ledger(request.take).read()
                raise Unanswered(f"not asked: {limit}", entry.billed_usd if entry else ZERO, unsent=True) from None
            except NumberUsed:
                used = take_number_used(await TakeStopper(question).stop())
                raise await self._handle_failure(used, request.take) from None
            except ApplicationError as error:
                raise await self._handle_failure(error, request.take) from None
            await self._accounts.settle(request.take)
            return take

    async def _reserve(self, offer: Offer, request: ProduceAsset, entry: Entry | None) -> None:
        """Reserve what the question was billed so far, and the price of the next request to this model.

        Raises:
            LimitReached: the request must not be sent.
        """
        if offer.unknown:
            budget = "brief.budget_usd" if self._request.brief.budget_usd is not None else ""
            if self._batch and self._batch.budget_usd is not None:
                budget = "the batch's budget_usd"
            if budget:
                raise LimitReached(
                    f"{budget} cannot hold a model whose price is unknown; name another GREENLIGHT_PLANNER"
                )
        price = request.asset.quote.high_usd if request.asset.quote else ZERO
        await self._accounts.reserve(request.take, (entry.billed_usd if entry else ZERO) + price)

    def _as_take(self, offer: Offer, step: int, extra_bytes: int, prompt: str) -> ProduceAsset:
        """The question as a take; `extra_bytes` is the size of instructions and schema, which go with the prompt."""
        # Neither this id nor a prompt of this length is possible in a plan.
        asset = call_of(offer, self._tokens, prompt).model_copy(update={"asset_id": self._subject})
        pictures = visible_media(offer, self._shown)
        quote = pricing.quote(offer, asset, list(pricing.reference_assets(pictures).values()), extra_bytes)
        return self._request_of(asset, quote, step, pictures)

    def _request_of(self, asset: Asset, quote: Quote, step: int, shown: Sequence[Media]) -> ProduceAsset:
        return ProduceAsset(
            production_id=self._request.production_id,
            brief=self._request.brief,
            asset=asset.model_copy(update={"quote": quote}),
            take=self._first_take + step,
            inputs=tuple(InputTake.of_references(shown).values()),
            # A judge that charges more than its price is not asked again.
            reserved_usd=None if self._subject == keys.PLANNER else quote.high_usd,
            reuse=_reuse_terms(self._request),
        )

    async def _answer(self, request: ProduceAsset, take: Take, digest: str) -> Answer:
        text = await self._storage.read(take.media.key, take.media.sha256)
        kept = request.reuse is not None and take.reused is None
        keep = partial(offer_for_reuse, self._storage, request, take, digest) if kept else None
        return Answer(text.decode(), take.billed_usd, take.reused, keep)

    def raise_retryable(self) -> None:
        """Raise the failure of a model that another attempt of the activity may fix, while attempts are left.

        Raises:
            ApplicationError: Temporal retries the activity.
        """
        if self._retryable and activity.info().attempt < MAX_ATTEMPTS:
            raise self._retryable

    async def end(self) -> SettledQuestions:
        """The cost of all questions of this inquiry, with earlier attempts; no further question can be sent in it.

        Raises:
            StorageFailed: the activity has to be retried.
        """
        try:
            return await self._accounts.end()
        except StorageUnsupported:
            if self._supported:
                raise
            return SettledQuestions()  # no question was ever sent with such a store

    async def _handle_failure(self, error: ApplicationError, take: int) -> Exception:
        """Settle a question that failed; the error to raise: Unanswered, or one that is retried."""
        if error.type in _RETRIED or error.type == support.ERROR_TYPE:  # every other model meets the same store
            return error
        if not error.non_retryable:
            self._retryable = error
        failure = AssetFailure.model_validate(error.details[0]) if error.details else None
        ledger = self._accounts.ledger(take)
        entry = await ledger.read()
        lost = failure is not None and failure.reason == "ambiguous_submission"
        if lost:  # no person decides about it: it counts as billed
            await ledger.count_as_billed()
            entry = ledger.entry
        await self._accounts.settle(take)
        return Unanswered(error.message, entry.billed_usd if entry else ZERO, lost=lost)
