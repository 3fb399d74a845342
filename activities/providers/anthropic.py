"""Anthropic: text, also by a JSON schema, from words and pictures.

Source of what is said here of the vendor: the types and docstrings of its SDK 2.10, and
https://platform.claude.com/docs (models, structured outputs, vision, effort), read 2026-11-20.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from activities.catalogue.loader import OWN_CATALOGUE, offers_of
from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer
from activities.errors import ContentRefused, InvalidRequest, OutputUnusable, ProviderError, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.picture_inputs import Limits, fitted
from activities.providers.protocol import Finished, Input, Job, ProviderBase, Request
from activities.providers.response_repair import UNKNOWN_STATUS, error_in, response_hooks
from activities.providers.selection import offer_of
from activities.providers.unbilled import Unbilled
from workflows.models import Modality

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic
    from anthropic.types import Base64ImageSourceParam, ImageBlockParam, Message, OutputConfigParam, TextBlockParam

    from activities.catalogue.offers import Unit

KEY: Final = "ANTHROPIC_API_KEY"
BASE_URL: Final = "ANTHROPIC_BASE_URL"
OWN_URL: Final = "https://api.anthropic.com"
SECONDS_A_TOKEN: Final = 3_600 / 128_000
"""The SDK reckons an hour for 128,000 tokens, and refuses more than 21,333 without a timeout of one's own."""
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PICTURE_CHARS: Final = 10 * 1024 * 1024
"""Of one picture in base64."""
REQUEST_CHARS: Final = 30 * 1024 * 1024
"""Of all pictures of a request, which may have 32 MB."""
FEW_PICTURES, FEW_SIDE, MANY_SIDE = 20, 8_000, 2_000
"""Pixels each way of a picture among so many; of more than these, each has to be smaller."""
_FAILED: Final = (
    "https://support.claude.com/en/articles/8114526: 'failed requests are not charged', except where the client "
    "disconnects or times out"
)
UNBILLED: Final = tuple(Unbilled(status, _FAILED, says="api_error|overloaded_error") for status in (500, 503, 529))
"""By the types of its errors (https://platform.claude.com/docs/en/api/errors). Its `timeout_error` is not among them:
there a request was at work."""
_CUT_OFF: Final = ("max_tokens", "model_context_window_exceeded")


@http_failures.discreet
class Anthropic(ProviderBase):
    """Every call is one synchronous POST /v1/messages; the vendor has no id or list to find a lost one by."""

    name = "anthropic"
    unbilled = UNBILLED

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.secret = env.get(KEY, "")

    def offers(self) -> Sequence[Offer]:
        return offers_of(self.name, self._env.get(OWN_CATALOGUE, ""))

    @cached_property
    def _client(self) -> "AsyncAnthropic":
        from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient

        return AsyncAnthropic(
            api_key=http_failures.usable_key(self.name, KEY, self.secret),
            base_url=self._env.get(BASE_URL) or OWN_URL,
            max_retries=0,
            http_client=DefaultAsyncHttpxClient(event_hooks=response_hooks()),
            open_telemetry={"traces": {"enabled": False}, "propagation": False},  # our traces are not theirs
        )

    async def close(self) -> None:
        """Close its connections; a later call opens new ones."""
        if client := self.__dict__.pop("_client", None):
            await client.close()

    async def submit(self, request: Request) -> Finished | Job:
        offer = offer_of(self, request.asset.model, request.asset.asset_type)
        if offer is None:
            raise InvalidRequest(
                f"anthropic: {request.asset.model!r} is not in the catalogue; add it with {OWN_CATALOGUE}"
            )
        return _finished(await self._message(request, offer), request, offer)

    async def _message(self, request: Request, offer: Offer) -> "Message":
        """The vendor's answer.

        Raises:
            ProviderError: there is none.
        """
        from anthropic import APIStatusError, Timeout, omit
        from anthropic.types import Message

        pictures = request.inputs_of(Modality.IMAGE)
        content = [await _picture(each, _limits(len(pictures))) for each in pictures]
        words: TextBlockParam = {"type": "text", "text": request.asset.prompt}
        max_tokens = int(request.number("max_tokens", TEXT_MAX_TOKENS))
        seconds = max(http_failures.ANSWER_SECONDS, max_tokens * SECONDS_A_TOKEN)
        asked: Any = {
            "model": request.asset.model,
            "max_tokens": max_tokens,
            "system": request.instructions or omit,
            "messages": [{"role": "user", "content": [*content, words]}],
            "output_config": _output_config(request, offer) or omit,
            "timeout": Timeout(seconds, connect=http_failures.CONNECT_SECONDS),
        }
        try:
            if request.on_text is None:
                message = await self._client.messages.create(**asked)
            else:
                message = await self._heard(asked, request.on_text)
        except ProviderError:
            raise
        except APIStatusError as error:
            raise _refusal(error) from None
        except ValueError as error:
            raise SubmissionUnknown(f"anthropic: the answer is no JSON: {error}") from None
        except Exception as error:
            # A connection that ended, which in the middle of an answer the HTTP client says itself.
            raise http_failures.lost(self.name, error, submitting=True, variable=KEY) from None
        if not isinstance(message, Message) or message.content is None:
            raise SubmissionUnknown(f"anthropic: the answer is no message; does {BASE_URL} name the right server?")
        return message

    async def _heard(self, asked: Mapping[str, Any], on_text: Callable[[str], None]) -> "Message | None":
        """The answer in pieces, each told when it comes, and put together; None where there is none at all.

        Not by the SDK's own helper, which fails where a server that speaks the API counts nothing.

        Raises:
            SubmissionUnknown: the connection ended before the answer did.
        """
        from anthropic.types import TextBlock

        message, text = None, ""
        with http_failures.hearing(self.name, on_text) as hear:
            async with await self._client.messages.create(**asked, stream=True) as events:
                async for event in events:
                    if event.type == "message_start":
                        message = event.message
                        hear("")
                    elif event.type == "content_block_delta" and event.delta.type == "text_delta":
                        text += event.delta.text
                        hear(event.delta.text)
                    elif event.type == "message_delta" and message:
                        message.stop_reason, message.stop_details = event.delta.stop_reason, event.delta.stop_details
                        message.usage = _newest(message.usage, event.usage)
        if message and message.stop_reason is None:
            raise SubmissionUnknown("anthropic: the answer broke off")
        if message:
            message.content = [TextBlock.construct(type="text", text=text)]
        return message


def _output_config(request: Request, offer: Offer) -> "OutputConfigParam":
    """How hard to think, where the model has that choice, and the form of the answer."""
    config: dict[str, object] = {}
    if rule := offer.rules.get("effort"):
        config["effort"] = request.words("effort", rule.default)
    if request.schema is not None:
        config["format"] = {"type": "json_schema", "schema": dict(request.schema)}
    return cast("OutputConfigParam", config)


def _limits(pictures: int) -> Limits:
    """Of each of so many pictures in one request."""
    chars = min(PICTURE_CHARS, REQUEST_CHARS // max(pictures, 1))
    return Limits(chars // 4 * 3, FEW_SIDE if pictures <= FEW_PICTURES else MANY_SIDE, types=PICTURES)


async def _picture(source: Input, limits: Limits) -> "ImageBlockParam":
    """A picture for the model to look at; the vendor advises pictures before words.

    Raises:
        InvalidRequest: it does not open.
    """
    picture = await asyncio.to_thread(fitted, await source.fetch(), limits)
    encoded = base64.standard_b64encode(picture.data).decode()
    held = cast("Base64ImageSourceParam", {"type": "base64", "media_type": picture.media_type, "data": encoded})
    return {"type": "image", "source": held}


def _finished(message: "Message", request: Request, offer: Offer) -> Finished:
    """The text of an answer, with what it cost.

    Raises:
        ContentRefused: the vendor's policy forbids it. Billed.
        OutputUnusable: there is no text, or not all of it. Billed.
    """
    usage = _usage(message)
    text = "".join(block.text for block in message.content or () if block.type == "text")
    finished = Finished(
        text.encode(),
        offer.media_type if request.schema is None else "application/json",
        usage=usage,
    )
    billed = http_failures.billed(request, offer, usage)
    if message.stop_reason == "refusal":
        _refused(message, billed)
    if message.stop_reason in _CUT_OFF:
        # Half of a text would get into the deliverable without anybody being told.
        limit = f"{request.number('max_tokens', TEXT_MAX_TOKENS):g}"
        raise OutputUnusable(
            f"anthropic: the text was cut off after max_tokens {limit}, thoughts included; raise the parameter "
            "max_tokens or lower effort",
            billed_usd=billed,
        )
    if not text.strip():
        raise OutputUnusable(f"anthropic: an answer without text ({message.stop_reason})", billed_usd=billed)
    return finished


def _usage(message: "Message") -> "dict[Unit, int]":
    """Tokens; empty where a server that speaks the API counts nothing."""
    counted = getattr(message, "usage", None)
    if counted is None:
        return {}
    cached = (counted.cache_creation_input_tokens or 0) + (counted.cache_read_input_tokens or 0)
    return {"input_tokens": (counted.input_tokens or 0) + cached, "output_tokens": counted.output_tokens or 0}


def _newest(before: Any, now: Any) -> Any:
    """Counts grow in the course of an answer; what is not said again stays. Either may be missing."""
    if before is None or now is None:
        return now or before
    said = {name: value for name, value in now.model_dump().items() if value is not None}
    return before.model_copy(update=said)


def _refused(message: "Message", billed: Decimal) -> NoReturn:
    details = message.stop_details
    category = (details.category if details else None) or ""
    why = (details.explanation if details else None) or "the model refuses this request"
    raise ContentRefused(f"anthropic: {why}; change the prompt", category=category, billed_usd=billed)


def _refusal(error: "APIStatusError") -> ProviderError:
    record = error.body.get("error") if isinstance(error.body, Mapping) else None
    status = http_failures.status_of(error.response)
    if status == HTTPStatus.OK:  # a stream has begun when the vendor says this in the place of an answer
        status = (error_in(error.body) or (UNKNOWN_STATUS, {}))[0]
    return _told(status, record if isinstance(record, Mapping) else {}, error.response.headers)


def _told(status: int, record: Mapping[str, Any], headers: Mapping[str, str]) -> ProviderError:
    return http_failures.refusal(
        "anthropic",
        status,
        str(record.get("message") or ""),
        variable=KEY,
        submitting=True,
        unbilled=UNBILLED if record else (),
        said=str(record.get("type")),
        retry_after=http_failures.seconds_after(headers.get("retry-after")),
    )
