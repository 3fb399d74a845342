"""Prices of Google: the cost of a request follows the catalogue and the parameters that are sent."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.catalogue import pricing
from activities.providers.google.provider import Google
from activities.providers.selection import find_offer
from tests.activities.providers.google.support import (
    IMAGE,
    IMAGEN,
    MODALITY,
    OMNI,
    TEXT,
    VEO,
    request,
    running,
    that_day,
)
from tests.emulators.google import GoogleEmulator, camel
from workflows.models import Modality


async def test_priced_parameters_are_sent(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Defaults that determine a price, also those of a custom catalogue, are sent in the request."""
    own = tmp_path / "own.toml"
    models = [(OMNI, "video", "true"), (VEO, "video", "true"), (IMAGE, "image", "false")]
    own.write_text(
        "".join(
            f'[[models]]\nprovider = "google"\nmodel = "{model}"\nmodality = "{kind}"\nmedia_type = "{kind}/x"\n'
            f'job = {job}\nexpected_seconds = 60\nprice = {{ source = "x", date = "2026-11-20" }}\n'
            "[models.parameters]\n"
            'seconds = { meaning = "x", type = "number", choices = ["4", "6"], default = "4" }\n'
            'resolution = { meaning = "x", type = "text", choices = ["720p", "1080p"], default = "1080p" }\n'
            'image_size = { meaning = "x", type = "text", choices = ["1K", "2K"], default = "2K" }\n'
            for model, kind, job in models
        )
    )
    async with running({**emulator.enterprise_env, "GREENLIGHT_CATALOGUE": str(own)}) as google:
        for model, *_ in models:
            await google.submit(request(tmp_path, model))
        await google.submit(request(tmp_path, IMAGEN))
    omni, veo, image, imagen = (call.json for call in emulator.submissions)
    assert (omni["response_format"]["duration"], omni["response_format"]["resolution"]) == ("4s", "1080p")
    assert (veo["parameters"]["durationSeconds"], veo["parameters"]["resolution"]) == (4, "1080p")
    assert camel(image)["generationConfig"]["imageConfig"]["imageSize"] == "2K"
    assert imagen["parameters"]["sampleImageSize"] == "1K"
    assert emulator.problems == []


@pytest.mark.parametrize(
    ("model", "parameters", "low", "high"),
    [
        (TEXT, {"max_tokens": 1_000}, "0.0011", "0.0046"),
        (IMAGE, {}, "0.1344", "0.1344"),
        (IMAGE, {"image_size": "4K"}, "0.2400", "0.2400"),
        (VEO, {"seconds": 4, "resolution": "4k"}, "2.4000", "2.4000"),
        (VEO, {}, "3.2000", "3.2000"),
    ],
)
def test_prices_follow_the_catalogue(
    tmp_path: Path, model: str, parameters: dict[str, Any], low: str, high: str
) -> None:
    """A plan's price is the published rate for its parameters, or their defaults."""
    offer = find_offer(Google({}), model, MODALITY[model])
    assert offer is not None
    quote = pricing.quote(offer, request(tmp_path, model, **parameters).asset)
    assert (quote.low_usd, quote.high_usd) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("today", "rates"), [(date(2026, 12, 31), ("0.75", "3.75")), (date(2027, 1, 1), ("1.50", "7.50"))]
)
def test_an_announced_price_increase_applies_on_its_date(
    today: date, rates: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gemini 3.8 Flash costs twice as much from 2027 on, without a change of the catalogue."""
    offer = find_offer(Google({}), TEXT, Modality.TEXT)
    assert offer is not None
    that_day(monkeypatch, today)
    applying = {r.unit: r.usd_high for r in pricing.applicable_rates(offer, {})}
    assert applying == {"input_tokens": Decimal(rates[0]), "output_tokens": Decimal(rates[1])}
