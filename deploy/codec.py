"""`python -m deploy.codec`: shows encrypted payloads in clear to the Temporal UI and `temporal --codec-endpoint`.

Speaks Temporal's remote codec protocol: POST /encode and /decode, with Payloads as JSON. Whoever it answers can read
everything: it answers no web page but the Temporal UI, and with GREENLIGHT_CODEC_TOKEN, which it needs off loopback,
nobody without that token.
"""

import hmac
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

import uvicorn
from google.protobuf.json_format import MessageToJson, Parse, ParseError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.api.common.v1 import Payloads

from api.problems import FieldError, Problem, answer
from deploy.ports import LOOPBACK
from deploy.settings import CODEC_PORT, SettingsRefused, StackSettings
from workflows.runtime import encryption_keys
from workflows.runtime.encryption import EncryptionCodec

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of a request: a page of history with the largest payloads that Temporal keeps, in base64."""
_HEADERS: Final = ("authorization", "content-type", "x-namespace")
"""What the Temporal UI sends."""


@dataclass(frozen=True)
class CodecSettings:
    """Where it listens, whom it answers, and the keys."""

    keys: Mapping[str, bytes] = field(repr=False)
    host: str = LOOPBACK
    port: int = CODEC_PORT
    token: str = field(default="", repr=False)
    ui_url: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """From GREENLIGHT_PAYLOAD_KEYS, GREENLIGHT_CODEC_HOST, _PORT and _TOKEN, and GREENLIGHT_TEMPORAL_UI_URL.

        Raises:
            SettingsRefused: there is no key, or anybody could ask.
        """
        settings = StackSettings.of(environ)
        keys = encryption_keys.parsed(environ.get(encryption_keys.VARIABLE, ""))
        if not keys:
            raise SettingsRefused(
                f"{encryption_keys.VARIABLE} is not set: nothing is encrypted, and nothing to decrypt"
            )
        host, token = environ.get("GREENLIGHT_CODEC_HOST") or LOOPBACK, environ.get("GREENLIGHT_CODEC_TOKEN", "")
        if host not in (LOOPBACK, "localhost", "::1") and not token:
            raise SettingsRefused(
                f"GREENLIGHT_CODEC_HOST={host!r}: others could read everything there; set GREENLIGHT_CODEC_TOKEN "
                "(`openssl rand -base64 32`), or leave the host out"
            )
        return cls(keys, host, settings.codec_port or CODEC_PORT, token, settings.temporal_ui_url)

    @property
    def origins(self) -> list[str]:
        """Of the Temporal UI; the same machine has two names."""
        url = urlsplit(self.ui_url)
        origin = f"{url.scheme}://{url.netloc}".lower()
        return [origin, origin.replace(f"//{LOOPBACK}", "//localhost")] if url.netloc else []


def create_app(settings: CodecSettings) -> Starlette:
    codec = EncryptionCodec(settings.keys)

    def route(path: str, apply: Callable[[Payloads], Awaitable[None]]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                _admit(request, settings)
                payloads = await _payloads(request)
                await apply(payloads)
            except Problem as problem:
                return answer(problem.problem, problem.headers)
            except encryption_keys.PayloadKeyMissing as error:
                return answer(Problem(422, "payload-key-missing", f"The codec server {error}.").problem)
            return Response(MessageToJson(payloads), media_type="application/json")

        return Route(path, endpoint, methods=["POST"])

    async def healthz(_: Request) -> Response:
        return Response()

    cors = Middleware(CORSMiddleware, allow_origins=settings.origins, allow_methods=["POST"], allow_headers=_HEADERS)
    return Starlette(
        routes=[
            route("/encode", codec.encode_wrapper),
            route("/decode", codec.decode_wrapper),
            Route("/healthz", healthz),
        ],
        middleware=[cors],
    )


def _admit(request: Request, settings: CodecSettings) -> None:
    """CORS keeps a page from reading the answer; here it gets none. Browsers name the origin of every POST."""
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in settings.origins:
        error = FieldError(
            field="Origin",
            message=f"{origin!r} is not the Temporal UI",
            remedy="set GREENLIGHT_TEMPORAL_UI_URL to the address that people open",
        )
        raise Problem(403, "foreign-origin", f"{error.message}; {error.remedy}.", errors=[error])
    given = request.headers.get("authorization", "").encode()
    if settings.token and not hmac.compare_digest(given, f"Bearer {settings.token}".encode()):
        error = FieldError(
            field="Authorization",
            message="The token is missing or wrong",
            remedy="send `Bearer` and GREENLIGHT_CODEC_TOKEN (`temporal --codec-auth`)",
        )
        headers = {"WWW-Authenticate": "Bearer"}
        raise Problem(401, "unauthorised", f"{error.message}; {error.remedy}.", errors=[error], headers=headers)


async def _payloads(request: Request) -> Payloads:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise Problem(413, "body-too-large", f"The body is larger than {MAX_BYTES:,} bytes; send fewer payloads.")
    try:
        return Parse(bytes(body), Payloads())
    except (ParseError, ValueError, RecursionError) as error:
        wrong = FieldError(field="body", message=f"is no Payloads: {error}", remedy='send {"payloads": […]} as JSON')
        raise Problem(400, "malformed-json", f"The body {wrong.message}; {wrong.remedy}.", errors=[wrong]) from None


def main() -> int:
    """The exit code: 0 after a stop, 2 where the message says what is wrong with the settings."""
    try:
        settings = CodecSettings.of(os.environ)
    except SettingsRefused as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
