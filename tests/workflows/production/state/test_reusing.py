"""Which takes of a production may be those of another one."""

from typing import Any

import pytest

from tests.workflows.production.state.states import approved, take, text
from workflows.production.state.changes import queue_takes
from workflows.production.state.plans.reusing import reuse_terms
from workflows.production.state.record import Record
from workflows.production.state.takes import complete_take, start_take


def reusing(*assets: Any) -> Record:
    record = approved(*assets)
    record.brief = record.brief.model_copy(update={"reuse": True})
    return record


def test_assets_with_the_same_prompt_get_takes_of_their_own() -> None:
    """Each of several alike assets has its place among them, so that a reusing production has as many takes."""
    record = reusing(text(1), text(2), text(3, prompt="Another. "), text(4))
    assert [reuse_terms(record, record.find(f"text-{n}") or text(n)).twin for n in (1, 2, 3, 4)] == [0, 1, 0, 2]


@pytest.mark.parametrize("requested", [False, True])
def test_a_take_that_a_person_requests_is_new(*, requested: bool) -> None:
    """The first take may be reused, where the brief allows it. A further one from the same request is new, and so is
    every one that a person requested, also where the asset has none yet."""
    record = reusing(text(1))
    asset = record.find("text-1") or text(1)
    assert reuse_terms(record, asset).allowed
    if requested:
        record.log("take_requested", "text-1", by="ana")
        queue_takes(record, "text-1")
    else:
        start_take(record, asset)
        complete_take(record, "text-1", take(asset))
    assert not reuse_terms(record, asset).allowed
    if not requested:  # another model, such as that of the finals, or a better prompt
        assert reuse_terms(record, asset.model_copy(update={"model": "finer"})).allowed
    record.brief = record.brief.model_copy(update={"reuse": False})
    assert not reuse_terms(record, asset.model_copy(update={"model": "finer"})).allowed
