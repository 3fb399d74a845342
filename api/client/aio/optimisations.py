# Translated from api/client/optimisations.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's endpoints of optimisations of Greenlight's own prompts."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

from api.client.aio.transport import Transport, not_seen, query
from api.views.prompts.optimisations import ListedOptimisation, OptimisationBody, OptimisationPage
from workflows.optimisation.records import OptimisationView


class OptimisationEndpoints(Transport):
    """Optimisations: searches for better versions of prompts."""

    async def start_optimisation(
        self, body: OptimisationBody, *, idempotency_key: str | None = None
    ) -> OptimisationView:
        """Start an optimisation; it is checked and priced first. The same optimisation_id pays for nothing twice."""
        return await self._request("POST", "/optimisations", OptimisationView, body=body, key=idempotency_key)

    async def optimisation(self, optimisation_id: str) -> OptimisationView:
        """The state of an optimisation."""
        return await self._request("GET", f"/optimisations/{quote(optimisation_id, safe='')}", OptimisationView)

    async def optimisations(self, *, page_size: int = 50) -> AsyncGenerator[ListedOptimisation]:
        """Optimisations; pages are requested when needed."""
        seen: set[str] = set()
        async for page in self._pages("/optimisations", OptimisationPage, query(page_size=page_size)):
            for each in not_seen(page.optimisations, "optimisation_id", seen):
                yield each

    async def cancel_optimisation(self, optimisation_id: str) -> OptimisationView:
        """Stop it; what was asked is paid."""
        return await self._request("POST", f"/optimisations/{quote(optimisation_id, safe='')}/cancel", OptimisationView)
