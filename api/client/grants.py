"""The client's endpoints of agents: grants, requests for an approval, and the execution of a plan within a grant."""

from decimal import Decimal
from typing import Literal

from api.client.transport import Transport, production_path
from api.views.grants import ApprovalRequestBody, ExecuteBody, GrantBody, GrantList
from workflows.agents.grants import Grant
from workflows.events import Receipt


class GrantEndpoints(Transport):
    """Grants of agents, and what agents do with them."""

    def grants(self) -> tuple[Grant, ...]:
        """What people granted the agents of the tenant; an agent gets its own grants that have not ended."""
        found = self._request("GET", "/grants", GrantList)
        return found.grants

    def create_grant(
        self,
        agent: str,
        usd: Decimal,
        *,
        per: Literal["production", "day"] = "day",
        production_id: str | None = None,
        valid_seconds: float = 86_400,
    ) -> Grant:
        """Let an agent release up to `usd` without a further approval, until the grant ends or is revoked."""
        body = GrantBody(agent=agent, usd=usd, per=per, production_id=production_id, valid_seconds=valid_seconds)
        return self._request("POST", "/grants", Grant, body=body)

    def revoke_grant(self, grant_id: str) -> None:
        """End a grant; what the agent has released with it stays released."""
        self._send("DELETE", f"/grants/{grant_id}")

    def request_approval(self, production_id: str, plan_digest: str, note: str = "") -> Receipt:
        """Ask people to approve exactly this plan. It releases nothing."""
        body = ApprovalRequestBody(plan_digest=plan_digest, note=note)
        return self._request("POST", production_path(production_id, "request-approval"), Receipt, body=body)

    def execute(
        self,
        production_id: str,
        plan_digest: str,
        *,
        budget_usd: Decimal | None = None,
        note: str = "",
        idempotency_key: str | None = None,
    ) -> Receipt:
        """Approve exactly this plan as an agent, within what a person granted it."""
        body = ExecuteBody(plan_digest=plan_digest, budget_usd=budget_usd, note=note)
        path = production_path(production_id, "execute")
        return self._request("POST", path, Receipt, body=body, key=idempotency_key)
