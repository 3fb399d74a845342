"""One question to language models, in turn, until one of them gives a valid answer, within a limit of money.

Each model gets one attempt and two repairs. The callback `read` decides whether an answer is valid. Every call goes
through `ask` under its step number: the same question with the same earlier answers makes the same calls, byte for
byte, so that an activity that is retried pays for no answer twice.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from typing import Final, Generic, TypeVar

from pydantic import JsonValue

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.errors import cents_up
from activities.settings import ActivitySettings
from workflows.brief import Brief
from workflows.models import ZERO, Asset, Media, Modality
from workflows.reuse.reused import Reused

REPAIRS: Final = 2
STEPS_A_MODEL: Final = 10
"""The range of step numbers of one model: where a retry skips a model, the numbers of the others stay the same."""
THINKING_TOKENS: Final = 12_000
"""The tokens that a model which always thinks uses before its answer begins."""
MAX_REASONS_CHARS: Final = 1_000
"""The length of the reasons of all models in one message."""
MAX_SHOWN_BYTES: Final = 20_000_000
"""The size of all pictures and recordings of a question: 27 MB in base64, and Anthropic accepts 32 MB in all."""
MAX_PROBLEMS: Final = 12
"""In one repair prompt; an answer with more problems has to be written anew rather than repaired."""

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """The text of a model's answer, and the cost of the call in USD.

    Attributes:
        reused: The answer of another production that it is, which cost nothing.
        keep: Offers it to other productions; called for a valid answer.
    """

    text: str
    billed_usd: Decimal
    reused: Reused | None = None
    keep: Callable[[], Awaitable[None]] | None = None


class Unanswered(Exception):
    """One model cannot answer, or no model gave a valid answer.

    Attributes:
        billed_usd: The cost of the calls that were made.
        unsent: No question was sent, because it did not fit a limit.
        lost: The answer to a question was lost, such as by a killed worker: it counts as billed.
    """

    def __init__(self, message: str, billed_usd: Decimal = ZERO, *, unsent: bool = False, lost: bool = False) -> None:
        super().__init__(message)
        self.billed_usd = billed_usd
        self.unsent = unsent
        self.lost = lost


class Refused(ValueError):
    """An invalid answer; the repair prompt to its model lists the `problems`."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems[:MAX_PROBLEMS])
        super().__init__("; ".join(self.problems))


Ask = Callable[[Offer, int, str, str, Mapping[str, JsonValue]], Awaitable[Answer]]
"""(offer, step from 1, instructions, prompt, schema) -> Answer. Makes one paid call, or raises Unanswered."""


def joined(reasons: Sequence[str], chars: int = MAX_REASONS_CHARS) -> str:
    """The reasons in one message of about so many characters: short ones are whole, and long ones share the rest."""
    limit, left = chars, chars
    for count, length in enumerate(sorted(map(len, reasons))):
        limit = left // (len(reasons) - count)
        if length > limit:
            break
        left -= length
    return "; ".join(r if len(r) <= limit else f"{r[: limit - 1]}…" for r in reasons)


def name_of(offer: Offer) -> str:
    return f"{offer.provider}/{offer.model}"


def call_of(offer: Offer, tokens: int, prompt: str) -> Asset:
    """A call as an asset that can be quoted and made; its prompt may be longer than those of a plan.

    Args:
        tokens: The limit of the answer, thoughts included; the model's own limit applies where it is lower.
    """
    rule = offer.rules.get("max_tokens")
    limit = min(tokens, int(rule.max)) if rule and rule.max is not None else tokens
    asset = Asset(
        asset_id="planner",
        asset_type=Modality.TEXT,
        role="plan",
        prompt="plan",
        provider=offer.provider,
        model=offer.model,
        parameters={"max_tokens": limit},
    )
    return asset.model_copy(update={"prompt": prompt})


def visible_media(offer: Offer, shown: Sequence[Media]) -> Sequence[Media]:
    """Those that the model takes, in their order, as many as fit into one question."""
    able = [m for m in shown if _takes(offer, m)]
    sizes = accumulate(m.bytes for m in able)
    return [m for m, size in zip(able, sizes, strict=True) if size <= MAX_SHOWN_BYTES]


def _takes(offer: Offer, media: Media) -> bool:
    if media.modality is Modality.IMAGE:
        return bool(offer.input_image)
    return media.modality in (Modality.AUDIO, Modality.VIDEO) and media.modality in offer.accepts


@dataclass(frozen=True)
class Limit:
    """The most that one question may cost with all attempts, the setting that limits it, and the remedy."""

    usd: Decimal
    name: str
    remedy: str

    @classmethod
    def of(cls, settings: ActivitySettings, brief: Brief, spent_usd: Decimal) -> "Limit":
        """GREENLIGHT_PLANNING_USD, or what is left of the brief's budget where that is less."""
        left = None if brief.budget_usd is None else max(brief.budget_usd - spent_usd, ZERO)
        if left is not None and left < settings.planning_usd:
            return cls(left, f"brief.budget_usd ({brief.budget_usd:f} USD)", "raise the brief's budget_usd")
        name = "GREENLIGHT_PLANNING_USD"
        return cls(settings.planning_usd, f"{name} ({settings.planning_usd:f} USD)", f"raise {name}")


@dataclass
class Inquiry(Generic[T]):
    """A question, and its progress.

    Attributes:
        result: The name of the result in repair prompts, e.g. "plan".
        tokens: The limit of an answer, thoughts included.
        read: Turns the answer of a model, given what was spent so far, into the result; raises Refused.
        shown: Pictures and recordings that go with the question to models that take them.
        once: No other model is asked after a lost answer, which counts as billed.
        reused: The answer of another production that the result was read from.
    """

    result: str
    ask: Ask
    limit: Limit
    tokens: int
    instructions: str
    prompt: str
    schema: Mapping[str, JsonValue]
    read: Callable[[str, Offer, Decimal], T]
    shown: Sequence[Media] = ()
    once: bool = False
    spent_usd: Decimal = ZERO
    failures: list[str] = field(default_factory=list)
    reused: Reused | None = None

    async def answer(self, models: Sequence[Offer]) -> T:
        """The result of the first model that gives a valid answer.

        Raises:
            Unanswered: no model did. It has the reason of each, and the cost of all calls. Where no question was sent
                because of a limit, the message has this reason once, for the last model.
        """
        unsent: list[str] = []
        for number, offer in enumerate(models):
            try:
                return await self._ask_model(offer, number * STEPS_A_MODEL)
            except Unanswered as error:
                why = f"{name_of(offer)}: {error}"
                unsent += [why] if error.unsent and not error.billed_usd else []
                self.failures.append(why)
                if error.lost and self.once:
                    raise Unanswered(joined(self.failures), self.spent_usd, lost=True) from None
        if unsent and len(unsent) == len(models):
            raise Unanswered(unsent[-1], self.spent_usd, unsent=True)
        raise Unanswered(joined(self.failures), self.spent_usd)

    async def _ask_model(self, offer: Offer, step: int) -> T:
        """Ask one model, with its repairs; their steps are numbered after `step`."""
        prompt, refused = self.prompt, ""
        for tries in range(1 + REPAIRS):
            if too_expensive := self._too_expensive(offer, prompt):
                raise Unanswered(f"{refused}; then {too_expensive}" if refused else too_expensive, unsent=not refused)
            step += 1
            try:
                answer = await self.ask(offer, step, self.instructions, prompt, self.schema)
            except Unanswered as error:
                self.spent_usd += cents_up(error.billed_usd)
                raise
            self.spent_usd += cents_up(answer.billed_usd)
            try:
                found = self.read(answer.text, offer, self.spent_usd)
            except Refused as error:
                refused = f"refused {tries + 1} times, at last: {error}"
                prompt = self._repair_prompt(answer.text, error.problems)
                continue
            if answer.keep:
                await answer.keep()
            self.reused = answer.reused
            return found
        raise Unanswered(refused)

    def _repair_prompt(self, answer: str, problems: Sequence[str]) -> str:
        """The first prompt again, with the model's answer to it and its problems."""
        listed = "\n".join(f"- {p}" for p in problems)
        return (
            f"{self.prompt}\n\nYour answer to this was:\n\n{answer}\n\nIt was refused:\n{listed}\n\n"
            f"Answer again with the whole {self.result}, all of this fixed."
        )

    def _too_expensive(self, offer: Offer, prompt: str) -> str:
        """Why this call is not made, with the remedy; empty where it fits the limit."""
        extra_bytes = len(self.instructions.encode()) + len(str(self.schema).encode())
        inputs = list(pricing.reference_assets(visible_media(offer, self.shown)).values())
        high = pricing.quote(offer, call_of(offer, self.tokens, prompt), inputs, extra_bytes).high_usd
        if self.spent_usd + high <= self.limit.usd:
            return ""
        left = max(self.limit.usd - self.spent_usd, ZERO)
        limit = f"{self.limit.name}; {self.limit.remedy}"
        return f"not asked: up to {high:f} USD does not fit the {left:f} USD left of {limit}"
