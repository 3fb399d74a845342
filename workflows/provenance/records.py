"""The provenance of a file: who and what made it. Greenlight signs these records into the files that leave it. Pure.

Prompts and prices are not part of it: the file may be published.
"""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from workflows.models import Model

ASSERTION: Final = "greenlight.provenance"
"""The label of the C2PA assertion that holds a Statement."""
SELF_MADE: Final = "Greenlight self-made certificate, not verified"
"""The name in the certificate of a stack without one of its own."""
MAX_EDITS: Final = 30
"""The newest ones; the manifest of the production has all of them."""
MAX_EDIT_CHARS: Final = 200

Line = Annotated[str, StringConstraints(max_length=MAX_EDIT_CHARS)]
Made = Literal["yes", "partly", "no"]
"""Whether models made the content: all of it, a part of it, or nothing (placeholders of previz, people's files)."""


class Edit(Model):
    """A change by a person: when, who, and what in a few words."""

    at: datetime
    by: Line
    what: Line


class Provenance(Model):
    """What a deliverable's files say about the decisions of people."""

    plan_digest: str = ""
    approvers: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = Field(default=(), description="The newest, at most 30, the oldest first")


class Ingredient(BaseModel):
    """A take, or a reference of the brief, that a file is made from."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    asset_id: str
    take: int
    media_type: str = ""
    provider: str = ""
    model: str = ""
    sha256: str = Field(description="Of the file as it is stored")
    note: str = ""


class Statement(BaseModel):
    """The signed statement about one file. Another version of Greenlight may have written it, with other fields."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    production_id: str
    kind: Literal["take", "deliverable"]
    name: str
    language: str = Field(default="", description="Of a film in a further language; empty for the original")
    ai_generated: Made
    models: tuple[str, ...] = Field(default=(), description="provider/model of everything that is in the file")
    plan_digest: str = ""
    approvers: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    ingredients: tuple[Ingredient, ...] = ()
    others: dict[str, str] = Field(
        default_factory=dict, description="Name -> SHA-256 of the files next to it that cannot carry a signature"
    )
    build: str = Field(default="", description="Version and build of the Greenlight that signed it")
