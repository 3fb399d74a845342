"""The tree of all errors of providers and of the media that they return.

    ProviderError
    ├── RateLimited          retried after the provider's own delay, not a failure, not billed
    ├── StorageUnavailable   our own storage does not respond: retried, not a failure
    │   └── WorkerDiskFull      the disk of this worker is full: retried, here or by another worker
    ├── StoreUnsupported     our own storage lacks a feature that the request needs: final, names the problem
    ├── ProviderUnavailable  unreachable, or a failure that the vendor does not bill by its documentation: retried
    │   ├── Overloaded          the provider reports that it is overloaded: retried, not billed
    │   └── SubmissionUnknown   the request may have arrived: ambiguous, never repeated without a check
    ├── AuthenticationFailed a key is missing or wrong: final, names the variable
    ├── QuotaExhausted       the account has no money or quota left: final
    ├── InvalidRequest       the provider refuses the parameters: final, names them
    ├── JobFailed            the provider's job ended without media: submitted again
    ├── JobCancelled         the job was cancelled at the provider: final
    ├── ContentRefused       policy refused the prompt, an input or the output: final for this content
    └── OutputUnusable       the response is not media, or not the requested media: retried
        └── ChecksFailed        the media is stored, and its checks found it unusable

Each class defines whether a retry can help (`retryable`) and whether it ends a job (`ends_job`; for the other classes a
poll failed, not the job). Each error has the cost that the provider charged despite it (`billed_usd`). A billed failure
is never retried automatically: a reviewer decides whether to pay again.
A message is one short line that names the remedy: Temporal cuts failure messages above about 3 KB. Secrets that a
vendor repeats in it are hidden.
"""

import re
from datetime import timedelta
from decimal import ROUND_UP, Decimal
from typing import ClassVar, Literal

from activities.text.valid_unicode import valid
from workflows.models import Take
from workflows.runtime.redaction import redact

Refused = Literal["prompt", "input", "output"]


def cents_up(usd: Decimal) -> Decimal:
    """USD with the four decimals of records, rounded up, so that no bill is recorded too low."""
    return usd.quantize(Decimal("0.0001"), ROUND_UP)


class ProviderError(Exception):
    """Base of the tree.

    Args:
        message: The problem and the remedy.
        retry_after: The provider's own delay before the next attempt, if it gave one.
        billed_usd: The cost that the provider charged despite the error.
    """

    retryable: ClassVar[bool] = False
    ends_job: ClassVar[bool] = False
    http_status: int | None = None
    """The status of the vendor's response, if there was one."""
    counts: ClassVar[bool] = True
    """False for a wait: it never uses up the take's allowed failures."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None, billed_usd: Decimal = Decimal(0)) -> None:
        super().__init__(valid(redact(message[:20_000]))[:2_000] or type(self).__name__)
        self.retry_after = retry_after
        self.billed_usd = cents_up(billed_usd)

    @property
    def kind(self) -> str:
        """Its name in records and API responses, e.g. "rate_limited"."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()


class RateLimited(ProviderError):
    retryable = True
    counts = False


class StorageUnavailable(ProviderError):
    retryable = True
    counts = False


class WorkerDiskFull(StorageUnavailable):
    pass


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
    refused: The refused content: the prompt, an input such as a reference image, or the output.
    category: The provider's own category, e.g. "violence"; empty if it gives none.
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
        self.category = valid(redact(category[:1_000]))[:100]


class OutputUnusable(ProviderError):
    retryable = True
    ends_job = True


class ChecksFailed(OutputUnusable):
    """A stored take that its checks found unusable. Callers see it as `output_unusable`.

    Where nothing is tried again, the take is kept, because a person may use it anyway.
    """

    def __init__(self, take: Take) -> None:
        super().__init__(take.checks.problem, billed_usd=take.cost_usd)
        self.take = take

    @property
    def kind(self) -> str:
        return "output_unusable"
