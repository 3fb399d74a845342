"""Batches over HTTP and by the command `greenlight batch`, with real productions whose activities make nothing."""

import asyncio
import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from rich.console import Console
from temporalio.client import Client
from typer.testing import CliRunner, Result

from activities.storage.bucket import Storage
from api.cli import context
from api.cli.commands.batch import BatchProgress
from api.cli.main import app
from api.openapi.examples import EXAMPLES
from api.routes import batches
from api.views.batches import BatchResult
from deploy.local import Stack
from tests import ROOT
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, problem, serving
from tests.support.stack import use_s3
from tests.support.waiting import eventually
from workflows import keys
from workflows.batch.records import MAX_ROWS, BatchView
from workflows.models import Modality

PATH = "/api/v1/batches"
DEFAULTS = {"platform": "copy"}


@pytest.fixture(scope="module")
def fake() -> FakeActivities:
    fake = FakeActivities(1)
    fake.enabled = (Modality.TEXT,)
    return fake


@pytest.fixture(scope="module")
async def api(client: Client, fake: FakeActivities, storage: Storage, servers: Stack) -> AsyncIterator[Api]:
    fake.keep_in(storage)
    fake.accounts = storage
    environ = {"GREENLIGHT_BUCKET": "tests", "GREENLIGHT_TEMPORAL_UI_URL": "http://ui.example"}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with fake.working(client), serving(client, environ) as api:
            yield api


def body(*texts: str, **terms: Any) -> dict[str, Any]:
    rows = [{"key": f"key-{n}", "brief": {"text": text}} for n, text in enumerate(texts, start=1)]
    return {"rows": rows, "defaults": DEFAULTS, "batch_id": uuid4().hex, "requester": "ana", **terms}


async def until(api: Api, batch_id: str, status: str) -> dict[str, Any]:
    async def poll() -> dict[str, Any] | None:
        view = (await api.http.get(f"{PATH}/{batch_id}")).json()
        return dict(view) if view["status"] == status else None

    return await eventually(poll)


async def test_whole_life(api: Api) -> None:
    """Rows slightly above the budget wait; admitted they are delivered, and the results name each with its cost."""
    answer = await api.http.post(
        PATH, json=body("One.", "Two.", "Three.", approve=True, budget_usd="0.0299", at_once=2)
    )
    assert answer.status_code == 202, answer.text
    started = answer.json()
    batch_id, links = started["batch_id"], started["links"]
    assert answer.headers["location"] == links["batch"] == f"{PATH}/{batch_id}"
    assert links["temporal_ui"] == f"http://ui.example/namespaces/default/workflows/batch-{batch_id}"
    view = await until(api, batch_id, "over_budget")
    assert (view["totals"]["high_usd"], view["totals"]["statuses"]) == ("0.0300", {"awaiting_approval": 3})
    refused = problem(await api.http.post(f"{PATH}/{batch_id}/admit", json={"budget_usd": "0.02"}), 409)
    assert "admit the batch with a budget_usd of 0.0300 or more" in refused.errors[0].remedy
    assert (await api.http.post(f"{PATH}/{batch_id}/admit", json={"budget_usd": "0.03"})).status_code == 200
    view = await until(api, batch_id, "done")
    first = view["rows"][0]
    production = await api.get(first["production_id"])
    assert (production["status"], production["approval"]["approver"]) == ("delivered", "someone")
    assert (production["brief"]["requester"], production["budget_usd"]) == ("ana", "0.0100")

    results = await api.http.get(links["results"])
    assert results.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(results.text)))
    assert [(line["row"], line["key"], line["status"], line["cost_usd"]) for line in lines] == [
        (str(n), f"key-{n}", "delivered", "0.0100") for n in (1, 2, 3)
    ]
    url = f"{str(api.http.base_url).rstrip('/')}/api/v1/productions/{first['production_id']}/deliverable"
    assert lines[0]["deliverable"] == url
    as_json = (await api.http.get(links["results"], params={"format": "jsonl"})).text.splitlines()
    assert [json.loads(line)["key"] for line in as_json] == ["key-1", "key-2", "key-3"]
    assert problem(await api.http.post(f"{PATH}/{batch_id}/stop"), 409).errors[0].field == "batch_id"

    async def listed() -> dict[str, Any] | None:
        found = (await api.http.get(PATH)).json()["batches"]
        return next((dict(b) for b in found if b["batch_id"] == batch_id and b["status"] == "done"), None)

    line = await eventually(listed)
    assert (line["rows"], line["spent_usd"], line["requester"]) == (3, "0.0300", "ana")


async def test_titles_and_one_archive(api: Api, storage: Storage) -> None:
    """A batch names its file and the titles of its rows, and one archive has a folder for each delivered row."""
    rows = body("One of two. Its second sentence.", "Two.", file="spring.csv")
    rows["rows"][1]["brief"]["title"] = "The second"
    rows["rows"][1]["key"] = "two/of two"
    batch_id = (await api.http.post(PATH, json=rows)).json()["batch_id"]
    view = await until(api, batch_id, "planned")
    assert view["file"] == "spring.csv"
    assert [row["title"] for row in view["rows"]] == ["One of two. Its second sentence.", "The second"]
    early = problem(await api.http.get(f"{PATH}/{batch_id}/deliverables.zip"), 409)
    assert early.errors[0].message == "no row of the batch is delivered yet"
    assert (await api.http.post(f"{PATH}/{batch_id}/admit", json={})).status_code == 200
    view = await until(api, batch_id, "done")
    for row in view["rows"]:
        key = keys.deliverable_key(row["production_id"], 1, "content.md")
        await storage.put_bytes(key, row["title"].encode(), "text/markdown")
    answer = await api.http.get(f"{PATH}/{batch_id}/deliverables.zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="{batch_id}.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {"0001-key-1/content.md", "0002-two-of-two/content.md"} <= {*archive.namelist()}
    assert archive.read("0002-two-of-two/content.md") == b"The second"
    results = await api.http.get(f"{PATH}/{batch_id}/results")
    assert [line["title"] for line in csv.DictReader(io.StringIO(results.text))] == [r["title"] for r in view["rows"]]
    found = (await api.http.get(PATH)).json()["batches"]
    assert next(each["file"] for each in found if each["batch_id"] == batch_id) == "spring.csv"


def test_the_guide_names_the_columns_of_the_results() -> None:
    """The guide lists the columns of the result file in their order."""
    *names, last = BatchResult.model_fields
    guide = " ".join((ROOT / "workflows" / "README.md").read_text().split())
    assert f"one line per row: {', '.join(names)} and {last}." in guide


async def test_list(api: Api) -> None:
    """Batches that stay open are listed page by page, each once."""
    prefix = uuid4().hex
    ids = {f"{prefix}-{n}" for n in range(3)}
    for batch_id in ids:
        await api.http.post(PATH, json=body("One.", batch_id=batch_id))

    async def listed() -> list[str] | None:
        found: list[str] = []
        token = ""
        while True:
            asked = {"prefix": prefix, "page_size": "2", **({"page_token": token} if token else {})}
            page = (await api.http.get(PATH, params=asked)).json()
            assert len(page["batches"]) <= 2
            found += [b["batch_id"] for b in page["batches"]]
            if not (token := page["next_page_token"]):
                return found if len(found) >= len(ids) else None

    assert sorted(await eventually(listed)) == sorted(ids)
    wrong = await api.http.get(PATH, params={"page_token": "bm9uZQ=="})
    assert problem(wrong, 422).errors[0].field == "page_token"


async def test_a_repeated_batch_starts_nothing(api: Api, fake: FakeActivities) -> None:
    """The same rows under the same id or key start nothing twice, from any caller; other rows are refused."""
    rows = body("One.", "Two.", approve=True)
    await api.http.post(PATH, json=rows)
    view = await until(api, rows["batch_id"], "done")
    made = len(fake.produced)
    again = await api.http.post(PATH, json=rows | {"requester": "ben"})
    assert (again.status_code, again.json()["status"]) == (202, "done")
    assert (await until(api, rows["batch_id"], "done"))["rows"] == view["rows"]
    assert len(fake.produced) == made
    other = problem(await api.http.post(PATH, json=rows | {"rows": rows["rows"][:1]}), 409)
    assert (other.errors[0].field, other.errors[0].remedy) == ("batch_id", "choose another batch_id")
    keyed = {name: value for name, value in rows.items() if name != "batch_id"}
    headers = {"Idempotency-Key": uuid4().hex}
    ids = [(await api.http.post(PATH, json=keyed, headers=headers)).json()["batch_id"] for _ in range(2)]
    assert ids[0] == ids[1] != rows["batch_id"]


async def test_one_bad_row_refuses_all(api: Api) -> None:
    """All invalid rows are named with their number, field and remedy, and no row is started."""
    rows = body("One.", "", "Three.", "Four.")
    rows["rows"][2]["brief"] |= {"platform": "video"}
    rows["rows"][3]["brief"] |= {"budget": 1}
    found = problem(await api.http.post(PATH, json=rows), 422)
    assert "3 of 4 rows" in found.detail
    assert [(e.field, e.message) for e in found.errors if "image" not in e.message and "audio" not in e.message] == [
        ("rows[1].brief.text", "row 2: text is empty"),
        ("rows[2].brief.modalities", "row 3: modalities no provider is enabled for video"),
        ("rows[3].brief.budget", "row 4: budget is not a known field"),
    ]
    assert all(e.remedy for e in found.errors)
    problem(await api.http.get(f"{PATH}/{rows['batch_id']}"), 404)


async def test_conflicting_rows_are_refused(api: Api) -> None:
    """The same row twice, two tenants, or a row that approves itself before the others are planned: all are refused."""
    rows = body("One.", "Two.", "Three.", "One.", approve=True)
    rows["rows"][0] = {"brief": {"text": "One."}}
    rows["rows"][3] = {"brief": {"text": "One."}}
    rows["rows"][1]["brief"]["tenant"] = "other"
    rows["rows"][2]["brief"]["approval"] = {"auto_below_usd": "1"}
    found = problem(await api.http.post(PATH, json=rows), 422)
    assert [e.field for e in found.errors] == [
        "rows[1].brief.tenant",
        "rows[2].brief.approval.auto_below_usd",
        "rows[3].key",
    ]
    assert found.errors[2].message == "row 4: is the same as row 1"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([{"brief": {"text": str(n)}} for n in range(MAX_ROWS + 1)], id="rows"),
        pytest.param([{"key": str(n), "brief": {"style": "x"}} for n in range(100)], id="bytes"),
    ],
)
async def test_a_batch_that_is_too_large_is_refused(api: Api, rows: list[dict[str, Any]]) -> None:
    """A batch with too many rows or bytes is refused with the advice to split the file."""
    answer = await api.http.post(PATH, json={"rows": rows, "defaults": DEFAULTS | {"text": "x" * 19_000}})
    (error,) = problem(answer, 422).errors
    assert (error.field, error.remedy) == ("rows", "split the file into several batches")


async def test_an_unknown_batch_is_a_404(api: Api) -> None:
    """The 404 for a missing batch names the list of batches."""
    for method, rest in (("GET", ""), ("GET", "/results"), ("POST", "/stop"), ("POST", "/admit")):
        answer = await api.http.request(method, f"{PATH}/nobody{rest}", json={} if rest == "/admit" else None)
        assert problem(answer, 404).errors[0].remedy == "GET /api/v1/batches lists them"


async def greenlight(api: Api, *args: str) -> Result:
    """The command, in a thread of its own: the API runs in this one. It polls more often than for people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "POLL_SECONDS", 0.1)
        return await asyncio.to_thread(CliRunner().invoke, app, ["--url", str(api.http.base_url), *args])


async def test_the_command(api: Api, fake: FakeActivities, tmp_path: Path) -> None:
    """A CSV file is planned, refused above the budget, approved by running it again, and not made a third time."""
    file = tmp_path / "briefs.csv"
    file.write_text(f'key,text,platform,language\nfirst,"One, {uuid4()}",copy,en\nsecond,Two.,copy,pt-BR\n')
    planned = await greenlight(api, "batch", str(file))
    assert planned.exit_code == 0, planned.output
    assert re.search(r"^row 2  second  awaiting approval$", planned.stdout, re.MULTILINE)
    again = re.search(r"greenlight (batch .*) --budget (\S+)", planned.stdout)
    assert again, planned.stdout
    assert again[2] == "0.0200"
    expensive = await greenlight(api, "batch", str(file), "--approve", "--budget", "0.0199")
    assert expensive.exit_code == 3
    assert "0.0200" in expensive.stderr
    made = len(fake.produced)
    for _ in range(2):
        done = await greenlight(api, *again[1].split(), "--budget", again[2])
        assert done.exit_code == 0, done.output
        assert "2 rows · 2 delivered · spent 0.02 USD of 0.02 USD" in done.stdout
    assert len(fake.produced) == made + 2
    lines = list(csv.DictReader(io.StringIO((tmp_path / "briefs.results.csv").read_text())))
    assert [(line["key"], line["status"]) for line in lines] == [("first", "delivered"), ("second", "delivered")]
    listed = json.loads((await greenlight(api, "batches", "--json")).stdout)
    assert any(b["rows"] == 2 for b in listed)


async def test_a_series_by_the_command_and_over_http(api: Api, tmp_path: Path) -> None:
    """A series is approved with the digest that was read, by the command for exactly its price; its results have a
    line for each asset, and its budget can be raised when it is done."""
    file = tmp_path / "films.csv"
    file.write_text(f'key,text,platform\nfirst,"One, {uuid4()}",copy\nsecond,Two.,copy\n')
    planned = await greenlight(api, "batch", str(file), "--series")
    again = re.search(r"greenlight (batch .*) --budget (\S+)", planned.stdout)
    assert again, planned.output
    assert again[1].endswith("--series --approve")
    batch_id = next(b["batch_id"] for b in (await api.http.get(PATH)).json()["batches"] if b["file"] == "films.csv")
    for sent in ({}, {"plan_digest": "another"}):
        answer = await api.http.post(f"{PATH}/{batch_id}/admit", json=sent)
        assert problem(answer, 409).errors[0].field == "plan_digest"
    expensive = await greenlight(api, *again[1].split(), "--budget", "0.0199")
    assert (expensive.exit_code, "0.0200" in expensive.stderr) == (3, True), expensive.output
    done = await greenlight(api, *again[1].split(), "--budget", again[2])
    assert (done.exit_code, "2 delivered · spent 0.02 USD of 0.02 USD" in done.stdout) == (0, True), done.output
    lines = await api.http.get(f"{PATH}/{batch_id}/results", params={"by": "asset"})
    assert [
        (line["row_key"], line["asset_id"], line["status"]) for line in csv.DictReader(io.StringIO(lines.text))
    ] == [
        ("first", "text-1", "completed"),
        ("second", "text-1", "completed"),
    ]
    raised = await greenlight(api, *again[1].split(), "--budget", "0.03")
    assert "spent 0.02 USD of 0.03 USD" in raised.stdout, raised.output


async def test_json_lines_over_the_budget(api: Api, tmp_path: Path) -> None:
    """JSON lines accept the whole brief; over the budget the exit code is 3 with the numbers, and the batch can be
    stopped."""
    file, out = tmp_path / "briefs.jsonl", tmp_path / "out.jsonl"
    row = {"text": f"One {uuid4()}.", "approval": {"approvers": 1}}
    file.write_text(json.dumps(row) + "\n\n" + json.dumps({"key": "two", "text": "Two."}) + "\n")
    options = ("--platform", "copy", "--approve", "--budget", "0.01", "--out", str(out))
    expensive = await greenlight(api, "batch", str(file), *options)
    assert expensive.exit_code == 3, expensive.output
    assert "0.0200 USD in total" in expensive.stderr
    assert [json.loads(line)["status"] for line in out.read_text().splitlines()] == ["awaiting_approval"] * 2
    stopped = await greenlight(api, "batch", str(file), "--platform", "copy", "--stop")
    assert stopped.stdout.startswith("\nStopped: 2 rows")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "text,colour,size\nx,red,1\n", "there is no column 'colour', 'size'; the columns are text, platform"),
        ("a.csv", "text,platform\nx,copy,1\n", "row 1 has more cells"),
        ("a.csv", "text,platform\n", "has no rows"),
        ("a.jsonl", '{"text": "x"}\n{text}\n', "line 2 is not JSON"),
        ("a.txt", "x", "neither .csv nor .jsonl"),
    ],
)
async def test_an_invalid_file_is_refused(api: Api, tmp_path: Path, name: str, content: str, words: str) -> None:
    """An invalid batch file is refused with the place and the remedy, before any request."""
    file = tmp_path / name
    file.write_text(content)
    refused = await greenlight(api, "batch", str(file))
    assert refused.exit_code == 2
    assert words in " ".join(re.sub("[│╭╮╰╯─]", " ", refused.stderr).split())


async def test_an_impossible_row_is_refused_by_the_command(api: Api, tmp_path: Path) -> None:
    """An impossible row is reported with its number, and nothing is started."""
    file = tmp_path / "briefs.csv"
    file.write_text("text,platform\nOne.,copy\nTwo.,radio\n")
    refused = await greenlight(api, "batch", str(file))
    assert refused.exit_code == 1
    assert "row 2: platform is not known" in refused.stderr


def test_a_long_batch_on_a_terminal() -> None:
    """When there is no room for all rows, finished ones are hidden; the totals are always shown."""
    view = BatchView.model_validate(EXAMPLES["BatchView"])
    done = [view.rows[0].model_copy(update={"row": n, "key": f"key-{n}", "status": "delivered"}) for n in range(1, 30)]
    waits = view.rows[1].model_copy(update={"row": 30, "key": "the last"})
    screen = io.StringIO()
    with BatchProgress(Console(file=screen, force_terminal=True, width=100, height=10)) as progress:
        progress.show(view.model_copy(update={"rows": (*done, waits)}))
    assert "the last" in screen.getvalue()
    assert "key-1 " in screen.getvalue()
    assert "key-29" not in screen.getvalue()
    assert "2 awaiting approval · spent 0.00 USD of 2.50 USD" in screen.getvalue()


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        " =1",
        "\t=1",
        "\r\n=1",
        '"=1"',
        "'+1",
        "-1+1",
        "@SUM(1)",
        "|calc",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "−1",
    ],
)
def test_no_cell_is_a_formula(cell: str) -> None:
    """Text that a spreadsheet would calculate, in any spelling, is marked as text; other text is unchanged."""
    assert batches._safe({"note": cell}) == {"note": f"'{cell}"}
    assert batches._safe({"note": "A boat at dawn = good", "cost": "0.01", "n": 1}) == {
        "note": "A boat at dawn = good",
        "cost": "0.01",
        "n": 1,
    }
