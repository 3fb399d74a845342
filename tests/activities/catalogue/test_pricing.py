"""The price of plans: the catalogue's rates, unknown prices, retirements, and the final cost of a take."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.catalogue.loader import CatalogueBroken, load_offers, read_catalogue
from activities.catalogue.offers import Offer, Parameter, Rate, Tokens, Unit
from activities.catalogue.pricing import cost_of
from activities.planning.pricing import price
from activities.providers.protocol import Finished, ProviderBase, Request
from activities.providers.registry import PROVIDERS, describe_price
from workflows.activity_io import PLAN_INVALID
from workflows.models import Alternative, Asset, Modality, Plan, Quote

TODAY = datetime.now(UTC).date()


def rate(unit: Unit, low: str, high: str | None = None, **when: str) -> Rate:
    return Rate(unit, Decimal(low), Decimal(high or low), when)


def offer(*rates: Rate, modality: Modality = Modality.VIDEO, **change: Any) -> Offer:
    parameters = dict.fromkeys(("seconds", "at_least", "size", "quality", "max_tokens", "resolution"), "")
    return replace(Offer("shop", "m", modality, "video/mp4", rates, 5.0, parameters=parameters), **change)


class Shop(ProviderBase):
    name = "shop"

    async def submit(self, request: Request) -> Finished:
        raise AssertionError("this provider makes nothing")

    def __init__(self, *offers: Offer) -> None:
        self._offers = offers

    def offers(self) -> Sequence[Offer]:
        return self._offers


def asset(**change: Any) -> Asset:
    whole = {"asset_id": "a", "asset_type": "video", "role": "shot", "prompt": "ships", "provider": "shop"}
    return Asset(**{**whole, "model": "m", **change})


def priced(shop: Shop, *assets: Asset) -> Plan:
    return price(Plan.of("t", assets), {"shop": shop})


def quoted(made: Offer, **change: Any) -> Quote:
    found = priced(Shop(made), asset(asset_type=made.modality, **change)).assets[0].quote
    assert found is not None
    return found


def refused(made: Offer, *assets: Asset) -> str:
    with pytest.raises(ApplicationError) as caught:
        priced(Shop(made), *(assets or (asset(asset_type=made.modality),)))
    return caught.value.message


@pytest.mark.parametrize(
    ("unit", "parameters", "low", "high"),
    [
        ("asset", {}, "0.0500", "0.1000"),
        ("second", {"seconds": 2.5}, "0.1250", "0.2500"),
        ("second", {"at_least": 4}, "0.2000", "0.4000"),
        ("second", {}, "0.2500", "0.5000"),
        ("minute", {"seconds": 30}, "0.0250", "0.0500"),
        ("character", {}, "0.2500", "0.5000"),
        ("megapixel", {"size": "2000x1000"}, "0.1000", "0.2000"),
    ],
)
def test_price_by_unit(unit: Unit, parameters: Mapping[str, Any], low: str, high: str) -> None:
    """The quote is the unit's price times the number of units of the asset."""
    found = quoted(offer(rate(unit, "0.05", "0.10")), parameters=parameters)
    assert (str(found.low_usd), str(found.high_usd)) == (low, high)


def test_a_text_reserves_its_limit_of_tokens() -> None:
    """The high price of a text is its limit of tokens, which the request sends, and not an estimate."""
    rates = (rate("input_tokens", "2"), rate("output_tokens", "10"))
    found = quoted(offer(*rates, modality=Modality.TEXT), prompt="x" * 4_000, parameters={"max_tokens": 1_000})
    assert found.high_usd == Decimal("0.0160")  # (4,000 + 2,000 bytes) / 2 at 2 USD, 1,000 at 10 USD a million
    assert found.low_usd == Decimal("0.0050")


def test_a_picture_is_priced_by_quality_and_size() -> None:
    """The tokens of a picture follow its quality and grow with its pixels; a picture of any quality has the whole
    range."""
    tokens = Tokens("quality", {"low": (196, 196), "high": (1_756, 1_756), "": (196, 1_756)}, 1024 * 1024)
    made = offer(rate("output_image_tokens", "30"), modality=Modality.IMAGE, output_tokens=tokens)
    small = quoted(made, parameters={"quality": "low", "size": "1024x1024"})
    assert (small.low_usd, small.high_usd) == (Decimal("0.0059"), Decimal("0.0059"))
    wide = quoted(made, parameters={"quality": "high", "size": "2048x1024"})
    assert wide.high_usd == Decimal("0.1054")
    either = quoted(made, parameters={"size": "1024x1024"})
    assert (either.low_usd, either.high_usd) == (Decimal("0.0059"), Decimal("0.0527"))


def test_the_applicable_rate() -> None:
    """Of several rates of a unit the first applies whose conditions the parameters, or their defaults, meet."""
    resolution = Parameter(meaning="size", type="text", choices=("720p", "4k"), default="720p")
    made = offer(
        rate("second", "0.60", resolution="4k"),
        rate("second", "0.40", resolution="720p"),
        rules={"resolution": resolution},
    )
    assert quoted(made, parameters={"seconds": 10}).high_usd == Decimal("4.0000")
    assert quoted(made, parameters={"seconds": 10, "resolution": "4k"}).high_usd == Decimal("6.0000")
    assert describe_price(made) == "0.40 to 0.60 USD a second, by resolution"


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ([], "price unknown"),
        ([rate("asset", "0")], "free"),
        ([rate("asset", "0.04"), rate("asset", "0.04", style="any")], "0.04 USD an asset"),
        ([rate("second", "0", audio="False"), rate("second", "0.15")], "up to 0.15 USD a second, by audio"),
        ([rate("minute", "1"), rate("minute", "9")], "1 USD a minute"),
        (
            [rate("input_tokens", "5"), rate("input_image_tokens", "8"), rate("output_image_tokens", "30")],
            "USD a million tokens: 5 in, 8 images in, 30 images out",
        ),
        (
            [rate("asset", "0", "0.01"), rate("output_tokens", "4", tier="slow"), rate("output_tokens", "6")],
            "USD a million tokens: 4 to 6 out, by tier + up to 0.01 USD an asset",
        ),
        (
            [
                replace(rate("output_tokens", "1"), until=TODAY - timedelta(days=1)),
                replace(rate("output_tokens", "2"), until=TODAY),
                rate("output_tokens", "3"),
            ],
            f"USD a million tokens: 2 out, until {TODAY}",
        ),
    ],
)
def test_a_price_is_described_briefly(rates: list[Rate], words: str) -> None:
    """Tokens are one phrase; rates of a unit are one range with its conditions; rates that do not apply are omitted."""
    assert describe_price(offer(*rates)) == words


def test_input_pictures_are_counted() -> None:
    """The price of a text with a picture includes the picture by the vendor's own formula."""
    made = offer(
        rate("input_tokens", "1000"), modality=Modality.TEXT, input_image="area", accepts=frozenset({Modality.IMAGE})
    )
    still = asset(asset_id="still", asset_type="image", model="picture", parameters={"size": "1500x1000"})
    picture = offer(rate("asset", "0"), modality=Modality.IMAGE, model="picture")
    plan = priced(Shop(made, picture), still, asset(asset_type="text", depends_on=("still",), prompt="abcd"))
    quote = plan.assets[1].quote
    assert quote is not None
    assert quote.low_usd == Decimal("2.0010")  # 1,500 x 1,000 / 750 tokens and one of text


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [
        ("1920x1080", "high", 85 + 170 * 6),  # 1365 x 768: three tiles by two
        ("1080x1920", "high", 85 + 170 * 6),
        ("1920x1080", "auto", 85 + 170 * 6),
        ("1920x1080", None, 85 + 170 * 6),
        ("1920x1080", "low", 85),
        ("1024x1024", "high", 85 + 170 * 4),
        ("512x512", "high", 85 + 170),
        ("8192x1024", "high", 85 + 170 * 4),  # 2048 x 256
        ("4096x4096", "low", 85),
    ],
)
def test_detail_of_shown_pictures(size: str, detail: str | None, tokens: int) -> None:
    """The GPT-4o family sees 85 tokens, and 170 for each tile of a picture unless its detail is low."""
    gpt = next(o for o in load_offers("openai") if o.model == "gpt-4o")
    made = replace(gpt, provider="shop", rates=(rate("input_tokens", "1000"),), retires=None)
    picture = offer(rate("asset", "0"), modality=Modality.IMAGE, model="picture")
    still = asset(asset_id="still", asset_type="image", model="picture", parameters={"size": size})
    text = asset(
        asset_type="text",
        model="gpt-4o",
        depends_on=("still",),
        prompt="abcd",
        parameters={"detail": detail} if detail else {},
    )
    quote = priced(Shop(made, picture), still, text).assets[1].quote
    assert quote is not None
    assert quote.low_usd == Decimal(tokens + 1) / 1000


@pytest.mark.parametrize("seconds", [0, -5, 1e9])
def test_an_invalid_length_is_not_priced(seconds: float) -> None:
    """A length that no model makes is refused before its price is computed."""
    assert "'a': parameters" in refused(offer(rate("second", "1")), asset(parameters={"seconds": seconds}))


def test_an_unknown_price_is_reported() -> None:
    """A model with an unpublished price is quoted as unknown, and the plan warns of it by name."""
    plan = priced(Shop(offer()), asset())
    assert plan.assets[0].quote == Quote(low_usd=Decimal(0), high_usd=Decimal(0), expected_seconds=5, unknown=True)
    assert plan.unknown_prices == ("a",)
    assert plan.warnings == ("price unknown: shop m; an approval has to allow it",)


def test_a_retired_model_cannot_be_planned() -> None:
    """From the day of its retirement a model is refused with its replacement; in the 60 days before, it warns."""
    gone = offer(rate("asset", "1"), retires=TODAY, replacement=("n", "o"))
    assert f"'m' was retired by shop on {TODAY}; use n or o" in refused(gone)
    soon = replace(gone, retires=TODAY + timedelta(days=60))
    assert priced(Shop(soon), asset()).warnings == (f"shop retires 'm' on {soon.retires}; use n or o",)
    assert priced(Shop(replace(gone, retires=TODAY + timedelta(days=61))), asset()).warnings == ()


def test_an_unusable_model_is_refused_before_the_plan() -> None:
    """A model that needs another mode, a certain input, or a shorter prompt is refused with the remedy."""
    assert "set X=1" in refused(offer(rate("asset", "1"), unavailable="'m' needs the big mode: set X=1"))
    needs = refused(offer(rate("asset", "1"), requires=frozenset({Modality.IMAGE})))
    assert needs == "asset 'a': depends_on: m works from image; name an asset of that type"
    long = refused(offer(rate("asset", "1"), max_prompt=10), asset(prompt="🚢" * 6))
    assert long == "asset 'a': prompt: 12 characters; m takes at most 10: shorten it"


def test_a_plan_costs_its_most_expensive_fallback() -> None:
    """An approval covers any of an asset's models; each of them has its own price."""
    shop = Shop(offer(rate("asset", "1")), offer(rate("asset", "3"), model="expensive"))
    plan = priced(shop, asset(fallbacks=(Alternative(provider="shop", model="expensive"),)))
    own, other = plan.assets[0].quote, plan.assets[0].fallbacks[0].quote
    assert own is not None
    assert other is not None
    assert [own.high_usd, other.high_usd, plan.high_usd] == [Decimal(1), Decimal(3), Decimal(3)]
    with pytest.raises(ApplicationError, match="'nothing' is not offered"):
        priced(shop, asset(fallbacks=(Alternative(provider="shop", model="nothing"),)))


def test_the_cost_of_a_take() -> None:
    """The vendor's own report has priority, then its counts, then the plan's high price; unknown stays unknown."""
    made = offer(rate("input_tokens", "2"), rate("output_tokens", "10"), modality=Modality.TEXT)
    one = asset(asset_type="text", quote=Quote(low_usd=Decimal(0), high_usd=Decimal("0.5"), expected_seconds=1))
    usage: dict[Unit, int | Decimal] = {"input_tokens": 1_000, "output_tokens": 501}
    assert cost_of(made, one, Finished(b"", "", Decimal("0.07"), usage)) == (Decimal("0.0700"), "vendor")
    assert cost_of(made, one, Finished(b"", "", usage=usage)) == (Decimal("0.0071"), "usage")
    assert cost_of(made, one, Finished(b"", "")) == (Decimal("0.5"), "catalogue")
    assert cost_of(offer(), one, Finished(b"", "", usage=usage)) == (Decimal(0), "unknown")


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_the_catalogue_is_consistent(name: str) -> None:
    """Every provider has models, and each of them a media type, a pricing rule and described parameters."""
    offers = load_offers(name)
    assert offers
    for each in offers:
        assert each.provider == name
        assert describe_price(each)
        assert each.best_for or each.retires or name == "previz", each.model
        if each.output_tokens:
            assert "" in each.output_tokens.counts, f"{each.model}: output_tokens.counts needs '' for any other value"
        if any(r.unit == "output_image_tokens" for r in each.rates):
            assert each.output_tokens, each.model
        if each.modality == Modality.TEXT and any(r.unit == "output_tokens" for r in each.rates):
            assert "max_tokens" in each.parameters, each.model
        for applied in each.rates:
            assert all(name in each.rules for name in applied.when), each.model


def test_a_custom_catalogue_extends_ours(tmp_path: Path) -> None:
    """GREENLIGHT_CATALOGUE adds models and replaces entries; for an invalid one the error names the file, the entry and
    the field."""
    file = tmp_path / "own.toml"
    entry = '[[models]]\nprovider = "previz"\nmodel = "{}"\nmodality = "text"\nmedia_type = "text/markdown"\n'
    price_ = 'expected_seconds = 1\nprice = {{ rates = [{{ unit = "{}", usd = "0.5" }}], source = "x", date = {} }}\n'
    file.write_text((entry + price_).format("previz-text", "asset", date(2026, 1, 1)))
    found = {o.model: o for o in load_offers("previz", str(file))}
    assert found["previz-text"].rates[0].usd_high == Decimal("0.5")
    assert len(found) == len(load_offers("previz"))
    broken = tmp_path / "broken.toml"
    broken.write_text((entry + price_).format("x", "moon", date(2026, 1, 1)))
    with pytest.raises(CatalogueBroken, match=r"broken.toml: models.0.price.rates.0.unit"):
        read_catalogue(broken)


ELEVEN_SECONDS = "The lighthouse keeper climbs the stairs once more. " * 3
SHOP = Shop(
    offer(rate("asset", "0"), rules={"seconds": Parameter(meaning="length", type="number", default="5")}),
    offer(rate("asset", "0"), modality=Modality.AUDIO, model="voice"),
)


def spoken(words: str, **change: Any) -> Asset:
    return asset(asset_id="voice", asset_type="audio", role="narration", prompt=words, model="voice", **change)


@pytest.mark.parametrize(
    ("assets", "warned"),
    [
        (
            [spoken(ELEVEN_SECONDS), asset(depends_on=("voice",))],
            "voice takes about 11 s to say, and its shot lasts 5 s",
        ),
        ([asset(), spoken(ELEVEN_SECONDS, depends_on=("a",))], "voice takes about 11 s to say, and its shot lasts 5 s"),
        ([spoken(ELEVEN_SECONDS), asset()], "the narration takes about 11 s to say, and its shot lasts 5 s"),
        ([spoken(ELEVEN_SECONDS), asset(depends_on=("voice",), parameters={"seconds": 10})], ""),
        ([spoken(ELEVEN_SECONDS), asset(depends_on=("voice",)), asset(asset_id="b", depends_on=("voice",))], ""),
        ([spoken("A short line."), asset(depends_on=("voice",))], ""),
        ([spoken(ELEVEN_SECONDS).model_copy(update={"role": "music"}), asset()], ""),
    ],
)
def test_narration_longer_than_its_shots_is_a_warning(assets: list[Asset], warned: str) -> None:
    """A plan warns when a last frame would be held for narration that continues, and has no warning when it fits."""
    warnings = priced(SHOP, *assets).warnings
    assert len(warnings) == bool(warned)
    assert all(w.startswith(warned) for w in warnings)


def test_a_shot_that_follows_its_narration_needs_no_warning() -> None:
    """A model whose length follows the narration never holds a frame."""
    fits = offer(
        rate("asset", "0"),
        rules={"seconds": Parameter(meaning="length", type="number", default="its narration's length")},
    )
    voice = offer(rate("asset", "0"), modality=Modality.AUDIO, model="voice")
    assert priced(Shop(fits, voice), spoken(ELEVEN_SECONDS), asset(depends_on=("voice",))).warnings == ()


def made_from(*kinds: str, role: str = "still", provider: str = "free") -> list[Asset]:
    return [
        asset(asset_id=f"{kind}-{n}", asset_type=kind, model=kind, role=role, provider=provider)
        for n, kind in enumerate(kinds, start=1)
    ]


SEES = {"accepts": frozenset({Modality.IMAGE}), "max_pictures": 1}
HEARS = {"accepts": frozenset({Modality.AUDIO}), "max_recordings": 1, "modality": Modality.TEXT}


@pytest.mark.parametrize(
    ("can", "kinds", "role", "refused"),
    [
        ({}, ["image"], "still", "m takes no pictures; drop image-1, or choose a model that does"),
        (SEES, ["video"], "shot", "m takes no video; drop video-1, or choose a model that does"),
        (SEES, ["image", "audio"], "music", ""),
        (SEES, ["text"], "script", "m takes no texts; put the words that it needs into the prompt, and drop text-1"),
        (SEES, ["image", "image"], "still", "2 pictures; m takes at most 1: drop some"),
        (SEES, ["image", "audio"], "narration", ""),
        (HEARS, ["audio"], "narration", ""),
        (HEARS, ["audio", "audio"], "narration", "2 recordings; m takes at most 1: drop some"),
        (SEES, ["image"], "mask", "m takes no mask; drop image-1, or choose a model that does"),
        ({**SEES, "mask": True}, ["image"], "mask", "'image-1' is a mask; name the picture that it masks too"),
        ({**SEES, "mask": True}, ["image", "image"], "mask", "image-1 and image-2 are masks; keep one of them"),
    ],
)
def test_unusable_inputs_are_refused(can: dict[str, Any], kinds: list[str], role: str, refused: str) -> None:
    """No input is ignored without a message: kinds, counts and masks are checked when the plan is priced."""
    inputs = made_from(*kinds, role=role)
    made = offer(rate("asset", "1"), **can)
    sources = [offer(rate("asset", "0"), modality=Modality(kind), model=kind) for kind in dict.fromkeys(kinds)]
    shops = {"shop": Shop(made), "free": Shop(*sources)}
    wanted = asset(asset_type=made.modality, depends_on=tuple(i.asset_id for i in inputs))
    if not refused:
        assert price(Plan.of("t", [*inputs, wanted]), shops).assets[-1].quote
        return
    with pytest.raises(ApplicationError) as caught:
        price(Plan.of("t", [*inputs, wanted]), shops)
    assert caught.value.type == PLAN_INVALID
    assert caught.value.message == f"asset 'a': depends_on: {refused}"


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_model_without_video_input_refuses_a_shot(name: str) -> None:
    """Every model of the catalogue that does not use video refuses it before its price is quoted."""
    entry = PROVIDERS[name]
    env = {"GOOGLE_GENAI_USE_ENTERPRISE": "true", "GOOGLE_CLOUD_PROJECT": "p"} | dict.fromkeys(entry.variables, "k")
    provider = entry.build(env)
    (shot,) = made_from("video", role="shot")
    shops = {name: provider, "free": Shop(offer(rate("asset", "0"), model="video"))}
    offers = [o for o in provider.offers() if o.modality != Modality.AUDIO and not (o.retires and o.retires <= TODAY)]
    blind = [o for o in offers if Modality.VIDEO not in o.accepts]
    assert blind
    for each in blind:
        made = asset(provider=name, model=each.model, asset_type=each.modality, depends_on=(shot.asset_id,))
        with pytest.raises(ApplicationError, match=f"depends_on: {re.escape(each.model)} takes no video; drop video-1"):
            price(Plan.of("t", [shot, made]), shops)
