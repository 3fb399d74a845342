"""A take that failed its checks, as the activity reports it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from workflows.activity_io import AssetFailure
from workflows.models import Media, Take
from workflows.quality import Checks, Finding

MESSAGE: Final = "frozen: nothing moves from 1.3 s to 4.0 s (67% of the video)"


def rejected(usd: Decimal = Decimal("0.30"), media_type: str = "text/plain") -> AssetFailure:
    """The failure of take 1, which was billed."""
    finding = Finding(check="frozen", hard=True, message=MESSAGE, at_seconds=1.3, frame=31, value=0.67, limit=0.5)
    now = datetime.now(UTC)
    take = Take(
        number=1,
        prompt="p",
        provider="openai",
        model="words",
        media=Media(key="k", bytes=5, sha256="s", media_type=media_type),
        cost_usd=usd,
        billed_usd=usd,
        checks=Checks(measured={"frozen": 0.67}, findings=(finding,)),
        started_at=now,
        finished_at=now,
    )
    kind = "output_unusable"
    return AssetFailure(reason="output_unusable", kind=kind, message=MESSAGE, billed_usd=usd, rejected=take)
