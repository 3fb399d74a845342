"""Converts failed HTTP calls to vendors into errors of the tree, for all vendor files.

A vendor file parses its own error bodies. This module decides which error of the tree a status becomes, whether a
request without a response may have been billed, and what an unusable response cost. It also removes the key from every
error.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import wraps
from typing import Any, Final, Protocol, TypeVar

from activities.catalogue import pricing
from activities.catalogue.offers import Offer, Unit
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
from activities.providers.protocol import Finished, Request
from activities.providers.unbilled import Unbilled, is_unbilled
from workflows.models import ZERO

CONNECT_TIMEOUT_SECONDS: Final = 10.0
"""To open a connection; nothing is sent before that."""
RESPONSE_TIMEOUT_SECONDS: Final = 600.0
"""For a synchronous response, as in the vendors' own SDKs: images were recorded at 15 to 34 s."""
POLL_TIMEOUT_SECONDS: Final = 60.0
"""For polling a job, which only reads."""
MAX_RETRY_AFTER_SECONDS: Final = 3_600.0
"""The longest accepted `retry-after`: after an hour the request is tried again, even if the vendor asks for more."""
SECRET_CHARS: Final = 8
"""A shorter key is a placeholder for a self-hosted server that ignores keys, and may be a word of its messages."""

_log = logging.getLogger(__name__)

_NOT_SENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "InvalidURL", "LocalProtocolError"}
)
"""Exception names shared by httpx and httpx2 (used by openai and anthropic): the request was never sent."""
_REJECTED: Final = frozenset({*range(400, 408), *range(410, 418), 421, 422, 424, 425, 426, 428, 429, 431, 451})
"""Statuses that reject a request as it is (RFC 9110, RFC 6585): no work was started. They exclude 408, 409 and 499,
where the server or a proxy gave up on a request that it had received, and statuses that no standard describes."""
_OVERLOADED: Final = frozenset({502, 503, 504, 529})
"""Statuses by which vendors that document them as not billed report that they have no capacity."""


def validate_key(vendor: str, variable: str, key: str) -> str:
    """The key, if an HTTP header can hold it.

    Raises:
        AuthenticationFailed: it is empty or not valid in a header. The check is here, so that no client quotes the key.
    """
    if not key:
        raise AuthenticationFailed(f"{vendor}: no key; set {variable} in the worker's environment")
    if not all("!" <= character <= "~" for character in key):
        raise _unsendable_key(vendor, variable)
    return key


def _unsendable_key(vendor: str, variable: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"{vendor}: no HTTP header can hold the value of {variable}; set it in the worker's environment to the key "
        "alone, without spaces, line breaks or other characters"
    )


class _Keyed(Protocol):
    secret: str


P = TypeVar("P", bound=_Keyed)


def redact_key(provider: type[P]) -> type[P]:
    """Remove the provider's key from all of its errors, including messages by SDKs and servers."""
    for name in ("submit", "poll", "cancel", "recover", "check_adoptable", "moderate", "check_key", "mint_secret"):
        if name in vars(provider):
            setattr(provider, name, _redacting(vars(provider)[name]))
    return provider


def _redacting(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def redacted(self: _Keyed, *given: Any) -> Any:
        try:
            return await method(self, *given)
        except ProviderError as error:
            if len(self.secret) >= SECRET_CHARS:
                error.args = (str(error).replace(self.secret, "[the key]"),)
            raise error from None  # its message includes that of the cause, which may hold the key too

    return redacted


def quoted_usd(request: Request) -> Decimal:
    """The most that the request may cost, USD, where its actual cost is not reported; 0 if its price is unknown."""
    return request.asset.quote.high_usd if request.asset.quote else ZERO


def cost_of_response(request: Request, offer: Offer, usage: Mapping[Unit, int | Decimal]) -> Decimal:
    """The cost of an unusable response, USD: by the usage that the vendor counted, otherwise the most that was quoted.

    A response means that the vendor did the work. Without usage, as from many compatible servers, it is not free.
    """
    return pricing.cost_of(offer, request.asset, Finished(b"", "", usage=usage))[0] or quoted_usd(request)


def default_of(offer: Offer, parameter: str) -> str:
    """The catalogue's default of a parameter. The price is based on it, so the request has to send it."""
    rule = offer.rules.get(parameter)
    return rule.default if rule else ""


def seconds_of(request: Request, offer: Offer) -> float:
    """The length that was priced, in seconds: the asset's, otherwise the catalogue's, otherwise DEFAULT_SECONDS."""
    try:
        return request.number("seconds", float(default_of(offer, "seconds")))
    except ValueError:
        return request.number("seconds", pricing.DEFAULT_SECONDS)


def error_without_response(vendor: str, error: BaseException, *, submitting: bool, variable: str) -> ProviderError:
    """The error of a call without a response: it was never sent, or is ambiguous if it was a submission.

    Args:
        error: The exception of the SDK or HTTP client. Its causes show whether the request was sent.
        variable: The environment variable that holds the key.
    """
    if any(type(each).__name__ == "LocalProtocolError" and "header" in str(each) for each in _cause_chain(error)):
        return _unsendable_key(vendor, variable)  # the client's own message quotes the header, which holds the key
    message = f"{vendor} did not respond: {_innermost_cause(error)}"
    if not submitting or _never_sent(error):
        return ProviderUnavailable(message)
    return SubmissionUnknown(message)


@contextmanager
def forward_text(vendor: str, on_text: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """A function that forwards each piece of a streamed response, even an empty one, to `on_text`.

    Before the first piece, an error is the vendor's own, as for any request. After it, the vendor has started to write
    and may bill the text. An exception of `on_text` is logged and does not end the stream.

    Raises:
        SubmissionUnknown: the response broke off.
    """
    started = False

    def forward(piece: str) -> None:
        nonlocal started
        started = True
        try:
            on_text(piece)
        except Exception:
            _log.exception("the text of %s could not be forwarded", vendor)

    try:
        yield forward
    except Exception as error:
        if started and not isinstance(error, ProviderError):
            raise SubmissionUnknown(f"{vendor}: the response broke off: {_innermost_cause(error)}") from error
        raise


def error_of_status(
    vendor: str,
    status: int,
    message: str,
    *,
    variable: str,
    submitting: bool,
    unbilled: Sequence[Unbilled] = (),
    kind: str = "",
    retry_after: timedelta | None = None,
) -> ProviderError:
    """The error of an HTTP status, with the vendor's message and the status.

    A submission that was not rejected as it is, is ambiguous unless the vendor documents that it does not bill it.

    Args:
        variable: The environment variable that holds the key.
        submitting: The call may cost money.
        unbilled: The vendor's table; empty if the body is not the vendor's own error record.
        kind: Code and type of that record, for the table.
    """
    text = f"{vendor}: {message or f'HTTP {status}'}"
    if submitting and status not in _REJECTED and not is_unbilled(unbilled, status, f"{kind} {message}"):
        error: ProviderError = SubmissionUnknown(f"{text} (HTTP {status})", retry_after=retry_after)
    else:
        error = _unambiguous_error(status, text, variable, retry_after, submitting=submitting)
    error.http_status = status
    return error


def _unambiguous_error(
    status: int, message: str, variable: str, retry_after: timedelta | None, *, submitting: bool
) -> ProviderError:
    match status:
        case 401 | 403:
            return AuthenticationFailed(f"{message}; set {variable} in the worker's environment to a key that works")
        case 402:
            return QuotaExhausted(f"{message}; add credit to the account of {variable}")
        case 429:
            return RateLimited(message, retry_after=retry_after)
        case 503 | 529:
            return Overloaded(message, retry_after=retry_after)
        case _ if submitting and status in _OVERLOADED:
            return Overloaded(message, retry_after=retry_after)
        case _ if status >= 500 or status in (408, 409):
            return ProviderUnavailable(message, retry_after=retry_after)
        case _:
            return InvalidRequest(message)


class _Response(Protocol):
    """A response of httpx or httpx2."""

    @property
    def status_code(self) -> int: ...

    @property
    def history(self) -> Sequence["_Response"]: ...


def status_of(response: _Response) -> int:
    """The status of the response to the original request.

    An HTTP client follows 301, 302 and 303 with a GET, whose status says nothing about the POST.
    """
    redirects = (each.status_code for each in response.history if each.status_code in (301, 302, 303))
    return next(redirects, response.status_code)


def parse_retry_after(value: str | None) -> timedelta | None:
    """A `retry-after` header (seconds, or an HTTP date), or a duration such as "48s"; None if it is neither.

    The result is at most MAX_RETRY_AFTER_SECONDS; a date in the past gives zero.
    """
    text = (value or "").strip()
    try:
        seconds = float(Decimal(text.removesuffix("s")))
    except ArithmeticError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        # A date without a zone is UTC: RFC 9110 allows no other.
        left = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
        seconds = max(left.total_seconds(), 0.0)
    return timedelta(seconds=min(seconds, MAX_RETRY_AFTER_SECONDS)) if seconds >= 0 else None


def _cause_chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _never_sent(error: BaseException) -> bool:
    """Whether the HTTP client sent nothing. Its outermost error decides: a cause may be of another address."""
    for each in _cause_chain(error):
        names = {base.__name__ for base in type(each).__mro__}
        if names & {"RequestError", "InvalidURL"}:
            return bool(names & _NOT_SENT)
    return False


def _innermost_cause(error: BaseException) -> str:
    last = _cause_chain(error)[-1]
    return f"{type(last).__name__}: {last}"[:300]
