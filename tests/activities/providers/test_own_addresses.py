"""With only its key a vendor's requests are sent to its own host: the emulators need no special case."""

from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from activities.errors import AuthenticationFailed
from activities.providers.protocol import Request
from activities.providers.registry import PROVIDERS
from tests.support.vendors import KINDS
from workflows.brief import Brief, Platform
from workflows.models import Asset

VENDORS = {
    "openai": ("OPENAI_API_KEY", "api.openai.com"),
    "anthropic": ("ANTHROPIC_API_KEY", "api.anthropic.com"),
    "google": ("GOOGLE_API_KEY", "generativelanguage.googleapis.com"),
    "replicate": ("REPLICATE_API_TOKEN", "api.replicate.com"),
    "runway": ("RUNWAYML_API_SECRET", "api.dev.runwayml.com"),
}
KEY = "a-real-key-1234567890"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_is_sufficient(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unmodified SDK sends one request to the vendor's own host over https, with that key; its response is
    reported."""
    requests: list[tuple[str, str, list[str]]] = []

    def refusing(library: Any) -> Any:
        async def vendor(self: object, request: Any) -> Any:
            requests.append((request.url.scheme, request.url.host, list(request.headers.values())))
            return library.Response(401, json={"error": {"message": "no such key"}}, request=request)

        return vendor

    for library in (httpx, httpx2):  # which of them an SDK uses is its own choice
        monkeypatch.setattr(library.AsyncHTTPTransport, "handle_async_request", refusing(library))
    kindred = KINDS[kind]
    variable, host = VENDORS[kindred.vendor]
    provider = PROVIDERS[kindred.vendor].build({variable: KEY})
    asset = Asset(
        asset_id="a",
        asset_type=kindred.modality,
        role="body",
        prompt="A lighthouse at dusk.",
        provider=kindred.vendor,
        model=kindred.model,
    )
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    with pytest.raises(AuthenticationFailed, match=variable):
        await provider.submit(Request("p/a/1", 7, brief, asset, 1, (), tmp_path))
    await provider.close()
    ((scheme, requested_host, headers),) = requests
    assert (scheme, requested_host) == ("https", host)
    assert any(KEY in value for value in headers)
