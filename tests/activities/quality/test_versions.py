"""The length of a video that is made from a video, against what was ordered."""

import pytest

from activities.providers.registry import PROVIDERS
from activities.providers.selection import find_offer
from activities.quality.lengths import check_length
from activities.quality.order import order_of
from activities.quality.report import Report
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality


@pytest.mark.parametrize(
    ("model", "role", "parameters", "source", "seconds", "found"),
    [
        ("gemini-omni-1.2-flash", "extend", {"seconds": 8}, 5.0, 13.0, None),
        ("gemini-omni-1.2-flash", "extend", {"seconds": 8}, 5.0, 8.0, "noted"),
        ("gemini-omni-1.2-flash", "extend", {"seconds": 8}, 5.0, 2.0, "hard"),
        ("gemini-omni-1.2-flash", "shot", {}, 4.0, 4.0, None),
        ("gemini-omni-1.2-flash", "upscale", {}, 4.0, 4.0, None),
        ("gemini-omni-1.2-flash", "shot", {"seconds": 8}, None, 4.0, "hard"),
    ],
)
def test_an_extension_may_be_as_long_as_both(
    model: str, role: str, parameters: dict[str, int], source: float | None, seconds: float, found: str | None
) -> None:
    """An extension lasts as long as its source and what was added; one without its source is noted, and one that is
    shorter than what was added is not usable. An edit or a larger copy has the length of its source."""
    provider = PROVIDERS["google"].build({"GOOGLE_API_KEY": "k"})
    offer = find_offer(provider, model, Modality.VIDEO)
    assert offer
    given = {"asset_type": "video", "prompt": "x", "provider": "google", "model": model, "parameters": parameters}
    asset = Asset.model_validate({"asset_id": "made", "role": role, **given})
    report = Report()
    check_length(seconds, order_of(Brief(text="x", platform=Platform.VIDEO), asset, offer, source), report)
    assert [("hard" if each.hard else "noted") for each in report.findings] == ([found] if found else [])
