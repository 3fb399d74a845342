"""The client's endpoints of optimisations of Greenlight's own prompts."""

from collections.abc import Iterator
from urllib.parse import quote

from api.client.transport import Transport, not_seen, query
from api.views.prompts.optimisations import ListedOptimisation, OptimisationBody, OptimisationPage
from workflows.optimisation.records import OptimisationView


class OptimisationEndpoints(Transport):
    """Optimisations: searches for better versions of prompts."""

    def start_optimisation(self, body: OptimisationBody, *, idempotency_key: str | None = None) -> OptimisationView:
        """Start an optimisation; it is checked and priced first. The same optimisation_id pays for nothing twice."""
        return self._request("POST", "/optimisations", OptimisationView, body=body, key=idempotency_key)

    def optimisation(self, optimisation_id: str) -> OptimisationView:
        """The state of an optimisation."""
        return self._request("GET", f"/optimisations/{quote(optimisation_id, safe='')}", OptimisationView)

    def optimisations(self, *, page_size: int = 50) -> Iterator[ListedOptimisation]:
        """Optimisations; pages are requested when needed."""
        seen: set[str] = set()
        for page in self._pages("/optimisations", OptimisationPage, query(page_size=page_size)):
            yield from not_seen(page.optimisations, "optimisation_id", seen)

    def cancel_optimisation(self, optimisation_id: str) -> OptimisationView:
        """Stop it; what was asked is paid."""
        return self._request("POST", f"/optimisations/{quote(optimisation_id, safe='')}/cancel", OptimisationView)
