"""The Nexus service in a worker, where GREENLIGHT_NEXUS_ENDPOINTS names endpoints."""

from collections.abc import Mapping
from typing import Any

from temporalio.client import Client

from api.settings import Settings, SettingsError
from worker.settings import WorkerSettings


class NexusRefused(ValueError):
    """The service cannot be offered; the message names the variable and the remedy."""


def nexus_handlers(client: Client, settings: WorkerSettings, environ: Mapping[str, str]) -> list[Any]:
    """The handlers of the service; none without endpoints.

    Raises:
        NexusRefused: the file of API keys, which has the approval policies of tenants, is not set or cannot be read.
    """
    if not settings.nexus_endpoints:
        return []
    from api.nexus.handler import Admission, GreenlightHandler  # it loads the web framework

    try:
        return [GreenlightHandler(Admission(client, settings.nexus_endpoints, Settings.read(environ)))]
    except SettingsError as error:
        raise NexusRefused(
            f"GREENLIGHT_NEXUS_ENDPOINTS is set, and its briefs are checked as the API's: {error}"
        ) from None
