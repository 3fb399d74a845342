"""Errors of the API as the command prints them."""

import re
from pathlib import Path

import pytest

from api.cli.error_text import field_line, lines_of, title_of, translate
from api.client.errors import FieldProblem, GreenlightError
from api.problems import (
    _REFUSALS,
    FieldError,
    Problem,
    unknown_batch,
    unknown_production,
    unknown_schedule,
    wrong_phase,
)
from tests import ROOT

JARGON = re.compile(r"/api/v1|\b\w+_(usd|id|ids|digest|prices)\b|`?plan_ready|: true\b")


def error_of(problem: Problem) -> GreenlightError:
    details = problem.problem
    fields = [FieldProblem.model_validate(each.model_dump()) for each in details.errors]
    return GreenlightError(details.title, details.detail, status=details.status, errors=fields)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (unknown_production("nobody"), "there is no production 'nobody'; `greenlight list` shows them"),
        (unknown_batch("b"), "there is no batch 'b'; `greenlight batches` shows them"),
        (unknown_schedule("s"), "there is no schedule 's'; `greenlight schedule list` shows them"),
        (
            wrong_phase(
                "p", "planning", "the production is planning and has no plan", "wait for the event `plan_ready`"
            ),
            "the production is planning and has no plan; wait for the plan with `greenlight watch`",
        ),
        (
            Problem.of_field("budget_usd", "is too low", "send a higher budget_usd"),
            "--budget: is too low; give a higher --budget",
        ),
    ],
)
def test_an_error_names_commands_and_options(problem: Problem, line: str) -> None:
    """An error is one line that names options and commands, and nothing of the HTTP API."""
    assert lines_of(error_of(problem)) == [line]


@pytest.mark.parametrize("remedy", [remedy for _, remedy in _REFUSALS.values()])
def test_every_remedy_is_for_the_terminal(remedy: str) -> None:
    """No default remedy of a refusal keeps the name of a field or an address after its translation."""
    assert not JARGON.search(translate(remedy)), translate(remedy)


def test_no_message_of_the_api_has_jargon() -> None:
    """No remedy in the sources of the API keeps an address or a field after its translation."""
    sources = [
        *(ROOT / "api" / "routes").glob("*.py"),
        ROOT / "api" / "auth" / "caller.py",
        ROOT / "api" / "problems.py",
    ]
    texts = [text for path in sources for text in re.findall(r'"((?:GET|send|give|choose|post) [^"{}]+)"', read(path))]
    assert len(texts) > 10
    assert [translate(text) for text in texts if re.search(r"/api/v1", translate(text))] == []


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_several_fields_are_a_line_each() -> None:
    """Each field of a problem is a line, and a detail that only repeats them is left out."""
    two = [
        FieldError(field="cron", message="is invalid", remedy="give five fields"),
        FieldError(field="timezone", message="is not known", remedy="give a name"),
    ]
    problem = error_of(Problem.of_fields(two))
    assert lines_of(problem) == ["--cron: is invalid; give five fields", "--timezone: is not known; give a name"]


def test_a_detail_with_more_is_kept() -> None:
    """A detail that says more than its fields is the first line."""
    fields = [FieldProblem(field="rows[3].brief.text", message="row 4: text is empty", remedy="give a text")]
    error = GreenlightError("Invalid request", "1 of 9 rows cannot be made, so none is started", errors=fields)
    assert lines_of(error) == ["1 of 9 rows cannot be made, so none is started", "row 4: text is empty; give a text"]
    assert title_of(error) == "The request is invalid"


@pytest.mark.parametrize(
    ("field", "option"),
    [
        ("languages[0]", "--language: "),
        ("approval.auto_below_usd", "--auto-below: "),
        ("brief.budget_usd", "--budget: "),
        ("references[1].source", "--reference: "),
        ("production_id", ""),
        ("edits[0].prompt", "--prompt: "),
        ("unheard_of", "unheard_of: "),
    ],
)
def test_fields_are_options(field: str, option: str) -> None:
    """A field has the name of its option; an id that the message names itself has none."""
    assert field_line(field, "is wrong", "fix it") == f"{option}is wrong; fix it"
