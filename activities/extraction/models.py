"""The models of the two stages of an extraction, and their questions: asked once through the ledger, within a limit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeVar

from pydantic import JsonValue

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.extraction.found import Found
from activities.extraction.kinds import Kind
from activities.extraction.lines import Line
from activities.extraction.questions import (
    FIELDS_SCHEMA,
    FIELDS_TASK,
    KIND_SCHEMA,
    KIND_TASK,
    TEXT_CHARS,
    fields_prompt,
    kind_prompt,
    read_fields,
    read_kind,
)
from activities.planning.questions.inquiry import (
    THINKING_TOKENS,
    Answer,
    Inquiry,
    Limit,
    Unanswered,
    call_of,
    name_of,
)
from activities.planning.questions.paid import ANALYSES, PaidQuestions
from activities.providers.protocol import Provider
from activities.providers.selection import rank_offers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.accounts.account import Cap
from workflows.activity_io import AnalyseReference
from workflows.extraction.schema import FieldSpec
from workflows.models import ZERO, Modality
from workflows.stages.models import split

MODELS: Final = 2
"""Models that are asked for the fields, in turn."""
KIND_STEPS, FIELD_STEPS = 100, 200
"""The steps of an analysis begin at 1, with those of its reading."""
KIND_TOKENS: Final = THINKING_TOKENS + 200
FIELD_TOKENS: Final = THINKING_TOKENS + 6_000
T = TypeVar("T")


@dataclass
class Stages:
    """The questions of one extraction.

    Attributes:
        waiting_usd: The price of a question that did not fit the limit.
        failures: Why a stage had no answer.
        asked: The questions, if any was asked: their bill is due at the end.
    """

    request: AnalyseReference
    storage: Storage
    providers: Mapping[str, Provider]
    settings: ActivitySettings
    limit: Limit
    waiting_usd: Decimal = ZERO
    waiting_for: str = ""
    failures: list[str] = field(default_factory=list)
    asked: PaidQuestions | None = None
    models: list[str] = field(default_factory=list)

    def classifiers(self) -> list[Offer]:
        """The model that finds the kind: the cheapest one, unless the setting names another."""
        found = _named(self.settings.classifier, self._able())
        if self.settings.classifier == "auto":
            return sorted(found, key=lambda offer: price_of(offer, KIND_TOKENS, 4_000))[:1]
        return found[:MODELS]

    def extractors(self) -> list[Offer]:
        return _named(self.settings.extractor, self._able())[:MODELS]

    def _able(self) -> list[Offer]:
        if self.settings.analysis == "local":
            return []
        ranked = rank_offers(Modality.TEXT, self.providers, datetime.now(UTC).date())
        return [o for o in ranked if o.schema and not o.unknown and not o.placeholder]

    async def kind(self, lines: Sequence[Line]) -> Kind | None:
        """The kind of the document according to a model; None where none finds it."""
        return await self._ask(
            self.classifiers(),
            KIND_STEPS,
            KIND_TOKENS,
            KIND_TASK,
            kind_prompt(lines),
            KIND_SCHEMA,
            lambda answer, offer, _: read_kind(answer, name_of(offer)),
        )

    async def fields(self, specs: Sequence[FieldSpec], lines: Sequence[Line]) -> list[Found] | None:
        """The values that a model reads; None where none does."""
        return await self._ask(
            self.extractors(),
            FIELD_STEPS,
            FIELD_TOKENS,
            FIELDS_TASK,
            fields_prompt(specs, lines),
            FIELDS_SCHEMA,
            lambda answer, offer, _: read_fields(answer, specs, lines, name_of(offer)),
        )

    async def _ask(
        self,
        models: Sequence[Offer],
        first: int,
        tokens: int,
        task: str,
        prompt: str,
        schema: Mapping[str, JsonValue],
        read: Callable[[str, Offer, Decimal], T],
    ) -> T | None:
        """
        Raises:
            ApplicationError: the activity has to be retried.
        """
        if not models:
            return None
        number = ANALYSES + self.request.inquiry_number
        cap = Cap(self.limit.usd, self.limit.name, self.limit.remedy, str(number))
        questions = PaidQuestions(self.storage, self.providers, self.settings, self.request, number, tokens, caps=[cap])

        async def ask(offer: Offer, step: int, instructions: str, text: str, form: Mapping[str, JsonValue]) -> Answer:
            self.asked = questions
            answer = await questions(offer, first + step, instructions, text, form)
            self.models += [name_of(offer)] if name_of(offer) not in self.models else []
            return answer

        try:
            inquiry = Inquiry("answer", ask, self.limit, tokens, task, prompt, schema, read, once=True)
            return await inquiry.answer(models)
        except Unanswered as error:
            if error.unsent:
                price = min(price_of(each, tokens, len(prompt.encode())) for each in models)
                self.waiting_usd += price
                self.waiting_for = str(error)[:300]
            else:
                questions.raise_retryable()
                self.failures.append(str(error)[:300])
            return None

    def expected_usd(self, characters: int) -> Decimal:
        """The most that the fields of a document of this length cost, for a document that is not read yet."""
        models = self.extractors()
        return min((price_of(o, FIELD_TOKENS, min(characters, TEXT_CHARS)) for o in models), default=ZERO)


def _named(setting: str, ranked: Sequence[Offer]) -> list[Offer]:
    if setting == "local":
        return []
    if setting == "auto":
        return list(ranked)
    return [offer for name in split(setting) for offer in ranked if name_of(offer) == name]


def price_of(offer: Offer, tokens: int, prompt_bytes: int) -> Decimal:
    """The most that one question costs, USD."""
    extra = len(FIELDS_TASK) + len(str(FIELDS_SCHEMA))
    try:
        return pricing.quote(offer, call_of(offer, tokens, "x" * prompt_bytes), [], extra).high_usd
    except pricing.PriceProblem:
        return ZERO
