"""Vendors with invented offers, plans as a language model writes them, and a model with a list of responses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer, Parameter, Rate, Unit
from activities.planning.answer import SCHEMA
from activities.planning.draft import complete
from activities.planning.language_models import plan_with_models
from activities.planning.questions.inquiry import Answer, Ask
from activities.planning.task import PlanningTask
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Finished, Provider, ProviderBase, Request
from activities.settings import ActivitySettings
from workflows.activity_io import PLAN_INVALID, AssetFailure, DraftPlan
from workflows.brief import Brief
from workflows.models import Modality, Plan

TODAY = date(2026, 11, 20)
SECONDS = Parameter(meaning="length", type="number", unit="seconds", min=2, max=10, default="5")
RATIO = Parameter(meaning="shape", type="text", choices=("16:9", "9:16"), default="16:9")
SOUND = Parameter(meaning="whether it has sound", type="flag", default="false")
DELIVERY = Parameter(meaning="how it is spoken", type="text")
VOICE = Parameter(meaning="who speaks", type="text")
TOKENS = Parameter(meaning="limit of the answer", type="number", min=16, max=48_000, default="4096")


def offer(provider: str, model: str, modality: Modality, usd: str | None, **more: Any) -> Offer:
    unit: Unit = "output_tokens" if modality == Modality.TEXT else "second" if modality == Modality.VIDEO else "asset"
    rates = [] if usd is None else [Rate(unit, Decimal(usd), Decimal(usd))]
    rules = more.pop("rules", {})
    parameters = {name: rule.describe() for name, rule in rules.items()}
    return Offer(provider, model, modality, "x/y", rates, 5.0, rules=rules, parameters=parameters, **more)


class House(ProviderBase):
    """A vendor with any offers."""

    def __init__(self, name: str, *offers: Offer) -> None:
        self.name = name
        self._offers = offers

    def offers(self) -> Sequence[Offer]:
        return self._offers

    async def submit(self, request: Request) -> Finished:
        raise NotImplementedError


def houses(**more: Provider) -> dict[str, Provider]:
    """Two vendors of everything, and previz."""
    sees = frozenset({Modality.IMAGE})
    shot = {"seconds": SECONDS, "ratio": RATIO, "sound": SOUND}
    answer, length = {"max_tokens": TOKENS}, {"seconds": SECONDS}
    alpha = House(
        "alpha",
        offer("alpha", "wise", Modality.TEXT, "10", rank=10, schema=True, best_for="planning", rules=answer),
        offer("alpha", "paint", Modality.IMAGE, "0.04", rank=10, best_for="pictures", accepts=sees),
        offer("alpha", "speak", Modality.AUDIO, "0.02", rank=10, rules={"instructions": DELIVERY, "voice": VOICE}),
        offer("alpha", "film", Modality.VIDEO, "0.10", rank=10, job=True, accepts=sees, requires=sees, rules=shot),
    )
    beta = House(
        "beta",
        offer("beta", "quick", Modality.TEXT, "1", rank=20, schema=True, rules=answer),
        offer("beta", "draw", Modality.IMAGE, "0.05", rank=20, accepts=sees),
        offer("beta", "secret", Modality.IMAGE, None, rank=15, accepts=sees),
        offer("beta", "reel", Modality.VIDEO, "0.20", rank=20, accepts=sees, rules=length),
        offer("beta", "blind", Modality.VIDEO, "0.01", rank=15, rules=length),
        offer("beta", "larger", Modality.VIDEO, "0.01", rank=5, requires=frozenset({Modality.VIDEO})),
    )
    return {"alpha": alpha, "beta": beta, "previz": Previz({}), **more}


def asset(asset_id: str, kind: str, role: str, model: str, *needs: str, **settings: str) -> dict[str, Any]:
    return {
        "asset_id": asset_id,
        "asset_type": kind,
        "role": role,
        "label": asset_id,
        "original": f"the wish for {asset_id}",
        "prompt": f"the enhanced words for {asset_id}",
        "provider": "alpha",
        "model": model,
        "parameters": [{"name": k, "value": v} for k, v in settings.items()],
        "depends_on": list(needs),
        "continues": "",
        "delivery": "",
    }


def film(shots: int = 4, seconds: str = "5") -> dict[str, Any]:
    """A good response to a brief for a film of 20 seconds."""
    assets = [asset("script", "text", "script", "wise")]
    for k in range(1, shots + 1):
        assets += [
            asset(f"narration-{k}", "audio", "narration", "speak", instructions="excited"),
            asset(f"still-{k}", "image", "still", "paint"),
            asset(f"shot-{k}", "video", "shot", "film", f"narration-{k}", f"still-{k}", seconds=seconds, sound="true"),
        ]
    cut = {"transitions": [], "fade_out_seconds": 0, "title_card": "", "lower_thirds": [], "end_card": ""}
    cut |= {"captions": "sidecar", "levels": [], "destinations": [], "focus": []}
    return {"title": "The light", "assets": assets, **cut, "warnings": ["the harbour is invented"]}


def changed(asset_id: str, /, **change: Any) -> dict[str, Any]:
    """The good film with one asset changed."""
    made = film()
    next(a for a in made["assets"] if a["asset_id"] == asset_id).update(change)
    return made


@dataclass
class Script:
    """An `ask` that returns the responses of a list, each for 0.01 USD, and records its requests."""

    answers: list[Any]
    asked: list[tuple[str, int, str, str]] = field(default_factory=list)

    async def __call__(
        self, offer: Offer, step: int, instructions: str, prompt: str, schema: Mapping[str, JsonValue]
    ) -> Answer:
        assert schema == SCHEMA
        self.asked.append((offer.model, step, instructions, prompt))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer if isinstance(answer, str) else json.dumps(answer), Decimal("0.01"))

    @property
    def models(self) -> list[str]:
        return [model for model, *_ in self.asked]


def request(text: str = "A film about a lighthouse.", *feedback: str, **brief: Any) -> DraftPlan:
    made = Brief.model_validate({"text": text, "platform": "video", **brief})
    return DraftPlan(production_id="p", brief=made, feedback=feedback)


async def planned(
    script: Ask,
    asked: DraftPlan | None = None,
    providers: Mapping[str, Provider] | None = None,
    **settings: Any,
) -> Plan:
    return await planned_task(script, PlanningTask.of(asked or request(), providers or houses(), TODAY), **settings)


async def planned_task(script: Ask, task: PlanningTask, **settings: Any) -> Plan:
    plan = await plan_with_models(task, ActivitySettings(**settings), script)
    assert plan is not None
    return complete(plan, task)


async def refused(script: Script, asked: DraftPlan | None = None, **settings: Any) -> tuple[str, AssetFailure]:
    with pytest.raises(ApplicationError) as caught:
        await planned(script, asked, **settings)
    error = caught.value
    assert (error.type, error.non_retryable) == (PLAN_INVALID, True)
    failure = error.details[0]
    assert isinstance(failure, AssetFailure)
    assert failure.reason == "plan_failed"
    return error.message, failure
