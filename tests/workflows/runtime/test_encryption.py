"""With GREENLIGHT_PAYLOAD_KEYS Temporal stores no text of a production, and all our processes work as before."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from google.protobuf.json_format import MessageToJson, Parse
from playwright.async_api import expect
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client

from api.client.client import GreenlightClient
from api.settings import Settings, SettingsError
from deploy.codec import CodecSettings, create_app
from deploy.local import Stack, running_stack
from deploy.settings import SettingsRefused
from deploy.temporal import binary
from tests.api.studio.browser import CHROMIUM, MISSING, browsing, visiting
from tests.support.fakes import FakeActivities
from tests.support.film import approval, planned
from tests.support.productions import Productions, names, plan_of, snapshot, until
from tests.support.servers.serving import serving
from tests.support.stack import hermetic, new_home
from tests.support.traces import kept_by_temporal
from tests.support.waiting import WITHIN, eventually
from worker.connect import connect, make_runtime
from worker.settings import WorkerSettings
from workflows import keys
from workflows.activity_io import AssetFailure
from workflows.brief import Brief, Platform
from workflows.runtime import encryption_keys
from workflows.runtime.data_converter import data_converter, make_data_converter


def key(name: str, byte: int) -> str:
    return f"{name}:{base64.b64encode(bytes([byte]) * 32).decode()}"


OLD, NEW = key("2026", 1), key("2027", 2)
SECRETS: Final = (b"zebrafinch", b"Quokka", b"marzipan", b"gondola", b"thunderstruck")
"""Words of the title, the brief, the style, a person's feedback and a provider's failure."""
WORDS: Final[dict[str, Any]] = {
    "title": "The zebrafinch",
    "text": "Quokka, a word of no other test.",
    "style": "like marzipan",
    "platform": Platform.COPY,
}


async def encrypting(client: Client, with_keys: str) -> Client:
    """A client of the same server as the worker and the API create it."""
    address = client.service_client.config.target_host
    return await Client.connect(address, data_converter=make_data_converter(with_keys))


def holding(kept: Mapping[str, bytes], words: tuple[bytes, ...] = SECRETS) -> set[bytes]:
    return {word for word in words for data in kept.values() if word.lower() in data.lower()}


def about(handle_id: str) -> str:
    return f"WorkflowId = '{handle_id}'"


def only(answer: httpx.Response, field: str, listed_id: str) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (found,) = (each for each in answer.json()[field] if listed_id in each.values())
    return dict(found)


async def ignored(handle: Any) -> None:
    """An approval of another digest has arrived."""

    async def poll() -> bool | None:
        return True if "approval_ignored" in names(await snapshot(handle)) else None

    await eventually(poll)


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities(assets=2)


async def test_temporal_stores_no_text(client: Client, fake: FakeActivities) -> None:
    """Plan, revision, failure, answer and delivery over HTTP are readable for callers, and unreadable on the server."""
    fake.failures["text-2"] = AssetFailure(reason="asset_failed", message="thunderstruck while writing")
    ours = await encrypting(client, OLD)
    async with fake.working(ours), serving(ours, {}) as api:
        production_id, _ = await api.planned(**WORDS)
        revised = await api.http.post(
            f"/api/v1/productions/{production_id}/revise", json={"feedback": "more gondola", "reviser": "ana"}
        )
        assert revised.status_code == 200, revised.text
        assert "gondola" in revised.json()["assets"][0]["prompt"]
        assert (await api.approve(production_id, revised.json()["digest"])).status_code == 200
        waiting = await api.until(production_id, "needs_attention")
        entry = only(await api.http.get("/api/v1/attention"), "entries", production_id)
        assert entry["title"] == WORDS["title"]
        assert "thunderstruck" in json.dumps([waiting.data, entry])
        answered = await api.http.post(
            f"/api/v1/productions/{production_id}/assets/text-2/resolve",
            json={"action": "accept_without", "resolver": "ana"},
        )
        assert answered.status_code == 202, answered.text
        assert (await api.events(production_id))[-1].name == "done"
        listed = only(await api.http.get("/api/v1/productions"), "productions", production_id)
        assert listed["title"] == WORDS["title"]
    workflow_id = keys.workflow_id(production_id)
    kept = await kept_by_temporal(client, about(workflow_id))
    assert holding(kept) == set()
    assert all(encryption_keys.ENCODING.encode() in data for data in kept.values())
    described = await client.get_workflow_handle(workflow_id).describe()
    assert described.typed_search_attributes  # these stay readable
    with pytest.raises(encryption_keys.PayloadKeyMissing, match="GREENLIGHT_PAYLOAD_KEYS"):
        await described.memo_value("title")


async def test_a_plain_client_can_approve(client: Client, fake: FakeActivities) -> None:
    """The signal that a person sends by hand, as plain JSON without codec, is accepted."""
    ours = await encrypting(client, OLD)
    async with fake.working(ours):
        handle, plan = await Productions(ours, "").planned(**WORDS)
        by_hand = client.get_workflow_handle(handle.id)
        await by_hand.signal("approve", {"plan_digest": plan.digest, "approver": "ana"})
        assert (await until(handle, "delivered")).approval


async def test_encryption_can_be_turned_on_later(client: Client, fake: FakeActivities) -> None:
    """Payloads that were recorded in clear are replayed, and new ones are encrypted; payloads under a replaced key stay
    readable."""
    async with fake.working(client):
        handle, plan = await Productions(client, "").planned(**WORDS)
    first = await encrypting(client, OLD)
    async with fake.working(first):
        mine = Productions(first, "").newest(handle)
        assert await plan_of(mine) == plan
        await mine.signal("approve", {"plan_digest": "another", "approver": "ana"})
        await ignored(mine)
    second = await encrypting(client, f"{NEW} {OLD}")
    async with fake.working(second):
        mine = Productions(second, "").newest(handle)
        await mine.signal("approve", {"plan_digest": plan.digest, "approver": "ana"})
        assert (await until(mine, "delivered")).brief.title == WORDS["title"]
    kept = b"".join((await kept_by_temporal(client, about(handle.id))).values())
    assert (b"2026" in kept, b"2027" in kept) == (True, True)
    assert SECRETS[1] in kept  # older payloads stay as they were written


async def test_the_reason_of_a_wait_is_readable(client: Client, fake: FakeActivities) -> None:
    """The details of a running activity reach watchers in clear, and the server has no text of them."""
    fake.limited = {"text-1"}
    ours = await encrypting(client, OLD)
    async with fake.working(ours), serving(ours, {}) as api:
        production_id, digest = await api.planned(**WORDS)
        assert (await api.approve(production_id, digest)).status_code == 200
        progress = await api.until(production_id, "asset_progress")
        assert progress.data["data"]["reason"] == "vendor: slow down, text-1"
        assert holding(await kept_by_temporal(client, about(keys.workflow_id(production_id))), (b"slow down",)) == set()
        await api.http.post(f"/api/v1/productions/{production_id}/cancel")


async def test_a_missing_key_is_named(client: Client, fake: FakeActivities) -> None:
    """An API without the key, or with another one of its id, names the variable, and its lists still have the others;
    a worker does too, and waits for it."""
    ours, name = await encrypting(client, NEW), f"encrypted-{uuid4().hex[:8]}"
    async with fake.working(ours):
        async with serving(ours, {}) as api:
            production_id, digest = await api.planned(**WORDS)
            weekly = {"schedule_id": name, "brief": {"text": "Say it.", "platform": "copy"}, "cron": "0 9 1 1 *"}
            assert (await api.http.post("/api/v1/schedules", json=weekly)).status_code == 201
        for with_keys in ("", OLD, key("2027", 3)):
            async with serving(await encrypting(client, with_keys), {}) as api:
                answer = await api.http.get(f"/api/v1/productions/{production_id}")
                assert answer.status_code == 503
                assert answer.json()["type"].endswith(":payload-key-missing")
                assert "the key '2027'" in answer.json()["detail"]
                assert "GREENLIGHT_PAYLOAD_KEYS" in answer.json()["detail"]
                listed = only(await api.http.get("/api/v1/productions"), "productions", production_id)
                assert listed["title"] == "(encrypted with the key '2027')"
                entries = (await api.http.get("/api/v1/attention")).json()["entries"]
                (waiting,) = (each["waiting"] for each in entries if each["production_id"] == production_id)
                assert (waiting["reason"], waiting["message"]) == ("approval", listed["title"])
                schedule = only(await api.http.get("/api/v1/schedules"), "schedules", name)
                assert (schedule["title"], schedule["platform"]) == (listed["title"], "copy")
    await ours.get_schedule_handle(keys.schedule_key(name)).delete()
    handle = ours.get_workflow_handle(keys.workflow_id(production_id))
    async with fake.working(client):
        await handle.signal("approve", {"plan_digest": digest, "approver": "ana"})
        failed = await eventually(lambda: task_failure(client, handle.id))
        assert "GREENLIGHT_PAYLOAD_KEYS" in failed
    async with fake.working(ours):
        assert (await until(handle, "delivered")).approval


async def task_failure(client: Client, workflow_id: str) -> str | None:
    """The reason for which a workflow task failed, as the server records it."""
    async for event in client.get_workflow_handle(workflow_id).fetch_history_events():
        if event.HasField("workflow_task_failed_event_attributes"):
            return str(event.workflow_task_failed_event_attributes.failure)
    return None


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("c2VjcmV0LXNlY3JldA==", "entry 1 is not `id:base64`"),
        (f"{OLD} :{OLD}", "entry 2 is not `id:base64`"),
        ("a:c2VjcmV0", "the key 'a' is not 32 bytes in base64"),
        ("a:sécret", "the key 'a' is not 32 bytes in base64"),
        (f"{OLD} {OLD}", "the id '2026' is given twice"),
    ],
)
async def test_invalid_keys_are_refused(given: str, wrong: str) -> None:
    """Worker, API and stack refuse to start, name the variable and the remedy, and never repeat the secret."""
    environ = {encryption_keys.VARIABLE: given}
    with pytest.raises(encryption_keys.PayloadKeysRefused) as refused:
        await connect(make_runtime(WorkerSettings()), given)
    with pytest.raises(SettingsError) as api:
        Settings.read(environ)
    with pytest.raises(SettingsRefused) as stack:
        CodecSettings.of(environ)
    messages = {str(each.value) for each in (refused, api, stack)}
    assert len(messages) == 1
    assert f"{encryption_keys.VARIABLE}: {wrong}" in messages.pop()
    assert not any(secret in str(refused.value) for secret in ("c2Vj", "sécret", OLD[5:]))


def test_without_keys_nothing_is_encrypted() -> None:
    """The plain data converter is used, and the library of ciphers is not loaded."""
    assert make_data_converter(" ") is data_converter
    script = (
        "import api.temporal.productions, sys; from workflows.runtime.data_converter import make_data_converter; "
        "make_data_converter(''); print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert "workflows.runtime.encryption_keys" in loaded
    assert not {"cryptography", "workflows.runtime.encryption"} & set(loaded)


# -- The codec server --------------------------------------------------------------------------------------------

UI: Final = "http://127.0.0.1:8233"


def codec_of(**environ: str) -> httpx.AsyncClient:
    settings = CodecSettings.of({encryption_keys.VARIABLE: OLD, "GREENLIGHT_TEMPORAL_UI_URL": UI, **environ})
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app(settings)), base_url="http://codec")


async def encrypted_body() -> dict[str, Any]:
    (payload,) = await make_data_converter(OLD).encode(["zebrafinch"])
    return dict(json.loads(MessageToJson(Payloads(payloads=[payload]))))


def clear(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    (payload,) = Parse(answer.text, Payloads()).payloads
    return data_converter.payload_converter.from_payload(payload)


async def test_the_codec_server_serves_only_the_ui() -> None:
    """The codec server responds to the Temporal UI under both names of the machine, and to clients that are no browser,
    but to no other page, with or without CORS."""
    body = await encrypted_body()
    async with codec_of() as http:
        assert clear(await http.post("/decode", json=body)) == "zebrafinch"
        for origin in (UI, "http://localhost:8233"):
            asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            asks["Access-Control-Request-Headers"] = "authorization,content-type,x-namespace"
            assert (await http.options("/decode", headers=asks)).status_code == 200
            answer = await http.post("/decode", json=body, headers={"Origin": origin, "X-Namespace": "default"})
            assert clear(answer) == "zebrafinch"
            assert answer.headers["access-control-allow-origin"] == origin
        for origin in ("http://evil.example", "http://127.0.0.1:8234", "null"):
            asks = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            assert (await http.options("/decode", headers=asks)).status_code == 400
            answer = await http.post("/decode", json=body, headers={"Origin": origin})
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers
            assert "GREENLIGHT_TEMPORAL_UI_URL" in answer.json()["detail"]


async def test_the_codec_server_requires_its_token() -> None:
    """When a token is set, nothing is decoded without it; off loopback the server does not start without one."""
    body = await encrypted_body()
    async with codec_of(GREENLIGHT_CODEC_TOKEN="t0ken", GREENLIGHT_CODEC_HOST="0.0.0.0") as http:
        for given in ("", "Bearer t0keN", "t0ken", "Bearer é"):
            answer = await http.post("/decode", json=body, headers={b"Authorization": given.encode()})
            assert answer.status_code == 401
            assert "GREENLIGHT_CODEC_TOKEN" in answer.json()["detail"]
        assert clear(await http.post("/decode", json=body, headers={"Authorization": "Bearer t0ken"})) == "zebrafinch"
    with pytest.raises(SettingsRefused, match="set GREENLIGHT_CODEC_TOKEN"):
        codec_of(GREENLIGHT_CODEC_HOST="0.0.0.0")
    with pytest.raises(SettingsRefused, match="GREENLIGHT_PAYLOAD_KEYS is not set"):
        codec_of(GREENLIGHT_PAYLOAD_KEYS="")


async def test_the_codec_server_names_the_problem() -> None:
    """An encoded payload is decoded again; invalid bodies and unknown keys get a message."""
    async with codec_of() as http, codec_of(GREENLIGHT_PAYLOAD_KEYS=NEW) as other:
        (plain,) = data_converter.payload_converter.to_payloads(["zebrafinch"])
        encoded = await http.post("/encode", content=MessageToJson(Payloads(payloads=[plain])))
        assert b"zebrafinch" not in base64.b64decode(encoded.json()["payloads"][0]["data"])
        assert clear(await http.post("/decode", content=encoded.content)) == "zebrafinch"
        unknown = await other.post("/decode", content=encoded.content)
        assert (unknown.status_code, "GREENLIGHT_PAYLOAD_KEYS" in unknown.json()["detail"]) == (422, True)
        for body in (b"", b"[1]", b'{"payloads": 1}', b"\xff", b"[" * 100_000):
            assert (await http.post("/decode", content=body)).status_code == 400, body


# -- The stack ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = new_home(tmp_path_factory.mktemp("encrypted") / "home")
    with running_stack(home, ports="free", environ=hermetic(os.environ) | {encryption_keys.VARIABLE: OLD}) as running:
        yield running


@pytest.fixture(scope="module")
def made(stack: Stack) -> str:
    """The workflow id of a real production, made by worker and API as processes."""
    with GreenlightClient(stack.info.api_url) as studio:
        production_id, plan = planned(studio, Brief(**WORDS))
        studio.approve(production_id, approval(plan))
        assert list(studio.events(production_id))[-1].name == "done"
        assert studio.get(production_id).status == "delivered"
    return keys.workflow_id(production_id)


async def test_the_stack_encrypts(stack: Stack, made: str) -> None:
    """`make up` with keys: Temporal stores no text of a production of the whole stack."""
    client = await Client.connect(stack.info.temporal_address)
    kept = await kept_by_temporal(client)
    assert any(run.startswith(made) for run in kept)
    assert holding(kept) == set()


def test_only_three_processes_have_the_keys(stack: Stack, made: str) -> None:
    """Worker, API and codec server have the keys in their environment; no other process has them, and no log."""
    logs = {path.name: path.read_bytes() for path in Path(stack.info.log_dir).glob("*.log")}
    assert {"worker.log", "api.log", "codec.log"} <= logs.keys()
    assert holding(logs, (OLD[5:].encode(),)) == set()
    assert encryption_keys.VARIABLE not in stack.env
    if sys.platform == "linux":
        environs = {n: Path(f"/proc/{pid}/environ").read_bytes() for n, pid in stack.supervisor.pids().items()}
        assert {n for n, environ in environs.items() if OLD[5:].encode() in environ} == {"worker", "api", "codec"}


def test_temporals_command_line_reads_it(stack: Stack, made: str) -> None:
    """`temporal workflow show` prints cipher text, and the brief when it has the codec server's address."""
    command = [binary("temporal"), "workflow", "show", "-w", made, "--detailed"]

    def shown(*more: str) -> str:
        return subprocess.check_output([*command, *more], env=dict(stack.env), text=True)

    assert WORDS["text"] not in shown()
    assert WORDS["text"] in shown("--codec-endpoint", stack.info.codec_url)


@pytest.mark.skipif(not CHROMIUM.exists(), reason=MISSING)
async def test_temporals_ui_reads_it(stack: Stack, made: str) -> None:
    """The embedded Temporal UI shows the brief in clear, without any setup."""
    path = f"/namespaces/{stack.info.temporal_namespace}/workflows/{made}"
    async with browsing() as browser, visiting(browser, stack.info.temporal_ui_url) as page:
        await page.goto(path)
        await expect(page.get_by_text(WORDS["text"]).first).to_be_visible(timeout=1_000 * WITHIN)
