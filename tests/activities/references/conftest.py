"""A server of pictures, and the activity that ingests them."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from activities import egress
from activities.egress import GuardedTransport
from activities.storage.bucket import Storage
from tests.activities.references.pictures import HOST, Desk
from tests.support.servers.certificates import certificate
from tests.support.servers.receiver import Named, Receiver, receiving


@pytest.fixture
def desk(storage: Storage) -> Desk:
    return Desk(storage)


@pytest.fixture
async def site(named: Named, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    """An https server on this machine, the only address that may be requested."""
    serving_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving_tls.load_cert_chain(certificate(HOST, tmp_path))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(tmp_path / "certificate.pem")
    monkeypatch.setattr(egress, "GuardedTransport", lambda **_: GuardedTransport({HOST}, tls))
    async with receiving(serving_tls) as receiver:
        named(["127.0.0.1"])
        yield receiver
