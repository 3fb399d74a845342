"""The accounts of grants: what agents have released, next to the accounts of planning in the bucket."""

from typing import Final

from temporalio.exceptions import ApplicationError

from activities.storage.bucket import Storage
from activities.takes.accounts.account import AccountFile, Cap, LimitReached
from workflows import keys
from workflows.activity_io import GRANT_SHORT, ReserveGrant
from workflows.agents.grants import Grant
from workflows.models import ZERO

REMEDY: Final = "ask a person to grant more"
NO_GRANT: Final = Cap(ZERO, "what people granted this agent", REMEDY)
ASSETS: Final = "assets"
"""The entry of a production for all that an approved plan may cost; its other entries are questions of planning."""


def grant_cap(grant: Grant) -> Cap:
    return Cap(grant.usd, f"the grant {grant.grant_id}", REMEDY)


def grant_file(storage: Storage, grant: Grant, production_id: str, day: str) -> AccountFile:
    """The account of a grant for a production, or for a day (UTC)."""
    return AccountFile(storage, keys.grant_account(grant.tenant, grant.grant_id, grant.period_of(production_id, day)))


async def reserve_grant(request: ReserveGrant, storage: Storage) -> None:
    """Count the budget of a production against the grant. A repetition counts once, with the higher amount.

    Raises:
        ApplicationError: type GRANT_SHORT, not retried. StorageFailed: the activity has to be retried.
    """
    grant, production_id = request.grant, request.production_id
    file = grant_file(storage, grant, production_id, request.day)
    try:
        await file.reserve(f"{production_id}/{ASSETS}", request.usd, [grant_cap(grant)], production_id)
    except LimitReached as error:
        raise ApplicationError(str(error), type=GRANT_SHORT, non_retryable=True) from None
