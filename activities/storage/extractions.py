"""Extractions as they are stored: what planning, finishing and reviews read."""

from collections.abc import Sequence

from pydantic import ValidationError

from activities.storage.bucket import Storage
from activities.storage.errors import ObjectMissing
from workflows.extraction.fields import Extraction


async def read_extraction(storage: Storage, key: str) -> Extraction:
    """
    Raises:
        ObjectMissing: it is not stored any more, or cannot be parsed.
    """
    found = await storage.get_bytes(key)
    try:
        return Extraction.model_validate_json(found[0] if found else b"")
    except ValidationError:
        raise ObjectMissing(f"{key} is not stored any more; read the reference again") from None


async def read_extractions(storage: Storage, keys: Sequence[str]) -> list[Extraction]:
    """
    Raises:
        ObjectMissing: one of them is not stored any more.
    """
    return [await read_extraction(storage, key) for key in keys]
