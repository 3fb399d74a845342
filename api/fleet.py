"""What the workers can make, remembered for a moment: they hold the keys, so they are asked."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final

from api.problems import FieldError, Problem
from workflows.models import Brief
from workflows.reports import ProvidersReport

if TYPE_CHECKING:
    from api.gateway import Gateway

KEPT_SECONDS: Final = 10.0
"""A key set in a worker is seen after this; asking costs an activity (10-30 ms)."""
SILENCE_KEPT_SECONDS: Final = 3.0
"""Without a worker each question takes 2 s: not every start should pay that."""


class Fleet:
    """The report of the workers, asked for once at a time."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._asking = asyncio.Lock()
        self._known: ProvidersReport | Problem | None = None
        self._until = 0.0

    async def report(self) -> ProvidersReport:
        """What is enabled and why not.

        Raises:
            Problem: 503 where no worker answers.
        """
        async with self._asking:
            if self._known is None or monotonic() >= self._until:
                try:
                    self._known = await self._gateway.providers()
                except Problem as problem:
                    self._known = problem
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

    async def check(self, brief: Brief) -> None:
        """Refuse a brief that nobody can make; where no worker answers, the workflow will say so later.

        Raises:
            Problem: 422.
        """
        report = await self.known()
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
