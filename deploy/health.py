"""`python -m deploy.health [URL]`: the health check of a container. Its image has no curl.

It exits with 0 if the URL responds with a status below 400 within 4 s, otherwise with 1 and the reason. Without a URL
it asks the worker in the same container, at GREENLIGHT_HEALTH_PORT.
"""

import os
import sys
from typing import Final
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

SECONDS: Final = 4.0
"""Below the limit that the image and the Compose file give the check, so that the reason is in its log."""


def problem(url: str) -> str:
    """Why the URL is not healthy; empty if it is. A proxy of the environment is not used."""
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=SECONDS):
            return ""
    except (URLError, OSError, ValueError) as error:
        return f"{url}: {error}"


def main() -> int:
    port = os.environ.get("GREENLIGHT_HEALTH_PORT") or "8410"
    found = problem(sys.argv[1] if len(sys.argv) > 1 else f"http://127.0.0.1:{port}/healthz")
    if found:
        print(found, file=sys.stderr)  # noqa: T201
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
