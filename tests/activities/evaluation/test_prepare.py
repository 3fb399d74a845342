"""Cases and models are checked and priced before anything is paid; what does not fit is named with its remedy."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.evaluation.prepare import PAGE_BYTES, Preparation
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from tests.support.vendor import Vendor
from tests.workflows.evaluation.samples import AT
from workflows.evaluation.cases import MAX_CELLS, parse_cases, parse_model
from workflows.evaluation.records import EVALUATION_REFUSED, CellPage, EvaluationStart

PROVIDERS: Mapping[str, Provider] = {"previz": Previz({}), "vendor": Vendor()}
SETTINGS = ActivitySettings()


def start(cases: str, *models: str, **given: Any) -> EvaluationStart:
    return EvaluationStart.model_validate(
        {
            "evaluation_id": "e-1",
            "cases": parse_cases(cases),
            "models": tuple(map(parse_model, models)),
            "created_at": AT,
            **given,
        }
    )


def refusal(wanted: EvaluationStart) -> tuple[str, str]:
    with pytest.raises(ApplicationError) as caught:
        Preparation(wanted, PROVIDERS, SETTINGS).run()
    assert (caught.value.type, caught.value.non_retryable) == (EVALUATION_REFUSED, True)
    return str(caught.value.details[0]), caught.value.message


IMAGES = '{"prompt": "A boat", "id": "boat"}\n{"prompt": "A tower"}'


def test_each_case_is_made_by_each_model_of_its_modality() -> None:
    """Two modalities, three models: the cells are numbered from 1 case by case, with prices."""
    cases = '{"prompt": "A boat", "modality": "image"}\n{"prompt": "Hello there", "modality": "audio"}'
    wanted = start(cases, "vendor/now", "previz-storyboard", "previz-narration?rate=200", max_usd=Decimal(1))
    prepared, pages = Preparation(wanted, PROVIDERS, SETTINGS).run()
    cells = [cell for page in pages for cell in page]
    assert [(c.number, c.case.line, c.asset.provider) for c in cells] == [
        (1, 1, "vendor"),
        (2, 1, "previz"),
        (3, 2, "previz"),
    ]
    assert [c.cells for c in prepared.columns] == [1, 1, 1]
    assert (prepared.cases, prepared.cells, prepared.high_usd) == (2, 3, Decimal("0.40"))
    assert cells[2].asset.parameters == {"rate": 200}
    assert "loudness" in prepared.metrics
    assert "wer" not in prepared.metrics


def test_the_ids_of_takes_do_not_name_the_model() -> None:
    """Two models make takes whose ids show only the case, and each has its own."""
    _, pages = Preparation(start(IMAGES, "vendor/now", "vendor/gift", max_usd=Decimal(2)), PROVIDERS, SETTINGS).run()
    ids = [cell.asset.asset_id for page in pages for cell in page]
    assert len(set(ids)) == 4
    assert not any("vendor" in each or "now" in each for each in ids)


@pytest.mark.parametrize(
    ("models", "given", "field", "message"),
    [
        (("nope/x",), {}, "models[0]", "'nope/x' is no model of the enabled providers; choose from"),
        (("vendor/now", "vendor/gone"), {}, "models[1]", "choose from vendor/now"),
        (("vendor/now", "vendor/now"), {}, "models[1]", "named twice"),
        (("vendor/gift", "previz-narration"), {}, "cases", 'line 1: modality: the models make several; add "modality"'),
        (("vendor/gift?quality=1",), {}, "cases", "line 1: with vendor/gift?quality=1: parameters.quality"),
        (("vendor/gift",), {"metrics": ("size",)}, "metrics[0]", "'size' is no metric; choose from cost"),
        (("vendor/gift",), {"metrics": ("fid",)}, "metrics[0]", "'fid' is not available: "),
        (("vendor/gift",), {"metrics": ("cost", "pace")}, "metrics[1]", "'pace' fits no case: it measures audio"),
        (("vendor/gift",), {"transcriber": parse_model("previz-text")}, "transcriber", "does not write down"),
        (("vendor/now",), {"max_usd": Decimal("0.39")}, "max_usd", "give at least 0.40, or 0.80 for all cases"),
        (("vendor/now",), {}, "max_usd", "one case with all models costs up to 0.40 USD, and max_usd is 0.00"),
        (("vendor/now", "vendor/later"), {"max_usd": Decimal("0.79")}, "max_usd", "up to 0.80 USD"),
    ],
)
def test_a_refusal_names_the_field_and_the_remedy(
    models: tuple[str, ...], given: dict[str, Any], field: str, message: str
) -> None:
    """Each mistake has its own message, before anything is paid."""
    found = refusal(start(IMAGES, *models, **given))
    assert found[0] == field
    assert message in found[1]


def test_a_metric_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its packages, dnsmos is refused with the extra that installs them, and is no default."""
    monkeypatch.setattr("activities.evaluation.metrics.dnsmos.is_installed", lambda _: False)
    voices = ('{"prompt": "Hello there"}', "previz-narration")
    assert refusal(start(*voices, metrics=("dnsmos",))) == (
        "metrics[0]",
        "'dnsmos' is not available: install greenlight[dnsmos] for the worker",
    )
    prepared, _ = Preparation(start(*voices), PROVIDERS, SETTINGS).run()
    assert "dnsmos" not in prepared.metrics
    monkeypatch.setattr("activities.evaluation.metrics.dnsmos.is_installed", lambda _: True)
    monkeypatch.setattr("activities.evaluation.metrics.dnsmos.weights", lambda: Path("/no/sig_bak_ovr.onnx"))
    assert "its weights sig_bak_ovr.onnx are absent" in refusal(start(*voices, metrics=("dnsmos",)))[1]


def test_a_model_without_a_case_is_refused() -> None:
    """A model that no case is for would be a column without a value."""
    cases = '{"prompt": "A boat", "modality": "image"}'
    field, message = refusal(start(cases, "vendor/gift", "previz-text"))
    assert (field, "no case is for 'previz-text'" in message) == ("models", True)


def test_a_case_without_a_model_names_its_line() -> None:
    """A case of a modality that no model makes is named by its line."""
    cases = '{"prompt": "A boat", "modality": "image"}\n{"prompt": "x", "modality": "video"}'
    assert refusal(start(cases, "vendor/gift"))[1].startswith("line 2: modality: no model here makes video")


def test_the_limit_of_takes_is_stated() -> None:
    """1,000 cases with six models are refused with the limit, before anything is priced."""
    wanted = start('{"prompt": "x"}\n' * 1_000, "vendor/gift")
    labels = tuple(wanted.models[0].model_copy(update={"label": str(n)}) for n in range(6))
    assert f"at most {MAX_CELLS:,}" in refusal(wanted.model_copy(update={"models": labels}))[1]


def test_pages_split_no_case_and_stay_small() -> None:
    """Long prompts make more pages, each below its limit."""
    cases = "\n".join('{"prompt": "%s"}' % ("word " * 1_500) for _ in range(60))
    _, pages = Preparation(start(cases, "vendor/gift", "previz-storyboard"), PROVIDERS, SETTINGS).run()
    assert len(pages) > 2
    for page in pages:
        assert len(CellPage(cells=page).model_dump_json(exclude_defaults=True)) < 1.5 * PAGE_BYTES
        lines = [cell.case.line for cell in page]
        assert all(lines.count(line) == 2 for line in lines)
