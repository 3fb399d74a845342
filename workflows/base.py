"""The base of all records, and the types that most of them share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
MaybeSlug = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,62})?$")]
"""A Slug, or an empty text for none."""
Aspect = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "4:5", "21:9"]


class Model(BaseModel):
    """Base of all records. Unknown fields are refused, so a misspelt field is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
