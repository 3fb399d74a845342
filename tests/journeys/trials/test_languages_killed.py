"""A film in two languages whose budget is exactly its price, made by a worker that is killed while vendors translate
and speak."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.client.client import GreenlightClient, GreenlightError
from api.views.production import PlanView, ProductionView
from tests.activities.planning.translation.translator import (
    ENGLISH,
    GERMAN,
    film_plan,
    is_translation,
    translator,
)
from tests.chaos.servers.proxy import S3Faults
from tests.chaos.servers.stack import Running, started
from tests.emulators.base import Call, Stage
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.runway import RunwayEmulator
from tests.support.film import Bucket, planned
from tests.support.servers.linux import needs_linux
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.models import Modality
from workflows.requests import Approval, Resolve

pytestmark = [
    pytest.mark.trial,
    needs_linux,
]
BRIEF = Brief(
    text="A film about the boats of Ingrid.",
    platform=Platform.VIDEO,
    modalities=(Modality.VIDEO, Modality.AUDIO),
    duration_seconds=15,
    languages=("en", "de"),
    requester="ana",
)


def spoken_by_runway() -> str:
    """The plan of a film whose narrations cost money."""
    plan: dict[str, Any] = json.loads(film_plan())
    for each in plan["assets"]:
        if each["role"] == "narration":
            each |= {"provider": "runway", "model": "eleven_multilingual_v2"}
    return json.dumps(plan)


class Killer:
    """Kills the worker once at each of `moments`: what is requested, and the stage of that request."""

    def __init__(self, *moments: tuple[str, Stage]) -> None:
        self.moments = list(moments)
        self.running: Running | None = None
        self._seen: Counter[int] = Counter()

    def __call__(self, call: Call) -> float:
        """Called by a vendor before a request is accepted, and again before it is answered."""
        self._seen[id(call)] += 1
        moment: tuple[str, Stage] = (requested(call), "received" if self._seen[id(call)] == 1 else "billed")
        if moment in self.moments and self.running:
            self.moments.remove(moment)
            self.running.supervisor.kill("worker")
        return 0.0


def requested(call: Call) -> str:
    """The text that is to be spoken, or "translation"; empty for any other request."""
    if call.path == "/v1/text_to_speech":
        return str(call.json["promptText"])
    chat = call.path == "/v1/chat/completions"
    return "translation" if chat and is_translation(call.json) else ""


@contextmanager
def killed_at(home: Path, *moments: tuple[str, Stage]) -> Iterator[tuple[Running, OpenAIEmulator, RunwayEmulator]]:
    """A stack with its vendors, whose worker is killed at these moments."""
    translate, killer = translator(), Killer(*moments)

    def answer(body: dict[str, Any]) -> str:
        return translate(body) if is_translation(body) else spoken_by_runway()

    with OpenAIEmulator(answer) as openai, RunwayEmulator() as runway:
        openai.delay = runway.delay = killer
        env = env_of("openai", openai) | env_of("runway", runway)
        settings = {"GREENLIGHT_PLANNER": "openai/gpt-6-luna", "GREENLIGHT_CLAIM_SETTLES_SECONDS": "3"}
        with started(home, env | settings, commands=True, workers=1, s3_faults=S3Faults(), seed="languages") as running:
            killer.running = running
            yield running, openai, runway
    assert killer.moments == [], "it was not killed at these moments"
    assert openai.problems + runway.problems == []


def resting(client: GreenlightClient, production_id: str) -> ProductionView:
    """The production once only a person could continue it, or once it is over.

    Raises:
        AssertionError: it is still in progress after three times the usual limit; with the state of its assets.
    """
    seen, ends = client.get(production_id), time.monotonic() + 3 * WITHIN
    while not rests(seen):
        assert time.monotonic() < ends, {a.asset_id: (a.status, a.attention, a.error) for a in seen.assets}
        time.sleep(1)
        with suppress(GreenlightError):  # a busy API's 503
            seen = client.get(production_id)
    return seen


def rests(seen: ProductionView) -> bool:
    waits = seen.status is ProductionStatus.NEEDS_ATTENTION
    return seen.status.closed or (waits and not any(a.status == "generating" for a in seen.assets))


def approve_exactly(client: GreenlightClient, production_id: str, plan: PlanView) -> Decimal:
    budget = client.get(production_id).spent_usd + plan.high_usd
    client.approve(production_id, Approval(plan_digest=plan.digest, approver="ana", budget_usd=budget))
    return budget


@pytest.mark.parametrize("stage", ["received", "billed"])
def test_two_kills_lose_no_language_and_exceed_no_budget(tmp_path: Path, stage: Stage) -> None:
    """The film is delivered in both languages after a person has paid for what a kill made uncertain, and for nothing
    else: no sum exceeds the budget at any time, and a second submission is in the ledger of its take."""
    moments: list[tuple[str, Stage]] = [("translation", stage), (GERMAN[1], stage), (ENGLISH[2], stage)]
    with killed_at(tmp_path / "home", *moments) as (running, openai, runway):
        with GreenlightClient(running.info.api_url) as client:
            production_id, plan = planned(client, BRIEF)
            assert plan.cut.languages == ("de",), plan.warnings
            budget = approve_exactly(client, production_id, plan)
            seen = resting(client, production_id)
            while seen.status is ProductionStatus.NEEDS_ATTENTION:
                assert seen.spent_usd <= budget
                assert openai.billed_usd + runway.billed_usd <= budget
                asset = next(a for a in seen.assets if a.attention)
                assert asset.attention == "ambiguous_submission"
                if asset.waiting and "raise_budget" in asset.waiting.answers:
                    budget += next(a.high_usd for a in plan.assets if a.asset_id == asset.asset_id)
                    more = Resolve(asset_id=asset.asset_id, action="raise_budget", budget_usd=budget, resolver="ana")
                    client.resolve(production_id, more)
                client.resolve(production_id, Resolve(asset_id=asset.asset_id, action="resubmit", resolver="ana"))
                seen = resting(client, production_id)
        assert seen.status is ProductionStatus.DELIVERED, seen.error
        assert seen.deliverable
        names = [file.name for file in seen.deliverable.files]
        assert names[:2] == ["deliverable.mp4", "deliverable.de.mp4"]
        billed = openai.billed_usd + runway.billed_usd
        assert billed <= seen.spent_usd <= budget
        bucket = Bucket(running.info)
        spoken = Counter(requested(call) for call in runway.submissions)
        for asset in (a for a in seen.assets if a.role == "narration"):
            ledger = bucket.ledger(production_id, asset.asset_id)
            assert spoken[asset.prompt] <= len(ledger.submissions)
            assert all(each.resubmitted for each in ledger.submissions[1:])
        assert sum(map(is_translation, (call.json for call in openai.submissions))) <= 2
