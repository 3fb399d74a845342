"""The version and the build id of a worker's code: the Temporal UI, manifests and signed files show them."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

import activities
import workflows


@cache
def compute_build_id() -> str:
    """48 bits of SHA-256 over the sources of `workflows` and `activities`, as 12 hex characters.

    The SDK's default hashes every loaded module, vendor libraries too, which takes 1.2 s of each start.
    """
    digest = hashlib.sha256()
    for package in (workflows, activities):
        for source in sorted(Path(package.__path__[0]).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


@cache
def version() -> str:
    """The version of Greenlight, e.g. 0.2.0."""
    return metadata.version("greenlight")


def build() -> str:
    """Version and build id, e.g. 0.2.0+3f9c2a71b04d."""
    return f"{version()}+{compute_build_id()}"
