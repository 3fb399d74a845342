"""The views of a voice memo (what was heard, and the draft of a brief), of a sample of a voice, and of an interview."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import Field, JsonValue

from api.views.production import PREFIX, View
from workflows.brief import Brief, Platform
from workflows.evaluation.voice_samples import VoiceWanted
from workflows.events import Snapshot
from workflows.models import ZERO, Money, Person, Slug
from workflows.references.analysis import Analysis, Part, Unread
from workflows.voice.sessions import Status, TokenRates, Usage, VoiceSession
from workflows.voice.spoken_brief import Found, SpokenBrief

MEMOS: Final = f"{PREFIX}/voice-memos"
SESSIONS: Final = f"{PREFIX}/voice-sessions"
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
    speaker: str = ""
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
        transcript=tuple(map(_said, parts)),
        brief=_draft(record.brief, spoken) if record and is_ready else None,
        found=spoken.found,
        notes=(*spoken.notes, _UNHEARD) if unheard else spoken.notes,
        unread=summary.unread if summary else (),
        model=summary.model if summary else "",
        billed_usd=record.spent_usd if record else ZERO,
        waiting_usd=summary.waiting_usd if summary else "",
        waiting_for=summary.waiting_for if summary else "",
    )


def _said(part: Part) -> Said:
    return Said(text=part.text, speaker=part.speaker, start_seconds=part.start_seconds, end_seconds=part.end_seconds)


def _draft(memo: Brief, spoken: SpokenBrief) -> dict[str, JsonValue]:
    """The fields of a brief with what was said; the recording is its first reference."""
    said = {each.field: each.value for each in spoken.found}
    platform = said.setdefault("platform", Platform.VIDEO.value)
    languages = said.get("languages")
    if isinstance(languages, list) and platform != Platform.VIDEO:
        said["languages"] = languages[:1]  # further languages are for films
    recording = memo.references[0].model_dump(mode="json", exclude_defaults=True)
    return {"text": spoken.text, **said, "references": [recording], "tenant": memo.tenant, "requester": memo.requester}


class VoiceSampleBody(VoiceWanted):
    """A sample of a voice in a language."""

    max_usd: Money = Field(
        default=ZERO, description="The most that it may cost, which an approver allows; without it, only a free one"
    )
    allow_unknown_price: bool = Field(
        default=False, description="Also make a sample whose price is not published, which an approver allows"
    )
    again: bool = Field(default=False, description="Make another attempt, where the last one failed")
    tenant: Slug = "default"
    requester: Person = "anonymous"


class VoiceSampleView(View):
    """What a voice sounds like. It is made once for each tenant, voice and language, and heard as often as wanted."""

    sample_id: str = Field(description="Also the id of the evaluation that makes it")
    status: Literal["priced", "making", "ready", "failed"] = Field(
        description="priced: it is not made, because it costs more than `max_usd`"
    )
    text: str = Field(description="What it says")
    price_usd: Money | None = Field(default=None, description="Of a priced one: the most that it costs; null: unknown")
    cost_usd: Money = Field(default=ZERO, description="What it has cost")
    media: str | None = Field(default=None, description="The path of the sound, once it is ready")
    file: str = Field(default="", description="A name for its file")
    message: str = Field(default="", description="Why it is not made or has failed, with the remedy")


class VoiceSessionView(View):
    """An interview by voice. It fills a form and starts nothing. `cost_usd` is an upper bound, reserved before."""

    session_id: str
    status: Status = Field(description="unused: the secret was never handed out, and cost nothing")
    url: str
    provider: str = ""
    model: str = ""
    socket: str = Field(default="", description="The vendor's address for the WebSocket of the browser")
    minutes: int = Field(default=0, description="The most that it lasts")
    expires_at: datetime | None = Field(default=None, description="The secret opens no session after this")
    ends_at: datetime | None = Field(default=None, description="The page closes the connection")
    reserved_usd: Money = Field(default=ZERO, description="The cap, which was reserved before the secret was minted")
    turn_usd: Money = Field(default=ZERO, description="The highest price of one answer of the model")
    rates: TokenRates | None = Field(default=None, description="USD for a million tokens")
    secrets_minted: int = Field(
        default=0, description="All but the last were lost with their worker, never handed out, and cost nothing"
    )
    cost_usd: Money = Field(default=ZERO, description="What counts against the limits of the key and the tenant")
    reported: Usage | None = Field(default=None, description="What the vendor counted, as the page reports it")
    reported_usd: Money | None = None
    may_differ_usd: Money = Field(default=ZERO, description="How far the vendor's bill may be below `cost_usd`")
    why: str = Field(default="", description="Why they may differ, and what is not bounded")
    error: str = ""


class OpenVoiceSession(VoiceSessionView):
    """An interview with its client secret, which no other response has."""

    client_secret: str = Field(
        description="For the browser, as the subprotocol `openai-insecure-api-key.{client_secret}` next to `realtime`; "
        "empty where it cannot be handed out any more"
    )


def session_view(session: VoiceSession) -> VoiceSessionView:
    """The view of an interview."""
    known = session.model_dump(exclude={"nonce", "handed_out", "url"})
    return VoiceSessionView(**known, url=f"{SESSIONS}/{session.session_id}", socket=session.url)
