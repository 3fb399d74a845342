"""What all commands of `greenlight` have in common."""

import io
import json
from collections.abc import Iterator

import pytest
import typer

from api.cli import context
from api.cli.context import EXIT_INTERRUPTED, Cli
from api.cli.tables import make_console
from workflows.brief import Brief


def test_a_command_follows_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new state is one line, and Ctrl-C ends the command alone, with its exit code and the id."""
    monkeypatch.setattr(context, "POLL_SECONDS", 0)
    out, err = io.StringIO(), io.StringIO()
    cli, states = Cli(out=make_console(out), err=make_console(err)), _states()
    with pytest.raises(typer.Exit) as caught, cli.interruptible("The batch continues: b1"):
        cli.follow(lambda: next(states), cli.warn_changes(), lambda state: state == "done")
    assert caught.value.exit_code == EXIT_INTERRUPTED
    assert (out.getvalue(), err.getvalue()) == ("\nThe batch continues: b1\n", "planned\nmade\n")


def _states() -> Iterator[str]:
    yield from ("planned", "planned", "made")
    raise KeyboardInterrupt


def test_lists_are_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A list of records is a JSON list, each record as it is alone."""
    brief = Brief(text="A post.", platform="copy", budget_usd="1.50")
    Cli().print_json([brief])
    assert json.loads(capsys.readouterr().out) == [json.loads(brief.model_dump_json())]
