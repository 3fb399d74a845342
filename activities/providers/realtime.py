"""What a vendor needs for interviews by voice: models with their prices, and client secrets for browsers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, runtime_checkable

from workflows.voice.sessions import TokenRates


@dataclass(frozen=True)
class RealtimeModel:
    """A model that speaks with a person.

    Attributes:
        source: Where the price was read, and `seen` when.
        retires: The day on which the vendor switches it off.
    """

    name: str
    rates: TokenRates
    source: str
    seen: date
    retires: date | None = None


@dataclass(frozen=True)
class ClientSecret:
    """A secret with which a browser opens sessions until it expires."""

    value: str
    expires_at: datetime
    session_id: str = ""


@runtime_checkable
class Interviewer(Protocol):
    """A provider with a realtime API to which browsers connect by a client secret."""

    def realtime_models(self) -> Sequence[RealtimeModel]:
        """Its realtime models, the cheapest first."""

    def realtime_url(self, model: str) -> str:
        """The address for a browser's WebSocket, ws or wss."""

    async def mint_secret(self, session: Mapping[str, Any], seconds: int) -> ClientSecret:
        """A client secret for one configuration of a session.

        Raises:
            ProviderError: the failure; `SubmissionUnknown` if the secret may have been minted.
        """
