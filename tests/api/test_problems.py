"""The API's refusals, and its description of itself."""

import asyncio
import gzip
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest

from api.app import create_app
from api.openapi.examples import EXAMPLES
from api.problems import MEDIA_TYPE, ProblemDetails, refused
from api.routes.read_references import fields as read_fields
from api.routes.voice import interviews, memos
from api.settings import Settings, SettingsError
from api.views import (
    batches,
    bodies,
    changes,
    evaluations,
    fields,
    generated,
    grants,
    platforms,
    production,
    provenance,
    references,
    voice,
    webhooks,
)
from api.views.prompts import optimisations, versions
from tests.support.servers.serving import NOWHERE, Api, problem, serving
from tests.support.waiting import WITHIN
from workflows import models, provider_report, requests
from workflows.batch.records import Admit, BatchView
from workflows.evaluation import report
from workflows.events import Receipt
from workflows.optimisation import records as optimisation_records
from workflows.refusals import Refusal, RefusalKind
from workflows.servers import diagnosis
from workflows.voice import interview

BRIEF = {"text": "Say it.", "platform": "copy"}


@pytest.fixture(scope="module")
async def alone() -> AsyncIterator[Api]:
    """The API without any server behind it."""
    async with serving(None, NOWHERE) as api:
        yield api


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"platform": "radio"}, "platform", "'video'"),
        ({"modalities": ["image"]}, "modalities", "choose from text"),
        ({"modalities": ["smell"]}, "modalities[0]", "'audio'"),
        ({"text": "   "}, "text", "give a text"),
        ({"text": "x" * 20_001}, "text", "20000"),
        ({"languages": ["Klingon"]}, "languages[0]", "pt-BR"),
        ({"languages": []}, "languages", "pt-BR"),
        ({"aspect": "2:1"}, "aspect", "'16:9'"),
        ({"budget_usd": "-1"}, "budget_usd", "at least 0"),
        ({"budget_usd": "0.12345"}, "budget_usd", "at most 4 decimals"),
        ({"budget_usd": "abc"}, "budget_usd", "USD such as 2.50"),
        ({"budget_usd": "NaN"}, "budget_usd", "USD such as 2.50"),
        ({"budget_usd": True}, "budget_usd", "USD such as 2.50"),
        ({"duration_seconds": "long"}, "duration_seconds", "such as 20"),
        ({"duration_seconds": 1}, "duration_seconds", "at least 4"),
        ({"duration": 20}, "duration", "check its spelling"),
        ({"text": 5}, "text", "in quotes"),
        ({"webhooks": {}}, "webhooks", "in brackets"),
        ({"approval": []}, "approval", "in braces"),
        ({"references": [{"source": "http://example.com/a.png"}]}, "references[0].source", "an https:// address"),
        ({"webhooks": [{"url": "example.com"}]}, "webhooks[0].url", "http:// or https:// address"),
        ({"tenant": "North"}, "tenant", "of a-z, 0-9 and -"),
    ],
)
async def test_an_invalid_brief_is_refused(alone: Api, change: dict[str, Any], field: str, remedy: str) -> None:
    """An impossible brief is refused with the field and the remedy, before any server receives a request."""
    found = problem(await alone.http.post("/api/v1/productions", json=BRIEF | change), 422)
    assert [e.field for e in found.errors] == [field]
    assert remedy in found.errors[0].remedy


@pytest.mark.parametrize(
    ("address", "field", "remedy"),
    [
        ("productions?statuss=delivered", "statuss", "choose from"),
        ("productions/p1/export?to=edl&as=zip", "as", "choose from revision, to"),
        ("productions/p1/events?after=1&from=2", "from", "choose from after"),
    ],
)
async def test_unknown_parameter(alone: Api, address: str, field: str, remedy: str) -> None:
    """A parameter of an address that its route does not read is refused: a misspelt filter never lists everything."""
    found = problem(await alone.http.get(f"/api/v1/{address}"), 422)
    assert [e.field for e in found.errors] == [field]
    assert remedy in found.errors[0].remedy


async def test_missing_field(alone: Api) -> None:
    """A missing field is named."""
    found = problem(await alone.http.post("/api/v1/productions", json={"text": "x"}), 422)
    assert [(e.field, e.remedy) for e in found.errors] == [("platform", "add it")]


async def test_nested_path(alone: Api) -> None:
    """A field deep in a body is named by its path, and the list around it is not called too short."""
    edit = {"plan_digest": "d", "edits": [{"op": "paint"}]}
    found = problem(await alone.http.patch("/api/v1/productions/p1/plan", json=edit), 422)
    assert [e.field for e in found.errors] == ["edits[0].op"]


async def test_record_rule(alone: Api) -> None:
    """An error of a rule over several fields names the one to fix."""
    found = problem(await alone.http.post("/api/v1/productions/p1/assets/a/resolve", json={"action": "adopt"}), 422)
    assert found.errors[0].field == "job_id"


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"text": "\xff"}', b"[" * 100_000])
async def test_malformed_json(alone: Api, body: bytes) -> None:
    """A body that is not valid JSON gets a 400, whatever its fault."""
    headers = {"Content-Type": "application/json"}
    found = problem(await alone.http.post("/api/v1/productions", content=body, headers=headers), 400)
    assert [(e.field, e.remedy) for e in found.errors] == [("body", "send one JSON object in UTF-8")]


async def test_no_content_type(alone: Api) -> None:
    """JSON without its content type is refused with the header to add."""
    found = problem(await alone.http.post("/api/v1/productions", content=b'{"text": "x"}'), 422)
    assert "Content-Type: application/json" in found.errors[0].remedy


@pytest.mark.parametrize("path", ["/api/v1/productions", "/api/v1/references"])
async def test_encoded_body(alone: Api, path: str) -> None:
    """A compressed body is refused with the remedy: it would be stored, or parsed, as it is."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    found = problem(await alone.http.post(path, content=gzip.compress(b"{}"), headers=headers), 415)
    assert (found.errors[0].field, found.errors[0].remedy) == (
        "Content-Encoding",
        "send the body without a Content-Encoding",
    )


async def test_large_body_declared(alone: Api) -> None:
    """A body whose declared length is above 1 MiB is refused before it is read."""
    answer = await alone.http.post("/api/v1/productions", content=b"x" * 1_048_577)
    assert "1,048,576" in problem(answer, 413).detail


async def test_large_body_streamed(alone: Api) -> None:
    """A body that grows above 1 MiB without a declared length is refused as well."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 65_536

    headers = {"Content-Type": "application/json"}
    problem(await alone.http.post("/api/v1/productions", content=chunks(), headers=headers), 413)


async def test_body_of_one_mebibyte(alone: Api) -> None:
    """A body of exactly 1 MiB is read."""
    body = b'{"text":"' + b"x" * (1_048_576 - 11) + b'"}'
    assert len(body) == 1_048_576
    headers = {"Content-Type": "application/json"}
    problem(await alone.http.post("/api/v1/productions", content=body, headers=headers), 422)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("DELETE", "/healthz", 405)])
async def test_wrong_address(alone: Api, method: str, path: str, status: int) -> None:
    """Unknown paths and methods get problem details too."""
    problem(await alone.http.request(method, path), status)


@pytest.mark.parametrize("production_id", ["-x", "a b", "x" * 101])
async def test_impossible_id(alone: Api, production_id: str) -> None:
    """An id that no production can have is unknown, and no server receives a request."""
    found = problem(await alone.http.get(f"/api/v1/productions/{production_id}"), 404)
    assert found.type == "urn:greenlight:problem:unknown-production"
    assert [(e.field, e.remedy) for e in found.errors] == [("production_id", "GET /api/v1/productions lists them")]


@pytest.mark.parametrize(
    ("refusal", "message", "remedy"),
    [
        (("invalid_plan", "a.model", "a.model: 'x' is unknown; choose 'y'"), "'x' is unknown", "choose 'y'"),
        (("invalid_edit", "edits[0].asset", "edits[0].asset: no asset"), "no asset", "fix this field"),
        (("stale_digest", "plan_digest", "'a' is not it; it is 'b'"), "'a' is not it; it is 'b'", "approve the plan_"),
        (
            ("wrong_phase", "status", "it is open; this needs more"),
            "it is open; this needs more",
            "production's status",
        ),
        (("unknown_take", "take", "'a' has takes 1; choose one of them"), "'a' has takes 1", "choose one of them"),
    ],
)
def test_refusal(refusal: tuple[RefusalKind, str, str], message: str, remedy: str) -> None:
    """A refusal of the workflow names its field once and always has a remedy: its own, or that of its kind."""
    kind, field, words = refusal
    (error,) = refused(Refusal(kind=kind, field=field, message=words), "p1").problem.errors
    assert (error.field, error.message) == (field, message)
    assert remedy in error.remedy


@pytest.mark.parametrize("kind", get_args(RefusalKind))
def test_every_refusal_has_a_remedy(kind: RefusalKind) -> None:
    """No kind of refusal is returned without a remedy."""
    assert refused(Refusal(kind=kind, field="f", message="no"), "p1").problem.errors[0].remedy


@pytest.mark.parametrize("header", ["x", "-1", "9" * 20])
async def test_bad_last_event_id(alone: Api, header: str) -> None:
    """A Last-Event-ID that the API never sent is refused by its name."""
    answer = await alone.http.get("/api/v1/productions/p1/events", headers={"Last-Event-ID": header})
    assert problem(answer, 422).errors[0].field == "Last-Event-ID"


async def test_bad_page_token(alone: Api) -> None:
    """A page token that the API never sent is refused by its name."""
    for token in ("ä?", "AAAA", "e30=", "bnVsbCBhbmQgdm9pZA=="):
        answer = await alone.http.get("/api/v1/productions", params={"page_token": token})
        assert problem(answer, 422).errors[0].field == "page_token"


async def test_temporal_away(alone: Api) -> None:
    """Without Temporal every request gets a 503 with that reason and the time of a retry."""
    asked = [
        alone.http.post("/api/v1/productions", json=BRIEF),
        alone.http.get("/api/v1/productions/p1"),
        alone.http.get("/api/v1/productions/p1/events"),
        alone.http.get("/api/v1/productions"),
        alone.http.post("/api/v1/productions/p1/approve", json={"plan_digest": "d"}),
    ]
    for answer in await asyncio.gather(*asked):
        assert "TEMPORAL_ADDRESS" in problem(answer, 503).detail
        assert answer.headers["retry-after"] == "5"


async def test_alive_but_not_ready(alone: Api) -> None:
    """An API without servers is alive and not ready, and names the missing parts."""
    assert (await alone.http.get("/healthz")).json() == {"status": "ok"}
    answer = await alone.http.get("/readyz")
    assert answer.status_code == 503
    assert "TEMPORAL_ADDRESS" in answer.json()["checks"]["temporal"]
    assert "AWS_ENDPOINT_URL_S3" in answer.json()["checks"]["storage"]


async def test_home(alone: Api) -> None:
    """The start page lists the addresses of the API, and each of them exists."""
    links = (await alone.http.get("/")).json()["links"]
    assert (await alone.http.get(links["openapi"])).status_code == 200
    assert (await alone.http.get(links["metrics"])).text.startswith("# HELP")


def test_examples_match_their_schemas() -> None:
    """Every example of the OpenAPI description matches its schema."""
    for name, example in EXAMPLES.items():
        modules = (
            bodies,
            production,
            platforms,
            generated,
            batches,
            changes,
            provenance,
            references,
            models,
            requests,
            provider_report,
            evaluations,
            report,
            versions,
            optimisations,
            optimisation_records,
            fields,
            read_fields,
            grants,
            memos,
            interviews,
            interview,
            voice,
            diagnosis,
            webhooks,
            _Others,
        )
        model = next(getattr(m, name) for m in modules if hasattr(m, name))
        model.model_validate(example)


class _Others:
    Receipt = Receipt
    Admit = Admit
    BatchView = BatchView
    ProblemDetails = ProblemDetails


def test_openapi_is_complete() -> None:
    """Each body and each JSON response has an example, each event stream its schema, each error its details."""
    described = create_app(Settings()).openapi()
    schemas = described["components"]["schemas"]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            contents = [operation["requestBody"]["content"]] if "requestBody" in operation else []
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if status.startswith(("4", "5")) and path != "/readyz":
                    assert list(content) == [MEDIA_TYPE], where
                contents.append(content)
            for content in contents:
                for media_type, described_as in content.items():
                    schema = described_as.get("schema", {})
                    if media_type == "text/event-stream":
                        schema = described_as["itemSchema"]["properties"]["data"]["contentSchema"]
                    if "$ref" in schema:
                        name = schema["$ref"].rpartition("/")[2]
                        assert schemas[name].get("examples"), f"{where}: {name} has no example"
                    else:
                        assert path in ("/healthz", "/metrics") or media_type in (
                            "text/html",
                            "application/octet-stream",
                            "application/zip",
                            "application/x-ndjson",
                            "text/csv",
                            "*/*",
                        ), where
    assert "HTTPValidationError" not in schemas


def test_openapi_lists_the_responses() -> None:
    """Every route with a body lists 400 and 413; a stream is described by its events, an archive as one."""
    paths = create_app(Settings()).openapi()["paths"]
    taking = [o for each in paths.values() for o in each.values() if "requestBody" in o]
    assert len(taking) > 20
    assert all({"400", "413"} <= set(operation["responses"]) for operation in taking)
    of_one = "/api/v1/productions/{production_id}"
    stream = paths[f"{of_one}/events"]["get"]["responses"]["200"]["content"]
    assert list(stream) == ["text/event-stream"]
    assert list(stream["text/event-stream"]) == ["itemSchema"]
    assert stream["text/event-stream"]["itemSchema"]["properties"]["data"]["type"] == "string"
    for archive in ("deliverable.zip", "export"):
        assert list(paths[f"{of_one}/{archive}"]["get"]["responses"]["200"]["content"]) == ["application/zip"]


def test_light_import() -> None:
    """Importing the app loads neither Temporal nor boto3, nor a vendor's SDK, nor the formats of exports."""
    code = "import sys, api.app; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"temporalio", "boto3", "botocore", "openai", "anthropic", "google", "httpx", "rich", "xml"}


def test_own_process() -> None:
    """`python -m api` serves with the environment of the process and stops cleanly on its signal."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    environ = os.environ | NOWHERE | {"GREENLIGHT_API_PORT": port, "GREENLIGHT_OPEN": "true"}
    command = [sys.executable, "-m", "api"]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = iter(process.stderr)
        assert any(f"http://127.0.0.1:{port}" in line for line in lines)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=WITHIN).status_code == 200
        process.terminate()
        rest = "".join(lines)
        assert process.wait(WITHIN) in (0, -signal.SIGTERM), rest
        assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GREENLIGHT_API_PORT", "eighty"),
        ("GREENLIGHT_API_PORT", "70000"),
        ("GREENLIGHT_S3_PUBLIC_URL", "s3.example"),
        ("GREENLIGHT_OPEN", "maybe"),
        ("GREENLIGHT_TENANT_STREAMS", "0"),
        ("GREENLIGHT_TENANT_TRANSFERS", "many"),
    ],
)
def test_bad_settings(name: str, value: str) -> None:
    """An invalid variable is named with its remedy."""
    with pytest.raises(SettingsError, match=f"{name} is '{value}'; "):
        Settings.read({name: value})
