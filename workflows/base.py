"""The base of all records, and the types that most of them share."""

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
MaybeSlug = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,62})?$")]
"""A Slug, or an empty text for none."""
Aspect = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "4:5", "21:9"]
Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"),
    Field(description="BCP 47 language tag, the language part in lower case", examples=["en", "pt-BR"]),
]
MAX_LANGUAGES: Final = 8
"""Of one film, the original among them."""
_BREAKS: Final = re.compile(r"[\v\f\x1c-\x1e\x85]")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


def without_controls(text: object) -> object:
    """The text without control characters, which copied documents contain and vendors refuse; a page ends as a line."""
    return _CONTROLS.sub("", _BREAKS.sub("\n", text)) if isinstance(text, str) else text


Clean = BeforeValidator(without_controls)


class Model(BaseModel):
    """Base of all records. Unknown fields are refused, so a misspelt field is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ProductionStatus(StrEnum):
    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    PRODUCING = "producing"
    NEEDS_ATTENTION = "needs_attention"
    FINISHING = "finishing"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def closed(self) -> bool:
        return self in _CLOSED


_CLOSED = frozenset(
    {
        ProductionStatus.DELIVERED,
        ProductionStatus.REJECTED,
        ProductionStatus.EXPIRED,
        ProductionStatus.CANCELLED,
        ProductionStatus.FAILED,
    }
)


class AssetStatus(StrEnum):
    PENDING = "pending"
    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


def digest_of(content: object) -> str:
    """128 bits of SHA-256 over canonical JSON, as 32 hex characters."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]
