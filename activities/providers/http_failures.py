"""What a failed HTTP call to a vendor means for money: words that all vendor files share.

A vendor file parses its own error bodies; which error of the tree a status is, and whether a request
that got no answer may have been billed, is decided here, once. So is what a useless answer cost, and that no error
holds a key.
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

CONNECT_SECONDS: Final = 10.0
"""To open a connection; nothing was sent before that."""
ANSWER_SECONDS: Final = 600.0
"""For a synchronous answer, as the vendors' own SDKs wait: images were recorded at 15 to 34 s."""
LOOK_SECONDS: Final = 60.0
"""For a look at a job, which only reads."""
MAX_WAIT_SECONDS: Final = 3_600.0
"""Longer delays that a vendor asks for are looked at again after an hour."""
SECRET_CHARS: Final = 8
"""A shorter key is a word that some server of one's own does not read, and its messages may have it."""

_log = logging.getLogger(__name__)

_NOT_SENT: Final = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "InvalidURL", "LocalProtocolError"}
)
"""Names that httpx and httpx2 (openai and anthropic use the latter) share: the request never left."""
_REJECTED: Final = frozenset({*range(400, 408), *range(410, 418), 421, 422, 424, 425, 426, 428, 429, 431, 451})
"""Statuses that reject a request as it stands (RFC 9110, RFC 6585): no work was begun. Not among them are 408, 409 and
499, where the server or a proxy gave up on a request that it had, and those that no standard describes."""
_OVERLOADED: Final = frozenset({502, 503, 504, 529})
"""How vendors that document these answers as unbilled say that they have no capacity."""


def usable_key(vendor: str, variable: str, key: str) -> str:
    """The key, which can go into an HTTP header.

    Raises:
        AuthenticationFailed: it is empty or cannot; found here, no client gets to quote it.
    """
    if not key:
        raise AuthenticationFailed(f"{vendor}: no key; set {variable} in the worker's environment")
    if not all("!" <= character <= "~" for character in key):
        raise _no_header(vendor, variable)
    return key


def _no_header(vendor: str, variable: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"{vendor}: no HTTP header can hold the value of {variable}; set it in the worker's environment to the key "
        "alone, without spaces, line ends or other signs"
    )


class _Keyed(Protocol):
    secret: str


P = TypeVar("P", bound=_Keyed)


def discreet(provider: type[P]) -> type[P]:
    """A provider whose errors never hold its key, whoever worded them."""
    for name in ("submit", "poll", "cancel", "recover", "adoptable", "moderate"):
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
            raise error from None  # what caused it is in its words, and may hold the key too

    return redacted


def quoted(request: Request) -> Decimal:
    """USD that the request may cost at most, where nobody says what it did cost; 0 where its price is unknown."""
    return request.asset.quote.high_usd if request.asset.quote else ZERO


def billed(request: Request, offer: Offer, usage: Mapping[Unit, int | Decimal]) -> Decimal:
    """USD of an answer that is no use: what the vendor counted, else the most that it can have cost.

    It was answered, so it was worked on: without any count, as from many a compatible server, it is not free.
    """
    return pricing.cost_of(offer, request.asset, Finished(b"", "", usage=usage))[0] or quoted(request)


def default_of(offer: Offer, parameter: str) -> str:
    """What the catalogue says happens without a parameter: its price goes by it, so the request has to say it."""
    rule = offer.rules.get(parameter)
    return rule.default if rule else ""


def seconds_of(request: Request, offer: Offer) -> float:
    """How long the medium is that was priced: as the asset says, else the catalogue, else the pricing."""
    try:
        return request.number("seconds", float(default_of(offer, "seconds")))
    except ValueError:
        return request.number("seconds", pricing.DEFAULT_SECONDS)


def lost(vendor: str, error: BaseException, *, submitting: bool, variable: str) -> ProviderError:
    """The call got no answer: never sent, or ambiguous where it was a submission.

    Args:
        error: What the SDK or HTTP client raised; its causes are searched for how far the request came.
        variable: The environment variable that holds the key.
    """
    if any(type(each).__name__ == "LocalProtocolError" and "header" in str(each) for each in _causes(error)):
        return _no_header(vendor, variable)  # the client's own words quote the header, and so the key
    words = f"{vendor} did not answer: {_innermost(error)}"
    if not submitting or _never_sent(error):
        return ProviderUnavailable(words)
    return SubmissionUnknown(words)


@contextmanager
def hearing(vendor: str, on_text: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """What takes the pieces of an answer that is heard as it is written, empty ones too.

    Before the first, an error is the vendor's own and means what it means of any request. After it the vendor is at
    work, and may bill what was written. Whoever listens decides nothing: what fails there is logged.

    Raises:
        SubmissionUnknown: the answer broke off.
    """
    begun = False

    def hear(piece: str) -> None:
        nonlocal begun
        begun = True
        try:
            on_text(piece)
        except Exception:
            _log.exception("what %s writes could not be told", vendor)

    try:
        yield hear
    except Exception as error:
        if begun and not isinstance(error, ProviderError):
            raise SubmissionUnknown(f"{vendor}: the answer broke off: {_innermost(error)}") from error
        raise


def refusal(
    vendor: str,
    status: int,
    message: str,
    *,
    variable: str,
    submitting: bool,
    unbilled: Sequence[Unbilled] = (),
    said: str = "",
    retry_after: timedelta | None = None,
) -> ProviderError:
    """The error of an HTTP status with the vendor's words; it carries the status.

    A submission that was not rejected as it stands is ambiguous, unless the vendor says that it does not bill it.

    Args:
        variable: The environment variable that holds the key.
        submitting: The call may cost money.
        unbilled: The vendor's table; empty where the body is not the vendor's own error record.
        said: Code and type of that record, for the table.
    """
    words = f"{vendor}: {message or f'HTTP {status}'}"
    if submitting and status not in _REJECTED and not is_unbilled(unbilled, status, f"{said} {message}"):
        error: ProviderError = SubmissionUnknown(f"{words} (HTTP {status})", retry_after=retry_after)
    else:
        error = _of_status(status, words, variable, retry_after, submitting=submitting)
    error.http_status = status
    return error


def _of_status(
    status: int, words: str, variable: str, retry_after: timedelta | None, *, submitting: bool
) -> ProviderError:
    match status:
        case 401 | 403:
            return AuthenticationFailed(f"{words}; set {variable} in the worker's environment to a key that works")
        case 402:
            return QuotaExhausted(f"{words}; add credit to the account of {variable}")
        case 429:
            return RateLimited(words, retry_after=retry_after)
        case 503 | 529:
            return Overloaded(words, retry_after=retry_after)
        case _ if submitting and status in _OVERLOADED:
            return Overloaded(words, retry_after=retry_after)
        case _ if status >= 500 or status in (408, 409):
            return ProviderUnavailable(words, retry_after=retry_after)
        case _:
            return InvalidRequest(words)


class _Answered(Protocol):
    """A response of httpx or httpx2."""

    @property
    def status_code(self) -> int: ...

    @property
    def history(self) -> Sequence["_Answered"]: ...


def status_of(response: _Answered) -> int:
    """The status that answers the request as it was sent.

    An HTTP client follows 301, 302 and 303 with a GET: what that gets says nothing of the POST.
    """
    turned = (each.status_code for each in response.history if each.status_code in (301, 302, 303))
    return next(turned, response.status_code)


def seconds_after(value: str | None) -> timedelta | None:
    """A `retry-after` header (seconds, or a date of HTTP), or a duration such as "48s"; None where it is neither.

    At most MAX_WAIT_SECONDS; a date that has passed is no delay at all.
    """
    text = (value or "").strip()
    try:
        seconds = float(Decimal(text.removesuffix("s")))
    except ArithmeticError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        # A date without a zone is UTC: RFC 9110 knows no other.
        left = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)
        seconds = max(left.total_seconds(), 0.0)
    return timedelta(seconds=min(seconds, MAX_WAIT_SECONDS)) if seconds >= 0 else None


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
