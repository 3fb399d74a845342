"""Real servers for tests: environments without keys, and the state of processes from the kernel."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deploy.s3 import Credentials

if TYPE_CHECKING:  # benchmarks and chaos trials use this module too
    import pytest

    from deploy.local import Stack

CREDENTIALS: Final = Credentials("TESTACCESSKEY", "test-secret-key")
"""The same for every test server: boto3 keeps the first credentials of a process."""

_FOREIGN: Final = (
    "TEMPORAL_",
    "AWS_",
    "GREENLIGHT_",
    "OTEL_",
    "OPENAI_",
    "ANTHROPIC_",
    "GOOGLE_",
    "GEMINI_",
    "REPLICATE_",
    "RUNWAY",
)


def hermetic(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without servers, profiles or keys of the user."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}
    return kept | {
        "TEMPORAL_CONFIG_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def new_home(home: Path) -> Path:
    """A GREENLIGHT_HOME whose S3 server accepts the test credentials."""
    home.mkdir(parents=True)
    (home / "s3.json").write_text(json.dumps(CREDENTIALS.__dict__))
    return home


def listening(pid: int) -> list[str]:
    """The addresses on which a process listens, as the Linux kernel writes them: hex address and port."""
    inodes = {str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir() if fd.is_symlink()}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in inodes:
                found.append(local)
    return found


def alive(pid: int) -> bool:
    """Whether the Linux kernel runs a process; a zombie does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def use_s3(patch: "pytest.MonkeyPatch", servers: "Stack") -> None:
    """Set the AWS variables of this process to the tests' S3 server, as long as `patch` lasts."""
    for name, value in servers.env.items():
        if name.startswith("AWS_"):
            patch.setenv(name, value)
