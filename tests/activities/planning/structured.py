"""Plans by the template planner, and what is said and shown in them."""

from typing import Any

from activities.planning.draft import complete
from activities.planning.pricing import price
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.models import Asset, Plan

PREVIZ: dict[str, Provider] = {"previz": Previz({})}


def plan(text: str, *feedback: str, language: str = "en", **brief: Any) -> Plan:
    made = Brief(**{"text": text, "platform": "video", "languages": (language,), **brief})
    request = DraftPlan(production_id="p", brief=made, feedback=feedback)
    task = PlanningTask.of(request, PREVIZ)
    return price(complete(draft(task), task), PREVIZ)


def shots(made: Plan) -> list[Asset]:
    return [a for a in made.assets if a.role == "shot"]


def lengths(made: Plan) -> list[float]:
    return [float(str(next(iter(a.parameters.values())))) for a in shots(made)]


def said(made: Plan) -> list[str]:
    """What is said over each shot; an empty text where nothing is."""
    each = (made.find(f"narration-{k}") for k in range(1, len(shots(made)) + 1))
    return [a.prompt if a else "" for a in each]
