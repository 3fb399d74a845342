"""Rules of all vendor files: keys never appear in errors, delays are parsed, and an unusable response has its price."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Final

import httpx
import httpx2
import pytest

from activities.errors import AuthenticationFailed, JobFailed, ProviderError, ProviderUnavailable, SubmissionUnknown
from activities.providers.http_failures import error_without_response, parse_retry_after
from activities.providers.protocol import Job, Provider, Request
from activities.providers.registry import PROVIDERS
from tests.emulators.base import Call, Emulator, Reply
from tests.support.vendors import KINDS, env_of
from workflows.brief import Brief, Platform
from workflows.models import Asset

WAYS: Final = {kindred.vendor: kindred for kindred in KINDS.values()}
"""One way to submit for each vendor."""
each = pytest.mark.parametrize("vendor", WAYS)


@asynccontextmanager
async def locked_out(vendor: str, emulator: Emulator, key: str) -> AsyncIterator[tuple[Provider, str]]:
    """A provider with this key, and the variable that holds it."""
    variable = PROVIDERS[vendor].variables[0]
    provider = PROVIDERS[vendor].build({**env_of(vendor, emulator), variable: key})
    try:
        yield provider, variable
    finally:
        await provider.close()


def request(vendor: str) -> Request:
    way = WAYS[vendor]
    asset = Asset(
        asset_id="a", asset_type=way.modality, role="body", prompt="A lighthouse.", provider=vendor, model=way.model
    )
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    return Request("p/a/1", 1, brief, asset, 1, [], Path("/nonexistent"))


@each
@pytest.mark.parametrize("key", ["sk-first\nsk-second", "sk-wörd-of-secrets", "sk-with a-space", ""])
async def test_an_invalid_key_is_named_and_never_shown(vendor: str, key: str) -> None:
    """A key that no header can hold is a final error that names its variable; nothing was sent, so nothing is
    ambiguous."""
    with WAYS[vendor].emulator() as emulator:
        async with locked_out(vendor, emulator, key) as (provider, variable):
            if vendor == "google" and not key:
                return  # without a key this vendor signs in another way
            with pytest.raises(AuthenticationFailed, match=f"{variable}.*worker's environment") as failure:
                await provider.submit(request(vendor))
        assert "sk-" not in str(failure.value)
        assert emulator.calls == []


@each
async def test_no_error_holds_the_key(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a server quotes the key in its refusal, the key appears neither in the message nor in its causes."""
    key = "sk-wrong-but-secret"
    words = f"Incorrect API key provided: {key}."

    def quoting(_: Call) -> Reply:
        return Reply(401, {"error": {"message": words, "type": "authentication_error"}, "detail": words})

    with WAYS[vendor].emulator() as emulator:
        monkeypatch.setattr(emulator, "authorised", quoting)
        async with locked_out(vendor, emulator, key) as (provider, _):
            for call in [provider.submit(request(vendor)), provider.poll(request(vendor), Job("job-1"))]:
                with pytest.raises(ProviderError) as failure:
                    await call
                assert key not in str(failure.value)
                assert failure.value.__cause__ is None
                assert type(failure.value) is JobFailed or "API key provided: [the key]" in str(failure.value)


@pytest.mark.parametrize("client", [httpx, httpx2])
async def test_an_invalid_header_was_not_sent(client: Any) -> None:
    """The HTTP client's own message quotes the header; the error names the variable instead."""
    with WAYS["replicate"].emulator() as emulator:
        async with client.AsyncClient() as http:
            with pytest.raises(client.LocalProtocolError, match="sk-a") as failure:
                await http.get(emulator.url, headers={"Authorization": "Bearer sk-a\nb"})
        assert emulator.calls == []
    found = error_without_response("vendor", failure.value, submitting=True, variable="VENDOR_KEY")
    assert isinstance(found, AuthenticationFailed)
    assert "VENDOR_KEY" in str(found)
    assert "sk-a" not in str(found)


def test_a_local_protocol_error_was_not_sent() -> None:
    """A request that the client itself refuses to send is not ambiguous; one that the server interrupted is."""
    ours = error_without_response("vendor", httpx.LocalProtocolError("no host"), submitting=True, variable="KEY")
    theirs = error_without_response("vendor", httpx.RemoteProtocolError("cut off"), submitting=True, variable="KEY")
    assert (type(ours), type(theirs)) == (ProviderUnavailable, SubmissionUnknown)


DELAYS: Final[Mapping[str | None, float | None]] = {
    "30": 30,
    " 1.5s ": 1.5,
    "99999": 3_600,
    "Wed, 21 Oct 2015 07:28:00 GMT": 0,
    "Fri, 01 Jan 2100 00:00:00 GMT": 3_600,
    "Fri, 01 Jan 2100 00:00:00 -0000": 3_600,
    "-1": None,
    "nan": None,
    "soon": None,
    "Wed, 99 Oct 2026 07:28:00 GMT": None,
    "": None,
    None: None,
}


@pytest.mark.parametrize("value", DELAYS)
def test_a_delay_is_parsed_in_every_form(value: str | None) -> None:
    """A delay is seconds, a duration, or a date; it is at most an hour, and none when it cannot be parsed."""
    seconds = DELAYS[value]
    assert parse_retry_after(value) == (None if seconds is None else timedelta(seconds=seconds))


def test_a_date_is_a_delay_until_then() -> None:
    """A date in a quarter of an hour is a delay of a quarter of an hour."""
    delay = parse_retry_after(format_datetime(datetime.now(UTC) + timedelta(minutes=15), usegmt=True))
    assert delay is not None
    assert 890 < delay.total_seconds() <= 900


async def test_a_429_waits_until_its_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor that names a date instead of seconds receives the next request at that date."""
    then = format_datetime(datetime.now(UTC) + timedelta(minutes=15), usegmt=True)

    def limited(_: Call) -> Reply:
        return Reply(429, {"error": {"message": "Slow down.", "type": "requests"}}, headers={"retry-after": then})

    for vendor in ("openai", "anthropic", "replicate", "runway"):
        with WAYS[vendor].emulator() as emulator:
            monkeypatch.setattr(emulator, "authorised", limited)
            async with locked_out(vendor, emulator, "sk-right-enough") as (provider, _):
                with pytest.raises(ProviderError) as failure:
                    await provider.submit(request(vendor))
        assert failure.value.retry_after is not None
        assert 880 < failure.value.retry_after.total_seconds() <= 900
