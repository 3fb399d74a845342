"""Requests to addresses that users or vendors name: only https, and never into a private network, unless allowed.

A host name is resolved once, all its addresses are checked, and the connection goes to a checked address: a name that
resolves to another address a moment later (DNS rebinding) has no effect. TLS verifies the name as usual.

If the environment names a proxy for an address, the proxy resolves the name again and connects. The addresses that
this machine resolves are still checked; beyond that, the rules of the proxy apply.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final
from urllib.request import getproxies, proxy_bypass

import httpx

_TRANSLATED: Final = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last 32 bits are the IPv4 address that the connection reaches."""
_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            *("::/96", "64:ff9b:1::/48", "2002::/16", "fec0::/10"),
            # IANA's special-purpose registries, with the newest entries, which no Python version has completely.
            *("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20", "5f00::/16", "100:0:0:1::/64"),
        ),
    )
)
"""Networks that may map to internal addresses or are not assigned, and that some Python versions count as global."""


class AddressRefused(Exception):
    """The address may not be connected to, e.g. "example.com is http"; no retry helps."""

    def __init__(self, url: httpx.URL, problem: str) -> None:
        super().__init__(f"{url.host} is {problem}")
        self.host = url.host
        self.scheme = url.scheme


class PlainHttp(AddressRefused):
    """The scheme is not https, and the host is not allowed."""


class PrivateAddress(AddressRefused):
    """The name resolves to an address in a private network, and the host is not allowed."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """Opens a connection for each request, only to public addresses.

    Args:
        allowed: Hosts, in lower case, that may be plain http and in a private network.

    Raises (of requests):
        PlainHttp, PrivateAddress: nothing was sent.
    """

    def __init__(self, allowed: Collection[str] = (), tls: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._tls = tls or default_tls()
        # A pool keys connections by address, but two names at one address each need their own certificate.
        self._direct = httpx.AsyncHTTPTransport(verify=self._tls, limits=httpx.Limits(max_keepalive_connections=0))
        self._proxies: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        allowed = url.host in self._allowed
        if url.scheme != "https" and not allowed:
            raise PlainHttp(url, url.scheme)
        proxy = _proxy_for(url)
        try:
            addresses = await _resolve(url)
        except (OSError, UnicodeError) as error:  # UnicodeError: an invalid host name
            if not proxy:
                raise httpx.ConnectError(f"{url.host}: {error}", request=request) from error
            addresses = []  # the proxy may resolve the name
        if not allowed and not all(map(is_public, addresses)):
            raise PrivateAddress(url, "in a private network")
        if proxy:
            return await self._proxy_transport(proxy).handle_async_request(request)
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

    def _proxy_transport(self, proxy: str) -> httpx.AsyncHTTPTransport:
        if proxy not in self._proxies:
            self._proxies[proxy] = httpx.AsyncHTTPTransport(verify=self._tls, proxy=proxy)
        return self._proxies[proxy]


@asynccontextmanager
async def guarded_request(
    method: str,
    url: httpx.URL,
    seconds: float,
    *,
    allowed: Collection[str] = (),
    max_redirects: int = 0,
    **request: Any,
) -> AsyncIterator[httpx.Response]:
    """The response to one request through a GuardedTransport, as a stream that is not decoded.

    Args:
        seconds: From resolving the name to the last byte.
        allowed: As for GuardedTransport.
        max_redirects: How many redirects are followed; each address is checked.
        request: Headers and content, as for httpx.

    Raises:
        AddressRefused: nothing was sent to this address.
        TimeoutError: after `seconds`.
        httpx.HTTPError: the request failed.
    """
    async with (
        asyncio.timeout(seconds),
        httpx.AsyncClient(
            transport=GuardedTransport(allowed=allowed),
            timeout=seconds,
            follow_redirects=max_redirects > 0,
            max_redirects=max_redirects,
            headers={"user-agent": "Greenlight", "accept-encoding": "identity"},
        ) as client,
        client.stream(method, url, **request) as response,
    ):
        yield response


@cache
def default_tls() -> ssl.SSLContext:
    """The default TLS context, created once: reading the certificates blocks the event loop for 40 ms."""
    return httpx.create_ssl_context()


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, not in a private network."""
    found = ipaddress.ip_address(address.split("%")[0])
    if found in _TRANSLATED:
        found = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
    return found.is_global and not found.is_multicast and not any(found in network for network in _NEVER)


async def _resolve(url: httpx.URL) -> list[str]:
    """The unique addresses of a host name, best first; an address resolves to itself."""
    loop, port = asyncio.get_running_loop(), url.port or (443 if url.scheme == "https" else 80)
    found = await loop.getaddrinfo(url.raw_host.decode(), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The request to this address; its Host header and TLS keep the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode()},
    )


def _proxy_for(url: httpx.URL) -> str | None:
    """The proxy by HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, which httpx ignores for a custom transport."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
