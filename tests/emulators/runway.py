"""Runway by the types of its SDK: tasks, uploads, and the files that tasks made."""

import base64
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from activities.errors import OutputUnusable
from activities.media.facts import probe
from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.samples import mp3, picture, video
from tests.emulators.specs import unknown_fields

SPECS: Final = {
    **{
        name: f"sdk-derived/runway/{name}.request.json"
        for name in ("text_to_video", "image_to_video", "text_to_image", "text_to_speech")
    },
    "video_to_video": "specs-2/runway/video_to_video.request.json",
    "video_upscale": "specs-2/runway/video_upscale.request.json",
}
"""Endpoint -> the specification of its requests; those of specs-2 have the names of the SDK's arguments."""
DEFINITIONS: Final = {
    "gen4.5": "Gen4_5",
    "gen4_turbo": "Gen4Turbo",
    "veo3.1": "Veo3_1",
    "veo3.1_fast": "Veo3_1Fast",
    "gemini_omni_flash": "GeminiOmniFlash",
    "gemini_omni_flash_1.1": "GeminiOmniFlash1_1",
    "seedance2_5": "Seedance2_5",
    "enhance_frame_rate": "EnhanceFrameRate",
    "magnific_video_upscaler_creative": "MagnificVideoUpscalerCreative",
    "gen4_image": "Gen4Image",
    "eleven_multilingual_v2": "ElevenMultilingualV2",
}
CREDITS_A_SECOND: Final = {
    "gen4.5": 12,
    "gen4_turbo": 5,
    "veo3.1": 40,
    "veo3.1_fast": 15,
    "gemini_omni_flash": 10,
    "gemini_omni_flash_1.1": 10,
    "seedance2_5": 10,
}
MOST_SECONDS: Final = 30
"""As which a task of the duration "auto" is billed before its rest is refunded."""
PROMPT_UNITS: Final = {"seedance2_5": 15_000}
"""Other models read 1,000."""
FIXED_CREDITS: Final = {"text_to_image": 5, "text_to_speech": 1, "video_upscale": 50}
MEDIA: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "text_to_image": ("picture.png", picture),
    "text_to_speech": ("speech.mp3", mp3),
}
FAILURES: Final[dict[Fault, tuple[str, str]]] = {
    "refuse": ("Content was flagged by our moderation.", "SAFETY.INPUT.TEXT"),
    "fail_job": ("An unexpected error occurred.", "INTERNAL"),
}


@dataclass
class Task:
    id: str
    endpoint: str
    credits: int
    fate: Fault | None = None
    seconds: float = 1.0
    final: int | None = None
    """The credits that remain when it succeeds, after a refund."""
    polls: int = 0
    stopped: bool = False


def broken_rule(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The first rule of a mode that a request breaks, as the vendor words it in the types of its SDK."""
    mode, duration = body.get("mode"), body.get("duration")
    seedance, omni = body["model"] == "seedance2_5", body["model"].startswith("gemini_omni")
    rules = [
        ("promptText", "Required", (omni or (seedance and mode in ("extend", "edit"))) and not body.get("promptText")),
        ("ratio", "Not accepted in this mode", seedance and mode in ("extend", "edit") and "ratio" in body),
        ("duration", "Must be auto", seedance and mode == "edit" and duration != "auto"),
        ("duration", "Must be 3 to 10", omni and isinstance(duration, int) and not 3 <= duration <= 10),
        ("duration", "Not accepted in this mode", omni and mode == "edit" and duration is not None),
        ("promptImage", "A last frame needs a first one", _lacks_first_frame(body.get("promptImage"))),
    ]
    return next(({"path": [field], "message": text} for field, text, broken in rules if broken), None)


def _lacks_first_frame(frames: object) -> bool:
    positions = [each.get("position") for each in frames] if isinstance(frames, list) else []
    return "last" in positions and "first" not in positions


class RunwayEmulator(Emulator):
    """Tasks are done at the poll with the number `polls`.

    Attributes:
        throttled: The first polls find the task waiting for a free slot.
        refunds: A task that fails is charged nothing.
        failures: The message and the code of a task that fails.
    """

    account = (
        "/v1/organization",
        {"creditBalance": 100, "tier": {"models": {}, "maxMonthlyCreditSpend": 1}, "usage": {"models": {}}},
    )

    def __init__(self, polls: int = 2) -> None:
        super().__init__()
        self.polls = polls
        self.tasks: dict[str, Task] = {}
        self.uploads: list[bytes] = []
        self.throttled = False
        self.refunds = False
        self.failures = dict(FAILURES)
        self._issued = 0

    def kind(self, call: Call) -> Kind:
        if call.path.startswith("/media/"):
            return "download"
        if call.path.startswith("/v1/tasks/"):
            return "cancel" if call.method == "DELETE" else "poll"
        return "other" if "upload" in call.path.split("/") or call.path == "/v1/uploads" else "submit"

    def authorised(self, call: Call) -> Reply | None:
        if not call.path.startswith("/v1/"):
            return None
        if call.headers.get("x-runway-version") != "2024-11-06":
            self.problems.append(f"{call.path}: X-Runway-Version is {call.headers.get('x-runway-version')}")
        if call.headers.get("authorization") == f"Bearer {self.key}":
            return None
        return Reply(401, {"error": "The API key provided is invalid."})

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        match fault:
            case "throttle":
                return Reply(429, {"error": "Too many requests. Please try again later."})
            case "overload":
                return Reply(503, {"error": "The service is temporarily unavailable."})
            case "error":
                return Reply(500, {"error": "An internal error occurred."})
            case "quota":
                return Reply(400, {"error": "You do not have enough credits to run this task."})
            case "expire" if self.kind(call) == "download":
                return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
            case "broken" if self.kind(call) == "download":
                return Reply(200, b"this is no media", "video/mp4")
        return None

    def answer(self, call: Call) -> Reply:
        match self.kind(call):
            case "submit":
                return self._create(call)
            case "poll":
                return self._look(call)
            case "cancel":
                self.tasks.pop(call.path.split("/")[3], None)
                return Reply(204)
            case "download":
                return self._download(call)
        return self._upload(call)

    def _create(self, call: Call) -> Reply:
        endpoint, body = call.path.removeprefix("/v1/"), call.json
        self._check_fields(endpoint, body)
        prompt = str(body.get("promptText", ""))
        if broken := broken_rule(body):
            return Reply(400, {"error": "Validation of body failed", "issues": [broken]})
        if len(prompt.encode("utf-16-le")) // 2 > PROMPT_UNITS.get(body["model"], 1_000):
            issue = {"path": ["promptText"], "message": "Too long"}
            return Reply(400, {"error": "Validation of body failed", "issues": [issue]})
        for uri in [body.get("promptImage"), body.get("videoUri"), body.get("promptVideo")]:
            if uri and len(uri) > 5_000_000:
                return Reply(400, {"error": "Invalid asset: too large"})
        seconds, billed = self._lengths(body)
        price = FIXED_CREDITS.get(endpoint) or round(CREDITS_A_SECOND[body["model"]] * billed)
        task = Task(f"task-{len(self.submissions)}", endpoint, price, self.playing(call), seconds)
        if body.get("duration") == "auto":
            task.final = round(CREDITS_A_SECOND[body["model"]] * seconds)
        self.tasks[task.id] = task
        self.bill(call, Decimal(price) / 100)
        made = {"id": task.id, "estimatedCost": {"credits": price}}
        return Reply(200, made)

    def _check_fields(self, endpoint: str, body: dict[str, Any]) -> None:
        if not (schema := SPECS.get(endpoint)):
            return
        if schema.startswith("specs-2/"):
            body = {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name): v for name, v in body.items()}
        definition = f"$defs/{DEFINITIONS[body['model']]}"
        self.check(schema, body, definition)
        self.problems += unknown_fields(schema, body, definition)

    def _lengths(self, body: dict[str, Any]) -> tuple[float, float]:
        """The length of the output, and the seconds that are billed."""
        duration = body.get("duration") or 0.0
        source = self._source_seconds(body.get("videoUri") or body.get("promptVideo"))
        if source is None:
            return duration or 1.0, duration or 1.0
        if duration == "auto":
            return source, MOST_SECONDS
        if body.get("mode") == "reference":
            return duration, duration
        return source + duration, duration or source

    def _source_seconds(self, uri: str | None) -> float | None:
        """The length of an input video, from the request or an upload."""
        if uri is None:
            return None
        data = base64.b64decode(uri.partition(",")[2]) if uri.startswith("data:") else self.uploads[-1]
        try:
            return probe(io.BytesIO(data[data.index(b"ftyp") - 4 :]), "video/mp4").duration_seconds or 1.0
        except (OutputUnusable, ValueError):
            return 1.0

    def _look(self, call: Call) -> Reply:
        task = self.tasks.get(call.path.split("/")[3])
        if task is None:
            return Reply(404, {"error": "The requested task was not found."})
        task.polls += 1
        cost = {"cost": {"credits": task.credits}} if self.counts else {}
        body: dict[str, Any] = {"id": task.id, "createdAt": "2026-11-20T12:00:00.000Z"}
        if task.stopped:
            body |= {"status": "CANCELLED", **cost}
        elif task.polls < self.polls:
            waiting = "THROTTLED" if self.throttled else "PENDING"
            state = {"status": waiting} if task.polls == 1 else {"status": "RUNNING", "progress": 0.5}
            body |= {**state, "estimatedCost": {"credits": task.credits}}
        elif task.fate in self.failures:
            failure, code = self.failures[task.fate]
            charged = 0 if self.refunds else task.credits
            if self.refunds and task.polls == self.polls:
                self.billed_usd -= Decimal(task.credits) / 100
            if self.counts:
                cost = {"cost": {"credits": charged}}
            body |= {"status": "FAILED", "failure": failure, "failureCode": code, **cost}
        else:
            self._issued += 1
            if task.final is not None:
                self.billed_usd -= Decimal(task.credits - task.final) / 100
                task.credits, task.final = task.final, None
                cost = {"cost": {"credits": task.credits}} if self.counts else {}
            url = f"{self.url}/media/{task.id}/{self._issued}/{self._media(task)[0]}?_jwt=x"
            body |= {"status": "SUCCEEDED", "output": [url], **cost}
        if self.counts:
            self.check("sdk-derived/runway/tasks.retrieve.response.json", body)
        return Reply(200, body)

    def _media(self, task: Task) -> tuple[str, bytes]:
        name, make = MEDIA.get(task.endpoint, ("shot.mp4", lambda: video(task.seconds)))
        return name, make()

    def _download(self, call: Call) -> Reply:
        task = self.tasks[call.path.split("/")[2]]
        if task.fate == "broken":
            return Reply(200, b"this is no media", "video/mp4")
        if task.fate == "expire" and call.path.split("/")[3] == "1":
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        return Reply(200, self._media(task)[1], "application/octet-stream")

    def _upload(self, call: Call) -> Reply:
        if call.path == "/v1/uploads":
            assert set(json.loads(call.body)) >= {"filename", "type"}
            fields = {"key": "uploads/1", "policy": "p"}
            return Reply(200, {"uploadUrl": f"{self.url}/upload/", "fields": fields, "runwayUri": "runway://1"})
        self.uploads.append(call.body)
        return Reply(204)
