"""The verdicts of an evaluation are priced before anything is paid, and all takes of a kind have the same judge."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.evaluation.judges import judging_problem
from activities.evaluation.prepare import Preparation
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from tests.activities.evaluation.test_prepare import IMAGES, start
from tests.support.vendor import Vendor
from workflows.evaluation.records import Cell, EvaluationStart, Prepared

PAINTERS = ("vendor/gift", "openai/gpt-image-2.5-flare")
TEXTS = '{"prompt": "A line about trains"}\n{"prompt": "A line about boats"}'
LUNA, SOL = "openai/gpt-6-luna", "openai/gpt-6-sol"


def providers(*keys: str) -> Mapping[str, Provider]:
    found = build_providers(ActivitySettings(), dict.fromkeys(keys, "x"))
    return {**found, "previz": Previz({}), "vendor": Vendor()}


def prepared(wanted: EvaluationStart, *keys: str, **settings: Any) -> tuple[Prepared, list[Cell]]:
    found, pages = Preparation(wanted, providers(*keys), ActivitySettings(**settings)).run()
    return found, [cell for page in pages for cell in page]


def judges(cells: list[Cell]) -> set[str]:
    return {cell.asset.review.judge for cell in cells if cell.asset.review}


def refusal(wanted: EvaluationStart, *keys: str) -> tuple[str, str]:
    with pytest.raises(ApplicationError) as caught:
        prepared(wanted, *keys)
    return str(caught.value.details[0]), caught.value.message


def test_a_verdict_is_part_of_the_price_only_where_it_is_selected() -> None:
    """Each cell holds the high price of its verdict; without the metric there is none, and it is no default."""
    given = {"max_usd": Decimal(5)}
    plain, _ = prepared(start(IMAGES, *PAINTERS, **given), "OPENAI_API_KEY")
    assert "judge_score" not in plain.metrics
    found, cells = prepared(start(IMAGES, *PAINTERS, metrics=("judge_score",), **given), "OPENAI_API_KEY")
    verdicts = sum(cell.verdict_usd for cell in cells)
    assert all(cell.verdict_usd > 0 for cell in cells)
    assert found.high_usd == plain.high_usd + verdicts == sum(column.high_usd for column in found.columns)
    assert judges(cells) == {LUNA}


def test_the_cap_covers_the_verdicts_of_one_case() -> None:
    """Free pictures whose verdicts cost money need a cap, and one below a case is refused with the amount."""
    wanted = start(IMAGES, "vendor/gift", metrics=("judge_score",))
    field, message = refusal(wanted, "OPENAI_API_KEY")
    assert field == "max_usd"
    least = Decimal(message.partition("give at least ")[2].partition(",")[0])
    assert prepared(wanted.model_copy(update={"max_usd": least}), "OPENAI_API_KEY")


def test_no_evaluated_model_judges_where_another_can() -> None:
    """The judge of texts is none of the models that write them; all of them have the same one."""
    wanted = start(TEXTS, LUNA, metrics=("judge_score",), max_usd=Decimal(5))
    assert judges(prepared(wanted, "OPENAI_API_KEY")[1]) == {SOL}
    both = start(TEXTS, LUNA, SOL, metrics=("judge_score",), max_usd=Decimal(5))
    found = judges(prepared(both, "OPENAI_API_KEY")[1])
    assert len(found) == 1
    assert not found & {LUNA, SOL}


def test_naming_a_judge_selects_the_metric() -> None:
    """A named judge judges everything that it can, and is refused where no metric has its score."""
    wanted = start(IMAGES, "vendor/gift", judge=SOL, max_usd=Decimal(5))
    found, cells = prepared(wanted, "OPENAI_API_KEY")
    assert "judge_score" in found.metrics
    assert judges(cells) == {SOL}
    assert refusal(wanted.model_copy(update={"metrics": ("cost",)}), "OPENAI_API_KEY")[0] == "judge"
    field, message = refusal(wanted.model_copy(update={"judge": "openai/no-such"}), "OPENAI_API_KEY")
    assert (field, "choose from" in message) == ("judge", True)


def test_placeholders_are_not_judged() -> None:
    """Takes of previz have the reason instead of a price; where no take is judged, the metric is refused."""
    wanted = start(IMAGES, "previz-storyboard", "vendor/gift", metrics=("judge_score",), max_usd=Decimal(5))
    _, cells = prepared(wanted, "OPENAI_API_KEY")
    assert ["placeholders" in cell.unjudged for cell in cells] == [True, False] * 2
    assert "placeholders" in refusal(start(IMAGES, "previz-storyboard", metrics=("judge_score",)), "OPENAI_API_KEY")[1]


def test_a_worker_without_judges_names_the_keys() -> None:
    """Without a model that can judge, the list of metrics and the refusal name the variables to set."""
    assert "set OPENAI_API_KEY" in judging_problem(providers(), ActivitySettings())
    assert judging_problem(providers("OPENAI_API_KEY"), ActivitySettings()) == ""
    assert "GREENLIGHT_JUDGE" in judging_problem(providers("OPENAI_API_KEY"), ActivitySettings(judge="openai/gone"))
    field, message = refusal(start(IMAGES, "vendor/gift", metrics=("cost", "judge_score"), max_usd=Decimal(1)))
    assert (field, "set OPENAI_API_KEY" in message) == ("metrics[1]", True)
