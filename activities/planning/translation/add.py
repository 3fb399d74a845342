"""Adds languages to the plan of a film: given translations first, then those of language models, within the limits of
planning. Each language is added whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.planning.language_models import models_for
from activities.planning.questions.inquiry import THINKING_TOKENS, Answer, Inquiry, Limit, Unanswered
from activities.planning.questions.paid import NUMBERS_OF_TRANSLATIONS, TRANSLATIONS, PaidQuestions
from activities.planning.translation.memory import known_translations
from activities.planning.translation.question import CHARS, SCHEMA, Translation, parts_of
from activities.planning.translation.voices import check_spoken, spoken_in
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from workflows.activity_io import BUDGET_SHORT, PLAN_INVALID, AddLanguages, AssetFailure, LanguagesAdded
from workflows.models import MAX_ASSETS, MAX_PLAN_BYTES, ZERO, Asset, Modality, Plan
from workflows.spoken import languages

TOKENS: Final = THINKING_TOKENS + CHARS
"""The limit of an answer: a letter of some scripts is a token."""
STEPS_A_PART: Final = 100
"""The range of step numbers of one question: ten models."""
STEPS_A_LANGUAGE: Final = 10_000
_ASSET_BYTES: Final = 900
"""Of a narration in a plan, without its text."""
_NO_MODEL: Final = (
    "no language model is enabled that translates; set a vendor's key, or give the texts in `translations`"
)


class _NotAdded(Exception):
    """A language cannot be added; `kind` is that of the failure."""

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


async def add_languages(
    request: AddLanguages, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings
) -> LanguagesAdded:
    """The plan with the languages, and the cost of all questions.

    Raises:
        ApplicationError: the activity has to be retried. Or a language cannot be added: with an AssetFailure that holds
            what was billed.
    """
    limit = max(settings.planning_usd - request.drafted_usd, ZERO)
    own = settings.model_copy(update={"planning_usd": limit})
    questions = PaidQuestions(storage, providers, own, request, _number_of(request), TOKENS)
    adding = _Adding(request, providers, own, questions, datetime.now(UTC).date())
    problems: list[_NotAdded] = []
    plan = request.plan
    for number, language in enumerate(request.languages):
        try:
            if request.needed and not number and languages.narrations(plan):
                _check_all_spoken(request, providers, adding.today)
            plan = await adding.with_language(plan, language, number * STEPS_A_LANGUAGE)
        except _NotAdded as problem:
            problems.append(problem)
            if request.needed:
                break
    bill = await questions.end()
    if problems and request.needed:
        message, kind = f"languages: {problems[0]}", problems[0].kind
        failure = AssetFailure(
            message=message, kind=kind, summed=True, billed_usd=bill.billed_usd, lost_usd=bill.doubt_usd
        )
        raise ApplicationError(message, failure, type=PLAN_INVALID, non_retryable=True)
    remedy = "then add it with the edit `languages`"
    missing = [f"languages: not in this plan: {problem}; {remedy}" for problem in problems]
    warnings = tuple(dict.fromkeys((*plan.warnings, *adding.notes, *missing)))
    return LanguagesAdded(plan=plan.model_copy(update={"warnings": warnings}), **bill.model_dump())


def _check_all_spoken(request: AddLanguages, providers: Mapping[str, Provider], today: date) -> None:
    """Nothing is translated while another of the languages has no voice.

    Raises:
        _NotAdded: no voice speaks one of the languages.
    """
    try:
        check_spoken(request.languages, providers, request.brief, today)
    except ApplicationError as error:
        raise _NotAdded(error.message.removeprefix("languages: ")) from None


def _number_of(request: AddLanguages) -> int:
    return TRANSLATIONS + request.number * NUMBERS_OF_TRANSLATIONS


@dataclass
class _Adding:
    """Adds one language after the other; what was spent so far counts against the same limit."""

    request: AddLanguages
    providers: Mapping[str, Provider]
    settings: ActivitySettings
    questions: PaidQuestions
    today: date
    spent_usd: Decimal = ZERO
    notes: list[str] = field(default_factory=list)

    async def with_language(self, plan: Plan, language: str, first_step: int) -> Plan:
        """
        Raises:
            _NotAdded: it cannot be added.
            ApplicationError: the activity has to be retried.
        """
        request = self.request
        unspoken = languages.untranslated(plan, language, request.left_out)
        try:
            spoken = spoken_in(language, unspoken, self.providers, request.brief, self.today)
        except ApplicationError as error:
            raise _NotAdded(error.message.removeprefix("languages: ")) from None
        texts = languages.to_translate(plan, language, request.left_out)
        _check_room(plan, language, unspoken)
        given = request.brief.translations.get(language, {}) | request.translations.get(language, {})
        words = known_translations(texts, given)
        missing = [text for text in texts if text not in words]
        if missing:
            words |= await self._translated(language, missing, self._limits(spoken), first_step)
        return languages.with_language(plan, language, words, spoken)

    def _limits(self, spoken: Sequence[Asset]) -> dict[str, int]:
        """Text -> the longest prompt of its voice."""
        found = {}
        for asset in spoken:
            provider = self.providers.get(asset.provider)
            offer = find_offer(provider, asset.model, Modality.AUDIO) if provider else None
            if offer and offer.max_prompt:
                found[asset.prompt] = offer.max_prompt
        return found

    async def _translated(
        self, language: str, texts: Sequence[str], limits: Mapping[str, int], first_step: int
    ) -> dict[str, str]:
        models = models_for(self.settings, self.providers, self.today, "translator")
        if not models:
            example = f"{texts[0][:60]}…" if len(texts[0]) > 60 else texts[0]
            raise _NotAdded(f"{language}: {_NO_MODEL}: {len(texts)} are missing, such as “{example}”")
        words: dict[str, str] = {}
        for number, part in enumerate(parts_of(texts)):
            question = Translation(self.request.brief, language, part, limits)
            words |= await self._answer(question, models, first_step + number * STEPS_A_PART)
            self.notes += question.notes
        return words

    async def _answer(self, question: Translation, models: Sequence[Offer], first_step: int) -> dict[str, str]:
        async def ask(
            offer: Offer, step: int, instructions: str, prompt: str, schema: Mapping[str, JsonValue]
        ) -> Answer:
            return await self.questions(offer, first_step + step, instructions, prompt, schema)

        inquiry = Inquiry(
            "translation",
            ask,
            Limit.of(self.settings, self.request.brief, self.request.spent_usd),
            TOKENS,
            question.instructions(),
            question.prompt(),
            SCHEMA,
            question.read,
            spent_usd=self.spent_usd,
        )
        try:
            translated = await inquiry.answer(models)
        except Unanswered as error:
            self.questions.raise_retryable()
            kind = BUDGET_SHORT if error.unsent else ""
            message = f"{question.language}: no language model gave a translation: {error}"
            raise _NotAdded(message, kind) from None
        finally:
            self.spent_usd = inquiry.spent_usd
        if inquiry.reused:
            self.notes.append(f"{question.language}: {inquiry.reused.statement}")
        return translated


def _check_room(plan: Plan, language: str, unspoken: Sequence[Asset]) -> None:
    """
    Raises:
        _NotAdded: the plan would have too many assets, or be too large.
    """
    count = len(plan.assets) + len(unspoken)
    size = len(plan.model_dump_json(exclude_defaults=True).encode())
    size += sum(_ASSET_BYTES + len(a.prompt.encode()) for a in unspoken)
    if count > MAX_ASSETS or size > MAX_PLAN_BYTES:
        raise _NotAdded(
            f"{language}: the plan would have {count} assets and about {size:,} bytes, and the most are {MAX_ASSETS} "
            f"and {MAX_PLAN_BYTES:,}; choose fewer languages, or divide the film"
        )
