"""The asynchronous client is translated from the synchronous one, line by line: both have the same names and rules.

`python -m tests.api.client.unasync` writes `api/client/aio/`; a test compares the files with their sources.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

CLIENT: Final = Path(__file__).parents[3] / "api" / "client"
MODULES: Final = (
    *("transport", "batches", "client", "decisions", "evaluations", "events", "grants", "media"),
    *("optimisations", "prompts", "references", "voice", "webhooks"),
)
HEAD: Final = "# Translated from api/client/{name}.py by tests/api/client/unasync.py: change that module, and run it."
RULES: Final = (
    (rf"^from api\.client\.({'|'.join(MODULES)}) import", r"from api.client.aio.\1 import"),
    (r"^( +)yield from (.+)$", r"\1for each in \2:\n\1    yield each"),
    (r"^import time$", "import asyncio"),
    (r"^from time import sleep$", "from asyncio import sleep"),
    (r"^from time import monotonic, sleep$", "from asyncio import sleep\nfrom time import monotonic"),
    (r"\btime\.sleep\(", "await asyncio.sleep("),
    (r"(?<![\w.])sleep\(", "await sleep("),
    (r"\bhttpx\.Client\(", "httpx.AsyncClient("),
    (r"\bGreenlightClient\b", "AsyncGreenlightClient"),
    (r"^(    )def (?!__init__|_raise_unreachable|chunks)", r"\1async def "),
    (r"\b__enter__\b", "__aenter__"),
    (r"\b__exit__\b", "__aexit__"),
    (
        r"(?<!def )\bself\.(_request|_send|_download|_write|_check|_check_instance|_send_part|_add_in_parts|_is_over|"
        r"_decide_asset|memo|download_\w+|close)\(",
        r"await self.\1(",
    ),
    (r"\bself\._http\.(request|get|close)\(", r"await self._http.\1("),
    (r"\._http\.close\(", "._http.aclose("),
    (r"\bplain\.get\(", "await plain.get("),
    (r"\bresponse\.read\(", "await response.aread("),
    (r"\bwith (httpx\.AsyncClient|self\._http\.stream|storage\.stream)", r"async with \1"),
    (r"\bfor chunk in response\.iter_bytes\(", "async for chunk in response.aiter_bytes("),
    (r"\bfor page in self\._pages\(", "async for page in self._pages("),
    (r"\bfor event in self\._stream\(", "async for event in self._stream("),
    (r"\bIterator\[(\w+View|\w+Event|Listed\w+|GivenUp\w+|Path|P)\]", r"AsyncGenerator[\1]"),
    (r"\basync def chunks\(\) -> Iterator", "async def chunks() -> AsyncIterator"),
    (r"\bdef chunks\(\) -> Iterator", "async def chunks() -> AsyncIterator"),
    (r"content: Iterator\[bytes\]", "content: AsyncIterator[bytes]"),
    (r"^    with AsyncGreenlightClient\(", "    async with AsyncGreenlightClient("),
    (r"^(    +production = )(?=greenlight\.)", r"\1await "),
    (r"^(    +)for event in greenlight\.", r"\1async for event in greenlight."),
    (
        r", synchronously\. Use it in a `with` block, or call `close`",
        ", asynchronously. Use it in an `async with` block",
    ),
)


def translate(source: str, name: str) -> str:
    """The asynchronous form of a module of the client."""
    lines = source.splitlines()
    for pattern, replacement in RULES:
        lines = [line for each in lines for line in re.sub(pattern, replacement, each).split("\n")]
    return _imports(f"{HEAD.format(name=name)}\n" + "\n".join(lines) + "\n")


def _imports(text: str) -> str:
    kept = [each for each in ("AsyncGenerator", "AsyncIterator") if f"{each}[" in text]
    names = ", ".join([*kept, "Iterator"] if re.search(r"(?<!Async)\bIterator\[", text) else kept)
    imported = re.compile(r"^(from collections\.abc import .*?)\bIterator\b", re.MULTILINE)
    return imported.sub(rf"\1{names}", text, count=1) if kept else text


def formatted(text: str) -> str:
    """The text as `ruff` sorts and formats it."""
    for command in (["check", "--fix", "--quiet", "--select", "I,F401"], ["format"]):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(CLIENT / "aio" / "x.py"), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


def main() -> None:
    for name in MODULES:
        source = (CLIENT / f"{name}.py").read_text("utf-8")
        (CLIENT / "aio" / f"{name}.py").write_text(formatted(translate(source, name)), "utf-8")


if __name__ == "__main__":
    main()
