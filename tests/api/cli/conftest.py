"""The command against the API of a test module's fixture `api`."""

import pytest

from tests.api.cli.command import Greenlight, command_at
from tests.support.servers.serving import Api


@pytest.fixture
def greenlight(api: Api) -> Greenlight:
    """The command without a terminal."""
    return command_at(str(api.http.base_url))
