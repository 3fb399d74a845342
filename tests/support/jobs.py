"""A provider's job: submitted, polled until it is done, and its media read."""

from activities.providers.protocol import Finished, Job, Provider, Request


async def finish(provider: Provider, asked: Request) -> tuple[Job, Finished]:
    """Submit a request, and poll its job until it is done."""
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
