"""Connections to addresses that somebody else named: https alone, and none into our own network, unless allowed.

A name is looked up once, all that it stands for is checked, and the connection goes to an address that was checked: a
name that stands for another one a moment later (DNS rebinding) gains nothing. TLS goes by the name as ever.

Where the environment names a proxy for an address, the proxy looks the name up again and connects: what this machine
knows of the name is checked all the same, and beyond that the proxy's own rules hold.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Collection
from functools import cache
from typing import Final
from urllib.request import getproxies, proxy_bypass

import httpx

_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is really reached."""
_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            *("::/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10"),
            # IANA's registries of special purposes, the newest entries too: no Python knows all of them.
            *("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20", "5f00::/16", "100:0:0:1::/64"),
        ),
    )
)
"""What may stand for an address within, or is nobody's, and what the tables of some Python count as global."""


class AddressRefused(Exception):
    """Not to be connected to; no retry makes it better."""

    def __init__(self, url: httpx.URL) -> None:
        super().__init__(url.host)
        self.host = url.host
        self.scheme = url.scheme


class PlainHttp(AddressRefused):
    """Neither https nor allowed."""


class PrivateAddress(AddressRefused):
    """The name stands for an address in a private network, and is not allowed."""


class Outward(httpx.AsyncBaseTransport):
    """Opens a connection for each request, to the outside only.

    Args:
        allowed: Hosts, in lower case, that may be plain http and in a private network.

    Raises (of requests):
        PlainHttp, PrivateAddress: nothing was sent.
    """

    def __init__(self, allowed: Collection[str] = (), tls: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._tls = tls or default_tls()
        # Kept connections are known by their address, and two names on one address each need their own certificate.
        self._direct = httpx.AsyncHTTPTransport(verify=self._tls, limits=httpx.Limits(max_keepalive_connections=0))
        self._proxies: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        allowed = url.host in self._allowed
        if url.scheme != "https" and not allowed:
            raise PlainHttp(url)
        proxy = _proxy_for(url)
        try:
            addresses = await _look_up(url)
        except (OSError, UnicodeError) as error:  # the latter of a name that none can have
            if not proxy:
                raise httpx.ConnectError(f"{url.host}: {error}", request=request) from error
            addresses = []  # the proxy may know the name
        if not allowed and not all(map(is_public, addresses)):
            raise PrivateAddress(url)
        if proxy:
            return await self._through(proxy).handle_async_request(request)
        *others, last = addresses
        for address in others:
            try:
                return await self._direct.handle_async_request(_pinned(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # nothing was sent
        return await self._direct.handle_async_request(_pinned(request, last))

    async def aclose(self) -> None:
        for transport in (self._direct, *self._proxies.values()):
            await transport.aclose()

    def _through(self, proxy: str) -> httpx.AsyncHTTPTransport:
        if proxy not in self._proxies:
            self._proxies[proxy] = httpx.AsyncHTTPTransport(verify=self._tls, proxy=proxy)
        return self._proxies[proxy]


@cache
def default_tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes 40 ms of the event loop."""
    return httpx.create_ssl_context()


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, and to nobody's own network."""
    found = ipaddress.ip_address(address.split("%")[0])
    if found in _TRANSLATED:
        found = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.is_global and not found.is_multicast and not any(found in network for network in _NEVER)


async def _look_up(url: httpx.URL) -> list[str]:
    """The addresses of a name, best first, each once; of an address itself."""
    loop, port = asyncio.get_running_loop(), url.port or (443 if url.scheme == "https" else 80)
    found = await loop.getaddrinfo(url.raw_host.decode(), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The request to this address; its Host header and TLS stay with the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode()},
    )


def _proxy_for(url: httpx.URL) -> str | None:
    """As HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say; httpx leaves them to a transport of one's own."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
