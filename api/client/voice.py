"""The client's endpoints of voice memos, of samples of voices, and of interviews by voice."""

from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from api.client.errors import GreenlightError
from api.client.transport import Transport
from api.views.voice import OpenVoiceSession, VoiceMemoView, VoiceSampleBody, VoiceSampleView, VoiceSessionView
from workflows.evaluation.voice_samples import CELL
from workflows.voice.sessions import Usage

_POLL_SECONDS = 0.5
MEMO_SECONDS = 900.0
"""How long `wait_for_memo` waits: a vendor takes about a minute for half an hour of speech, and is retried."""


class VoiceEndpoints(Transport):
    """Briefs by voice."""

    def start_memo(
        self,
        source: str,
        *,
        name: str = "",
        max_usd: Decimal | None = None,
        tenant: str = "default",
        requester: str = "anonymous",
        models: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> VoiceMemoView:
        """Write down a stored recording; nothing is started from it."""
        body: dict[str, Any] = {"source": source, "name": name, "tenant": tenant, "requester": requester}
        body |= {} if max_usd is None else {"max_usd": str(max_usd)}
        body |= {"models": models} if models else {}
        return self._request("POST", "/voice-memos", VoiceMemoView, body=body, key=idempotency_key)

    def memo(self, memo_id: str) -> VoiceMemoView:
        """A memo with its transcript and the draft of a brief."""
        return self._request("GET", _path(memo_id), VoiceMemoView)

    def cancel_memo(self, memo_id: str) -> VoiceMemoView:
        """Stop writing down a memo."""
        return self._request("POST", f"{_path(memo_id)}/cancel", VoiceMemoView)

    def wait_for_memo(self, memo_id: str, seconds: float = MEMO_SECONDS) -> VoiceMemoView:
        """The memo once it is written down.

        Raises:
            GreenlightError: it is not written down within `seconds`; it continues.
        """
        until = monotonic() + seconds
        while (memo := self.memo(memo_id)).status == "reading":
            if monotonic() > until:
                raise GreenlightError("The memo is not written down yet", f"GET {memo.url} shows it when it is.")
            sleep(_POLL_SECONDS)
        return memo

    def hear_voice(self, body: VoiceSampleBody) -> VoiceSampleView:
        """The sample of a voice, made if there is none; repeat the call until it is no longer `making`."""
        return self._request("POST", "/voice-samples", VoiceSampleView, body=body)

    def download_voice_sample(self, sample: VoiceSampleView, to: Path) -> Path:
        """Store the sound of a sample that is ready."""
        return self._download(f"/evaluations/{quote(sample.sample_id, safe='')}/cells/{CELL}/media", to)

    def open_voice_session(
        self,
        *,
        max_usd: Decimal | None = None,
        minutes: int | None = None,
        tenant: str = "default",
        requester: str = "anonymous",
        idempotency_key: str | None = None,
    ) -> OpenVoiceSession:
        """An interview with its client secret, for a browser. Its cap is reserved."""
        body = {"tenant": tenant, "requester": requester, "minutes": minutes}
        limit = {} if max_usd is None else {"max_usd": str(max_usd)}
        return self._request("POST", "/voice-sessions", OpenVoiceSession, body=body | limit, key=idempotency_key)

    def voice_session(self, session_id: str) -> VoiceSessionView:
        """An interview with its terms and its cost."""
        return self._request("GET", _session(session_id), VoiceSessionView)

    def end_voice_session(self, session_id: str, usage: Usage | None = None) -> VoiceSessionView:
        """End an interview, with what the vendor counted."""
        body = {"usage": usage.model_dump() if usage else None}
        return self._request("POST", f"{_session(session_id)}/end", VoiceSessionView, body=body)


def _session(session_id: str) -> str:
    return f"/voice-sessions/{quote(session_id, safe='')}"


def _path(memo_id: str) -> str:
    return f"/voice-memos/{quote(memo_id, safe='')}"
