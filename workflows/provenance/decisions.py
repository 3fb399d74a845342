"""The decisions of people about a production, for the provenance of its files. Pure."""

from collections.abc import Iterable

from workflows.events import Event, Snapshot
from workflows.provenance.records import MAX_EDIT_CHARS, MAX_EDITS, Edit, Provenance


def provenance_of(record: Snapshot) -> Provenance:
    """The decisions of people so far."""
    approvals = record.approvals or ((record.approval,) if record.approval else ())
    return Provenance(
        plan_digest=record.plan.digest if record.plan else "",
        approvers=tuple(dict.fromkeys(approval.approver for approval in approvals)),
        edits=_edits(record.events),
    )


def approver_of(record: Snapshot) -> str:
    return record.approval.approver if record.approval else ""


def _edits(events: Iterable[Event]) -> tuple[Edit, ...]:
    found = []
    for event in events:
        what, by = _what(event), event.data.get("by")
        if what and by:
            found.append(Edit(at=event.at, by=str(by)[:MAX_EDIT_CHARS], what=what[:MAX_EDIT_CHARS]))
    return tuple(found[-MAX_EDITS:])


def _what(event: Event) -> str:
    """What a person changed, in a few words; empty for every other event."""
    data, asset_id = event.data, event.asset_id or ""
    match event.name:
        case "plan_ready" if data.get("how") == "edit":  # before the approval
            return _changes(data.get("changes")) or "edited the plan"
        case "plan_ready":
            return "had the plan revised"
        case "plan_edited" if data.get("how") not in ("reprice", "follow", "finals"):
            return _changes(data.get("changes")) or "edited the plan"
        case "take_requested":
            return f"asked for another take of {asset_id}"
        case "take_selected":
            return f"chose take {data.get('take')} of {asset_id}"
        case "asset_complete":
            return f"gave a file of their own for {asset_id}"
        case "resolved":
            return f"{str(data.get('action', '')).replace('_', ' ')} {asset_id}".strip()
        case _:
            return ""


def _changes(lines: object) -> str:
    """'prompt of shot-1, model of shot-2': the fields without their contents."""
    changed = []
    for line in lines if isinstance(lines, list) else ():
        field, asset_id = (str(line.get(name) or "") for name in ("field", "asset_id"))
        changed.append(f"{field} of {asset_id}" if asset_id else field)
    return f"changed {', '.join(changed)}" if changed else ""
