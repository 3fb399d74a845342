"""One question to language models in their order, until an answer will do, within a limit of money.

Each model gets one try and two repairs. Whether an answer will do is decided by `read`, not by the model. Every call
goes through `ask` under its step number: the same question with the same earlier answers makes the same calls, byte
for byte, so that an activity that runs again pays for nothing twice.
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
from workflows.models import ZERO, Asset, Brief, Media, Modality

REPAIRS: Final = 2
STEPS_A_MODEL: Final = 10
"""Each model numbers its questions in a range of its own: whichever are skipped on a retry, the others keep theirs."""
THINKING_TOKENS: Final = 12_000
"""Models that always think spend these before the first word of the answer."""
MAX_REASON_CHARS: Final = 400
"""Of each model's failure, so that all of them fit into one message."""
MAX_SHOWN_BYTES: Final = 20_000_000
"""Of all pictures of a question: 27 MB in base64, and Anthropic takes 32 MB in all."""
MAX_PROBLEMS: Final = 12
"""Given back at once; more than that is another answer, not a repair."""

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a model said, and what the call cost, USD."""

    text: str
    billed_usd: Decimal


class Unanswered(Exception):
    """This model cannot answer, or none could.

    Attributes:
        billed_usd: What was charged all the same.
        unasked: Nothing was sent, because a limit left no room for it.
    """

    def __init__(self, message: str, billed_usd: Decimal = ZERO, *, unasked: bool = False) -> None:
        super().__init__(message)
        self.billed_usd = billed_usd
        self.unasked = unasked


class Refused(ValueError):
    """An answer that will not do; `problems` are told to the model that gave it."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems[:MAX_PROBLEMS])
        super().__init__("; ".join(self.problems))


Ask = Callable[[Offer, int, str, str, Mapping[str, JsonValue]], Awaitable[Answer]]
"""(offer, step from 1, instructions, prompt, schema) -> Answer. Makes one paid call, or raises Unanswered."""


def name_of(offer: Offer) -> str:
    return f"{offer.provider}/{offer.model}"


def call_of(offer: Offer, tokens: int, prompt: str) -> Asset:
    """A call as an asset that can be quoted and made; its prompt may be longer than those of a plan.

    Args:
        tokens: What the answer may take, thoughts included, where the model allows so many.
    """
    rule = offer.rules.get("max_tokens")
    most = min(tokens, int(rule.max)) if rule and rule.max is not None else tokens
    asset = Asset(
        asset_id="planner",
        asset_type=Modality.TEXT,
        role="plan",
        prompt="plan",
        provider=offer.provider,
        model=offer.model,
        parameters={"max_tokens": most},
    )
    return asset.model_copy(update={"prompt": prompt})


def seen_by(offer: Offer, pictures: Sequence[Media]) -> Sequence[Media]:
    """The first of the pictures, as many as fit into one question; none for a model that does not see."""
    if not offer.input_image:
        return ()
    sizes = accumulate(p.bytes for p in pictures)
    return [p for p, size in zip(pictures, sizes, strict=True) if size <= MAX_SHOWN_BYTES]


@dataclass(frozen=True)
class Limit:
    """The most that one question may cost, all tries together, the setting that says so, and what raises that."""

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
    """A question, and how far it has come.

    Attributes:
        what: The word for what is asked for.
        tokens: What an answer may take, thoughts included.
        read: What an answer of a model means, given what was spent so far; raises Refused.
        shown: Pictures that go with the question to models that see.
    """

    what: str
    ask: Ask
    limit: Limit
    tokens: int
    instructions: str
    prompt: str
    schema: Mapping[str, JsonValue]
    read: Callable[[str, Offer, Decimal], T]
    shown: Sequence[Media] = ()
    spent: Decimal = ZERO
    failures: list[str] = field(default_factory=list)

    async def answer(self, models: Sequence[Offer]) -> T:
        """What the first model means that gives an answer that will do.

        Raises:
            Unanswered: none did; says why for each, and what all of it cost. Where nothing was sent for want of money,
                it says so once, for the last model.
        """
        unasked: list[str] = []
        for number, offer in enumerate(models):
            try:
                return await self._try(offer, number * STEPS_A_MODEL)
            except Unanswered as error:
                why = str(error)
                unasked += [f"{name_of(offer)}: {why}"] if error.unasked and not error.billed_usd else []
                short = why if len(why) <= MAX_REASON_CHARS else why[: MAX_REASON_CHARS - 1] + "…"
                self.failures.append(f"{name_of(offer)}: {short}")
        if unasked and len(unasked) == len(models):
            raise Unanswered(unasked[-1], self.spent, unasked=True)
        raise Unanswered("; ".join(self.failures), self.spent)

    async def _try(self, offer: Offer, step: int) -> T:
        """One model: a try and its repairs, numbered after `step`."""
        prompt, refused = self.prompt, ""
        for tries in range(1 + REPAIRS):
            if too_expensive := self._too_expensive(offer, prompt):
                raise Unanswered(f"{refused}; then {too_expensive}" if refused else too_expensive, unasked=not refused)
            step += 1
            try:
                answer = await self.ask(offer, step, self.instructions, prompt, self.schema)
            except Unanswered as error:
                self.spent += cents_up(error.billed_usd)
                raise
            self.spent += cents_up(answer.billed_usd)
            try:
                return self.read(answer.text, offer, self.spent)
            except Refused as error:
                refused = f"refused {tries + 1} times, at last: {error}"
                prompt = self._repair(answer.text, error.problems)
        raise Unanswered(refused)

    def _repair(self, answer: str, problems: Sequence[str]) -> str:
        """The first prompt again, with the answer to it and what is wrong with that."""
        said = "\n".join(f"- {p}" for p in problems)
        return (
            f"{self.prompt}\n\nYour answer to this was:\n\n{answer}\n\nIt was refused:\n{said}\n\n"
            f"Answer again with the whole {self.what}, all of this fixed."
        )

    def _too_expensive(self, offer: Offer, prompt: str) -> str:
        """Why this call is not made, with the remedy; empty where the money for it is there."""
        beside = len(self.instructions.encode()) + len(str(self.schema).encode())
        seen = list(pricing.shown(seen_by(offer, self.shown)).values())
        high = pricing.quote(offer, call_of(offer, self.tokens, prompt), seen, beside).high_usd
        if self.spent + high <= self.limit.usd:
            return ""
        left = max(self.limit.usd - self.spent, ZERO)
        limit = f"{self.limit.name}; {self.limit.remedy}"
        return f"not asked: up to {high:f} USD does not fit the {left:f} USD left of {limit}"
