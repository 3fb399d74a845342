"""Checks that all providers make before a person adopts a job, and the errors for jobs that do not match."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from activities.errors import AuthenticationFailed, InvalidRequest
from activities.providers.protocol import Job

_NOT_FOUND: Final = frozenset({400, 403, 404, 410, 422})
"""Statuses for a job that this account does not have: some vendors call an id of another form a bad request."""
SHOWN_CHARS: Final = 80
"""Length of a prompt in a message."""


@contextmanager
def job_lookup(vendor: str, job: Job, variable: str) -> Iterator[None]:
    """Convert the vendor's response that it has no such job into an error that names the account.

    Args:
        variable: The environment variable that holds the key of the account.

    Raises:
        InvalidRequest: the account has no such job.
    """
    try:
        yield
    except (InvalidRequest, AuthenticationFailed) as error:
        if error.http_status not in _NOT_FOUND:
            raise
        raise InvalidRequest(
            f"job_id: {vendor} has no job {job.id!r} for the account of {variable}; give the id of a job of this "
            f"account. The vendor's response: {error}"
        ) from error


def check_match(job: Job, what: str, actual: object, expected: str) -> None:
    """Refuse a job whose model, version or prompt differs from the asset's; a missing value is not checked.

    Args:
        what: What is compared: "id", "model", "version" or "prompt".
        actual: The value that the vendor reports for the job; None or empty if it does not.
        expected: The value of the asset.

    Raises:
        InvalidRequest: they differ in more than surrounding whitespace.
    """
    if isinstance(actual, str) and actual.strip() and actual.strip() != expected.strip():
        raise InvalidRequest(
            f"job_id: job {job.id!r} has the {what} {_short(actual)!r}, the asset has {_short(expected)!r}; adopt a "
            f"job with the asset's {what}, or edit the asset"
        )


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 1] + "…"
