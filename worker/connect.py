"""Connects to Temporal and S3, and waits until they respond: they can start in any order."""

import asyncio
import logging
from datetime import timedelta
from itertools import chain, repeat
from typing import Final

from botocore.exceptions import ConnectionError as S3ConnectionError
from botocore.exceptions import HTTPClientError
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import RPCError

from activities.metrics import BUCKETS
from activities.storage.bucket import Storage
from activities.storage.payloads import payload_storage
from worker.health import Health, temporal_problem
from worker.settings import WorkerSettings
from workflows import keys
from workflows.runtime.data_converter import make_data_converter
from workflows.runtime.tracing import interceptors
from workflows.servers.resent_queries import ResendQueries
from workflows.servers.temporal import diagnose

log = logging.getLogger(__name__)

DEFAULT_ADDRESS: Final = "127.0.0.1:7233"
_INDEXED: Final = {
    "Keyword": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "KeywordList": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "Double": IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE,
    "Text": IndexedValueType.INDEXED_VALUE_TYPE_TEXT,
}
_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0)
"""Short pauses for a server that is starting, longer ones for a server that is down; then 5 s each."""


class MetricsAddressRefused(ValueError):
    """Metrics cannot be served at an address; the message names the variable and the remedy."""


def make_runtime(settings: WorkerSettings) -> Runtime:
    """The SDK's core runtime, which logs through `logging` instead of stdout.

    Raises:
        MetricsAddressRefused: metrics cannot be served at GREENLIGHT_METRICS_ADDRESS.
    """
    telemetry = TelemetryConfig(
        logging=LoggingConfig(
            filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
            forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
        ),
        metrics=_prometheus(settings.metrics_address) if settings.metrics_address else None,
        attach_service_name=False,  # a label with the same value everywhere
    )
    try:
        # The UI shows a new worker after one interval; the default is a minute.
        return Runtime(telemetry=telemetry, worker_heartbeat_interval=timedelta(seconds=5))
    except (ValueError, RuntimeError) as error:
        if not settings.metrics_address:
            raise
        raise MetricsAddressRefused(
            f"GREENLIGHT_METRICS_ADDRESS is {settings.metrics_address!r}: {error}; "
            "set it to an IP address and a free port, as in 127.0.0.1:9464"
        ) from None


def _prometheus(address: str) -> PrometheusConfig:
    """Prometheus conventions: counters end in `_total`, durations are in seconds."""
    return PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=BUCKETS,
    )


async def connect(
    runtime: Runtime, payload_keys: str = "", health: Health | None = None, storage: Storage | None = None
) -> Client:
    """A client by the TEMPORAL_* variables or a temporal.toml profile; waits for the server.

    Args:
        payload_keys: The value of GREENLIGHT_PAYLOAD_KEYS.
        health: Gets the reason for the wait.
        storage: The place of large payloads.
    """
    config = ClientConfig.load_client_connect_config()
    address = config.setdefault("target_host", DEFAULT_ADDRESS)
    converter = make_data_converter(payload_keys, payload_storage(storage) if storage else None)
    for delay in chain(_RETRY_SECONDS, repeat(5.0)):
        try:
            client = await Client.connect(
                **config, runtime=runtime, data_converter=converter, interceptors=[*interceptors(), ResendQueries()]
            )
            problem = await temporal_problem(client)
        except (RuntimeError, RPCError) as error:
            problem = diagnose(str(error)) or f"it does not respond yet: {error}"
        if not problem:
            log.info("Connected to Temporal at %s, namespace %s", address, client.namespace)
            return client
        if health:
            health.checks["temporal"] = problem
        log.warning("Temporal at %s (TEMPORAL_ADDRESS), trying again: %s", address, problem)
        await asyncio.sleep(delay)
    raise AssertionError("the delays never end")


async def ensure_bucket(storage: Storage) -> None:
    """Wait for S3 and create the bucket if it is missing.

    Raises:
        botocore.exceptions.ClientError: S3 refuses these credentials.
    """
    for delay in chain(_RETRY_SECONDS, repeat(5.0)):
        try:
            await storage.ensure_bucket()
        except (S3ConnectionError, HTTPClientError) as error:
            log.warning("S3 (AWS_ENDPOINT_URL_S3) does not respond yet, trying again: %s", error)
            await asyncio.sleep(delay)
        else:
            return


async def register_search_attributes(client: Client) -> bool:
    """Add the missing search attributes; if that is not allowed, log the command for an administrator.

    Returns:
        Whether they are all there.
    """
    operator = client.operator_service
    try:
        listed = await operator.list_search_attributes(ListSearchAttributesRequest(namespace=client.namespace))
        missing = {name: kind for name, kind in keys.SEARCH_ATTRIBUTES.items() if name not in listed.custom_attributes}
        if missing:
            types = {name: _INDEXED[kind] for name, kind in missing.items()}
            await operator.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
            )
            log.info("Registered the search attributes %s", ", ".join(missing))
    except RPCError as error:
        wanted = " ".join(f"--name {name} --type {kind}" for name, kind in keys.SEARCH_ATTRIBUTES.items())
        log.warning(
            "Could not check the search attributes (%s). If they are missing: "
            "temporal operator search-attribute create --namespace %s %s",
            error.message,
            client.namespace,
            wanted,
        )
        return False
    return True


async def prepare_servers(client: Client, storage: Storage, keep_film_parts_days: int | None) -> bool:
    """What workers need of their servers: search attributes, the bucket, and its rule for the parts of films.

    Returns:
        Whether the search attributes are all there.

    Raises:
        botocore.exceptions.ClientError: S3 refuses these credentials.
    """
    complete = await register_search_attributes(client)
    await ensure_bucket(storage)
    if keep_film_parts_days is not None:
        await storage.expire_film_parts(keep_film_parts_days)
    return complete
