"""The available providers: ours, those of installed packages, and the variables that enable each."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest

from activities.planning.pricing import price
from activities.providers.registry import PROVIDERS, build_providers, build_report, registered
from activities.providers.selection import rank_offers
from activities.settings import ActivitySettings
from workflows.models import Asset, Modality, Plan

OURS: Final = ActivitySettings(previz=False)
"""Only the providers that an environment enables."""
MODULE: Final = "greenlight_lighthouse"
SOURCE: Final = """
    from decimal import Decimal

    from activities.catalogue.offers import Offer, Rate
    from activities.providers.protocol import Finished, ProviderBase
    from activities.providers.registry import vendor
    from workflows.models import Modality

    REGISTRATION = vendor("greenlight_lighthouse:Lighthouse", "LIGHTHOUSE_KEY")


    class Lighthouse(ProviderBase):
        name = "lighthouse"

        def __init__(self, env):
            self.key = env["LIGHTHOUSE_KEY"]

        def offers(self):
            rates = (Rate("asset", Decimal("0.02"), Decimal("0.03")),)
            return [Offer(self.name, "beam", Modality.IMAGE, "image/png", rates, 3.0)]

        async def submit(self, request):
            return Finished(b"", "image/png")
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that registers a provider, and also the name of one of ours."""
    (tmp_path / f"{MODULE}.py").write_text(dedent(SOURCE))
    about = tmp_path / f"{MODULE}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 1.0\n")
    names = "".join(f"{name} = {MODULE}:REGISTRATION\n" for name in ("lighthouse", "openai"))
    (about / "entry_points.txt").write_text(f"[greenlight.providers]\n{names}")
    monkeypatch.syspath_prepend(tmp_path)
    registered.cache_clear()
    yield
    monkeypatch.undo()
    sys.modules.pop(MODULE, None)
    registered.cache_clear()


@pytest.mark.parametrize("modality", Modality)
def test_models_of_known_prices_are_planned_first(modality: Modality) -> None:
    """With all vendors enabled, known prices come before unknown ones, and placeholders last."""
    keys = {v: "k" for entry in PROVIDERS.values() for v in entry.variables}
    offers = rank_offers(modality, build_providers(ActivitySettings(), keys), date(2026, 11, 30))
    kinds = ["placeholder" if o.placeholder else "unknown" if o.unknown else "known" for o in offers]
    assert list(dict.fromkeys(kinds)) == ["known", "unknown", "placeholder"]


@pytest.mark.usefixtures("installed")
def test_an_installed_package_adds_a_provider() -> None:
    """Its entry point is found, its key enables it, and its model is planned and priced like any of ours."""
    assert "lighthouse" not in build_providers(OURS, {})
    providers = build_providers(OURS, {"LIGHTHOUSE_KEY": "k"})
    assert list(providers) == ["lighthouse"]
    asset = Asset(asset_id="a", asset_type="image", role="still", prompt="x", provider="lighthouse", model="beam")
    (priced,) = price(Plan.of("t", [asset]), providers).assets
    assert priced.quote is not None
    assert (str(priced.quote.low_usd), str(priced.quote.high_usd)) == ("0.0200", "0.0300")
    report = build_report(providers, "template")
    assert report.enabled_providers[Modality.IMAGE] == ("lighthouse",)
    (info,) = (p for p in report.providers if p.provider == "lighthouse")
    assert (info.enabled, info.models[0].price) == (True, "0.02 to 0.03 USD an asset")
    (off,) = (p for p in build_report({}, "template").providers if p.provider == "lighthouse")
    assert off.reason == "lighthouse is switched off: set LIGHTHOUSE_KEY for the worker"


@pytest.mark.usefixtures("installed")
def test_an_installed_package_replaces_none_of_ours() -> None:
    """A package that registers the name of a provider of ours receives no request under it."""
    assert {name: registered()[name] for name in PROVIDERS} == PROVIDERS
    assert build_providers(OURS, {"LIGHTHOUSE_KEY": "k", "OPENAI_API_KEY": "k"})["openai"].name == "openai"


ENABLING: Final[list[tuple[str, dict[str, str]]]] = [
    ("openai", {"OPENAI_API_KEY": "k"}),
    ("anthropic", {"ANTHROPIC_API_KEY": "k"}),
    ("google", {"GOOGLE_API_KEY": "k"}),
    ("google", {"GEMINI_API_KEY": "k"}),
    ("google", {"GOOGLE_GENAI_USE_ENTERPRISE": "true", "GOOGLE_CLOUD_PROJECT": "p"}),
    ("google", {"GOOGLE_GENAI_USE_VERTEXAI": "1", "GOOGLE_CLOUD_PROJECT": "p"}),
    ("replicate", {"REPLICATE_API_TOKEN": "k"}),
    ("runway", {"RUNWAYML_API_SECRET": "k"}),
]


def test_every_vendor_can_be_enabled() -> None:
    """Each vendor has its row of variables here; previz needs none."""
    assert {name for name, _ in ENABLING} | {"previz"} == set(PROVIDERS)


@pytest.mark.parametrize(("name", "env"), ENABLING, ids=lambda v: v if isinstance(v, str) else "+".join(v))
def test_its_own_variables_enable_a_vendor(name: str, env: dict[str, str]) -> None:
    """They enable it and no other vendor; each of them is required, and an empty one does not count."""
    assert list(build_providers(OURS, env)) == [name]
    for variable in env:
        assert build_providers(OURS, {**env, variable: ""}) == {}


def test_googles_enterprise_models_need_the_platform_without_a_key() -> None:
    """Without a key Google's Enterprise platform offers models that the Developer API, with a key, does not."""
    for env, sold in (ENABLING[4][1], True), ({"GOOGLE_API_KEY": "k"}, False):
        offers = {o.model: o for o in build_providers(OURS, env)["google"].offers()}
        veo = next(o for model, o in offers.items() if model.startswith("veo-"))
        assert (veo.unavailable == "") is sold
        assert offers["gemini-3.8-flash"].unavailable == ""


def test_the_report_names_the_variables_that_enable_more() -> None:
    """A disabled provider is listed with its variable, for each modality that it offers; an enabled one is not."""
    makers = {
        Modality.TEXT: ("openai", "anthropic", "google"),
        Modality.IMAGE: ("openai", "google", "replicate", "runway"),
        Modality.AUDIO: ("openai", "google", "runway"),
        Modality.VIDEO: ("google", "runway"),
    }
    nothing = build_report(build_providers(OURS, {}), "template")
    for modality, names in makers.items():
        wanted = tuple(f"{PROVIDERS[name].remedy} for {name}" for name in (*names, "previz"))
        assert nothing.missing[modality] == wanted
        assert all(way in nothing.reasons[modality] for way in wanted)
        for name in names:
            assert all(v in PROVIDERS[name].remedy for v in PROVIDERS[name].variables[:1])
    with_openai = build_report(build_providers(OURS, {"OPENAI_API_KEY": "k"}), "template")
    assert not any("openai" in way for ways in with_openai.missing.values() for way in ways)
    assert with_openai.reasons.keys() == {Modality.VIDEO}
    assert {p.provider for p in with_openai.providers if p.enabled} == {"openai"}


WHILE_LOADING: Final = """
    import asyncio, sys
    from activities.providers.registry import load_sdk

    async def main() -> int:
        loading, ticks = asyncio.create_task(load_sdk("google")), 0
        while not loading.done():
            await asyncio.sleep(0.01)
            ticks += 1
        await loading
        assert "google.genai" in sys.modules
        return ticks

    print(asyncio.run(main()))
"""


def test_the_event_loop_runs_while_an_sdk_is_imported() -> None:
    """The event loop, which heartbeats for every take, keeps running while a vendor's SDK is loaded."""
    done = subprocess.run([sys.executable, "-c", dedent(WHILE_LOADING)], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 3
