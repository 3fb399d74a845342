"""The providers of the workers, which hold the vendors' keys, and the checks of a brief against them."""

import asyncio
import ipaddress
from collections.abc import Collection
from time import monotonic
from typing import TYPE_CHECKING, Final, get_args
from urllib.parse import urlsplit

from api.problems import FieldError, Problem
from workflows.brief import Brief
from workflows.events import TRANSIENT_EVENTS, EventName
from workflows.provider_report import ProvidersReport

if TYPE_CHECKING:
    from api.temporal.connection import TemporalServer

KEPT_SECONDS: Final = 10.0
"""A key that is set in a worker takes effect after this time; each report costs an activity (10-30 ms)."""
SILENCE_KEPT_SECONDS: Final = 3.0
"""Without a worker each request for a report takes 2 s, which not every start should have to wait."""
PROBE_SECONDS: Final = 0.5
"""Orchestrators give a readiness probe 1 s by default; without a worker the report takes 2 s."""
LOGGED: Final = tuple(name for name in get_args(EventName) if name not in TRANSIENT_EVENTS)
"""Names of events that webhooks get; the other events are never in the log."""

_OUTWARD: Final = (
    "give an https address on the internet, or name its host in GREENLIGHT_WEBHOOK_HOSTS in the workers' environment"
)


class Fleet:
    """The report of the workers. One request for it runs at a time."""

    def __init__(self, temporal: "TemporalServer") -> None:
        self._temporal = temporal
        self._lock = asyncio.Lock()
        self._known: ProvidersReport | Problem | None = None
        self._until = 0.0
        self.write_problem = ""
        """Why Temporal stored nothing at the last request for a report, which is a write; empty where it did."""
        self._probe: asyncio.Task[ProvidersReport | None] | None = None

    async def report(self) -> ProvidersReport:
        """The enabled providers, and the reasons why others are not.

        Raises:
            Problem: 503 where no worker answers.
        """
        async with self._lock:
            if self._known is None or monotonic() >= self._until:
                try:
                    self._known = await self._temporal.list_providers()
                    self.write_problem = ""
                except Problem as problem:
                    self._known = problem
                    is_full = problem.problem.type.endswith(":temporal-full")
                    self.write_problem = problem.problem.detail if is_full else ""
                kept = KEPT_SECONDS if isinstance(self._known, ProvidersReport) else SILENCE_KEPT_SECONDS
                self._until = monotonic() + kept
            if isinstance(self._known, Problem):
                raise self._known
            return self._known

    async def report_or_none(self) -> ProvidersReport | None:
        """Like `report`, but None where no worker answers."""
        try:
            return await self.report()
        except Problem:
            return None

    async def store_problem(self) -> str:
        """Why the workers do no paid work with this store; empty where they do, or none of them answers in time."""
        report = await self._report_soon()
        return report.store if report else ""

    async def interview_origin(self) -> str:
        """The origin of the vendor to which the page may connect; empty where interviews by voice are not enabled, or
        no worker answers in time."""
        report = await self._report_soon()
        return report.interviews.origin if report and report.interviews.enabled else ""

    async def _report_soon(self) -> ProvidersReport | None:
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self.report_or_none())
        await asyncio.wait([self._probe], timeout=PROBE_SECONDS)
        return self._probe.result() if self._probe.done() else None

    async def check(self, brief: Brief) -> None:
        """Refuse a brief that no worker can make. Where no worker answers, the workflow refuses it later.

        Raises:
            Problem: 422.
        """
        if errors := password_errors(brief):
            raise Problem.of_fields(errors, "password-in-address")
        report = await self.report_or_none()
        if errors := webhook_errors(brief, report):
            raise Problem.of_fields(errors, "webhook-not-possible")
        if report is None:
            return
        errors = [
            FieldError(
                field="modalities",
                message=f"no provider is enabled for {modality.value}",
                remedy=report.reasons.get(modality, "")
                or "set the key of a provider for it in the worker's environment",
            )
            for modality in brief.modalities
            if not report.enabled_providers.get(modality)
        ]
        if errors:
            raise Problem.of_fields(errors, "modality-not-enabled")


def password_errors(brief: Brief) -> list[FieldError]:
    """Addresses with a user name or password in them: a brief is kept with its production, and many people read it."""
    addresses = {f"webhooks[{n}].url": webhook.url for n, webhook in enumerate(brief.webhooks)}
    addresses |= {f"references[{n}].source": reference.source for n, reference in enumerate(brief.references)}
    remedies = {
        "webhooks": "leave it out: each request is signed, and the receiver checks the signature",
        "references": "leave it out, or post the file to /api/v1/references and give the `source` of the response",
    }
    return [
        FieldError(field=field, message="has a user name or password in it", remedy=remedies[field.partition("[")[0]])
        for field, address in addresses.items()
        if "@" in address.partition("://")[2].partition("/")[0]
    ]


def webhook_errors(brief: Brief, report: ProvidersReport | None) -> list[FieldError]:
    """The errors of a brief's webhooks. Only the worker that posts can check to which address a host name resolves."""
    errors = []
    if brief.webhooks and report and report.webhooks:
        errors.append(FieldError(field="webhooks", message="cannot be signed", remedy=report.webhooks))
    elif brief.webhooks and report and report.webhook_tenants and brief.tenant not in report.webhook_tenants:
        remedy = f"give the workers a secret of the tenant {brief.tenant!r} in GREENLIGHT_WEBHOOK_SECRET"
        errors.append(FieldError(field="webhooks", message="cannot be signed", remedy=remedy))
    for number, webhook in enumerate(brief.webhooks):
        where = f"webhooks[{number}]"
        if unknown := [name for name in webhook.events if name not in LOGGED]:
            message = f"names events that are not in the log: {', '.join(unknown)}"
            errors.append(
                FieldError(field=f"{where}.events", message=message, remedy=f"choose from {', '.join(LOGGED)}")
            )
        if report and (message := _address_error(webhook.url, report.webhook_hosts)):
            errors.append(FieldError(field=f"{where}.url", message=message, remedy=_OUTWARD))
    return errors


def _address_error(url: str, allowed: Collection[str]) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return f"is not an address: {error}"
    if host in allowed:
        return ""
    if parts.scheme != "https":
        return f"is {parts.scheme}, which is not allowed for {host!r}"
    try:
        private = not ipaddress.ip_address(host).is_global
    except ValueError:  # a name
        private = host == "localhost"
    return f"is in a private network, which is not allowed for {host!r}" if private else ""
