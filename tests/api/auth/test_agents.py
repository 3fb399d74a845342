"""Keys of agents and what people grant them, over HTTP on the whole stack."""

import asyncio
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from api.auth import key_file
from api.auth.roles import Role
from tests.api.auth.tenants import COPY, House, filled, routes
from tests.support.servers.serving import problem

MAY: Final = {
    "POST /api/v1/session",
    "DELETE /api/v1/session",
    "POST /api/v1/languages/detect",
    "POST /api/v1/productions",
    "POST /api/v1/multimodal/plan",
    "POST /api/v1/productions/{production_id}/preview",
    "POST /api/v1/productions/{production_id}/request-approval",
    "POST /api/v1/productions/{production_id}/execute",
}
"""What an agent may call besides reading, repeated by hand."""


async def test_an_agent_reads_plans_and_executes(house: House) -> None:
    """Every other route is closed to an agent, whatever its body."""
    closed = 0
    for method, path in routes():
        if not path.startswith("/api/v1"):
            continue
        body: dict[str, str] | None = {} if method != "GET" else None
        answer = await house.ask("scout", method, filled(path, *("acme.nothing",) * 3), json=body)
        if method == "GET" or f"{method} {path}" in MAY:
            assert answer.status_code not in (401, 403) or "no-grant" in answer.text, f"{method} {path}: {answer.text}"
        else:
            assert problem(answer, 403).type.endswith("role-needed"), f"{method} {path}"
            closed += 1
    assert closed > 25


async def test_an_agent_cannot_release_money_with_a_brief(house: House) -> None:
    """A brief of an agent approves nothing by itself and allows no unpublished price; its name is marked."""
    for field, value in (("approval", {"auto_below_usd": "9"}), ("allow_unknown_prices", True)):
        refused = await house.ask("scout", "POST", "/productions", json={**COPY, field: value})
        assert problem(refused, 403).type.endswith("not-allowed-by-key")
    production_id, _ = await house.planned("scout", requester="adam")
    found = (await house.ask("scout", "GET", f"/productions/{production_id}")).json()
    assert found["brief"]["requester"] == "agent:scout"


async def test_a_person_grants_and_revokes(house: House) -> None:
    """An approver creates a grant in their name; the agent executes with it until it is revoked."""
    production_id, digest = await house.planned("scout")
    of_it = f"/productions/{production_id}/execute"
    without = await house.ask("scout", "POST", of_it, json={"plan_digest": digest})
    assert problem(without, 403).type.endswith("no-grant")
    body = {"agent": "scout", "usd": "1", "per": "production", "production_id": production_id}
    granted = (await house.ask("adam", "POST", "/grants", json={**body, "granted_by": "abby"})).status_code
    assert granted == 422  # the name is the key's
    made = (await house.ask("adam", "POST", "/grants", json=body)).json()
    assert (made["granted_by"], made["agent"]) == ("adam", "agent:scout")
    assert made in (await house.ask("scout", "GET", "/grants")).json()["grants"]
    assert made not in (await house.ask("bob", "GET", "/grants")).json()["grants"]
    wrong = await house.ask("scout", "POST", of_it, json={"plan_digest": "0" * 32})
    assert problem(wrong, 409).type.endswith("stale-digest")
    assert problem(await house.ask("bob", "DELETE", f"/grants/{made['grant_id']}"), 404)
    assert (await house.ask("adam", "DELETE", f"/grants/{made['grant_id']}")).status_code == 204
    assert problem(await house.ask("scout", "POST", of_it, json={"plan_digest": digest}), 403)
    await house.ask("adam", "POST", "/grants", json=body)
    keyed = {"json": {"plan_digest": digest}, "headers": {"Idempotency-Key": "k"}}
    first, second = await asyncio.gather(*(house.ask("scout", "POST", of_it, **keyed) for _ in range(2)))
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (202, first.json())
    done = await house.until("scout", production_id, "delivered")
    assert done["approval"]["approver"] == "agent:scout"


async def test_grants_are_checked(house: House) -> None:
    """A grant names an agent of the tenant, an amount above zero and at most 90 days."""
    for body, field in (
        ({"agent": "rita", "usd": "1"}, "agent"),
        ({"agent": "nobody", "usd": "1"}, "agent"),
        ({"agent": "scout", "usd": "0"}, "usd"),
        ({"agent": "scout", "usd": "1", "valid_seconds": 91 * 86_400}, "valid_seconds"),
        ({"agent": "scout", "usd": "1", "per": "day", "production_id": "acme.x"}, "production_id"),
        ({"agent": "scout", "usd": "1", "per": "production", "production_id": "bolt.x"}, "production_id"),
    ):
        assert problem(await house.ask("adam", "POST", "/grants", json=body), 422).errors[0].field == field
    assert problem(await house.ask("scout", "POST", "/grants", json={"agent": "scout", "usd": "1"}), 403)


def test_an_agent_has_no_other_role(file: Path) -> None:
    """A key of an agent has no role of a person, and no person has a name like an agent's."""
    with pytest.raises(ValueError, match="an agent has no other role"):
        key_file.create(file, "scout", "acme", [Role.AGENT, Role.APPROVER])
    with pytest.raises(ValueError, match="marks the requests of agents"):
        key_file.create(file, "Agent:scout", "acme", [Role.APPROVER])


def test_a_revoked_key_takes_its_grants_along(file: Path) -> None:
    """A later key of the same name inherits no grant; other grants and policies stay."""
    from datetime import UTC, datetime, timedelta
    from decimal import Decimal

    from workflows.agents.grants import Grant

    now = datetime.now(UTC)
    for name in ("scout", "other"):
        key_file.create(file, name, "acme", [Role.AGENT])
        key_file.add_grant(
            file,
            Grant(
                grant_id=f"g-{uuid4().hex[:8]}", agent=f"agent:{name}", tenant="acme", usd=Decimal(5), per="day",
                created_at=now, expires_at=now + timedelta(hours=1),
            ),
        )  # fmt: skip
    key_file.revoke(file, "scout")
    assert [grant.agent for grant in key_file.read(file).grants] == ["agent:other"]
