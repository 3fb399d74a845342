"""What is signed into a file: Greenlight's own statement, and the same as C2PA actions and ingredients.

The digital source types are those of the IPTC, which C2PA uses and platforms read for their label "made with AI":
https://cv.iptc.org/newscodes/digitalsourcetype/
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from activities.build import build, version
from workflows.activity_io import FinishDeliverable, ProduceAsset
from workflows.models import UPLOAD, Take
from workflows.preview.plan import PREVIZ
from workflows.provenance.records import ASSERTION, Ingredient, Made, Statement

GENERATOR: Final = "Greenlight"
_SOURCE_TYPES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MODEL_MADE: Final = f"{_SOURCE_TYPES}trainedAlgorithmicMedia"
PARTLY_MODEL_MADE: Final = f"{_SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"
PLACEHOLDER: Final = f"{_SOURCE_TYPES}algorithmicMedia"
"""previz draws and speaks by rules, without a trained model."""
COMPOSITE: Final = f"{_SOURCE_TYPES}composite"

LABELS: Final[Mapping[Made, str]] = {
    "yes": "AI-generated content, made with Greenlight",
    "partly": "Contains AI-generated content, made with Greenlight",
    "no": "Made with Greenlight, without a generative model",
}
"""The label of a film, for people and players that do not read signatures."""


def made_by_models(providers: Iterable[str]) -> Made:
    """Whether models made the content of takes of these providers."""
    by_model = [provider not in (UPLOAD, PREVIZ) for provider in providers]
    return "yes" if by_model and all(by_model) else "partly" if any(by_model) else "no"


def source_type(statement: Statement) -> str:
    """The IPTC digital source type of a file; empty for a person's own file, of which Greenlight knows nothing."""
    if statement.ai_generated != "no":
        return MODEL_MADE if statement.ai_generated == "yes" else PARTLY_MODEL_MADE
    own = [model for model in statement.models if model.startswith(f"{UPLOAD}/")]
    if not own:
        return PLACEHOLDER
    return "" if statement.kind == "take" else COMPOSITE


def take_statement(task: ProduceAsset) -> Statement:
    asset = task.asset
    inputs = tuple(
        Ingredient(
            asset_id=each.asset_id,
            take=each.take,
            media_type=each.media.media_type,
            provider=each.provider,
            sha256=each.media.sha256,
            note="" if each.provider else "reference of the brief",
        )
        for each in task.inputs
    )
    return Statement(
        production_id=task.production_id,
        kind="take",
        name=f"{asset.asset_id}, take {task.take}",
        ai_generated=made_by_models([asset.provider]),
        models=(f"{asset.provider}/{asset.model}",),
        plan_digest=task.plan_digest,
        approvers=(task.approver,) if task.approver else (),
        ingredients=inputs,
        build=build(),
    )


def deliverable_statement(
    request: FinishDeliverable, name: str, others: Mapping[str, str], language: str = ""
) -> Statement:
    """
    Args:
        request: Its assets are those that the file is made of.
        language: The further language of the file; empty for the original.
        others: Name -> SHA-256 of the files of the deliverable that cannot carry a signature.
    """
    takes = [(finished.asset.asset_id, finished.take) for finished in request.assets]
    known = request.provenance
    return Statement(
        production_id=request.production_id,
        kind="deliverable",
        name=name,
        language=language,
        ai_generated=deliverable_made_by_models(request),
        models=tuple(dict.fromkeys(f"{take.provider}/{take.model}" for _, take in takes)),
        plan_digest=known.plan_digest,
        approvers=known.approvers,
        edits=known.edits,
        ingredients=tuple(_ingredient(asset_id, take) for asset_id, take in takes),
        others=dict(others),
        build=build(),
    )


def deliverable_made_by_models(request: FinishDeliverable) -> Made:
    return made_by_models(finished.take.provider for finished in request.assets)


def label(request: FinishDeliverable) -> str:
    """Whether the deliverable is AI-generated, as one sentence for its metadata."""
    return LABELS[deliverable_made_by_models(request)]


def file_statement(request: FinishDeliverable, asset_id: str) -> Statement:
    """Of a take that the deliverable contains as it is."""
    found = next(f for f in request.assets if f.asset.asset_id == asset_id)
    take, known = found.take, request.provenance
    return Statement(
        production_id=request.production_id,
        kind="take",
        name=f"{asset_id}, take {take.number}",
        ai_generated=made_by_models([take.provider]),
        models=(f"{take.provider}/{take.model}",),
        plan_digest=known.plan_digest,
        approvers=known.approvers,
        build=build(),
    )


def _ingredient(asset_id: str, take: Take) -> Ingredient:
    return Ingredient(
        asset_id=asset_id,
        take=take.number,
        media_type=take.media.media_type,
        provider=take.provider,
        model=take.model,
        sha256=take.media.sha256,
        note=take.note if take.provider == UPLOAD else "",
    )


def definition(statement: Statement, *, opened: bool) -> dict[str, Any]:
    """The definition of a C2PA manifest, as the library's Builder reads it.

    Args:
        opened: The file existed before, signed by its vendor or given by a person: the library adds it as the parent,
            with the action c2pa.opened. Otherwise Greenlight had it made.
    """
    kind = source_type(statement)
    begun = [] if opened else [_action("c2pa.created", digitalSourceType=kind or COMPOSITE, agent=statement.models)]
    ingredients = [_component(each) for each in statement.ingredients]
    placed = [_action("c2pa.placed", parameters={"ingredientIds": [each["label"]]}) for each in ingredients]
    edited = [
        _action("c2pa.edited", when=edit.at.isoformat(), description=f"{edit.by}: {edit.what}")
        for edit in statement.edits
    ]
    if opened and kind:  # says of the vendor's file what the vendor may not have said
        edited.append(_action("c2pa.edited.metadata", digitalSourceType=kind, agent=statement.models))
    actions = {"label": "c2pa.actions", "data": {"actions": [*begun, *placed, *edited]}}
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": version()}],
        "title": statement.name,
        "ingredients": ingredients,
        "assertions": [
            *([actions] if actions["data"]["actions"] else []),  # type: ignore[index]
            {"label": ASSERTION, "data": statement.model_dump(mode="json", exclude_defaults=True)},
        ],
    }


def _action(name: str, *, agent: Sequence[str] = (), **fields: object) -> dict[str, object]:
    software = {"softwareAgent": {"name": ", ".join(agent)}} if agent else {}
    return {"action": name, **fields, **software}


def _component(ingredient: Ingredient) -> dict[str, object]:
    maker = "/".join(part for part in (ingredient.provider, ingredient.model) if part) or ingredient.note
    return {
        "title": f"{ingredient.asset_id}, take {ingredient.take} ({maker})",
        "format": ingredient.media_type.partition(";")[0],
        "relationship": "componentOf",
        "label": f"{ingredient.asset_id}-{ingredient.take}",
        "instance_id": f"sha256:{ingredient.sha256}",
    }
