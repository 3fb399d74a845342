"""The report: figures with intervals, differences over the same cases, pairs, pages and comparisons."""

import pytest

from tests.workflows.evaluation.samples import AT, result, start, state
from workflows.evaluation.html import render_report
from workflows.evaluation.progress import EvaluationProgress
from workflows.evaluation.records import CellResult
from workflows.evaluation.report import EvaluationReport, FullSummary, compare, make_report
from workflows.models import Modality
from workflows.provider_report import MetricInfo

METRICS = (
    MetricInfo(name="wer", title="Word error rate", better="lower", modalities=(Modality.IMAGE,)),
    MetricInfo(name="clean", title="Clean", better="higher", modalities=(Modality.IMAGE,), share=True),
    MetricInfo(name="unused", title="Unused", better="higher", modalities=(Modality.IMAGE,)),
)


def report(results: list[CellResult], columns: int = 2) -> EvaluationReport:
    view = EvaluationProgress(start(state=state(columns))).view()
    return make_report(view, results, METRICS, AT)


def results(shift: float = 0.0) -> list[CellResult]:
    found = []
    for line in range(1, 11):
        found.append(result(2 * line - 1, line, 0, wer=line / 10 + shift, clean=1))
        found.append(result(2 * line, line, 1, wer=line / 10 + 0.2 + 0.001 * line + shift, clean=float(line > 2)))
    return found


def test_figures_have_intervals_and_shares_are_shares() -> None:
    """A mean has Student's interval, a share Wilson's, and a metric without a value is left out."""
    made = report(results())
    assert [m.name for m in made.metrics] == ["wer", "clean"]
    figures = {(f.metric, f.column): f.interval for f in made.figures}
    assert figures["wer", 0].mean == pytest.approx(0.55)
    assert [figures["clean", 0].low, figures["clean", 0].high] == pytest.approx([0.7225, 1], abs=1e-3)
    assert figures["clean", 1].mean == 0.8


def test_models_are_compared_over_the_same_cases() -> None:
    """The difference of 0.2 between two models is clear over pairs, also where some takes failed."""
    rows = results()
    rows[3] = result(4, 2, 1, failure="refused")
    (wer,) = (d for d in report(rows).differences if d.metric == "wer")
    assert (wer.column, wer.to, wer.difference.n, wer.difference.paired) == (1, 0, 9, True)
    assert wer.difference.clear


def test_pairs_are_made_of_takes_that_exist() -> None:
    """Three models make three pairs of a case, and a failed take is in none."""
    cells = [result(1, 1, 0), result(2, 1, 1), result(3, 1, 2), result(4, 2, 0), result(5, 2, 1, failure="refused")]
    pairs = report(cells, columns=3).pairs()
    assert {(p.first, p.second) for p in pairs} == {(0, 1), (0, 2), (1, 2)}
    assert len({p.pair_id for p in pairs}) == 3


def test_the_page_escapes_every_text() -> None:
    """Neither a prompt nor a failure nor a label becomes markup, and the page loads nothing."""
    rows = [*results(), result(99, 11, 0, failure="<script>alert(1)</script>")]
    page = render_report(report(rows))
    assert "<b>boat" not in page
    assert "<script" not in page
    assert "http" not in page
    assert "+0.2055 against the first" in page


def test_the_summary_for_people_has_no_cases() -> None:
    """The response of the API has the figures and the votes, and the cases come in pages."""
    assert "cases" not in FullSummary.model_fields
    stored = report(results()).model_dump_json(exclude_defaults=True)
    assert EvaluationReport.model_validate_json(stored) == report(results())


def test_two_evaluations_are_compared_in_pairs() -> None:
    """A shift of 0.05 between two evaluations of the same cases is clear for each model."""
    found = compare(report(results()), report(results(0.05)))
    assert found.same_cases == 10
    rows = {(row.metric, row.model): row for row in found.rows}
    shifted = rows["wer", "vendor/now?n=0"].difference
    assert shifted.paired
    assert shifted.mean == pytest.approx(0.05)
    assert rows["clean", "vendor/now?n=1"].difference.mean == 0


def test_other_cases_are_compared_as_independent() -> None:
    """Without the same cases, the values of the evaluations are independent."""
    other = [r.model_copy(update={"prompt": "Another"}) for r in results(0.05)]
    found = compare(report(results()), report(other))
    assert found.same_cases == 0
    assert not found.rows[0].difference.paired
    assert not found.rows[0].difference.clear
