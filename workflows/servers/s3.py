"""Facts about S3 servers that the API and the workers share, as functions of plain values."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

SKEWED: Final = "RequestTimeTooSkewed"
"""The error code of S3 for a signature with a time that is wrong by more than 15 minutes."""
_NO_CONSTRAINT: Final = ("us-east-1", "aws-global")
"""Regions that the request for a new bucket must not name: a bucket without a region is created there."""


def region_of(environ: Mapping[str, str]) -> str | None:
    """The region of the environment, for boto3, which reads only AWS_DEFAULT_REGION; None leaves it to the profile.

    If both variables are set, AWS_REGION has precedence, as in the other AWS SDKs.
    """
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None


def location_of(region: str | None) -> str | None:
    """The LocationConstraint of a new bucket, or None if the request must have none."""
    return None if not region or region in _NO_CONSTRAINT else region


def bucket_endpoint(bucket: str, endpoint: str, address: str) -> str | None:
    """The endpoint with the bucket in its host name, if `address`, the URL of an object, has it there; otherwise None.

    It is the endpoint of the region. The host in boto3's links differs, and AWS redirects it for new buckets.
    """
    server, object_url = urlsplit(endpoint), urlsplit(address)
    if not (object_url.hostname or "").startswith(f"{bucket}."):
        return None
    return f"{server.scheme}://{bucket}.{server.netloc}"


def clock_problem(code: str, date: str = "", now: datetime | None = None) -> str:
    """Why a request with a wrong time was refused, and the remedy; empty if it was refused for another reason.

    Args:
        code: The S3 error code of the response.
        date: The Date header of the response.
    """
    if code != SKEWED:
        return ""
    return (
        f"this machine's clock is wrong: {_difference(date, now or datetime.now(UTC))}, and S3 refuses requests whose "
        f"time is wrong by more than 15 minutes ({SKEWED}); set the clock (NTP)"
    )


def _difference(date: str, now: datetime) -> str:
    try:
        ahead = now - parsedate_to_datetime(date)
    except (ValueError, TypeError):
        ahead = timedelta(0)
    if abs(ahead) < timedelta(minutes=1):
        return "it differs from that of the S3 server"
    direction = "ahead of" if ahead > timedelta(0) else "behind"
    return f"it is {abs(ahead).total_seconds() / 60:.0f} minutes {direction} that of the S3 server"
