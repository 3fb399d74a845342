"""Uploads of files on a store whose responses are lost."""

from itertools import count
from pathlib import Path

import pytest

from activities.storage.bucket import PART_BYTES, Storage
from activities.storage.errors import StorageFailed
from deploy.local import Stack
from tests.chaos.servers.proxy import Proxy, S3Faults
from tests.support.stack import use_s3


async def test_an_upload_that_is_complete_although_its_response_is_lost_succeeds(
    servers: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response to the completion of an upload in parts is lost: the file is there, and is not made again. A file of
    another content under its key does not count."""
    use_s3(monkeypatch, servers)
    (whole := tmp_path / "film.mp4").write_bytes(b"ab" * PART_BYTES)
    (other := tmp_path / "other.mp4").write_bytes(b"cd" * PART_BYTES)
    with Proxy(servers.info.s3_endpoint, S3Faults(), "lost") as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
        storage = Storage(servers.info.bucket)
        posts = count(1)
        monkeypatch.setattr(proxy, "_fate", lambda method: "lost" if method == "POST" and next(posts) == 2 else "")
        stored = await storage.put_file("lost/film.mp4", whole, "video/mp4")
        assert next(posts) > 3, "nothing was lost"
        assert await storage.sha256("lost/film.mp4") == stored.sha256
        monkeypatch.setattr(proxy, "_fate", lambda method: "lost" if method in ("POST", "PUT") else "")
        with pytest.raises(StorageFailed):
            await storage.put_file("lost/film.mp4", other, "video/mp4")
