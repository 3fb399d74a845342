"""Connections to addresses from others: none is into our own network, by any name."""

import ssl
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from activities.egress import GuardedTransport, PlainHttp, PrivateAddress, is_public
from tests.support.servers.certificates import certificate
from tests.support.servers.receiver import Named, receiving
from tests.support.waiting import WITHIN


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "fe80::1%eth0",
        "fec0::1",
        "fd00::1",
        "ff02::1",
        "192.0.0.8",
        "192.88.99.1",
        "2001::1",
        "3fff::1",
        "5f00::1",
        "100:0:0:1::1",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    """Loopback, private, shared, link-local, multicast addresses and translations to them are not public."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    """Global addresses are public, also where IPv6 maps to IPv4."""
    assert is_public(address)


async def test_dns_rebinding_has_no_effect(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is global when it is resolved and loopback right after is never connected to at loopback."""
    connected: list[str] = []

    async def connect(remote_host: str, *_: Any, **__: Any) -> None:
        connected.append(remote_host)
        raise OSError("not in a test")

    async with receiving() as receiver, httpx.AsyncClient(transport=GuardedTransport(), timeout=WITHIN) as http:
        lookups = named(["8.8.8.8"], ["127.0.0.1"])
        monkeypatch.setattr(anyio, "connect_tcp", connect)
        with pytest.raises(httpx.ConnectError):
            await http.get(f"https://rebind.example:{receiver.port}/")
        assert (lookups, connected) == (["rebind.example"], ["8.8.8.8"])
        with pytest.raises(PrivateAddress):
            await http.get(f"https://rebind.example:{receiver.port}/")
    assert connected == ["8.8.8.8"]


async def test_one_private_address_is_refused(named: Named) -> None:
    """A name with a global and a private address is refused."""
    named(["8.8.8.8", "10.0.0.1"])
    async with httpx.AsyncClient(transport=GuardedTransport(), timeout=WITHIN) as http:
        with pytest.raises(PrivateAddress):
            await http.get("https://both.example/")


async def test_tls_checks_the_name(named: Named, tmp_path: Path) -> None:
    """The certificate is checked for the name, though the connection is to an address; an unreachable address is
    skipped."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate("hooks.example", tmp_path))
    shown: list[str | None] = []
    serving.sni_callback = lambda _, name, __: shown.append(name)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.load_verify_locations(tmp_path / "certificate.pem")
    async with (
        receiving(serving) as receiver,
        httpx.AsyncClient(transport=GuardedTransport({"hooks.example", "other.example"}, tls), timeout=WITHIN) as http,
    ):
        named(["127.0.0.2", "127.0.0.1"])
        assert (await http.post(f"https://hooks.example:{receiver.port}/in", content=b"x")).status_code == 204
        with pytest.raises(httpx.ConnectError, match="certificate"):
            await http.get(f"https://other.example:{receiver.port}/")
    assert receiver.got[0].headers["host"] == f"hooks.example:{receiver.port}"
    assert shown[0] == "hooks.example"
    assert len(receiver.got) == 1


async def test_a_proxy_connects(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured proxy receives requests, also for names that only it resolves, but none for addresses known as
    private."""
    named([])
    outward = GuardedTransport({"hooks.internal"})
    async with receiving() as proxy, httpx.AsyncClient(transport=outward, timeout=WITHIN) as http:
        with pytest.raises(httpx.ConnectError, match=r"hooks\.internal"):
            await http.get("http://hooks.internal/in")
        named(["10.1.2.3"])
        for variable in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(PrivateAddress):
            await http.get("https://10.1.2.3/in")
        with pytest.raises(PlainHttp):
            await http.get("http://hooks.example/in")
        assert proxy.got == []
        named([])
        await http.get("http://hooks.internal/in")
    assert [got.target for got in proxy.got] == ["http://hooks.internal/in"]
