"""Extraction over the API and the command: reviewed in attention, delivered as JSON and CSV, spoken in a film."""

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.extraction.documents import Invoice
from tests.activities.references import files
from tests.activities.references.test_reviewed_references import posted
from tests.api.cli.command import command_at
from tests.support.product import previz_workers
from tests.support.servers.serving import Api, patient, problem, serving

SHEET = files.pdf(
    [
        (72, 780, "Product sheet"),
        (72, 750, "Product: Lumen desk lamp"),
        (72, 730, "Price: 59.00 EUR"),
        (72, 710, "Weight: 1.2 kg"),
    ]
)


@pytest.fixture
async def studio(client: Client, servers: Stack, storage: Storage) -> AsyncIterator[Api]:
    """The API over the product's own activities, with previz as the only provider."""
    async with previz_workers(client, servers, storage):
        with patient():
            async with serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
                yield api


async def test_a_wrong_sum_waits_for_a_person_and_is_delivered_corrected(studio: Api) -> None:
    """An invoice with a wrong total waits in Attention with its page; the correction names who, and the files have it.
    A correction after the delivery writes a new revision."""
    invoice = Invoice(4, "de", "EUR", "total")
    reference = await posted(studio, invoice.pdf(), name="rechnung.pdf", use="extract", extract={"preset": "invoice"})
    production_id = await studio.start(platform="document", text="The fields.", references=[reference])
    await studio.until(production_id, "needs_attention")
    waiting = (await studio.get(production_id))["waiting"]
    assert (waiting["reason"], waiting["answers"]) == ("fields_to_review", ["review_fields", "cancel"])
    assert "total == subtotal" in waiting["message"]
    path = f"/api/v1/productions/{production_id}/references/1/fields"
    found = (await studio.http.get(path)).json()
    assert [item["item"] for item in found["waiting"]] == ["rule-5"]
    total = next(f for f in found["fields"] if f["path"] == "total")
    assert (total["page"], len(total["box"]), float(total["confidence"])) == (1, 4, 0.5)
    assert (await studio.http.get(total["picture_url"])).status_code == 307
    refused = await studio.http.patch(path, json={"changes": [{"path": "total", "value": "a lot"}]})
    assert "changes.total: 'a lot' is no number" in problem(refused, 422).errors[0].message
    body = {"changes": [{"path": "total", "value": f"{invoice.total:f}"}], "reviewer": "ada"}
    assert (await studio.http.patch(path, json=body)).status_code == 200
    ready = await studio.until(production_id, "plan_ready")
    assert (await studio.approve(production_id, str(ready.data["data"]["plan_digest"]))).status_code == 200
    assert (await studio.events(production_id))[-1].name == "done"
    made = json.loads(await _file(studio, production_id, "fields.json"))
    (document,) = made["documents"]
    assert document["values"]["total"] == {"amount": f"{invoice.total:f}", "currency": "EUR"}
    field = next(f for f in document["fields"] if f["path"] == "total")
    assert (field["reviewed_by"], field["page"]) == ("ada", 1)
    rows = list(csv.DictReader(io.StringIO(await _file(studio, production_id, "fields.csv"))))
    assert next(r for r in rows if r["field"] == "total")["value"] == f"{invoice.total:f}"
    page = await _file(studio, production_id, "content.html")
    assert "reviewed by ada" in page
    assert "p. 1" in page
    later = {"changes": [{"path": "invoice_number", "value": "R-7"}], "reviewer": "bob"}
    assert (await studio.http.patch(path, json=later)).status_code == 200
    assert (await studio.events(production_id))[-1].data["data"]["revision"] == 2
    assert "R-7" in await _file(studio, production_id, "fields.json")


async def _file(studio: Api, production_id: str, name: str) -> str:
    answer = await studio.http.get(
        f"/api/v1/productions/{production_id}/deliverable", params={"file": name}, follow_redirects=True
    )
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_the_spoken_price_is_the_price_on_the_sheet(studio: Api) -> None:
    """A film speaks the extracted price with its source; an edit that says another price is warned of."""
    sheet = await posted(studio, SHEET, name="sheet", use="extract", extract={"preset": "product_sheet"})
    production_id, digest = await studio.planned(
        platform="video", text="A film about our lamp. It stands on a desk.", duration_seconds=16, references=[sheet]
    )
    plan = (await studio.get(production_id))["plan"]
    spoken = next(a for a in plan["assets"] if a["role"] == "narration" and "59.00 EUR" in a["prompt"])
    assert "reference-1 p. 1" in spoken["sources"]
    assert not any(w.startswith("fields:") for w in plan["warnings"])
    edits = [{"op": "change", "asset_id": spoken["asset_id"], "prompt": "It costs only 49 EUR."}]
    edited = await studio.http.patch(
        f"/api/v1/productions/{production_id}/plan", json={"plan_digest": digest, "edits": edits}
    )
    (warning,) = (w for w in edited.json()["warnings"] if w.startswith("fields:"))
    assert "says '49 EUR', and the document has Price 59.00 EUR (reference-1 p. 1)" in warning


async def test_a_schema_that_cannot_be_used_starts_nothing(studio: Api) -> None:
    """An invalid schema and a rule that does not parse are refused with their places."""
    reference = await posted(studio, SHEET, use="extract", extract={"json_schema": {"type": "array"}})
    brief = {"platform": "document", "text": "x", "references": [reference]}
    answer = await studio.http.post("/api/v1/productions", json=brief)
    assert "json_schema.type: write" in problem(answer, 422).errors[0].message
    reference["extract"] = {"preset": "invoice", "rules": ["total = 1"]}
    answer = await studio.http.post("/api/v1/productions", json=brief)
    assert "at position 7" in problem(answer, 422).errors[0].remedy


async def test_the_command_extracts_one_document_and_a_folder(studio: Api, tmp_path: Path) -> None:
    """`extract` prints fields and exits 4 where some wait; a folder is grouped by kind, a hostile file in it is refused
    by name, and hidden files and links out of it are not read."""
    greenlight = command_at(str(studio.http.base_url))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(Invoice(1, "en", "EUR").pdf())
    (folder / "b.pdf").write_bytes(Invoice(2, "fr", "USD", "total").pdf())
    (folder / "c.pdf").write_bytes(SHEET)
    (folder / ".git").mkdir()
    (folder / ".git" / "hidden.pdf").write_bytes(SHEET)
    (tmp_path / "secret.txt").write_text("Total: 1.00 EUR")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "d.pdf").write_bytes(b"MZ\x00\x01 a program")
    one = await greenlight("extract", str(folder / "a.pdf"), "--preset", "invoice", "--out", str(tmp_path / "one"))
    assert one.exit_code == 0, one.output
    assert "total" in one.stdout
    assert (tmp_path / "one" / "fields.json").exists()
    many = await greenlight("extract", str(folder), "--out", str(tmp_path / "many"))
    assert many.exit_code == 4, many.output
    assert "d.pdf" in many.output
    assert "Skipped: link.txt is a link out of the folder" in many.output
    assert "hidden.pdf" not in many.output
    rows = list(csv.DictReader((tmp_path / "many" / "invoice.csv").read_text("utf-8").splitlines()))
    assert [(r["document"], r["waiting"]) for r in rows] == [("a.pdf", "0"), ("b.pdf", "1")]
    assert "59.00 EUR" in (tmp_path / "many" / "product_sheet.csv").read_text("utf-8")
    waiting = rows[1]["production_id"]
    shown = await greenlight("fields", waiting)
    assert "rule-5 fails" in shown.stdout
    listed = await greenlight("show", waiting)
    assert "reference-1" in listed.stdout
    reviewed = await greenlight("review", waiting, "--accept", "rule-5")
    assert reviewed.exit_code == 0, reviewed.output
    refused = await greenlight("extract", str(folder / "a.pdf"), "--preset", "invoice", "--rule", "total = 1")
    assert refused.exit_code == 2
    assert "at position 7" in refused.output
