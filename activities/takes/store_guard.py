"""Paid work only in a store that honours conditional writes: the check before a claim, and the failure after one."""

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.errors import StoreUnsupported
from activities.storage.bucket import Storage
from activities.storage.probe import disproved, support_of
from activities.takes.attempt import STORAGE_RETRY, again, ended, failure_of, final_error
from activities.takes.ledger import Entry


async def check_store(storage: Storage, offer: Offer, entry: Entry | None) -> None:
    """Check before a claim that two workers cannot both get it.

    Raises:
        ApplicationError: final where the store does not honour conditional writes, so that a person decides;
            retryable where it could not be probed.
    """
    if offer.free:
        return
    support = await support_of(storage)
    if support.state == "unsupported":
        raise final_error(StoreUnsupported(support.problem), entry)
    if support.state == "unreachable":
        raise again(f"storage: {support.problem}", STORAGE_RETRY, "storage_unavailable")


def unrecordable(storage: Storage, offer: Offer, entry: Entry | None, job_id: object) -> ApplicationError:
    """The failure of a take whose ledger the store does not write any more.

    Args:
        entry: What the ledger says. Its submission, where one is open, may be billed: it stays in doubt.
        job_id: The job that the provider answered with, which the ledger may not hold.
    """
    problem = disproved(storage)
    if entry is None or not entry.is_open or offer.free:
        return final_error(StoreUnsupported(problem), entry)
    words = f"the request of {entry.last.at:%H:%M:%S} UTC may be billed, and its end could not be recorded: {problem}"
    failure = failure_of(StoreUnsupported(words), entry, "ambiguous_submission", maybe_billed=True)
    return ended(failure.model_copy(update={"job_id": failure.job_id or job_id}))
