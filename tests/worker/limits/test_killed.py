"""An in-flight limit over the worker processes of a whole stack, which are killed while takes are made."""

import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from api.client.client import GreenlightClient
from tests.chaos.servers.proxy import S3Faults
from tests.chaos.servers.stack import Running, started
from tests.emulators.replicate import Prediction, ReplicateEmulator
from tests.support.servers import small_worker
from tests.support.vendors import env_of
from tests.support.waiting import until
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.models import Modality

pytestmark = pytest.mark.trial

LIMIT = 2
PRODUCTIONS = 6
KILLS = 6


class Studio(ReplicateEmulator):
    """Counts the predictions that run when another one is created."""

    def __init__(self) -> None:
        super().__init__(polls=3)
        self.most = 0

    def add(self, model: str, given: dict[str, Any], **more: Any) -> Prediction:
        made = super().add(model, given, **more)
        self.most = max(self.most, sum(p.polls < self.polls and not p.cancelled for p in self.predictions))
        return made

    def has(self, predictions: int) -> bool:
        return len(self.predictions) >= predictions


@pytest.fixture
def studio() -> Iterator[Studio]:
    with Studio() as vendor:
        yield vendor


@pytest.fixture
def running(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("limits") / "home"
    more = {**env_of("replicate", studio), "GREENLIGHT_IN_FLIGHT": f"replicate={LIMIT}"}
    worker = (sys.executable, "-m", small_worker.MODULE)
    with started(home, more, commands=True, workers=2, s3_faults=S3Faults(), seed="limits", worker=worker) as stack:
        yield stack


def test_the_limit_holds_while_workers_are_killed(running: Running, studio: Studio) -> None:
    """Two worker processes are killed in turn, six times. No more than LIMIT predictions run at any moment, all
    productions are delivered, and each picture is submitted once."""
    with GreenlightClient(running.info.api_url) as greenlight:
        briefs = (Brief(text=f"A lighthouse, number {n}.", platform=Platform.SOCIAL_POST) for n in range(PRODUCTIONS))
        ids = [greenlight.generate(brief, max_usd=Decimal(5)).production_id for brief in briefs]
        for kill in range(KILLS):
            until(partial(studio.has, kill + 1), f"{kill + 1} predictions")
            running.supervisor.kill(running.workers[kill % 2])
        running.wait_ready()
        until(lambda: all(greenlight.get(i).status is ProductionStatus.DELIVERED for i in ids), "all are delivered")
        assets = [asset for production_id in ids for asset in greenlight.get(production_id).assets]
    pictures = [asset for asset in assets if asset.asset_type is Modality.IMAGE]
    assert studio.most <= LIMIT
    assert {asset.provider for asset in pictures} == {"replicate"}
    assert len(studio.predictions) == sum(asset.takes for asset in pictures) >= PRODUCTIONS
    assert not studio.problems
