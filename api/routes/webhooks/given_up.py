"""Routes of the events that webhooks did not get: their list, and their resending."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import CurrentCaller, ServicesDep
from api.pagination import PageSize, PageToken, decode_token, encode_token
from api.problems import documented, unknown_delivery
from api.views.production import PREFIX
from api.views.webhooks import GivenUpDelivery, GivenUpPage

router = APIRouter(prefix=f"{PREFIX}/webhooks/given-up", tags=["webhooks"], responses=documented(422, 503))

DeliveryId = Annotated[
    str, Path(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["20261120-1a2b3c4d-0-1"])
]


@router.get("")
async def list_given_up(
    services: ServicesDep, caller: CurrentCaller, page_size: PageSize = 50, page_token: PageToken = None
) -> GivenUpPage:
    """Deliveries to webhooks that gave events up and were not resent since, a page at a time, the newest first.

    They are listed as long as Temporal keeps closed runs. A page may hold few of them, and still have a token.
    """
    found, following = await services.notifications.list_given_up(caller.tenant, page_size, decode_token(page_token))
    return GivenUpPage(deliveries=tuple(found), next_page_token=encode_token(following))


@router.post("/{delivery_id}/resend", status_code=202, responses=documented(404, 409))
async def resend(services: ServicesDep, caller: CurrentCaller, delivery_id: DeliveryId) -> GivenUpDelivery:
    """Post the events that a delivery gave up once more, with the same `webhook-id`, and retry them for a day."""
    if not caller.owns(delivery_id):
        raise unknown_delivery(delivery_id)
    return await services.notifications.resend(delivery_id)
