"""A voice memo in a plan: its words come from the corrected brief alone, and its sentences are sources."""

from typing import Any, cast

from activities.planning.material.reading import parts_of, shown_parts, with_spoken_brief
from activities.storage.bucket import Storage
from workflows.activity_io import DraftPlan
from workflows.brief import Brief, Platform, Reference
from workflows.references.analysis import Analysis, AnalysisSummary, Part
from workflows.references.kinds import ReferenceKind, Use

SAID = (
    Part(part_id="sound-1", kind="sound", text="Level -20 dB."),
    Part(part_id="said-1", kind="speech", text="A film about bread. It costs forty dollars.", start_seconds=0.0),
    Part(part_id="said-2", kind="speech", text="speaker 1: End with the shop.", start_seconds=12.0),
)


class Stored:
    """A bucket with one analysis."""

    async def get_bytes(self, key: str) -> tuple[bytes, str] | None:
        analysis = Analysis(reference=1, kind=ReferenceKind.SOUND, media_type="audio/wav", parts=SAID)
        return analysis.model_dump_json().encode(), "1"


def draft_of(text: str, memo: str) -> DraftPlan:
    reference = Reference(source="stored:references/1", use=Use.BRIEF, memo=memo)
    brief = Brief(text=text, platform=Platform.COPY, references=(reference,))
    summary = AnalysisSummary(reference=1, key="a.json", digest="d", kind=ReferenceKind.SOUND, use=Use.BRIEF)
    return DraftPlan(production_id="p1", brief=brief, analyses=(summary,))


async def read(request: DraftPlan) -> Any:
    return await parts_of(request, cast(Storage, Stored()))


async def test_a_corrected_memo_is_planned_from_the_brief_alone() -> None:
    """Sentences that a person removed reach no planner; those that are left have their times."""
    request = draft_of("A film  about Bread. End with the shop.", "p1")
    found = await read(request)
    assert shown_parts(found) == {
        1: [
            {"at": "reference-1 0:00", "kind": "speech", "text": "A film about bread."},
            {"at": "reference-1 0:12", "kind": "speech", "text": "End with the shop."},
        ]
    }
    assert with_spoken_brief(request, found).brief.text == request.brief.text


async def test_other_recordings_are_added_to_the_brief() -> None:
    """The words of a recording that is no memo belong to the brief, as they are said."""
    request = draft_of("Write it.", "")
    text = with_spoken_brief(request, await read(request)).brief.text
    assert text.startswith("Write it.\n\nA film about bread.")
