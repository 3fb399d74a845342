"""Text, structured text and vision by chat completions, which every OpenAI-compatible server has."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer, Unit
from activities.errors import ContentRefused, InvalidRequest, OutputUnusable, SubmissionUnknown
from activities.providers.data_uri import uri_of
from activities.providers.http_failures import billed, hearing
from activities.providers.openai.errors import VENDOR, asking, chosen, refuse_error
from activities.providers.openai.images import shown_inside
from activities.providers.protocol import Finished, Request
from workflows.models import Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

NAME: Final = re.compile(r"[^a-zA-Z0-9_-]+")
"""What a schema's name may not have (types/shared_params/response_format_json_schema.py, SDK 3.51)."""


@dataclass
class _Answer:
    """What was answered; an answer that came in pieces is put together."""

    text: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    usage: Any = None


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
    answer = await _answered(client, asked, request.on_text)
    usage = _usage(answer.usage)
    cost = billed(request, offer, usage)
    if answer.refusal:
        raise ContentRefused(f"{VENDOR}: the model refused: {answer.refusal}", refused="prompt", billed_usd=cost)
    if answer.finish_reason == "content_filter":
        raise ContentRefused(f"{VENDOR}: the filter stopped the answer", refused="output", billed_usd=cost)
    if answer.finish_reason == "length":
        raise OutputUnusable(
            f"{VENDOR}: the answer was cut off at {most} tokens; raise parameters.max_tokens", billed_usd=cost
        )
    if not answer.text.strip():
        raise OutputUnusable(f"{VENDOR}: the answer is empty", billed_usd=cost)
    media_type = "text/markdown" if request.schema is None else "application/json"
    return Finished(answer.text.encode(), media_type, usage=usage)


async def _answered(client: "AsyncOpenAI", asked: dict[str, Any], on_text: Callable[[str], None] | None) -> _Answer:
    if on_text:
        try:
            with asking(submitting=True):
                return await _heard(client, asked, on_text)
        except InvalidRequest as error:
            # A compatible server that cannot stream, or not count then, says so before it does anything.
            if "stream" not in str(error):
                raise
    with asking(submitting=True):
        return _read(await client.chat.completions.create(**asked))


def _read(answer: "ChatCompletion") -> _Answer:
    choice = answer.choices[0]
    refuse_error(choice)
    return _Answer(_words(choice.message.content), choice.message.refusal or "", choice.finish_reason, answer.usage)


async def _heard(client: "AsyncOpenAI", asked: dict[str, Any], on_text: Callable[[str], None]) -> _Answer:
    """The answer in pieces, each told when it comes.

    Compatible servers leave out what OpenAI sends: choices, deltas, usage.

    Raises:
        SubmissionUnknown: the connection ended before the answer did.
    """
    from openai.types.chat import ChatCompletion

    answer, create = _Answer(), client.chat.completions.with_streaming_response.create
    with hearing(VENDOR, on_text) as hear:
        async with create(**asked, stream=True, stream_options={"include_usage": True}) as response:
            if "json" in response.headers.get("content-type", ""):  # the server knows no streams
                return _read(ChatCompletion.construct(**json.loads(await response.read())))
            try:
                async for piece in await response.parse():
                    answer.usage = piece.usage or answer.usage  # comes last, and without a choice
                    for choice in piece.choices or ():
                        if not answer.text:  # else the vendor was at work, and what became of it is not known
                            refuse_error(choice)
                        answer.finish_reason = choice.finish_reason or answer.finish_reason
                        if choice.delta:
                            answer.refusal += choice.delta.refusal or ""
                            words = _words(choice.delta.content)
                            answer.text += words
                            hear(words)
            except Exception:
                if answer.finish_reason is None:
                    raise
    if answer.finish_reason is None:
        raise SubmissionUnknown(f"{VENDOR}: the answer broke off")
    return answer


def _words(content: Any) -> str:
    """What is said; some servers give it in parts, with thoughts among them."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(text for text in texts if isinstance(text, str))
    return content or ""


async def _messages(request: Request, offer: Offer) -> list[dict[str, Any]]:
    pictures = request.inputs_of(Modality.IMAGE) if Modality.IMAGE in offer.accepts else []
    shown = [{"type": "image_url", "image_url": {"url": uri_of(await shown_inside(i))}} for i in pictures]
    # Plain words where no picture is shown: small servers know no lists.
    content = [{"type": "text", "text": request.asset.prompt}, *shown] if shown else request.asset.prompt
    system = [{"role": "system", "content": request.instructions}] if request.instructions else []
    return [*system, {"role": "user", "content": content}]


def _usage(counted: Any) -> dict[Unit, int]:
    return {"input_tokens": counted.prompt_tokens, "output_tokens": counted.completion_tokens} if counted else {}
