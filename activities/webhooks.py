"""Posts events to webhooks, signed by the Standard Webhooks scheme (www.standardwebhooks.com).

Each tenant has secrets of its own: who can check what is posted to him could sign it too, and must not be able to sign
what is posted to another tenant's receiver.
"""

import asyncio
import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx
from standardwebhooks import Webhook as Signer
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.egress import AddressRefused, Outward, PlainHttp, default_tls
from activities.providers import http_failures
from activities.settings import ActivitySettings
from workflows import keys
from workflows.events import event_body
from workflows.webhook_delivery import Delivery, NotificationActivities

SECONDS: Final = 15.0
"""From looking the name up to the answer, as Standard Webhooks advises receivers to expect."""
MAX_ANSWER_BYTES: Final = 2_000
"""Of what a receiver says when it refuses; the answer itself says nothing that matters."""
MIN_SECRET_BYTES: Final = 24
"""As the scheme asks for."""

_VARIABLE: Final = "GREENLIGHT_WEBHOOK_SECRET"


class Notifier(NotificationActivities):
    """Implements the contract with the worker's secret.

    Without one events wait, as for a receiver that is down: a restart may bring it back.
    """

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    @activity.defn(name="deliver_webhook")
    async def deliver_webhook(self, request: Delivery) -> None:
        tenant = keys.tenant_of(request.production_id)
        if why := why_unsigned(self._settings, tenant):
            raise _not_delivered(why)
        try:
            url = httpx.URL(request.webhook.url)
        except httpx.InvalidURL as error:
            raise ApplicationError(f"webhooks.url: {error}", type="InvalidURL", non_retryable=True) from None
        body = event_body(request.production_id, request.event)
        headers = {
            "content-type": "application/json",
            "user-agent": "Greenlight",
            "accept-encoding": "identity",
            **signed(_signers(self._settings, tenant), f"{request.production_id}/{request.event.id}", body),
        }
        outward = Outward(allowed_hosts(self._settings), default_tls())
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(transport=outward, timeout=SECONDS) as client,
                client.stream("POST", url, content=body.encode(), headers=headers) as answer,
            ):
                if not answer.is_success:
                    raise _refused(answer, await _said(answer))
        except AddressRefused as error:
            what = f"is {error.scheme}" if isinstance(error, PlainHttp) else "is in a private network"
            raise ApplicationError(
                f"{url.host} {what}: nothing is posted there; "
                "name it in GREENLIGHT_WEBHOOK_HOSTS in the workers' environment to allow it",
                type=type(error).__name__,
                non_retryable=True,
            ) from None
        except TimeoutError:
            raise _not_delivered(f"{url.host} did not answer within {SECONDS:g} s") from None
        except httpx.HTTPError as error:
            raise _not_delivered(f"{url.host} did not answer: {type(error).__name__}: {error}") from None


def signed(signers: Sequence[Signer], message_id: str, body: str) -> dict[str, str]:
    """The headers of a message that is sent now; the id stays the same however often it is sent."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signer.sign(message_id, now, body) for signer in signers),
    }


def why_unsigned(settings: ActivitySettings, tenant: str = keys.DEFAULT_TENANT) -> str:
    """Why nothing of a tenant can be signed, naming the variable and the remedy; never the secret."""
    try:
        _signers(settings, tenant)
    except ValueError as error:
        return str(error)
    return ""


def signing_tenants(settings: ActivitySettings) -> tuple[str, ...]:
    """The tenants whose events can be signed."""
    try:
        return tuple(sorted(_secrets(settings)))
    except ValueError:
        return ()


def allowed_hosts(settings: ActivitySettings) -> tuple[str, ...]:
    return tuple(filter(None, (host.strip().lower() for host in settings.webhook_hosts.split(","))))


def _signers(settings: ActivitySettings, tenant: str) -> list[Signer]:
    """One for each secret of the tenant, so that receivers may change over from one to the next.

    Raises:
        ValueError: there is none, or one is not a secret.
    """
    found = _secrets(settings).get(tenant, [])
    if not found:
        form = "`whsec_`" if tenant == keys.DEFAULT_TENANT else f"`{tenant}:whsec_`"
        raise ValueError(f"set {_VARIABLE} in the workers' environment: {form} and 32 random bytes in base64")
    return [Signer(key) for key in found]


def _secrets(settings: ActivitySettings) -> dict[str, list[bytes]]:
    """Tenant -> keys. One without a tenant before it is of the tenant `default`.

    Raises:
        ValueError: one is not a secret.
    """
    found: dict[str, list[bytes]] = {}
    for each in settings.webhook_secret.get_secret_value().split():
        tenant, _, secret = each.rpartition(":")
        found.setdefault(tenant or keys.DEFAULT_TENANT, []).append(_key(secret))
    return found


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or len(key) < MIN_SECRET_BYTES:
        raise ValueError(f"{_VARIABLE} is not `whsec_` and at least {MIN_SECRET_BYTES} bytes in base64") from None
    return key


async def _said(answer: httpx.Response) -> str:
    """The beginning of the answer, on one line."""
    said = b""
    async for piece in answer.aiter_raw():
        said += piece
        if len(said) >= MAX_ANSWER_BYTES:
            break
    text = said[:MAX_ANSWER_BYTES].decode(errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _refused(answer: httpx.Response, said: str) -> ApplicationError:
    """Only 410 is final: receivers fix what they answer in error, and a redirect is an error like others."""
    words = f"{answer.url.host} answered HTTP {answer.status_code}{f': {said}' if said else ''}"
    if answer.status_code == HTTPStatus.GONE:
        return ApplicationError(words, type="ReceiverGone", non_retryable=True)
    return _not_delivered(words, http_failures.seconds_after(answer.headers.get("retry-after")))


def _not_delivered(words: str, after: timedelta | None = None) -> ApplicationError:
    """Tried again. A receiver's trouble is none of the worker's: it is no alarm in its log."""
    return ApplicationError(
        words[:1_000],
        type="NotDelivered",
        next_retry_delay=after or None,
        category=ApplicationErrorCategory.BENIGN,
    )
