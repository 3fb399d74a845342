"""What a failed HTTP call to a vendor means for money: words that all vendor files share.

A vendor file parses its own error bodies; which error of the tree a status is, and whether a request
that got no answer may have been billed, is decided here, once.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from activities.errors import (
    AuthenticationFailed,
    InvalidRequest,
    Overloaded,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    SubmissionUnknown,
)

CONNECT_SECONDS: Final = 10.0
"""To open a connection; nothing was sent before that."""
ANSWER_SECONDS: Final = 600.0
"""For a synchronous answer, as the vendors' own SDKs wait: images were recorded at 15 to 34 s."""
LOOK_SECONDS: Final = 60.0
"""For a look at a job, which only reads."""

_NOT_SENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "InvalidURL"})
"""Names that httpx and httpx2 (openai and anthropic use the latter) share: the request never left."""
_GATEWAY: Final = frozenset({408, 502, 504, 520, 522, 524})
"""Said by whatever stands before the vendor: the vendor itself may have done, and bill, the work."""


def lost(vendor: str, error: BaseException, *, submitting: bool) -> ProviderError:
    """The call got no answer: never sent, or ambiguous where it was a submission.

    Args:
        error: What the SDK or HTTP client raised; its causes are searched for how far the request came.
    """
    words = f"{vendor} did not answer: {_innermost(error)}"
    if not submitting or _never_sent(error):
        return ProviderUnavailable(words)
    return SubmissionUnknown(words)


def refusal(
    vendor: str,
    status: int,
    message: str,
    *,
    variable: str,
    submitting: bool,
    own: bool = True,
    retry_after: timedelta | None = None,
) -> ProviderError:
    """The error of an HTTP status with the vendor's words.

    Args:
        variable: The environment variable that holds the key.
        submitting: The call may cost money.
        own: The body is the vendor's own error record. A 500 with it is the vendor saying that it failed and bills
            nothing; a 500 without it, as from a proxy, leaves a submission in doubt.
    """
    words = f"{vendor}: {message or f'HTTP {status}'}"
    if submitting and (status in _GATEWAY or (status >= 500 and not own)):
        return SubmissionUnknown(f"{words} (HTTP {status})")
    match status:
        case 401 | 403:
            return AuthenticationFailed(f"{words}; set {variable} in the worker's environment to a key that works")
        case 402:
            return QuotaExhausted(f"{words}; add credit to the account of {variable}")
        case 429:
            return RateLimited(words, retry_after=retry_after)
        case 503 | 529:
            return Overloaded(words, retry_after=retry_after)
        case _ if status >= 500 or status in (408, 409):
            return ProviderUnavailable(words, retry_after=retry_after)
        case _:
            return InvalidRequest(words)


def seconds_after(value: str | None) -> timedelta | None:
    """A `retry-after` header, or a duration such as "48s" or "1.5s"; None where it is neither. At most an hour."""
    try:
        seconds = float(Decimal((value or "").strip().removesuffix("s")))
    except ArithmeticError:
        return None
    return timedelta(seconds=min(seconds, 3_600.0)) if seconds >= 0 else None


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _never_sent(error: BaseException) -> bool:
    """By the HTTP client's own error, the outermost in the chain: what caused that one may be another address."""
    for each in _causes(error):
        names = {base.__name__ for base in type(each).__mro__}
        if names & {"RequestError", "InvalidURL"}:
            return bool(names & _NOT_SENT)
    return False


def _innermost(error: BaseException) -> str:
    last = _causes(error)[-1]
    return f"{type(last).__name__}: {last}"[:300]
