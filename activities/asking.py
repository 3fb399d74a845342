"""Paid questions of the planner, through the take ledger: whatever attempts do, each answer is paid for once.

A question is a take of an asset that no plan can have (`keys.PLANNER`), so that claims, lost answers, errors and
what they cost are treated like those of everything else that costs money.
"""

import json
from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities import pricing
from activities.attempt import workplace
from activities.ledger import Ledger
from activities.ledger_take import LedgerTake
from activities.planner import REPAIRS, STEPS_A_MODEL, Answer, Unanswered, call_asset
from activities.providers.base import Offer, Provider
from activities.settings import ActivitySettings
from activities.storage import Storage
from workflows import keys
from workflows.contracts import STILL_RUNNING, AssetFailure, DraftPlan, ProduceAsset
from workflows.models import Take

STEPS_A_PLAN = 1_000
"""Questions of one plan; each draft of a production starts a new thousand."""
_WAITS = frozenset({STILL_RUNNING, "StorageUnavailable", "SubmissionUnknown"})
"""Failures that the activity's own retry takes up again at the same question."""


class Asking:
    """Asks for one plan. `passing` tells afterwards whether a model failed in a way that a retry may mend."""

    def __init__(
        self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings, request: DraftPlan
    ) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        self._request = request
        self.passing: ApplicationError | None = None

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
            )
            try:
                return await self._answer(await question.make())
            except ApplicationError as error:
                raise await self._unanswered(error, asked.take) from None

    def _asked(self, offer: Offer, step: int, beside: int, prompt: str) -> ProduceAsset:
        """The question as a take; `beside` is how many bytes go with the prompt."""
        # Neither this id nor a prompt of this length is possible in a plan.
        asset = call_asset(offer, self._request, prompt).model_copy(update={"asset_id": keys.PLANNER})
        quote = pricing.quote(offer, asset, instructions=beside)
        return ProduceAsset(
            production_id=self._request.production_id,
            brief=self._request.brief,
            asset=asset.model_copy(update={"quote": quote}),
            take=self._request.drafts * STEPS_A_PLAN + step,
        )

    async def _answer(self, take: Take) -> Answer:
        found = await self._storage.get_bytes(take.media.key)
        assert found is not None
        return Answer(found[0].decode(), take.billed_usd)

    async def billed_usd(self, models: int) -> Decimal:
        """What all questions of this plan cost, those of earlier attempts too, which this one may not have met."""
        first = self._request.drafts * STEPS_A_PLAN + 1
        takes = (first + m * STEPS_A_MODEL + t for m in range(models) for t in range(REPAIRS + 1))
        entries = [await self._ledger(take).read() for take in takes]
        return sum((entry.billed_usd for entry in entries if entry), Decimal(0))

    def _ledger(self, take: int) -> Ledger:
        return Ledger(self._storage, keys.take_prefix(self._request.production_id, keys.PLANNER, take))

    async def _unanswered(self, error: ApplicationError, take: int) -> Exception:
        if error.type in _WAITS:
            return error
        if not error.non_retryable:
            self.passing = error
        failure = AssetFailure.model_validate(error.details[0]) if error.details else None
        if failure and failure.reason == "ambiguous_submission":
            # Nobody is asked about a lost question: another model is, and this one counts as billed.
            ledger = self._ledger(take)
            await ledger.read()
            await ledger.count_doubtful()
            return Unanswered(error.message, ledger.entry.billed_usd if ledger.entry else Decimal(0))
        return Unanswered(error.message, failure.billed_usd if failure else Decimal(0))
