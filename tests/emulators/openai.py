"""OpenAI on loopback: pictures, speech, transcripts, background responses, chat and moderation under /v1."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from tests.emulators import openai_bodies as bodies
from tests.emulators import samples
from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.openai_bodies import WORDS, JobState, error, fields_of
from tests.emulators.specs import VENDOR

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
FREE: Final = "/v1/moderations"
REFUSES_LATER: Final = frozenset({"/v1/responses", "/v1/chat/completions"})
"""Endpoints that refuse content by a response, which is billed."""
SPEECH: Final = {"wav": "audio/wav", "mp3": "audio/mpeg"}
OVER: Final = frozenset({"completed", "failed", "cancelled"})


@dataclass
class Job:
    """A background response: the number of polls that find it running, and its outcome."""

    asked: dict[str, Any]
    polls: int
    fault: Fault | None
    status: JobState = "queued"


class OpenAIEmulator(Emulator):
    """The vendor; it bills its own counts by the published rates.

    Attributes:
        answer_text: The response of the model for a chat request's body.
        said: The transcript of each recording.
        polls: A background response is done at this poll.
        paint: The picture for a prompt, as PNG; without it all pictures are the same.
        by_url: Pictures are returned as an address, as by dall-e and some compatible servers.
        unsafe_pictures: Moderation flags every picture.
        speech_seconds: The duration of each speech; `streamed` leaves its length out of the header.
    """

    def __init__(self, answer_text: Callable[[dict[str, Any]], str] | None = None) -> None:
        super().__init__()
        self.unsafe_pictures = False
        self.answer_text = answer_text
        self.polls = 2
        self.paint: Callable[[str], bytes] | None = None
        self.by_url = False
        self.speech_seconds = 1.0
        self.streamed = True
        self.said = WORDS
        self.jobs: dict[str, Job] = {}

    def kind(self, call: Call) -> Kind:
        if call.path.startswith("/files/"):
            return "download"
        if call.path.startswith("/v1/responses/"):
            return "cancel" if call.path.endswith("/cancel") else "poll"
        return "submit" if call.path in SPECS and call.path != FREE else "other"

    def authorised(self, call: Call) -> Reply | None:
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        if given == self.key or self.kind(call) == "download":
            return None
        return error(401, f"Incorrect API key provided: {given}.", "invalid_request_error", "invalid_api_key")

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        match fault:
            case "throttle":
                return error(429, "Rate limit reached.", "requests", "rate_limit_exceeded", retry_after_ms="7500")
            case "quota":
                return error(429, "You exceeded your current quota.", "insufficient_quota", "insufficient_quota")
            case "overload":
                return error(503, "The server is overloaded.", "server_error", None, retry_after="4")
            case "error":
                return error(500, "The server had an error processing your request.", "server_error", None)
            case "refuse" if call.path not in REFUSES_LATER:
                words = "Your request was rejected by the safety system. safety_violations=[violence]."
                if "/images/" in call.path:
                    return error(400, words, "image_generation_user_error", "moderation_blocked")
                return error(400, words, "invalid_request_error", "content_policy_violation")
            case "expire" if self.kind(call) == "download":
                return Reply(403, b"<Error>AuthenticationFailed</Error>", "application/xml")
            case _:
                return None  # created by `answer`: these are accepted, and billed

    def answer(self, call: Call) -> Reply:
        if self.kind(call) == "download":
            return Reply(200, self._media(call, samples.picture()), "image/png")
        if call.path.startswith("/v1/responses/"):
            return self._look(call)
        if call.path not in SPECS:
            return error(404, f"Invalid URL ({call.method} {call.path})", "invalid_request_error", None)
        body = fields_of(call)
        self._hold(call.path, body)
        model = str(body.get("model"))
        if model.startswith("no-such"):
            message = f"The model `{model}` does not exist or you do not have access to it."
            return error(404, message, "invalid_request_error", "model_not_found")
        if call.path != FREE:
            made = self.playing(call) not in ("refuse", "fail_job")
            self.bill(call, bodies.price_of(call.path, body, made=made))
        return self._answer(call, body)

    def _answer(self, call: Call, body: dict[str, Any]) -> Reply:
        match call.path.removeprefix("/v1"):
            case "/images/generations" | "/images/edits":
                return self._image(call, body)
            case "/responses":
                return self._job(call, body)
            case "/audio/speech":
                form = body.get("response_format", "mp3")
                sound = bodies.speech(form, self.speech_seconds, streamed=self.streamed)
                return Reply(200, self._media(call, sound), SPEECH.get(form, "audio/mpeg"))
            case "/chat/completions":
                return self._chat(call, body)
            case "/moderations":
                texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
                if isinstance(texts[0], dict):  # one picture, which is judged by what the trial says of it
                    texts = ["kill" if self.unsafe_pictures else ""]
                return Reply(200, bodies.moderation(body["model"], texts))
            case _:
                return bodies.transcript(body.get("response_format", "json"), self.said)

    def _hold(self, path: str, body: Mapping[str, Any]) -> None:
        """Check against the SDK's types, which are newer than the published specification but accept other names."""
        spec = f"sdk-derived/openai/{SPECS[path]}.json"
        self.check(spec, {k: v for k, v in body.items() if k != "stream"})  # the types of a stream are others
        if VENDOR.is_dir():
            self.problems += [f"{spec}: no such parameter: {name}" for name in set(body) - _names(spec)]

    def _media(self, call: Call, media: bytes) -> bytes:
        return media[: len(media) // 4] if self.playing(call) == "broken" else media

    def _image(self, call: Call, body: dict[str, Any]) -> Reply:
        form = body.get("output_format") or "png"
        picture = self.paint(body["prompt"]) if self.paint else samples.picture(kind=form.upper())
        encoded = base64.b64encode(self._media(call, picture)).decode()
        made = {"url": f"{self.url}/files/made.png"} if self.by_url else {"b64_json": encoded}
        answer: dict[str, Any] = {"created": 1_790_000_000, "data": [made]}
        if "gpt-image" in body["model"]:
            answer |= {"background": "opaque", "quality": body["quality"], "size": body["size"], "output_format": form}
            answer["usage"] = bodies.picture_tokens(body.get("quality"), bodies.shown_in(body))
        return self._told(answer)

    def _chat(self, call: Call, body: dict[str, Any]) -> Reply:
        said = self.answer_text(body) if self.answer_text else WORDS
        match self.playing(call):
            case "refuse":
                answer = bodies.chat(body["model"], None, refusal="I'm sorry, I can't help with that.")
            case "broken":
                answer = bodies.chat(body["model"], said[: len(said) // 2], finish="length")
            case _:
                answer = bodies.chat(body["model"], said)
        if not body.get("stream"):
            return self._told(answer)
        asked = body.get("stream_options") or {}
        return bodies.chat_events(answer, usage=self.counts and bool(asked.get("include_usage")))

    def _job(self, call: Call, body: dict[str, Any]) -> Reply:
        job_id = f"resp_{len(self.jobs) + 1:04d}"
        self.jobs[job_id] = Job(body, self.polls, self.playing(call))
        return Reply(200, bodies.response(job_id, body, "queued", []))

    def _look(self, call: Call) -> Reply:
        job_id = call.path.split("/")[3]
        job = self.jobs.get(job_id)
        if job is None:
            return error(404, f"Response with id '{job_id}' not found.", "invalid_request_error", None)
        if call.path.endswith("/input_items"):
            items = [{"id": f"msg_{n}", "type": "message", **item} for n, item in enumerate(job.asked["input"])]
            return Reply(200, {"object": "list", "data": items, "has_more": False})
        if call.path.endswith("/cancel"):
            if job.status in ("completed", "failed"):
                return error(400, "Cannot cancel a completed response.", "invalid_request_error", None)
            job.status = "cancelled"
        elif job.status not in OVER:
            job.polls -= 1
            over: JobState = "failed" if job.fault == "fail_job" else "completed"
            job.status = "in_progress" if job.polls > 0 else over
        return self._told(bodies.response(job_id, job.asked, job.status, self._output(job)))

    def _told(self, answer: dict[str, Any]) -> Reply:
        return Reply(200, answer if self.counts else answer | {"usage": None})

    def _output(self, job: Job) -> list[dict[str, Any]]:
        if job.status != "completed":
            return []
        if job.fault == "refuse":
            return [bodies.blocked_call()]
        tool = job.asked["tools"][0]
        picture = samples.picture(kind=tool.get("output_format", "png").upper())
        return [bodies.picture_call(tool, picture[: len(picture) // 4] if job.fault == "broken" else picture)]


@cache
def _names(spec: str) -> frozenset[str]:
    return frozenset(json.loads((VENDOR / "specs" / spec).read_text(encoding="utf-8"))["properties"])
