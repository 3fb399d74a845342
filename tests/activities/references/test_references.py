"""References of a brief: which are ingested, which are refused, and which addresses are allowed."""

import gzip
import hashlib

import pytest
from pydantic import ValidationError

from activities.references import ingest, sources
from tests.activities.references.pictures import HOST, Desk, at, brought, picture, served
from tests.support.servers.receiver import Got, Named, Receiver, answer
from workflows import keys
from workflows.brief import Brief, Platform, Reference

# Ingestion


async def test_pictures_are_kept(desk: Desk, site: Receiver) -> None:
    """A stored and a downloaded picture are kept with their hashes and sizes; a second run sends no request."""
    png, jpeg = picture(), picture("JPEG", (90, 30))

    def say(got: Got) -> bytes:
        return served(jpeg) if got.target == "/b" else answer(302, location="/b")

    site.answer = say
    sources = await desk.stored(png), at(site)
    first, second = found = await desk.take_in(*sources)
    assert (first.key, second.key) == tuple(
        f"productions/{desk.production_id}/references/{name}" for name in ("1.png", "2.jpg")
    )
    assert [(m.media_type, m.width, m.height, m.bytes, m.sha256) for m in found] == [
        ("image/png", 60, 40, len(png), hashlib.sha256(png).hexdigest()),
        ("image/jpeg", 90, 30, len(jpeg), hashlib.sha256(jpeg).hexdigest()),
    ]
    kept = await desk.storage.get_bytes(second.key)
    assert kept is not None
    assert kept[0] == jpeg
    site.answer = lambda _: answer(404)
    assert await desk.take_in(*sources, attempt=2) == found
    assert len(site.got) == 2


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (served(b"<html>Please log in</html>"), "it is declared as image/png, and is a web page, such as a login"),
        (served(b'{"error": "This link has expired"}'), "it is declared as image/png, and is a text, such as an error"),
        (served(picture()[:60]), "export it again"),
        (served(b"\x89PNG\r\n\x1a\n" + bytes(2_000)), "larger than 1,000 bytes; give it in a smaller size"),
        (answer(404), f"{HOST} answered HTTP 404; give an address that needs no login"),
        (answer(302, location="/again"), f"{HOST} redirects more than 10 times"),
        (answer(302, location="http://169.254.169.254/latest"), "169.254.169.254 is http: nothing is fetched"),
        (answer(302, location="https://10.1.2.3/a.png"), "10.1.2.3 is in a private network"),
        (answer(302, location="ftp://10.1.2.3/a.png"), "is ftp: nothing is fetched"),
    ],
)
async def test_an_invalid_download_is_refused(
    desk: Desk, site: Receiver, named: Named, monkeypatch: pytest.MonkeyPatch, response: bytes, words: str
) -> None:
    """Pages, broken and too large files, and redirects into our network are refused, with the name of the reference."""
    named(*[["127.0.0.1"]] * (1 if b"location" in response and b"/again" not in response else 11), ["10.1.2.3"])
    monkeypatch.setattr(sources, "max_bytes", lambda _: 1_000)
    site.answer = lambda _: response
    message = await desk.refused(await desk.stored(picture()), at(site))
    assert message.startswith("references[1] (bottle): ")
    assert words in message
    assert await desk.storage.head(keys.reference_key(desk.production_id, 2, "png")) is None


async def test_a_compressed_response_is_unpacked(desk: Desk, site: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that a server compresses without being asked is stored as it was; its limit is that of its own size."""
    png = picture()
    packed = gzip.compress(png)
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(packed)
    site.answer = lambda _: head + packed
    (media,) = await desk.take_in(at(site))
    assert (media.media_type, media.sha256) == ("image/png", hashlib.sha256(png).hexdigest())
    monkeypatch.setattr(sources, "max_bytes", lambda _: len(png) - 1)
    desk.production_id += "b"
    assert "smaller size" in await desk.refused(at(site))


@pytest.mark.parametrize("source", ["https://127.0.0.1/a.png", "https://[::1]/a.png", "https://169.254.169.254/a"])
async def test_no_reference_reaches_our_own_network(desk: Desk, source: str) -> None:
    """An address in a private network is not requested, and the message offers to post the file instead."""
    message = await desk.refused(source)
    assert "private network" in message
    assert "post the file to /api/v1/references" in message


async def test_an_outage_is_retried_briefly(desk: Desk, site: Receiver) -> None:
    """A request to a failing server is retried a few times only, because the address may be mistyped and a person
    waits."""
    site.answer = lambda _: answer(503)
    await desk.refused(at(site), final=False)
    assert "HTTP 503; try again later" in await desk.refused(at(site), attempt=ingest.ATTEMPTS)
    site.answer = lambda _: b""
    await desk.refused(at(site), final=False)
    assert "check the address" in await desk.refused(at(site), attempt=ingest.ATTEMPTS)


async def test_a_missing_or_large_stored_file_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without an object, and a stored file that is too large, are refused with the remedy."""
    assert "post the file" in await desk.refused("stored:references/nothing")
    source = await desk.stored(picture())
    monkeypatch.setattr(sources, "MAX_ANY_BYTES", 10)
    assert "smaller size" in await desk.refused(source)


# The brief


@pytest.mark.parametrize(
    "source",
    [
        "http://example.com/a.png",
        "https://",
        "https:///a.png",
        "file:///etc/passwd",
        "stored:productions/p/plan/1.json",
        "stored:references/../productions/p/plan/1.json",
        "stored:references/",
        "references/a",
    ],
)
def test_sources_are_checked_with_the_brief(source: str) -> None:
    """A reference is an https address or a key under `references/`, and no path leads out of there."""
    with pytest.raises(ValidationError):
        Reference(source=source)


def test_a_brief_has_at_most_eight_references() -> None:
    """Nine references are refused."""
    assert (
        len(Brief(text="x", platform=Platform.COPY, references=brought(*["https://x.example/a"] * 8)).references) == 8
    )
    with pytest.raises(ValidationError, match="at most 8"):
        Brief(text="x", platform=Platform.COPY, references=brought(*["https://x.example/a"] * 9))
