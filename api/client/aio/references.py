# Translated from api/client/references.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's endpoints of what was read in the references of a production."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import httpx

from api.client.aio.transport import Transport, production_path
from api.views.fields import FieldsView
from api.views.references import ReferencesView, ReferenceView
from workflows.events import Receipt
from workflows.requests import PartChange

_ANALYSIS_TIMEOUT = httpx.Timeout(310.0, connect=5.0)
"""The API waits 300 s for a model's report."""


class ReferenceEndpoints(Transport):
    """References of a production."""

    async def references(self, production_id: str) -> ReferencesView:
        """The references of a production, each with a summary of what was read in it."""
        return await self._request("GET", production_path(production_id, "references"), ReferencesView)

    async def reference(self, production_id: str, number: int) -> ReferenceView:
        """One reference with all parts of its analysis."""
        return await self._request("GET", production_path(production_id, "references", str(number)), ReferenceView)

    async def correct_reference(
        self, production_id: str, number: int, changes: Sequence[PartChange], *, editor: str = "someone"
    ) -> Receipt:
        """Change parts of an analysis, or strike them out."""
        listed = [{"part_id": each.part_id, "text": each.text} for each in changes]
        path = production_path(production_id, "references", str(number))
        return await self._request("PATCH", path, Receipt, body={"changes": listed, "editor": editor})

    async def analyse_reference(
        self, production_id: str, number: int, max_usd: Decimal, *, requested_by: str = "someone"
    ) -> Receipt:
        """Read a reference again, for at most `max_usd`."""
        body = {"max_usd": str(max_usd), "requested_by": requested_by}
        path = production_path(production_id, "references", str(number), "analyse")
        return await self._request("POST", path, Receipt, body=body, timeout=_ANALYSIS_TIMEOUT)

    async def fields(self, production_id: str, number: int) -> FieldsView:
        """The extracted fields of a document."""
        return await self._request(
            "GET", production_path(production_id, "references", str(number), "fields"), FieldsView
        )

    async def review_fields(
        self,
        production_id: str,
        number: int,
        changes: Mapping[str, str | None],
        accept: Sequence[str] = (),
        *,
        reviewer: str = "someone",
    ) -> Receipt:
        """Correct fields (path -> value, None for no value), and accept others as they are; '*' for all that wait."""
        listed = [{"path": path, "value": value} for path, value in changes.items()]
        body = {"changes": listed, "accept": list(accept), "reviewer": reviewer}
        return await self._request(
            "PATCH", production_path(production_id, "references", str(number), "fields"), Receipt, body=body
        )
