"""What of the references a plan by the template does not have, and why."""

from typing import Final

from activities.planning.material.facts import addressed
from activities.planning.task import PlanningTask
from workflows.models import Media, Plan
from workflows.references.kinds import ReferenceKind, Use, kind_of

_NO_MODEL: Final = "no model of this plan takes it; choose one that does, and name it in depends_on"
_NO_FACTS: Final = (
    "without a language model, the plan has only names, prices and points of a document, of a film the "
    "first ones; set a vendor's key, or write its words in the brief"
)


def stored(task: PlanningTask) -> list[tuple[str, Media]]:
    """Each reference by its id. In trials without stored files, every reference is a picture."""
    unknown = Media(key="", bytes=0, sha256="", media_type="image/png")
    found = [*task.request.references, *[unknown] * len(task.brief.references)]
    return list(zip(task.brief.reference_ids, found, strict=False))


def unused_references(task: PlanningTask, plan: Plan) -> list[str]:
    """Warnings where no asset is made from a reference or has words of it, and where words are left out."""
    used = {name for asset in plan.assets for name in (*asset.depends_on, *(s.split()[0] for s in asset.sources))}
    unused = [
        (name, kind_of(media.media_type))
        for (name, media), given in zip(stored(task), task.brief.references, strict=True)
        if name not in used and given.use not in (Use.BRIEF, Use.EXTRACT)
    ]
    documents = [name for name, kind in unused if kind is ReferenceKind.DOCUMENT]
    others = [name for name, kind in unused if kind is not ReferenceKind.DOCUMENT]
    warnings = [
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not used: {why}"
        for names, why in ((others, _NO_MODEL), (documents, _NO_FACTS))
        if names
    ]
    return warnings + [
        f"{each.source} speaks to a model (“{each.text}”), which the plan leaves out" for each in addressed(task)
    ]
