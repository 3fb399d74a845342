"""The file of cases, and the names of models with parameters."""

import pytest

from workflows.evaluation.cases import MAX_CASES, LineError, parse_cases, parse_model
from workflows.models import Modality


def problems(text: str) -> list[str]:
    with pytest.raises(ExceptionGroup) as caught:
        parse_cases(text)
    assert all(isinstance(error, LineError) for error in caught.value.exceptions)
    return [str(error) for error in caught.value.exceptions]


def test_a_line_is_a_case() -> None:
    """Empty lines are skipped, a line without an id has its number, and a separator inside a prompt is no new line."""
    text = '\ufeff{"prompt": "A boat", "id": "boat", "modality": "image"}\n\n{"prompt": "A\u2028B"}\r\n'
    first, second = parse_cases(text)
    assert (first.case_id, first.line, first.modality) == ("boat", 1, Modality.IMAGE)
    assert (second.case_id, second.line, second.prompt) == ("3", 3, "A\u2028B")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{", "line 2: is not JSON"),
        ("[1]", "line 2: is not a JSON object"),
        ('"text"', "line 2: is not a JSON object"),
        ('{"promt": "x"}', "line 2: prompt"),
        ('{"prompt": "x", "promt": "y"}', "line 2: promt"),
        ('{"prompt": "  "}', "line 2: prompt"),
        ('{"prompt": 5}', "line 2: prompt"),
        ('{"prompt": "x", "modality": "smell"}', "line 2: modality"),
        ('{"prompt": "x", "id": ""}', "line 2: id"),
        ('{"prompt": "x", "aspect": "5:4"}', "line 2: aspect"),
        ('{"prompt": "x", "expected": "words"}', "line 2: expected"),
        ('{"prompt": "x", "line": 9}', "line 2: line: is no field"),
        ('{"prompt": "x", "id": 1}', "line 2: id: '1' is the id of line 1"),
        ('{"prompt": NaN}', "line 2: prompt"),
        ('{"prompt": "x", "prompt": "y"}', "line 2: is not JSON ('prompt' is given twice)"),
        (
            '{"prompt": "x", "expected": {"texts": "y"}}',
            "line 2: expected.texts: Extra inputs are not permitted; the fields are text,",
        ),
        ('{"prompt": "x", "parameters": {"rate": NaN}}', "line 2: parameters: a number"),
        ('{"prompt": "x", "parameters": {"rate": [1e999]}}', "line 2: parameters: a number"),
        ('{"prompt": "x", "parameters": {"voice": "\\ud800"}}', "line 2: parameters: a text"),
        ('{"prompt": "x", "id": null}', "line 2: id: is neither"),
        ('{"prompt": "x", "id": ["a"]}', "line 2: id: is neither"),
        ('{"prompt": "x", "id": "a\\u0000b"}', "line 2: id"),
    ],
)
def test_a_broken_line_is_named(line: str, named: str) -> None:
    """The message begins with the number of the line and the field, and ends with a remedy."""
    (problem,) = problems(f'{{"prompt": "good", "id": 1}}\n{line}\n')
    assert problem.startswith(named)
    assert "; " in problem


def test_every_broken_line_is_named_at_once() -> None:
    """Two broken lines are two problems."""
    assert [p.partition(":")[0] for p in problems('nope\n{"prompt": "x"}\n{}')] == ["line 1", "line 3"]


@pytest.mark.parametrize("field", ["promt", "parameters"])
def test_a_line_of_many_levels_is_a_broken_line(field: str) -> None:
    """Where the parser of Python gives up, the line is named as any other."""
    nested = "[" * 100_000 + "]" * 100_000
    (problem,) = problems(f'{{"prompt": "x", "{field}": {{"a": {nested}}}}}')
    assert problem.startswith("line 1: ")


def test_a_file_of_broken_lines_is_read_no_further_than_they_are_named() -> None:
    """Each limit ends the reading: the first broken lines are named, and too many lines are counted, not parsed."""
    assert [p.partition(":")[0] for p in problems("{x\n" * 900)] == [f"line {n}" for n in range(1, 21)]
    assert "there are 100,000 cases" in problems("{x\n" * 100_000)[0]


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_no_case_is_an_error(text: str) -> None:
    """A file without a case is refused, with an example of one."""
    assert "write one JSON object per line" in problems(text)[0]


def test_the_limit_is_stated() -> None:
    """More cases than possible are refused with the limit."""
    assert "at most 1,000" in problems('{"prompt": "x"}\n' * (MAX_CASES + 1))[0]


def test_models_have_parameters() -> None:
    """Values are JSON where they are, and texts otherwise."""
    found = parse_model(' replicate/a/b-1.1?rate=200&voice=en-gb&fast=true&size="1" ')
    assert found.name == "replicate/a/b-1.1"
    assert found.parameters == {"rate": 200, "voice": "en-gb", "fast": True, "size": "1"}
    assert parse_model("previz?rate=NaN").parameters == {"rate": "NaN"}
    assert found.label == 'replicate/a/b-1.1?rate=200&voice=en-gb&fast=true&size="1"'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("previz?rate", "'rate' has no value"),
        ("?a=1", "names no model"),
        ("previz?a=1&a=2", "'a' is given twice"),
        ("p" * 250, "at most 200 characters; write"),
    ],
)
def test_a_broken_model_is_named(text: str, named: str) -> None:
    """The message names the part that is wrong."""
    with pytest.raises(ValueError, match=named):
        parse_model(text)
