"""An evaluation of three models over fifty cases on the whole stack: it outlives its worker, and stops at its cap."""

import json
import logging
import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from api.client.client import GreenlightClient
from api.views.evaluations import EvaluationBody
from deploy.local import Stack, running_stack
from tests.activities.judging.studio import THINGS, Studio
from tests.emulators.base import Call, Reply
from tests.support.stack import new_home
from tests.support.vendors import env_of
from tests.support.waiting import until
from workflows.evaluation.records import JUDGE_SCORE, EvaluationStatus, EvaluationView

pytestmark = pytest.mark.trial

CASES = 50
WEAK = "gpt-image-2"
_log = logging.getLogger(__name__)
MODELS = ("openai/gpt-image-2.5-flare", "openai/gpt-image-2.5-sunburst", f"openai/{WEAK}")
KILLED_AT = (10, 35, 60)
"""Takes that are made when the worker is killed."""


class Painters(Studio):
    """The studio, of whose models one never paints the last thing."""

    def _image(self, call: Call, body: dict[str, Any]) -> Reply:
        forgotten = {"prompt": str(body["prompt"]).replace("moon", "sky")} if body["model"] == WEAK else {}
        return super()._image(call, body | forgotten)


@pytest.fixture
def studio() -> Iterator[Painters]:
    with Painters() as vendor:
        yield vendor


@pytest.fixture
def stack(studio: Painters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = new_home(tmp_path_factory.mktemp("evaluation") / "home")
    with running_stack(home, ports="free", environ={**os.environ, **env_of("openai", studio)}) as stack:
        yield stack


def _cases() -> str:
    names = [*THINGS]
    lines = (f"Number {n}: a {names[n % 3]}, and beside it a {names[(n + 1) % 3]} with a moon" for n in range(CASES))
    return "\n".join(json.dumps({"prompt": line}) for line in lines)


def test_three_models_over_fifty_cases(stack: Stack, studio: Painters) -> None:
    """The workers are killed three times. The cap is never exceeded and counts all that the vendor billed; a higher one
    makes the rest. Nothing is submitted again but requests whose answers died with a worker."""
    with GreenlightClient(stack.info.api_url) as greenlight:
        body = EvaluationBody(
            cases=_cases(), models=MODELS, metrics=(JUDGE_SCORE, "cost", "seconds"), max_usd=Decimal(50), at_once=20
        )
        high = greenlight.start_evaluation(body.model_copy(update={"evaluation_id": "priced"})).view.high_usd
        greenlight.change_evaluation("priced", "cancel")
        _until(greenlight, "priced", EvaluationStatus.CANCELLED)
        before, sent = studio.billed_usd, len(studio.submissions)
        capped = body.model_copy(update={"evaluation_id": "trial", "max_usd": round(high / 4, 2)})
        greenlight.start_evaluation(capped)
        for made in KILLED_AT:
            _until_made(greenlight, made)
            stack.supervisor.kill("worker")
        view = _until(greenlight, "trial", EvaluationStatus.CAPPED)
        _report(view, studio.billed_usd - before)
        assert studio.billed_usd - before <= view.spent_usd <= capped.max_usd
        assert view.made < view.cells

        greenlight.start_evaluation(capped.model_copy(update={"max_usd": Decimal(50)}))
        view = _until(greenlight, "trial", EvaluationStatus.DONE)
        _report(view, studio.billed_usd - before)
        assert studio.billed_usd - before <= view.spent_usd <= view.high_usd
        assert view.made + view.failed == view.cells == len(MODELS) * CASES
        again = len(studio.submissions) - sent - 2 * view.cells  # beyond a picture and a verdict for each take
        _log.info("submitted again: %d", again)
        assert again <= len(KILLED_AT) * body.at_once
        figures = greenlight.evaluation_report("trial").figures
        scores = {f.column: f.interval for f in figures if f.metric == JUDGE_SCORE}
        assert (scores[2].high or 1) < (scores[0].low or 0)


def _until_made(greenlight: GreenlightClient, made: int) -> None:
    until(lambda: greenlight.evaluation("trial").made >= made, f"{made} takes")


def _until(greenlight: GreenlightClient, evaluation_id: str, status: EvaluationStatus) -> EvaluationView:
    until(lambda: greenlight.evaluation(evaluation_id).status is status, f"{evaluation_id} is {status.value}")
    return greenlight.evaluation(evaluation_id)


def _report(view: EvaluationView, billed: Decimal) -> None:
    facts = (view.status.value, view.made, view.failed, view.spent_usd, billed)
    _log.info("%s: %d made, %d failed, spent %s, billed %s", *facts)
