"""An API with keys, the people of its tenants, and the data of one tenant."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi.routing import iter_route_contexts

from api.app import create_app
from api.auth.roles import PEOPLE, Role
from api.settings import Settings
from tests.api.auth.api_keys import bearer
from tests.support.servers.serving import Api
from tests.support.waiting import eventually

COPY: Final = {"text": "Say why night trains are back.", "platform": "copy"}
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(20)
HOLDERS: Final[dict[str, tuple[str, tuple[Role, ...]]]] = {
    "rita": ("acme", (Role.REQUESTER,)),
    "adam": ("acme", (Role.APPROVER,)),
    "abby": ("acme", (Role.APPROVER,)),
    "olga": ("acme", (Role.OPERATOR,)),
    "both": ("acme", (Role.REQUESTER, Role.APPROVER)),
    "bob": ("bolt", tuple(PEOPLE)),
    "dora": ("default", tuple(PEOPLE)),
    "scout": ("acme", (Role.AGENT,)),
}
LIMITS: Final = {"GREENLIGHT_TENANT_STREAMS": "2", "GREENLIGHT_TENANT_TRANSFERS": "1"}


@dataclass
class House:
    """An API with keys; each person has a client with their own key."""

    api: Api
    held: dict[str, str]
    file: Path

    async def ask(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**(bearer(self.held[name]) if name else {}), **more.pop("headers", {})}
        return await self.api.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def start(self, name: str, **brief: Any) -> str:
        answer = await self.ask(name, "POST", "/productions", json={**COPY, **brief})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["production_id"])

    async def planned(self, name: str, **brief: Any) -> tuple[str, str]:
        production_id = await self.start(name, **brief)
        return production_id, (await self.until(name, production_id, "awaiting_approval"))["plan"]["digest"]

    async def until(self, name: str, production_id: str, status: str) -> dict[str, Any]:
        async def poll() -> dict[str, Any] | None:
            seen = (await self.ask(name, "GET", f"/productions/{production_id}")).json()
            return dict(seen) if seen.get("status") == status else None

        return await eventually(poll)

    async def approve(self, name: str, production_id: str, digest: str, **claim: Any) -> httpx.Response:
        body = {"plan_digest": digest, **claim}
        return await self.ask(name, "POST", f"/productions/{production_id}/approve", json=body)


@dataclass(frozen=True)
class Property:
    """The data of acme, which another tenant requests."""

    production: str
    asset: str
    batch: str
    schedule: str
    reference: str


@cache
def routes() -> list[tuple[str, str]]:
    found = iter_route_contexts(create_app(Settings()).routes)
    return [(method, str(route.path)) for route in found for method in (route.methods or set()) - {"HEAD"}]


@cache
def bodies() -> dict[str, Any]:
    """Method and path -> a valid body for it, from the API's own description."""
    described = create_app(Settings()).openapi()
    found = {}
    for path, ways in described["paths"].items():
        for method, way in ways.items():
            content = way.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if "$ref" in schema:
                example = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["examples"][0]
                found[f"{method.upper()} {path}"] = {"json": example}
            elif content:
                found[f"{method.upper()} {path}"] = {"content": PNG}
    return found


def filled(path: str, production: str, batch: str, schedule: str, asset: str = "body-1") -> str:
    values = {"production_id": production, "batch_id": batch, "schedule_id": schedule, "asset_id": asset}
    values |= {"take": "1", "revision": "1", "name": "content.md", "number": "1"}
    values |= {"memo_id": production, "session_id": production, "optimisation_id": batch}
    values |= {"upload_id": f"{production}-9", "grant_id": "g-0", "delivery_id": f"{production}-0-1"}
    values |= {"evaluation_id": batch, "cell": "1", "pair_id": "0" * 20, "side": "left", "version": "0"}
    values |= {"name": "delivery"} if "/prompts/" in path else {}
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: values[found[1]], path).removeprefix("/api/v1")
