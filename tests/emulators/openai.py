"""OpenAI on loopback: pictures, speech, transcripts, background responses, chat and moderation under /v1."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from tests.emulators import samples
from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.specs import VENDOR

Answer = Callable[["OpenAIEmulator", Call], Reply]

PRICES: Final[Mapping[str, str]] = {
    "/v1/images/generations": "0.0500",
    "/v1/images/edits": "0.0600",
    "/v1/responses": "0.0700",
    "/v1/audio/speech": "0.0100",
    "/v1/audio/transcriptions": "0.0200",
    "/v1/audio/translations": "0.0300",
    "/v1/chat/completions": "0.0040",
}
"""USD that each kind of submission is billed at."""
SPECS: Final[Mapping[str, str]] = {
    "/v1/images/generations": "images.generate.request.strict",
    "/v1/images/edits": "images.edit.request.strict",
    "/v1/responses": "responses.request",
    "/v1/audio/speech": "audio.speech.request.strict",
    "/v1/audio/transcriptions": "audio.transcriptions.request.strict",
    "/v1/audio/translations": "audio.translations.request.strict",
    "/v1/chat/completions": "chat.completions.request",
    "/v1/moderations": "moderations.request.strict",
}
CATEGORIES: Final = ("harassment", "harassment/threatening", "hate", "self-harm", "sexual", "violence")
SPEECH: Final = {"wav": "audio/wav", "mp3": "audio/mpeg"}
PICTURE_TOKENS: Final = {"low": 196, "medium": 439, "high": 1756}
WORDS: Final = "A lighthouse keeps its promise."
UNTIMED: Final = 0xFFFFFFFF
"""The length that a WAV has in its header when it is written while it is made."""


@dataclass
class Job:
    """A background response: how many looks find it at work, and what it comes to."""

    body: dict[str, Any]
    looks: int
    fault: Fault | None
    status: str = "queued"


class OpenAIEmulator(Emulator):
    """The vendor.

    Attributes:
        answer_text: Given a chat request's body, says what the model answers.
        looks: A background response is done at this look.
        by_url: Pictures are answered as an address, as dall-e and some compatible servers do.
        speech_seconds: Of each answer of speech; `streamed` leaves its length out of the header.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answer_text: Callable[[dict[str, Any]], str] | None = None
        self.looks = 2
        self.by_url = False
        self.speech_seconds = 1.0
        self.streamed = True
        self.jobs: dict[str, Job] = {}

    def kind(self, call: Call) -> Kind:
        if call.path.startswith("/files/"):
            return "download"
        if call.path.startswith("/v1/responses/"):
            return "cancel" if call.path.endswith("/cancel") else "look"
        return "submit" if call.path in PRICES else "other"

    def authorised(self, call: Call) -> Reply | None:
        if call.headers.get("authorization") == f"Bearer {self.key}" or self.kind(call) == "download":
            return None
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        return _error(401, f"Incorrect API key provided: {given}.", "invalid_request_error", "invalid_api_key")

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        match fault:
            case "throttle":
                return _error(429, "Rate limit reached.", "requests", "rate_limit_exceeded", {"retry-after-ms": "1500"})
            case "quota":
                return _error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota")
            case "overload":
                return _error(503, "The server is overloaded.", "server_error", None, {"retry-after": "4"})
            case "error":
                return _error(500, "The server had an error processing your request.", "server_error", None)
            case "refuse" if call.path not in ("/v1/responses", "/v1/chat/completions"):
                return _error(
                    400,
                    "Your request was rejected by the safety system. safety_violations=[violence].",
                    "image_generation_user_error" if "/images/" in call.path else "invalid_request_error",
                    "moderation_blocked" if "/images/" in call.path else "content_policy_violation",
                )
            case "expire" if self.kind(call) == "download":
                return Reply(403, b"<Error>AuthenticationFailed</Error>", "application/xml")
            case _:
                return None  # played by the answer: these are accepted, and billed

    def answer(self, call: Call) -> Reply:
        if self.kind(call) == "download":
            return Reply(200, self._media(call, samples.picture()), "image/png")
        if call.path.startswith("/v1/responses/"):
            return self._look(call)
        if call.path not in ANSWERS:
            return _error(404, f"Invalid URL ({call.method} {call.path})", "invalid_request_error", None)
        body = fields_of(call)
        self._hold(call.path, body)
        model = str(body.get("model"))
        if model.startswith("no-such"):
            message = f"The model `{model}` does not exist or you do not have access to it."
            return _error(404, message, "invalid_request_error", "model_not_found")
        if call.path in PRICES:
            self.bill(call, PRICES[call.path])
        return ANSWERS[call.path](self, call)

    def _hold(self, path: str, body: Mapping[str, Any]) -> None:
        """Against the SDK's types, which are newer than the published specification and allow any other name."""
        spec = f"sdk-derived/openai/{SPECS[path]}.json"
        self.check(spec, body)
        if VENDOR.is_dir():
            self.problems += [f"{spec}: no such parameter: {name}" for name in set(body) - _names(spec)]

    def _media(self, call: Call, media: bytes) -> bytes:
        return media[: len(media) // 4] if self.playing(call) == "broken" else media

    def _image(self, call: Call) -> Reply:
        body = fields_of(call)
        form = body.get("output_format") or "png"
        made: dict[str, Any] = {"b64_json": self._picture(call, form)}
        if self.by_url:
            made = {"url": f"{self.url}/files/made.png"}
        answer: dict[str, Any] = {"created": 1_790_000_000, "data": [made]}
        if "gpt-image" in body["model"]:
            answer |= {k: body.get(k) for k in ("background", "quality", "size")} | {"output_format": form}
            answer["usage"] = self._tokens(body.get("quality"), len(_files(body)))
        return Reply(200, answer)

    def _picture(self, call: Call, form: str) -> str:
        return base64.b64encode(self._media(call, samples.picture(kind=form.upper()))).decode()

    def _tokens(self, quality: str | None, pictures: int) -> dict[str, Any]:
        shown, made = 64 * pictures, PICTURE_TOKENS.get(quality or "", 439)
        return {
            "input_tokens": 12 + shown,
            "input_tokens_details": {"image_tokens": shown, "text_tokens": 12},
            "output_tokens": made,
            "output_tokens_details": {"image_tokens": made, "text_tokens": 0},
            "total_tokens": 12 + shown + made,
        }

    def _speech(self, call: Call) -> Reply:
        form = call.json.get("response_format", "mp3")
        sound = samples.wav(self.speech_seconds) if form == "wav" else samples.mp3(self.speech_seconds)
        if form == "wav" and self.streamed:
            unknown = UNTIMED.to_bytes(4, "little")
            sound = sound[:4] + unknown + sound[8:40] + unknown + sound[44:]
        return Reply(200, self._media(call, sound), SPEECH.get(form, "audio/mpeg"))

    def _transcript(self, call: Call) -> Reply:
        form = fields_of(call).get("response_format", "json")
        if form == "vtt":
            return Reply(200, f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{WORDS}\n".encode(), "text/vtt; charset=utf-8")
        if form == "srt":
            return Reply(200, f"1\n00:00:00,000 --> 00:00:01,000\n{WORDS}\n".encode(), "text/plain; charset=utf-8")
        said: dict[str, Any] = {"text": WORDS, "usage": {"type": "duration", "seconds": 60}}
        if form == "verbose_json":
            said |= {"task": "transcribe", "language": "english", "duration": 60.0, "segments": []}
            said["words"] = [{"word": "A", "start": 0, "end": 0.2}, {"word": "lighthouse", "start": 0.2, "end": 0.9}]
        return Reply(200, said)

    def _chat(self, call: Call) -> Reply:
        fault = self.playing(call)
        said = self.answer_text(call.json) if self.answer_text else WORDS
        message: dict[str, Any] = {"role": "assistant", "content": said, "refusal": None, "annotations": []}
        if fault == "refuse":
            message |= {"content": None, "refusal": "I'm sorry, I can't help with that."}
        if fault == "broken":
            message["content"] = said[: len(said) // 2]
        used = {"prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140}
        finish = "length" if fault == "broken" else "stop"
        return Reply(
            200,
            {
                "id": f"chatcmpl-{len(self.submissions)}",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": call.json["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
                "usage": used,
            },
        )

    def _moderation(self, call: Call) -> Reply:
        asked = call.json["input"]
        results = []
        for text in [asked] if isinstance(asked, str) else asked:
            flags = {name: "kill" in text and name in ("harassment/threatening", "violence") for name in CATEGORIES}
            results.append(
                {
                    "flagged": any(flags.values()),
                    "categories": flags,
                    "category_scores": {name: 0.9 if flag else 0.01 for name, flag in flags.items()},
                    "category_applied_input_types": {name: ["text"] for name in flags},
                }
            )
        return Reply(200, {"id": "modr-1", "model": call.json["model"], "results": results})

    def _submit_job(self, call: Call) -> Reply:
        job_id = f"resp_{len(self.submissions):04d}"
        self.jobs[job_id] = Job(call.json, self.looks, self.playing(call))
        return Reply(200, self._response(job_id, self.jobs[job_id]))

    def _look(self, call: Call) -> Reply:
        job_id = call.path.split("/")[3]
        job = self.jobs.get(job_id)
        if job is None:
            message = f"Response with id '{job_id}' not found."
            return _error(404, message, "invalid_request_error", None)
        if call.path.endswith("/cancel"):
            if job.status in ("completed", "failed"):
                return _error(400, "Cannot cancel a completed response.", "invalid_request_error", None)
            job.status = "cancelled"
        elif job.status in ("queued", "in_progress"):
            job.looks -= 1
            over = "failed" if job.fault == "fail_job" else "completed"
            job.status = "in_progress" if job.looks > 0 else over
        return Reply(200, self._response(job_id, job))

    def _response(self, job_id: str, job: Job) -> dict[str, Any]:
        tool = job.body["tools"][0]
        over = job.status in ("completed", "failed")
        used = {
            "input_tokens": 60,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 80,
        }
        output: list[dict[str, Any]] = []
        usage: dict[str, Any] = {"web_search": {"num_requests": 0}, "image_gen": self._tokens(tool.get("quality"), 0)}
        if job.status == "completed":
            call: dict[str, Any] = {"id": "ig_1", "type": "image_generation_call", "status": "completed"}
            if job.fault == "refuse":
                details = {"categories": ["violence"], "moderation_stage": "output"}
                call |= {
                    "status": "failed",
                    "result": None,
                    "error": {
                        "code": "moderation_blocked",
                        "type": "image_generation_user_error",
                        "message": "The picture was blocked by the safety system.",
                        "moderation_details": details,
                    },
                }
            else:
                picture = samples.picture(kind=tool.get("output_format", "png").upper())
                media = picture[: len(picture) // 4] if job.fault == "broken" else picture
                call |= {
                    "result": base64.b64encode(media).decode(),
                    "output_format": tool.get("output_format", "png"),
                    "quality": tool.get("quality"),
                    "size": tool.get("size"),
                }
            output = [call]
        failed = {"code": "server_error", "message": "An error occurred while processing your request."}
        return {
            "id": job_id,
            "object": "response",
            "created_at": 1_790_000_000,
            "background": True,
            "status": job.status,
            "error": failed if job.status == "failed" else None,
            "incomplete_details": None,
            "instructions": job.body.get("instructions"),
            "metadata": job.body.get("metadata", {}),
            "model": job.body["model"],
            "output": output,
            "parallel_tool_calls": True,
            "tool_choice": job.body["tool_choice"],
            "tools": job.body["tools"],
            "usage": used if over else None,
            **({"tool_usage": usage} if job.status == "completed" and job.fault != "refuse" else {}),
        }


ANSWERS: Final[Mapping[str, Answer]] = {
    "/v1/images/generations": OpenAIEmulator._image,
    "/v1/images/edits": OpenAIEmulator._image,
    "/v1/responses": OpenAIEmulator._submit_job,
    "/v1/audio/speech": OpenAIEmulator._speech,
    "/v1/audio/transcriptions": OpenAIEmulator._transcript,
    "/v1/audio/translations": OpenAIEmulator._transcript,
    "/v1/chat/completions": OpenAIEmulator._chat,
    "/v1/moderations": OpenAIEmulator._moderation,
}


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


def _files(body: Mapping[str, Any]) -> list[str]:
    pictures = body.get("image", [])
    return [pictures] if isinstance(pictures, str) else list(pictures)


@cache
def _names(spec: str) -> frozenset[str]:
    return frozenset(json.loads((VENDOR / "specs" / spec).read_text(encoding="utf-8"))["properties"])


def _error(status: int, message: str, kind: str, code: str | None, headers: Mapping[str, str] | None = None) -> Reply:
    record = {"message": message, "type": kind, "param": None, "code": code}
    return Reply(status, {"error": record}, headers=headers or {})
