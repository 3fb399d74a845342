"""Refuse paid work in a store without conditional writes: the check before a claim, and the failure after one."""

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.errors import StoreUnsupported
from activities.storage.bucket import Storage
from activities.storage.probe import mark_unsupported, support_of
from activities.takes.attempt import (
    STORAGE_RETRY,
    application_error,
    failure_of,
    final_error,
    retry_later,
)
from activities.takes.ledger import Entry


async def check_store(storage: Storage, offer: Offer, entry: Entry | None) -> None:
    """Check before a claim that two workers cannot both succeed with it.

    Raises:
        ApplicationError: final if the store does not honour conditional writes, so that a reviewer decides;
            retryable if it could not be probed.
    """
    if offer.free:
        return
    support = await support_of(storage)
    if support.state == "unsupported":
        raise final_error(StoreUnsupported(support.problem), entry)
    if support.state == "unreachable":
        raise retry_later(f"storage: {support.problem}", STORAGE_RETRY, "storage_unavailable")


def unrecordable(storage: Storage, offer: Offer, entry: Entry | None, job_id: object) -> ApplicationError:
    """The failure of a take whose ledger the store does not write any more.

    Args:
        entry: The ledger entry. An open submission may be billed, so it stays ambiguous.
        job_id: The job in the provider's response, which the ledger may not have.
    """
    problem = mark_unsupported(storage)
    if entry is None or not entry.is_open or offer.free:
        return final_error(StoreUnsupported(problem), entry)
    message = f"the request of {entry.last.at:%H:%M:%S} UTC may be billed, and its end could not be recorded: {problem}"
    failure = failure_of(StoreUnsupported(message), entry, "ambiguous_submission", maybe_billed=True)
    return application_error(failure.model_copy(update={"job_id": failure.job_id or job_id}))
