"""The view of a voice memo: what was heard, and the draft of a brief that a person corrects and starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field, JsonValue

from api.views.production import PREFIX, View
from workflows.brief import Brief, Platform
from workflows.events import Snapshot
from workflows.models import ZERO, Money
from workflows.references.analysis import Analysis, Part, Unread
from workflows.voice.spoken_brief import Found, SpokenBrief

MEMOS: Final = f"{PREFIX}/voice-memos"
MemoStatus = Literal["reading", "ready", "failed", "cancelled"]
_UNHEARD: Final = "nothing is said in it: it is silent, or has sounds without words; write the brief yourself"


@dataclass(frozen=True)
class VoiceMemo:
    """A memo as it is now; `record` is None while it is read, and where its workflow ended without a result."""

    status: MemoStatus
    record: Snapshot | None = None
    error: str = ""


class Said(View):
    """A stretch of the transcript; times are seconds from the start."""

    text: str
    start_seconds: float | None = None
    end_seconds: float | None = None


class VoiceMemoView(View):
    """A recorded memo. Nothing is started from it until a person posts the corrected `brief` to /api/v1/productions."""

    memo_id: str = Field(description="Also the id of the production that is started from it")
    status: MemoStatus
    url: str = ""
    error: str = Field(default="", description="Why it is no memo, with the remedy")
    duration_seconds: float | None = None
    transcript: tuple[Said, ...] = ()
    brief: dict[str, JsonValue] | None = Field(
        default=None, description="The draft: correct it, then POST it to /api/v1/productions. Its text may be empty"
    )
    found: tuple[Found, ...] = Field(default=(), description="The fields of `brief` that were said, with their words")
    notes: tuple[str, ...] = Field(default=(), description="What was heard and not taken, and why")
    unread: tuple[Unread, ...] = Field(default=(), description="What was not written down, and what would enable it")
    model: str = Field(default="", description="provider/model of the transcript")
    billed_usd: Money = Field(default=ZERO, description="The cost of the transcript, which its production includes")
    waiting_usd: str = Field(
        default="", description="The transcript costs up to this, above its limit; POST again with `max_usd`"
    )
    waiting_for: str = ""


def speech_of(analysis: Analysis | None) -> list[Part]:
    """What was said."""
    return [part for part in analysis.parts if part.kind == "speech"] if analysis else []


def memo_view(memo_id: str, memo: VoiceMemo, parts: Sequence[Part], spoken: SpokenBrief) -> VoiceMemoView:
    """The view of a memo whose transcript has these parts, and of the draft that was read in them."""
    record = memo.record
    summary = record.analyses[0] if record and record.analyses else None
    is_ready = record is not None and memo.status == "ready"
    unheard = is_ready and not parts and not (summary and summary.unread)
    return VoiceMemoView(
        memo_id=memo_id,
        status=memo.status,
        url=f"{MEMOS}/{memo_id}",
        error=memo.error,
        duration_seconds=record.references[0].duration_seconds if record and record.references else None,
        transcript=tuple(Said(text=p.text, start_seconds=p.start_seconds, end_seconds=p.end_seconds) for p in parts),
        brief=_draft(record.brief, spoken) if record and is_ready else None,
        found=spoken.found,
        notes=(*spoken.notes, _UNHEARD) if unheard else spoken.notes,
        unread=summary.unread if summary else (),
        model=summary.model if summary else "",
        billed_usd=record.spent_usd if record else ZERO,
        waiting_usd=summary.waiting_usd if summary else "",
        waiting_for=summary.waiting_for if summary else "",
    )


def _draft(memo: Brief, spoken: SpokenBrief) -> dict[str, JsonValue]:
    """The fields of a brief with what was said; the recording is its first reference."""
    said = {each.field: each.value for each in spoken.found}
    platform = said.setdefault("platform", Platform.VIDEO.value)
    languages = said.get("languages")
    if isinstance(languages, list) and platform != Platform.VIDEO:
        said["languages"] = languages[:1]  # further languages are for films
    recording = memo.references[0].model_dump(mode="json", exclude_defaults=True)
    return {"text": spoken.text, **said, "references": [recording], "tenant": memo.tenant, "requester": memo.requester}
