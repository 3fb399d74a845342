"""The decisions of people in the provenance of a file, from the record of its production."""

from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from workflows.brief import Brief, Platform
from workflows.events import Event, EventName, ProductionStatus, Snapshot
from workflows.models import Asset, Modality, Plan
from workflows.provenance.decisions import approver_of, provenance_of
from workflows.provenance.records import MAX_EDIT_CHARS, MAX_EDITS
from workflows.requests import Approval

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def record(*events: tuple[EventName, str | None, dict[str, JsonValue]], **fields: object) -> Snapshot:
    logged = [
        Event(id=n, name=name, at=BEGAN + timedelta(minutes=n), asset_id=asset_id, data=data)
        for n, (name, asset_id, data) in enumerate(events, start=1)
    ]
    asset = Asset(
        asset_id="shot-1", asset_type=Modality.VIDEO, role="shot", prompt="A secret.", provider="p", model="m"
    )
    known = {
        "production_id": "p1",
        "status": ProductionStatus.FINISHING,
        "brief": Brief(text="x", platform=Platform.VIDEO),
        "created_at": BEGAN,
        "updated_at": BEGAN,
        "plan": Plan.of("A title", [asset]),
        "events": tuple(logged),
    }
    return Snapshot.model_validate(known | fields)


def test_the_changes_of_people_are_edits() -> None:
    """Each change by a person is an edit with its time, person and a few words; what follows by itself is none, and no
    prompt is quoted."""
    changes: list[JsonValue] = [
        {"asset_id": "shot-1", "field": "prompt", "before": "A secret.", "after": "Another secret."},
        {"field": "title", "before": "a", "after": "b"},
    ]
    found = provenance_of(
        record(
            ("plan_ready", None, {"plan_digest": "a", "how": "draft"}),
            ("plan_ready", None, {"plan_digest": "b", "how": "revise", "by": "ana", "feedback": "A secret."}),
            ("plan_ready", None, {"plan_digest": "c", "how": "edit", "by": "ben", "changes": [{"field": "cut"}]}),
            ("plan_edited", None, {"plan_digest": "c", "how": "edit", "by": "ben", "changes": changes}),
            ("plan_edited", None, {"plan_digest": "d", "how": "follow", "by": "the script", "changes": changes}),
            ("asset_complete", "shot-1", {"take": 1}),
            ("take_requested", "shot-1", {"by": "ana"}),
            ("take_selected", "shot-1", {"take": 2, "by": "cleo"}),
            ("asset_complete", "shot-1", {"take": 3, "by": "ana", "note": "uploaded by ana: A secret.mov"}),
            ("resolved", "shot-1", {"action": "accept_without", "by": "ben"}),
        )
    )
    assert [(edit.at.minute, edit.by, edit.what) for edit in found.edits] == [
        (2, "ana", "had the plan revised"),
        (3, "ben", "changed cut"),
        (4, "ben", "changed prompt of shot-1, title"),
        (7, "ana", "asked for another take of shot-1"),
        (8, "cleo", "chose take 2 of shot-1"),
        (9, "ana", "gave a file of their own for shot-1"),
        (10, "ben", "accept without shot-1"),
    ]
    assert "secret" not in found.model_dump_json()


def test_the_edits_stay_short() -> None:
    """Of many edits the newest are kept, and a long one is cut."""
    fields: list[JsonValue] = [{"asset_id": f"shot-{n}", "field": "prompt"} for n in range(100)]
    events = [("plan_edited", None, {"how": "edit", "by": "b" * 500, "changes": fields})] * (MAX_EDITS + 5)
    found = provenance_of(record(*events))  # type: ignore[arg-type]  # the tuple's name is a literal
    assert len(found.edits) == MAX_EDITS
    assert found.edits[-1].at == BEGAN + timedelta(minutes=MAX_EDITS + 5)
    assert {len(edit.what) for edit in found.edits} == {len(edit.by) for edit in found.edits} == {MAX_EDIT_CHARS}


def test_the_approvers_of_the_plan() -> None:
    """All who approved the plan are named once; before the approval no one is."""
    two = tuple(Approval(plan_digest="a", approver=name) for name in ("ana", "ben"))
    known = record(approval=Approval(plan_digest="a", approver="ben"), approvals=two)
    assert provenance_of(known).approvers == ("ana", "ben")
    assert approver_of(known) == "ben"
    assert known.plan is not None
    assert provenance_of(known).plan_digest == known.plan.digest
    assert provenance_of(record(approval=two[0])).approvers == ("ana",)
    assert (provenance_of(record()).approvers, approver_of(record())) == ((), "")
