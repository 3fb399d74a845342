"""Whether the S3 store honours conditional writes: the result of a probe, with messages for operators."""

import re
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Literal

from workflows.servers.s3 import SKEWED

State = Literal["supported", "unsupported", "unreachable"]

ERROR_TYPE: Final = "store_unsupported"
"""Type of the activity errors, and reason for attention, of work that needs conditional writes."""
REMEDY: Final = "set AWS_ENDPOINT_URL_S3 to a store that deploy/README.md lists under Supported stores"
_STATUS: Final = re.compile(r"non-2xx status code: (\d{3})\b")
_CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")
_NOT_IMPLEMENTED: Final = 501


@dataclass(frozen=True)
class StoreSupport:
    """The result of one probe.

    Attributes:
        state: `unreachable` means that support is unknown: probe again later.
        reason: What the store did, e.g. "it accepted a second create of the same object"; empty if supported.
        probed_at: `time.monotonic()` in seconds, from before the first request of the probe.
    """

    state: State
    reason: str = ""
    probed_at: float = field(default_factory=monotonic, compare=False)

    @property
    def problem(self) -> str:
        """Why paid work is refused, and the remedy; empty if it is not refused."""
        match self.state:
            case "supported":
                return ""
            case "unsupported":
                return (
                    f"no paid work is done: the S3 store does not honour conditional writes ({self.reason}), so a take "
                    f"could be paid for twice; {REMEDY}, then retry"
                )
            case "unreachable":
                return (
                    f"no paid work is done yet: the S3 store could not be probed for conditional writes "
                    f"({self.reason}); the worker probes again"
                )


@dataclass(frozen=True)
class ErrorResponse:
    """The HTTP response to a failed request, as far as the library's message contains it."""

    status: int | None
    code: str

    @classmethod
    def parse(cls, message: str) -> "ErrorResponse":
        """Parse the message of an obstore error: "… status code: 501 Not Implemented: <Error><Code>NotImplemented…"."""
        status, code = _STATUS.search(message), _CODE.search(message)
        return cls(int(status[1]) if status else None, code[1] if code else "")

    @property
    def not_implemented(self) -> bool:
        """Whether the store does not implement the request. No retry helps."""
        return self.status == _NOT_IMPLEMENTED or self.code == "NotImplemented"

    @property
    def refused(self) -> bool:
        """Whether the store refused the request itself or its credentials."""
        temporary = (408, 425, 429)  # timeouts and throttling
        if self.code == SKEWED:  # the request works once the clock is set
            return False
        return self.status is not None and 400 <= self.status < 500 and self.status not in temporary

    def __str__(self) -> str:
        return f"{self.status} {self.code}".strip() if self.status else self.code
