"""Previews as workflows. A module of its own: each production's run imports its module anew, in its sandbox."""

from temporalio import workflow

from workflows.production.workflow import ProductionWorkflow

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.events import ProductionStart, Snapshot


@workflow.defn(name=keys.PREVIEW_TYPE)
class PreviewWorkflow(ProductionWorkflow):
    """A preview is a production in everything but its name: lists of productions leave it out."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        return await super().run(start)
