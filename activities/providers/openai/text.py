"""Text, structured text and vision by chat completions, which every OpenAI-compatible server has."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer, Unit
from activities.errors import ContentRefused, InvalidRequest, OutputUnusable, SubmissionUnknown
from activities.providers.data_uri import uri_of_picture
from activities.providers.http_failures import cost_of_response, forward_text
from activities.providers.openai.errors import VENDOR, parameter_value, raise_choice_error, translated_errors
from activities.providers.openai.images import inline_picture
from activities.providers.protocol import Finished, Request
from workflows.models import Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

NAME: Final = re.compile(r"[^a-zA-Z0-9_-]+")
"""Characters that a schema's name may not contain (types/shared_params/response_format_json_schema.py, SDK 3.51)."""


@dataclass
class _Answer:
    """A complete response, or one that was put together from a stream."""

    text: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    usage: Any = None


async def write(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Write a text for the prompt, by the schema if there is one.

    Raises:
        ContentRefused: the model, or the vendor's filter, refused it. Billed.
        OutputUnusable: it is empty, or was cut off at `max_tokens`. Billed.
        ProviderError: the submission failed.
    """
    most = int(request.number("max_tokens", TEXT_MAX_TOKENS))
    body: dict[str, Any] = {
        "model": offer.model,
        "messages": await _messages(request, offer),
        "max_completion_tokens": most,
    }
    if effort := parameter_value(request, offer, "effort"):
        body["reasoning_effort"] = effort
    if request.schema is not None:
        name = NAME.sub("_", str(request.schema.get("title") or "answer"))[:64]
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": name, "schema": request.schema, "strict": True},
        }
    answer = await _request_answer(client, body, request.on_text)
    usage = _usage(answer.usage)
    cost = cost_of_response(request, offer, usage)
    if answer.refusal:
        raise ContentRefused(f"{VENDOR}: the model refused: {answer.refusal}", refused="prompt", billed_usd=cost)
    if answer.finish_reason == "content_filter":
        raise ContentRefused(f"{VENDOR}: the filter stopped the response", refused="output", billed_usd=cost)
    if answer.finish_reason == "length":
        raise OutputUnusable(
            f"{VENDOR}: the response was cut off at {most} tokens; raise parameters.max_tokens", billed_usd=cost
        )
    if not answer.text.strip():
        raise OutputUnusable(f"{VENDOR}: the response is empty", billed_usd=cost)
    media_type = "text/markdown" if request.schema is None else "application/json"
    return Finished(answer.text.encode(), media_type, usage=usage)


async def _request_answer(
    client: "AsyncOpenAI", body: dict[str, Any], on_text: Callable[[str], None] | None
) -> _Answer:
    if on_text:
        try:
            with translated_errors(submitting=True):
                return await _read_stream(client, body, on_text)
        except InvalidRequest as error:
            # A compatible server that cannot stream, or cannot report usage then, rejects the request before any work.
            if "stream" not in str(error):
                raise
    with translated_errors(submitting=True):
        return _read_response(await client.chat.completions.create(**body))


def _read_response(answer: "ChatCompletion") -> _Answer:
    choice = answer.choices[0]
    raise_choice_error(choice)
    return _Answer(_text_of(choice.message.content), choice.message.refusal or "", choice.finish_reason, answer.usage)


async def _read_stream(client: "AsyncOpenAI", body: dict[str, Any], on_text: Callable[[str], None]) -> _Answer:
    """Stream the response, and forward each piece of text.

    Compatible servers omit fields that OpenAI sends: choices, deltas, usage.

    Raises:
        SubmissionUnknown: the connection ended before the response did.
    """
    from openai.types.chat import ChatCompletion

    answer, create = _Answer(), client.chat.completions.with_streaming_response.create
    with forward_text(VENDOR, on_text) as forward:
        async with create(**body, stream=True, stream_options={"include_usage": True}) as response:
            if "json" in response.headers.get("content-type", ""):  # the server does not stream
                return _read_response(ChatCompletion.construct(**json.loads(await response.read())))
            try:
                async for piece in await response.parse():
                    answer.usage = piece.usage or answer.usage  # the last piece has it, without a choice
                    for choice in piece.choices or ():
                        if not answer.text:  # after the first text the outcome is ambiguous
                            raise_choice_error(choice)
                        answer.finish_reason = choice.finish_reason or answer.finish_reason
                        if choice.delta:
                            answer.refusal += choice.delta.refusal or ""
                            text = _text_of(choice.delta.content)
                            answer.text += text
                            forward(text)
            except Exception:
                if answer.finish_reason is None:
                    raise
    if answer.finish_reason is None:
        raise SubmissionUnknown(f"{VENDOR}: the response broke off")
    return answer


def _text_of(content: Any) -> str:
    """The text of a message; some servers send it in parts, including thoughts."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict) and part.get("type") == "text"]
        return "".join(text for text in texts if isinstance(text, str))
    return content or ""


async def _messages(request: Request, offer: Offer) -> list[dict[str, Any]]:
    pictures = request.inputs_of(Modality.IMAGE) if Modality.IMAGE in offer.accepts else []
    detail = parameter_value(request, offer, "detail")
    more = {"detail": detail} if detail else {}
    shown = [
        {"type": "image_url", "image_url": {"url": uri_of_picture(await inline_picture(i)), **more}} for i in pictures
    ]
    # Plain text if there is no picture: small servers do not accept lists.
    content = [{"type": "text", "text": request.asset.prompt}, *shown] if shown else request.asset.prompt
    system = [{"role": "system", "content": request.instructions}] if request.instructions else []
    return [*system, {"role": "user", "content": content}]


def _usage(counted: Any) -> dict[Unit, int]:
    return {"input_tokens": counted.prompt_tokens, "output_tokens": counted.completion_tokens} if counted else {}
