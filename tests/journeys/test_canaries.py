"""Secrets in every possible place, and vendors that repeat them in every error: none is found in any output.

The tests search all data that Temporal stores, the logs of every process, the API's responses and streams, and every
object in the bucket. The vendors are emulators that the worker's unmodified SDKs reach by their base URLs.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import boto3
import httpx
import pytest
from botocore.config import Config
from temporalio.client import Client

from api.client.client import GreenlightClient
from api.views.production import PlanView
from deploy.local import Stack, running_stack
from deploy.s3 import REGION
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Call, Emulator, Fault, Reply
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from tests.journeys.vendors import BRIEF, Vendors, catalogues
from tests.journeys.vendors import the_plan as whole_plan
from tests.support.film import planned
from tests.support.stack import hermetic
from tests.support.traces import kept_by_temporal
from tests.support.waiting import WITHIN
from workflows.brief import Webhook
from workflows.requests import Approval

VENDORS: Final = ("openai", "anthropic", "google", "replicate", "runway")
CANARIES: Final = {name: f"canary-{name}-3f9d2c71b8e64a05" for name in (*VENDORS, "aws", "userinfo", "signature")}
WEBHOOK: Final = base64.b64encode(b"canary-webhook-3f9d2c71b8e64a05").decode()
MEDIA: Final = b"canary-media-3f9d2c71b8e64a05"
SAYS: Final = frozenset({"message", "error", "detail", "title", "failure", "explanation", "blockReasonMessage"})
"""Members of vendors' responses that contain text for people."""


def the_plan(body: dict[str, Any]) -> str:
    """One take of each vendor: one shot is enough for a film."""
    plan = json.loads(whole_plan(body))
    return json.dumps({**plan, "assets": [a for a in plan["assets"] if a["asset_id"] != "shot-2"]})


def forms(secret: str) -> list[bytes]:
    """The canary as it is, and as it looks within base64, at each offset."""
    encoded = (base64.b64encode(bytes(at) + secret.encode())[4 if at else 0 : -4] for at in range(3))
    return [secret.encode(), *encoded]


FORMS: Final = {name: forms(secret) for name, secret in (*CANARIES.items(), ("webhook", WEBHOOK))}


def found_in(sources: dict[str, bytes]) -> list[str]:
    """The places and their canaries."""
    return [
        f"{name} in {source}: …{data[max(0, at - 60) : at + 60]!r}…"
        for source, data in sources.items()
        for name, secret in FORMS.items()
        if (at := next((at for form in secret if (at := data.find(form)) >= 0), -1)) >= 0
    ]


def repeating(call: Call, part: Any) -> Any:
    """A vendor's response whose text for people repeats the request, as a careless gateway does."""
    headers = " ".join(f"{name}: {value}" for name, value in call.headers.items())
    signed = f"https://me:{CANARIES['userinfo']}@cdn.example/a.png?X-Amz-Signature={CANARIES['signature']}&x=1"
    if isinstance(part, dict):
        return {
            k: f"{v} [{headers}] token={CANARIES['signature']} {signed}"
            if k in SAYS and isinstance(v, str)
            else repeating(call, v)
            for k, v in part.items()
        }
    return [repeating(call, each) for each in part] if isinstance(part, list) else part


def signing(url: str, part: Any) -> Any:
    """Addresses of media with a password and a signature."""
    if isinstance(part, dict):
        return {k: signing(url, v) for k, v in part.items()}
    if isinstance(part, list):
        return [signing(url, each) for each in part]
    if isinstance(part, str) and re.match(rf"{url}/(media|delivery)/", part):
        part = part.replace("http://", f"http://me:{CANARIES['userinfo']}@").partition("?")[0]
        return f"{part}?X-Amz-Signature={CANARIES['signature']}"
    return part


def careless(emulator: Emulator) -> Emulator:
    """A vendor that repeats requests in its errors, signs its addresses and hides a canary in its media."""
    serve: Callable[[Call], Reply | None] = emulator._serve

    def answered(call: Call) -> Reply | None:
        if call.path.startswith("/hooks"):
            return Reply(500, f"broken: {call.headers}".encode(), "text/plain")
        reply = serve(call)
        if reply is None:
            return None
        if emulator.kind(call) == "download" and reply.status == 200:
            box = (8 + len(MEDIA)).to_bytes(4, "big") + b"free" + MEDIA
            return replace(reply, body=reply.data + box)
        if isinstance(reply.body, bytes):
            return reply
        body = reply.body if reply.status < 400 and not failed(reply.body) else repeating(call, reply.body)
        return replace(reply, body=signing(emulator.url, body))

    emulator._serve = answered  # type: ignore[method-assign]
    return emulator


def failed(body: Any) -> bool:
    """A response with HTTP 200 about a failure."""
    return isinstance(body, dict) and bool(
        body.get("failure") or body.get("error") or str(body.get("status")).lower() == "failed"
    )


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    made: dict[str, Any] = {
        "openai": OpenAIEmulator(),
        "anthropic": AnthropicEmulator(),
        "google": GoogleEmulator(),
        "replicate": ReplicateEmulator(),
        "runway": RunwayEmulator(polls=1),
    }
    with ExitStack() as stack:
        for name, emulator in made.items():
            emulator.key = CANARIES[name]
            stack.enter_context(careless(emulator))
        made["openai"].answer_text = the_plan
        yield Vendors(**made)


@pytest.fixture(scope="module")
def stack(vendors: Vendors, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("canaries")
    catalogue = re.sub(r"(?m)^expected_seconds = .*$", "expected_seconds = 1.0", "\n".join(catalogues()))
    (folder / "own.toml").write_text(catalogue)
    (folder / "home").mkdir()
    secret = {"access_key": "CANARYACCESS", "secret_key": CANARIES["aws"]}
    (folder / "home" / "s3.json").write_text(json.dumps(secret))
    base = vendors.google.url.replace("http://", f"http://me:{CANARIES['userinfo']}@")
    environ = {
        **hermetic(os.environ),
        **vendors.env,
        "GOOGLE_GEMINI_BASE_URL": base,
        "GREENLIGHT_CATALOGUE": str(folder / "own.toml"),
        "GREENLIGHT_WEBHOOK_SECRET": f"whsec_{WEBHOOK}",
        "GREENLIGHT_WEBHOOK_HOSTS": "127.0.0.1",
        "GREENLIGHT_MAX_FAILURES": "2",
    }
    with running_stack(folder / "home", ports="free", environ=environ) as running:
        yield running


@pytest.fixture(scope="module")
def lived(stack: Stack, vendors: Vendors) -> list[str]:
    """Productions with all these faults: one that is delivered, and those that every vendor fails in its own way."""
    hook = Webhook(url=f"{vendors.runway.url}/hooks", events=("plan_ready", "done"))
    brief = BRIEF.model_copy(update={"webhooks": (hook,), "duration_seconds": 5})
    made = []
    with GreenlightClient(stack.info.api_url) as studio:
        for meets in ("a download that fails", "error", "refuse", "wrong key"):
            if meets == "error":
                vendors.openai.meet("quota")  # the first planner fails, and the plan reports it
                vendors.anthropic.answer_text = the_plan
            production_id, plan = planned(studio, brief)
            vendors.anthropic.answer_text = None
            made.append(production_id)
            if meets == "a download that fails":
                vendors.runway.meet("expire", on="download")
            for emulator in vendors.all.values():
                if meets == "wrong key":
                    emulator.key = "another"
                elif meets != "a download that fails":
                    faults: list[Fault] = ["error", "error"] if meets == "error" else ["refuse"]
                    emulator.meet(*faults)
            studio.approve(
                production_id,
                Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(20), allow_unknown_prices=True),
            )
            came_to_rest(studio, production_id, plan)
            for name, emulator in vendors.all.items():
                emulator.key = CANARIES[name]
                emulator._faults.clear()
    return made


def came_to_rest(studio: GreenlightClient, production_id: str, plan: PlanView) -> None:
    """The production has ended, or each unfinished asset waits for a person or for another asset that does."""
    over: dict[str, str] = {}
    for event in studio.events(production_id):
        if event.name in ("asset_complete", "asset_failed") and event.asset_id:
            over[event.asset_id] = event.name
        failed = {asset_id for asset_id, name in over.items() if name == "asset_failed"}
        if failed and all(a.asset_id in over or failed & set(a.depends_on) for a in plan.assets):
            return


def test_every_fault_occurred(lived: list[str], stack: Stack, vendors: Vendors) -> None:
    """The film is delivered in spite of all faults, and each one left its message: there was something to leak."""
    with GreenlightClient(stack.info.api_url) as studio:
        seen = [studio.get(production_id) for production_id in lived]
        kinds = {a.error_kind for each in seen for a in each.assets}
    assert [each.status for each in seen] == ["delivered", *["needs_attention"] * 3]
    assert {"authentication_failed", "content_refused"} <= kinds
    assert seen[1].plan is not None
    assert seen[1].plan.planner.startswith("anthropic/")
    calls = {call.path for call in vendors.runway.calls}
    assert any(path.startswith("/media/") for path in calls)


def test_addresses_with_passwords_are_refused(stack: Stack) -> None:
    """A brief is stored with its production, so an address with a password in it is refused with the brief."""
    address = f"https://me:{CANARIES['userinfo']}@example.com/a.png?@"
    given = {"text": "x", "platform": "design", "references": [{"source": address}], "webhooks": [{"url": address}]}
    answer = httpx.post(f"{stack.info.api_url}/api/v1/productions", json=given, timeout=WITHIN)
    assert answer.status_code == 422
    assert [e["field"] for e in answer.json()["errors"]] == ["webhooks[0].url", "references[0].source"]
    assert found_in({"the answer": answer.content}) == []
    given |= {"references": [], "webhooks": [{"url": "https://example.com/a@b"}]}
    assert httpx.post(f"{stack.info.api_url}/api/v1/productions", json=given, timeout=WITHIN).status_code == 202


async def test_temporal_holds_no_canary(lived: list[str], stack: Stack) -> None:
    """No history, memo, summary, pending failure or heartbeat of any run contains one, also not within base64."""
    kept = await kept_by_temporal(await Client.connect(stack.info.temporal_address))
    assert {"Production", "Notification"} <= {kind for data in kept.values() for kind in kinds_in(data)}
    assert found_in(kept) == []
    assert not any(MEDIA in data for data in kept.values())


def kinds_in(data: bytes) -> set[str]:
    return {kind for kind in ("Production", "Notification") if kind.encode() in data}


def test_logs_hold_no_canary(lived: list[str], stack: Stack) -> None:
    """No log of a process contains one, though the worker's log reports every failure and every requested address."""
    logs = {path.name: path.read_bytes() for path in Path(stack.info.log_dir).iterdir()}
    assert b"HTTP Request: GET" in logs["worker.log"]
    assert found_in(logs) == []


def test_the_api_returns_no_canary(lived: list[str], stack: Stack) -> None:
    """No response, no error and no event contains one."""
    received = {}
    with httpx.Client(base_url=stack.info.api_url, timeout=WITHIN) as http:
        for production_id in lived:
            path = f"/api/v1/productions/{production_id}"
            for each in ("", "/plan/history", "/deliverables", "/manifest", "/assets/still-1/takes"):
                received[path + each] = http.get(path + each, follow_redirects=True).content
            wrong = http.post(f"{path}/approve", json={"plan_digest": "x" * 32, "approver": "ana"})
            received[f"{path}/approve"] = wrong.content
        for path in ("/api/v1/productions", "/api/v1/attention", "/api/v1/providers", "/readyz", "/metrics"):
            received[path] = http.get(path).content
    with GreenlightClient(stack.info.api_url) as studio:
        for production_id in lived:
            last, events = studio.get(production_id).last_event_id, []
            for event in studio.events(production_id):
                events.append(event.model_dump_json())
                if event.id == last:
                    break
            received[f"events of {production_id}"] = "\n".join(events).encode()
    assert b"authentication_failed" in b"".join(received.values())
    assert found_in(received) == []


def test_the_bucket_holds_no_canary(lived: list[str], stack: Stack) -> None:
    """No ledger, plan or manifest contains one, and no metadata; a canary that a vendor hides in its media stays in the
    take's own object."""
    client = boto3.client(
        "s3",
        endpoint_url=stack.info.s3_endpoint,
        aws_access_key_id="CANARYACCESS",
        aws_secret_access_key=CANARIES["aws"],
        region_name=REGION,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )
    bucket, objects = stack.info.bucket, {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page["Contents"]:
            got = client.get_object(Bucket=bucket, Key=each["Key"])
            objects[each["Key"]] = got["Body"].read() + json.dumps(got["Metadata"]).encode()
    assert any("ledger.json" in key for key in objects)
    assert found_in(objects) == []
    holding = {key for key, data in objects.items() if MEDIA in data}
    assert holding
    assert all("/takes/" in key and "/media" in key for key in holding)
