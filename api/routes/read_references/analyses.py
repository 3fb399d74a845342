"""What was read in the references of a production: shown with its sources, corrected by people, read again."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Path
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.deps import CurrentCaller, KnownId, RequestKey, Services, ServicesDep, keyed
from api.problems import Problem, documented, unavailable
from api.temporal import updates
from api.views.production import PREFIX
from api.views.references import ReferencesView, ReferenceView, reference_view
from workflows import keys
from workflows.events import Receipt, Snapshot
from workflows.models import Money, Person
from workflows.references.analysis import Analysis
from workflows.requests import AnalyseAgain, CorrectReference, PartChange

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["productions"], responses=documented(404, 409, 422, 503))
_MADE: Final = re.compile(r"[a-z]{1,20}(-\d{1,5})?\.jpg")
"""The names of the pictures that an analysis makes."""
Number = Annotated[int, Path(ge=1, le=100, description="The number of the reference: 2 of reference-2")]


class Corrections(BaseModel):
    """Changes of what was read in a reference."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"changes": [{"part_id": "text-1", "text": "Price: 59 EUR"}]}]}
    )

    changes: tuple[PartChange, ...] = Field(min_length=1, max_length=50)
    editor: Person = "someone"


class Allowance(BaseModel):
    """The permission to read a reference again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"max_usd": "0.80"}]})

    max_usd: Money = Field(description="The most that this analysis may cost; USD")
    requested_by: Person = "someone"


@router.get("/{production_id}/references")
async def list_references(services: ServicesDep, production_id: KnownId) -> ReferencesView:
    """The references of a production, each with a summary of what was read in it, and what was not read."""
    snapshot = await services.reader.snapshot(production_id)
    found = [
        reference_view(snapshot, n, await stored_analysis(services, snapshot, n), parts=False)
        for n in range(1, len(snapshot.references) + 1)
    ]
    return ReferencesView(references=tuple(found))


@router.get("/{production_id}/references/{number}")
async def get_reference(services: ServicesDep, production_id: KnownId, number: Number) -> ReferenceView:
    """One reference with everything that was read in it: each part with its page, time or picture, and corrections."""
    snapshot = await known_reference(services, production_id, number)
    return reference_view(snapshot, number, await stored_analysis(services, snapshot, number), parts=True)


@router.get("/{production_id}/references/{number}/files/{name}", status_code=307, response_class=RedirectResponse)
async def get_reference_file(
    services: ServicesDep, production_id: KnownId, number: Number, name: str
) -> RedirectResponse:
    """A picture that the analysis made: the thumbnail, a key frame or a page. Redirects to a short-lived link."""
    await known_reference(services, production_id, number)
    key = keys.reference_file_key(production_id, number, name)
    link = await services.vault.found_link(key, name) if _MADE.fullmatch(name) else None
    if link is None:
        raise Problem(404, "no-media", f"reference-{number} has no {name}; GET the reference to see its pictures.")
    return RedirectResponse(link, 307)


@router.patch("/{production_id}/references/{number}")
async def correct_reference(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    number: Number,
    body: Corrections,
    key: RequestKey = None,
) -> Receipt:
    """Change what was read in a reference, or strike it out with `text: null`. The planner gets what remains.

    Assets that used a changed part are marked stale; a plan that waits for approval gets a warning. `revise` plans
    again with the corrected parts.
    """
    snapshot = await known_reference(services, production_id, number)
    analysis = await stored_analysis(services, snapshot, number)
    places = {part.part_id: part.place for part in analysis.parts} if analysis else {}
    unknown = [change.part_id for change in body.changes if change.part_id not in places]
    if unknown:
        message = f"there is no part {unknown[0]!r} in reference-{number}"
        raise Problem.of_field("changes", message, "GET the reference for the ids of its parts")
    changes = tuple(change.model_copy(update={"place": places[change.part_id]}) for change in body.changes)
    request = CorrectReference(reference=number, changes=changes, editor=body.editor)
    return await services.productions.update(production_id, updates.CORRECT_REFERENCE, keyed(caller.sign(request), key))


@router.post("/{production_id}/references/{number}/analyse")
async def analyse_reference(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    number: Number,
    body: Allowance,
    key: RequestKey = None,
) -> Receipt:
    """Read a reference again before the approval, for at most `max_usd`: its analysis was too expensive, or failed."""
    await known_reference(services, production_id, number)
    request = AnalyseAgain(reference=number, max_usd=body.max_usd, requested_by=body.requested_by)
    return await services.productions.update(production_id, updates.ANALYSE_AGAIN, keyed(caller.sign(request), key))


async def known_reference(services: Services, production_id: str, number: int) -> Snapshot:
    """
    Raises:
        Problem: 404 where the production has no such reference.
    """
    snapshot = await services.reader.snapshot(production_id)
    if number > len(snapshot.references):
        detail = f"The production has {len(snapshot.references)} references, and no reference-{number}."
        raise Problem(404, "unknown-reference", detail)
    return snapshot


async def stored_analysis(services: Services, snapshot: Snapshot, number: int) -> Analysis | None:
    """
    Raises:
        Problem: 503; the object is damaged, or a newer version wrote it.
    """
    summary = next((each for each in snapshot.analyses if each.reference == number), None)
    if summary is None or not summary.key:
        return None
    content = await services.vault.content(summary.key)
    if content is None:
        return None
    try:
        return Analysis.model_validate_json(content)
    except ValidationError:
        detail = f"{summary.key} in the bucket cannot be read; restore it, or update the API."
        raise unavailable("record-unreadable", detail) from None
