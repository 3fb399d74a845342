"""ProductionWorkflow: the life of one production."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.events import ProductionStart, Progress, Receipt, Snapshot
    from workflows.models import Decision, Plan, PlanEdit, Regenerate, Resolve, Revision, SelectTake


@workflow.defn(name=keys.WORKFLOW_TYPE)
class ProductionWorkflow:
    """Signatures first; the body follows."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None: ...

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        raise NotImplementedError

    @workflow.signal
    async def approve(self, approval: Any) -> None: ...

    @workflow.signal
    async def reject(self, rejection: Any) -> None: ...

    @workflow.update
    async def decide(self, decision: Decision) -> Receipt:
        raise NotImplementedError

    @workflow.update
    async def edit_plan(self, edit: PlanEdit) -> Plan:
        raise NotImplementedError

    @workflow.update
    async def revise(self, revision: Revision) -> Plan:
        raise NotImplementedError

    @workflow.update
    async def regenerate(self, request: Regenerate) -> Receipt:
        raise NotImplementedError

    @workflow.update
    async def resolve(self, resolution: Resolve) -> Receipt:
        raise NotImplementedError

    @workflow.update
    async def select_take(self, selection: SelectTake) -> Receipt:
        raise NotImplementedError

    @workflow.query
    def progress(self, after: int) -> Progress:
        raise NotImplementedError

    @workflow.query
    def snapshot(self) -> Snapshot:
        raise NotImplementedError
