"""Shots that a brief already has: free stand-ins where a model makes them, and a warning that says where each goes."""

from activities.catalogue.offers import Offer
from activities.planning.adherence.on_screen import visuals_of
from activities.planning.material.unused import stored
from activities.planning.structure.deliverable.footage import named_file, names_footage, reference_named
from activities.planning.task import PlanningTask
from workflows.models import Asset, Modality, Plan
from workflows.references.kinds import ReferenceKind, kind_of


def placeholder_of(task: PlanningTask, modality: Modality) -> Offer | None:
    """A free model that stands for a recording until it is uploaded; None where the plan has none."""
    return next((o for o in task.menu.get(modality, ()) if o.placeholder and not o.requires), None)


def own_shots(task: PlanningTask) -> list[int]:
    """The numbers from 1 of the shots that the brief already has."""
    structure = task.structure
    if not structure or not structure.fixes_shots:
        return []
    return [k for k, shot in enumerate(structure.shots, start=1) if names_footage(shot.description)]


def footage_warnings(plan: Plan, task: PlanningTask) -> list[str]:
    """For each shot that the brief already has, where its recording goes; and for footage that no shot of it is."""
    structure, visuals = task.structure, visuals_of(plan)
    numbers = own_shots(task)
    if structure and numbers and len(visuals) == len(structure.shots):
        return [_warning(k, visuals[k - 1], structure.shots[k - 1].description, task) for k in numbers]
    file = named_file(task.brief.text)
    if not numbers and not file:
        return []
    what = f"“{file}”" if file else "existing footage"
    return [f"footage: the brief names {what}, and no shot of the plan is it; upload it as the take of its shot"]


def _warning(number: int, shot: Asset, description: str, task: PlanningTask) -> str:
    asset_id, stand_in = shot.asset_id, placeholder_of(task, shot.asset_type)
    model = "" if stand_in and stand_in.model == shot.model else shot.model
    videos = [
        (name, given.name)
        for (name, media), given in zip(stored(task), task.brief.references, strict=False)
        if kind_of(media.media_type) is ReferenceKind.VIDEO
    ]
    meant = description if named_file(description) else f"{description} {named_file(task.brief.text)}"
    names = [name for _, name in videos]
    found = reference_named(meant, names)
    found = reference_named(description, names) if found is None else found
    source = f"{videos[found][0]} ({videos[found][1]})" if found is not None else f"“{description}”"
    if model:
        return (
            f"footage: shot {number} is your own recording, {source}, and the plan makes {asset_id} with {model}, "
            f"which is paid for: upload the recording as the take of {asset_id}, or give it a free model first"
        )
    return (
        f"footage: shot {number} is your own recording, {source}, and no model makes it: {asset_id} is a free "
        f"stand-in; upload the recording as the take of {asset_id}"
    )
