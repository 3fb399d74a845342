"""A stack in the middle of its work, as an engineer finds it in Temporal: productions that are generating, waiting,
refused or throttled by a vendor, failed, or stuck."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from api.client.client import GreenlightClient
from api.views.production import PlanView
from deploy.local import Stack, running_stack
from deploy.temporal import binary
from tests.emulators.base import Fault
from tests.emulators.openai import OpenAIEmulator
from tests.support.film import BRIEF, approval, as_job, planned
from tests.support.stack import hermetic, new_home
from tests.support.vendors import env_of
from tests.support.waiting import until
from workflows import keys
from workflows.brief import Brief, Platform, Reference
from workflows.events import AssetStatus, ProductionStatus
from workflows.requests import EditOp, PlanEdit

PREVIZ: Final = {
    "text": "previz-text",
    "image": "previz-storyboard",
    "audio": "previz-narration",
    "video": "previz-animatic",
}
JOB_SECONDS: Final = 600
"""Longer than any test: the job is always running."""
MADE: Final = {"script", "narration-1", "narration-2", "still-1", "still-2", "shot-2"}
LOST: Final = Reference(source="stored:references/lost")
MANY: Final[list[Fault]] = ["throttle"] * 99
STUCK: Final = "production-stuck"
"""A workflow id: a run whose input no worker can read."""


@dataclass(frozen=True)
class Situation:
    """Productions by their situation. `film` has a long job and a picture that a vendor billed."""

    stack: Stack
    studio: GreenlightClient
    vendor: OpenAIEmulator
    film: str
    waiting: str
    refused: str
    limited: str
    failed: str

    @property
    def ui(self) -> str:
        assert self.stack.info.temporal_ui_url
        return self.stack.info.temporal_ui_url

    def made(self, production_id: str) -> set[str]:
        return {a.asset_id for a in self.studio.get(production_id).assets if a.status is AssetStatus.COMPLETED}

    def listed(self, query: str) -> str:
        """Workflows as JSON."""
        return self.temporal("workflow", "list", "--query", query, "-o", "json")

    def runs(self, production_id: str) -> list[str]:
        """The status of each run, the newest first."""
        listed = json.loads(self.listed(f"WorkflowId = '{keys.workflow_id(production_id)}'"))
        newest = sorted(listed, key=lambda run: str(run["startTime"]), reverse=True)
        return [str(run["status"]).removeprefix("WORKFLOW_EXECUTION_STATUS_") for run in newest]

    def before_update(self, production_id: str, name: str) -> str:
        """The id of the last event before an update to which a run can be reset."""
        said = self.temporal("workflow", "show", "--workflow-id", keys.workflow_id(production_id), "-o", "json")
        point = ""
        for event in json.loads(said)["events"]:
            accepted = event.get("workflowExecutionUpdateAcceptedEventAttributes", {})
            if accepted.get("acceptedRequest", {}).get("input", {}).get("name") == name:
                break
            if event["eventType"] == "EVENT_TYPE_WORKFLOW_TASK_COMPLETED":
                point = str(event["eventId"])
        return point

    def pending(self, production_id: str) -> dict[str, Any]:
        """Activity id -> the pending activity, as Temporal describes it."""
        said = self.temporal("workflow", "describe", "--workflow-id", keys.workflow_id(production_id), "-o", "json")
        return {a["activityId"]: a for a in json.loads(said).get("pendingActivities", ())}

    def temporal(self, *arguments: str) -> str:
        """The output of Temporal's own command."""
        command = [binary("temporal"), *arguments]
        return subprocess.run(command, env=self.stack.env, capture_output=True, text=True, check=True).stdout


@contextmanager
def situation(home: Path) -> Iterator[Situation]:
    """The situation on a stack of its own."""
    with OpenAIEmulator() as vendor:
        env = hermetic(os.environ) | env_of("openai", vendor) | {"GREENLIGHT_PLANNER": "template"}
        with (
            running_stack(new_home(home), ports="free", environ=env) as stack,
            GreenlightClient(stack.info.api_url) as studio,
        ):
            yield _begun(stack, studio, vendor)


def _begun(stack: Stack, studio: GreenlightClient, vendor: OpenAIEmulator) -> Situation:
    poster = Brief(text="A poster for a jazz night by the sea.", platform=Platform.DESIGN, requester="ben")
    post = Brief(text="Three reasons to take the night train.", platform=Platform.SOCIAL_POST, requester="carla")

    command = [binary("temporal"), "workflow", "start", "--workflow-id", STUCK, "--input", '{"nothing": "of ours"}']
    command += ["--type", keys.WORKFLOW_TYPE, "--task-queue", keys.TASK_QUEUE]
    subprocess.run(command, env=stack.env, capture_output=True, check=True)
    film, plan = _previz_but(studio, BRIEF.model_copy(update={"tenant": "north"}), "still-2")
    studio.approve(film, approval(as_job(studio, film, plan, "shot-1", JOB_SECONDS)))
    until(lambda: vendor.count("submit") == 1, "the vendor has the film's still")
    vendor.meet("refuse")
    refused, plan = _previz_but(studio, post.model_copy(update={"title": "The night train"}), "visual")
    studio.approve(refused, approval(plan))
    until(lambda: studio.get(refused).status is ProductionStatus.NEEDS_ATTENTION, "a refused picture")
    vendor.meet(*MANY)
    limited, plan = _previz_but(studio, post, "visual")
    studio.approve(limited, approval(plan))
    found = Situation(
        stack=stack,
        studio=studio,
        vendor=vendor,
        film=film,
        waiting=studio.start(poster).production_id,
        refused=refused,
        limited=limited,
        failed=studio.start(poster.model_copy(update={"references": (LOST,)})).production_id,
    )
    until(lambda: found.made(film) == MADE, "all of the film but its long job")
    until(lambda: "lastFailure" in found.pending(limited).get("visual/1", {}), "a picture that waits")
    until(lambda: STUCK in found.listed("TemporalReportedProblems IS NOT NULL"), "what cannot go on")
    return found


def _previz_but(studio: GreenlightClient, brief: Brief, vendors: str) -> tuple[str, PlanView]:
    """A plan by previz, with one asset by a vendor."""
    production_id, plan = planned(studio, brief)
    edits = tuple(
        EditOp(op="change", asset_id=a.asset_id, provider="previz", model=PREVIZ[a.asset_type], parameters={})
        for a in plan.assets
        if a.provider != "previz" and a.asset_id != vendors
    )
    return production_id, studio.edit_plan(production_id, PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana"))
