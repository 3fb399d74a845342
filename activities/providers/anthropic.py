"""Anthropic: text, with or without a JSON schema, from a prompt and pictures.

Sources of the vendor facts: the types and docstrings of its SDK 2.10, and
https://platform.claude.com/docs (models, structured outputs, vision, effort), read 2026-11-20.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from activities.catalogue.loader import OWN_CATALOGUE, load_offers
from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer
from activities.errors import ContentRefused, InvalidRequest, OutputUnusable, ProviderError, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.picture_inputs import Limits, fit_picture
from activities.providers.protocol import Finished, Input, Job, ProviderBase, Request
from activities.providers.response_repair import UNKNOWN_STATUS, find_error, response_hooks
from activities.providers.selection import find_offer
from activities.providers.unbilled import Unbilled
from workflows.models import Modality

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic
    from anthropic.types import Base64ImageSourceParam, ImageBlockParam, Message, OutputConfigParam, TextBlockParam

    from activities.catalogue.offers import Unit

KEY: Final = "ANTHROPIC_API_KEY"
BASE_URL: Final = "ANTHROPIC_BASE_URL"
DEFAULT_URL: Final = "https://api.anthropic.com"
SECONDS_A_TOKEN: Final = 3_600 / 128_000
"""The SDK expects an hour for 128,000 tokens, and refuses more than 21,333 without an explicit timeout."""
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PICTURE_CHARS: Final = 10 * 1024 * 1024
"""Base64 characters of one picture."""
REQUEST_CHARS: Final = 30 * 1024 * 1024
"""Base64 characters of all pictures of a request, which may have 32 MB."""
FEW_PICTURES, FEW_SIDE, MANY_SIDE = 20, 8_000, 2_000
"""The longest side in pixels of each picture: 8,000 with up to 20 pictures in a request, 2,000 with more."""
_FAILED: Final = (
    "https://support.claude.com/en/articles/8114526: 'failed requests are not charged', except where the client "
    "disconnects or times out"
)
UNBILLED: Final = tuple(Unbilled(status, _FAILED, pattern="api_error|overloaded_error") for status in (500, 503, 529))
"""By the types of its errors (https://platform.claude.com/docs/en/api/errors). They exclude `timeout_error`, where the
request was being processed."""
_CUT_OFF: Final = ("max_tokens", "model_context_window_exceeded")


@http_failures.redact_key
class Anthropic(ProviderBase):
    """Every call is one synchronous POST /v1/messages. The vendor has no id or list to find a lost one by."""

    name = "anthropic"
    unbilled = UNBILLED

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.secret = env.get(KEY, "")

    def offers(self) -> Sequence[Offer]:
        return load_offers(self.name, self._env.get(OWN_CATALOGUE, ""))

    def sendable(self, offer: Offer) -> Offer:
        return offer.limited_to(Modality.IMAGE)

    @cached_property
    def _client(self) -> "AsyncAnthropic":
        from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient

        return AsyncAnthropic(
            api_key=http_failures.validate_key(self.name, KEY, self.secret),
            base_url=self._env.get(BASE_URL) or DEFAULT_URL,
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(event_hooks=response_hooks()),
            open_telemetry={"traces": {"enabled": False}, "propagation": False},  # our traces do not go to the vendor
        )

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        if client := self.__dict__.pop("_client", None):
            await client.close()

    async def check_key(self) -> None:
        """A request that lists models, which is free.

        Raises:
            ProviderError: the key is refused, or the vendor does not respond.
        """
        from anthropic import APIStatusError

        try:
            await self._client.models.list(limit=1)
        except ProviderError:
            raise
        except APIStatusError as error:
            raise _error_of(error) from None
        except Exception as error:
            raise http_failures.error_without_response(self.name, error, submitting=False, variable=KEY) from None

    async def submit(self, request: Request) -> Finished | Job:
        offer = find_offer(self, request.asset.model, request.asset.asset_type)
        if offer is None:
            raise InvalidRequest(
                f"anthropic: {request.asset.model!r} is not in the catalogue; add it with {OWN_CATALOGUE}"
            )
        return _finished(await self._request_message(request, offer), request, offer)

    async def _request_message(self, request: Request, offer: Offer) -> "Message":
        """Send the request, once, and return the message.

        Raises:
            ProviderError: there is no message.
        """
        from anthropic import APIStatusError, Timeout, omit
        from anthropic.types import Message

        pictures = request.inputs_of(Modality.IMAGE)
        content = [await _picture(each, _limits(len(pictures))) for each in pictures]
        prompt: TextBlockParam = {"type": "text", "text": request.asset.prompt}
        max_tokens = int(request.number("max_tokens", TEXT_MAX_TOKENS))
        seconds = max(http_failures.RESPONSE_TIMEOUT_SECONDS, max_tokens * SECONDS_A_TOKEN)
        body: Any = {
            "model": request.asset.model,
            "max_tokens": max_tokens,
            "system": request.instructions or omit,
            "messages": [{"role": "user", "content": [*content, prompt]}],
            "output_config": _output_config(request, offer) or omit,
            "timeout": Timeout(seconds, connect=http_failures.CONNECT_TIMEOUT_SECONDS),
        }
        try:
            if request.on_text is None:
                message = await self._client.messages.create(**body)
            else:
                message = await self._read_stream(body, request.on_text)
        except ProviderError:
            raise
        except APIStatusError as error:
            raise _error_of(error) from None
        except ValueError as error:
            raise SubmissionUnknown(f"anthropic: the response is not JSON: {error}") from None
        except Exception as error:
            # The connection ended; in the middle of a response, the HTTP client raises its own error.
            raise http_failures.error_without_response(self.name, error, submitting=True, variable=KEY) from None
        if not isinstance(message, Message) or message.content is None:
            raise SubmissionUnknown(
                f"anthropic: the response is not a message; check that {BASE_URL} names the right server"
            )
        return message

    async def _read_stream(self, body: Mapping[str, Any], on_text: Callable[[str], None]) -> "Message | None":
        """Stream the message, forward each piece of text and return the whole message; None if the stream has none.

        The SDK's own helper is not used: it fails if a compatible server reports no usage.

        Raises:
            SubmissionUnknown: the connection ended before the message did.
        """
        from anthropic.types import TextBlock

        message, text = None, ""
        with http_failures.forward_text(self.name, on_text) as forward:
            async with await self._client.messages.create(**body, stream=True) as events:
                async for event in events:
                    if event.type == "message_start":
                        message = event.message
                        forward("")
                    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                        text += event.delta.text
                        forward(event.delta.text)
                    elif event.type == "message_delta" and message:
                        message.stop_reason, message.stop_details = event.delta.stop_reason, event.delta.stop_details
                        message.usage = _merge_usage(message.usage, event.usage)
        if message and message.stop_reason is None:
            raise SubmissionUnknown("anthropic: the response broke off")
        if message:
            message.content = [TextBlock.construct(type="text", text=text)]
        return message


def _output_config(request: Request, offer: Offer) -> "OutputConfigParam":
    """The effort, if the model has that parameter, and the format of the response."""
    config: dict[str, object] = {}
    if rule := offer.rules.get("effort"):
        config["effort"] = request.text("effort", rule.default)
    if request.schema is not None:
        config["format"] = {"type": "json_schema", "schema": dict(request.schema)}
    return cast("OutputConfigParam", config)


def _limits(pictures: int) -> Limits:
    """The limits of each picture, for this number of pictures in one request."""
    chars = min(PICTURE_CHARS, REQUEST_CHARS // max(pictures, 1))
    return Limits(chars // 4 * 3, FEW_SIDE if pictures <= FEW_PICTURES else MANY_SIDE, types=PICTURES)


async def _picture(source: Input, limits: Limits) -> "ImageBlockParam":
    """A picture as a content block; the vendor recommends pictures before text.

    Raises:
        InvalidRequest: it does not open.
    """
    picture = await asyncio.to_thread(fit_picture, await source.fetch(), limits)
    encoded = base64.standard_b64encode(picture.data).decode()
    held = cast("Base64ImageSourceParam", {"type": "base64", "media_type": picture.media_type, "data": encoded})
    return {"type": "image", "source": held}


def _finished(message: "Message", request: Request, offer: Offer) -> Finished:
    """The text of a message, with its usage.

    Raises:
        ContentRefused: the vendor's policy forbids it. Billed.
        OutputUnusable: the text is empty or was cut off. Billed.
    """
    usage = _usage(message)
    text = "".join(block.text for block in message.content or () if block.type == "text")
    finished = Finished(
        text.encode(),
        offer.media_type if request.schema is None else "application/json",
        usage=usage,
    )
    billed = http_failures.cost_of_response(request, offer, usage)
    if message.stop_reason == "refusal":
        _raise_refusal(message, billed)
    if message.stop_reason in _CUT_OFF:
        # Otherwise half of a text would get into the deliverable unnoticed.
        limit = f"{request.number('max_tokens', TEXT_MAX_TOKENS):g}"
        raise OutputUnusable(
            f"anthropic: the text was cut off at max_tokens {limit}, thoughts included; raise the parameter "
            "max_tokens or lower effort",
            billed_usd=billed,
        )
    if not text.strip():
        raise OutputUnusable(f"anthropic: the response has no text ({message.stop_reason})", billed_usd=billed)
    return finished


def _usage(message: "Message") -> "dict[Unit, int]":
    """Tokens; empty if a compatible server reports no usage."""
    counted = getattr(message, "usage", None)
    if counted is None:
        return {}
    cached = (counted.cache_creation_input_tokens or 0) + (counted.cache_read_input_tokens or 0)
    return {"input_tokens": (counted.input_tokens or 0) + cached, "output_tokens": counted.output_tokens or 0}


def _merge_usage(before: Any, now: Any) -> Any:
    """The newest counts: they grow during a stream, and a count that is not repeated is kept. Either may be missing."""
    if before is None or now is None:
        return now or before
    counted = {name: value for name, value in now.model_dump().items() if value is not None}
    return before.model_copy(update=counted)


def _raise_refusal(message: "Message", billed: Decimal) -> NoReturn:
    details = message.stop_details
    category = (details.category if details else None) or ""
    why = (details.explanation if details else None) or "the model refuses this request"
    raise ContentRefused(f"anthropic: {why}; change the prompt", category=category, billed_usd=billed)


def _error_of(error: "APIStatusError") -> ProviderError:
    found = error.body.get("error") if isinstance(error.body, Mapping) else None
    status = http_failures.status_of(error.response)
    if status == HTTPStatus.OK:  # the error was sent in a stream that had already started
        status = (find_error(error.body) or (UNKNOWN_STATUS, {}))[0]
    record: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    return http_failures.error_of_status(
        "anthropic",
        status,
        str(record.get("message") or ""),
        variable=KEY,
        submitting=True,
        unbilled=UNBILLED if record else (),
        kind=str(record.get("type")),
        retry_after=http_failures.parse_retry_after(error.response.headers.get("retry-after")),
    )
