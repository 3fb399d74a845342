"""The plan of the platform `document`: one entry for each document whose fields are delivered. It costs nothing."""

from activities.planning.pricing import invalid
from activities.planning.task import PlanningTask, check_plannable
from workflows.models import Asset, Modality, Plan
from workflows.references.kinds import Use

PLANNER = "fields"
ROLE = "fields"


def plan_document(task: PlanningTask) -> Plan:
    """The unpriced plan.

    Raises:
        ApplicationError: type PLAN_INVALID; a document has no fields, or no provider is enabled.
    """
    check_plannable(task)
    brief = task.brief
    offers = task.menu[Modality.TEXT]
    offer = next((o for o in offers if o.placeholder), task.preferred[Modality.TEXT])
    found = {a.reference: a.extraction for a in task.request.analyses if a.extraction}
    assets = []
    for number, reference in enumerate(brief.references, start=1):
        if reference.use is not Use.EXTRACT:
            continue
        if number not in found:
            why = next((u.what for a in task.request.analyses if a.reference == number for u in a.unread), "")
            raise invalid(
                f"references[{number - 1}]: no fields were extracted{f': {why}' if why else ''}; read it again"
            )
        kind = found[number].kind
        name = reference.name or f"reference-{number}"
        assets.append(
            Asset(
                asset_id=f"fields-{number}",
                asset_type=Modality.TEXT,
                role=ROLE,
                label=f"Fields · {name}"[:200],
                prompt=f"The fields of {name} ({kind.replace('_', ' ')}), as they were extracted and reviewed.",
                provider=offer.provider,
                model=offer.model,
                sources=(f"reference-{number}",),
            )
        )
    if not assets:
        raise invalid("references: platform 'document' delivers the fields of documents; give one with use 'extract'")
    title = brief.title or " · ".join(asset.label.partition(" · ")[2] for asset in assets)
    return Plan.of(title[:200] or "Fields", assets, planner=PLANNER)
