"""How Google is reached: which of its two APIs, with which key, and one HTTP client that sends each request once."""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from activities.providers import http_failures
from activities.providers.base64_text import decoded
from activities.providers.google import errors
from activities.providers.response_repair import response_hooks

if TYPE_CHECKING:
    import httpx
    from google import genai
    from google.genai.client import AsyncClient

_BYTES: Final = re.compile(rb'("(?:data|bytesBase64Encoded|encodedVideo)"\s*:\s*)("[^"]{4,}")')
"""Fields that the SDK reads as base64, of which it takes one form only."""
DEVELOPER_URL: Final = "https://generativelanguage.googleapis.com"
LOOK_MS: Final = int(http_failures.LOOK_SECONDS * 1_000)
"""The SDK's `HttpOptions.timeout` is in milliseconds."""

T = TypeVar("T")


class Access:
    """One of Google's two APIs, chosen as its SDK does (google-genai 3.3, _api_client.py).

    The Developer API takes a key; the Enterprise Agent Platform (formerly Vertex AI) takes a project with Application
    Default Credentials, else a key.

    Attributes:
        variable: What holds the credentials, for messages.
        unbilled: Failed submissions that this API does not bill.
        base_url: Of the Developer API, or empty for Google's own.
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

    async def ask(self, call: Callable[["AsyncClient"], Awaitable[T]], *, submitting: bool) -> T:
        """Call the SDK once.

        Args:
            submitting: The call may cost money.

        Raises:
            ProviderError: whatever went wrong, as one of the tree.
        """
        try:
            client = self._opened()
        except Exception as error:
            raise errors.failure(error, self.variable, submitting=False) from error
        try:
            return await call(client)
        except Exception as error:
            raise errors.failure(error, self.variable, submitting=submitting, unbilled=self.unbilled) from error

    def _opened(self) -> "AsyncClient":
        if self._client is None:
            if self.key:
                http_failures.usable_key(errors.VENDOR, self.variable, self.key)
            import httpx
            from google import genai
            from google.genai import types

            # A client of httpx keeps the SDK from aiohttp, which it would prefer where that is installed, and with
            # which it sends a request again after a lost connection (measured) unless `attempts` is 1.
            self._http = httpx.AsyncClient(event_hooks={"request": [_connect_soon], **response_hooks(_plain_base64)})
            options = types.HttpOptions(
                base_url=self.base_url or None,
                timeout=int(http_failures.ANSWER_SECONDS * 1_000),
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
        """The SDK leaves a client that it was given to whoever made it."""
        if self._client and self._http:
            await self._client.aio.aclose()
            self._client.close()
            await self._http.aclose()
            self._client = self._http = None


async def _connect_soon(request: "httpx.Request") -> None:
    """The SDK has one timeout for everything; an address that nobody answers at needs no ten minutes."""
    timeout = request.extensions["timeout"]
    timeout["connect"] = min(timeout["connect"] or http_failures.CONNECT_SECONDS, http_failures.CONNECT_SECONDS)


def _plain_base64(answer: bytes) -> bytes:
    """All base64 of an answer in the one form that the SDK takes: a picture that is paid for is no lost answer."""
    return _BYTES.sub(_plain, answer)


def _plain(field: re.Match[bytes]) -> bytes:
    try:
        data = base64.b64encode(decoded(json.loads(field[2])))
    except ValueError:
        return field[0]
    return field[1] + b'"' + data + b'"'
