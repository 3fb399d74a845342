"""A 1 GiB take streamed from an HTTP source into S3, compared with boto3's `upload_fileobj` of the same bytes."""

import asyncio
import io
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, BinaryIO, cast

BYTES = 1024**3
BLOCK = random.Random(1017).randbytes(1024**2)
"""1 MiB that does not compress, as media does not."""
ROUNDS = 3


class Source(BaseHTTPRequestHandler):
    """Serves one gigabyte."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(BYTES))
        self.end_headers()
        for _ in range(BYTES // len(BLOCK)):
            self.wfile.write(BLOCK)

    def log_message(self, *arguments: Any) -> None: ...


class Repeated(io.RawIOBase):
    """The same gigabyte as a file, without a disk."""

    def __init__(self) -> None:
        self._at = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = min(size if size >= 0 else BYTES, BYTES - self._at)
        offset = self._at % len(BLOCK)
        data = (BLOCK * (wanted // len(BLOCK) + 2))[offset : offset + wanted]
        self._at += wanted
        return data


def floor() -> float:
    import boto3

    client = boto3.client("s3")
    began = time.perf_counter()
    client.upload_fileobj(cast(BinaryIO, Repeated()), os.environ["GREENLIGHT_BUCKET"], "bench/floor")
    return time.perf_counter() - began


async def take(url: str) -> float:
    import httpx

    from activities.storage.bucket import Storage

    storage = Storage(os.environ["GREENLIGHT_BUCKET"])
    began = time.perf_counter()
    async with httpx.AsyncClient(trust_env=False) as http, http.stream("GET", url) as answer:

        async def chunks() -> AsyncIterator[bytes]:
            async for chunk in answer.aiter_raw():
                yield chunk

        stored = await storage.put_stream("bench/take", chunks(), "video/mp4")
    assert stored.bytes == BYTES
    return time.perf_counter() - began


def child(kind: str, url: str) -> dict[str, float]:
    """One upload in its own process: seconds, and the growth of its peak memory (bytes)."""
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.bench.stream", kind, url]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{kind} ended with {done.returncode}: {done.stderr[-4_000:]}")
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main(kind: str, url: str) -> None:
    import boto3
    import httpx

    from activities.storage.bucket import Storage

    boto3.client("s3").list_buckets()
    asyncio.run(Storage(os.environ["GREENLIGHT_BUCKET"]).ensure_bucket())
    httpx.Client(trust_env=False).close()
    before = peak()
    seconds = floor() if kind == "floor" else asyncio.run(take(url))
    sys.stdout.write(json.dumps({"seconds": seconds, "growth": peak() - before}))


def peak() -> int:
    """The peak memory of this process, bytes. The kernel's ru_maxrss would begin with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def serve() -> None:
    server = HTTPServer(("127.0.0.1", 0), Source)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def measure() -> dict[str, float]:
    """Measure in alternating pairs; speeds in MiB a second, the ratio is the median of the pairs."""
    source = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stream", "serve", ""], stdout=subprocess.PIPE, text=True
    )
    try:
        assert source.stdout
        url = f"http://127.0.0.1:{int(source.stdout.readline())}/"
        child("take", url)
        pairs = [(child("floor", url), child("take", url)) for _ in range(ROUNDS)]
    finally:
        source.kill()
        source.wait()
    mib = BYTES / 1024**2
    return {
        "floor_mib_s": mib / statistics.median(f["seconds"] for f, _ in pairs),
        "take_mib_s": mib / statistics.median(t["seconds"] for _, t in pairs),
        "ratio": statistics.median(f["seconds"] / t["seconds"] for f, t in pairs),
        "growth_mib": max(t["growth"] for _, t in pairs) / 1024**2,
    }


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        main(sys.argv[1], sys.argv[2])
