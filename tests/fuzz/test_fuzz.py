"""Fuzzed requests to the running API, and productions with any order of events; `make fuzz` runs more of both."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.answers import MODELS, made_up, priced
from tests.fuzz.lives import play
from tests.fuzz.plain import IDS, TYPES, PlainPlan, edits, op, small
from tests.fuzz.rest import at_rest
from tests.fuzz.sending import fuzz
from tests.fuzz.stack import fuzzed_stack
from workflows.brief import Brief, Platform
from workflows.models import Plan
from workflows.production.state import policies
from workflows.production.state.plans import plan_diff
from workflows.production.state.policies import PlanProblem

CASES = 50
LIVES = 50
SEED = 1
FILM = Brief(text="x", platform=Platform.VIDEO)

plans = st.lists(st.tuples(small, small, st.booleans()), min_size=1, max_size=5).map(
    lambda drafts: Plan.of(
        "a plan",
        [
            made_up(IDS[n], TYPES[kind % 3], MODELS[model % 5], (IDS[n - 1],) if n and linked else (), f"words {n}")
            for n, (kind, model, linked) in enumerate(drafts)
        ],
    )
)


@pytest.mark.trial
def test_whatever_is_asked(tmp_path: Path) -> None:
    """No request makes the API fail or violate its description, and none leaves a production stuck."""
    with fuzzed_stack(tmp_path) as stack:
        pids = stack.supervisor.pids()
        outcome = fuzz(stack.info.api_url, CASES, SEED)
        rest = asyncio.run(at_rest(stack.info))
        assert stack.supervisor.pids() == pids
    assert outcome.findings == []
    assert rest.problems == []
    assert outcome.cases == CASES
    assert len(outcome.operations) > 40
    assert {200, 202, 404, 409, 422} <= set(outcome.statuses)


def test_lives() -> None:
    """In any order of decisions and ended takes, digests, money, takes and records are as the model expects."""
    assert play(LIVES, SEED) == ""


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(plan=plans, asked=edits)
def test_edits_and_their_diff(plan: Plan, asked: list[tuple[str, int, int]]) -> None:
    """An edited plan equals a list of dictionaries after the same edits, and its diff lists the differences."""
    before = priced(plan, ())
    ops = [op(*each, [a.asset_id for a in before.assets]) for each in asked]
    try:
        after = policies.apply_edits(FILM, before, ops)
    except PlanProblem:
        return
    wanted = PlainPlan.of(before)
    wanted.apply(ops)
    assert PlainPlan.of(after) == wanted
    lines = plan_diff.changes(before, after)
    assert bool(lines) == (PlainPlan.of(before).text != wanted.text)
    assert texts_of(before, lines) == {"title": wanted.title, **{r["id"]: r["prompt"] for r in wanted.records}}


def texts_of(before: Plan, lines: list[Any]) -> dict[str, str]:
    """The title and the prompts of a plan after the changes of the lines."""
    found = {"title": before.title, **{a.asset_id: a.prompt for a in before.assets}}
    for line in lines:
        match line["field"]:
            case "title":
                found["title"] = line["after"]
            case "dropped":
                del found[line["asset_id"]]
            case "added" | "prompt":
                found[line["asset_id"]] = line["after"]
    return found
