"""`python -m deploy.codec`: decrypts payloads for the Temporal UI and for `temporal --codec-endpoint`.

It implements Temporal's remote codec protocol: POST /encode and /decode, with Payloads as JSON. A caller can read all
payloads, so the server refuses every web page other than the Temporal UI and, where GREENLIGHT_CODEC_TOKEN is set, each
caller without that token. On an address other than loopback the token is required.
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

from api.problems import Problem, problem_response
from deploy.ports import LOOPBACK
from deploy.settings import CODEC_PORT, SettingsRefused, StackSettings
from workflows.runtime import encryption_keys
from workflows.runtime.encryption import EncryptionCodec

MAX_BYTES: Final = 64 * 1024 * 1024
"""The limit of a request: a page of history with the largest payloads that Temporal keeps, in base64."""
_HEADERS: Final = ("authorization", "content-type", "x-namespace")
"""The headers that the Temporal UI sends."""


@dataclass(frozen=True)
class CodecSettings:
    """The address, the permitted callers, and the encryption keys."""

    keys: Mapping[str, bytes] = field(repr=False)
    host: str = LOOPBACK
    port: int = CODEC_PORT
    token: str = field(default="", repr=False)
    ui_url: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """From GREENLIGHT_PAYLOAD_KEYS, GREENLIGHT_CODEC_HOST, _PORT and _TOKEN, and GREENLIGHT_TEMPORAL_UI_URL.

        Raises:
            SettingsRefused: there is no key, or every caller could read the payloads.
        """
        settings = StackSettings.of(environ)
        keys = encryption_keys.parse_keys(environ.get(encryption_keys.VARIABLE, ""))
        if not keys:
            raise SettingsRefused(f"{encryption_keys.VARIABLE} is not set: there are no encrypted payloads to decrypt")
        host, token = environ.get("GREENLIGHT_CODEC_HOST") or LOOPBACK, environ.get("GREENLIGHT_CODEC_TOKEN", "")
        if host not in (LOOPBACK, "localhost", "::1") and not token:
            raise SettingsRefused(
                f"GREENLIGHT_CODEC_HOST={host!r}: every machine that reaches it could read all payloads; set "
                "GREENLIGHT_CODEC_TOKEN (`openssl rand -base64 32`), or leave the host out"
            )
        return cls(keys, host, settings.codec_port or CODEC_PORT, token, settings.temporal_ui_url)

    @property
    def origins(self) -> list[str]:
        """The origins of the Temporal UI: the loopback address has two names."""
        url = urlsplit(self.ui_url)
        origin = f"{url.scheme}://{url.netloc}".lower()
        return [origin, origin.replace(f"//{LOOPBACK}", "//localhost")] if url.netloc else []


def create_app(settings: CodecSettings) -> Starlette:
    codec = EncryptionCodec(settings.keys)

    def route(path: str, apply: Callable[[Payloads], Awaitable[None]]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                _check_caller(request, settings)
                payloads = await _payloads(request)
                await apply(payloads)
            except Problem as problem:
                return problem_response(problem)
            except encryption_keys.PayloadKeyMissing as error:
                return problem_response(Problem(422, "payload-key-missing", f"The codec server {error}."))
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


def _check_caller(request: Request, settings: CodecSettings) -> None:
    """CORS only keeps a page from reading the response; this refuses the request. Browsers send an origin with a POST.

    Raises:
        Problem: 403 for the page of another origin, 401 without the token.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in settings.origins:
        message = f"{origin!r} is not the Temporal UI"
        remedy = "set GREENLIGHT_TEMPORAL_UI_URL to the address that people open"
        raise Problem.of_field("Origin", message, remedy, status=403, kind="foreign-origin")
    given = request.headers.get("authorization", "").encode()
    if settings.token and not hmac.compare_digest(given, f"Bearer {settings.token}".encode()):
        raise Problem.of_field(
            "Authorization",
            "the token is missing or wrong",
            "send `Bearer` and GREENLIGHT_CODEC_TOKEN (`temporal --codec-auth`)",
            status=401,
            kind="unauthorised",
            headers={"WWW-Authenticate": "Bearer"},
        )


async def _payloads(request: Request) -> Payloads:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            message = f"is larger than {MAX_BYTES:,} bytes"
            raise Problem.of_field("body", message, "send fewer payloads", status=413, kind="body-too-large")
    try:
        return Parse(bytes(body), Payloads())
    except (ParseError, ValueError, RecursionError) as error:
        message, remedy = f"is not a Payloads message: {error}", 'send {"payloads": […]} as JSON'
        raise Problem.of_field("body", message, remedy, status=400, kind="malformed-json") from None


def main() -> int:
    """Run the server. The exit code is 0 after a stop, and 2 for invalid settings, which the message names."""
    try:
        settings = CodecSettings.of(os.environ)
    except SettingsRefused as error:
        print(error, file=sys.stderr)  # noqa: T201 - the output of a command
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
