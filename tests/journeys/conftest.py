from collections.abc import Iterator

import pytest

from api.client.client import GreenlightClient
from deploy.local import Stack
from tests.support.film import Bucket


@pytest.fixture(scope="module")
def stack(local_stack: Stack) -> Stack:
    """The stack of the journeys of a module; a module whose journeys need another one defines its own."""
    return local_stack


@pytest.fixture(scope="module")
def greenlight(stack: Stack) -> Iterator[GreenlightClient]:
    with GreenlightClient(stack.info.api_url) as client:
        yield client


@pytest.fixture(scope="module")
def bucket(stack: Stack) -> Bucket:
    return Bucket(stack.info)
