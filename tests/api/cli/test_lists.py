"""Lists and groups: productions, pending decisions, the selection of many, times, and CSV files of any locale."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from api.auth import key_file
from api.auth.roles import Role
from api.cli.batch_file import BatchFileError, read_batch
from api.cli.commands.attention import _ORDER, FAILURES, bulk_commands
from api.cli.commands.bulk import BULK_ACTIONS, select_answers, select_plans
from api.cli.commands.schedule import zone_time
from api.cli.commands.show import show_list
from api.cli.context import INSPECT
from api.cli.event_text import describe
from api.cli.main import app
from api.cli.options import brief_from
from api.cli.progress import ProductionProgress, elapsed
from api.cli.tables import at_most, clock_time, counted, make_console, take_text
from api.views.changes import AttentionEntry
from api.views.production import ListedProduction, StreamEvent, links_of
from tests.api.cli.plans import plan_of
from workflows.brief import Platform
from workflows.events import AssetRecord, AssetStatus, AttentionItem, AttentionReason, ProductionStatus
from workflows.models import Modality
from workflows.production.state.attention import ANSWERS

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def listed(number: int, **more: Any) -> ListedProduction:
    production_id = f"k-{number:020x}"
    fields = {
        "status": ProductionStatus.AWAITING_APPROVAL,
        "platform": Platform.CREATIVE_BRIEF,
        "title": "A lighthouse keeper writes to the sea, and the sea answers",
        "spent_usd": Decimal("12.3456"),
        "created_at": NOW - timedelta(minutes=number),
    }
    return ListedProduction.model_validate(
        {"production_id": production_id, "links": links_of(production_id, "", ""), **fields, **more}
    )


def test_the_list_is_readable_at_80_columns() -> None:
    """In 80 columns each production is one line with its whole id, status, age and cost, and the start of its title."""
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, color_system=None, highlight=False)
    show_list(console, [listed(1), listed(90, status=ProductionStatus.NEEDS_ATTENTION)], NOW)
    _, *lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == [f"k-{1:020x}", f"k-{90:020x}"]
    assert all(len(line) <= 80 and "12.3456" in line and "A lighthouse" in line for line in lines)
    assert "1 min" in lines[0]
    assert "1 h" in lines[1]


def test_the_piped_list_is_whole() -> None:
    """Piped, a line has the platform, the date and the whole title."""
    out = io.StringIO()
    show_list(make_console(out), [listed(1)], NOW)
    line = out.getvalue().splitlines()[1]
    assert "creative_brief" in line
    assert "2026-11-20" in line
    assert line.endswith("and the sea answers")


def entry(reason: AttentionReason, price: str | None = "0.1000", **more: Any) -> AttentionEntry:
    asset = None if reason in ("approval", "deadline_near", "paused") else "shot-2"
    item = {"id": 7, "reason": reason, "since": NOW, "plan_digest": "d" * 32, "answers": ANSWERS.get(reason, ())}
    waiting = AttentionItem.model_validate({**item, "asset_id": asset, "price_usd": price, **more})
    return AttentionEntry(production_id="p1", title="Dawn", waiting=waiting, links=links_of("p1", "", ""))


def test_every_reason_has_a_place() -> None:
    """Every reason has a group in the list of decisions, and what failed comes first."""
    assert sorted(_ORDER) == sorted(get_args(AttentionReason))
    assert _ORDER[: len(FAILURES)] == FAILURES


def test_plans_below_a_price() -> None:
    """A plan is approved in bulk only if its high price is known and at most the limit, and it has every language
    of its brief."""
    entries = [
        entry("approval", "0.1000"),
        entry("approval", "0.1001"),
        entry("deadline_near", "0.0000"),
        entry("deadline_near", None),
        entry("price_unknown", None, asset_id=None),
        entry("price_unknown", "0.0100"),
        entry("stills_to_approve", "0.0100", asset_id=None),
        entry("change_to_approve", "0.0100"),
        entry("approval", "0.0100", missing_languages=["de"]),
    ]
    selection = select_plans(entries, Decimal("0.10"))
    assert selection.chosen == [entries[0], entries[2]]
    assert selection.total_usd == Decimal("0.1000")
    assert selection.left_out == {"above 0.10 USD": 1, "of unknown price": 2, "without a language of their brief": 1}


def test_answers_in_bulk() -> None:
    """An answer in bulk goes to decisions that accept it and have what it needs: a price, a job, a proposed prompt."""
    fine = entry("asset_failed")
    assert select_answers([fine, entry("asset_failed", None), entry("overrun")], "asset_failed", "retry").chosen == [
        fine
    ]
    assert select_answers([entry("asset_failed", None)], "asset_failed", "accept_without").chosen
    assert not select_answers([entry("paused")], "paused", "retry").chosen
    known = entry("ambiguous_submission", job_id="j1")
    assert select_answers([known, entry("ambiguous_submission")], "ambiguous_submission", "adopt").chosen == [known]
    asked = entry("content_refused", proposal="calmer")
    assert select_answers([asked, entry("content_refused")], "content_refused", "retry").chosen == [asked]


@pytest.mark.parametrize("reason", get_args(AttentionReason))
def test_the_commands_for_a_group(reason: AttentionReason) -> None:
    """The commands that are printed for a group answer it: an approval by price, or an accepted answer by reason."""
    for command in bulk_commands(reason, [entry(reason).waiting]):
        _, name, option, *rest = command.split()
        if name == "approve":
            assert (option, rest) == ("--all-below", ["0.10"])
        else:
            assert (name, option, rest[0]) == ("resolve", "--all", reason)
            assert rest[1] in set(BULK_ACTIONS) & set(ANSWERS[reason])


@pytest.mark.parametrize(
    ("at", "text"), [(NOW, NOW.astimezone().strftime("%H:%M:%S")), (NOW - timedelta(days=2), "2026-11-1")]
)
def test_the_time_of_an_event(at: datetime, text: str) -> None:
    """The time of an event has a date if it was not today."""
    assert clock_time(at, NOW).startswith(text)


@pytest.mark.parametrize(("seconds", "text"), [(-3, "0:00"), (42, "0:42"), (725, "12:05"), (3_725, "1:02:05")])
def test_elapsed_times(seconds: int, text: str) -> None:
    """A duration is minutes and seconds, or hours."""
    assert elapsed(NOW, NOW + timedelta(seconds=seconds)) == text


def test_lines_and_bars_have_times() -> None:
    """A piped line begins with the time of its event, and a bar has the time that its asset took."""
    start = StreamEvent(id=1, name="asset_start", at=NOW, asset_id="shot-1", data={"take": 1})
    done = StreamEvent(id=2, name="asset_complete", at=NOW + timedelta(seconds=65), asset_id="shot-1", data={})
    piped, shown = io.StringIO(), io.StringIO()
    terminal = Console(file=shown, width=80, height=20, force_terminal=True, color_system=None, highlight=False)
    for console in (make_console(piped), terminal):
        with ProductionProgress(console, plan_of(1).assets) as view:
            view.show(start)
            view.show(done)
    assert piped.getvalue().startswith(NOW.astimezone().strftime("%Y-%m-%d %H:%M:%S  asset start"))
    assert "1:05" in shown.getvalue()


def test_progress_from_now_shows_the_states() -> None:
    """Where the earlier events are left out, each bar has the state that its asset has now."""
    out = io.StringIO()
    console = Console(file=out, width=80, height=20, force_terminal=True, color_system=None, highlight=False)
    with ProductionProgress(console, plan_of(2).assets) as view:
        view.set_records([record("shot-1", AssetStatus.COMPLETED), record("shot-2", AssetStatus.GENERATING)])
    last = out.getvalue().rpartition("\x1b[2K")[2]
    assert "completed" in last
    assert "generating" in last
    assert "queued" not in last


def record(asset_id: str, status: AssetStatus, **more: Any) -> AssetRecord:
    fields = {"content_id": "p1", "asset_id": asset_id, "asset_type": Modality.TEXT, "provider": "a", "model": "b"}
    empty = dict.fromkeys(("file_url", "error", "attention", "media_type", "duration_seconds"))
    fixed = {
        "prompt": "x",
        "position": 1,
        "role": "body",
        "label": "",
        "cost_usd": "0",
        "error_kind": "",
        "stale": False,
    }
    return AssetRecord.model_validate({**fields, **empty, **fixed, "status": status, "take": None, "takes": 0, **more})


@pytest.mark.parametrize(
    ("take", "takes", "text"), [(None, 0, "–"), (1, 1, "1"), (2, 1, "2"), (2, 2, "2 (2 takes)"), (3, 2, "3 (2 takes)")]
)
def test_the_number_of_a_take(take: int | None, takes: int, text: str) -> None:
    """A take has its number; a failed take before it is not counted as one."""
    assert take_text(record("shot-1", AssetStatus.COMPLETED, take=take, takes=takes)) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"plan_digest": "d", "how": "preview"}, "the plan of the production"),
        ({"assets": 1, "low_usd": "0", "high_usd": "0"}, "1 asset, free"),
        ({"assets": 2, "plan_assets": [{}, {}], "low_usd": "0", "high_usd": "0.1"}, "2 assets, 0.00–0.10"),
    ],
)
def test_a_plan_without_a_count(data: dict[str, Any], text: str) -> None:
    """The event of a plan counts its assets, also where it has them; a preview names no count."""
    assert describe(StreamEvent(id=1, name="plan_ready", at=NOW, data=data)) == text


def test_words_for_numbers_and_prices() -> None:
    """One is singular, and nothing is 'up to free'."""
    assert (counted(1, "row"), counted(2, "row"), counted(0, "row")) == ("1 row", "2 rows", "0 rows")
    assert (at_most(Decimal(0)), at_most(Decimal("0.0400"))) == ("free", "up to 0.04 USD")


def test_times_of_a_schedule_are_in_its_zone() -> None:
    """A time of a schedule is in the zone of its cron expression, which it names."""
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert zone_time(at, "Europe/Berlin") == "2026-11-23 09:00 CET"
    assert zone_time(at, "UTC") == "2026-11-23 08:00 UTC"
    assert zone_time(at, "Nowhere/Land").startswith("2026-11-")


CSV = {
    "commas": "text,platform,budget_usd\nOne; two,copy,2.50\n",
    "semicolons": "text;platform;budget_usd\nOne; two;copy;2,50\n".replace("One; two", '"One; two"'),
    "tabs": "text\tplatform\tbudget_usd\nOne; two\tcopy\t2,50\n",
    "named": 'sep=;\r\ntext;platform;budget_usd\r\n"One; two";copy;2,50\r\n',
    "a mark": '\ufefftext;platform;budget_usd\n"One; two";copy;2.50\n',
}


@pytest.mark.parametrize("locale", CSV)
def test_csv_of_any_locale(tmp_path: Path, locale: str) -> None:
    """The character between the cells is found by the header, and a decimal comma is a point."""
    file = tmp_path / "briefs.csv"
    file.write_text(CSV[locale], encoding="utf-8", newline="")
    assert [row.brief for row in read_batch(file)] == [{"text": "One; two", "platform": "copy", "budget_usd": "2.50"}]


def test_csv_with_models(tmp_path: Path) -> None:
    """A cell names the models of stages, and a row may reuse takes; a stage without a model is refused."""
    file = tmp_path / "briefs.csv"
    file.write_text("text,models,reuse\nOne,judge=openai/gpt-6-luna planner=template,true\n")
    models = {"judge": "openai/gpt-6-luna", "planner": "template"}
    assert [row.brief for row in read_batch(file)] == [{"text": "One", "models": models, "reuse": "true"}]
    file.write_text("text,models\nOne,judge\n")
    with pytest.raises(BatchFileError, match="models: 'judge' has no model; write STAGE=PROVIDER/MODEL"):
        read_batch(file)


def test_csv_with_an_unknown_column(tmp_path: Path) -> None:
    """An unknown column is named as such, also between semicolons, and a row with too many cells has the remedy."""
    file = tmp_path / "briefs.csv"
    file.write_text("text;colour\nx;red\n")
    with pytest.raises(BatchFileError, match="there is no column 'colour'; the columns are text"):
        read_batch(file)
    file.write_text("text;key\nx;y;z\n")
    with pytest.raises(
        BatchFileError, match="row 1 has more cells than there are columns; quote a cell with semicolons"
    ):
        read_batch(file)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", "text,platform,Text\nx,copy,y\n", "the column 'text' is given twice; keep one of them"),
        (
            "a.csv",
            'text,platform\nx,copy\n"y,copy\nz,copy\n',
            "the row that begins in line 3 has a quotation",
        ),
        ("a.xlsx", "PK", "is neither .csv nor .jsonl; save it as CSV"),
        ("a.jsonl", '{"key": 7, "text": "x"}\n', "line 1: key is no text; write it in quotation marks"),
        ("a.jsonl", '{"text": "x", "duration_seconds": NaN}\n', "line 1 is not JSON"),
    ],
)
def test_batch_files_that_would_lose_something(tmp_path: Path, name: str, content: str, problem: str) -> None:
    """A file whose columns, rows or values would be lost is refused with the place and the remedy."""
    (tmp_path / name).write_text(content)
    with pytest.raises(BatchFileError, match=problem):
        read_batch(tmp_path / name)


def test_csv_as_spreadsheets_leave_it(tmp_path: Path) -> None:
    """Emptied columns and rows count for nothing, and names of columns may have capitals."""
    file = tmp_path / "briefs.csv"
    file.write_text("Text,Platform,,\nx,copy,,\n,,,\ny,copy,,\n")
    assert [row.brief["text"] for row in read_batch(file)] == ["x", "y"]


def test_the_models_of_a_brief() -> None:
    """`--model-for` names the model of a stage; several of one stage are in order, and an unknown stage is refused."""
    plain = brief_from("x", Platform.COPY)
    assert plain.model_fields_set.isdisjoint({"models", "reuse"})
    given = ["judge=google/gemini-3.8-flash", "planner=openai/gpt-6-sol", "planner=openai/gpt-6-luna"]
    named = brief_from("x", Platform.COPY, model_for=given, reuse=True)
    assert named.models is not None
    assert named.models.named == {
        "planner": "openai/gpt-6-sol,openai/gpt-6-luna",
        "judge": "google/gemini-3.8-flash",
    }
    assert named.reuse
    for wrong in ("painter=a/b", "judge", "judge="):
        with pytest.raises(typer.BadParameter, match=r"--model-for: .*the stages are planner, enhancer"):
            brief_from("x", Platform.COPY, model_for=[wrong])


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in getattr(group, "commands", {}).items():
        yield from _commands(command, (*path, name)) if hasattr(command, "commands") else [((*path, name), command)]


def test_every_command_that_reads_prints_json() -> None:
    """The commands that only read, those of the panel Inspect and each list among them, take --json for scripts."""
    readers = {
        " ".join(path): any("--json" in parameter.opts for parameter in command.params)
        for path, command in _commands(get_command(app))
        if path[-1] in ("list", "show") or getattr(command, "rich_help_panel", None) == INSPECT
    }
    assert {"doctor", "keys list", "grants list", "show"} < readers.keys()
    assert [name for name, takes_json in readers.items() if not takes_json] == []


def test_keys_as_json_have_no_hash(tmp_path: Path) -> None:
    """The list of keys for scripts has names, tenants and roles, and nothing by which a key could be found."""
    file = tmp_path / "keys.toml"
    key_file.create(file, "ana", "acme", [Role.OPERATOR])
    shown = CliRunner().invoke(app, ["keys", "list", "--file", str(file), "--json"])
    (found,) = json.loads(shown.stdout)
    assert (found["name"], found["tenant"], found["roles"]) == ("ana", "acme", ["operator"])
    assert key_file.read(file).keys[0].sha256 not in shown.stdout
