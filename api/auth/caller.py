"""Who asks, and what they may: the name, the tenant and the roles of a key; or, without keys, whoever is here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel

from api.auth import tenant_policy
from api.auth.roles import ANYBODY, RELEASES, Roles, named
from api.problems import FieldError, Problem
from workflows import keys
from workflows.models import ApprovalPolicy, Brief

SIGNATURES: Final = frozenset(
    {
        "requester",
        "approver",
        "rejecter",
        "editor",
        "reviser",
        "requested_by",
        "resolver",
        "uploaded_by",
        "paused_by",
        "resumed_by",
    }
)
"""Fields of what callers send that say who they are. With keys, the key says it."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Caller:
    """The holder of a key.

    Attributes:
        tenant: None for whoever is on this machine while it is open: everything there is theirs.
        policy: What the tenant's operator fixed for the approval of its briefs.
        holds: Whether the key is still one; a stream that lasts asks again.
    """

    name: str
    tenant: str | None
    roles: Roles
    holds: Callable[[], bool] = lambda: True
    policy: ApprovalPolicy | None = None

    # Whose

    def owns(self, owned_id: str) -> bool:
        """Whether an id is of the caller's tenant. It is told from the id alone: nothing is asked that could take
        longer for what is there."""
        return self.tenant is None or keys.tenant_of(owned_id) == self.tenant

    def own(self, name: str) -> str:
        """The id that is meant by a name without a tenant's: one of the caller's own."""
        return name if self.tenant is None or "." in name else keys.owned(self.tenant, name)

    def tenant_for(self, asked: str | None) -> str | None:
        """The tenant that is meant: the caller's own.

        Raises:
            Problem: 403 where another one is named.
        """
        if self.tenant is None or asked == self.tenant:
            return asked
        if asked not in (None, keys.DEFAULT_TENANT):
            raise self._forbidden("tenant", f"the key is of tenant {self.tenant!r}", "leave it out")
        return self.tenant

    # Who

    def signs(self, record: M) -> M:
        """What was sent, with the key's name wherever it says who sends it."""
        if self.tenant is None:
            return record
        return record.model_copy(update=dict.fromkeys(SIGNATURES & type(record).model_fields.keys(), self.name))

    def brief(self, brief: Brief) -> Brief:
        """The brief as the caller may ask for it: of their tenant, under its policy, in their name, from their own
        pictures.

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
            stored = reference.source.partition(keys.STORED + keys.REFERENCES)[2]
            if stored and not self.owns(stored):
                error = FieldError(
                    field=f"references[{number}].source",
                    message=f"there is no {reference.source!r}",
                    remedy="post the file to /api/v1/references and name what that answers",
                )
                raise Problem(422, "invalid-request", f"{error.message}; {error.remedy}", errors=[error])
        signed = self.signs(brief).model_copy(update={"tenant": self.tenant_for(brief.tenant)})
        return tenant_policy.under(self.policy, signed) if self.policy else signed

    # May

    def check_release(self, field: str) -> None:
        """
        Raises:
            Problem: 403 where the caller may not release money, and `field` would.
        """
        if not self.roles & RELEASES:
            message = f"it releases money, which needs the role {named(RELEASES)}"
            raise self._forbidden(field, message, "leave it out, or let an approver do it")

    def check_budget(self, record: BaseModel) -> None:
        """Refuse a change that raises the budget, or unties it, of somebody who may not.

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
                f"This needs the role {named(needed)}; the key of {self.name!r} has {', '.join(sorted(self.roles))}."
            )
            raise Problem(403, "role-needed", f"{detail} An operator makes keys with `greenlight keys create`.")

    def check_house(self) -> None:
        """
        Raises:
            Problem: 403 where the caller is of one tenant among others: what counts all of them is the house's own.
        """
        if self.tenant not in (None, keys.DEFAULT_TENANT):
            detail = f"This counts all tenants, so it needs an operator's key of tenant {keys.DEFAULT_TENANT!r}."
            raise Problem(403, "role-needed", detail)

    def _forbidden(self, field: str, message: str, remedy: str) -> Problem:
        error = FieldError(field=field, message=message, remedy=remedy)
        return Problem(403, "not-allowed-by-key", f"{field}: {message}; {remedy}.", errors=[error])


WHOEVER: Final = Caller("", None, ANYBODY)
"""Everybody who reaches an API that is open: it is bound to this machine alone."""
