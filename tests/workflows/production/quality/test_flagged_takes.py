"""A take that a moderation flags: no other model makes it, and nothing uses it, without a person's decision."""

from tests.activities.quality.labelled.rejected import rejected
from tests.workflows.production.state.states import QUOTE, approved, text
from workflows.activity_io import AssetFailure
from workflows.models import ZERO, Alternative, Asset
from workflows.production.state.changes import leave_out, select_take, takes_in_use
from workflows.production.state.record import Record
from workflows.production.state.takes import fail_take, start_take, use_fallback
from workflows.quality import Checks, Finding


def flagged() -> AssetFailure:
    finding = Finding(check="safety", hard=True, message="flagged as violence", value=1, limit=0)
    failure = rejected(ZERO)
    assert failure.rejected
    take = failure.rejected.model_copy(update={"checks": Checks(measured={"safety": 1.0}, findings=(finding,))})
    return failure.model_copy(update={"rejected": take, "message": finding.message})


def waiting() -> tuple[Record, Asset]:
    other = Alternative(provider="b", model="words", quote=QUOTE)
    record = approved(text(1, fallbacks=(other,)))
    asset = record.find("text-1")
    assert asset
    start_take(record, asset)
    return record, asset


def test_no_other_model_makes_what_was_flagged() -> None:
    """A failure that costs nothing goes to the next model, but not if the take was flagged."""
    record, _ = waiting()
    assert not use_fallback(record, "text-1", flagged())
    assert use_fallback(record, "text-1", rejected(ZERO))


def test_a_flagged_take_is_used_only_after_a_person_selects_it() -> None:
    """It is kept and in no deliverable; going on without it does not use it, and a person's selection does."""
    record, _ = waiting()
    fail_take(record, "text-1", flagged())
    assert takes_in_use(record) == {}
    assert record.assets["text-1"].attention == "output_unusable"
    leave_out(record, "text-1", by="ana")
    assert takes_in_use(record) == {}
    select_take(record, "text-1", 1, by="ana")
    assert takes_in_use(record) == {"text-1": 1}
    assert record.events[-1].data["by"] == "ana"
