"""The settings of the activities, parsed once in a `__main__` from the environment into one typed object."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, PositiveInt, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from workflows.stages.models import Stage, StageModels

SETTINGS: Final[Mapping[Stage, str]] = {
    "planner": "planner",
    "enhancer": "enhancer",
    "translator": "translator",
    "analyst": "analysis",
    "transcriber": "transcriber",
    "classifier": "classifier",
    "extractor": "extractor",
    "judge": "judge",
}
"""The setting of each stage."""


def parse_pairs(value: object) -> object:
    """The mapping of a text such as "openai=2.5, runway=1"."""
    if not isinstance(value, str):
        return value
    parts = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): number.strip() for name, _, number in parts}


class ActivitySettings(BaseSettings):
    """Settings of GREENLIGHT_ variables. The AWS variables configure the storage, vendors have their own variables."""

    model_config = SettingsConfigDict(env_prefix="GREENLIGHT_", extra="ignore")

    bucket: str = Field(default="greenlight", min_length=3, max_length=63)
    keep_film_parts_days: int | None = Field(
        default=None,
        ge=0,
        le=3_650,
        description="At its start the worker lets the bucket delete the encoded parts of films after this many days; "
        "they are made again where they are needed. 0 keeps them; unset, the rules of the bucket stay as they are",
    )
    claim_settles_seconds: float = Field(
        default=12, gt=0, description="A claim without a beat for this long counts as lost; seconds"
    )
    planner: str = Field(
        default="auto",
        description="'auto' uses the best enabled language models, 'template' uses none; or 'provider/model' names, "
        "in the order to try, separated by commas",
    )
    enhancer: str = Field(
        default="", description="The same for new prompts from feedback and after refusals; if empty, as for plans"
    )
    translator: str = Field(default="", description="The same for further languages; if empty, as for plans")
    planning_usd: Decimal = Field(
        default=Decimal("0.50"), ge=0, description="The most that drafting one plan may cost, all attempts together"
    )
    tenant_planning_usd: Decimal = Field(
        default=Decimal(20), ge=0, description="The most that language models may cost a tenant on a day of UTC"
    )
    key_planning_usd: Decimal = Field(
        default=Decimal(10), ge=0, description="The same for each key, or each requester's name, of a tenant"
    )
    analysis: str = Field(
        default="auto",
        description="'auto' lets the best enabled models read references, 'local' uses none; or 'provider/model' "
        "names, in the order to try, separated by commas",
    )
    transcriber: str = Field(
        default="auto",
        description="Writes down recordings: 'auto' uses a model that reports the times of words, otherwise those of "
        "`analysis` that hear, or one that only transcribes; or 'provider/model' names, in the order to try, "
        "separated by commas",
    )
    brief_models: str = Field(
        default="any",
        description="The language models that a brief may name for its stages: 'any' enabled one, 'none', or "
        "'provider/model' names, separated by commas",
    )
    quality: Literal["off", "advise", "gate"] = Field(
        default="off", description="How a judge model reviews the takes of a brief that does not say it"
    )
    min_score: float = Field(default=0.8, ge=0, le=1, description="The score from which a take is good enough")
    refinements: int = Field(
        default=0, ge=0, le=4, description="How often an asset is made again with a judge's better prompt, at most"
    )
    judge: str = Field(
        default="auto",
        description="'auto' uses the cheapest enabled model that sees or hears the take and did not make it; or "
        "'provider/model' names, in the order to try, separated by commas",
    )
    classifier: str = Field(
        default="auto",
        description="Finds the kind of a document whose fields are extracted: 'auto' uses the cheapest enabled model, "
        "'local' none; or 'provider/model' names",
    )
    extractor: str = Field(
        default="auto",
        description="Reads the fields of a document: 'auto' uses the best enabled models, 'local' none; or "
        "'provider/model' names",
    )
    voice_sessions: str = Field(
        default="off",
        description="Interviews by voice: 'auto' uses the cheapest enabled realtime model, or 'provider/model'; the "
        "browser then speaks with the vendor directly, and GREENLIGHT_PLANNING_USD caps each interview",
    )
    voice_session_minutes: int = Field(default=10, ge=1, le=60, description="The most that an interview may last")
    metrics_weights: Path | None = Field(
        default=None, description="The folder with the published weights of the metrics that need torch"
    )
    moderation: bool = Field(
        default=False,
        description="Warn of prompts that an enabled provider's moderation flags, and let flagged takes wait",
    )
    catalogue: str = Field(default="", description="Path of a catalogue file whose entries are added")
    previz: bool = Field(default=True, description="Offer the keyless local provider")
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Signs webhooks: `tenant:whsec_` and base64, without `tenant:` for default; separated by spaces",
    )
    webhook_hosts: str = Field(
        default="", description="Receivers that may be plain http and in a private network, separated by commas"
    )
    c2pa_certificate: str = Field(
        default="", description="Signs what leaves Greenlight: a certificate with its chain, PEM or a path of a file"
    )
    c2pa_key: SecretStr = Field(default=SecretStr(""), description="Its private key, PEM or a path of a file")
    c2pa_timestamp_url: str = Field(
        default="", description="A time-stamp authority (RFC 3161); it keeps signatures valid after the certificate"
    )
    in_flight: Annotated[dict[str, PositiveInt], NoDecode, BeforeValidator(parse_pairs)] = Field(
        default_factory=dict,
        description="Provider -> takes that are at it at any moment, over all workers: requests and running jobs",
        examples=["openai=8, runway=3"],
    )
    max_failures: int = Field(default=5, ge=1, description="Failures of a take, without waits, before it is given up")
    resubmit_below_usd: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        description="A cheaper ambiguous submission is repeated without a decision",
    )
    _from_brief: frozenset[Stage] = PrivateAttr(default=frozenset())

    def with_models(self, models: StageModels | None) -> "ActivitySettings":
        """The settings with the models that a brief names for its stages."""
        named = models.named if models else {}
        if not named:
            return self
        changed = self.model_copy(update={SETTINGS[stage]: names for stage, names in named.items()})
        changed._from_brief = frozenset(named)
        return changed

    def source_of(self, stage: Stage) -> str:
        """The field of the brief, or the variable, that names the models of a stage."""
        return f"models.{stage}" if stage in self._from_brief else f"GREENLIGHT_{SETTINGS[stage].upper()}"
