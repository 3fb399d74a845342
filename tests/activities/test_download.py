"""Media from an address that a vendor names: the allowed addresses, and the headers that are sent."""

import httpx
import pytest

from activities.errors import SubmissionUnknown
from activities.providers.download import media_type_of, open_media


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://replicate.delivery/a.png", "only https"),
        ("https://127.0.0.1/a.png", "private network"),
        ("https://169.254.169.254/latest/meta-data", "private network"),
        ("https://[::1]/a.png", "private network"),
        ("https://10.1.2.3/a.png", "private network"),
    ],
)
async def test_no_vendor_address_reaches_our_own_network(url: str, words: str) -> None:
    """An address that is not https, or is in a private network, is not requested."""
    with pytest.raises(SubmissionUnknown, match=words):
        async with open_media(url, vendor="vendor", base_url="https://api.replicate.com")():
            pass


async def test_a_key_stays_with_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers for an address are not sent to another host that it redirects to; the number of redirects is limited."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        elsewhere = "http://elsewhere.example/b" if request.url.path == "/a" else "/b"
        return httpx.Response(302, headers={"location": elsewhere})

    transport = httpx.MockTransport(answer)
    real = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", lambda **more: real(**more | {"transport": transport}))
    source = open_media(
        "http://vendor.example/a", vendor="vendor", base_url="http://v", headers={"x-goog-api-key": "k"}
    )
    with pytest.raises(SubmissionUnknown, match="more than 3 redirects"):
        async with source():
            pass
    assert [r.headers.get("x-goog-api-key") for r in seen] == ["k", None, None, None]


def test_a_file_extension_gives_the_media_type() -> None:
    """The file extension counts only when it is of the requested kind."""
    assert media_type_of("https://x/out.webp?sig=1", "image/png") == "image/webp"
    assert media_type_of("https://x/out.mp4", "image/png") == "image/png"
    assert media_type_of("https://x/out", "video/mp4") == "video/mp4"
