"""Keys and sessions: which requests are accepted, which roles a route requires, and the requests of other sites to an
API without keys."""

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from typer.testing import CliRunner

from api.app import create_app
from api.auth import key_file
from api.auth.caller import SIGNATURES
from api.auth.middleware import Refusals
from api.auth.roles import NEEDS
from api.cli.main import app
from api.client.client import GreenlightClient, GreenlightError
from api.settings import Settings, SettingsError
from tests.api.auth.api_keys import bearer, keys, made
from tests.support.servers.serving import NOWHERE, Api, problem, serving

OTHERS: dict[str, str] = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
CHANGE = ("POST", "/api/v1/productions/p1/cancel")


# -- Settings ----------------------------------------------------------------------------------------------------


def test_an_open_api_has_to_be_requested(file: Path) -> None:
    """Without keys the API starts only when it is configured as open, and then on this machine only."""
    with pytest.raises(SettingsError, match=r"GREENLIGHT_API_KEYS.*keys create.*GREENLIGHT_OPEN"):
        Settings.read({})
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0.*GREENLIGHT_API_KEYS"):
        Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_API_HOST": "0.0.0.0"})
    for host in ("127.0.0.1", "::1", "localhost"):
        assert Settings.read({"GREENLIGHT_OPEN": "1", "GREENLIGHT_API_HOST": host}).is_open
    closed = Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_API_KEYS": str(file), "GREENLIGHT_API_HOST": "::"})
    assert not closed.is_open


@pytest.mark.parametrize("given", [{}, {"GREENLIGHT_API_KEYS": "/nowhere/keys.toml"}])
def test_a_start_without_keys_names_the_remedy(given: dict[str, str]) -> None:
    """`python -m api` without keys ends at once, with one message that names the remedy."""
    command = [sys.executable, "-m", "api"]
    done = subprocess.run(command, env=os.environ | NOWHERE | given, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "greenlight keys create" in done.stderr
    assert "Traceback" not in done.stderr


async def test_an_app_without_a_configuration_is_closed() -> None:
    """An app that neither has keys nor is configured as open refuses every request."""
    transport = httpx.ASGITransport(create_app(Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        assert problem(await http.get("/api/v1/productions"), 401).errors[0].field == "Authorization"
        assert (await http.get("/healthz")).status_code == 200


# -- The table of roles --------------------------------------------------------------------------------------------


def test_every_route_has_roles() -> None:
    """Each route of the app is in the table of roles, and the table has no other."""
    found = iter_route_contexts(create_app(Settings()).routes)
    assert {f"{m} {route.path}" for route in found for m in (route.methods or set()) - {"HEAD"}} == set(NEEDS)


def test_a_key_overwrites_every_name_in_a_body() -> None:
    """Every field of a body that names the caller is a field that a key overwrites."""
    described = create_app(Settings()).openapi()
    person = {"type": "string", "maxLength": 200, "minLength": 1, "default": ...}
    fields = [f for s in described["components"]["schemas"].values() for f in s.get("properties", {}).items()]
    asked = [p for path in described["paths"].values() for way in path.values() for p in way.get("parameters", ())]
    fields += [(p["name"], p["schema"]) for p in asked]
    found = {name for name, f in fields if all(f.get(k) == v or (k in f and v is ...) for k, v in person.items())}
    assert found == SIGNATURES


# -- Authentication ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def module_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "keys.toml"


@pytest.fixture(scope="module")
def ana(module_file: Path) -> str:
    return made(module_file, "ana", "requester", "approver")


@pytest.fixture
async def closed(module_file: Path, ana: str) -> Any:
    async with serving(None, NOWHERE | {"GREENLIGHT_API_KEYS": str(module_file)}) as api:
        yield api


async def test_a_key_authenticates(closed: Api, ana: str) -> None:
    """A request with a key is accepted under the name of the key; without one, or with another, it gets a 401, and the
    log has nothing of a key."""
    http = closed.http
    session = (await http.get("/api/v1/session", headers=bearer(ana))).json()
    assert session == {"open": False, "name": "ana", "tenant": "acme", "roles": ["requester", "approver"]}
    without = await http.get("/api/v1/session")
    assert problem(without, 401).type == "urn:greenlight:problem:key-needed"
    assert without.headers["www-authenticate"] == 'Bearer realm="greenlight"'
    for address in ("/", "/healthz", "/openapi.json", "/studio/app.js"):
        assert (await http.get(address)).status_code == 200, address


async def test_a_wrong_key_is_not_logged(closed: Api, ana: str, caplog: pytest.LogCaptureFixture) -> None:
    """A wrong key is refused and logged with the address of its request, without the key."""
    wrong = f"{ana[:-4]}AAAA"
    with caplog.at_level(logging.WARNING):
        for headers in (bearer(wrong), {"Authorization": f"Basic {wrong}"}):
            refused = await closed.http.get("/api/v1/platforms", headers=headers)
            assert problem(refused, 401)
            assert 'error="invalid_token"' in refused.headers["www-authenticate"]
        # A valid cookie does not replace a wrong header, and a key is no session.
        signed = await closed.http.post("/api/v1/session", json={"key": ana})
        cookie = {"Cookie": signed.headers["set-cookie"].partition(";")[0]}
        closed.http.cookies.clear()
        assert (await closed.http.get("/api/v1/platforms", headers=cookie)).status_code == 200
        assert (await closed.http.get("/api/v1/platforms", headers=bearer(wrong) | cookie)).status_code == 401
        for session in (ana, wrong, "", cookie["Cookie"][:-8]):
            forged = {"Cookie": f"greenlight_session={session}"}
            assert (await closed.http.get("/api/v1/platforms", headers=forged)).status_code == 401
        assert (await closed.http.post("/api/v1/session", json={"key": wrong})).status_code == 401
    assert len(caplog.records) == 4
    assert all("127.0.0.1" in record.getMessage() for record in caplog.records)
    assert "gl_" not in caplog.text
    assert wrong not in caplog.text


async def test_signing_in(closed: Api, ana: str) -> None:
    """The page's cookie is for the API only; no script reads it and no other site sends it; signing out ends it."""
    http = closed.http
    signed = await http.post("/api/v1/session", json={"key": f" {ana}\n"})
    assert signed.json()["name"] == "ana"
    said = signed.headers["set-cookie"]
    assert said.startswith("greenlight_session=")
    assert ana not in said
    assert key_file.hash_of(ana) not in said
    assert {"HttpOnly", "Path=/api/v1", "SameSite=strict"} <= set(said.split("; "))
    assert "Secure" not in said
    assert "Max-Age" not in said
    assert (await http.get("/api/v1/session")).json()["tenant"] == "acme"
    # The header of an unknown proxy about https is ignored.
    again = await http.post("/api/v1/session", json={"key": ana}, headers={"X-Forwarded-Proto": "https"})
    assert "Secure" not in again.headers["set-cookie"].split("; ")
    assert problem(await http.request(*CHANGE, headers=OTHERS), 403).type == "urn:greenlight:problem:another-site"
    out = await http.delete("/api/v1/session")
    assert (out.status_code, out.headers["clear-site-data"]) == (204, '"cache"')
    assert (await http.get("/api/v1/session")).status_code == 401


async def test_headers_of_a_trusted_proxy(module_file: Path, ana: str) -> None:
    """The scheme and the address of a caller are read from the headers of a configured proxy, and not from those of
    others."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    for proxies, is_secure in (("127.0.0.1", True), ("10.0.0.0/8", False), ("127.0.0.0/8,10.0.0.5", True)):
        environ = NOWHERE | {"GREENLIGHT_API_KEYS": str(module_file), "GREENLIGHT_PROXIES": proxies}
        async with serving(None, environ) as api:
            signed = await api.http.post("/api/v1/session", json={"key": ana}, headers=forwarded)
            assert ("Secure" in signed.headers["set-cookie"].split("; ")) == is_secure, proxies
    with pytest.raises(SettingsError, match=r"GREENLIGHT_PROXIES names 'proxy\.example'"):
        Settings.read({"GREENLIGHT_OPEN": "true", "GREENLIGHT_PROXIES": "proxy.example"})


async def test_a_session_survives_a_restart_but_not_its_key(module_file: Path) -> None:
    """A session is valid at every process with the same file of keys, ends with its key, and its secret is readable by
    its owner only; another installation refuses it."""
    environ = NOWHERE | {"GREENLIGHT_API_KEYS": str(module_file)}
    key = made(module_file, "cora")
    async with serving(None, environ) as api:
        signed = await api.http.post("/api/v1/session", json={"key": key})
    cookie = {"Cookie": signed.headers["set-cookie"].partition(";")[0]}
    secret = module_file.with_name(f"{module_file.name}.session-secret")
    assert secret.stat().st_mode & 0o777 == 0o600
    async with serving(None, environ) as api:
        assert (await api.http.get("/api/v1/session", headers=cookie)).json()["name"] == "cora"
        assert keys(module_file, "revoke", "cora").exit_code == 0
        assert (await api.http.get("/api/v1/session", headers=cookie)).status_code == 401
    async with serving(None, environ | {"GREENLIGHT_SESSION_SECRET": "another"}) as api:
        assert (await api.http.get("/api/v1/session", headers=cookie)).status_code == 401


async def test_many_wrong_keys_are_delayed(closed: Api, ana: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a number of wrong keys from an address the next ones are delayed, also at the sign-in; a valid one is still
    accepted."""
    monkeypatch.setattr(Refusals, "MOST", 0)
    for wrong in ("gl_wrong", "gl_other"):
        refused = await closed.http.get("/api/v1/platforms", headers=bearer(wrong))
        assert problem(refused, 429).type == "urn:greenlight:problem:too-many-wrong-keys"
        assert refused.headers["retry-after"] == "60"
        assert (await closed.http.post("/api/v1/session", json={"key": wrong})).status_code == 429
    assert (await closed.http.get("/api/v1/session", headers=bearer(ana))).status_code == 200


async def test_an_unreadable_file_of_keys(
    closed: Api, ana: str, module_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of keys that cannot be read is reported at once; if it stays so, no key is accepted until it can be
    read."""
    whole = await asyncio.to_thread(module_file.read_text)
    try:
        await asyncio.to_thread(module_file.write_text, whole[: len(whole) // 2])
        assert (await closed.http.get("/api/v1/session", headers=bearer(ana))).status_code == 200
        check = (await closed.http.get("/readyz", headers=bearer(ana))).json()["checks"]["api_keys"]
        assert str(module_file) in check
        monkeypatch.setattr(key_file, "GRACE_SECONDS", 0.0)
        assert (await closed.http.get("/api/v1/session", headers=bearer(ana))).status_code == 401
    finally:
        await asyncio.to_thread(module_file.write_text, whole)
    assert (await closed.http.get("/api/v1/session", headers=bearer(ana))).status_code == 200


async def test_a_revoked_key_ends_at_once(closed: Api, module_file: Path) -> None:
    """A key that is made or revoked while the API runs counts at the next request."""
    key = made(module_file, "ben")
    assert (await closed.http.get("/api/v1/session", headers=bearer(key))).status_code == 200
    assert keys(module_file, "revoke", "ben").exit_code == 0
    assert (await closed.http.get("/api/v1/session", headers=bearer(key))).status_code == 401


async def test_the_client_and_the_command_send_a_key(closed: Api, ana: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key comes from the argument or GREENLIGHT_API_KEY; without one the command names the variable to set."""
    url = str(closed.http.base_url)

    def ask(key: str | None = None) -> str:
        with GreenlightClient(url, key=key) as studio:
            return studio.session().name

    assert await asyncio.to_thread(ask, ana) == "ana"
    with pytest.raises(GreenlightError) as refused:
        await asyncio.to_thread(ask)
    assert refused.value.status == 401
    result = await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, "list"])
    assert result.exit_code == 1
    assert "Set GREENLIGHT_API_KEY" in result.output
    monkeypatch.setenv("GREENLIGHT_API_KEY", ana)
    assert await asyncio.to_thread(ask) == "ana"
    command = ["--url", url, "schedule", "create", "Say it.", "--id", "monday", "--cron", "0 9 * * 1"]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert "role operator" in result.output
    assert "The key in GREENLIGHT_API_KEY does not allow this request" in result.output


# -- An open API ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def alone() -> Any:
    async with serving(None, NOWHERE) as api:
        yield api


async def test_an_open_api_reports_it(alone: Api) -> None:
    """When no key is needed, the response to the page contains that, and signing in is no error."""
    session = (await alone.http.get("/api/v1/session")).json()
    assert (session["open"], session["tenant"], len(session["roles"])) == (True, None, 3)
    signed = await alone.http.post("/api/v1/session", json={"key": "whatever"})
    assert signed.json() == session
    assert "set-cookie" not in signed.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "10.0.0.1", "[::", ""])
async def test_dns_rebinding_does_not_reach_an_open_api(alone: Api, host: str) -> None:
    """A foreign name that resolves to this machine (DNS rebinding) gets no response to any request."""
    for address in ("/api/v1/platforms", "/", "/healthz"):
        assert problem(await alone.http.get(address, headers={"Host": host}), 421).errors[0].field == "Host"


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1", "127.0.0.2:8400", "[::1]:8400"])
async def test_the_names_of_this_machine_are_accepted(alone: Api, host: str) -> None:
    """A request under each name of this machine is accepted."""
    assert (await alone.http.get("/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        OTHERS,
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"},
    ],
)
async def test_other_pages_cannot_change_an_open_api(alone: Api, headers: dict[str, str]) -> None:
    """A page of another site, or of another port here, can send no change in the name of its viewer."""
    for method, address in (CHANGE, ("POST", "/api/v1/session"), ("DELETE", "/api/v1/schedules/monday")):
        answer = await alone.http.request(method, address, headers=headers, content=b"{}")
        assert problem(answer, 403).type == "urn:greenlight:problem:another-site"


async def test_the_own_page_may_send_changes(alone: Api) -> None:
    """The page of this address, and callers that are no browser, are accepted (and reach an unavailable Temporal)."""
    own = str(alone.http.base_url).rstrip("/")
    for headers in ({}, {"Origin": own}, {"Origin": own, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}):
        assert (await alone.http.request(*CHANGE, headers=headers)).status_code == 503
