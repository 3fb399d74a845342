"""What the workers can make, remembered for a moment: they hold the keys, so they are asked."""

import asyncio
import ipaddress
from collections.abc import Collection
from time import monotonic
from typing import TYPE_CHECKING, Final, get_args
from urllib.parse import urlsplit

from api.problems import FieldError, Problem
from workflows.events import PASSING, EventName
from workflows.models import Brief
from workflows.provider_report import ProvidersReport

if TYPE_CHECKING:
    from api.temporal.productions import Gateway

KEPT_SECONDS: Final = 10.0
"""A key set in a worker is seen after this; asking costs an activity (10-30 ms)."""
SILENCE_KEPT_SECONDS: Final = 3.0
"""Without a worker each question takes 2 s: not every start should pay that."""
LOOK_SECONDS: Final = 0.5
"""Orchestrators give a readiness probe 1 s by default; without a worker the report takes 2 s."""
LOGGED: Final = tuple(name for name in get_args(EventName) if name not in PASSING)
"""Names of events that webhooks get: the others are never in the log."""

_OUTWARD: Final = (
    "give an https address on the internet, or name its host in GREENLIGHT_WEBHOOK_HOSTS in the workers' environment"
)


class Fleet:
    """The report of the workers, asked for once at a time."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._asking = asyncio.Lock()
        self._known: ProvidersReport | Problem | None = None
        self._until = 0.0
        self.unstored = ""
        """Why Temporal stored nothing when the workers were asked last, which writes; empty where it did."""
        self._looking: asyncio.Task[ProvidersReport | None] | None = None

    async def report(self) -> ProvidersReport:
        """What is enabled and why not.

        Raises:
            Problem: 503 where no worker answers.
        """
        async with self._asking:
            if self._known is None or monotonic() >= self._until:
                try:
                    self._known = await self._gateway.providers()
                    self.unstored = ""
                except Problem as problem:
                    self._known = problem
                    self.unstored = problem.problem.detail if problem.problem.type.endswith(":temporal-full") else ""
                kept = KEPT_SECONDS if isinstance(self._known, ProvidersReport) else SILENCE_KEPT_SECONDS
                self._until = monotonic() + kept
            if isinstance(self._known, Problem):
                raise self._known
            return self._known

    async def known(self) -> ProvidersReport | None:
        """Like `report`, but None where no worker answers."""
        try:
            return await self.report()
        except Problem:
            return None

    async def store_problem(self) -> str:
        """Why the workers do no paid work with this store; empty where they do, or none of them answers in time."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.known())
        await asyncio.wait([self._looking], timeout=LOOK_SECONDS)
        report = self._looking.result() if self._looking.done() else None
        return report.store if report else ""

    async def check(self, brief: Brief) -> None:
        """Refuse a brief that nobody can make; where no worker answers, the workflow will say so later.

        Raises:
            Problem: 422.
        """
        if errors := password_errors(brief):
            detail = "; ".join(f"{e.field} {e.message} ({e.remedy})" for e in errors)
            raise Problem(422, "password-in-address", detail, errors=errors)
        report = await self.known()
        if errors := webhook_errors(brief, report):
            detail = "; ".join(f"{e.field} {e.message} ({e.remedy})" for e in errors)
            raise Problem(422, "webhook-not-possible", detail, errors=errors)
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
            detail = "; ".join(f"{e.message} ({e.remedy})" for e in errors)
            raise Problem(422, "modality-not-enabled", f"modalities: {detail}", errors=errors)


def password_errors(brief: Brief) -> list[FieldError]:
    """Addresses with a user name or password in them: a brief is kept with its production, and shown to many."""
    addresses = {f"webhooks[{n}].url": webhook.url for n, webhook in enumerate(brief.webhooks)}
    addresses |= {f"references[{n}].source": reference.source for n, reference in enumerate(brief.references)}
    remedies = {
        "webhooks": "leave it out: what is posted is signed, and the receiver checks that",
        "references": "leave it out, or post the file to /api/v1/references and name what that answers",
    }
    return [
        FieldError(field=field, message="has a user name or password in it", remedy=remedies[field.partition("[")[0]])
        for field, address in addresses.items()
        if "@" in address.partition("://")[2].partition("/")[0]
    ]


def webhook_errors(brief: Brief, report: ProvidersReport | None) -> list[FieldError]:
    """What is wrong with a brief's webhooks; what a name stands for is only known to the worker that posts."""
    errors = []
    if brief.webhooks and report and report.webhooks:
        errors.append(FieldError(field="webhooks", message="cannot be signed", remedy=report.webhooks))
    elif brief.webhooks and report and report.webhook_tenants and brief.tenant not in report.webhook_tenants:
        remedy = f"give the workers a secret of the tenant {brief.tenant!r} in GREENLIGHT_WEBHOOK_SECRET"
        errors.append(FieldError(field="webhooks", message="cannot be signed", remedy=remedy))
    for number, webhook in enumerate(brief.webhooks):
        where = f"webhooks[{number}]"
        if unknown := [name for name in webhook.events if name not in LOGGED]:
            message = f"has names that no event of the log has: {', '.join(unknown)}"
            errors.append(
                FieldError(field=f"{where}.events", message=message, remedy=f"choose from {', '.join(LOGGED)}")
            )
        if report and (message := _unsuited(webhook.url, report.webhook_hosts)):
            errors.append(FieldError(field=f"{where}.url", message=message, remedy=_OUTWARD))
    return errors


def _unsuited(url: str, allowed: Collection[str]) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        return f"is no address: {error}"
    if host in allowed:
        return ""
    if parts.scheme != "https":
        return f"is {parts.scheme}, and {host!r} is not allowed that"
    try:
        private = not ipaddress.ip_address(host).is_global
    except ValueError:  # a name
        private = host == "localhost"
    return f"is in a private network, and {host!r} is not allowed that" if private else ""
