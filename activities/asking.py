"""Paid questions to language models, through the take ledger: whatever attempts do, each answer is paid for once.

A question is a take of an asset that no plan can have (`keys.PLANNER`), so that claims, lost answers, errors and
what they cost are treated like those of everything else that costs money. Its number is that of the inquiry in the
production, times `STEPS_AN_INQUIRY`, and its step: drafts count from 0, rewritten prompts from `REWRITES`.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import pricing, store_support
from activities.attempt import MAX_ATTEMPTS, workplace
from activities.inquiry import REPAIRS, STEPS_A_MODEL, Answer, Unanswered, call_of, seen_by
from activities.ledger import Ledger
from activities.ledger_take import LedgerTake
from activities.providers.base import Offer, Provider
from activities.settings import ActivitySettings
from activities.storage import Storage
from workflows import keys
from workflows.contracts import STILL_RUNNING, AssetFailure, DraftPlan, InputTake, ProduceAsset, RewritePrompt
from workflows.models import Take

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

    `listening` makes what hears each answer as it is written, where somebody wants to watch.
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
        self._tokens = tokens
        self._listening = listening
        self._passing: ApplicationError | None = None

    async def __call__(
        self, offer: Offer, step: int, instructions: str, prompt: str, schema: Mapping[str, JsonValue]
    ) -> Answer:
        """The answer to one question, from the ledger where it was answered before.

        Raises:
            Unanswered: this model cannot answer.
            ApplicationError: the activity has to be tried again.
        """
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
            try:
                return await self._answer(await question.make())
            except ApplicationError as error:
                raise await self._unanswered(error, asked.take) from None

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
        """Where a model failed in a way that another attempt of the activity may mend, and there is one, go for it.

        Raises:
            ApplicationError: retried by the activity.
        """
        if self._passing and activity.info().attempt < MAX_ATTEMPTS:
            raise self._passing

    async def billed_usd(self, models: int) -> Decimal:
        """What all questions of this inquiry cost, those of earlier attempts too, which this one may not have met."""
        first = self._before + 1
        takes = (first + m * STEPS_A_MODEL + t for m in range(models) for t in range(REPAIRS + 1))
        entries = [await self._ledger(take).read() for take in takes]
        return sum((entry.billed_usd for entry in entries if entry), Decimal(0))

    def _ledger(self, take: int) -> Ledger:
        return Ledger(self._storage, keys.take_prefix(self._request.production_id, keys.PLANNER, take))

    async def _unanswered(self, error: ApplicationError, take: int) -> Exception:
        if error.type in _WAITS or error.type == store_support.ERROR_TYPE:  # every other model meets the same store
            return error
        if not error.non_retryable:
            self._passing = error
        failure = AssetFailure.model_validate(error.details[0]) if error.details else None
        if failure and failure.reason == "ambiguous_submission":
            # Nobody is asked about a lost question: another model is, and this one counts as billed.
            ledger = self._ledger(take)
            await ledger.read()
            await ledger.count_doubtful()
            return Unanswered(error.message, ledger.entry.billed_usd if ledger.entry else Decimal(0))
        return Unanswered(error.message, failure.billed_usd if failure else Decimal(0))
