"""Questions of an optimisation, through the ledger and the accounts of paid questions.

The number of a question is a digest of its content, and of how often the same content was asked before. So an activity
that starts again repeats the same numbers, whatever order its questions had, and finds their answers in the ledger.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.optimisation.programs import Question
from activities.planning.questions.inquiry import Answer, Unanswered, call_of, name_of
from activities.planning.questions.paid import PaidQuestions
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.accounts.account import AccountFile, Cap
from workflows import keys
from workflows.models import digest_of
from workflows.optimisation.records import ModelQuestions

GROUP: Final = 0
"""The number of the inquiry: an optimisation has one."""
AT_ONCE: Final = 8
REMEDY: Final = "start another optimisation with a higher max_usd"
_NUMBER_DIGITS: Final = 12
"""Hexadecimal digits of a number: among a million questions two share one with a probability of 1 in 500."""


class CapReached(Exception):
    """A question does not fit what is left of the cap, or of another limit; the message names it."""


class Asker:
    """Asks models, each question once, while the cap allows it."""

    def __init__(
        self,
        storage: Storage,
        providers: Mapping[str, Provider],
        settings: ActivitySettings,
        owner: ModelQuestions,
        cap_usd: Decimal,
        name: str = "max_usd",
    ) -> None:
        """
        Args:
            cap_usd: The most that all questions of the optimisation may cost together, earlier ones included.
            name: What people call this cap.
        """
        self._arguments = (storage, providers, settings, owner)
        self._account = AccountFile(storage, keys.planning_account(owner.production_id))
        self._caps = [Cap(cap_usd, name, REMEDY)]
        self._asked: Counter[str] = Counter()
        self._by_tokens: dict[int, PaidQuestions] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, offer: Offer, question: Question) -> Answer:
        """The answer to one question.

        Raises:
            CapReached: it was not sent.
            Unanswered: the model gave no answer.
            ApplicationError: the activity has to be retried.
        """
        asked = [name_of(offer), question.tokens, question.instructions, question.prompt, question.schema]
        content = digest_of(asked)
        self._asked[content] += 1
        step = int(digest_of([content, self._asked[content]])[:_NUMBER_DIGITS], 16) + 1
        questions = self._questions(question.tokens)
        async with self._turns:
            try:
                return await questions(offer, step, question.instructions, question.prompt, question.schema)
            except Unanswered as error:
                if error.unsent:
                    raise CapReached(str(error)) from None
                questions.raise_retryable()
                raise

    def _questions(self, tokens: int) -> PaidQuestions:
        if tokens not in self._by_tokens:
            storage, providers, settings, owner = self._arguments
            self._by_tokens[tokens] = PaidQuestions(storage, providers, settings, owner, GROUP, tokens, caps=self._caps)
        return self._by_tokens[tokens]

    async def spent_usd(self) -> Decimal:
        """What all questions have cost so far."""
        return (await self._account.read()).taken_usd()


def price_of(offer: Offer, question: Question) -> Decimal:
    """The most that a question may cost, USD."""
    extra = len(question.instructions.encode()) + len(str(question.schema).encode())
    return pricing.quote(offer, call_of(offer, question.tokens, question.prompt), [], extra).high_usd
