"""The fields that were extracted from a document: shown with their places, corrected and accepted by people."""

from fastapi import APIRouter
from pydantic import ConfigDict, ValidationError

from api.deps import CurrentCaller, KnownId, RequestKey, Services, ServicesDep, keyed
from api.problems import Problem, documented, unavailable
from api.routes.read_references.analyses import Number, known_reference
from api.temporal import updates
from api.views.fields import FieldsView, fields_view
from api.views.production import PREFIX
from workflows.events import Receipt, Snapshot
from workflows.extraction.fields import Extraction
from workflows.requests import ReviewBody, ReviewFields

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["productions"], responses=documented(404, 409, 422, 503))


class FieldsReview(ReviewBody):
    """A review of fields."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"changes": [{"path": "total", "value": "119.00 EUR"}], "accept": ["line_items.1.amount"]}]
        }
    )


@router.get("/{production_id}/references/{number}/fields")
async def get_fields(services: ServicesDep, production_id: KnownId, number: Number) -> FieldsView:
    """The extracted fields of a document with their confidence, page and words, the rules, and what waits for a
    review. 404 where its `use` is not extract."""
    snapshot = await known_reference(services, production_id, number)
    return fields_view(snapshot, await _extraction(services, snapshot, number))


@router.patch("/{production_id}/references/{number}/fields")
async def review_fields(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    number: Number,
    body: FieldsReview,
    key: RequestKey = None,
) -> Receipt:
    """Correct extracted fields, or accept them as they are. Each correction records who made it.

    A production that waits for the review continues when nothing waits any more. After the plan, assets that used the
    document are marked stale; the files of the platform `document` are written again.
    """
    await known_reference(services, production_id, number)
    request = ReviewFields(reference=number, **dict(body))
    return await services.productions.update(production_id, updates.REVIEW_FIELDS, keyed(caller.sign(request), key))


async def _extraction(services: Services, snapshot: Snapshot, number: int) -> Extraction:
    """
    Raises:
        Problem: 404 where no fields were extracted; 503 where the object is missing or damaged.
    """
    summary = next((each.extraction for each in snapshot.analyses if each.reference == number), None)
    if summary is None:
        detail = f"No fields were extracted from reference-{number}; give it the use extract."
        raise Problem(404, "no-fields", detail)
    content = await services.vault.content(summary.key)
    try:
        return Extraction.model_validate_json(content or b"")
    except ValidationError:
        detail = f"{summary.key} in the bucket cannot be read; restore it, or update the API."
        raise unavailable("record-unreadable", detail) from None
