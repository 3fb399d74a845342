"""A look at a plan's prompts before anybody pays for them: what a vendor may refuse is said, nothing is stopped."""

from collections.abc import Mapping

from activities.errors import ProviderError
from activities.providers.protocol import Moderator, Provider
from workflows.models import Plan


async def moderated(plan: Plan, providers: Mapping[str, Provider]) -> Plan:
    """The plan with a warning for each prompt that the first provider with a moderation flags."""
    judge = next((p for p in providers.values() if isinstance(p, Moderator)), None)
    if judge is None:
        return plan
    try:
        flags = await judge.moderate([asset.prompt for asset in plan.assets])
    except ProviderError as error:
        return _warned(plan, [f"the prompts could not be looked over: {error}"])
    flagged = zip(plan.assets, flags, strict=True)
    return _warned(
        plan, [f"{a.asset_id}: the prompt is flagged as {flag}; it may be refused" for a, flag in flagged if flag]
    )


def _warned(plan: Plan, warnings: list[str]) -> Plan:
    return plan.model_copy(update={"warnings": (*plan.warnings, *warnings)})
