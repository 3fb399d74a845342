"""`python -m worker.set_up`: prepares the servers before the first worker starts: search attributes, bucket, rule.

It waits for both servers, changes nothing that is there, and may run again at every deployment. A worker does the same
at its start; this command is for servers where only a job of the deployment has the permission.
"""

import asyncio
import logging
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageRefused
from worker.connect import connect, make_runtime, prepare_servers
from worker.settings import WorkerSettings
from workflows.runtime.encryption_keys import PayloadKeysRefused
from workflows.runtime.redaction import redact_logs, register_secrets

log = logging.getLogger("worker.set_up")


async def set_up() -> bool:
    """Register the missing search attributes, create the bucket if it is missing, and set its rule.

    Returns:
        Whether all is there; otherwise the log has the command for an administrator.

    Raises:
        ValidationError, PayloadKeysRefused, StorageRefused, BotoCoreError, ClientError: the settings are invalid.
    """
    settings, activity_settings = WorkerSettings(), ActivitySettings()
    client = await connect(make_runtime(settings), settings.payload_keys.get_secret_value())
    storage = Storage(activity_settings.bucket)
    complete = await prepare_servers(client, storage, activity_settings.keep_film_parts_days)
    if complete:
        log.info("The servers are ready for workers")
    return complete


def main() -> int:
    """Exit code 0 when the servers are ready; 1 otherwise, with a line that names the remedy."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    register_secrets(os.environ)
    redact_logs()
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it logs the source of each setting
    try:
        return int(not asyncio.run(set_up()))
    except (ValidationError, PayloadKeysRefused, StorageRefused, BotoCoreError, ClientError) as error:
        log.critical("%s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
