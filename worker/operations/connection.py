"""The servers of an operator's command, by the same variables as a worker's, and its errors as one line."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from botocore.exceptions import BotoCoreError, ClientError
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from activities.settings import ActivitySettings
from activities.storage.archive import ArchiveRefused
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed, StorageRefused
from activities.storage.payloads import payload_storage
from worker.connect import DEFAULT_ADDRESS
from workflows.runtime.data_converter import make_data_converter
from workflows.runtime.encryption_keys import VARIABLE, PayloadKeyMissing, PayloadKeysRefused
from workflows.servers.temporal import diagnose

Done = TypeVar("Done")


class OperationRefused(ValueError):
    """The command cannot be done in this way; the message names the remedy."""


async def connect_temporal() -> Client:
    """
    Raises:
        RuntimeError, RPCError: Temporal does not respond.
    """
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", DEFAULT_ADDRESS)
    converter = make_data_converter(os.environ.get(VARIABLE, ""), payload_storage(open_bucket()))
    return await Client.connect(**config, data_converter=converter)


def open_bucket() -> Storage:
    return Storage(ActivitySettings().bucket)


def run(work: Callable[[], Awaitable[Done]]) -> Done:
    """The result of the work; a problem ends the command with its message and exit code 1."""

    async def awaited() -> Done:
        return await work()

    try:
        return asyncio.run(awaited())
    except (PayloadKeysRefused, PayloadKeyMissing, OperationRefused, ArchiveRefused, StorageRefused) as error:
        message = str(error)
    except (BotoCoreError, ClientError, StorageFailed) as error:
        message = f"The bucket does not respond as needed (AWS_ENDPOINT_URL_S3, GREENLIGHT_BUCKET): {error}"
    except (RuntimeError, RPCError) as error:
        message = diagnose(str(error)) or f"Temporal does not respond as needed (TEMPORAL_ADDRESS): {error}"
    typer.echo(message, err=True)
    raise typer.Exit(1)
