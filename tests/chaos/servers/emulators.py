"""The emulated vendors of a trial: some charge above their price, some bill a job only when it ends."""

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from tests.chaos.servers.bills import Bill, Billed, billed_to, named
from tests.emulators import openai_bodies as bodies
from tests.emulators.base import Call, Fault, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import FLUX, OTHER_USD, Prediction, ReplicateEmulator
from tests.emulators.runway import RunwayEmulator, Task

JOB_SECONDS: Final = 3.0
"""The duration of a job of a vendor that bills late, whether or not it is polled."""
ONE: Final = Decimal(1)
GIVEN_BACK: Final = frozenset({"fail_job", "refuse"})
"""Failures of a prediction that is billed by its output: it costs nothing."""


class OpenAI(OpenAIEmulator):
    """Charges `surcharges[model]` times its price for a picture of the Images API, and reports the tokens to match."""

    def __init__(self, surcharges: Mapping[str, Decimal], **given: Any) -> None:
        super().__init__(**given)
        self._surcharges = surcharges
        self._excess: list[Decimal] = []

    def bill(self, call: Call, usd: str | Decimal) -> None:
        with self._lock:
            charged = Decimal(usd)
            if (factor := self._factor(call)) != ONE:
                charged = _cost(_scaled(_tokens(call), factor))
            self._excess.append(charged - Decimal(usd))
            super().bill(call, charged)

    def _image(self, call: Call, body: dict[str, Any]) -> Reply:
        reply = super()._image(call, body)
        if (factor := self._factor(call)) == ONE or not isinstance(reply.body, dict) or "usage" not in reply.body:
            return reply
        return replace(reply, body={**reply.body, "usage": _scaled(_tokens(call), factor)})

    def _factor(self, call: Call) -> Decimal:
        if not call.path.startswith("/v1/images/"):
            return ONE
        return self._surcharges.get(str(bodies.fields_of(call).get("model")), ONE)

    def bills(self) -> list[Bill]:
        with self._lock:
            entries = list(zip(self.submissions, self.prices, self._excess, strict=True))
        return [Bill("openai", billed_to(call), usd, excess) for call, usd, excess in entries]


def _tokens(call: Call) -> dict[str, Any]:
    body = bodies.fields_of(call)
    return bodies.picture_tokens(body.get("quality"), bodies.shown_in(body))


def _scaled(usage: Any, factor: Decimal) -> Any:
    if isinstance(usage, dict):
        return {name: _scaled(value, factor) for name, value in usage.items()}
    return math.ceil(usage * factor)


def _cost(usage: Mapping[str, Any]) -> Decimal:
    given = usage["input_tokens_details"]
    amounts = (given["text_tokens"], given["image_tokens"], usage["output_tokens"])
    return sum((usd * n for usd, n in zip(bodies.PICTURE_USD, amounts, strict=True)), Decimal(0)) / 1_000_000


class Clock:
    """Jobs that run for JOB_SECONDS from when they were accepted."""

    def __init__(self) -> None:
        self.due: dict[str, float] = {}

    def accept(self, job_id: str) -> None:
        self.due[job_id] = time.monotonic() + JOB_SECONDS

    def is_over(self, job_id: str) -> bool:
        return time.monotonic() >= self.due.get(job_id, 0.0)


class Replicate(ReplicateEmulator):
    """Its rate limit resets sooner than the recorded half minute; `late` ones bill when a job ends.

    A prediction that is cancelled in time costs nothing. One that is neither polled nor cancelled ends, and is billed.
    """

    def __init__(self, *, late: bool = False) -> None:
        super().__init__()
        self._late, self.clock = late, Clock()

    def fault(self, fault: Fault, call: Call) -> Reply | None:
        if fault != "throttle":
            return super().fault(fault, call)
        words = "Request was throttled. Your rate limit resets in ~2s."
        return Reply(429, {"title": "Too many requests", "detail": words, "status": 429}, "application/problem+json")

    def add(self, model: str, given: dict[str, Any], **more: Any) -> Prediction:
        made = super().add(model, given, **more)
        self.clock.accept(made.id)
        return made

    def answer(self, call: Call) -> Reply:
        if self._late:
            self._run_on(call)
        return super().answer(call)

    def _run_on(self, call: Call) -> None:
        """Let the clock, not the number of polls, decide whether the prediction of a poll or a cancel is over."""
        found = self._find(call) if self.kind(call) in ("poll", "cancel") else None
        if found is None or found.cancelled:
            return
        over = self.clock.is_over(found.id)
        found.polls = max(found.polls, self.polls) if over else 0

    def bills(self) -> list[Bill]:
        return [
            Bill("replicate", _billed_to(p), FLUX.get(p.model, OTHER_USD), job_id=p.id)
            for p in list(self.predictions)
            if not p.cancelled and not (p.fate in GIVEN_BACK and p.model in FLUX and self._ended(p))
        ]

    def _ended(self, prediction: Prediction) -> bool:
        return prediction.polls >= self.polls or (self._late and self.clock.is_over(prediction.id))


def _billed_to(made: Prediction) -> Billed:
    return named(str(made.input["prompt"]), made.input.get("seed"))


class Runway(RunwayEmulator):
    """Charges `surcharges[model]` times its estimate and reports it when a task is over; `late` ones bill only then.

    A task of a late one that is cancelled while it runs costs nothing, and reports that.
    """

    def __init__(self, surcharges: Mapping[str, Decimal], *, late: bool = False) -> None:
        super().__init__()
        self._surcharges, self._late, self.clock = surcharges, late, Clock()
        self._entries: list[tuple[Call, Task, int]] = []
        """Call, its task, and the estimated credits."""
        self._creating = threading.Lock()

    def _create(self, call: Call) -> Reply:
        with self._creating:  # the id of a task is the number of submissions
            reply = super()._create(call)
            if reply.status != 200 or not isinstance(reply.body, dict):
                return reply
            task = self.tasks[reply.body["id"]]
        said = task.credits
        task.credits = math.ceil(said * self._surcharges.get(str(call.json["model"]), ONE))
        self.clock.accept(task.id)
        self._entries.append((call, task, said))
        return reply

    def answer(self, call: Call) -> Reply:
        task = self.tasks.get(call.path.split("/")[-1]) if self.kind(call) in ("poll", "cancel") else None
        if task is None or not self._late or task.stopped:
            return super().answer(call)
        over = self.clock.is_over(task.id)
        task.polls = max(task.polls, self.polls) if over else 0
        if self.kind(call) == "cancel" and not over:
            task.stopped, task.credits = True, 0
            return Reply(204)
        return super().answer(call)

    def bills(self) -> list[Bill]:
        found = []
        for call, task, said in list(self._entries):
            if task.credits and not (self._late and not self.clock.is_over(task.id)):
                usd = Decimal(task.credits) / 100
                found.append(Bill("runway", billed_to(call), usd, usd - Decimal(said) / 100, task.id))
        return found
