"""Posts events to webhooks, signed by the Standard Webhooks scheme (www.standardwebhooks.com).

Each tenant has its own secrets: a receiver can sign messages with the secret with which it verifies them, and must not
be able to sign messages to the receiver of another tenant.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import httpx
from standardwebhooks import Webhook as Signer
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.egress import AddressRefused, guarded_request
from activities.providers import http_failures
from activities.settings import ActivitySettings
from workflows import keys
from workflows.events import event_json
from workflows.webhooks.delivery import Delivery, NotificationActivities, message_id

SECONDS: Final = 15.0
"""From resolving the name to the response, as Standard Webhooks advises."""
MAX_ERROR_BYTES: Final = 2_000
"""Of the body of an error response; the body of a success is not read."""
MIN_SECRET_BYTES: Final = 24
"""As the scheme requires."""

_VARIABLE: Final = "GREENLIGHT_WEBHOOK_SECRET"


class Notifier(NotificationActivities):
    """Implements the contract with the worker's secret.

    Without a secret, events wait as they do for a receiver that is down: a restart may provide it.
    """

    def __init__(self, settings: ActivitySettings) -> None:
        self._settings = settings

    @activity.defn(name="deliver_webhook")
    async def deliver_webhook(self, request: Delivery) -> None:
        tenant = keys.tenant_of(request.production_id)
        if problem := signing_problem(self._settings, tenant):
            raise _not_delivered(problem)
        try:
            url = httpx.URL(request.webhook.url)
        except httpx.InvalidURL as error:
            raise _given_up(f"webhooks.url: {error}", "InvalidURL") from None
        body = event_json(request.production_id, request.event)
        headers = {
            "content-type": "application/json",
            **sign(_signers(self._settings, tenant), message_id(request.production_id, request.event), body),
        }
        allowed, content = allowed_hosts(self._settings), body.encode()
        try:
            async with guarded_request(
                "POST", url, SECONDS, allowed=allowed, content=content, headers=headers
            ) as response:
                if not response.is_success:
                    raise _refused(response, await _excerpt(response))
        except AddressRefused as error:
            raise _given_up(
                f"{error}: nothing is posted there; "
                "name it in GREENLIGHT_WEBHOOK_HOSTS in the workers' environment to allow it",
                type(error).__name__,
            ) from None
        except TimeoutError:
            raise _not_delivered(f"{url.host} did not respond within {SECONDS:g} s") from None
        except httpx.HTTPError as error:
            raise _not_delivered(f"{url.host} did not respond: {type(error).__name__}: {error}") from None


def sign(signers: Sequence[Signer], message_id: str, body: str) -> dict[str, str]:
    """The signature headers of a message that is sent now; the id is the same for each attempt."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signer.sign(message_id, now, body) for signer in signers),
    }


def signing_problem(settings: ActivitySettings, tenant: str = keys.DEFAULT_TENANT) -> str:
    """Why the events of a tenant cannot be signed, with the variable and the remedy, never the secret; or ""."""
    try:
        _signers(settings, tenant)
    except ValueError as error:
        return str(error)
    return ""


def signing_tenants(settings: ActivitySettings) -> tuple[str, ...]:
    """The tenants whose events can be signed."""
    named = {tenant for tenant, _ in _secrets(settings)}
    return tuple(sorted(tenant for tenant in named if not signing_problem(settings, tenant)))


def allowed_hosts(settings: ActivitySettings) -> tuple[str, ...]:
    return tuple(filter(None, (host.strip().lower() for host in settings.webhook_hosts.split(","))))


def _signers(settings: ActivitySettings, tenant: str) -> list[Signer]:
    """One signer for each secret of the tenant, so that receivers can rotate secrets. An invalid secret of another
    tenant has no effect.

    Raises:
        ValueError: there is no secret, or one is invalid.
    """
    found = [_key(secret, tenant) for owner, secret in _secrets(settings) if owner == tenant]
    if not found:
        form = "`whsec_`" if tenant == keys.DEFAULT_TENANT else f"`{tenant}:whsec_`"
        raise ValueError(f"set {_VARIABLE} in the workers' environment: {form} and 32 random bytes in base64")
    return [Signer(key) for key in found]


def _secrets(settings: ActivitySettings) -> list[tuple[str, str]]:
    """Pairs of a tenant and a secret. A secret without a tenant belongs to the tenant `default`."""
    parts = (each.rpartition(":") for each in settings.webhook_secret.get_secret_value().split())
    return [(tenant or keys.DEFAULT_TENANT, secret) for tenant, _, secret in parts]


def _key(secret: str, tenant: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith("whsec_") or len(key) < MIN_SECRET_BYTES:
        raise ValueError(
            f"{_VARIABLE}: a secret of the tenant {tenant!r} is not `whsec_` and at least {MIN_SECRET_BYTES} bytes in "
            "base64; replace it in the workers' environment"
        )
    return key


async def _excerpt(response: httpx.Response) -> str:
    """The beginning of the body, on one line."""
    body = b""
    async for piece in response.aiter_raw():
        body += piece
        if len(body) >= MAX_ERROR_BYTES:
            break
    text = body[:MAX_ERROR_BYTES].decode(errors="replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _refused(response: httpx.Response, excerpt: str) -> ApplicationError:
    """Only 410 is final: other errors of a receiver may be fixed, and a redirect is an error like others."""
    message = f"{response.url.host} answered HTTP {response.status_code}{f': {excerpt}' if excerpt else ''}"
    if response.status_code == HTTPStatus.GONE:
        return _given_up(message, "ReceiverGone")
    return _not_delivered(message, http_failures.parse_retry_after(response.headers.get("retry-after")))


def _given_up(message: str, kind: str) -> ApplicationError:
    """The error that ends all deliveries of the workflow."""
    return ApplicationError(message, type=kind, non_retryable=True, category=ApplicationErrorCategory.BENIGN)


def _not_delivered(message: str, after: timedelta | None = None) -> ApplicationError:
    """A retryable error; benign, as a failure of the receiver is not one of the worker."""
    return ApplicationError(
        message[:1_000],
        type="NotDelivered",
        next_retry_delay=after or None,
        category=ApplicationErrorCategory.BENIGN,
    )
