"""A recipe with its pictures in one response, without a key: from the brief to the document, over HTTP."""

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner

from api.cli.main import app
from api.client.client import GreenlightClient
from tests.emulators import samples
from tests.support.film import Watcher, approval, manifest_of, planned
from workflows.brief import Brief, Platform, Reference
from workflows.events import ProductionStatus
from workflows.requests import Regenerate

pytestmark = pytest.mark.trial


def test_a_recipe_with_pictures_is_planned_made_edited_and_delivered(
    greenlight: GreenlightClient, tmp_path: Path
) -> None:
    """The plan has one text with four pictures, an edit by the command makes it three, and the document has them in
    their order, and the marked reference with its name; a new take replaces them."""
    logo = tmp_path / "logo.png"
    logo.write_bytes(samples.picture(320, 200))
    brief = Brief(
        text="An illustrated recipe for carrot soup with four pictures. Peel the carrots. Boil them.\n\n[reference-1]",
        platform=Platform.DESIGN,
        references=(Reference(source=greenlight.add_reference(logo), name="Our logo"),),
        requester="ana",
    )
    production_id, plan = planned(greenlight, brief)
    assert [(a.model, a.parameters["pictures"]) for a in plan.assets] == [("previz-illustrated", 4)]
    address = ["--url", greenlight.url, "edit", production_id, "--set", "article.parameters.pictures=3"]
    edited = CliRunner().invoke(app, address, catch_exceptions=False)
    assert edited.exit_code == 0, edited.output
    current = greenlight.get(production_id).plan
    assert current is not None
    with Watcher(greenlight.url, production_id) as watcher:
        greenlight.approve(production_id, approval(current))
        watcher.all()
    production = greenlight.get(production_id)
    assert production.status is ProductionStatus.DELIVERED, production.error
    (take,) = greenlight.takes(production_id, "article").takes
    assert (len(take.pictures), take.checks.failed) == (3, False)
    for picture in take.pictures:
        data = httpx.get(f"{greenlight.url}{picture.url}", follow_redirects=True).content
        assert len(data) == picture.bytes
        assert Image.open(io.BytesIO(data)).size == (picture.width, picture.height)
    assert httpx.get(f"{greenlight.url}{take.url}?picture=4").status_code == 404
    archive = zipfile.ZipFile(
        io.BytesIO(httpx.get(f"{greenlight.url}/api/v1/productions/{production_id}/deliverable.zip").content)
    )
    text = archive.read("content.md").decode()
    shown = [line.partition("](")[2] for line in text.splitlines() if line.startswith("![")]
    assert shown == [f"images/article.{n}.png)" for n in (1, 2, 3)] + ["images/reference-1.png)"]
    assert "Our logo" in text.rpartition("---")[2]
    assert {line.rstrip(")") for line in shown} < set(archive.namelist())
    assert {f"takes/pictures/{p.name}" for p in take.pictures} < set(archive.namelist())
    recorded = manifest_of(greenlight, production_id, tmp_path).assets["article"].takes[0].media.pictures
    assert [p.sha256 for p in recorded] == [p.sha256 for p in take.pictures]
    greenlight.regenerate(production_id, Regenerate(asset_id="article", requested_by="ana"))
    with Watcher(greenlight.url, production_id) as watcher:
        watcher.until("done", count=2)
    assert len(greenlight.takes(production_id, "article").takes) == 2
