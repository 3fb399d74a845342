"""What API and workers both need to know of an S3 server to speak to it, as functions of plain values."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

SKEWED: Final = "RequestTimeTooSkewed"
"""The error code of S3 for a signature whose time is more than 15 minutes off."""
_NO_CONSTRAINT: Final = ("us-east-1", "aws-global")
"""Regions in which a new bucket must not be given its region: that is where it is without one."""


def region_of(environ: Mapping[str, str]) -> str | None:
    """The region that the environment names, for boto3, which reads AWS_DEFAULT_REGION alone. None leaves it to the
    profile. Where both variables are set AWS_REGION wins, as in the other AWS SDKs."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None


def location_of(region: str | None) -> str | None:
    """The LocationConstraint of a new bucket, or None where the request must have none."""
    return None if not region or region in _NO_CONSTRAINT else region


def bucket_endpoint(bucket: str, endpoint: str, address: str) -> str | None:
    """The endpoint with the bucket in its host name where `address`, an object's, has it there, else None.

    The region's own endpoint: boto3 gives links another host, which AWS redirects to the region for new buckets.
    """
    server, at = urlsplit(endpoint), urlsplit(address)
    if not (at.hostname or "").startswith(f"{bucket}."):
        return None
    return f"{server.scheme}://{bucket}.{server.netloc}"


def clock_problem(code: str, date: str = "", now: datetime | None = None) -> str:
    """Why a request with a wrong time was refused and how to fix that; empty where it was refused for something else.

    Args:
        code: The S3 error code of the answer.
        date: The Date header of the answer.
    """
    if code != SKEWED:
        return ""
    return (
        f"this machine's clock is wrong: {_difference(date, now or datetime.now(UTC))}, and S3 refuses requests whose "
        f"time is more than 15 minutes off ({SKEWED}); set the clock (NTP)"
    )


def _difference(date: str, now: datetime) -> str:
    try:
        ahead = now - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        ahead = timedelta(0)
    if abs(ahead) < timedelta(minutes=1):
        return "it differs from that of the S3 server"
    how = "ahead of" if ahead > timedelta(0) else "behind"
    return f"it is {abs(ahead).total_seconds() / 60:.0f} minutes {how} that of the S3 server"
