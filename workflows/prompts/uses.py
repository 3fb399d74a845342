"""The names of Greenlight's own prompts, and the versions that one production uses. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import Field

from workflows.base import Model

PromptName = Literal["planner", "image-prompt", "delivery", "judge"]
NAMES: Final[tuple[PromptName, ...]] = get_args(PromptName)
BUILT_IN_VERSION: Final = 0
MAX_TEXT_CHARS: Final = 4_000
"""A longer text makes each question about as expensive as its data."""
KEPT_CHOICES: Final = 50
"""Of one name: what `rollback` can return to."""
DIGEST_CHARS: Final = 16

Version = Annotated[int, Field(ge=0, description="0 is the built-in version")]


class PromptUse(Model):
    """A version that a production uses."""

    name: PromptName
    version: Version
    digest: str = Field(description="Of the text, because the built-in one changes with releases")

    @property
    def label(self) -> str:
        """'planner@3', 'judge@built-in'."""
        return f"{self.name}@{label_of(self.version)}"


class ProductionPrompts(Model):
    """The prompts of one production. Their texts are kept, so neither a deleted version nor a release changes them."""

    texts: dict[PromptName, str]
    uses: tuple[PromptUse, ...]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Mapping[PromptName, str], versions: Mapping[PromptName, int], warnings: Iterable[str]) -> Self:
        """Of all names.

        Args:
            versions: Of names that do not have the built-in version.
        """
        uses = tuple(
            PromptUse(name=n, version=versions.get(n, BUILT_IN_VERSION), digest=text_digest(texts[n])) for n in NAMES
        )
        return cls(texts=dict(texts), uses=uses, warnings=tuple(warnings))

    def version_of(self, name: PromptName) -> int:
        return next((use.version for use in self.uses if use.name == name), BUILT_IN_VERSION)


def label_of(version: int) -> str:
    """'built-in' or the number."""
    return str(version) if version else "built-in"


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]
