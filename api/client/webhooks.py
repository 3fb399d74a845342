"""The client's endpoints of deliveries to webhooks."""

from collections.abc import Iterator
from urllib.parse import quote

from api.client.transport import Transport, not_seen
from api.views.webhooks import GivenUpDelivery, GivenUpPage


class WebhookEndpoints(Transport):
    """Events that webhooks did not get."""

    def given_up(self) -> Iterator[GivenUpDelivery]:
        """The deliveries that gave events up and were not resent since, the newest first."""
        seen: set[str] = set()
        for page in self._pages("/webhooks/given-up", GivenUpPage, {"page_size": "200"}):
            yield from not_seen(page.deliveries, "delivery_id", seen)

    def resend(self, delivery_id: str) -> GivenUpDelivery:
        """Post the events that a delivery gave up once more, and retry them for a day."""
        return self._request("POST", f"/webhooks/given-up/{quote(delivery_id, safe='')}/resend", GivenUpDelivery)
