"""Anthropic on loopback: POST /v1/messages, which returns text and bills by the token."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from tests.emulators.base import Call, Emulator, Fault, Kind, Reply, pieces, sse

REQUEST: Final = "sdk-derived/anthropic/messages.request.json"
RATES: Final[Mapping[str, tuple[str, str]]] = {
    "claude-haiku-5-5": ("0.10", "0.50"),
    "claude-sonnet-5-5": ("2", "10"),
    "claude-sonnet-4-5": ("3", "15"),
    "claude-opus-5-5": ("4", "20"),
    "claude-fable-5-1": ("10", "50"),
}
"""USD for a million tokens in and out."""
THOUGHT_TOKENS: Final = 40
WORDS: Final = "A lighthouse keeps its promise every night."


class AnthropicEmulator(Emulator):
    """Returns `WORDS`, or for a schema the smallest valid value; `answer_text` computes the text from the request's
    body.

    A response takes a token for every four bytes and `THOUGHT_TOKENS` before them; a longer one is cut at `max_tokens`.
    """

    account = ("/v1/models", {"data": [], "has_more": False, "first_id": None, "last_id": None})

    def __init__(self, answer_text: Callable[[dict[str, Any]], str] | None = None) -> None:
        super().__init__()
        self.answer_text = answer_text

    def kind(self, call: Call) -> Kind:
        return "submit" if (call.method, call.path) == ("POST", "/v1/messages") else "other"

    def authorised(self, call: Call) -> Reply | None:
        bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
        if self.key in (bearer, call.headers.get("x-api-key")):
            return None
        return _error(401, "authentication_error", "invalid x-api-key")

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        match fault:
            case "throttle":
                message = "This request would exceed your organization's rate limit of 50 requests per minute"
                return _error(429, "rate_limit_error", message, {"retry-after": "7"})
            case "overload":
                return _error(529, "overloaded_error", "Overloaded")
            case "error":
                return _error(500, "api_error", "Internal server error")
            case "quota":
                return _error(402, "billing_error", "Your credit balance is too low to access the Anthropic API")
            case _:
                return None  # refuse and broken are responses, and billed; there are no jobs and no addresses

    def answer(self, call: Call) -> Reply:
        if self.kind(call) != "submit":
            return _error(404, "not_found_error", f"{call.method} {call.path}")
        body = call.json
        self.check(REQUEST, {k: v for k, v in body.items() if k != "stream"})  # the types of a stream are others
        if body["model"] not in RATES:
            return _error(404, "not_found_error", f"model: {body['model']}")
        if wrong := _wrong(body):
            return _error(400, "invalid_request_error", wrong)
        fault = self.playing(call)
        text = "" if fault in ("refuse", "broken") else self._text(body)
        taken = THOUGHT_TOKENS + len(text.encode()) // 4
        cut = taken > body["max_tokens"]
        if cut:
            taken = body["max_tokens"]
            text = text[: max(0, taken - THOUGHT_TOKENS) * 4]
        given = _tokens(body)
        usage = {
            "input_tokens": given,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": taken,
            "service_tier": "standard",
        }
        low, high = map(Decimal, RATES[body["model"]])
        self.bill(call, (given * low + taken * high) / 1_000_000)
        refusal = {"type": "refusal", "category": "bio", "explanation": "This request was blocked under the policy."}
        thinking = {"type": "thinking", "thinking": "", "signature": "c2lnbmVk"}
        message = {
            "id": f"msg_{len(self.submissions)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [thinking, {"type": "text", "text": text}] if text else [],
            "stop_reason": "refusal" if fault == "refuse" else "max_tokens" if cut else "end_turn",
            "stop_sequence": None,
            "stop_details": refusal if fault == "refuse" else None,
            "usage": usage if self.counts else None,
        }
        if body.get("stream"):
            return _events(message)
        return Reply(headers={"request-id": f"req_{len(self.submissions)}"}, body=message)

    def _text(self, body: dict[str, Any]) -> str:
        if self.answer_text:
            return self.answer_text(body)
        form = (body.get("output_config") or {}).get("format")
        return json.dumps(_least(form["schema"])) if form else WORDS


def _events(message: dict[str, Any]) -> Reply:
    """The same message as a stream."""
    ends = ("stop_reason", "stop_sequence", "stop_details")
    usage = message["usage"]
    nothing = dict.fromkeys(ends) | {"content": [], "usage": usage and usage | {"output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message | nothing}, {"type": "ping"}]
    for index, block in enumerate(message["content"]):
        kind = "signature_delta" if block["type"] == "thinking" else "text_delta"
        name = kind.removesuffix("_delta")
        events.append({"type": "content_block_start", "index": index, "content_block": block | {name: ""}})
        events += [
            {"type": "content_block_delta", "index": index, "delta": {"type": kind, name: piece}}
            for piece in pieces(block[name])
        ]
        events.append({"type": "content_block_stop", "index": index})
    counted = usage and {name: usage[name] for name in ("input_tokens", "output_tokens")}
    end = {name: message[name] for name in ends} | {"container": None}
    events += [{"type": "message_delta", "delta": end, "usage": counted}, {"type": "message_stop"}]
    return sse(*events, named=True)


def _error(status: int, type_: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    body = {"type": "error", "error": {"type": type_, "message": message}, "request_id": "req_error"}
    return Reply(status, body, headers={"x-should-retry": "false", **(headers or {})})


def _wrong(body: Mapping[str, Any]) -> str:
    """The vendor's refusal of a request that the types allow."""
    if any(name in body for name in ("temperature", "top_p", "top_k")):
        return "sampling parameters are not supported by this model"
    if (body.get("tool_choice") or {}).get("type") in ("tool", "any"):
        return "forced tool use is not supported by this model"
    config = body.get("output_config") or {}
    if "effort" in config and body["model"] == "claude-sonnet-4-5":
        return "effort is not supported by this model"
    return _beyond_structured_output(config.get("format", {}).get("schema", {}))


def _beyond_structured_output(schema: Any) -> str:
    if isinstance(schema, list):
        return next(filter(None, map(_beyond_structured_output, schema)), "")
    if not isinstance(schema, dict):
        return ""
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return "output_config.format.schema: additionalProperties must be false"
    limits = {"minimum", "maximum", "minLength", "maxLength", "maxItems", "pattern"} & schema.keys()
    if limits and "type" in schema:
        return f"output_config.format.schema: {', '.join(sorted(limits))} not supported"
    return next(filter(None, map(_beyond_structured_output, schema.values())), "")


def _least(schema: Mapping[str, Any]) -> Any:
    """The smallest value that follows a schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _least(each) for name, each in schema.get("properties", {}).items()}
        case "array":
            return []
        case "number" | "integer":
            return 0
        case "boolean":
            return False
        case _:
            return ""


def _tokens(body: Mapping[str, Any]) -> int:
    """Four bytes of text are a token; a small picture is 54 tokens, whatever its content."""
    blocks: list[dict[str, str]] = [b for message in body["messages"] for b in message["content"]]
    words = sum(len(b["text"].encode()) for b in blocks if b["type"] == "text")
    pictures = sum(b["type"] == "image" for b in blocks)
    system = str(body.get("system", ""))
    return (words + len(system.encode())) // 4 + 54 * pictures
