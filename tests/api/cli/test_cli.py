"""The command `greenlight` as a person or a script uses it, on the real stack."""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from temporalio.client import Client
from typer.testing import CliRunner, Result

from api.cli.context import Cli
from api.cli.main import app
from api.views.production import PlanView
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import serving

Greenlight = Callable[..., Result]
WORDS = "Three words for a lighthouse."


def run(url: str, *args: str, **options: Any) -> Result:
    return CliRunner().invoke(app, ["--url", url, *args], **options)


@pytest.fixture(scope="module")
def greenlight(local_stack: Stack) -> Greenlight:
    """The command on the whole stack, without a terminal."""
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
    """`produce --yes --out` reads a brief from a file, downloads the deliverable, and prints plain, unwrapped lines."""
    brief = tmp_path / "brief.txt"
    brief.write_text(WORDS)
    out = tmp_path / "new" / "folder"
    options = ("--platform", "copy", "--yes", "--max-usd", "0", "--out", str(out))
    text = done(greenlight("produce", str(brief), *options))
    assert "\x1b" not in text
    assert re.search(r"^[\d-]+ [\d:]+  asset complete +\S+ +done, free$", text, re.MULTILINE)
    files = {p.name for p in out.iterdir()}
    assert {"content.md", "manifest.json"} <= files
    assert all(f"{out / name}\n" in text for name in files)
    assert json.loads((out / "manifest.json").read_text())["brief"]["text"] == WORDS


def test_without_a_terminal_nothing_is_approved(greenlight: Greenlight) -> None:
    """Without a terminal and without --yes, the plan waits and the commands to decide are printed."""
    waiting = greenlight("produce", "-", "--platform", "copy", input="Say it.\n")
    assert waiting.exit_code == 4, waiting.output
    found = re.search(r"greenlight approve (\S+) --digest (\w+)", waiting.stdout)
    assert found
    assert shown(greenlight, found[1])["status"] == "awaiting_approval"


def test_from_plan_to_open(greenlight: Greenlight, tmp_path: Path) -> None:
    """After plan, edit, approve by digest, watch and open, the edited words are delivered."""
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
    """Without options the plan opens in $EDITOR; its changes are sent, and an unchanged plan is not."""
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
    """If another person changes the plan during an edit, the file is kept, and a warning names their change."""
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
    """The failure of an editor is reported in one sentence, and an unchanged file is deleted."""
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
    """A renamed asset_id is reported as one dropped asset and one added asset; a change names its fields."""
    plan = planned(greenlight)
    production_id, asset_id = plan["production_id"], plan["plan"]["assets"][0]["asset_id"]
    changed = done(greenlight("edit", production_id, "--set", f"{asset_id}.prompt=Only the sea."))
    assert f"\nchanged  {asset_id}: prompt\n" in changed
    monkeypatch.setenv("EDITOR", an_editor(tmp_path, f"asset_id: {asset_id}", "asset_id: renamed"))
    text = done(greenlight("edit", production_id))
    assert f"\ndropped  {asset_id}\n" in text
    assert "\nadded    renamed\n" in text


def test_pictures_are_where_the_document_looks(greenlight: Greenlight, tmp_path: Path) -> None:
    """Each file that a downloaded document refers to is at that place in the folder."""
    options = ("--platform", "social_post", "--modality", "image", "--yes", "--out", str(tmp_path))
    done(greenlight("produce", WORDS, *options))
    sources = re.findall(r'src="([^"]+)"', (tmp_path / "content.html").read_text())
    assert sources
    assert all((tmp_path / source).is_file() for source in sources)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("x", "--language", "English"), "--language: does not have the expected form; give BCP 47 tags"),
        (
            ("x", "--modality", "video", "--platform", "copy"),
            "--modality: video is not available for platform 'copy'; choose",
        ),
        (("",), "TEXT: is empty; give a text"),
        (("x", "--budget", "1.00001"), "--budget: is too precise; give USD with at most 4 decimals"),
    ],
)
def test_a_wrong_brief_names_the_option(options: tuple[str, ...], words: str) -> None:
    """An invalid brief is refused with the option and the remedy, once, without a request."""
    wrong = run("http://127.0.0.1:1", "plan", *options)
    assert wrong.exit_code == 2
    title, detail = wrong.stderr.splitlines()
    assert title == "The request is invalid"
    assert detail.strip().startswith(words)


def test_reject(greenlight: Greenlight) -> None:
    """A rejected production is closed, also in the list, and can no longer be approved."""
    production_id = planned(greenlight, "--tenant", "reject-test")["production_id"]
    assert "rejected" in done(greenlight("reject", production_id, "--reason", "too dull"))
    late = greenlight("approve", production_id)
    assert late.exit_code == 1
    assert "rejected" in late.stderr
    assert greenlight("watch", production_id).exit_code == 1


def test_regenerate_after_delivery(greenlight: Greenlight) -> None:
    """A delivered production can make another take of an asset, deliver again, and return to the first take."""
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
    """A refusal is one message with its remedy and exit code 1; wrong usage of the command is exit code 2."""
    unknown = greenlight("show", "nobody")
    assert unknown.exit_code == 1
    assert "nobody" in unknown.stderr
    assert "Traceback" not in unknown.output
    outside = greenlight("plan", "x", "--platform", "copy", "--modality", "video")
    assert outside.exit_code == 2
    assert "--modality" in outside.stderr
    assert greenlight("plan", "x", "--platform", "opera").exit_code == 2
    assert greenlight("plan", "x", "--budget", "much").exit_code == 2
    assert greenlight("edit", planned(greenlight)["production_id"], "--set", "nonsense").exit_code == 2


def test_the_same_key_is_the_same_production(greenlight: Greenlight) -> None:
    """Two plans under one idempotency key are one production."""
    first, second = (planned(greenlight, "--idempotency-key", "cli-key-1")["production_id"] for _ in range(2))
    assert first == second


def test_list_and_providers_as_json(greenlight: Greenlight) -> None:
    """The commands that read print JSON that scripts can parse."""
    planned(greenlight)
    assert all("production_id" in p for p in json.loads(done(greenlight("list", "--json", "--limit", "3"))))
    report = json.loads(done(greenlight("providers", "--json")))
    assert "previz" in report["enabled_providers"]["text"]
    assert "free" in done(greenlight("providers"))


def test_doctor(greenlight: Greenlight) -> None:
    """The doctor reports a whole stack as healthy; if no stack runs it exits with 1 and names the command to run."""
    text = done(greenlight("doctor"))
    assert "MISSING" not in text
    assert "storage" in text
    ill = run("http://127.0.0.1:1", "doctor")
    assert ill.exit_code == 1
    assert "greenlight up" in ill.stdout


async def test_too_dear_is_exit_code_3(client: Client) -> None:
    """--yes with --max-usd approves no plan that could cost more, and reports this with exit code 3."""
    async with FakeActivities(assets=3, price_usd="0.5000").working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        brief = ("produce", "Say it.", "--platform", "copy", "--yes", "--max-usd")
        above = await asyncio.to_thread(run, url, *brief, "1.49")
        assert above.exit_code == 3
        assert "1.50 USD is more than --max-usd 1.49" in above.stderr
        production_id = above.stderr.split()[1]
        assert (await api.get(production_id))["status"] == "awaiting_approval"
        assert (await asyncio.to_thread(run, url, *brief, "1.50", "--no-watch")).exit_code == 0


async def test_what_waits_for_an_approval_is_exit_code_4(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that waits for a decision is exit code 4 of the commands that make or watch it; a person who ends the
    command at the question receives the production's id and the next step."""
    async with FakeActivities().working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        brief = ("produce", "Say it.", "--platform", "copy")
        waiting = await asyncio.to_thread(run, url, *brief)
        production_id = waiting.stderr.split()[1]
        followed = await asyncio.to_thread(run, url, "watch", production_id)

        def interrupted(*_: Any, **__: Any) -> bool:
            raise typer.Abort

        monkeypatch.setattr(Cli, "interactive", True)
        monkeypatch.setattr("api.cli.commands.produce.typer.confirm", lambda *_, **__: False)
        declined = await asyncio.to_thread(run, url, *brief)
        monkeypatch.setattr("api.cli.commands.produce.typer.confirm", interrupted)
        ended = await asyncio.to_thread(run, url, *brief)
    assert [each.exit_code for each in (waiting, followed, declined, ended)] == [4, 4, 4, 130]
    for each in (waiting, followed, declined, ended):
        assert "greenlight approve" in each.stdout
    assert ended.stderr.split()[1] in ended.stdout


@pytest.mark.parametrize("command", [("produce", WORDS, "--platform", "copy", "--yes"), ("watch", "p"), ("open", "p")])
def test_out_is_looked_at_first(tmp_path: Path, command: tuple[str, ...]) -> None:
    """If --out is not writable, no production is started, and no traceback is printed."""
    (tmp_path / "file").write_text("x")
    refused = run("http://127.0.0.1:9", *command, "--out", str(tmp_path / "file" / "below"))
    assert refused.exit_code == 2
    assert "is a file" in " ".join(refused.output.replace("│", " ").split())
    assert "Traceback" not in refused.output


async def test_a_script_does_not_wait_for_a_person(client: Client) -> None:
    """Without a terminal, `watch` ends with exit code 4 when a person must decide, and names the command."""
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


async def test_unknown_prices_are_printed(client: Client) -> None:
    """The number of unknown prices is printed, never "free", and --yes approves the plan only with the option."""
    activities = FakeActivities(assets=2)
    activities.unknown = True
    async with activities.working(client), serving(client, {}) as api:
        url = str(api.http.base_url)
        result = await asyncio.to_thread(run, url, "plan", "Say it.", "--platform", "copy")
        assert "2 assets · 2 unknown prices · plan " in done(result)
        assert "free" not in result.stdout
        found = re.search(r"greenlight approve (\S+) ", result.stdout)
        assert found
        plan = PlanView.model_validate((await api.get(found[1]))["plan"])
        assert plan.unknown_prices == ("text-1", "text-2")
        brief = ("produce", "Say it.", "--platform", "copy", "--yes", "--no-watch")
        refused = await asyncio.to_thread(run, url, *brief)
        assert refused.exit_code == 3
        assert "The price of text-1, text-2 is not published" in refused.stderr
        assert (await api.get(refused.stderr.split()[1]))["status"] == "awaiting_approval"
        assert (await asyncio.to_thread(run, url, *brief, "--allow-unknown-prices")).exit_code == 0
