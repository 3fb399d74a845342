"""New words for another take: what a person said of the last one, or why a provider refused it."""

from collections.abc import Mapping

from activities.providers.base import Provider
from activities.settings import ActivitySettings
from activities.storage import Storage
from workflows.contracts import RewritePrompt, Rewritten


async def rewrite(
    request: RewritePrompt, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings
) -> Rewritten:
    """The new prompt."""
    raise NotImplementedError
