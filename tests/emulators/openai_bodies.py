"""OpenAI's requests and responses, and their cost: pure functions of a request."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Literal

from tests.emulators import samples
from tests.emulators.base import Call, Reply, pieces, sse

CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
PICTURE_TOKENS: Final = {"low": 196, "medium": 439, "high": 1756, "xhigh": 3122, "max": 7024}
WORDS: Final = "A lighthouse keeps its promise."
UNTIMED: Final = 0xFFFFFFFF
"""The length in the header of a WAV that is written during streaming."""

PICTURE_USD: Final = (Decimal(5), Decimal(8), Decimal(30))
"""For a million tokens of prompt, of input pictures and of the output picture."""
CHAT_USD: Final[Mapping[str, tuple[str, str]]] = {
    "gpt-6-luna": ("0.1", "0.5"),
    "gpt-6-sol": ("2", "10"),
    "gpt-6-astra": ("10", "50"),
}
"""For a million tokens in and out."""
MINUTE_USD: Final = Decimal("0.0045")
UNPUBLISHED_USD: Final = Decimal("0.0100")
"""For one submission of a model with an unpublished price; never reported."""
CHAT_TOKENS: Final = (100, 40)
CALLER_TOKENS: Final = (60, 20)
"""In and out, of a chat and of the text model that calls the picture tool."""
JobState = Literal["queued", "in_progress", "completed", "failed", "cancelled"]


def fields_of(call: Call) -> dict[str, Any]:
    """The fields of a JSON or multipart request; of a file its content as Latin-1, which loses nothing."""
    declared = call.headers.get("content-type", "")
    if not declared.startswith("multipart/form-data"):
        return dict(call.json)
    boundary = declared.split("boundary=")[1].strip('"').encode()
    found: dict[str, Any] = {}
    for part in call.body.split(b"--" + boundary)[1:-1]:
        head, content = part.split(b"\r\n\r\n", 1)
        name = head.split(b'name="')[1].split(b'"')[0].decode()
        value: Any = content.removesuffix(b"\r\n").decode("latin-1" if b"filename=" in head else "utf-8")
        if name in ("output_compression", "n"):
            value = int(value)
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(value)
        else:
            found[name] = value
    return found


def error(status: int, message: str, kind: str, code: str | None, **headers: str) -> Reply:
    record = {"message": message, "type": kind, "param": None, "code": code}
    return Reply(status, {"error": record}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def picture_tokens(quality: str | None, shown: int) -> dict[str, Any]:
    """The usage record of a picture made from `shown` others."""
    made = PICTURE_TOKENS.get(quality or "", 439)
    return {
        "input_tokens": 12 + 64 * shown,
        "input_tokens_details": {"image_tokens": 64 * shown, "text_tokens": 12},
        "output_tokens": made,
        "output_tokens_details": {"image_tokens": made, "text_tokens": 0},
        "total_tokens": 12 + 64 * shown + made,
    }


def price_of(path: str, body: Mapping[str, Any], *, made: bool = True) -> Decimal:
    """USD that the vendor charges for an accepted request; a background response without a picture costs its text
    model."""
    model = str(body.get("model"))
    if path.endswith("/responses"):
        tool = body["tools"][0]
        picture = _picture_usd(tool.get("quality"), 0) if made else Decimal(0)
        return picture + _chat_usd(model, CALLER_TOKENS)
    if "/images/" in path and model.startswith("gpt-image-2"):
        return _picture_usd(body.get("quality"), shown_in(body))
    if path.endswith("/chat/completions") and model in CHAT_USD:
        return _chat_usd(model, CHAT_TOKENS)
    return MINUTE_USD if model == "gpt-transcribe" else UNPUBLISHED_USD


def _picture_usd(quality: str | None, shown: int) -> Decimal:
    text, seen, made = PICTURE_USD
    return (text * 12 + seen * 64 * shown + made * PICTURE_TOKENS.get(quality or "", 439)) / 1_000_000


def _chat_usd(model: str, tokens: tuple[int, int]) -> Decimal:
    return sum((Decimal(usd) * n for usd, n in zip(CHAT_USD[model], tokens, strict=True)), Decimal(0)) / 1_000_000


def shown_in(body: Mapping[str, Any]) -> int:
    """The number of input pictures of an edit."""
    pictures = body.get("image", [])
    return 1 if isinstance(pictures, str) else len(pictures)


def speech(form: str, seconds: float, *, streamed: bool) -> bytes:
    if form != "wav":
        return samples.mp3(seconds)
    sound = samples.wav(seconds)
    unknown = UNTIMED.to_bytes(4, "little")
    return sound[:4] + unknown + sound[8:40] + unknown + sound[44:] if streamed else sound


def transcript(form: str, text: str = WORDS) -> Reply:
    if form == "vtt":
        return Reply(200, f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{WORDS}\n".encode(), "text/vtt; charset=utf-8")
    if form == "srt":
        return Reply(200, f"1\n00:00:00,000 --> 00:00:01,000\n{WORDS}\n".encode(), "text/plain; charset=utf-8")
    said: dict[str, Any] = {"text": text, "usage": {"type": "duration", "seconds": 60}}
    if form == "verbose_json":
        said |= {"task": "transcribe", "language": "english", "duration": 60.0, "segments": []}
        said["words"] = [{"word": "A", "start": 0, "end": 0.2}, {"word": "lighthouse", "start": 0.2, "end": 0.9}]
    return Reply(200, said)


def chat(model: str, said: str | None, *, refusal: str | None = None, finish: str = "stop") -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said, "refusal": refusal, "annotations": []}
    given, made = CHAT_TOKENS
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made},
    }


def chat_events(answer: dict[str, Any], *, usage: bool) -> Reply:
    """The same response as a stream, with its usage at the end on request."""
    said = answer["choices"][0]
    head = {k: answer[k] for k in ("id", "created", "model")} | {"object": "chat.completion.chunk", "usage": None}

    def chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
        return head | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}

    chunks = [chunk(role="assistant", content="")]
    chunks += [chunk(content=piece) for piece in pieces(said["message"]["content"] or "")]
    chunks += [chunk(refusal=piece) for piece in pieces(said["message"]["refusal"] or "")]
    chunks.append(chunk(said["finish_reason"]))
    if usage:
        chunks.append(head | {"choices": [], "usage": answer["usage"]})
    reply = sse(*chunks)
    return replace(reply, events=[*reply.events, b"data: [DONE]\n\n"])


def moderation(model: str, texts: list[str]) -> dict[str, Any]:
    """Flags any text about killing."""
    results = []
    for text in texts:
        flags = {name: "kill" in text and name in ("harassment/threatening", "violence") for name in CATEGORIES}
        results.append(
            {
                "flagged": any(flags.values()),
                "categories": flags,
                "category_scores": {name: 0.9 if flag else 0.01 for name, flag in flags.items()},
                "category_applied_input_types": {name: ["text"] for name in flags},
            }
        )
    return {"id": "modr-1", "model": model, "results": results}


def picture_call(tool: Mapping[str, Any], media: bytes) -> dict[str, Any]:
    """A picture among the outputs of a response."""
    return {
        "id": "ig_1",
        "type": "image_generation_call",
        "status": "completed",
        "result": base64.b64encode(media).decode(),
        "output_format": tool.get("output_format", "png"),
        "quality": tool.get("quality"),
        "size": tool.get("size"),
    }


def blocked_call() -> dict[str, Any]:
    """A picture that moderation blocked."""
    return {
        "id": "ig_1",
        "type": "image_generation_call",
        "status": "failed",
        "result": None,
        "error": {
            "code": "moderation_blocked",
            "type": "image_generation_user_error",
            "message": "The picture was blocked by the safety system.",
            "moderation_details": {"categories": ["violence"], "moderation_stage": "output"},
        },
    }


def response(job_id: str, asked: Mapping[str, Any], status: JobState, output: list[dict[str, Any]]) -> dict[str, Any]:
    """A background response in its current state."""
    given, said = CALLER_TOKENS
    used = {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + said,
    }
    failed = {"code": "server_error", "message": "An error occurred while processing your request."}
    drawn = any(call.get("result") for call in output)
    tools = {"image_gen": picture_tokens(asked["tools"][0].get("quality"), 0), "web_search": {"num_requests": 0}}
    return {
        "id": job_id,
        "object": "response",
        "created_at": 1_790_000_000,
        "background": True,
        "status": status,
        "error": failed if status == "failed" else None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "metadata": asked.get("metadata", {}),
        "model": asked["model"],
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": asked["tool_choice"],
        "tools": asked["tools"],
        "usage": used if status in ("completed", "failed") else None,
        **({"tool_usage": tools} if drawn else {}),
    }
