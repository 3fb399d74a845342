"""A worker is killed 40 times while takes are made, judged and refined: no request is sent to the vendor a second time,
and no production costs more than its approved price."""

import logging
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from api.client.client import GreenlightClient, GreenlightError
from api.views.production import ProductionView
from deploy.local import Stack, running_stack
from tests.activities.judging.studio import Studio
from tests.support.film import approval, planned
from tests.support.stack import new_home
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN, until
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.judging.policy import Quality
from workflows.models import digest_of

pytestmark = pytest.mark.trial

KILLS: Final = 40
AT_ONCE: Final = 4
"""Productions under way, begun one after the other, so that a kill hits different steps of them."""
RUNS_FOR: Final = (0.2, 8.0)
"""Seconds of a worker's life once it polls: a picture needs about 3 s until its verdict."""
SEED: Final = 21
READS: Final = 100
ENDED: Final = (ProductionStatus.DELIVERED, ProductionStatus.NEEDS_ATTENTION, ProductionStatus.FAILED)
_log = logging.getLogger(__name__)


@pytest.fixture
def studio() -> Iterator[Studio]:
    with Studio() as vendor:
        vendor.slow_seconds = 0.3
        yield vendor


@pytest.fixture
def stack(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "GREENLIGHT_PLANNER": "template",
        "GREENLIGHT_RESUBMIT_BELOW_USD": "0",  # an ambiguous request is a person's decision, whatever it costs
    }
    home = new_home(tmp_path_factory.mktemp("judged") / "home")
    with running_stack(home, ports="free", environ={**os.environ, **env_of("openai", studio), **settings}) as stack:
        yield stack


class Trial:
    """Starts productions whose pictures lack two things at first, and reads what became of them."""

    def __init__(self, greenlight: GreenlightClient) -> None:
        self._greenlight = greenlight
        self.ids: list[str] = []
        self._open: list[str] = []

    def start(self) -> None:
        brief = Brief(
            text=f"Number {len(self.ids)}: a fox.",
            platform=Platform.DESIGN,
            requester="ana",
            quality=Quality(mode="advise", refinements=3, min_score=0.8),
        )
        production_id, plan = planned(self._greenlight, brief)
        assert plan.quality is not None
        self._greenlight.approve(production_id, approval(plan))
        self.ids.append(production_id)
        self._open.append(production_id)

    def views(self) -> list[ProductionView]:
        return [self._read(production_id) for production_id in self.ids]

    def open(self) -> int:
        """How many are under way; one that has ended stays so, because nobody answers."""
        self._open = [each for each in self._open if self._read(each).status not in ENDED]
        return len(self._open)

    def _read(self, production_id: str) -> ProductionView:
        """A read is repeated while no worker answers a query, or where a busy API drops the connection."""
        for _ in range(READS):
            try:
                return self._greenlight.get(production_id)
            except GreenlightError as error:
                if error.status not in (0, 503):
                    raise
                time.sleep(0.5)
        raise AssertionError(f"{production_id} cannot be read")


def test_forty_kills_bill_nothing_twice(stack: Stack, studio: Studio) -> None:
    """Each picture and each verdict is requested once, whenever the worker dies; what a dead worker may have paid waits
    for a person or is kept without a verdict. Refined pictures converge within the approved price."""
    rng = random.Random(SEED)
    with GreenlightClient(stack.info.api_url) as greenlight:
        trial = Trial(greenlight)
        for _ in range(KILLS):
            stack.supervisor.wait_ready("worker", 2 * WITHIN)
            if trial.open() < AT_ONCE:
                trial.start()
            time.sleep(rng.uniform(*RUNS_FOR))
            stack.supervisor.kill("worker")
        until(lambda: not trial.open(), "all productions are at rest")
        _check(trial.views(), studio)


def _check(views: list[ProductionView], studio: Studio) -> None:
    sent = Counter(digest_of(call.json) for call in studio.submissions)
    repeated = sum(count - 1 for count in sent.values())
    assets = [asset for view in views for asset in view.assets]
    matched = [asset for asset in assets if asset.verdict and asset.verdict.matches]
    unjudged = [asset for asset in assets if asset.verdict and asset.verdict.score is None]
    _log.info("%d productions: %s", len(views), dict(Counter(view.status.value for view in views)))
    _log.info("%d pictures and %d verdicts requested, %d again", studio.pictures, len(studio.verdicts), repeated)
    counts = (len(assets), sum(asset.takes for asset in assets), len(matched), len(unjudged))
    _log.info("%d assets with %d takes: %d match, %d unjudged", *counts)
    waiting = Counter(str(asset.attention) for asset in assets if asset.attention)
    _log.info("waiting for a person: %s", dict(waiting))
    _log.info("billed %s, on record %s", studio.billed_usd, sum(view.spent_usd for view in views))
    assert repeated == 0
    assert any(asset.takes > 1 for asset in matched)
    assert set(waiting) <= {"ambiguous_submission"}
    for view in views:
        assert view.plan is not None
        assert view.spent_usd <= view.plan.high_usd
    assert studio.billed_usd <= sum(view.plan.high_usd for view in views if view.plan)
