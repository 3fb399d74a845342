"""References of which a plan by the template has nothing, and what would change that."""

from typing import Final

from activities.planning.task import PlanningTask
from workflows.models import Media, Plan
from workflows.references.kinds import ReferenceKind, Use, kind_of

_NO_MODEL: Final = "is not used: no model of this plan takes it; choose one that does, and name it in depends_on"
_NO_FACTS: Final = (
    "is not used: without a language model, the plan has only names, prices and points of a document, of a film the "
    "first ones; set a vendor's key, or write its words in the brief"
)


def stored(task: PlanningTask) -> list[tuple[str, Media]]:
    """Each reference by its id. In trials without stored files, every reference is a picture."""
    unknown = Media(key="", bytes=0, sha256="", media_type="image/png")
    found = [*task.request.references, *[unknown] * len(task.brief.references)]
    return list(zip(task.brief.reference_ids, found, strict=False))


def unused_references(task: PlanningTask, plan: Plan) -> list[str]:
    """Warnings where no asset is made from a reference, or has words of it."""
    used = {name for asset in plan.assets for name in (*asset.depends_on, *(s.split()[0] for s in asset.sources))}
    unused = [
        (name, kind_of(media.media_type))
        for (name, media), given in zip(stored(task), task.brief.references, strict=True)
        if name not in used and given.use not in (Use.BRIEF, Use.EXTRACT)
    ]
    documents = [name for name, kind in unused if kind is ReferenceKind.DOCUMENT]
    others = [name for name, kind in unused if kind is not ReferenceKind.DOCUMENT]
    warnings = [f"{', '.join(others)} {_NO_MODEL}"] if others else []
    return warnings + ([f"{', '.join(documents)} {_NO_FACTS}"] if documents else [])
