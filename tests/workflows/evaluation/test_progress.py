"""The money and the counts of an evaluation."""

from decimal import Decimal

from tests.workflows.evaluation.samples import cell, start, state
from workflows.evaluation.progress import EvaluationProgress, details_of
from workflows.evaluation.records import EvaluationRefusal, EvaluationStatus


def running(max_usd: str, columns: int = 1) -> EvaluationProgress:
    return EvaluationProgress(start(max_usd, state=state(columns)))


def status_of(progress: EvaluationProgress) -> EvaluationStatus:
    return progress.status


def test_a_case_is_reserved_whole_or_not_at_all() -> None:
    """Two takes of 0.40 do not fit 0.79 USD, and hold nothing then."""
    progress = running("0.79")
    assert not progress.reserve((cell(1), cell(2)))
    assert progress.left_usd == Decimal("0.79")
    assert progress.reserve((cell(1),))
    assert progress.left_usd == Decimal("0.39")


def test_takes_under_way_hold_their_price() -> None:
    """What was reserved and not spent is free again when the take is finished."""
    progress = running("0.80")
    assert progress.reserve((cell(1), cell(2)))
    assert not progress.reserve((cell(3),))
    progress.book(cell(1), Decimal("0.10"))
    progress.finish(cell(1))
    assert progress.left_usd == Decimal("0.30")


def test_what_is_free_needs_no_money() -> None:
    """A free take starts also where the cap is spent, and where a bill was above its price."""
    progress = running("0.40")
    progress.book(cell(1), Decimal("0.90"))
    assert progress.reserve((cell(2, "0"),))
    assert not progress.reserve((cell(3, "0.01"),))


def test_a_higher_price_is_held_only_within_the_cap() -> None:
    """A price that rose is held instead of the old one, as far as the cap allows."""
    progress = running("1.00")
    assert progress.reserve((cell(1), cell(2)))
    assert progress.hold(cell(1), Decimal("0.60"))
    assert progress.left_usd == 0
    assert not progress.hold(cell(2), Decimal("0.41"))


def test_failures_are_counted_and_named() -> None:
    """Each model has its own counts and cost, and only the first failures are named."""
    progress = running("100", columns=2)
    for number in range(1, 31):
        progress.book(cell(number, column=1), Decimal("0.40"))
        progress.finish(cell(number, column=1), "refused")
    progress.finish(cell(31))
    view = progress.view()
    assert (view.made, view.failed, view.spent_usd) == (1, 30, Decimal("12.00"))
    assert (view.progress[1].failed, view.progress[1].spent_usd, view.progress[0].made) == (30, Decimal("12.00"), 1)
    assert len(view.failures) == 20
    assert view.failures[0].model == "vendor/now?n=1"
    assert view.version > 60


def test_the_status_follows_the_state() -> None:
    """Before it is prepared, while it runs or is paused, and at its end."""
    progress = EvaluationProgress(start())
    assert status_of(progress) is EvaluationStatus.PREPARING
    progress.refused = (EvaluationRefusal(field="max_usd", least_usd=Decimal(2)), "too low; give more")
    refused = progress.view()
    assert (refused.status, refused.field, refused.least_usd) == (EvaluationStatus.REFUSED, "max_usd", Decimal(2))
    progress = running("1")
    assert status_of(progress) is EvaluationStatus.RUNNING
    progress.change(paused=True)
    assert status_of(progress) is EvaluationStatus.PAUSED
    progress.step = EvaluationStatus.REPORTING
    assert status_of(progress) is EvaluationStatus.REPORTING
    progress.step = EvaluationStatus.DONE
    progress.change(capped=True)
    assert status_of(progress) is EvaluationStatus.CAPPED
    assert "higher max_usd" in progress.view().message
    progress.change(cancelled=True)
    assert status_of(progress) is EvaluationStatus.CANCELLED


def test_the_details_name_every_model() -> None:
    """The Temporal UI shows a row for each model, whose bars cannot break the table."""
    text = details_of(running("1", columns=3).view())
    assert text.count("| vendor/now?n=") == 3
