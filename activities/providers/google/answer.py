"""Reads a response of `models.generate_content`: the media, refusals and usage.

Refusals have HTTP 200: `promptFeedback.blockReason` for the input, `finishReason` for the output.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from activities.catalogue.offers import Offer, Unit
from activities.catalogue.pricing import cost_of
from activities.errors import ContentRefused, OutputUnusable, SubmissionUnknown
from activities.providers.google.errors import VENDOR, one_line
from activities.providers.http_failures import cost_of_response
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
"""Values of `finishReason` that refuse content; any other one means that there is no output, not a refusal."""


def read_parts(
    answer: "types.GenerateContentResponse", request: Request, offer: Offer
) -> tuple[list["types.Part"], str]:
    """The parts that the model made, without its thoughts, and its `finishReason`.

    Raises:
        ContentRefused: the prompt, an input or the output violates a policy of Google's.
        OutputUnusable: the model made nothing.
        SubmissionUnknown: it is not a model's response, e.g. an error with HTTP 200.
    """
    blocked = answer.prompt_feedback
    if blocked and blocked.block_reason:
        category = blocked.block_reason.value
        raise ContentRefused(
            f"{VENDOR} refused the prompt: {category} {one_line(blocked.block_reason_message)}".rstrip()
            + "; change the prompt or its inputs",
            refused="input" if category == "IMAGE_SAFETY" and request.inputs else "prompt",
            category=category,
            billed_usd=_refusal_cost(answer, request, offer),
        )
    if not answer.candidates and answer.usage_metadata is None:
        raise SubmissionUnknown(f"{VENDOR} returned something other than a model's response")
    if not answer.candidates:
        raise unusable("no candidate", answer, request, offer)
    candidate = answer.candidates[0]
    reason = candidate.finish_reason.value if candidate.finish_reason else ""
    if reason in _REFUSED:
        rated = (r.category.value for r in candidate.safety_ratings or () if r.blocked and r.category)
        raise ContentRefused(
            f"{VENDOR} refused the output of its model: {reason} {one_line(candidate.finish_message)}".rstrip()
            + "; change the prompt",
            refused="output",
            category=next(rated, reason),
            billed_usd=_refusal_cost(answer, request, offer),
        )
    parts = (candidate.content.parts if candidate.content else None) or []
    return [p for p in parts if not p.thought], reason


def read_media(answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> tuple[bytes, str]:
    parts, reason = read_parts(answer, request, offer)
    for part in parts:
        if part.inline_data and part.inline_data.data:
            return part.inline_data.data, part.inline_data.mime_type or ""
    text = one_line(" ".join(p.text for p in parts if p.text))[:200]
    raise unusable(f"no {offer.modality.value} ({reason}) {text}", answer, request, offer)


def unusable(what: str, answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> OutputUnusable:
    cost = cost_of_response(request, offer, usage_of(answer))
    return OutputUnusable(f"{VENDOR}'s {offer.model} made {what}".rstrip(), billed_usd=cost)


def _refusal_cost(answer: "types.GenerateContentResponse", request: Request, offer: Offer) -> Decimal:
    """The cost of a refusal, USD, by the usage that was counted. A refused request makes no picture."""
    usage: dict[Unit, int] = {"output_image_tokens": 0, **usage_of(answer)}
    return cost_of(offer, request.asset, Finished(b"", "", usage=usage))[0] if any(usage.values()) else Decimal(0)


def usage_of(answer: "types.GenerateContentResponse") -> dict[Unit, int]:
    """Tokens; thoughts are output in addition to the candidates' tokens (recorded: the total is the sum)."""
    counted = answer.usage_metadata
    if counted is None:
        return {}
    if not counted.candidates_tokens_details and _has_picture(answer):
        return {}  # pictures cost ten times as much as words, and how many of these tokens are theirs is unknown
    by_kind = {d.modality.value: d.token_count or 0 for d in counted.candidates_tokens_details or () if d.modality}
    pictures = by_kind.get("IMAGE", 0)
    output = (counted.candidates_token_count or 0) + (counted.thoughts_token_count or 0) - pictures
    usage: dict[Unit, int] = {"input_tokens": counted.prompt_token_count or 0, "output_tokens": output}
    return usage | ({"output_image_tokens": pictures} if pictures else {})


def _has_picture(answer: "types.GenerateContentResponse") -> bool:
    contents = (c.content for c in answer.candidates or () if c.content)
    return any(part.inline_data for content in contents for part in content.parts or ())
