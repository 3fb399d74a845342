"""What every provider checks of a job that a person wants to adopt, and how it says what does not match."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from activities.errors import AuthenticationFailed, InvalidRequest
from activities.providers.protocol import Job

_NOT_SHOWN: Final = frozenset({400, 403, 404, 410, 422})
"""Answers to a look at a job that this account does not have: vendors call an id of another form a bad request."""
SHOWN_CHARS: Final = 80
"""Of a prompt in a message."""


@contextmanager
def looking_for(vendor: str, job: Job, variable: str) -> Iterator[None]:
    """Turn the vendor's answer that it has no such job into an error that names the account.

    Args:
        variable: The environment variable that holds the key of the account.

    Raises:
        InvalidRequest: the account has no such job.
    """
    try:
        yield
    except (InvalidRequest, AuthenticationFailed) as error:
        if error.http_status not in _NOT_SHOWN:
            raise
        raise InvalidRequest(
            f"job_id: {vendor} shows no job {job.id!r} to the account of {variable}; give the id of a job of this "
            f"account. It says: {error}"
        ) from error


def same(job: Job, what: str, told: object, wanted: str) -> None:
    """Refuse a job that the vendor made from something else; what it does not tell is not checked.

    Args:
        what: "model" or "prompt".
        told: What the vendor tells of the job; None or empty where it does not.

    Raises:
        InvalidRequest: they differ, apart from space around them.
    """
    if isinstance(told, str) and told.strip() and told.strip() != wanted.strip():
        raise InvalidRequest(
            f"job_id: job {job.id!r} has the {what} {_short(told)!r}, the asset has {_short(wanted)!r}; adopt a job "
            f"with the asset's {what}, or edit the asset"
        )


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
