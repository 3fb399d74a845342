"""Tables of plans, models and providers: they fit the terminal, and piped they are whole lines."""

import io
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from api.cli.commands.operations.doctor import retiring, shorten_planners, show_providers
from api.cli.context import Cli
from api.cli.tables import amount, approve_command, make_console, show_plan
from tests.api.cli.plans import plan_of
from workflows.brief import Brief
from workflows.models import Modality
from workflows.provider_report import ModelInfo, ProviderInfo, ProvidersReport


@pytest.mark.parametrize(
    ("usd", "text"), [("0", "free"), ("0.0400", "0.04"), ("0.0035", "0.0035"), ("0.0350", "0.035"), ("12", "12.00")]
)
def test_amounts(usd: str, text: str) -> None:
    """Money has two decimals, up to four when the price is finer, and zero is "free"."""
    assert amount(Decimal(usd)) == text


@pytest.mark.parametrize("width", [80, 120])
def test_the_plan_fits_the_terminal(width: int) -> None:
    """At any width of the terminal, each asset is one line with its id, provider and price whole."""
    out = io.StringIO()
    show_plan(Console(file=out, width=width, force_terminal=True, color_system=None, highlight=False), plan_of(3))
    rows = [line for line in out.getvalue().splitlines() if "shot-" in line]
    assert len(rows) == 3
    assert all("fake/words" in row and "0.035" in row and len(row) <= width for row in rows)


@pytest.mark.parametrize(
    ("unknown", "total", "option"),
    [
        (0, "4 assets · 0.00–0.14 USD · plan ", ""),
        (1, "0.00–0.14 USD and 1 unknown price · ", "--allow-unknown-prices"),
    ],
)
def test_the_total_counts_unknown_prices(unknown: int, total: str, option: str) -> None:
    """The total of a plan counts its unknown prices, and approving it requires the option for them."""
    plan = plan_of(4).model_copy(update={"unknown_prices": ("shot-1",)[:unknown]})
    out = io.StringIO()
    show_plan(make_console(out), plan)
    assert total in out.getvalue()
    assert approve_command("p", plan) == f"greenlight approve p --digest {plan.digest} {option}".rstrip()


@pytest.mark.parametrize("evil", ["\x1b[1A\x1b[2K", "\x9b2K", "\r", "\x08\x08", "\u202e", "\u2066", "\x07"])
def test_control_characters_have_no_effect(evil: str) -> None:
    """No control character in a title, a name or a note moves the cursor, erases, rings or reverses text: the displayed
    price is the price."""
    plan = plan_of(2, "0.1234")
    asset = plan.assets[0].model_copy(update={"label": f"free{evil}", "prompt": f"words{evil}0.00 USD"})
    plan = plan.model_copy(update={"title": f"Harbour{evil}", "assets": (asset, *plan.assets[1:])})
    out = io.StringIO()
    show_plan(make_console(out), plan)
    assert evil not in out.getvalue().replace("\r\n", "\n")
    assert "Harbour" in out.getvalue()
    assert "0.12" in out.getvalue()


def test_narrow_prices_are_whole() -> None:
    """In 80 columns long names of models are broken into lines before any id or price is cut."""
    plan = plan_of(2, "0.1234")
    long = {"provider": "replicate", "model": "black-forest-labs/flux-with-a-long-name-2-pro"}
    plan = plan.model_copy(update={"assets": tuple(a.model_copy(update=long) for a in plan.assets)})
    out = io.StringIO()
    show_plan(Console(file=out, width=80, force_terminal=True, color_system=None, highlight=False), plan)
    rows = [line for line in out.getvalue().splitlines() if "shot-" in line]
    assert all("0.00–0.1234" in row and len(row) <= 80 for row in rows)
    assert "…" not in out.getvalue()


# Models and their providers


TODAY = date(2026, 11, 20)


def a_model(name: str, provider: str = "shop", **change: Any) -> ModelInfo:
    whole = {"modality": "image", "media_type": "image/png", "job": False, "price": "0.04 USD an asset"}
    return ModelInfo(provider=provider, model=name, **{**whole, **change})


def a_report(*models: ModelInfo) -> ProvidersReport:
    return ProvidersReport(
        planner="template",
        enabled_providers={Modality.IMAGE: ("shop", "other")},
        missing={Modality.IMAGE: ("set STUDIO_KEY for studio",)},
        providers=(
            ProviderInfo(provider="shop", enabled=True, models=models),
            ProviderInfo(provider="other", enabled=True, models=(a_model("canvas", "other"),)),
            ProviderInfo(provider="studio", enabled=False, reason="studio is switched off: set STUDIO_KEY"),
        ),
    )


REPORT = a_report(
    a_model("old", retires=TODAY, replacement=("new", "newer"), unavailable="set OLD_MODE=true"),
    a_model(
        "a-model-with-a-name-of-thirty-two", price="USD a million tokens: 5 in, 8 images in, 30 images out, 0.5 out"
    ),
    a_model("elsewhere", unavailable="the shop sells 'elsewhere' on its other floor alone: " + "set FLOOR=2, " * 20),
    a_model("new", retires=TODAY + timedelta(days=1), replacement=("newer",)),
)


def test_piped_providers_are_whole_lines() -> None:
    """Piped, each model is one line with its whole price and note, under its provider, and retired ones are last."""
    out = io.StringIO()
    show_providers(make_console(out), REPORT, TODAY)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert lines[2:9] == [
        "shop",
        "a-model-with-a-name-of-thirty-two image USD a million tokens: 5 in, 8 images in, 30 images out, 0.5 out",
        f"elsewhere image 0.04 USD an asset {REPORT.providers[0].models[2].unavailable}".strip(),
        "new image 0.04 USD an asset retires on 2026-11-21; use newer",
        "old image 0.04 USD an asset retired on 2026-11-20; use new or newer",
        "",
        "other",
    ]
    assert "image shop, other (more: set STUDIO_KEY for studio)" in lines
    assert "audio none" in lines
    assert lines[-1] == "studio not enabled: set STUDIO_KEY"


@pytest.mark.parametrize("width", [80, 100])
def test_providers_fit_the_terminal(width: int) -> None:
    """In a terminal nothing is cut: long prices and notes continue on the next line."""
    out = io.StringIO()
    show_providers(Console(file=out, width=width, force_terminal=True, color_system=None), REPORT, TODAY)
    text = out.getvalue()
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())
    words = set(text.split())
    for model in REPORT.providers[0].models:
        assert {model.model, *model.price.split()} <= words
    assert {"alone:", "FLOOR=2,", "retires", "2026-11-21;", "retired"} <= words


def test_the_doctor_lists_coming_retirements() -> None:
    """Only models that end after today and within 60 days are listed, with the day and the replacement."""
    days = (-1, 0, 1, 60, 61)
    models = [a_model(f"in {n}", retires=TODAY + timedelta(days=n), replacement=("new",)) for n in days]
    assert retiring(a_report(*models, a_model("for ever")), TODAY) == [
        ("in 1", "retires on 2026-11-21; use new"),
        ("in 60", "retires on 2027-01-19; use new"),
    ]


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "m1"), (3, "m1, then m2, then m3"), (9, "m1, then m2, then m3, and 6 more")],
)
def test_the_doctor_names_three_planners(count: int, words: str) -> None:
    """Of many planning models the first three are named and the others counted."""
    assert shorten_planners(", then ".join(f"m{n}" for n in range(1, count + 1))) == words


def test_lists_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A list of records is a JSON list, each record as it is alone."""
    brief = Brief(text="A post.", platform="copy", budget_usd="1.50")
    Cli().print_json([brief])
    assert json.loads(capsys.readouterr().out) == [json.loads(brief.model_dump_json())]
