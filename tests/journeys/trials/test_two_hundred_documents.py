"""A folder of 200 documents by one command, whose worker is killed while models classify and extract: nothing is paid
for twice but what was lost with the worker, and the results are grouped by kind."""

import csv
import json
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.client.client import GreenlightClient
from tests.activities.extraction.documents import Invoice, Tongue
from tests.activities.references import files
from tests.chaos.servers.proxy import S3Faults
from tests.chaos.servers.stack import Running, started
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Call
from tests.support.servers.linux import needs_linux
from tests.support.vendors import env_of
from workflows.models import ZERO

pytestmark = [
    pytest.mark.trial,
    needs_linux,
]
INVOICES, SHEETS, WRONG = 160, 40, 20
CHEAP, BETTER = "claude-haiku-5-5", "claude-sonnet-5-5"
KILL_AT: Final = (60, 200)
"""Requests at which the worker is killed: before one is accepted, and before one is answered."""
UNSTORED_SECONDS: Final = 3.0
"""An answer of so many seconds ago may not be stored yet, on a busy machine."""
AT_ONCE: Final = 20
_NUMBER: Final = re.compile(r"R-2026-(\d{3})|S-2026-(\d{3})")


def invoice(number: int) -> Invoice:
    tongues: tuple[Tongue, ...] = ("en", "de", "fr")
    return Invoice(number, tongues[number % 3], "EUR", "total" if number <= WRONG else "")


def sheet(number: int) -> bytes:
    lines = ["Product sheet", f"Product: Lamp S-2026-{number:03}", "Price: 59.00 EUR", "Weight: 1.2 kg"]
    return files.pdf([(72, 780 - 25 * n, line) for n, line in enumerate(lines)])


def write_folder(folder: Path) -> None:
    folder.mkdir()
    for number in range(1, INVOICES + 1):
        (folder / f"invoice-{number:03}.pdf").write_bytes(invoice(number).pdf())
    for number in range(1, SHEETS + 1):
        (folder / f"sheet-{number:03}.pdf").write_bytes(sheet(number))


def document_of(body: Any) -> str:
    """The number that the document of a question has."""
    found = _NUMBER.search(json.dumps(body))
    assert found
    return found[0]


def is_kind(body: Any) -> bool:
    return "The kinds:" in json.dumps(body)


def answer(body: Any) -> str:
    """What a model reads in a document."""
    name = document_of(body)
    is_invoice = name.startswith("R-")
    if is_kind(body):
        return json.dumps({"kind": "invoice" if is_invoice else "product_sheet", "confidence": 0.95})
    given = {"price": "59.00 EUR"}
    if is_invoice:
        rows = {row[0]: row[-1] for row in invoice(int(name[-3:])).rows()}
        given = {"invoice_number": name, "total": list(rows.values())[-1]}
    fields = [{"path": p, "value": v, "quote": v, "page": 1, "confidence": 0.95} for p, v in given.items()]
    return json.dumps({"fields": fields})


class Killer:
    """Kills the worker at requests of `KILL_AT`; `lost` has the questions that were in progress then, or whose answers
    the worker may not have stored yet."""

    def __init__(self, vendor: AnthropicEmulator) -> None:
        self._vendor, self._at = vendor, list(KILL_AT)
        self._seen: Counter[int] = Counter()
        self._answered: dict[tuple[str, str], float] = {}
        self.running: Running | None = None
        self.lost: Counter[tuple[str, str]] = Counter()

    def __call__(self, call: Call) -> float:
        self._seen[id(call)] += 1
        if self._seen[id(call)] == 2:
            self._answered[question(call)] = time.monotonic()
        if self._at and len(self._vendor.submissions) >= self._at[0] and self.running:
            before_answer = len(self._at) == 1
            if (self._seen[id(call)] == 1) is not before_answer:
                self._at.pop(0)
                self.running.supervisor.kill("worker")
                self.lost.update(question(each) for each in [*self._vendor.in_flight.values(), call])
                unstored = time.monotonic() - UNSTORED_SECONDS
                self.lost.update(each for each, at in self._answered.items() if at > unstored)
        return 0.05


def question(call: Call) -> tuple[str, str]:
    return document_of(call.json), str(call.json["model"])


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def test_a_folder_of_200_documents(tmp_path: Path) -> None:
    """Each document is classified by the cheap model and read by the better one. Only questions whose answers were lost
    with a killed worker are sent again, and the bills of the productions cover all of them."""
    write_folder(tmp_path / "in")
    with AnthropicEmulator(answer) as vendor:
        vendor.delay = killer = Killer(vendor)
        settings = {
            "GREENLIGHT_CLASSIFIER": f"anthropic/{CHEAP}",
            "GREENLIGHT_EXTRACTOR": f"anthropic/{BETTER}",
            "GREENLIGHT_TENANT_PLANNING_USD": "100",
            "GREENLIGHT_KEY_PLANNING_USD": "100",
            "GREENLIGHT_CLAIM_SETTLES_SECONDS": "3",
        }
        env = env_of("anthropic", vendor) | settings
        with started(
            tmp_path / "home", env, commands=True, workers=1, s3_faults=S3Faults(), seed="documents"
        ) as running:
            killer.running = running
            begun = time.monotonic()
            url, out = running.info.api_url, tmp_path / "out"
            command = ["--url", url, "extract", str(tmp_path / "in"), "--at-once", f"{AT_ONCE}", "--out", str(out)]
            made = CliRunner().invoke(app, command)
            seconds = time.monotonic() - begun
            assert made.exit_code == 4, made.output  # some wait for a person
            rows = {kind: rows_of(out / f"{kind}.csv") for kind in KINDS}
            with GreenlightClient(url) as client:
                ids = [row["production_id"] for each in rows.values() for row in each]
                spent = sum((client.get(each).spent_usd for each in ids), ZERO)
    assert {kind: len(each) for kind, each in rows.items()} == KINDS
    flagged = {row["invoice_number"] for row in rows["invoice"] if int(row["waiting"])}
    assert flagged == {f"R-2026-{number:03}" for number in range(1, WRONG + 1)}
    asked = Counter(map(question, vendor.submissions))
    assert {model for _, model in asked} == {CHEAP, BETTER}
    assert len(asked) == 2 * (INVOICES + SHEETS)
    repeated = {each: n for each, n in asked.items() if n > 1}
    assert repeated.keys() <= killer.lost.keys()
    assert len(repeated) <= len(KILL_AT) * AT_ONCE
    assert max(repeated.values(), default=1) <= 2
    assert vendor.billed_usd <= spent
    assert vendor.problems == []
    print(  # noqa: T201 - the figures of the trial
        f"{sum(KINDS.values())} documents: {seconds:.0f} s, {len(flagged)} of {WRONG} planted errors and no correct "
        f"one flagged, {len(vendor.submissions)} requests, "
        f"{len(repeated)} repeated of {len(killer.lost)} lost, {vendor.billed_usd:.4f} USD, booked {spent:.4f} USD"
    )


KINDS: Final = {"invoice": INVOICES, "product_sheet": SHEETS}
