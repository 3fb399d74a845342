"""The deep check of an installation, made where the work is done: by a worker, with its bucket, keys, clock and disk.

Nothing of it costs money. Each check has its own time limit, and a failure is a result.
"""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from cryptography import x509
from temporalio import activity
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from activities.providers.protocol import KeyChecker, Provider
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.probe import probe
from workflows import keys
from workflows.runtime.redaction import redact
from workflows.servers.diagnosis import DIAGNOSE, Diagnoses, Diagnosis

SECONDS: Final = 20.0
"""Of each check."""
MIN_FREE_BYTES: Final = 2_000_000_000
"""A film of an hour and its parts at the same time."""
MAX_SKEW: Final = timedelta(seconds=30)
"""S3 refuses requests from 15 minutes on; leases of claims and times of events suffer earlier."""
EXPIRES_SOON: Final = timedelta(days=14)

Check = Callable[[], Awaitable[str]]
"""Returns what it measured, and raises `Wrong` or any other error."""


class Wrong(Exception):
    """A part does not work as needed; the message has the remedy."""


class Diagnoser:
    """Checks what a worker needs. `providers` are those with a key."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings

    @activity.defn(name=DIAGNOSE)
    async def diagnose(self) -> Diagnoses:
        """The result of each check, in a fixed order; none of them fails the activity."""
        info = activity.info()
        client, asked_at = activity.client(), info.started_time
        checks: dict[str, Check] = {
            "bucket": self._check_bucket,
            "conditional writes": self._check_conditional_writes,
            "bucket's clock": self._check_bucket_clock,
            "Temporal's clock": lambda: _check_clock(asked_at, datetime.now(UTC)),
            "search attributes": lambda: _check_attributes(client),
            "disk": lambda: _check_disk(Path(tempfile.gettempdir())),
            **_certificate_checks(self._storage, self._settings),
            **{f"key of {name}": each.check_key for name, each in self._checkable()},
        }
        return Diagnoses(found=tuple(await asyncio.gather(*(_run(part, check) for part, check in checks.items()))))

    def _checkable(self) -> list[tuple[str, Any]]:
        return [(name, each) for name, each in self._providers.items() if isinstance(each, KeyChecker)]

    async def _check_bucket(self) -> str:
        key, content, began = keys.probe_key(f"deep-{uuid4().hex}"), uuid4().hex.encode(), monotonic()
        try:
            await self._storage.put_bytes(key, content, "text/plain")
            found = await self._storage.get_bytes(key)
        finally:
            await self._storage.delete(key)
        if found is None or found[0] != content:
            raise Wrong("a read right after a write did not return what was written; check the S3 store")
        return f"put, read and deleted an object in {(monotonic() - began) * 1_000:.0f} ms"

    async def _check_conditional_writes(self) -> str:
        support = await probe(self._storage)
        if support.problem:
            raise Wrong(support.problem)
        return "the store honours If-None-Match and If-Match, also in races"

    async def _check_bucket_clock(self) -> str:
        listed: Any = await self._storage.call(lambda s3, bucket: s3.list_objects_v2(Bucket=bucket, MaxKeys=1))
        date = listed["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        return await _check_clock(parsedate_to_datetime(date), datetime.now(UTC)) if date else "the store sends no time"


async def _run(part: str, check: Check) -> Diagnosis:
    began = monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            note = await check()
    except Wrong as error:
        return Diagnosis(part=part, problem=redact(str(error)))
    except TimeoutError:
        return Diagnosis(part=part, problem=f"there was no response within {SECONDS:g} s")
    except Exception as error:
        return Diagnosis(part=part, problem=redact(f"{type(error).__name__}: {error}"[:500]))
    return Diagnosis(part=part, note=note or f"accepted, in {(monotonic() - began) * 1_000:.0f} ms")


async def _check_clock(theirs: datetime, ours: datetime) -> str:
    """Compare the time of a server with ours; a second of the difference may be that of the response."""
    skew = ours - theirs
    if abs(skew) > MAX_SKEW:
        way = "ahead of" if skew > timedelta(0) else "behind"
        seconds = abs(skew).total_seconds()
        raise Wrong(f"this machine's clock is {seconds:,.0f} s {way} the server's; synchronise both (NTP)")
    return f"they differ by {abs(skew).total_seconds():.1f} s"


async def _check_attributes(client: Client) -> str:
    try:
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
    except RPCError as error:
        return f"this worker may not list them ({error.message[:100]})"
    missing = [f"--name {n} --type {t}" for n, t in keys.SEARCH_ATTRIBUTES.items() if n not in listed.custom_attributes]
    if missing:
        create = f"temporal operator search-attribute create --namespace {client.namespace} {' '.join(missing)}"
        raise Wrong(f"{len(missing)} are missing: {create}")
    return f"all {len(keys.SEARCH_ATTRIBUTES)} are registered"


async def _check_disk(folder: Path) -> str:
    usage = await asyncio.to_thread(shutil.disk_usage, folder)
    free = f"{usage.free / 1e9:,.1f} GB free in {folder}"
    if usage.free < MIN_FREE_BYTES:
        raise Wrong(f"only {free}; films need {MIN_FREE_BYTES / 1e9:.0f}: make room, or set TMPDIR to another disk")
    return free


def _certificate_checks(storage: Storage, settings: ActivitySettings) -> dict[str, Check]:
    """The dates of all certificates that this worker uses: those of the servers with TLS, and its own."""
    checks: dict[str, Check] = {}
    s3 = urlsplit(storage.endpoint_url)
    if s3.scheme == "https" and s3.hostname:
        host, port = s3.hostname, s3.port or 443
        checks["bucket's certificate"] = lambda: _check_served(host, port)
    config = ClientConfig.load_client_connect_config()
    if config.get("tls") or config.get("api_key"):
        name, _, number = config.get("target_host", "").rpartition(":")
        checks["Temporal's certificate"] = lambda: _check_served(name, int(number))
    if pem := getattr(config.get("tls"), "client_cert", None):
        checks["client certificate for Temporal"] = lambda: _check_dates(pem)
    if own := settings.c2pa_certificate:
        checks["signing certificate"] = lambda: _check_own(own)
    return checks


async def _check_served(host: str, port: int) -> str:
    return await _check_dates((await asyncio.to_thread(ssl.get_server_certificate, (host, port), timeout=10)).encode())


async def _check_own(pem_or_path: str) -> str:
    is_pem = "-----BEGIN " in pem_or_path
    return await _check_dates(pem_or_path.encode() if is_pem else await asyncio.to_thread(_read, pem_or_path))


def _read(path: str) -> bytes:
    return Path(path).expanduser().read_bytes()


async def _check_dates(pem: bytes) -> str:
    ends = min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(pem))
    if ends < datetime.now(UTC) + EXPIRES_SOON:
        raise Wrong(f"it ends on {ends:%Y-%m-%d %H:%M} UTC; renew it")
    return f"valid until {ends:%Y-%m-%d}"
