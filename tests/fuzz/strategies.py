"""The strategies from which a simulated production is drawn."""

from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from tests.fuzz.answers import MODELS
from tests.fuzz.life import Life
from tests.fuzz.plain import TYPES, small
from workflows.brief import ApprovalPolicy, Brief, Platform

STEPS: Final = 40
PEOPLE: Final = ("ana", "bo", "cy")
ENDS: Final = (*("made",) * 12, "failed", "billed", "doubt", "doubt", "refused", "overcharged")
TIMES: Final = (*(1,) * 6, 3, 10)
"""Multiples of its price that a vendor charges; mostly one."""

asset_drafts = st.lists(
    st.tuples(st.sampled_from(TYPES), st.sampled_from(MODELS), st.sets(small, max_size=2), st.booleans()),
    min_size=1,
    max_size=4,
)
briefs = st.builds(
    lambda approvers, own, stills, budget, auto: Brief(
        text="x",
        platform=Platform.VIDEO,
        requester="ana",
        budget_usd=budget,
        approval=ApprovalPolicy(approvers=approvers, not_by_requester=own, stills_first=stills, auto_below_usd=auto),
    ),
    st.sampled_from((1, 1, 2)),
    st.booleans(),
    st.booleans(),
    st.sampled_from((None, None, Decimal("0.15"), Decimal(1))),
    st.sampled_from((None, None, None, Decimal("0.05"))),
)


def produced_once(lives: Life) -> bool:
    return bool(lives.state.assets)
