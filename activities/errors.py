"""The error tree of everything that can go wrong with a provider or the media it returns.

    ProviderError
    ├── RateLimited          waits the provider's own delay, is no failure, not billed
    ├── StorageUnavailable   our own storage does not answer: waited for, is no failure
    ├── ProviderUnavailable  overloaded, unreachable or 5xx: retried
    │   └── SubmissionUnknown   the request may have arrived: ambiguous, never blindly repeated
    ├── AuthenticationFailed a key is missing or wrong: final, names the variable
    ├── QuotaExhausted       the account has no money or quota left: final
    ├── InvalidRequest       the provider refuses the parameters: final, names them
    ├── ContentRefused       the prompt or an input was refused by policy: final for this content
    └── OutputUnusable       what came back is no media, or not the media that was asked for: retried

Each says whether a retry can help (`retryable`) and whether the provider charged for it (`billed`).
A message is one short line that names the remedy: Temporal cuts failure texts above about 3 KB.
"""

from datetime import timedelta
from decimal import Decimal
from typing import ClassVar


class ProviderError(Exception):
    """Base of the tree.

    Args:
        message: What happened and what mends it.
        retry_after: The provider's own delay before the next attempt, if it gave one.
        billed_usd: What the provider charged all the same.
    """

    retryable: ClassVar[bool] = False
    counts: ClassVar[bool] = True
    """False where it is waiting, not failing: it never uses up the take's allowed failures."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, billed_usd: Decimal = Decimal(0)) -> None:
        super().__init__(message[:2_000] or type(self).__name__)
        self.retry_after = retry_after
        self.billed_usd = billed_usd


class RateLimited(ProviderError):
    retryable = True
    counts = False


class StorageUnavailable(ProviderError):
    retryable = True
    counts = False


class ProviderUnavailable(ProviderError):
    retryable = True


class SubmissionUnknown(ProviderUnavailable):
    """The provider may have accepted (and bill) the request although the call failed."""


class AuthenticationFailed(ProviderError):
    pass


class QuotaExhausted(ProviderError):
    pass


class InvalidRequest(ProviderError):
    pass


class ContentRefused(ProviderError):
    pass


class OutputUnusable(ProviderError):
    retryable = True
