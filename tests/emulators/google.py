"""Google on loopback: Gemini responses, Omni interactions, and the Enterprise platform's Imagen and Veo."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import uuid4

from tests.emulators import samples
from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.google_records import (
    DRAWN,
    READ,
    RETRY,
    THOUGHT,
    WROTE,
    as_base64,
    as_events,
    blob,
    error,
    quota,
    response,
    uncounted,
)

FILES: Final = "https://generativelanguage.googleapis.com/v1beta/files"
"""Google's address of its files, whatever the base URL of the API."""
SUBMITTING: Final = ("generateContent", "streamGenerateContent", "predict", "predictLongRunning")
USD: Final = {
    "text": Decimal("0.0015"),  # these tokens at 0.75 and 3.75 USD a million
    "refused": Decimal("0.0006"),  # the input tokens of these
    "image": Decimal("0.1344"),  # a picture of 1,120 tokens at 120 USD a million
    "speech": Decimal("0.01"),
    "omni": Decimal("0.56"),
    "transcript": Decimal("0.00352"),  # these tokens at 2 and 12 USD a million
    "imagen": Decimal("0.04"),
    "veo": Decimal("0.4"),  # a second
}
_SPEC: Final = "google/aiplatform.v1.publisher-models.schema.json"
_DERIVED: Final = "sdk-derived/google/"

Outcome = Literal["video", "broken", "failed", "refused", "cancelled"]


@dataclass
class _Job:
    """A video in progress; `polls` further polls find it running."""

    outcome: Outcome
    polls: int
    inline: bool
    asked: dict[str, Any]


class GoogleEmulator(Emulator):
    """Both of Google's APIs under one address.

    Attributes:
        answer_text: The response of a text model to a request body (in camel case); without it, a short Markdown text.
        said: The transcript of each recording: a text for each turn, and its words as (word, start, end, speaker).
        polls: The number of polls that find a job still running.
        illustrated: The texts and pictures of a response with both; without it, as many as the prompt requests.
        detailed: Whether the usage says how many tokens are those of pictures.
    """

    account = ("/models", {"models": []})

    def __init__(self) -> None:
        super().__init__()
        self.answer_text: Callable[[dict[str, Any]], str] | None = None
        self.said: list[tuple[str, list[Any]]] = [("A lighthouse.", [("A", 0, 0.2), ("lighthouse.", 0.2, 0.9)])]
        self.polls = 1
        self.illustrated: list[str | bytes] = []
        self.detailed = True
        self.jobs: dict[str, _Job] = {}

    @property
    def env(self) -> dict[str, str]:
        """The environment of a worker that uses the Developer API."""
        return {"GOOGLE_API_KEY": self.key, "GOOGLE_GEMINI_BASE_URL": self.url}

    @property
    def enterprise_env(self) -> dict[str, str]:
        """The same for the Enterprise platform, in its express mode with a key."""
        return {
            "GOOGLE_API_KEY": self.key,
            "GOOGLE_GENAI_USE_ENTERPRISE": "true",
            "GOOGLE_VERTEX_BASE_URL": self.url,
        }

    def kind(self, call: Call) -> Kind:
        if call.path.startswith("/download/"):
            return "other"  # the target of the redirect from the address of a file
        verb = call.path.rpartition(":")[2]
        if verb in SUBMITTING or _interaction(call) == ("POST", ""):
            return "submit"
        if verb == "fetchPredictOperation":
            return "poll"
        if verb == "download":
            return "download"
        if "/interactions/" in call.path:
            return "poll" if call.method == "GET" else "cancel"
        return "other"

    def authorised(self, call: Call) -> Reply | None:
        if call.headers.get("x-goog-api-key") == self.key:
            return None
        words = "API key not valid. Please pass a valid API key."
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        return error(400, "INVALID_ARGUMENT", words, reason)

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        # The message of a limit a minute equals that of a day's quota (recorded).
        spent = "You exceeded your current quota, please check your plan and billing details.\nPlease retry in 2.5s."
        match fault:
            case "throttle":
                return error(429, "RESOURCE_EXHAUSTED", spent, quota("RequestsPerMinutePerProject"), RETRY)
            case "quota":
                return error(429, "RESOURCE_EXHAUSTED", spent, quota("RequestsPerDayPerProject"), RETRY)
            case "overload":
                return error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
            case "error":
                return error(500, "INTERNAL", "An internal error has occurred.")
            case "expire":
                return error(403, "PERMISSION_DENIED", "You do not have permission to access the File or it is gone.")
            case _:
                return None

    def answer(self, call: Call) -> Reply:
        path, _, verb = call.path.rpartition(":")
        model = path.rpartition("/")[2]
        method, rest = _interaction(call)
        match verb:
            case "generateContent":
                return self._generate(call, model)
            case "streamGenerateContent":
                return as_events(self._generate(call, model))
            case "predict":
                return self._predict(call)
            case "predictLongRunning":
                return self._begin_veo(call, path)
            case "fetchPredictOperation":
                return self._look_veo(call)
            case "download":
                return self._file(call)
        if method == "POST" and not rest:
            return self._interact(call)
        if rest.removesuffix("/cancel") in self.jobs:
            if call.query.get("include_input") == ["true"]:
                asked = self.jobs[rest].asked
                return Reply(200, _interaction_record(rest, "queued") | {n: asked[n] for n in ("model", "input")})
            return self._look_omni(call, rest.removesuffix("/cancel"), cancel=rest.endswith("/cancel"))
        return error(404, "NOT_FOUND", f"{call.path} was not found.")

    # Gemini

    def _generate(self, call: Call, model: str) -> Reply:
        body = camel(call.json)
        self.check(_SPEC, body, "$defs/GoogleCloudAiplatformV1GenerateContentRequest")
        for content in body["contents"]:
            self.check(_DERIVED + "content.json", content)
        config = body.get("generationConfig", {})
        self.check(_DERIVED + "generateContent.config.json", config)
        if {"TEXT", "IMAGE"} <= set(config.get("responseModalities", ())):
            return self._illustrate(call, model, body)
        makes = next((m for m in ("IMAGE", "AUDIO") if m in config.get("responseModalities", ())), "TEXT")
        fault = self.playing(call)
        if fault == "refuse":
            return self._refused(call, makes)
        self.bill(call, USD[{"IMAGE": "image", "AUDIO": "speech", "TEXT": "text"}[makes]])
        broken = fault == "broken"
        parts: list[dict[str, Any]] = [{"text": "Let me think.", "thought": True}]
        if fault == "fail_job":
            reply = response(model, makes, parts[:1], "IMAGE_OTHER" if makes == "IMAGE" else "OTHER")
            return reply if self.counts else uncounted(reply)
        if makes == "IMAGE":
            parts.append(blob("image/jpeg", b"no picture" if broken else samples.picture(96, 64, "JPEG")))
        elif makes == "AUDIO":
            speech = blob("audio/mp3", b"no sound") if broken else blob("audio/L16;codec=pcm;rate=24000", samples.pcm())
            parts.append(speech)
        else:
            said = self.answer_text(body) if self.answer_text else "A **lighthouse** at dusk."
            parts.append({"text": said[: len(said) // 2] if broken else said})
        reply = response(model, makes, parts, "MAX_TOKENS" if broken and makes == "TEXT" else "STOP")
        return reply if self.counts else uncounted(reply)

    def _illustrate(self, call: Call, model: str, body: dict[str, Any]) -> Reply:
        """Text and pictures by turns: as many as the prompt requests, or what `illustrated` gives."""
        fault = self.playing(call)
        if fault == "refuse":
            return self._refused(call, "IMAGE")
        asked = re.search(r"Make (\d+) picture", body["contents"][-1]["parts"][-1]["text"])
        parts = self.illustrated or [
            each
            for k in range(int(asked[1]) if asked else 1)
            for each in (f"## Step {k + 1}\n\nMix well.\n", samples.picture(96 + 16 * k, 64, "JPEG"))
        ]
        sent = [{"text": p} if isinstance(p, str) else blob("image/jpeg", p) for p in parts]
        drawn = DRAWN * sum(isinstance(p, bytes) for p in parts)
        self.bill(call, (READ * 2 + (WROTE + THOUGHT) * 12 + drawn * 120) / Decimal(1_000_000))
        reply = response(model, "TEXT", [{"text": "Let me think.", "thought": True}, *sent], "STOP")
        assert isinstance(reply.body, dict)
        used = reply.body["usageMetadata"]
        used["candidatesTokenCount"] += drawn
        used["candidatesTokensDetails"] += [{"modality": "IMAGE", "tokenCount": drawn}] if drawn else []
        if fault == "broken":
            reply.body["candidates"][0]["finishReason"] = "MAX_TOKENS"
        if not self.detailed:
            del used["candidatesTokensDetails"]
        return reply if self.counts else uncounted(reply)

    def _refused(self, call: Call, makes: str) -> Reply:
        used = {"promptTokenCount": READ, "totalTokenCount": READ}
        if makes == "IMAGE":
            return Reply(200, {"candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}], "usageMetadata": used})
        if makes == "TEXT":
            self.bill(call, USD["refused"])
        return Reply(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": used})

    # Omni

    def _interact(self, call: Call) -> Reply:
        body = call.json
        self.check(_DERIVED + "interactions.CreateModelInteractionParam.strict.json", body)
        if "transcription_config" in body.get("generation_config", {}):
            return self._transcribe(call)
        if not (body.get("background") and body.get("store")):
            self.problems.append("interactions: a video of minutes is asked for in the foreground")
        name, job = f"v1_{uuid4().hex}", self._job(call, body["response_format"].get("delivery") != "uri")
        if job.outcome != "refused":
            self.bill(call, USD["omni"])
        self.jobs[name] = job
        return Reply(200, _interaction_record(name, "queued"))

    def _transcribe(self, call: Call) -> Reply:
        fault = self.playing(call)
        if fault == "refuse":
            return error(400, "INVALID_ARGUMENT", "The audio violates our safety policies.")
        self.bill(call, USD["transcript"])
        content: list[dict[str, Any]] = []
        for text, words in self.said:
            notes = [
                {"type": "word_info", "text": word, "start_offset": f"{start:g}s", "end_offset": f"{end:g}s", **speaker}
                for word, start, end, *named in words
                for speaker in [{"speaker": named[0]} if named else {}]
            ]
            content.append({"type": "text", "text": text, "annotations": notes})
        status = "incomplete" if fault in ("broken", "fail_job") else "completed"
        record = _interaction_record("", status) | {"steps": [{"type": "model_output", "content": content}]}
        used = {"total_input_tokens": READ, "total_output_tokens": WROTE, "total_thought_tokens": 0}
        return Reply(200, record | ({"usage": used} if self.counts else {}))

    def _look_omni(self, call: Call, name: str, *, cancel: bool) -> Reply:
        job = self.jobs[name]
        if cancel:
            job.outcome, job.polls = "cancelled", 0
        elif job.polls:
            job.polls -= 1
            return Reply(200, _interaction_record(name, "in_progress"))
        used = {"total_input_tokens": READ, "total_output_tokens": 0 if job.outcome == "refused" else 46_336}
        record = _interaction_record(name, "failed") | ({"usage": used} if self.counts else {})
        match job.outcome:
            case "cancelled":
                return Reply(200, _interaction_record(name, "cancelled"))
            case "refused":
                return Reply(200, record | {"errors": [{"code": "SAFETY", "message": "Blocked by a safety filter."}]})
            case "failed":
                return Reply(200, record | {"errors": [{"code": "INTERNAL", "message": "Rendering broke off."}]})
        video = {"data": as_base64(_media(job))} if job.inline else {"uri": f"{FILES}/{name[3:]}:download?alt=media"}
        content = [{"type": "video", "mime_type": "video/mp4", **video}]
        return Reply(200, record | {"status": "completed", "steps": [{"type": "model_output", "content": content}]})

    def _file(self, call: Call) -> Reply:
        name = call.path.rpartition("/")[2].removesuffix(":download")
        if self.playing(call) == "broken":
            return Reply(200, b"no video", "video/mp4")
        if not call.path.startswith("/download/"):
            body = {"error": {"code": 302, "message": "Unknown Error.", "status": "UNKNOWN"}}
            return Reply(302, body, headers={"Location": f"/download{call.path}?alt=media"})
        return Reply(200, _media(self.jobs[f"v1_{name}"]), "video/mp4")

    # Enterprise

    def _predict(self, call: Call) -> Reply:
        body = camel(call.json)
        self.check(_SPEC, body, "$defs/GoogleCloudAiplatformV1PredictRequest")
        fault = self.playing(call)
        if fault == "refuse":
            return Reply(200, {"predictions": [{"raiFilteredReason": "Filtered for content: 58061214."}]})
        self.bill(call, USD["imagen"])
        if fault == "fail_job":
            return Reply(200, {})
        picture = b"no picture" if fault == "broken" else samples.picture(96, 64)
        return Reply(200, {"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": as_base64(picture)}]})

    def _begin_veo(self, call: Call, path: str) -> Reply:
        body = camel(call.json)
        self.check(_SPEC, body, "$defs/GoogleCloudAiplatformV1PredictLongRunningRequest")
        job = self._job(call, inline=True)
        if job.outcome != "refused":
            self.bill(call, USD["veo"] * body["parameters"]["durationSeconds"])
        name = f"{path.partition('/v1beta1/')[2]}/operations/{uuid4().hex}"
        self.jobs[name] = job
        return Reply(200, {"name": name})

    def _look_veo(self, call: Call) -> Reply:
        self.check(_SPEC, call.json, "$defs/GoogleCloudAiplatformV1FetchPredictOperationRequest")
        name = call.json["operationName"]
        job = self.jobs.get(name)
        if job is None:
            return error(404, "NOT_FOUND", "The operation was not found.")
        if job.polls:
            job.polls -= 1
            return Reply(200, {"name": name})
        done = {"name": name, "done": True}
        if job.outcome == "failed":
            return Reply(200, done | {"error": {"code": 13, "message": "An internal error has occurred."}})
        if job.outcome == "cancelled":
            return Reply(200, done | {"error": {"code": 1, "message": "The operation was cancelled."}})
        if job.outcome == "refused":
            filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["Violent content: 61493863."]}
            return Reply(200, done | {"response": filtered})
        video = {"bytesBase64Encoded": as_base64(_media(job)), "mimeType": "video/mp4"}
        return Reply(200, done | {"response": {"videos": [video]}})

    def _job(self, call: Call, inline: bool) -> _Job:
        outcomes: dict[Fault | None, Outcome] = {"refuse": "refused", "fail_job": "failed", "broken": "broken"}
        return _Job(outcomes.get(self.playing(call), "video"), self.polls, inline, call.json)


def camel(value: Any) -> Any:
    """A body in camel case throughout: the SDK mixes both casings. A JSON schema's own names stay."""
    if isinstance(value, list):
        return [camel(v) for v in value]
    if not isinstance(value, dict):
        return value
    named = {_camel(k): v for k, v in value.items()}
    return {k: v if k == "responseJsonSchema" else camel(v) for k, v in named.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _interaction(call: Call) -> tuple[str, str]:
    """Method and what follows /interactions; ("", "") for any other path."""
    _, found, rest = call.path.partition("/interactions")
    return (call.method, rest.removeprefix("/")) if found else ("", "")


def _interaction_record(name: str, status: str) -> dict[str, Any]:
    moment = "2026-11-20T12:00:00Z"
    return {"id": name, "status": status, "object": "interaction", "created": moment, "updated": moment}


def _media(job: _Job) -> bytes:
    return b"no video" if job.outcome == "broken" else samples.video(_seconds_of(camel(job.asked)) or 1.0)


def _seconds_of(asked: Any) -> float:
    """The ordered length of a video: `durationSeconds`, or a `duration` such as 8s."""
    if isinstance(asked, dict):
        for name in ("durationSeconds", "duration"):
            if name in asked:
                return float(str(asked[name]).removesuffix("s"))
        asked = list(asked.values())
    return next((found for each in asked if (found := _seconds_of(each))), 0.0) if isinstance(asked, list) else 0.0
