"""A worker that loses the pollers of one task queue in the middle of a production, on a whole stack."""

import os
from pathlib import Path

import pytest

from api.client.client import GreenlightClient
from deploy import local
from deploy.local import running_stack
from tests.support.film import BRIEF, approval, planned
from tests.support.servers.linux import needs_linux
from tests.support.stack import new_home
from tests.support.waiting import until
from tests.worker.polling import deaf_worker
from workflows.events import ProductionStatus

pytestmark = [
    pytest.mark.trial,
    needs_linux,
]


def test_the_production_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker notices the lost pollers, ends, is started again, and the production is delivered."""
    monkeypatch.setattr(local, "WORKER", deaf_worker.MODULE)
    mark = tmp_path / "deaf"
    said: list[str] = []
    environ = {**os.environ, deaf_worker.VARIABLE: str(mark)}
    with running_stack(new_home(tmp_path / "home"), ports="free", environ=environ, say=said.append) as stack:
        until(mark.exists, "a deaf worker")
        with GreenlightClient(stack.info.api_url) as client:
            production_id, plan = planned(client, BRIEF)
            client.approve(production_id, approval(plan))
            events = list(client.events(production_id))  # until its end, after three to six checks of 75 s
            assert client.get(production_id).status is ProductionStatus.DELIVERED
        assert stack.supervisor.pid("worker") != int(mark.read_text())
        log = stack.supervisor.log("worker").read_text()
    assert "asset_complete" in {event.name for event in events}
    assert "Temporal has received no poll from this process for produce-previz (activity tasks)" in log
    assert sum("worker ended with exit code 1; starting it again" in line for line in said) == 1
