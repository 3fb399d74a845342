"""What the client raises.

GreenlightError         the API refused the request: status, title, detail, errors, plan_digest
├── WrongInstance       another stack or program answers at the address
└── Unreachable         nothing answers at the address
    └── ResponseLost    the connection broke after the request was sent
"""

from collections.abc import Sequence

import httpx
from pydantic import BaseModel, ValidationError


class FieldProblem(BaseModel):
    """One field that was refused, the reason, and the remedy."""

    field: str = ""
    message: str = ""
    remedy: str = ""


class _Problem(BaseModel):
    """The members of RFC 9457 problem details that a caller acts on."""

    title: str
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()
    plan_digest: str | None = None


class GreenlightError(Exception):
    """The API refused the request. `errors` names fields and remedies; `plan_digest` is the current plan's, if
    the request named another. `status` is the HTTP status, or 0 if there was no response.
    """

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        status: int = 0,
        errors: Sequence[FieldProblem] = (),
        plan_digest: str | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status, self.title, self.detail = status, title, detail
        self.errors = tuple(errors)
        self.plan_digest = plan_digest


class Unreachable(GreenlightError):
    """Nothing answers at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"No Greenlight API answers at {url}",
            f"{reason}. Start one with `greenlight up` (or `make up`), or set GREENLIGHT_URL to where it runs.",
        )


class ResponseLost(Unreachable):
    """The request was sent and no response arrived: the API may have carried it out."""


class WrongInstance(GreenlightError):
    """A program answers at the address, but it is not the expected stack; it received no request of the caller."""

    def __init__(self, url: str) -> None:
        super().__init__(
            "Another program answers at the stack's address",
            f"{url} is in use by another stack or program. Start the stack again with `greenlight up` (or `make up`), "
            "or set GREENLIGHT_URL to where the API runs.",
            status=421,
        )


def raise_for_problem(response: httpx.Response) -> None:
    """
    Args:
        response: Its content has been read.

    Raises:
        GreenlightError: the response is an error; its problem details are in the exception.
    """
    if response.is_success:
        return
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        problem = _Problem(title=response.reason_phrase or "Error", detail=response.text[:500])
    raise GreenlightError(
        problem.title,
        problem.detail,
        status=response.status_code,
        errors=problem.errors,
        plan_digest=problem.plan_digest,
    )
