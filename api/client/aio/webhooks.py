# Translated from api/client/webhooks.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's endpoints of deliveries to webhooks."""

from collections.abc import AsyncGenerator
from urllib.parse import quote

from api.client.aio.transport import Transport, not_seen
from api.views.webhooks import GivenUpDelivery, GivenUpPage


class WebhookEndpoints(Transport):
    """Events that webhooks did not get."""

    async def given_up(self) -> AsyncGenerator[GivenUpDelivery]:
        """The deliveries that gave events up and were not resent since, the newest first."""
        seen: set[str] = set()
        async for page in self._pages("/webhooks/given-up", GivenUpPage, {"page_size": "200"}):
            for each in not_seen(page.deliveries, "delivery_id", seen):
                yield each

    async def resend(self, delivery_id: str) -> GivenUpDelivery:
        """Post the events that a delivery gave up once more, and retry them for a day."""
        return await self._request("POST", f"/webhooks/given-up/{quote(delivery_id, safe='')}/resend", GivenUpDelivery)
