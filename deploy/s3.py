"""The embedded S3 server with its own credentials, or another server that AWS settings name."""

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
"""SeaweedFS expects the gRPC port of each of its servers this far above the HTTP port."""


@dataclass(frozen=True)
class Credentials:
    access_key: str
    secret_key: str


def configured_by(environ: Mapping[str, str]) -> str | None:
    """The variable by which AWS settings name another S3 server, if any. AWS_CA_BUNDLE alone names none."""
    return next((name for name in _CONFIGURED_BY if environ.get(name)), None)


def load_credentials(path: Path) -> Credentials:
    """The embedded server's credentials, created once and readable only by their owner."""
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


def server_command(data: Path, port: int, bucket: str, ports: Ports) -> list[str]:
    """The command of the server: only on loopback, without telemetry; its internal parts use any free ports."""
    data.mkdir(parents=True, exist_ok=True)
    internal = {
        part: ports.reserve_near(default, also=_GRPC_OFFSET)
        for part, default in {"master": 18_410, "volume": 18_420, "filer": 18_430, "admin": 18_440}.items()
    }
    return [
        binary("weed"),
        *("-logtostderr=true", "mini", f"-dir={data}", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", f"-bucket={bucket}"),
        # Filer and master would let any page list, read, change and delete everything. The parts use gRPC instead.
        "-disableHttp",
        *("-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-volume.preStopSeconds=0"),
        *(f"-s3.port={port}", f"-s3.port.grpc={ports.reserve_near(18_450)}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-{part}.port={number}" for part, number in internal.items()),
        *(f"-{part}.port.grpc={number + _GRPC_OFFSET}" for part, number in internal.items()),
    ]


def server_env(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the server: its volumes accept only HTTP requests that its S3 part has signed."""
    names = ("WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY")
    return {**environ, **{name: secrets.token_hex(32) for name in names}}


def write_aws_config(environ: Mapping[str, str], path: Path) -> str:
    """The file name of the AWS configuration for processes that use the embedded server; `path` if it is written.

    From the user's configuration it takes only the addressing style, which links for GREENLIGHT_S3_PUBLIC_URL follow.

    Raises:
        SettingsRefused: the user's file cannot be read.
    """
    try:
        profiles = load_config(environ.get("AWS_CONFIG_FILE") or "~/.aws/config")["profiles"]
    except ConfigNotFound:
        return os.devnull
    except BotoCoreError as error:
        raise SettingsRefused(f"AWS_CONFIG_FILE: {error}") from None
    s3_section = profiles.get(environ.get("AWS_DEFAULT_PROFILE") or "default", {}).get("s3")
    style = s3_section.get("addressing_style") if isinstance(s3_section, dict) else None
    if not style:
        return os.devnull
    path.write_text(f"[default]\ns3 =\n  addressing_style = {style}\n")
    return str(path)


def client_env(environ: Mapping[str, str], port: int, secret: Credentials, config: str = os.devnull) -> dict[str, str]:
    """The environment in which every AWS tool uses the embedded server, and no other."""
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


def readiness_check(environ: Mapping[str, str], bucket: str) -> Callable[[int], bool]:
    """A check that the embedded server accepts its credentials, has its bucket, and can store and read an object.

    The server reports the bucket a moment before its volumes are ready; only a write and a read are a proof.
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
