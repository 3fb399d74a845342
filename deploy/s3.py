"""The embedded S3 server with credentials of its own, or another one where AWS settings name it."""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import boto3
from botocore.config import Config
from botocore.configloader import load_config
from botocore.exceptions import BotoCoreError, ClientError, ConfigNotFound

from deploy.ports import LOOPBACK, Ports
from deploy.settings import SettingsRefused
from deploy.temporal import binary

REGION: Final = "us-east-1"
_CONFIGURED_BY: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")
_GRPC_OFFSET: Final = 10_000
"""SeaweedFS looks for the gRPC side of each of its servers this far above the HTTP side."""


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str


def configured(environ: Mapping[str, str]) -> str | None:
    """The variable by which AWS settings name another S3, if one does. AWS_CA_BUNDLE alone names none."""
    return next((name for name in _CONFIGURED_BY if environ.get(name)), None)


def credentials(path: Path) -> Credentials:
    """The embedded server's credentials, made once and readable by their owner alone."""
    try:
        return Credentials(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = Credentials(secrets.token_hex(10).upper(), secrets.token_urlsafe(30))
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(made.__dict__, file)
    draft.replace(path)
    return made


def command(data: Path, port: int, bucket: str, ports: Ports) -> list[str]:
    """The server on loopback alone, quiet towards the world; its inner parts take whatever ports are free."""
    data.mkdir(parents=True, exist_ok=True)
    inner = {
        part: ports.near(default, also=_GRPC_OFFSET)
        for part, default in {"master": 18_410, "volume": 18_420, "filer": 18_430, "admin": 18_440}.items()
    }
    return [
        binary("weed"),
        *("-logtostderr=true", "mini", f"-dir={data}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", f"-bucket={bucket}"),
        # Filer and master let any page list, read, change and delete everything. Among themselves they speak gRPC.
        "-disableHttp",
        *("-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-volume.preStopSeconds=0"),
        *(f"-s3.port={port}", f"-s3.port.grpc={ports.near(18_450)}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-{part}.port={number}" for part, number in inner.items()),
        *(f"-{part}.port.grpc={number + _GRPC_OFFSET}" for part, number in inner.items()),
    ]


def server_env(environ: Mapping[str, str]) -> dict[str, str]:
    """For the server itself: its volumes answer requests over HTTP that its S3 side has signed, and no others."""
    signed = ("WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY")
    return {**environ, **{name: secrets.token_hex(32) for name in signed}}


def aws_config(environ: Mapping[str, str], path: Path) -> str:
    """The AWS configuration for processes that use the embedded server: of the user's own nothing but how buckets are
    addressed, which links for GREENLIGHT_S3_PUBLIC_URL follow. The name of a file; `path` where one has to be written.

    Raises:
        SettingsRefused: the user's file cannot be read.
    """
    try:
        profiles = load_config(environ.get("AWS_CONFIG_FILE") or "~/.aws/config")["profiles"]
    except ConfigNotFound:
        return os.devnull
    except BotoCoreError as error:
        raise SettingsRefused(f"AWS_CONFIG_FILE: {error}") from None
    own = profiles.get(environ.get("AWS_DEFAULT_PROFILE") or "default", {}).get("s3")
    style = own.get("addressing_style") if isinstance(own, dict) else None
    if not style:
        return os.devnull
    path.write_text(f"[default]\ns3 =\n  addressing_style = {style}\n")
    return str(path)


def client_env(environ: Mapping[str, str], port: int, secret: Credentials, config: str = os.devnull) -> dict[str, str]:
    """The environment in which every AWS tool finds the embedded server, and nothing else."""
    kept = {key: value for key, value in environ.items() if not key.startswith("AWS_") or key == "AWS_CA_BUNDLE"}
    return kept | {
        "AWS_ENDPOINT_URL_S3": f"http://{LOOPBACK}:{port}",
        "AWS_ACCESS_KEY_ID": secret.access_key,
        "AWS_SECRET_ACCESS_KEY": secret.secret_key,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": config,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


PROBE_KEY: Final = ".ready"


def readiness(environ: Mapping[str, str], bucket: str) -> Callable[[int], bool]:
    """A check that the embedded server knows its credentials, has its bucket, and can reach the bytes in it.

    It answers for the bucket a moment before its volumes are back; a byte that is written and read tells.
    """
    client = boto3.client(
        "s3",
        endpoint_url=environ["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
        config=Config(
            connect_timeout=1, read_timeout=2, retries={"max_attempts": 0}, s3={"addressing_style": "path"}, proxies={}
        ),
    )

    def ready(_pid: int) -> bool:
        try:
            client.head_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key=PROBE_KEY, Body=b".")
            client.get_object(Bucket=bucket, Key=PROBE_KEY)["Body"].read()
            client.delete_object(Bucket=bucket, Key=PROBE_KEY)
        except (BotoCoreError, ClientError):
            return False
        return True

    return ready
