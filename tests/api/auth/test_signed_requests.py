"""Requests and the keys that sign them: repeated starts with another key or policy of the tenant, and cancels."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.auth import key_file
from api.auth.roles import Role
from api.auth.tenant_policy import could_become
from tests.api.auth.tenants import COPY, House
from tests.support.servers.serving import problem
from workflows.brief import ApprovalPolicy, Brief


async def test_a_repeated_start_outlives_its_key_and_its_policy(house: House) -> None:
    """With the same Idempotency-Key and brief, another key of the tenant gets the same production, also under a new
    policy of the tenant; another brief is refused."""
    roles = (Role.REQUESTER, Role.APPROVER)
    house.held |= {n: key_file.create(house.file, n, "moving", roles) for n in ("mia", "max")}
    order = {"Idempotency-Key": uuid4().hex}

    async def started(name: str, path: str, **body: Any) -> httpx.Response:
        return await house.ask(name, "POST", path, json=body, headers=order)

    first = await started("mia", "/productions", **COPY)
    house.file.write_text(house.file.read_text() + "\n[policies.moving]\napprovers = 2\nmax_budget_usd = 1.50\n")
    key_file.revoke(house.file, "mia")
    again = await started("max", "/productions", **COPY)
    assert (again.status_code, again.json()["production_id"]) == (202, first.json()["production_id"])
    for other in ({"text": "Say it."}, {"budget_usd": "1"}, {"approval": {"stills_first": True}}):
        assert problem(await started("max", "/productions", **COPY | other), 409).type.endswith("key-used")


@pytest.mark.parametrize(
    ("requested", "started", "same"),
    [
        ({}, {"approvers": 2, "not_by_requester": True, "max_budget_usd": "5", "budget_usd": "5"}, True),
        ({"budget_usd": "3"}, {"max_budget_usd": "5", "budget_usd": "3"}, True),
        ({"budget_usd": "3"}, {"max_budget_usd": "5", "budget_usd": "5"}, False),
        ({"max_budget_usd": "2"}, {"max_budget_usd": "5", "budget_usd": "5"}, False),
        ({"approvers": 2}, {"approvers": 1}, False),
        ({"not_by_requester": True}, {}, False),
        ({"escalate_to": ["ana"]}, {"escalate_to": ["ben"]}, False),
        ({}, {"auto_below_usd": "1"}, False),
        ({}, {"budget_usd": "5"}, False),
        ({}, {"style": "quiet"}, False),
        ({"requester": "ana"}, {"requester": "ben", "tenant": "acme"}, True),
    ],
)
def test_what_a_policy_may_change(requested: dict[str, Any], started: dict[str, Any], same: bool) -> None:
    """A brief is the same under any policy that is stricter; all that no policy changes has to be equal."""

    def brief(given: dict[str, Any]) -> Brief:
        rules = {name: value for name, value in given.items() if name in ApprovalPolicy.model_fields}
        rest = {name: value for name, value in given.items() if name not in rules}
        return Brief.model_validate({**COPY, **rest, "approval": rules})

    assert could_become(brief(requested), brief(started)) is same


async def test_a_cancel_has_the_name_of_the_key(house: House) -> None:
    """The event of a cancel names the key that requested it, whatever the body contains."""
    production_id = await house.start("rita")
    path = f"/productions/{production_id}"
    cancel = await house.ask("adam", "POST", f"{path}/cancel", json={"cancelled_by": "mallory"})
    assert cancel.status_code == 202
    await house.until("rita", production_id, "cancelled")
    events = (await house.ask("rita", "GET", f"{path}/events")).text
    assert '"reason":"cancelled by adam"' in events.replace('": "', '":"')
    assert "mallory" not in events
