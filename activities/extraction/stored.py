"""Extractions in the bucket: written once under their digest, and reviewed by people."""

from temporalio.exceptions import ApplicationError

from activities.storage.bucket import Storage
from activities.storage.extractions import read_extraction
from workflows import keys
from workflows.activity_io import FIELDS_REFUSED
from workflows.extraction.fields import Extraction, ExtractionSummary
from workflows.extraction.review import ReviewExtraction, ReviewRefused, reviewed, summary_of
from workflows.models import digest_of


async def store_extraction(
    storage: Storage, production_id: str, extraction: Extraction, reviews: int = 0
) -> ExtractionSummary:
    """The summary of the extraction, which is stored under its digest."""
    digest = digest_of(extraction.model_dump(mode="json"))
    key = keys.extraction_key(production_id, extraction.reference, digest)
    if await storage.head(key) is None:
        await storage.put_unpaid(key, extraction.model_dump_json().encode(), "application/json")
    return summary_of(extraction, key, digest, reviews)


async def review_extraction(request: ReviewExtraction, storage: Storage) -> ExtractionSummary:
    """Apply a person's review to a stored extraction, and store the result.

    Raises:
        ApplicationError: type FIELDS_REFUSED, not retried; the message names the field and the remedy.
    """
    before = await read_extraction(storage, request.extraction.key)
    try:
        after = reviewed(before, request.changes, request.accept, request.reviewer, request.at)
    except ReviewRefused as error:
        raise ApplicationError(str(error), type=FIELDS_REFUSED, non_retryable=True) from None
    return await store_extraction(storage, request.production_id, after, request.extraction.reviews + 1)
