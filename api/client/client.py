"""The typed Python client of Greenlight's HTTP API; other services import it or copy it.

    with GreenlightClient() as greenlight:
        production = greenlight.start(Brief(text="A 20 second film about a lighthouse.", platform="video"))
        for event in greenlight.events(production.production_id):
            print(event.name, event.asset_id)

It needs httpx, pydantic and the pure records of `workflows`; neither FastAPI nor Temporal.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import httpx
from pydantic import ValidationError

from api.client.batches import BatchEndpoints
from api.client.decisions import DecisionEndpoints
from api.client.errors import GreenlightError, ResponseLost, Unreachable, WrongInstance
from api.client.evaluations import EvaluationEndpoints
from api.client.events import EventEndpoints
from api.client.grants import GrantEndpoints
from api.client.media import MediaEndpoints
from api.client.optimisations import OptimisationEndpoints
from api.client.prompts import PromptEndpoints
from api.client.references import ReferenceEndpoints
from api.client.transport import not_seen, production_path, query
from api.client.voice import VoiceEndpoints
from api.client.webhooks import WebhookEndpoints
from api.views.platforms import LanguageView, PlatformsView
from api.views.production import ListedProduction, ProductionPage, ProductionView, Ready, SessionView, Started
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.provider_report import ProvidersReport
from workflows.servers.diagnosis import Diagnoses

__all__ = ["GreenlightClient", "GreenlightError", "ResponseLost", "Unreachable", "WrongInstance"]

GENERATE_TIMEOUT: Final = httpx.Timeout(130.0, connect=5.0)
"""The API waits 120 s for the plan."""


class GreenlightClient(
    DecisionEndpoints,
    EventEndpoints,
    MediaEndpoints,
    ReferenceEndpoints,
    VoiceEndpoints,
    BatchEndpoints,
    GrantEndpoints,
    EvaluationEndpoints,
    WebhookEndpoints,
    PromptEndpoints,
    OptimisationEndpoints,
):
    """All endpoints of the API, synchronously. Use it in a `with` block, or call `close`."""

    def session(self) -> SessionView:
        """The owner of this client's API key, their tenant and their roles."""
        return self._request("GET", "/session", SessionView)

    def start(self, brief: Brief, *, idempotency_key: str | None = None) -> Started:
        """Start a production: it plans, then waits for an approval. The same key names the same production."""
        return self._request("POST", "/productions", Started, body=brief, key=idempotency_key)

    def generate(
        self,
        brief: Brief,
        *,
        max_usd: Decimal,
        allow_unknown_prices: bool = False,
        idempotency_key: str | None = None,
    ) -> ProductionView:
        """Plan and approve in one call; only planning is paid when the plan's high price is above `max_usd`.

        Args:
            allow_unknown_prices: Also plan and use models of unknown price, which `max_usd` cannot limit.
        """
        body: dict[str, Any] = {"brief": brief.model_dump(mode="json"), "max_usd": str(max_usd)}
        if allow_unknown_prices:
            body["allow_unknown_prices"] = True
        return self._request(
            "POST", "/generate", ProductionView, body=body, key=idempotency_key, timeout=GENERATE_TIMEOUT
        )

    def get(self, production_id: str) -> ProductionView:
        """A production: its status, brief, plan, assets, costs and deliverable."""
        return self._request("GET", production_path(production_id), ProductionView)

    def list(
        self,
        *,
        status: ProductionStatus | None = None,
        platform: Platform | None = None,
        tenant: str | None = None,
        provider: str | None = None,
        words: str | None = None,
        prefix: str | None = None,
        page_size: int = 50,
    ) -> Iterator[ListedProduction]:
        """The productions that match, open ones first, then by when they closed; pages are requested when needed.

        Args:
            provider: It makes assets of the plan.
            words: Each of them is in the title, the id or the requester's name.
            prefix: The ids begin with it.
        """
        params = query(
            status=status,
            platform=platform,
            tenant=tenant,
            provider=provider,
            words=words,
            prefix=prefix,
            page_size=page_size,
        )
        seen: set[str] = set()
        for page in self._pages("/productions", ProductionPage, params):
            yield from not_seen(page.productions, "production_id", seen)

    def providers(self) -> ProvidersReport:
        """The workers' providers with their models; those that are not enabled have a reason."""
        return self._request("GET", "/providers", ProvidersReport)

    def diagnose(self) -> Diagnoses:
        """The result of real requests of a worker that cost nothing, one for each part of the installation."""
        return self._request("POST", "/diagnosis", Diagnoses, timeout=GENERATE_TIMEOUT)

    def platforms(self) -> PlatformsView:
        """The platforms, the modalities that each of them allows, and the providers of each modality."""
        return self._request("GET", "/platforms", PlatformsView)

    def detect_language(self, text: str) -> LanguageView:
        """The language that a text is written in, where it is certain."""
        return self._request("POST", "/languages/detect", LanguageView, body={"text": text})

    def ready(self) -> Ready:
        """The state of each server that the API needs; there is a response also when one of them is missing."""
        with self._raise_unreachable():
            response = self._http.get("/readyz")
        try:
            return Ready.model_validate_json(response.content)
        except ValidationError:
            detail = f"{self.url}/readyz returned no readiness report; does GREENLIGHT_URL name a Greenlight API?"
            raise GreenlightError("Not a Greenlight API", detail, status=response.status_code) from None
