"""Feedback on one line of speech: how it is said changes only its delivery, and what is said only its words.

Rules decide where they can, and a language model where they cannot. Without a model, the delivery is changed by rule.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, JsonValue, StringConstraints, TypeAdapter, ValidationError

from activities.catalogue.offers import Offer
from activities.planning.delivery.rule import split_direction
from activities.planning.questions.inquiry import Refused
from activities.text.delivery.reading import About, clauses, is_about_delivery, is_about_words, merged
from activities.text.model_text import read_as
from workflows.models import MAX_DELIVERY_CHARS, Asset, PromptText
from workflows.prompts.uses import PromptName

_PROMPT: Final[dict[str, JsonValue]] = {"type": "string", "description": "Exactly the words that are spoken"}
_DELIVERY: Final[dict[str, JsonValue]] = {
    "type": "string",
    "description": "How they are said: style, emotion, pace, in a few words. It is never spoken",
}
_CHANGES: Final[dict[str, JsonValue]] = {
    "type": "string",
    "enum": ["delivery", "words", "both"],
    "description": "What the feedback is about",
}
_RULES: Final = (
    "The line is spoken. Its words are in `prompt`, and how they are said is in `delivery`. Feedback about how the "
    "line is said (emotion, pace, volume, tone, accent) changes `delivery` alone: then `prompt` is repeated letter by "
    "letter. Feedback about the words changes `prompt` alone. Never write a direction into the words. Into `delivery` "
    "goes: "
)
_WORDS: Final[TypeAdapter[str]] = TypeAdapter(PromptText)


def rules(texts: Mapping[PromptName, str]) -> str:
    """What feedback on a line may change, and how its delivery is written."""
    return f"{_RULES}{texts['delivery']}"


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    changes: Literal["delivery", "words", "both"] | None = None
    prompt: str = ""
    delivery: Annotated[str, StringConstraints(strip_whitespace=True)] | None = None


class SpokenFeedback:
    """The feedback on one line: what it may change, and what a model is asked for it."""

    def __init__(self, asset: Asset, feedback: str) -> None:
        self.asset = asset
        self.feedback = feedback
        self.keeps_words = is_about_delivery(feedback)
        self._keeps_delivery = is_about_words(feedback)

    @property
    def by_rule(self) -> str:
        """The delivery with what the feedback says of it."""
        return merged(self.asset.delivery, self.feedback)

    @property
    def without_model(self) -> str:
        """Why no rule can follow the feedback, with the remedy."""
        open_ = next((each.text for each in clauses(self.feedback) if each.about is not About.DELIVERY), self.feedback)
        return (
            f"feedback: “{open_[:80]}” is not only about how the line is said, and without a language model to read it "
            "it would be spoken too; give the new words as `prompt`, and how they are said as `delivery`"
        )

    def schema(self) -> Mapping[str, JsonValue]:
        """The schema of an answer: only of what may change."""
        fields: dict[str, JsonValue] = {"changes": _CHANGES, "prompt": _PROMPT, "delivery": _DELIVERY}
        if self.keeps_words:
            fields = {"delivery": _DELIVERY}
        elif self._keeps_delivery:
            fields = {"prompt": _PROMPT}
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

    def read(self, answer: str, maker: Offer | None) -> tuple[str, str | None]:
        """The words and the delivery that an answer proposes; None for a delivery that stays as it is.

        Raises:
            Refused: it is unreadable, too long, or changes nothing.
        """
        try:
            given = read_as(_Answer, answer)
        except ValidationError as error:
            if self.keeps_words:
                return self.asset.prompt, self.by_rule
            raise Refused([f"{e['loc'][0] if e['loc'] else 'answer'}: {e['msg']}" for e in error.errors()]) from None
        except ValueError as error:
            if self.keeps_words:
                return self.asset.prompt, self.by_rule
            raise Refused([f"answer: {error}"]) from None
        words, delivery = self._words(given, maker), self._delivery(given)
        if words == self.asset.prompt and delivery is None:
            raise Refused(["prompt: it is the same as before; change what was asked for"])
        return words, delivery

    def _words(self, given: _Answer, maker: Offer | None) -> str:
        if self.keeps_words or given.changes == "delivery" or (not given.changes and not given.prompt.strip()):
            return self.asset.prompt
        try:
            words = _WORDS.validate_python(split_direction(given.prompt.strip())[0])
        except ValidationError as error:
            raise Refused([f"prompt: {e['msg']}" for e in error.errors()]) from None
        if maker and not maker.fits(words):
            raise Refused([f"prompt: {maker.model} takes at most {maker.max_prompt} characters; shorten it"])
        if given.changes and words == self.asset.prompt:
            raise Refused(["prompt: it is the same as before; change what was asked for"])
        return words

    def _delivery(self, given: _Answer) -> str | None:
        if self._keeps_delivery or (given.changes == "words" and not self.keeps_words):
            return None
        written = " ".join((given.delivery or "").split())[:MAX_DELIVERY_CHARS]
        if not written or written == self.asset.delivery:
            written = self.by_rule
        return written if written != self.asset.delivery else None
