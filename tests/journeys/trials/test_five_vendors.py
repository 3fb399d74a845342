"""A film by vendors on the real stack: planned by a language model, made by five vendors, with exact costs.

The vendors are emulators that the worker's unmodified SDKs reach by their base URLs.
"""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from activities.takes.ledger import Entry
from api.client.client import GreenlightClient, GreenlightError
from api.views.production import StreamEvent
from deploy.local import Stack, running_stack
from tests.activities.finishing.media import Film
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Emulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from tests.journeys.vendors import BRIEF, Vendors, soon_done, the_plan
from tests.support.film import Bucket, approval, ledger_key, manifest_of, planned
from tests.support.stack import hermetic, new_home
from workflows import keys
from workflows.events import Snapshot
from workflows.models import Modality
from workflows.requests import Approval, Regenerate, Resolve

pytestmark = pytest.mark.trial


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with ExitStack() as stack:
        made = Vendors(
            openai=stack.enter_context(OpenAIEmulator()),
            anthropic=stack.enter_context(AnthropicEmulator()),
            google=stack.enter_context(GoogleEmulator()),
            replicate=stack.enter_context(ReplicateEmulator()),
            runway=stack.enter_context(RunwayEmulator(polls=1)),
        )
        made.openai.answer_text = the_plan
        yield made


@pytest.fixture(scope="module")
def stack(vendors: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack for this file, whose worker has every vendor's key, and a catalogue with short jobs."""
    folder = tmp_path_factory.mktemp("vendors")
    (folder / "own.toml").write_text(soon_done())
    environ = hermetic(os.environ) | vendors.env | {"GREENLIGHT_CATALOGUE": str(folder / "own.toml")}
    with running_stack(new_home(folder / "home"), ports="free", environ=environ) as running:
        yield running


@dataclass(frozen=True)
class Made:
    production_id: str
    manifest: Snapshot
    events: list[StreamEvent]
    film: Film
    submissions: dict[str, int]


@pytest.fixture(scope="module")
def made(greenlight: GreenlightClient, vendors: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Made:
    production_id, plan = planned(greenlight, BRIEF)
    allowed = Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(5), allow_unknown_prices=True)
    greenlight.approve(production_id, allowed)
    events = list(greenlight.events(production_id))
    folder = tmp_path_factory.mktemp("film")
    production = greenlight.get(production_id)
    assert production.status == "delivered", [e for e in events if e.name in ("asset_failed", "needs_attention")]
    file = greenlight.download_deliverable(production_id, folder / "film.mp4")
    manifest = manifest_of(greenlight, production_id, folder)
    return Made(production_id, manifest, events, Film(file.read_bytes()), vendors.submissions())


def test_a_film_by_five_vendors(made: Made) -> None:
    """Shots by Runway and Omni from GPT-image and Flux stills, spoken by OpenAI and Gemini, are a film that plays."""
    by = {i: (s.take.provider, s.take.model) for i, s in made.manifest.assets.items() if s.take}
    assert by == {
        "script": ("anthropic", "claude-haiku-5-5"),
        "narration-1": ("openai", "gpt-4o-mini-tts"),
        "still-1": ("openai", "gpt-image-2.5-flare"),
        "shot-1": ("runway", "gen4_turbo"),
        "narration-2": ("google", "gemini-3.8-flash-tts"),
        "still-2": ("replicate", "black-forest-labs/flux-2-pro"),
        "shot-2": ("google", "gemini-omni-1.2-flash"),
    }
    assert {"video", "audio"} <= set(made.film.kinds)
    assert max(made.film.loudness) > 2000
    assert len(set(map(bytes, (p.planes[0] for p in made.film.pictures)))) > 10


def test_the_plan_is_the_language_models(made: Made) -> None:
    """The plan names its model and its cost, keeps the simple description next to the prompt, and has its fallbacks."""
    plan = made.manifest.plan
    assert plan is not None
    assert plan.planner == "openai/gpt-6-sol"
    still = plan.by_id["still-1"]
    assert (still.original, still.prompt[:25]) == ("The still of still-1", "The still of still-1: blu")
    assert still.fallbacks
    assert all(f.quote and f.quote.high_usd and f.provider != "openai" for f in still.fallbacks)
    ready = next(e.data for e in made.events if e.name == "plan_ready")
    assert any("price unknown" in str(w) for w in ready["warnings"])  # type: ignore[union-attr]  # a list in this event


def test_the_costs_agree(made: Made, vendors: Vendors, bucket: Bucket) -> None:
    """Each vendor's count equals the ledger, and the production spent the amount of their bills."""
    assert made.submissions == {"openai": 3, "anthropic": 1, "google": 2, "replicate": 1, "runway": 1}
    entries = [
        Entry.model_validate_json(bucket.read(ledger_key(made.production_id, asset_id)))
        for asset_id in (*made.manifest.assets, keys.PLANNER)
    ]
    assert sum(len(e.submissions) for e in entries) == sum(made.submissions.values())
    assert all(e.state == "stored" for e in entries)
    assert sum((e.billed_usd for e in entries), Decimal(0)) == made.manifest.spent_usd
    shot = made.manifest.assets["shot-1"].take
    assert shot is not None
    assert (shot.cost_source, shot.cost_usd) == ("vendor", vendors.runway.billed_usd)
    sources = {i: s.take.cost_source for i, s in made.manifest.assets.items() if s.take}
    assert sources == {
        "script": "usage",
        "narration-1": "unknown",
        "still-1": "usage",
        "shot-1": "vendor",
        "narration-2": "unknown",
        "still-2": "catalogue",
        "shot-2": "unknown",
    }


def test_requests_are_as_the_vendors_specify(made: Made, vendors: Vendors) -> None:
    """No request of the whole production violated a vendor's specification."""
    assert {name: emulator.problems for name, emulator in vendors.all.items()} == {name: [] for name in vendors.all}


def test_no_key_leaves_the_worker(made: Made, stack: Stack, bucket: Bucket, vendors: Vendors) -> None:
    """Keys are in no log, manifest, ledger or event, and only the worker's process has them."""
    assert not set(vendors.env) & {n for n in stack.env if n.endswith(("_KEY", "_TOKEN", "_SECRET")) and "AWS" not in n}
    texts = [path.read_bytes() for path in Path(stack.info.log_dir).glob("*.log")]
    texts += [bucket.read(key) for key in bucket.objects(made.production_id) if key.endswith(".json")]
    texts += [event.model_dump_json().encode() for event in made.events]
    assert texts
    assert all(Emulator.key.encode() not in text for text in texts)


def test_the_report_lists_the_enabled_providers(greenlight: GreenlightClient, made: Made) -> None:
    """The report names the providers of each modality, the retirements and the planner; nothing is missing with every
    key."""
    report = greenlight.providers()
    assert set(report.enabled_providers[Modality.VIDEO]) == {"google", "runway", "previz"}
    assert report.planner.startswith("openai/gpt-6-sol, then anthropic/claude-sonnet-5-5")
    assert report.missing == dict.fromkeys(Modality, ())
    veo = next(m for p in report.providers for m in p.models if m.model == "veo-3.1-generate-001")
    assert "GOOGLE_GENAI_USE_ENTERPRISE" in veo.unavailable


def test_a_wrong_key_fails_at_once(made: Made, greenlight: GreenlightClient, vendors: Vendors) -> None:
    """A key that the vendor refuses ends the take after one request, as authentication, and the message names the
    variable."""
    vendors.runway.key, before = "rotated", len(vendors.runway.calls)
    try:
        ask = Regenerate(asset_id="shot-1", model="gen4_turbo", budget_usd=Decimal(9), requested_by="ana")
        greenlight.regenerate(made.production_id, ask)
        last = made.events[-1].id
        for event in greenlight.events(made.production_id, after=last or 0):
            if event.name == "needs_attention":
                break
    finally:
        vendors.runway.key = Emulator.key
    failed = next(e.data for e in greenlight.events(made.production_id, after=last or 0) if e.name == "asset_failed")
    assert failed["kind"] == "authentication_failed"
    assert "RUNWAYML_API_SECRET" in str(failed["message"])
    assert len(vendors.runway.calls) == before + 1
    greenlight.resolve(made.production_id, Resolve(asset_id="shot-1", action="accept_without", resolver="ana"))


def test_an_unreachable_planner_is_replaced(greenlight: GreenlightClient, vendors: Vendors) -> None:
    """When the first language model cannot be reached the next one plans, and the plan names it."""
    vendors.anthropic.answer_text = the_plan
    vendors.openai.meet("quota")
    try:
        production_id, plan = planned(greenlight, BRIEF.model_copy(update={"title": "Again"}))
    finally:
        vendors.anthropic.answer_text = None
    assert plan.planner == "anthropic/claude-sonnet-5-5"
    with pytest.raises(GreenlightError, match="allow_unknown_prices"):
        greenlight.approve(production_id, approval(plan).model_copy(update={"budget_usd": Decimal(5)}))
    greenlight.cancel(production_id)


def test_the_plan_is_streamed(greenlight: GreenlightClient, vendors: Vendors) -> None:
    """While the language model writes, watchers receive the assets so far, in order, and then the whole plan."""
    vendors.openai.event_seconds = 0.1
    try:
        production_id = greenlight.start(BRIEF.model_copy(update={"title": "Watched"})).production_id
        plans: list[list[str]] = []
        for event in greenlight.events(production_id):
            if event.name == "plan_progress":
                assets = cast(list[dict[str, str]], event.data["assets"])
                plans.append([asset.get("asset_id", "") for asset in assets])
            if event.name == "plan_ready":
                break
    finally:
        vendors.openai.event_seconds = 0.0
    whole = [each["asset_id"] for each in json.loads(the_plan({}))["assets"]]
    assert len(plans) >= 2
    assert len(plans[0]) < len(plans[-1])
    for some in filter(None, plans):  # the last id may still be incomplete
        assert some[:-1] == whole[: len(some) - 1]
        assert whole[len(some) - 1].startswith(some[-1])
    greenlight.cancel(production_id)
