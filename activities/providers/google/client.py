"""Access to Google: one of its two APIs, the credentials, and an HTTP client that sends each request once."""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from activities.providers import http_failures
from activities.providers.base64_text import decode
from activities.providers.google import errors
from activities.providers.response_repair import response_hooks

if TYPE_CHECKING:
    import httpx
    from google import genai
    from google.genai.client import AsyncClient

_BYTES: Final = re.compile(rb'("(?:data|bytesBase64Encoded|encodedVideo)"\s*:\s*)("[^"]{4,}")')
"""Fields that the SDK decodes as base64; it accepts only one form of it."""
DEVELOPER_URL: Final = "https://generativelanguage.googleapis.com"
POLL_TIMEOUT_MS: Final = int(http_failures.POLL_TIMEOUT_SECONDS * 1_000)
"""The SDK's `HttpOptions.timeout` is in milliseconds."""

T = TypeVar("T")


class Access:
    """One of Google's two APIs, chosen as its SDK does (google-genai 3.3, _api_client.py).

    The Developer API requires a key. The Enterprise Agent Platform (formerly Vertex AI) requires a project with
    Application Default Credentials, or a key.

    Attributes:
        variable: The variable that holds the credentials, for messages.
        unbilled: Failed submissions that this API does not bill.
        base_url: The base URL of the API from the environment, or empty for Google's own.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        switch = env.get("GOOGLE_GENAI_USE_ENTERPRISE") or env.get("GOOGLE_GENAI_USE_VERTEXAI") or ""
        self.enterprise = switch.lower() in ("true", "1")
        self.unbilled = errors.ENTERPRISE_UNBILLED if self.enterprise else errors.DEVELOPER_UNBILLED
        self.base_url = env.get("GOOGLE_VERTEX_BASE_URL" if self.enterprise else "GOOGLE_GEMINI_BASE_URL", "")
        only_gemini = env.get("GEMINI_API_KEY") and not env.get("GOOGLE_API_KEY")
        self.variable = "GEMINI_API_KEY" if only_gemini else "GOOGLE_API_KEY"
        self.key = env.get(self.variable) or None
        self.project = (env.get("GOOGLE_CLOUD_PROJECT") or None) if self.enterprise else None
        self.location: str | None = None
        if self.project:
            self.variable, self.key = "GOOGLE_APPLICATION_CREDENTIALS", None
            self.location = env.get("GOOGLE_CLOUD_LOCATION") or "global"
        self._client: genai.Client | None = None
        self._http: httpx.AsyncClient | None = None

    async def call(self, call: Callable[["AsyncClient"], Awaitable[T]], *, submitting: bool) -> T:
        """Call the SDK once.

        Args:
            submitting: The call may cost money.

        Raises:
            ProviderError: the SDK's exception as an error of the tree.
        """
        try:
            client = self._open()
        except Exception as error:
            raise errors.to_provider_error(error, self.variable, submitting=False) from error
        try:
            return await call(client)
        except Exception as error:
            raise errors.to_provider_error(
                error, self.variable, submitting=submitting, unbilled=self.unbilled
            ) from error

    def _open(self) -> "AsyncClient":
        if self._client is None:
            if self.key:
                http_failures.validate_key(errors.VENDOR, self.variable, self.key)
            import httpx
            from google import genai
            from google.genai import types

            # With a client of httpx, the SDK does not use aiohttp, which it prefers if that is installed. With aiohttp,
            # it repeats a request after a lost connection (measured) unless `attempts` is 1.
            self._http = httpx.AsyncClient(
                event_hooks={"request": [_shorten_connect_timeout], **response_hooks(_normalize_base64)}
            )
            options = types.HttpOptions(
                base_url=self.base_url or None,
                timeout=int(http_failures.RESPONSE_TIMEOUT_SECONDS * 1_000),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_async_client=self._http,
            )
            self._client = genai.Client(
                enterprise=self.enterprise,
                api_key=self.key,
                project=self.project,
                location=self.location,
                http_options=options,
            )
        return self._client.aio

    async def close(self) -> None:
        """Close the SDK's client and ours: the SDK does not close a client that was passed to it."""
        if self._client and self._http:
            await self._client.aio.aclose()
            self._client.close()
            await self._http.aclose()
            self._client = self._http = None


async def _shorten_connect_timeout(request: "httpx.Request") -> None:
    """Shorten the connect timeout: the SDK has one timeout for everything, ten minutes even for a dead address."""
    timeout = request.extensions["timeout"]
    timeout["connect"] = min(
        timeout["connect"] or http_failures.CONNECT_TIMEOUT_SECONDS, http_failures.CONNECT_TIMEOUT_SECONDS
    )


def _normalize_base64(answer: bytes) -> bytes:
    """Convert all base64 of a response to the form that the SDK accepts, so that a paid picture is not lost."""
    return _BYTES.sub(_normalize, answer)


def _normalize(field: re.Match[bytes]) -> bytes:
    try:
        data = base64.b64encode(decode(json.loads(field[2])))
    except ValueError:
        return field[0]
    return field[1] + b'"' + data + b'"'
