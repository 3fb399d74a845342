"""`python -m worker.set_up`: prepares the servers before the first worker starts: search attributes, and the bucket.

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
from worker.connect import connect, ensure_bucket, make_runtime, register_search_attributes
from worker.settings import WorkerSettings
from workflows.runtime.encryption_keys import PayloadKeysRefused
from workflows.runtime.redaction import redact_logs, register_secrets

log = logging.getLogger("worker.set_up")


async def set_up() -> bool:
    """Register the missing search attributes, and create the bucket if it is missing.

    Returns:
        Whether all is there; otherwise the log has the command for an administrator.

    Raises:
        ValidationError, PayloadKeysRefused, StorageRefused, BotoCoreError, ClientError: the settings are invalid.
    """
    settings = WorkerSettings()
    client = await connect(make_runtime(settings), settings.payload_keys.get_secret_value())
    await ensure_bucket(Storage(ActivitySettings().bucket))
    complete = await register_search_attributes(client)
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
