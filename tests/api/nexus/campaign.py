"""A workflow of another team, in its own namespace. deploy/README.md shows it."""

from typing import Any

from temporalio import workflow


@workflow.defn
class Campaign:
    """Orders what a campaign needs, and ends with the deliverable."""

    @workflow.run
    async def run(self, order: dict[str, Any]) -> dict[str, Any]:
        studio = workflow.create_nexus_client(service="greenlight", endpoint=order["endpoint"])
        made: dict[str, Any] = await studio.execute_operation(
            order.get("operation", "produce"),
            order["brief"],  # as for POST /api/v1/productions
            output_type=dict[str, Any],
            headers={"Idempotency-Key": order["key"]} if "key" in order else {},
        )
        return made
