"""What the activities need to know, parsed once in a `__main__` from the environment into one typed object."""

from decimal import Decimal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ActivitySettings(BaseSettings):
    """Storage itself is configured by the usual AWS variables, vendors by their own variable names."""

    model_config = SettingsConfigDict(env_prefix="GREENLIGHT_", extra="ignore")

    bucket: str = Field(default="greenlight", min_length=3, max_length=63)
    claim_settles_seconds: float = Field(
        default=12, gt=0, description="A claim that shows no sign of life for so long is taken for lost; seconds"
    )
    planner: str = Field(
        default="auto",
        description="'auto' asks the best enabled language models, 'template' asks none; or 'provider/model' names, "
        "in the order to try, separated by commas",
    )
    planning_usd: Decimal = Field(
        default=Decimal("0.50"), ge=0, description="The most that drafting one plan may cost, all tries together"
    )
    tenant_planning_usd: Decimal = Field(
        default=Decimal(20), ge=0, description="The most that language models may cost a tenant on a day of UTC"
    )
    key_planning_usd: Decimal = Field(
        default=Decimal(10), ge=0, description="The same for each key, or each requester's name, of a tenant"
    )
    moderation: bool = Field(default=False, description="Warn of prompts that an enabled provider's moderation flags")
    catalogue: str = Field(default="", description="Path of a catalogue file whose entries come on top")
    previz: bool = Field(default=True, description="Offer the keyless local provider")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs webhooks: `tenant:whsec_` and base64, without `tenant:` for default; apart by spaces",
    )
    webhook_hosts: str = Field(
        default="", description="Receivers that may be plain http and in a private network, separated by commas"
    )
    max_failures: int = Field(default=5, ge=1, description="Real failures of a take before it is given up")
    resubmit_below_usd: Decimal = Field(
        default=Decimal("0.05"), ge=0, description="An ambiguous submission that costs less is made again unasked"
    )
