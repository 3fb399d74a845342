"""Runway by the types of its SDK: tasks, uploads, and the files that tasks made."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tests.emulators.base import Call, Emulator, Fault, Kind, Reply
from tests.emulators.samples import mp3, picture, video

SPECS: Final = ("text_to_video", "image_to_video", "text_to_image", "text_to_speech")
"""Endpoints whose requests are specified."""
DEFINITIONS: Final = {
    "gen4.5": "Gen4_5",
    "gen4_turbo": "Gen4Turbo",
    "veo3.1": "Veo3_1",
    "veo3.1_fast": "Veo3_1Fast",
    "gen4_image": "Gen4Image",
    "eleven_multilingual_v2": "ElevenMultilingualV2",
}
CREDITS_A_SECOND: Final = {"gen4.5": 12, "gen4_turbo": 5, "veo3.1": 40, "veo3.1_fast": 15}
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
    polls: int = 0
    stopped: bool = False


class RunwayEmulator(Emulator):
    """Tasks are done at the poll with the number `polls`.

    Attributes:
        throttled: The first polls find the task waiting for a free slot.
        refunds: A task that fails is charged nothing.
        failures: The message and the code of a task that fails.
    """

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
        if endpoint in SPECS:
            self.check(f"sdk-derived/runway/{endpoint}.request.json", body, f"$defs/{DEFINITIONS[body['model']]}")
        prompt = str(body.get("promptText", ""))
        if len(prompt.encode("utf-16-le")) // 2 > 1_000:
            issue = {"path": ["promptText"], "message": "Too long"}
            return Reply(400, {"error": "Validation of body failed", "issues": [issue]})
        for uri in [body.get("promptImage"), body.get("videoUri")]:
            if uri and len(uri) > 5_000_000:
                return Reply(400, {"error": "Invalid asset: too large"})
        price = FIXED_CREDITS.get(endpoint) or CREDITS_A_SECOND[body["model"]] * body["duration"]
        task = Task(f"task-{len(self.submissions)}", endpoint, price, self.playing(call), body.get("duration") or 1.0)
        self.tasks[task.id] = task
        self.bill(call, Decimal(price) / 100)
        made = {"id": task.id, "estimatedCost": {"credits": price}}
        return Reply(200, made)

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
