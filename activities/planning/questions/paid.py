"""Paid questions to language models, through the take ledger: whatever attempts do, each answer is paid for once.

Every request, also one that is sent again because its answer was lost, is reserved at its high price in the accounts
of `question_accounts` before it is sent, and not sent where it does not fit.

A question is a take of an asset that no plan can have (`keys.PLANNER`), so that claims, lost answers, errors and
what they cost are treated like those of everything else that costs money. Its number is that of the inquiry in the
production, times `STEPS_AN_INQUIRY`, and its step: drafts count from 0, rewritten prompts from `REWRITES`.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.planning.questions.accounts import LimitReached
from activities.planning.questions.inquiry import Answer, Unanswered, call_of, seen_by
from activities.planning.questions.limits import QuestionAccounts, own_caps, payer_of
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.storage import support
from activities.storage.bucket import Storage
from activities.storage.errors import StorageUnsupported
from activities.takes.attempt import MAX_ATTEMPTS, workplace
from activities.takes.ledger import Entry
from activities.takes.paid import LedgerTake
from activities.takes.store_guard import check_store
from workflows import keys
from workflows.activity_io import (
    STILL_RUNNING,
    AssetFailure,
    DraftPlan,
    InputTake,
    ProduceAsset,
    RewritePrompt,
    SettledQuestions,
)
from workflows.models import ZERO, Take

STEPS_AN_INQUIRY: Final = 1_000
"""A hundred models, each with its own ten."""
REWRITES: Final = 1_000_000
"""The number before the first rewritten prompt of a production: nobody drafts a plan so often."""
RESUBMISSIONS: Final = 3
"""Of a question whose answer was lost: no person can decide about it, and without an answer there is no plan."""
_WAITS = frozenset({STILL_RUNNING, "storage_unavailable", "submission_unknown"})
"""Failures that the activity's own retry takes up again at the same question."""


class Asking:
    """Asks for one inquiry, under its `number` in the production; each answer is of at most so many `tokens`.

    `listening` makes what hears each answer as it is written, where somebody wants to watch. `end` has to follow the
    last question.
    """

    def __init__(
        self,
        storage: Storage,
        providers: Mapping[str, Provider],
        settings: ActivitySettings,
        request: DraftPlan | RewritePrompt,
        number: int,
        tokens: int,
        listening: Callable[[], Callable[[str], None]] | None = None,
    ) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        self._request = request
        self._before = number * STEPS_AN_INQUIRY
        caps = own_caps(settings, request.brief, request.spent_usd, number)
        payer = payer_of(request)
        self._batch = payer.batch
        self._accounts = QuestionAccounts(storage, settings, request.production_id, number, payer, caps)
        self._tokens = tokens
        self._listening = listening
        self._passing: ApplicationError | None = None
        self._supported = False

    async def __call__(
        self, offer: Offer, step: int, instructions: str, prompt: str, schema: Mapping[str, JsonValue]
    ) -> Answer:
        """The answer to one question, from the ledger where it was answered before.

        Raises:
            Unanswered: this model cannot answer.
            ApplicationError: the activity has to be tried again.
        """
        await check_store(self._storage, offer, None)  # before the accounts, which need the same of it
        self._supported = True
        asked = self._asked(offer, step, len(instructions.encode()) + len(json.dumps(schema)), prompt)
        provider = self._providers[offer.provider]
        async with workplace() as workdir:
            question = LedgerTake(
                self._storage,
                provider,
                offer,
                asked,
                workdir,
                self._settings,
                instructions=instructions,
                schema=schema,
                on_text=self._listening() if self._listening else None,
            )
            question.resubmissions = RESUBMISSIONS
            question.reserve = partial(self._reserve, offer, asked)
            try:
                answer = await self._answer(await question.make())
            except LimitReached as limit:
                await self._accounts.settle(asked.take)
                entry = await self._accounts.ledger(asked.take).read()
                raise Unanswered(f"not asked: {limit}", entry.billed_usd if entry else ZERO, unasked=True) from None
            except ApplicationError as error:
                raise await self._unanswered(error, asked.take) from None
            await self._accounts.settle(asked.take)
            return answer

    async def _reserve(self, offer: Offer, asked: ProduceAsset, entry: Entry | None) -> None:
        """Hold the price of the next request to this model beside what the question was billed.

        Raises:
            LimitReached: it is not to be sent.
        """
        if offer.unknown:
            budget = "brief.budget_usd" if self._request.brief.budget_usd is not None else ""
            if self._batch and self._batch.budget_usd is not None:
                budget = "the batch's budget_usd"
            if budget:
                raise LimitReached(
                    f"{budget} cannot hold a model whose price is unknown; name another GREENLIGHT_PLANNER"
                )
        price = asked.asset.quote.high_usd if asked.asset.quote else ZERO
        await self._accounts.reserve(asked.take, (entry.billed_usd if entry else ZERO) + price)

    def _asked(self, offer: Offer, step: int, beside: int, prompt: str) -> ProduceAsset:
        """The question as a take; `beside` is how many bytes go with the prompt."""
        # Neither this id nor a prompt of this length is possible in a plan.
        asset = call_of(offer, self._tokens, prompt).model_copy(update={"asset_id": keys.PLANNER})
        references = self._request.references if isinstance(self._request, DraftPlan) else ()
        seen = seen_by(offer, references)
        quote = pricing.quote(offer, asset, list(pricing.shown(seen).values()), beside)
        return ProduceAsset(
            production_id=self._request.production_id,
            brief=self._request.brief,
            asset=asset.model_copy(update={"quote": quote}),
            take=self._before + step,
            inputs=tuple(InputTake.of_references(seen).values()),
        )

    async def _answer(self, take: Take) -> Answer:
        text = await self._storage.read(take.media.key, take.media.sha256)
        return Answer(text.decode(), take.billed_usd)

    def try_again(self) -> None:
        """Where a model failed in a way that another attempt of the activity may fix, and there is one, go for it.

        Raises:
            ApplicationError: retried by the activity.
        """
        if self._passing and activity.info().attempt < MAX_ATTEMPTS:
            raise self._passing

    async def end(self) -> SettledQuestions:
        """What all questions of this inquiry cost, those of earlier attempts too; nothing can be asked in it any more.

        Raises:
            StorageFailed: to be tried again.
        """
        try:
            return await self._accounts.end()
        except StorageUnsupported:
            if self._supported:
                raise
            return SettledQuestions()  # such a store was never asked to hold a question

    async def _unanswered(self, error: ApplicationError, take: int) -> Exception:
        if error.type in _WAITS or error.type == support.ERROR_TYPE:  # every other model meets the same store
            return error
        if not error.non_retryable:
            self._passing = error
        failure = AssetFailure.model_validate(error.details[0]) if error.details else None
        ledger = self._accounts.ledger(take)
        entry = await ledger.read()
        if failure and failure.reason == "ambiguous_submission":
            # Nobody is asked about a lost question: another model is, and this one counts as billed.
            await ledger.count_doubtful()
            entry = ledger.entry
        await self._accounts.settle(take)
        return Unanswered(error.message, entry.billed_usd if entry else ZERO)
