"""The error tree of everything that can go wrong with a provider or the media it returns.

    ProviderError
    ├── RateLimited          waits the provider's own delay, is no failure, not billed
    ├── StorageUnavailable   our own storage does not answer: waited for, is no failure
    ├── StoreUnsupported     our own storage cannot do what the request needs: final, names what it did
    ├── ProviderUnavailable  unreachable, or a failure that the vendor says it does not bill: retried
    │   ├── Overloaded          it says that it has too much to do: retried, not billed
    │   └── SubmissionUnknown   the request may have arrived: ambiguous, never blindly repeated
    ├── AuthenticationFailed a key is missing or wrong: final, names the variable
    ├── QuotaExhausted       the account has no money or quota left: final
    ├── InvalidRequest       the provider refuses the parameters: final, names them
    ├── JobFailed            the provider's job ended without media: submitted again
    ├── JobCancelled         somebody stopped the job at the provider: final
    ├── ContentRefused       the prompt, an input or what was made was refused by policy: final for this content
    └── OutputUnusable       what came back is no media, or not the media that was asked for: retried

Each says whether a retry can help (`retryable`), whether a job is over with it (`ends_job`; raised by a look at a
job, all others mean that the look failed, not the job), and what the provider charged all the same (`billed_usd`).
What was billed is never retried unasked: a person decides whether to pay again.
A message is one short line that names the remedy: Temporal cuts failure texts above about 3 KB. Secrets that a vendor
repeats in it are hidden.
"""

import re
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from typing import ClassVar, Literal

from activities.text.valid_unicode import valid
from workflows.runtime.redaction import hidden

Refused = Literal["prompt", "input", "output"]


def cents_up(usd: Decimal) -> Decimal:
    """USD with the four decimals that records keep, rounded up: a bill is never told too low."""
    return usd.quantize(Decimal("0.0001"), ROUND_UP)


class ProviderError(Exception):
    """Base of the tree.

    Args:
        message: What happened and what fixes it.
        retry_after: The provider's own delay before the next attempt, if it gave one.
        billed_usd: What the provider charged all the same.
    """

    retryable: ClassVar[bool] = False
    ends_job: ClassVar[bool] = False
    http_status: int | None = None
    """Of the vendor's answer, where there was one."""
    counts: ClassVar[bool] = True
    """False where it is waiting, not failing: it never uses up the take's allowed failures."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, billed_usd: Decimal = Decimal(0)) -> None:
        super().__init__(valid(hidden(message[:20_000]))[:2_000] or type(self).__name__)
        self.retry_after = retry_after
        self.billed_usd = cents_up(billed_usd)

    @property
    def kind(self) -> str:
        """Its name as records and answers carry it, e.g. "rate_limited"."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()


class RateLimited(ProviderError):
    retryable = True
    counts = False


class StorageUnavailable(ProviderError):
    retryable = True
    counts = False


class StoreUnsupported(ProviderError):
    pass


class ProviderUnavailable(ProviderError):
    retryable = True


class Overloaded(ProviderUnavailable):
    pass


class SubmissionUnknown(ProviderUnavailable):
    """The provider may have accepted (and bill) the request although the call failed."""


class AuthenticationFailed(ProviderError):
    pass


class QuotaExhausted(ProviderError):
    pass


class InvalidRequest(ProviderError):
    pass


class JobFailed(ProviderError):
    retryable = True
    ends_job = True


class JobCancelled(ProviderError):
    ends_job = True


class ContentRefused(ProviderError):
    """Args:
    refused: What the provider objects to: the prompt, an input such as a reference image, or what it made.
    category: The provider's own word for it, e.g. "violence"; empty where it gives none.
    """

    ends_job = True

    def __init__(
        self,
        message: str,
        *,
        refused: Refused = "prompt",
        category: str = "",
        billed_usd: Decimal = Decimal(0),
    ) -> None:
        super().__init__(message, billed_usd=billed_usd)
        self.refused = refused
        self.category = valid(hidden(category[:1_000]))[:100]


class OutputUnusable(ProviderError):
    retryable = True
    ends_job = True
