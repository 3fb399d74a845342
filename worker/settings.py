"""The settings of a worker, parsed once in `__main__` from the environment."""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from activities.settings import parse_pairs
from workflows.models import Slug
from workflows.nexus.service import NEXUS_QUEUE, EndpointName

STOP_SECONDS: Final = 20.0
"""The most that a worker needs after `graceful_shutdown_seconds` to stop: activities that were cancelled end, and
connections and traces are closed. An orchestrator's grace period is longer than both together."""


def _parse_names(value: object) -> object:
    """The names of a text such as "workflows, notify"."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class WorkerSettings(BaseSettings):
    """Temporal is configured by its own variables or temporal.toml, S3 by those of AWS, vendors by their own."""

    model_config = SettingsConfigDict(env_prefix="GREENLIGHT_", extra="ignore", populate_by_name=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    graceful_shutdown_seconds: float = Field(
        default=120,
        ge=0,
        le=3_600,
        description="Seconds for running activities to finish after SIGTERM; a vendor's response that is cut off is "
        "billed anyway, and pictures take 15 to 34 s",
    )
    max_concurrent_activities: int = Field(
        default=100, ge=1, description="Slots of each task queue; a production uses at most 50 at once"
    )
    roles: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parse_names)] = Field(
        default=(),
        description="The task queues that this worker polls: workflows, render, notify, nexus, or a provider's name; "
        "all without any. The workers of a deployment together must have every role",
        examples=["workflows, notify", "openai"],
    )
    rates: Annotated[dict[str, PositiveFloat], NoDecode, BeforeValidator(parse_pairs)] = Field(
        default_factory=dict,
        description="Provider -> requests a second, polls of jobs included; Temporal enforces it over all workers",
        examples=["openai=2.5, runway=1"],
    )
    deployment_name: str = Field(
        default="",
        validation_alias="TEMPORAL_DEPLOYMENT_NAME",
        description="The Worker Deployment that these workers belong to: a run stays on the version that "
        "executed its first task until it is continued as new. Without a name, workers have no version",
        examples=["greenlight"],
    )
    build_id: str = Field(
        default="",
        validation_alias="TEMPORAL_WORKER_BUILD_ID",
        description="The version of these workers in it; by default a digest of the sources",
    )
    promote: Literal["always", "first", "never"] = Field(
        default="first",
        description="When a starting worker makes its version the one that new runs use: always, which also takes over "
        "the runs of versions without workers; first: if there is none yet; never: an operator or a controller does so",
    )
    nexus_endpoints: Annotated[dict[EndpointName, Slug], NoDecode, BeforeValidator(parse_pairs)] = Field(
        default_factory=dict,
        description="Nexus endpoint -> the tenant of its callers: this worker offers the Nexus service to them",
        examples=["marketing=north, press-office=acme"],
    )
    nexus_queue: str = Field(
        default=NEXUS_QUEUE,
        min_length=1,
        description="The task queue that the endpoints target: one of its own, or the main one, greenlight",
    )
    payload_keys: SecretStr = Field(
        default=SecretStr(""),
        description="Keys for Temporal's payloads: 'id:base64 id2:base64'; the first encrypts. The API needs the same",
    )
    health_host: str = Field(
        default="127.0.0.1", description="The address at which the worker serves /healthz and /readyz"
    )
    health_port: int | None = Field(
        default=None, ge=1, le=65_535, description="Their port; without it they are not served"
    )
    watch_polling: bool = Field(
        default=True,
        description="Stop when Temporal has received no poll for one of the task queues for 10 minutes, so that a "
        "supervisor starts a new worker",
    )
    metrics_address: str | None = Field(
        default=None, description="host:port at which the SDK serves Prometheus metrics", examples=["127.0.0.1:9464"]
    )
