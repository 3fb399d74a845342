"""How a worker runs, parsed once in `__main__` from the environment into one typed object."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _pairs(value: object) -> object:
    """ "openai=2.5, runway=1" as a mapping."""
    if not isinstance(value, str):
        return value
    parts = [part.partition("=") for part in value.split(",") if part.strip()]
    return {name.strip(): number.strip() for name, _, number in parts}


class WorkerSettings(BaseSettings):
    """Temporal is configured by its own variables or temporal.toml, S3 by the AWS ones, vendors by theirs."""

    model_config = SettingsConfigDict(env_prefix="GREENLIGHT_", extra="ignore")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    graceful_shutdown_seconds: float = Field(
        default=120,
        ge=0,
        le=3_600,
        description="What running activities get to finish after SIGTERM; a vendor's answer that is cut off is paid "
        "all the same, and pictures take 15 to 34 s",
    )
    max_concurrent_activities: int = Field(
        default=100, ge=1, description="Slots of each task queue; a production uses at most 50 at once"
    )
    rates: Annotated[dict[str, PositiveFloat], NoDecode, BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description="Provider -> requests a second, looks at jobs included; Temporal keeps it over all workers",
        examples=["openai=2.5, runway=1"],
    )
    in_flight: Annotated[dict[str, PositiveInt], NoDecode, BeforeValidator(_pairs)] = Field(
        default_factory=dict,
        description="Provider -> requests at once from this worker; a running job is none",
        examples=["openai=8"],
    )
    payload_keys: SecretStr = Field(
        default=SecretStr(""),
        description="Encrypt what Temporal keeps: 'id:base64 id2:base64'; the first encrypts. The API's too",
    )
    health_host: str = Field(default="127.0.0.1", description="Where /healthz and /readyz of the worker listen")
    health_port: int | None = Field(
        default=None, ge=1, le=65_535, description="Their port; without one they are not served"
    )
    metrics_address: str | None = Field(
        default=None, description="host:port where the SDK serves Prometheus metrics", examples=["127.0.0.1:9464"]
    )
