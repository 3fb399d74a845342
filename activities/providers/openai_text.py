"""Text, structured text and vision by chat completions, which every OpenAI-compatible server has."""

import re
from typing import TYPE_CHECKING, Any, Final

from activities.errors import ContentRefused, OutputUnusable
from activities.providers.base import TEXT_MAX_TOKENS, Finished, Offer, Request, Unit
from activities.providers.openai_images import data_uri
from activities.providers.openai_wire import VENDOR, asking, chosen
from activities.providers.wire import billed
from workflows.models import Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NAME: Final = re.compile(r"[^a-zA-Z0-9_-]+")
"""What a schema's name may not have (types/shared_params/response_format_json_schema.py, SDK 3.51)."""


async def write(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Write what the prompt asks for, by the schema where there is one.

    Raises:
        ContentRefused: the model, or the vendor's filter, says no. Billed.
        OutputUnusable: it is empty, or did not come to an end within `max_tokens`. Billed.
        ProviderError: as it went.
    """
    most = int(request.number("max_tokens", TEXT_MAX_TOKENS))
    asked: dict[str, Any] = {
        "model": offer.model,
        "messages": await _messages(request, offer),
        "max_completion_tokens": most,
    }
    if effort := chosen(request, offer, "effort"):
        asked["reasoning_effort"] = effort
    if request.schema is not None:
        name = NAME.sub("_", str(request.schema.get("title") or "answer"))[:64]
        asked["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": name, "schema": request.schema, "strict": True},
        }
    with asking(submitting=True):
        answer = await client.chat.completions.create(**asked)
        choice, usage = answer.choices[0], _usage(answer.usage)
        text, refusal = choice.message.content or "", choice.message.refusal
    cost = billed(request, offer, usage)
    if refusal:
        raise ContentRefused(f"{VENDOR}: the model refused: {refusal}", refused="prompt", billed_usd=cost)
    if choice.finish_reason == "content_filter":
        raise ContentRefused(f"{VENDOR}: the filter stopped the answer", refused="output", billed_usd=cost)
    if choice.finish_reason == "length":
        raise OutputUnusable(
            f"{VENDOR}: the answer was cut off at {most} tokens; raise parameters.max_tokens", billed_usd=cost
        )
    if not text.strip():
        raise OutputUnusable(f"{VENDOR}: the answer is empty", billed_usd=cost)
    media_type = "text/markdown" if request.schema is None else "application/json"
    return Finished(text.encode(), media_type, usage=usage)


async def _messages(request: Request, offer: Offer) -> list[dict[str, Any]]:
    pictures = request.inputs_of(Modality.IMAGE) if Modality.IMAGE in offer.accepts else []
    shown = [{"type": "image_url", "image_url": {"url": await data_uri(i)}} for i in pictures]
    # Plain words where no picture is shown: small servers know no lists.
    content = [{"type": "text", "text": request.asset.prompt}, *shown] if shown else request.asset.prompt
    system = [{"role": "system", "content": request.instructions}] if request.instructions else []
    return [*system, {"role": "user", "content": content}]


def _usage(counted: Any) -> dict[Unit, int]:
    return {"input_tokens": counted.prompt_tokens, "output_tokens": counted.completion_tokens} if counted else {}
