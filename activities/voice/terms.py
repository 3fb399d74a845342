"""The terms of an interview by voice: its model, its cap, its length, and the configuration of its session."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from activities.providers.protocol import Provider
from activities.providers.realtime import Interviewer, RealtimeModel
from activities.settings import ActivitySettings
from workflows.provider_report import InterviewInfo
from workflows.voice.interview import INSTRUCTIONS, tool
from workflows.voice.sessions import ANSWER_TOKENS, TURN_TOKENS, SessionStart

OFF: Final = "off"
AUTO: Final = "auto"
_VARIABLE: Final = "GREENLIGHT_VOICE_SESSIONS"
_RATE: Final = 24_000
"""Samples a second: the only rate of OpenAI's PCM."""
_KEPT: Final = 0.8
"""The share of the conversation that a truncation keeps, so that most of it stays cached."""


class Unavailable(ValueError):
    """No interview is possible, or not on these terms; the message has the remedy."""


@dataclass(frozen=True)
class Terms:
    """The terms of one interview. Amounts are USD."""

    provider: str
    model: RealtimeModel
    interviewer: Interviewer
    cap_usd: Decimal
    turn_usd: Decimal
    minutes: int

    @property
    def url(self) -> str:
        return self.interviewer.realtime_url(self.model.name)


def terms_of(start: SessionStart | None, providers: Mapping[str, Provider], settings: ActivitySettings) -> Terms:
    """The terms of an interview; without `start`, those of one that names none.

    Raises:
        Unavailable: the feature is off, no model is enabled, or the cap is below the price of one answer.
    """
    provider, interviewer, model = _choose(providers, settings.voice_sessions.strip())
    cap = settings.planning_usd if start is None or start.max_usd is None else start.max_usd
    minutes = (start.minutes if start else None) or settings.voice_session_minutes
    turn = model.rates.turn_usd(len(str(session_of(model.name)).encode()))
    if cap < turn:
        source = "GREENLIGHT_PLANNING_USD" if start is None or start.max_usd is None else "max_usd"
        raise Unavailable(
            f"one answer of {provider}/{model.name} costs up to {turn:f} USD; raise {source} ({cap:f} USD)"
        )
    return Terms(provider, model, interviewer, cap, turn, min(minutes, settings.voice_session_minutes))


def _choose(providers: Mapping[str, Provider], setting: str) -> tuple[str, Interviewer, RealtimeModel]:
    if setting in ("", OFF):
        raise Unavailable(f"interviews by voice are off; set {_VARIABLE}={AUTO} in the worker's environment")
    today = datetime.now(UTC).date()
    known = [(n, p, m) for n, p in providers.items() if isinstance(p, Interviewer) for m in p.realtime_models()]
    lasting = [each for each in known if each[2].retires is None or each[2].retires > today]
    if not lasting:
        raise Unavailable("no enabled provider has a realtime model; set OPENAI_API_KEY in the worker's environment")
    if setting == AUTO:
        return lasting[0]
    named = next((each for each in lasting if f"{each[0]}/{each[2].name}" == setting), None)
    if named is None:
        names = ", ".join(f"{name}/{model.name}" for name, _, model in lasting)
        raise Unavailable(f"{_VARIABLE} names {setting!r}, which is not enabled; choose from {AUTO}, {names}")
    return named


def describe(providers: Mapping[str, Provider], settings: ActivitySettings) -> InterviewInfo:
    """Whether interviews are possible, on which terms, and otherwise what would enable them."""
    try:
        terms = terms_of(None, providers, settings)
    except Unavailable as error:
        return InterviewInfo(enabled=False, reason=str(error))
    address = urlsplit(terms.url)
    return InterviewInfo(
        enabled=True,
        provider=terms.provider,
        model=terms.model.name,
        origin=f"{address.scheme}://{address.netloc}",
        max_usd=terms.cap_usd,
        minutes=terms.minutes,
    )


def session_of(model: str) -> dict[str, Any]:
    """The configuration that goes with a client secret. The browser changes nothing in it.

    Turns are detected by the vendor, but the page asks for each answer (`create_response` is false): only so is an
    answer never begun that does not fit the cap.
    """
    sound = {"type": "audio/pcm", "rate": _RATE}
    turns = {"type": "server_vad", "silence_duration_ms": 700, "create_response": False, "interrupt_response": True}
    return {
        "type": "realtime",
        "model": model,
        "instructions": INSTRUCTIONS,
        "output_modalities": ["audio"],
        "max_output_tokens": ANSWER_TOKENS,
        "tools": [tool()],
        "tool_choice": "auto",
        "audio": {
            "input": {"format": sound, "noise_reduction": {"type": "near_field"}, "turn_detection": turns},
            "output": {"format": sound, "voice": "marin"},
        },
        "truncation": {
            "type": "retention_ratio",
            "retention_ratio": _KEPT,
            "token_limits": {"post_instructions": TURN_TOKENS},
        },
    }
