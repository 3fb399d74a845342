"""The API's configuration, parsed once from an environment mapping into one typed object."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workflows.runtime import encryption_keys

DEFAULT_PORT: Final = 8400
STOP_SECONDS: Final = 60
"""The time that running requests, mostly uploads, have to finish after SIGTERM. Without any the API stops at once."""
DEFAULT_BUCKET: Final = "greenlight"
TENANT_STREAMS: Final = 200
"""A page holds one or two; each costs an open connection and little more."""
TENANT_TRANSFERS: Final = 8
"""Each upload holds 16 MiB and a connection to the storage, each archive a connection."""

MOST: Final = 1_000_000
MIN_WEIGHT: Final = 0.001
MAX_WEIGHT: Final = 1_000
"""The limits of Temporal for a fairness weight."""


class SettingsError(ValueError):
    """A variable has a value that cannot be used; the message names it and the remedy."""


@dataclass(frozen=True)
class Settings:
    """The configuration of the API. Temporal and S3 are configured by their own usual variables.

    Without `api_keys` every request is refused, unless the API `is_open` to all callers on this machine. `environ`
    holds TEMPORAL_ADDRESS and the other Temporal variables; boto3 reads AWS_* by itself. `instance` is the id that
    `make up` gives to its processes, by which a client distinguishes them from those of another stack.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    bucket: str = DEFAULT_BUCKET
    temporal_ui_url: str = ""
    s3_public_url: str = ""
    payload_keys: str = field(default="", repr=False)
    api_keys: Path | None = None
    is_open: bool = False
    instance: str = ""
    stop_seconds: int = STOP_SECONDS
    tenant_streams: int = TENANT_STREAMS
    tenant_transfers: int = TENANT_TRANSFERS
    tenant_weights: Mapping[str, float] = field(default_factory=dict)
    session_secret: str = field(default="", repr=False)
    proxies: str = ""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Parse the GREENLIGHT_… variables.

        Raises:
            SettingsError: a variable has a value that cannot be used.
        """
        port = environ.get("GREENLIGHT_API_PORT", "") or str(DEFAULT_PORT)
        if not port.isdecimal() or not 0 < int(port) < 65_536:
            raise SettingsError(f"GREENLIGHT_API_PORT is {port!r}; set it to a port number from 1 to 65535")
        encrypting = environ.get(encryption_keys.VARIABLE, "")
        try:
            encryption_keys.parse_keys(encrypting)
        except encryption_keys.PayloadKeysRefused as error:
            raise SettingsError(str(error)) from None
        host = environ.get("GREENLIGHT_API_HOST", "") or cls.host
        api_keys = environ.get("GREENLIGHT_API_KEYS", "")
        read = cls(
            host=host,
            port=int(port),
            bucket=environ.get("GREENLIGHT_BUCKET", "") or cls.bucket,
            temporal_ui_url=_url(environ, "GREENLIGHT_TEMPORAL_UI_URL"),
            s3_public_url=_url(environ, "GREENLIGHT_S3_PUBLIC_URL"),
            payload_keys=encrypting,
            api_keys=Path(api_keys) if api_keys else None,
            is_open=not api_keys and _flag(environ, "GREENLIGHT_OPEN"),
            instance=environ.get("GREENLIGHT_INSTANCE", ""),
            stop_seconds=_count(environ, "GREENLIGHT_API_STOP_SECONDS", STOP_SECONDS),
            tenant_streams=tenant_streams(environ),
            tenant_transfers=_count(environ, "GREENLIGHT_TENANT_TRANSFERS", TENANT_TRANSFERS),
            tenant_weights=_weights(environ, "GREENLIGHT_TENANT_WEIGHTS"),
            session_secret=environ.get("GREENLIGHT_SESSION_SECRET", ""),
            proxies=_networks(environ, "GREENLIGHT_PROXIES"),
            environ=dict(environ),
        )
        if not api_keys and not read.is_open:
            raise SettingsError(
                "GREENLIGHT_API_KEYS is not set, so every request would be refused. Set it to the file of API keys "
                "that `greenlight keys create` writes, or set GREENLIGHT_OPEN=true to need no key on this machine alone"
            )
        if read.is_open and not is_loopback(host):
            raise SettingsError(
                f"GREENLIGHT_OPEN is true while GREENLIGHT_API_HOST is {host!r}, where other machines reach the API "
                "without a key; set GREENLIGHT_API_KEYS, or bind it to 127.0.0.1"
            )
        return read


def tenant_streams(environ: Mapping[str, str]) -> int:
    """
    Raises:
        SettingsError: the variable is no such number.
    """
    return _count(environ, "GREENLIGHT_TENANT_STREAMS", TENANT_STREAMS)


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value not in ("", "true", "false", "1", "0"):
        raise SettingsError(f"{name} is {value!r}; set it to true or false, or leave it unset")
    return value in ("true", "1")


def _count(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "") or str(default)
    if not value.isdecimal() or not 0 < int(value) <= MOST:
        raise SettingsError(f"{name} is {value!r}; set it to a number from 1 to {MOST:,}, or leave it unset")
    return int(value)


def _weights(environ: Mapping[str, str], name: str) -> dict[str, float]:
    """Tenant -> weight of a text such as "acme=3, north=0.5"."""
    found = {}
    for each in environ.get(name, "").split(","):
        tenant, _, weight = (part.strip() for part in each.partition("="))
        if not each.strip():
            continue
        try:
            found[tenant] = float(weight)
        except ValueError:
            found[tenant] = 0.0
        if not tenant or not MIN_WEIGHT <= found[tenant] <= MAX_WEIGHT:
            raise SettingsError(
                f"{name} names {each.strip()!r}; set it to tenants and numbers from {MIN_WEIGHT} to {MAX_WEIGHT}, "
                "such as acme=3,north=0.5"
            )
    return found


def _networks(environ: Mapping[str, str], name: str) -> str:
    """Addresses and networks, separated by commas."""
    found = [each.strip() for each in environ.get(name, "").split(",") if each.strip()]
    for each in found:
        try:
            ipaddress.ip_network(each)
        except ValueError:
            raise SettingsError(
                f"{name} names {each!r}; set it to addresses or networks such as 10.0.0.5,10.1.0.0/16"
            ) from None
    return ",".join(found)


def _url(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise SettingsError(f"{name} is {value!r}; start it with http:// or https://, or leave it unset")
    return value
