"""Moderation of a plan's prompts before the approval: a flagged prompt gets a warning, and nothing is stopped."""

from collections.abc import Mapping

from activities.errors import ProviderError
from activities.providers.protocol import Moderator, Provider
from workflows.models import Plan


async def moderate(plan: Plan, providers: Mapping[str, Provider]) -> Plan:
    """The plan with a warning for each prompt that the first provider with moderation flags."""
    moderator = next((p for p in providers.values() if isinstance(p, Moderator)), None)
    if moderator is None:
        return plan
    try:
        flags = await moderator.moderate([asset.prompt for asset in plan.assets])
    except ProviderError as error:
        warnings = [f"the prompts could not be checked: {error}"]
    else:
        flagged = zip(plan.assets, flags, strict=True)
        warnings = [f"{a.asset_id}: the prompt is flagged as {flag}; it may be refused" for a, flag in flagged if flag]
    return plan.model_copy(update={"warnings": (*plan.warnings, *warnings)})
