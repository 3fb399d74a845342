"""How a worker runs, parsed once in `__main__` from the environment into one typed object."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """Temporal is configured by its own variables or temporal.toml, S3 by the AWS ones, vendors by theirs."""

    model_config = SettingsConfigDict(env_prefix="GREENLIGHT_", extra="ignore")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    graceful_shutdown_seconds: float = Field(
        default=30, ge=0, le=3_600, description="What running activities get to finish after SIGTERM"
    )
    max_concurrent_activities: int = Field(
        default=100, ge=1, description="Slots of each task queue; a production uses at most 50 at once"
    )
    metrics_address: str | None = Field(
        default=None, description="host:port where the SDK serves Prometheus metrics", examples=["127.0.0.1:9464"]
    )
