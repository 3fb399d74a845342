"""Deliveries to webhooks over HTTP."""

from datetime import datetime

from pydantic import Field

from api.views.production import View


class GivenUpDelivery(View):
    """Events of a production that one of its webhooks did not get, although they were retried for a day."""

    delivery_id: str
    production_id: str
    url: str = Field(description="The address of the webhook")
    events: int = Field(description="The number of events that were given up")
    reasons: tuple[str, ...] = Field(description="For each of the first events, why its last attempt failed")
    given_up_at: datetime | None


class GivenUpPage(View):
    """A page of deliveries that gave events up, the newest first."""

    deliveries: tuple[GivenUpDelivery, ...]
    next_page_token: str | None = None
