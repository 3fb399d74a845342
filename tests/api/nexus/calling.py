"""`python -m tests.api.nexus.calling ADDRESS NAMESPACE`: the worker of another team, as a process."""

import asyncio
import sys

from temporalio.client import Client
from temporalio.worker import Worker

from tests.api.nexus.campaign import Campaign


async def main(address: str, namespace: str) -> None:
    client = await Client.connect(address, namespace=namespace)
    await Worker(client, task_queue="campaigns", workflows=[Campaign]).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
