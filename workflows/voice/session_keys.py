"""The names of interviews by voice in Temporal, and their keys in the bucket.

voice-sessions/{session_id}/ledger.json           the submissions of its client secret, and what it costs
voice-sessions/{session_id}/secret-{nonce}.json   the client secret, until the session is closed
"""

from typing import Final

TYPE: Final = "VoiceSession"
OPEN: Final = "open_voice_session"
"""An activity: reserves the cap of an interview, and mints its client secret."""
CLOSE: Final = "close_voice_session"
"""An activity: settles the cost of an interview, and deletes its secret."""


def workflow_id(session_id: str) -> str:
    return f"voice-session-{session_id}"


def prefix(session_id: str) -> str:
    return f"voice-sessions/{session_id}"


def secret_key(session_id: str, nonce: str) -> str:
    """The key of a client secret; `nonce` is that of its submission in the ledger, so no attempt replaces another's."""
    return f"{prefix(session_id)}/secret-{nonce}.json"
