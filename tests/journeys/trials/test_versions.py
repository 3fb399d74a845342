"""Versions of shots on the real stack with an emulated vendor: the film shows each in the place of its source.

The vendor returns an extension with its source, and an edit with the length of its source.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
import yaml
from typer.testing import Result

from api.cli.plan_file import edits_between, to_yaml
from api.client.client import GreenlightClient, GreenlightError
from api.views.production import PlanView
from deploy.local import running_stack
from tests.api.cli.command import command_at
from tests.emulators.runway import RunwayEmulator
from tests.journeys.vendors import soon_done
from tests.support.film import planned
from tests.support.stack import hermetic, new_home
from workflows.brief import Brief, Platform
from workflows.models import Asset
from workflows.requests import Approval, EditOp, PlanEdit, Regenerate

pytestmark = pytest.mark.trial

OMNI = "gemini_omni_flash_1.1"
UNKNOWN = re.compile(r'source = "unknown: no price of the vendor\'s was found"')


@pytest.fixture(scope="module")
def vendor() -> Iterator[RunwayEmulator]:
    with RunwayEmulator(polls=1) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def url(vendor: RunwayEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A stack whose catalogue has prices for all models of the vendor: 0.10 USD a second."""
    folder = tmp_path_factory.mktemp("versions")
    (folder / "own.toml").write_text(
        UNKNOWN.sub('rates = [{ unit = "second", usd = "0.10" }]\nsource = "ours"', soon_done())
    )
    environ = hermetic(os.environ) | {
        "RUNWAYML_API_SECRET": vendor.key,
        "RUNWAYML_BASE_URL": vendor.url,
        "GREENLIGHT_CATALOGUE": str(folder / "own.toml"),
    }
    with running_stack(new_home(folder / "home"), ports="free", environ=environ) as running:
        yield running.info.api_url


@pytest.fixture(scope="module")
def greenlight(url: str) -> Iterator[GreenlightClient]:
    with GreenlightClient(url) as client:
        yield client


def video(asset_id: str, *needs: str, role: str = "shot", model: str = OMNI, **more: object) -> Asset:
    given = {
        "asset_type": "video",
        "role": role,
        "provider": "runway",
        "model": model,
        "prompt": f"The sea of {asset_id}.",
    }
    return Asset.model_validate({"asset_id": asset_id, "depends_on": needs, **given, **more})


def film_of(client: GreenlightClient, *assets: Asset) -> tuple[str, PlanView]:
    """A production whose plan has exactly these assets."""
    brief = Brief(text="The sea.", platform=Platform.VIDEO, duration_seconds=8, requester="ana")
    production_id, plan = planned(client, brief)
    edits = [EditOp(op="add", asset=a) for a in assets]
    edits += [EditOp(op="drop", asset_id=a.asset_id) for a in plan.assets]
    return production_id, client.edit_plan(
        production_id, PlanEdit(plan_digest=plan.digest, edits=tuple(edits), editor="ana")
    )


def delivered(client: GreenlightClient, production_id: str) -> tuple[float | None, tuple[str, ...]]:
    """The length of the film and the notes on it."""
    list(client.events(production_id))
    production = client.get(production_id)
    problems = [(a.asset_id, a.error) for a in production.assets if a.error]
    assert production.status == "delivered", problems
    assert production.deliverable
    return production.deliverable.duration_seconds, production.deliverable.notes


def test_extensions_and_edits_are_shown_in_the_place_of_their_source(
    greenlight: GreenlightClient, vendor: RunwayEmulator
) -> None:
    """An extension of an extension, an edited shot and a shot that follows another one: the film has each place once,
    within a budget of exactly the high price. A new take of the source makes both extensions stale."""
    production_id, plan = film_of(
        greenlight,
        video("take-1", parameters={"seconds": 3}),
        video("take-2", parameters={"seconds": 4}),
        video("longer", "take-1", role="extend", parameters={"seconds": 3}),
        video("longest", "longer", role="extend", parameters={"seconds": 4}),
        video("night", "take-2"),
        video("take-3", "take-2", parameters={"mode": "reference", "seconds": 5}),
    )
    assert plan.high_usd == Decimal("2.30")
    greenlight.approve(production_id, Approval(plan_digest=plan.digest, approver="ana", budget_usd=plan.high_usd))
    seconds, notes = delivered(greenlight, production_id)
    assert seconds == pytest.approx(3 + 3 + 4 + 4 + 5, abs=0.2)
    assert {"longest is shown in the place of take-1", "night is shown in the place of take-2"} <= set(notes)
    records = {a.asset_id: a for a in greenlight.get(production_id).assets}
    replaced = {i: a.replaces for i, a in records.items() if a.replaces}
    assert replaced == {"longer": "take-1", "longest": "longer", "night": "take-2"}
    modes = [call.json.get("mode") for call in vendor.submissions if call.path == "/v1/video_to_video"]
    assert sorted(modes) == ["edit", "extend", "extend", "reference"]
    assert vendor.problems == []

    greenlight.regenerate(
        production_id, Regenerate(asset_id="take-1", parameters={"seconds": 5}, budget_usd=Decimal(9))
    )
    list(greenlight.events(production_id))
    records = {a.asset_id: a for a in greenlight.get(production_id).assets}
    assert {i for i, a in records.items() if a.stale} == {"longer", "longest"}
    assert records["longer"].stale_because == ("take-1",)


def test_a_version_is_added_by_every_path(greenlight: GreenlightClient, vendor: RunwayEmulator, url: str) -> None:
    """A YAML plan adds an extension before the approval, and the command adds one of that after the delivery. A second
    version of the shot is refused with the remedy before anything is sent."""
    production_id, plan = film_of(greenlight, video("take-1", parameters={"seconds": 3}))
    content = yaml.safe_load(to_yaml(plan))
    content["assets"].append(written(video("longer", "take-1", role="extend", parameters={"seconds": 4})))
    edits = tuple(edits_between(plan, yaml.safe_dump(content)))
    plan = greenlight.edit_plan(production_id, PlanEdit(plan_digest=plan.digest, edits=edits, editor="ana"))
    sent = vendor.count("submit")
    second = PlanEdit(plan_digest=plan.digest, edits=(EditOp(op="add", asset=video("copy", "take-1")),), editor="ana")
    with pytest.raises(GreenlightError) as refused:
        greenlight.edit_plan(production_id, second)
    message_text = " ".join([refused.value.detail, *(f"{e.message} {e.remedy}" for e in refused.value.errors)])
    assert "longer takes the place of take-1 already" in message_text
    assert vendor.count("submit") == sent
    greenlight.approve(production_id, Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(9)))
    assert delivered(greenlight, production_id)[0] == pytest.approx(7, abs=0.2)

    longest = written(video("longest", "longer", role="extend", parameters={"seconds": 3}))
    done = command(url, "edit", production_id, "--add", json.dumps(longest))
    assert done.exit_code == 0, done.output
    assert delivered(greenlight, production_id)[0] == pytest.approx(10, abs=0.2)
    again = command(url, "edit", production_id, "--add", json.dumps(written(video("copy", "take-1"))))
    assert again.exit_code != 0
    assert "longer takes the place of take-1 already" in " ".join(again.output.split())


def command(url: str, *args: str) -> Result:
    async def run() -> Result:
        return await command_at(url)(*args)

    return asyncio.run(run())


def written(asset: Asset) -> dict[str, object]:
    """An asset as a person writes it."""
    names = {"asset_id", "asset_type", "role", "prompt", "provider", "model", "parameters", "depends_on"}
    return asset.model_dump(mode="json", include=names)
