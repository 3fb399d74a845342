"""Failed submissions that a vendor documents as not billed.

A submission that fails after it was sent may still be billed. It is retried without a decision only if the vendor
itself documents its response as not billed, or as rejected before any work. Each vendor has one table of these
responses, next to its own errors, and each row names the page that documents it. A response that no row covers is
ambiguous (`SubmissionUnknown`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Unbilled:
    """One kind of response to a submission that the vendor does not bill.

    A row covers only responses with the vendor's own error record: a proxy in front of the vendor sends the same
    statuses after the vendor has done, and billed, the work.

    Attributes:
        status: The HTTP status.
        source: The page that documents it, with a quotation.
        pattern: A regular expression that the record's code, type or message matches; empty if any record qualifies.
    """

    status: int
    source: str
    pattern: str = ""

    def covers(self, status: int, error_text: str) -> bool:
        return status == self.status and re.search(self.pattern, error_text, re.IGNORECASE) is not None


def is_unbilled(rows: Sequence[Unbilled], status: int, error_text: str) -> bool:
    """Whether the vendor documents that a submission with this response costs nothing.

    Args:
        rows: The vendor's table.
        error_text: Code, type and message of the vendor's own error record.
    """
    return any(row.covers(status, error_text) for row in rows)
