"""The command `greenlight` as a person or a script meets it, against the real stack."""

import asyncio
import io
import json
import random
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from temporalio.client import Client
from typer.testing import CliRunner, Result

from api.cli.context import Studio
from api.cli.live import ProductionView, describe
from api.cli.look import planners_in_short, retiring, show_providers
from api.cli.main import app
from api.cli.plan_file import PlanFileError, edits_between, to_yaml
from api.cli.tables import amount, approve_command, make_console, show_plan, show_production
from api.views.production import PlanView, StreamEvent, links_of, production_view
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.serving import serving
from workflows.events import AssetState, AssetStatus, ProductionStatus, Snapshot
from workflows.models import Asset, Brief, Media, Modality, Plan, Platform, Quote, Take
from workflows.production.state import policies
from workflows.provider_report import ModelInfo, ProviderInfo, ProvidersReport

Greenlight = Callable[..., Result]
WORDS = "Three words for a lighthouse."


def run(url: str, *args: str, **options: Any) -> Result:
    return CliRunner().invoke(app, ["--url", url, *args], **options)


@pytest.fixture(scope="module")
def greenlight(local_stack: Stack) -> Greenlight:
    """The command against the whole stack, without a terminal."""
    return lambda *args, **options: run(local_stack.info.api_url, *args, **options)


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def planned(greenlight: Greenlight, *args: str) -> dict[str, Any]:
    return dict(
        json.loads(done(greenlight("plan", "Three words for a lighthouse.", "--platform", "copy", *args, "--json")))
    )


def shown(greenlight: Greenlight, production_id: str) -> dict[str, Any]:
    return dict(json.loads(done(greenlight("show", production_id, "--json"))))


def test_produce_downloads(greenlight: Greenlight, tmp_path: Path) -> None:
    """`produce --yes --out` takes a brief from a file to downloaded files, and prints plain, unwrapped lines."""
    brief = tmp_path / "brief.txt"
    brief.write_text(WORDS)
    out = tmp_path / "new" / "folder"
    options = ("--platform", "copy", "--yes", "--max-usd", "0", "--out", str(out))
    text = done(greenlight("produce", str(brief), *options))
    assert "\x1b" not in text
    assert re.search(r"^asset complete +\S+ +done, free$", text, re.MULTILINE)
    files = {p.name for p in out.iterdir()}
    assert {"content.md", "manifest.json"} <= files
    assert all(f"{out / name}\n" in text for name in files)
    assert json.loads((out / "manifest.json").read_text())["brief"]["text"] == WORDS


def test_without_a_terminal_nothing_is_approved(greenlight: Greenlight) -> None:
    """Where nobody can be asked and --yes is not there, the plan waits and the commands to decide are printed."""
    waiting = greenlight("produce", "-", "--platform", "copy", input="Say it.\n")
    assert waiting.exit_code == 4, waiting.output
    found = re.search(r"greenlight approve (\S+) --digest (\w+)", waiting.stdout)
    assert found
    assert shown(greenlight, found[1])["status"] == "awaiting_approval"


def test_from_plan_to_open(greenlight: Greenlight, tmp_path: Path) -> None:
    """Plan, edit, approve by digest, watch, open: the edited words are what is delivered."""
    plan = planned(greenlight)
    production_id, asset_id = plan["production_id"], plan["plan"]["assets"][0]["asset_id"]
    text = done(greenlight("edit", production_id, "--set", f"{asset_id}.prompt=Only the sea.", "--title", "Sea"))
    found = re.search(r"--digest (\w+)", text)
    assert found
    assert found[1] != plan["plan"]["digest"]
    stale = greenlight("approve", production_id, "--digest", plan["plan"]["digest"])
    assert stale.exit_code == 1
    assert f"The current plan is {found[1]}" in stale.stderr
    done(greenlight("approve", production_id, "--digest", found[1]))
    assert "delivered" in done(greenlight("watch", production_id))
    done(greenlight("open", production_id, "--out", str(tmp_path)))
    takes = json.loads((tmp_path / "manifest.json").read_text())["assets"][asset_id]["takes"]
    assert [t["prompt"] for t in takes] == ["Only the sea."]


def test_edit_in_an_editor(greenlight: Greenlight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without options the plan opens in $EDITOR; what was changed there is sent, and nothing where nothing was."""
    production_id = planned(greenlight)["production_id"]
    script = tmp_path / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "file.write_text(file.read_text().replace('title:', 'title: New'))\n"
    )
    monkeypatch.setenv("EDITOR", "true")
    assert "Nothing was changed" in done(greenlight("edit", production_id))
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    done(greenlight("edit", production_id))
    assert shown(greenlight, production_id)["plan"]["title"].startswith("New")


def an_editor(folder: Path, old: str, new: str) -> str:
    """An $EDITOR that replaces words in the file."""
    script = folder / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        f"file.write_text(file.read_text().replace({old!r}, {new!r}))\n"
    )
    return f"{sys.executable} {script}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("title:", "title: [", id="no YAML"),
        pytest.param("provider: previz", "provider: nobody", id="refused by the server"),
        pytest.param("model: ", "model: '' #", id="refused by the record"),
    ],
)
def test_a_hand_edit_is_never_lost(
    greenlight: Greenlight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    """An edited file that cannot be sent is kept, and the command that is printed sends it once it is fixed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    production_id = planned(greenlight)["production_id"]
    monkeypatch.setenv("EDITOR", an_editor(tmp_path, old, new))
    refused = greenlight("edit", production_id)
    assert refused.exit_code in (1, 2)
    found = re.search(r"send it again: greenlight (edit \S+ --file (\S+))", refused.stderr)
    assert found, refused.output
    kept = Path(found[2])
    assert new in kept.read_text()
    kept.write_text(kept.read_text().replace(new, old).replace("title:", "title: Mended"))
    assert "changed  the title: Mended" in done(greenlight(*found[1].split()))
    assert shown(greenlight, production_id)["plan"]["title"].startswith("Mended")


def test_a_plan_that_changed_meanwhile(
    local_stack: Stack, greenlight: Greenlight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody else changed the plan during a hand edit, the file is kept, with a warning that it undoes that."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    production_id = planned(greenlight)["production_id"]
    other = tmp_path / "editor.py"
    other.write_text(
        "import pathlib, subprocess, sys\n"
        f"greenlight = [sys.executable, '-m', 'api.cli.main', '--url', {local_stack.info.api_url!r}]\n"
        f"subprocess.run([*greenlight, 'edit', {production_id!r}, '--title', 'Theirs'], check=True)\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "file.write_text(file.read_text().replace('title:', 'title: Mine'))\n"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {other}")
    stale = greenlight("edit", production_id)
    assert stale.exit_code == 1
    assert "would undo that" in stale.stderr
    assert "title: Mine" in next(tmp_path.rglob("plan-*.yaml")).read_text()
    assert shown(greenlight, production_id)["plan"]["title"] == "Theirs"


@pytest.mark.parametrize(
    ("editor", "words"),
    [("false", "The editor 'false' ended with exit code 1."), ("/no/ed", "'/no/ed' cannot be started: No such file")],
)
def test_an_editor_that_fails(
    greenlight: Greenlight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editor: str, words: str
) -> None:
    """An editor that fails is told in a plain sentence, and an untouched file is not left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    production_id = planned(greenlight)["production_id"]
    monkeypatch.setenv("EDITOR", editor)
    failed = greenlight("edit", production_id)
    assert failed.exit_code == 1
    assert words in failed.stderr
    assert "Command" not in failed.stderr
    assert "kept" not in failed.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_edit_says_what_it_changed(greenlight: Greenlight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renamed asset_id is told as what it is, one asset dropped and another added; a change names its fields."""
    plan = planned(greenlight)
    production_id, asset_id = plan["production_id"], plan["plan"]["assets"][0]["asset_id"]
    changed = done(greenlight("edit", production_id, "--set", f"{asset_id}.prompt=Only the sea."))
    assert f"\nchanged  {asset_id}: prompt\n" in changed
    monkeypatch.setenv("EDITOR", an_editor(tmp_path, f"asset_id: {asset_id}", "asset_id: renamed"))
    text = done(greenlight("edit", production_id))
    assert f"\ndropped  {asset_id}\n" in text
    assert "\nadded    renamed\n" in text


def test_pictures_are_where_the_document_looks(greenlight: Greenlight, tmp_path: Path) -> None:
    """Each file that a downloaded document refers to lies at that place in the folder."""
    options = ("--platform", "social_post", "--modality", "image", "--yes", "--out", str(tmp_path))
    done(greenlight("produce", WORDS, *options))
    sources = re.findall(r'src="([^"]+)"', (tmp_path / "content.html").read_text())
    assert sources
    assert all((tmp_path / source).is_file() for source in sources)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("x", "--language", "English"), "languages[0]: is not written as expected; give one BCP 47 tag"),
        (
            ("x", "--modality", "video", "--platform", "copy"),
            "modalities: video is not made for platform 'copy'; choose",
        ),
        (("",), "text: is empty; say something"),
        (("x", "--budget", "1.00001"), "budget_usd: is too precise; give USD with at most 4 decimals"),
    ],
)
def test_a_wrong_brief_reads_like_the_api(options: tuple[str, ...], words: str) -> None:
    """What is wrong with a brief is told once, in the words of the API, without asking it."""
    wrong = run("http://127.0.0.1:1", "plan", *options)
    assert wrong.exit_code == 2
    title, told = wrong.stderr.splitlines()
    assert title == "This cannot be sent"
    assert told.strip().startswith(words)


def test_reject(greenlight: Greenlight) -> None:
    """A rejected production is closed, the list says so, and it cannot be approved any more."""
    production_id = planned(greenlight, "--tenant", "reject-test")["production_id"]
    assert "rejected" in done(greenlight("reject", production_id, "--reason", "too dull"))
    late = greenlight("approve", production_id)
    assert late.exit_code == 1
    assert "rejected" in late.stderr
    assert greenlight("watch", production_id).exit_code == 1


def test_regenerate_after_delivery(greenlight: Greenlight) -> None:
    """A delivered production takes another take of an asset, delivers again, and can go back to the first take."""
    text = done(greenlight("produce", "Say it.", "--platform", "copy", "--yes"))
    production_id = re.findall(r"greenlight open (\S+)", text)[0]
    asset_id = shown(greenlight, production_id)["assets"][0]["asset_id"]
    done(greenlight("regenerate", production_id, asset_id, "--prompt", "Say it louder."))
    done(greenlight("watch", production_id))
    again = shown(greenlight, production_id)
    assert (again["assets"][0]["take"], again["deliverable"]["revision"]) == (2, 2)
    done(greenlight("select", production_id, asset_id, "1"))
    done(greenlight("watch", production_id))
    assert shown(greenlight, production_id)["assets"][0]["take"] == 1


def test_errors_are_messages(greenlight: Greenlight) -> None:
    """A refusal is one message with its remedy and exit code 1; a slip in the command itself is exit code 2."""
    unknown = greenlight("show", "nobody")
    assert unknown.exit_code == 1
    assert "nobody" in unknown.stderr
    assert "Traceback" not in unknown.output
    outside = greenlight("plan", "x", "--platform", "copy", "--modality", "video")
    assert outside.exit_code == 2
    assert "modalities" in outside.stderr
    assert greenlight("plan", "x", "--platform", "opera").exit_code == 2
    assert greenlight("plan", "x", "--budget", "much").exit_code == 2
    assert greenlight("edit", planned(greenlight)["production_id"], "--set", "nonsense").exit_code == 2


def test_the_same_key_is_the_same_production(greenlight: Greenlight) -> None:
    """Two plans under one idempotency key are one production."""
    first, second = (planned(greenlight, "--idempotency-key", "cli-key-1")["production_id"] for _ in range(2))
    assert first == second


def test_list_and_providers_as_json(greenlight: Greenlight) -> None:
    """The read commands print JSON that scripts can take apart."""
    planned(greenlight)
    assert all("production_id" in p for p in json.loads(done(greenlight("list", "--json", "--limit", "3"))))
    report = json.loads(done(greenlight("providers", "--json")))
    assert "previz" in report["enabled_providers"]["text"]
    assert "free" in done(greenlight("providers"))


def test_doctor(greenlight: Greenlight) -> None:
    """The doctor finds a whole stack healthy; where nothing runs it exits 1 and names the command that helps."""
    text = done(greenlight("doctor"))
    assert "MISSING" not in text
    assert "storage" in text
    ill = run("http://127.0.0.1:1", "doctor")
    assert ill.exit_code == 1
    assert "greenlight up" in ill.stdout


async def test_too_dear_is_exit_code_3(client: Client) -> None:
    """--yes with --max-usd approves nothing that could cost more, and says so with exit code 3."""
    async with FakeActivities(assets=3, price_usd="0.5000").working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        brief = ("produce", "Say it.", "--platform", "copy", "--yes", "--max-usd")
        dear = await asyncio.to_thread(run, url, *brief, "1.49")
        assert dear.exit_code == 3
        assert "1.50 USD is more than --max-usd 1.49" in dear.stderr
        production_id = dear.stderr.split()[1]
        assert (await api.get(production_id))["status"] == "awaiting_approval"
        assert (await asyncio.to_thread(run, url, *brief, "1.50", "--no-watch")).exit_code == 0


async def test_what_waits_for_an_approval_is_exit_code_4(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that waits for a decision is exit code 4 of whatever was to make it or follow it; who ends the command at
    the question is told the production and the next step."""
    async with FakeActivities().working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        brief = ("produce", "Say it.", "--platform", "copy")
        waiting = await asyncio.to_thread(run, url, *brief)
        production_id = waiting.stderr.split()[1]
        followed = await asyncio.to_thread(run, url, "watch", production_id)

        def interrupted(*_: Any, **__: Any) -> bool:
            raise typer.Abort

        monkeypatch.setattr(Studio, "interactive", True)
        monkeypatch.setattr("api.cli.make.typer.confirm", lambda *_, **__: False)
        declined = await asyncio.to_thread(run, url, *brief)
        monkeypatch.setattr("api.cli.make.typer.confirm", interrupted)
        ended = await asyncio.to_thread(run, url, *brief)
    assert [each.exit_code for each in (waiting, followed, declined, ended)] == [4, 4, 4, 130]
    for each in (waiting, followed, declined, ended):
        assert "greenlight approve" in each.stdout
    assert ended.stderr.split()[1] in ended.stdout


@pytest.mark.parametrize("command", [("produce", WORDS, "--platform", "copy", "--yes"), ("watch", "p"), ("open", "p")])
def test_out_is_looked_at_first(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Where nothing can be written to --out, nothing is begun, and nobody sees a traceback."""
    (tmp_path / "file").write_text("x")
    refused = run("http://127.0.0.1:9", *command, "--out", str(tmp_path / "file" / "below"))
    assert refused.exit_code == 2
    assert "is a file" in refused.output
    assert "Traceback" not in refused.output


async def test_a_script_does_not_wait_for_a_person(client: Client) -> None:
    """Without a terminal, watching ends with exit code 4 where a person must decide, and names the command."""
    activities = FakeActivities()
    activities.fail.add("text-2")
    async with activities.working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        stuck = await asyncio.to_thread(run, url, "produce", "Say it.", "--platform", "copy", "--yes")
        assert stuck.exit_code == 4, stuck.output
        found = re.search(r"greenlight resolve (\S+) text-2 retry", stuck.stdout)
        assert found
        left_out = await asyncio.to_thread(run, url, "resolve", found[1], "text-2", "accept_without")
        assert left_out.exit_code == 0, left_out.output
        assert (await asyncio.to_thread(run, url, "watch", found[1])).exit_code == 0


async def test_unknown_prices_are_said(client: Client) -> None:
    """A plan of unknown prices says how many and is never called free; --yes approves it only with the option."""
    activities = FakeActivities(assets=2)
    activities.unknown = True
    async with activities.working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        said = await asyncio.to_thread(run, url, "plan", "Say it.", "--platform", "copy")
        assert "2 assets · 2 unknown prices · plan " in done(said)
        assert "free" not in said.stdout
        found = re.search(r"greenlight approve (\S+) ", said.stdout)
        assert found
        plan = PlanView.model_validate((await api.get(found[1]))["plan"])
        assert plan.unknown_prices == ("text-1", "text-2")
        brief = ("produce", "Say it.", "--platform", "copy", "--yes", "--no-watch")
        refused = await asyncio.to_thread(run, url, *brief)
        assert refused.exit_code == 3
        assert "The price of text-1, text-2 is not published" in refused.stderr
        assert (await api.get(refused.stderr.split()[1]))["status"] == "awaiting_approval"
        assert (await asyncio.to_thread(run, url, *brief, "--allow-unknown-prices")).exit_code == 0


# What is shown


def plan_of(count: int, price: str = "0.0350") -> PlanView:
    quote = Quote(low_usd=Decimal(0), high_usd=Decimal(price), expected_seconds=1)
    return PlanView.of(
        Plan.of(
            "A plan",
            [
                Asset(
                    asset_id=f"shot-{n}",
                    asset_type=Modality.TEXT,
                    role="body",
                    prompt=f"Words {n}\nand more, " + "long " * 40,
                    provider="fake",
                    model="words",
                    parameters={"seconds": n},
                    quote=quote,
                )
                for n in range(1, count + 1)
            ],
        )
    )


@pytest.mark.parametrize(
    ("usd", "text"), [("0", "free"), ("0.0400", "0.04"), ("0.0035", "0.0035"), ("0.0350", "0.035"), ("12", "12.00")]
)
def test_amounts(usd: str, text: str) -> None:
    """Money has two decimals, up to four where the price is finer, and nothing is free."""
    assert amount(Decimal(usd)) == text


@pytest.mark.parametrize("width", [80, 120])
def test_the_plan_fits_the_terminal(width: int) -> None:
    """However narrow the terminal, each asset is one line with its id, maker and price whole."""
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
def test_the_total_tells_what_is_unknown(unknown: int, total: str, option: str) -> None:
    """The total of a plan counts the prices that it does not know, and approving it takes the option for them."""
    plan = plan_of(4).model_copy(update={"unknown_prices": ("shot-1",)[:unknown]})
    out = io.StringIO()
    show_plan(make_console(out), plan)
    assert total in out.getvalue()
    assert approve_command("p", plan) == f"greenlight approve p --digest {plan.digest} {option}".rstrip()


@pytest.mark.parametrize("evil", ["\x1b[1A\x1b[2K", "\x9b2K", "\r", "\x08\x08", "\u202e", "\u2066", "\x07"])
def test_words_of_others_are_only_shown(evil: str) -> None:
    """Nothing in a title, a name or a note moves the cursor, erases, rings or turns text around: the price that is
    shown is the price."""
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
    """Piped, each model is one line with its whole price and note, under its provider, and what is retired is last."""
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
    assert "audio nobody" in lines
    assert lines[-1] == "studio not enabled: set STUDIO_KEY"


@pytest.mark.parametrize("width", [80, 100])
def test_providers_fit_the_terminal(width: int) -> None:
    """In a terminal nothing is cut: long prices and notes go on below."""
    out = io.StringIO()
    show_providers(Console(file=out, width=width, force_terminal=True, color_system=None), REPORT, TODAY)
    text = out.getvalue()
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())
    words = set(text.split())
    for model in REPORT.providers[0].models:
        assert {model.model, *model.price.split()} <= words
    assert {"alone:", "FLOOR=2,", "retires", "2026-11-21;", "retired"} <= words


def test_the_doctor_tells_what_retires_soon() -> None:
    """Only models that end after today and within 60 days are told of, with the day and what to use then."""
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
    """Of many models that plan the first three are named and the others counted."""
    assert planners_in_short(", then ".join(f"m{n}" for n in range(1, count + 1))) == words


# Costs and events


def test_an_unknown_cost_is_not_free() -> None:
    """A take whose price nobody published costs "unknown" in records, tables and events, with what is known beside."""
    now = datetime.now(UTC)
    media = Media(key="k", bytes=1, sha256="0" * 64, media_type="text/plain")
    made = {"prompt": "x", "provider": "fake", "model": "words", "media": media, "started_at": now, "finished_at": now}
    free = Take(number=1, **made)
    paid = Take(number=1, cost_usd=Decimal("0.05"), **made)
    first, second = (Take(number=n, cost_source="unknown", **made) for n in (1, 2))
    takes = {"shot-1": (first,), "shot-2": (paid, second), "shot-3": (free,), "shot-4": ()}
    snapshot = Snapshot(
        production_id="p",
        status=ProductionStatus.DELIVERED,
        brief=Brief(text="x", platform=Platform.COPY),
        created_at=now,
        updated_at=now,
        plan=Plan.of("t", plan_of(4).assets),
        assets={
            i: AssetState(status=AssetStatus.COMPLETED, takes=t, selected=t[-1].number if t else 0)
            for i, t in takes.items()
        },
        spent_usd=Decimal("0.05"),
    )
    view = production_view(snapshot, links_of("p", "", ""))
    assert [r.cost_source for r in view.assets] == ["unknown", "unknown", "catalogue", None]
    out = io.StringIO()
    show_production(make_console(out), view, "http://api")
    rows = [" ".join(line.split()) for line in out.getvalue().splitlines() if " shot-" in line]
    costs = ["completed 1 of 1 unknown", "completed 2 of 2 0.05 + unknown", "completed 1 of 1 free", "completed – –"]
    assert [cost in row for cost, row in zip(costs, rows, strict=True)] == [True] * 4, rows
    assert "spent 0.05 USD and 2 unknown costs\n" in out.getvalue()
    assert describe(event("asset_complete", "a", cost_usd="0", cost_source="unknown")) == "done, cost unknown"
    assert describe(event("asset_complete", "a", cost_usd="0", cost_source="catalogue")) == "done, free"


def event(name: Any, asset_id: str | None = None, **data: Any) -> StreamEvent:
    return StreamEvent(id=1, name=name, at=datetime.now(UTC), asset_id=asset_id, data=data)


def test_piped_progress_is_lines() -> None:
    """Without a terminal each event is one plain line, and progress is told in quarters."""
    out = io.StringIO()
    with ProductionView(make_console(out), plan_of(1).assets) as view:
        view.show(event("asset_start", "shot-1", take=1, provider="fake", model="words"))
        for step in range(100):
            view.show(event("asset_progress", "shot-1", progress=step / 100, step="rendering"))
        view.show(event("asset_complete", "shot-1", cost_usd="0.0350"))
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[1].split() == ["asset", "progress", "shot-1", "rendering,", "25", "%"]
    assert lines[-1].endswith("done, 0.035 USD")


def test_piped_waiting_is_told_once_per_reason() -> None:
    """Why an asset waits is one line when it begins or changes, and a new take tells its progress anew."""
    out = io.StringIO()
    full, slow = "waits for its provider's queue", "vendor: slow down"
    with ProductionView(make_console(out), plan_of(1).assets) as view:
        for reason in (full, full, slow, slow, full):
            view.show(event("asset_progress", "shot-1", queued=True, reason=reason))
        view.show(event("asset_progress", "shot-1", queued=True))
        for _ in range(2):
            view.show(event("asset_fallback", "shot-1", provider="other", model="m", message="no\nwords"))
            view.show(event("asset_progress", "shot-1", progress=0.5, step="rendering"))
    assert [" ".join(line.split()) for line in out.getvalue().splitlines()] == [
        *(f"asset progress shot-1 queued: {reason}" for reason in (full, slow, full)),
        *("asset fallback shot-1 now other/m, because no words", "asset progress shot-1 rendering, 50 %") * 2,
    ]


def test_a_long_message_leaves_the_bar_whole() -> None:
    """Beside a bar a long reason is cut; why another model took over, or none could, is also said whole above."""
    out = io.StringIO()
    console = Console(file=out, width=80, height=20, force_terminal=True, color_system=None, highlight=False)
    with ProductionView(console, plan_of(2).assets) as view:
        view.show(event("asset_progress", "shot-1", queued=True, reason="vendor: slow down, " + "please " * 20))
        view.show(event("asset_fallback", "shot-2", provider="other", model="m", message="no " * 40 + "words"))
    last = out.getvalue().rpartition("\x1b[2K")[2]
    bars = [line for line in last.splitlines() if "text " in line]
    assert [line.split()[0] for line in bars] == ["shot-1", "shot-2"]
    assert "queued: vendor: slow down" in bars[0]
    assert all("…" in line and len(line) <= 80 for line in bars)
    assert "no words" in " ".join(out.getvalue().split())


@pytest.mark.parametrize("count", [3, 200])
def test_bars_fit_the_screen(count: int) -> None:
    """A terminal shows a bar for each asset; where they do not fit, only of those that are being made or failed."""
    out = io.StringIO()
    console = Console(file=out, width=100, height=20, force_terminal=True, color_system=None, highlight=False)
    with ProductionView(console, plan_of(count).assets) as view:
        view.show(event("asset_start", "shot-1", take=1))
        view.show(event("asset_failed", "shot-1", message="no words"))
        view.show(event("asset_start", "shot-2", take=1))
    last = out.getvalue().rpartition("\x1b[2K")[2]
    assert "no words" in out.getvalue()
    assert ("shot-3" in out.getvalue()) == (count == 3), last


def test_a_plan_that_is_not_changed_gives_no_edits() -> None:
    """The plan as YAML, saved as it is, leads to no edit: also with many lines in a prompt."""
    plan = plan_of(4)
    assert edits_between(plan, to_yaml(plan)) == []


@pytest.mark.parametrize("dropped_stay", [False, True])
def test_any_order_can_be_reached(dropped_stay: bool) -> None:
    """Whatever order, drops and additions the file has, applying the edits gives exactly that plan; also after the
    approval, when what was dropped keeps its place."""
    brief = Brief(text="x", platform=Platform.COPY)
    chance = random.Random(7)
    for _ in range(30):
        before = plan_of(6)
        assets = [a for a in before.assets if chance.random() > 0.2] or list(before.assets[:1])
        chance.shuffle(assets)
        assets.insert(0, assets[0].model_copy(update={"asset_id": "new", "prompt": "fresh words"}))
        assets[-1] = assets[-1].model_copy(update={"parameters": {"pace": 2}})
        wanted = before.model_copy(update={"assets": tuple(assets), "title": "Other"})
        plan = Plan.model_validate(before.model_dump(include={"title", "assets", "planner"}))
        edits = edits_between(before, to_yaml(wanted), dropped_stay=dropped_stay)
        dropped = {e.asset_id for e in edits if e.op == "drop"}
        after = policies.apply_edits(brief, plan, [e for e in edits if not (dropped_stay and e.op == "drop")])
        used = [a for a in after.assets if a.asset_id not in dropped]
        assert [(a.asset_id, a.prompt.split(), a.parameters) for a in used] == [
            (a.asset_id, a.prompt.split(), a.parameters) for a in assets
        ]
        assert after.title == "Other"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("prompt:", "promt:", r"assets\.0\.prompt"),
        ("asset_type: text", "asset_type: image", "asset_type"),
        ("title:", "title: [", "YAML"),
    ],
)
def test_a_broken_file_says_where(old: str, new: str, message: str) -> None:
    """A plan file that is not one any more names the field or line."""
    plan = plan_of(1)
    with pytest.raises(PlanFileError, match=message):
        edits_between(plan, to_yaml(plan).replace(old, new))
