"""OpenAI's realtime API: client secrets for browsers, and the prices of its models.

The configuration is that of the SDK's types/realtime/realtime_session_create_request_param.py (3.51.0). Costs accrue
for each response: https://developers.openai.com/api/docs/guides/realtime-costs. Speech of a person is 10 tokens a
second, speech of the model 20; silence is not sent to the model, and connections cost nothing.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from activities.providers.openai.errors import VENDOR, translated_errors
from activities.providers.realtime import ClientSecret, RealtimeModel
from workflows.voice.sessions import TokenRates

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MODELS: Final = (
    RealtimeModel(
        "gpt-realtime-2.1-mini",
        TokenRates(
            text_in=Decimal("0.6"),
            text_cached=Decimal("0.06"),
            audio_in=Decimal(10),
            audio_cached=Decimal("0.3"),
            text_out=Decimal("2.4"),
            audio_out=Decimal(20),
        ),
        "developers.openai.com/api/docs/models/gpt-realtime-2.1-mini.md",
        date(2026, 11, 20),
    ),
    RealtimeModel(
        "gpt-realtime-2.1",
        TokenRates(
            text_in=Decimal(4),
            text_cached=Decimal("0.4"),
            audio_in=Decimal(32),
            audio_cached=Decimal("0.4"),
            text_out=Decimal(24),
            audio_out=Decimal(64),
        ),
        "pydantic/genai-prices prices/providers, quoting OpenAI's list price",
        date(2026, 7, 22),
    ),
)
_MAX_SECRET: Final = 2_000
"""Characters; a longer one does not fit the headers of a WebSocket's handshake."""


def url_of(base_url: str, model: str) -> str:
    """The WebSocket's address next to the HTTP endpoints: http becomes ws, https wss."""
    parts = urlsplit(base_url)
    scheme = "ws" if parts.scheme == "http" else "wss"
    host, path = parts.netloc.rpartition("@")[2], parts.path.rstrip("/")
    return f"{scheme}://{host}{path}/realtime?model={quote(model, safe='')}"


async def mint_secret(client: "AsyncOpenAI", session: Mapping[str, Any], seconds: int) -> ClientSecret:
    """POST /realtime/client_secrets; the SDK's own method would import 60 modules of types.

    Raises:
        ProviderError: the failure; `SubmissionUnknown` if the secret may have been minted.
    """
    body = {"expires_after": {"anchor": "created_at", "seconds": seconds}, "session": dict(session)}
    with translated_errors(submitting=True):
        found: Any = await client.post("/realtime/client_secrets", body=body, cast_to=object)
        return _secret_of(found)


def _secret_of(found: Any) -> ClientSecret:
    """
    Raises:
        ValueError: the response is not OpenAI's.
    """
    value, expires = found["value"], int(found["expires_at"])
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f"{VENDOR} answered with a client secret that no browser can send")
    if not 0 < len(value) <= _MAX_SECRET:
        raise ValueError(f"{VENDOR} answered with a client secret of {len(value)} characters")
    session_id = (found.get("session") or {}).get("id") or ""
    return ClientSecret(value, datetime.fromtimestamp(expires, UTC), str(session_id)[:200])
