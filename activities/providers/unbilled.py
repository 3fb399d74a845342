"""Failed submissions that a vendor says it does not bill.

A submission that fails after it was sent may be billed all the same. Only an answer that the vendor itself documents as
unbilled, or as rejected before any work, is sent again without asking. Each vendor has one table of these answers, next
to its own errors, and each row names the page that says so. Whatever no row covers is ambiguous (`SubmissionUnknown`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Unbilled:
    """One kind of answer to a submission that the vendor does not bill.

    A row covers only answers with the vendor's own error record: a proxy in front of the vendor sends the same
    statuses when the vendor has done, and bills, the work.

    Attributes:
        status: The HTTP status.
        source: The page that says so, and its words.
        says: A regular expression that the record's code, type or message matches; empty where any record will do.
    """

    status: int
    source: str
    says: str = ""

    def covers(self, status: int, said: str) -> bool:
        return status == self.status and re.search(self.says, said, re.IGNORECASE) is not None


def is_unbilled(rows: Sequence[Unbilled], status: int, said: str) -> bool:
    """Whether the vendor says that a submission with this answer costs nothing.

    Args:
        rows: The vendor's table.
        said: Code, type and message of the vendor's own error record.
    """
    return any(row.covers(status, said) for row in rows)
