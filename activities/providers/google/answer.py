"""What an answer of `models.generate_content` holds: what was made, what was refused, and what it used.

Refusals come with HTTP 200: `promptFeedback.blockReason` for what was sent, `finishReason` for what was made.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from activities.catalogue.offers import Offer, Unit
from activities.catalogue.pricing import cost_of
from activities.errors import ContentRefused, OutputUnusable, SubmissionUnknown
from activities.providers.google.errors import VENDOR, one_line
from activities.providers.http_failures import billed
from activities.providers.protocol import Finished, Request

if TYPE_CHECKING:
    from google.genai import types

_REFUSED: Final = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "MODEL_ARMOR",
    }
)
"""Kinds of `finishReason` that are about content; with any other one there is no refusal, only no output."""


def made(answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> tuple[list["types.Part"], str]:
    """What the model made, without its thoughts, and why it stopped.

    Raises:
        ContentRefused: the prompt, an input or what was made is against a policy of Google's.
        OutputUnusable: the model made nothing at all.
        SubmissionUnknown: it is no answer of a model, as an error in an answer of 200.
    """
    blocked = answer.prompt_feedback
    if blocked and blocked.block_reason:
        category = blocked.block_reason.value
        raise ContentRefused(
            f"{VENDOR} refused the prompt: {category} {one_line(blocked.block_reason_message)}".rstrip()
            + "; change the prompt or its inputs",
            refused="input" if category == "IMAGE_SAFETY" and request.inputs else "prompt",
            category=category,
            billed_usd=_counted(answer, request, offer),
        )
    if not answer.candidates and answer.usage_metadata is None:
        raise SubmissionUnknown(f"{VENDOR} answered with something that is no answer of a model")
    if not answer.candidates:
        raise unusable("no candidate", answer, request, offer)
    candidate = answer.candidates[0]
    reason = candidate.finish_reason.value if candidate.finish_reason else ""
    if reason in _REFUSED:
        rated = (r.category.value for r in candidate.safety_ratings or () if r.blocked and r.category)
        raise ContentRefused(
            f"{VENDOR} refused what its model made: {reason} {one_line(candidate.finish_message)}".rstrip()
            + "; change the prompt",
            refused="output",
            category=next(rated, reason),
            billed_usd=_counted(answer, request, offer),
        )
    parts = (candidate.content.parts if candidate.content else None) or []
    return [p for p in parts if not p.thought], reason


def blob(answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> tuple[bytes, str]:
    parts, reason = made(answer, request, offer)
    for part in parts:
        if part.inline_data and part.inline_data.data:
            return part.inline_data.data, part.inline_data.mime_type or ""
    said = one_line(" ".join(p.text for p in parts if p.text))[:200]
    raise unusable(f"no {offer.modality.value} ({reason}) {said}", answer, request, offer)


def unusable(what: str, answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> OutputUnusable:
    cost = billed(request, offer, usage_of(answer))
    return OutputUnusable(f"{VENDOR}'s {offer.model} made {what}".rstrip(), billed_usd=cost)


def _counted(answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> Decimal:
    """USD of a refusal: of what was counted, and no picture was made of what was refused."""
    usage: dict[Unit, int] = {"output_image_tokens": 0, **usage_of(answer)}
    return cost_of(offer, request.asset, Finished(b"", "", usage=usage))[0] if len(usage) > 1 else Decimal(0)


def usage_of(answer: "types.GenerateContentResponse") -> dict[Unit, int]:
    """Tokens; thoughts are output, and are not among the candidates' (recorded: the total is the sum)."""
    counted = answer.usage_metadata
    if counted is None:
        return {}
    by_kind = {d.modality.value: d.token_count or 0 for d in counted.candidates_tokens_details or () if d.modality}
    pictures = by_kind.get("IMAGE", 0)
    output = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0) - pictures
    usage: dict[Unit, int] = {"input_tokens": counted.prompt_token_count or 0, "output_tokens": output}
    return usage | ({"output_image_tokens": pictures} if pictures else {})
