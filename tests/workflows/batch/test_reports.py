"""Reports of a production to its batch."""

import asyncio
from collections.abc import Callable

import pytest
from temporalio import workflow

from workflows.events import ProductionStatus, Report
from workflows.production.publishing import ReportQueue

STATUSES = [ProductionStatus.PRODUCING, ProductionStatus.FINISHING, ProductionStatus.DELIVERED]


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_report_is_sent_when_the_one_before_it_has_arrived(
    monkeypatch: pytest.MonkeyPatch, in_order: bool
) -> None:
    """Of two reports under way the server may deliver the last one first; a recorded history sends them as it did."""

    def patched(_: str) -> bool:
        return in_order

    monkeypatch.setattr(workflow, "patched", patched)
    under_way: list[tuple[ProductionStatus, Callable[[None], None]]] = []
    most, arrived = 0, []

    async def send(report: Report) -> None:
        nonlocal most
        done = asyncio.get_running_loop().create_future()
        under_way.append((report.status, done.set_result))
        most = max(most, len(under_way))
        await done
        arrived.append(report.status)

    queue = ReportQueue(send)
    reports = [Report(production_id="p", status=status) for status in STATUSES]
    tasks = [asyncio.create_task(task) for report in reports if (task := queue.add(report))]
    while len(arrived) < len(reports):
        await asyncio.sleep(0)
        if under_way:
            under_way.pop()[1](None)
    await asyncio.gather(*tasks)
    assert (arrived == STATUSES, most) == ((True, 1) if in_order else (False, 3))
    later = queue.add(reports[0])
    assert later
    later.close()
