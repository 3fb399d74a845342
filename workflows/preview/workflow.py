"""The workflow of previews. It has its own module, because the sandbox imports a workflow's module for each run."""

from temporalio import workflow

from workflows.production.workflow import ProductionWorkflow

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.events import ProductionStart, Snapshot


@workflow.defn(name=keys.PREVIEW_TYPE)
class PreviewWorkflow(ProductionWorkflow):
    """A production of another workflow type, so lists of productions exclude it."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        return await super().run(start)
