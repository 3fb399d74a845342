"""A provider's job driven from outside: submitted, looked at until it is done, and its media read."""

from activities.providers.protocol import Finished, Job, Provider, Request


async def finish(provider: Provider, asked: Request) -> tuple[Job, Finished]:
    """Submit and look until it is done."""
    job = await provider.submit(asked)
    assert isinstance(job, Job)
    for _ in range(9):
        seen = await provider.poll(asked, job)
        if isinstance(seen, Finished):
            return job, seen
    raise AssertionError("never finished")


async def read(finished: Finished) -> bytes:
    assert callable(finished.source)
    async with finished.source() as chunks:
        return b"".join([chunk async for chunk in chunks])
