"""The parts of a series: how a catalogue is divided, and what the account grants, without any server."""

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.takes.accounts.account import Account, LimitReached
from activities.takes.accounts.series import opened, reserved, returned
from api.cli.batch_file import BatchFileError, read_items
from api.problems import Problem
from api.views.batches import BatchBody
from api.views.series.parts import as_rows
from workflows.brief import Brief
from workflows.series.accounts import OpenSeries, ReservePart, ReturnPart
from workflows.series.items import MAX_ITEMS, MAX_PART_BYTES, Item, split_items

SERIES = {"tenant": "default", "series_id": "s"}
FIRST = {**SERIES, "number": 1}
STEPS = st.lists(
    st.tuples(st.sampled_from(["reserve", "spend", "return", "old run"]), st.sampled_from("abc"), st.integers(0, 9)),
    max_size=40,
)


def items(count: int, text: str = "A mug") -> list[Item]:
    return [Item(key=f"k{n}", text=text) for n in range(count)]


@pytest.mark.parametrize(
    ("count", "most", "lengths"),
    [
        (0, 500, []),
        (500, 500, [500]),
        (501, 500, [251, 250]),
        (5_000, 500, [500] * 10),
        (7, 3, [3, 3, 1]),
        (2, 1, [1, 1]),
    ],
)
def test_a_catalogue_is_divided_in_its_order(count: int, most: int, lengths: list[int]) -> None:
    """Parts have at most the given number of items, are as few as possible, and keep the order."""
    made = [*split_items(items(count), most)]
    assert [len(part) for part in made] == lengths
    assert [item for part in made for item in part] == items(count)


def test_long_prompts_make_smaller_parts() -> None:
    """The plan of a part stays below the limit of a plan, also with long prompts in a script of three bytes."""
    made = [*split_items(items(300, "杯" * 2_000))]
    assert all(sum(item.bytes for item in part) <= MAX_PART_BYTES for part in made)
    assert sum(map(len, made)) == 300


@given(STEPS)
def test_what_is_spent_never_exceeds_the_budget(steps: list[tuple[str, str, int]]) -> None:
    """Whatever parts reserve, spend and return, also runs that know an older grant, all that was spent fits the
    budget."""
    account = opened(Account(), OpenSeries(budget_usd=Decimal(20), parts={"a": Decimal(5), "b": Decimal(5)}, **FIRST))
    spent = dict.fromkeys("abc", Decimal(0))
    numbers = dict.fromkeys("abc", 1)
    for step, part, usd in steps:
        number = numbers[part] - 1 if step == "old run" else numbers[part]
        request = {**SERIES, "production_id": part, "number": number}
        with suppress(LimitReached):
            if step == "return":
                account = returned(account, ReturnPart(usd=spent[part], **request))
                numbers[part] += 1
            else:
                account = reserved(account, ReservePart(usd=spent[part] + usd, **request))
                assert number == account.entries[f"{part}/assets"].tries or number == 0
                spent[part] += Decimal(usd)
        assert sum(spent.values()) <= account.taken_usd() <= 20


def test_the_budget_holds_all_parts_or_none() -> None:
    """A budget below the parts with their planning is refused; exactly that is enough, and a part alone gets nothing
    before."""
    parts = {"a": Decimal("0.05"), "b": Decimal("0.05")}
    with pytest.raises(LimitReached, match=r"may cost 0\.10 USD .* of 0\.10 or more"):
        opened(Account(), OpenSeries(budget_usd=Decimal("0.0999"), parts=parts, **FIRST))
    with pytest.raises(LimitReached, match="not approved yet"):
        reserved(Account(), ReservePart(production_id="a", usd=Decimal("0.01"), **SERIES))
    assert opened(Account(), OpenSeries(budget_usd=Decimal("0.10"), parts=parts, **FIRST)).taken_usd() == Decimal(
        "0.10"
    )


def test_items_become_parts() -> None:
    """The items of a request become rows with a title of their own, which share its defaults."""
    sent = {"items": items(5), "part_size": 2, "defaults": {"platform": "design", "text": "Mugs", "title": "Autumn"}}
    body = as_rows(BatchBody.model_validate(sent))
    assert body.series
    assert [(row.key, row.brief["title"]) for row in body.rows] == [
        ("part-1", "Autumn 1-2"),
        ("part-2", "Autumn 3-4"),
        ("part-3", "Autumn 5"),
    ]
    brief = Brief.model_validate({**body.defaults, **body.rows[1].brief})
    assert [item.key for item in brief.items] == ["k2", "k3"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rows"),
        ({"rows": [{"brief": {}}], "items": items(1)}, "rows"),
        ({"items": [*items(1), *items(1)]}, "items"),
        ({"items": items(1), "approve": True}, "approve"),
        ({"items": items(1_001), "part_size": 1}, "part_size"),
    ],
)
def test_impossible_series_are_refused(body: dict[str, object], field: str) -> None:
    """The refusal names the field."""
    with pytest.raises(Problem) as refused:
        as_rows(BatchBody.model_validate(body))
    assert refused.value.problem.errors[0].field == field


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"platform": "video"}, "items: they are pictures"),
        ({"modalities": ["text"]}, "items: they are pictures"),
        ({"items": [*items(1), *items(1)]}, "items: two of them have the key 'k0'"),
        ({"items": items(MAX_ITEMS + 1)}, "at most 500 items"),
    ],
)
def test_impossible_items_are_refused(changes: dict[str, object], words: str) -> None:
    """Items are pictures with keys of their own, at most 500 in one brief."""
    with pytest.raises(ValidationError, match=words):
        Brief.model_validate({"text": "Mugs", "platform": "design", "items": items(2), **changes})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("key,text,platform\na,A mug,design\n", "row 1 has 'platform'; a picture has only a key and a text"),
        ("key,text\na,A mug\n,A cup\n", "row 2: key"),
        ("key\na\n", "row 1: text"),
    ],
)
def test_a_file_of_pictures_is_checked(tmp_path: Path, content: str, words: str) -> None:
    """Each row of a catalogue has a key and a text; the error names the row."""
    file = tmp_path / "products.csv"
    file.write_text(content)
    with pytest.raises(BatchFileError, match=words):
        read_items(file)
    file.write_text("key,text\na,A mug\n")
    assert read_items(file) == [Item(key="a", text="A mug")]
