"""The caller of a request and its permissions: the name, tenant and roles of a key; without keys, this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel

from api.auth.roles import APPROVERS, PEOPLE, Role, Roles, role_names
from api.auth.tenant_policy import apply_policy
from api.problems import Problem
from workflows import keys
from workflows.agents.grants import Grant, agent_name
from workflows.brief import ApprovalPolicy, Brief

SIGNATURES: Final = frozenset(
    {
        "requester",
        "approver",
        "rejecter",
        "editor",
        "reviser",
        "requested_by",
        "resolver",
        "reviewer",
        "granted_by",
        "uploaded_by",
        "paused_by",
        "resumed_by",
        "cancelled_by",
        "actor",
        "voter",
    }
)
"""Fields of requests that name their sender. With keys, the name of the key replaces them."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Caller:
    """The holder of a key.

    Attributes:
        tenant: None for every caller on this machine while the API is open: all tenants are theirs.
        policy: The rules for the approval of its briefs that the tenant's operator set.
        grants: Of an agent: what people granted it, those that have not ended.
        key_is_valid: Whether the key still exists; a long stream checks it again.
    """

    name: str
    tenant: str | None
    roles: Roles
    key_is_valid: Callable[[], bool] = lambda: True
    policy: ApprovalPolicy | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def is_agent(self) -> bool:
        return Role.AGENT in self.roles

    @property
    def signature(self) -> str:
        """The name in the caller's requests: the key's, marked where it is an agent's."""
        return agent_name(self.name) if self.is_agent else self.name

    @property
    def planning_grant(self) -> Grant | None:
        """The grant that planning of a new production uses."""
        return next((grant for grant in self.grants if grant.production_id is None), None)

    def owns(self, owned_id: str) -> bool:
        """Whether an id is of the caller's tenant. The id alone decides: a lookup could take longer for an id that
        exists, which would reveal it."""
        return self.tenant is None or keys.tenant_of(owned_id) == self.tenant

    def qualify(self, name: str) -> str:
        """The id for a name without a tenant: one of the caller's own tenant."""
        return name if self.tenant is None or "." in name else keys.qualify_id(self.tenant, name)

    def resolve_tenant(self, requested: str | None) -> str | None:
        """The tenant of a request: the caller's own.

        Raises:
            Problem: 403 where the request names another one.
        """
        if self.tenant is None or requested == self.tenant:
            return requested
        if requested not in (None, keys.DEFAULT_TENANT):
            raise _forbidden("tenant", f"the key is of tenant {self.tenant!r}", "leave it out")
        return self.tenant

    def sign(self, record: M) -> M:
        """The record with the key's name in each field that names its sender."""
        if self.tenant is None:
            return record
        return record.model_copy(update=dict.fromkeys(SIGNATURES & type(record).model_fields.keys(), self.signature))

    def admit(self, brief: Brief) -> Brief:
        """The brief with the tenant, its policy and the caller's name; its stored references must be the tenant's.

        Raises:
            Problem: 403, 422.
        """
        if self.tenant is None:
            return brief
        if brief.approval.auto_below_usd is not None:
            self.check_release("approval.auto_below_usd")
        if brief.allow_unknown_prices:
            self.check_release("allow_unknown_prices")
        for number, reference in enumerate(brief.references):
            if not self.may_name(reference.source):
                raise Problem.of_field(
                    f"references[{number}].source",
                    f"there is no {reference.source!r}",
                    "post the file to /api/v1/references and give the `source` of the response",
                )
        signed = self.sign(brief).model_copy(update={"tenant": self.resolve_tenant(brief.tenant)})
        return apply_policy(self.policy, signed) if self.policy else signed

    def may_name(self, source: str) -> bool:
        """Whether `source`, where it names a stored reference, names one of the caller's tenant."""
        _, is_stored, key = source.partition(keys.STORED)
        if self.tenant is None or not is_stored:
            return True
        in_tenant = not key.startswith(keys.REFERENCES) or self.owns(key.removeprefix(keys.REFERENCES))
        return in_tenant and keys.may_read(key, self.tenant)

    def check_release(self, field: str) -> None:
        """
        Raises:
            Problem: 403 where the caller may not release money, which `field` does.
        """
        if not self.roles & APPROVERS:
            message = f"it releases money, which needs the role {role_names(APPROVERS)}"
            raise _forbidden(field, message, "leave it out, or let an approver do it")

    def check_budget(self, record: BaseModel) -> None:
        """Refuse a change that raises the budget, or allows unknown prices, where the caller may not release money.

        Raises:
            Problem: 403.
        """
        for field in ("budget_usd", "allow_unknown_prices"):
            if getattr(record, field):
                self.check_release(field)

    def check_role(self, needed: Roles) -> None:
        """
        Raises:
            Problem: 403 where the caller has none of these roles.
        """
        if not self.roles & needed:
            detail = (
                f"This needs the role {role_names(needed)}; the key of {self.name!r} has "
                f"{', '.join(sorted(self.roles))}."
            )
            raise Problem(403, "role-needed", f"{detail} An operator makes keys with `greenlight keys create`.")

    def check_default_tenant(self) -> None:
        """
        Raises:
            Problem: 403 where the key is of another tenant: figures over all tenants are for the operators of the API.
        """
        if self.tenant not in (None, keys.DEFAULT_TENANT):
            detail = f"This counts all tenants, so it needs an operator's key of tenant {keys.DEFAULT_TENANT!r}."
            raise Problem(403, "role-needed", detail)


def _forbidden(field: str, message: str, remedy: str) -> Problem:
    return Problem.of_field(field, message, remedy, status=403, kind="not-allowed-by-key")


OPEN_CALLER: Final = Caller("", None, PEOPLE)
"""Every caller of an open API, which is bound to this machine alone. None is an agent, because grants need keys."""
