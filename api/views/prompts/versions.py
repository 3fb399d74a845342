"""Requests and responses of Greenlight's own prompts."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from api.views.production import View
from workflows.models import Model, Person, Slug
from workflows.prompts.records import Gain, Text
from workflows.prompts.uses import PromptName, Version


class VersionBody(Model):
    """A version that a person wrote. It is not used before a person chooses it."""

    text: Text = Field(
        description="It replaces the built-in text; the rest of the question, such as the form of its answer, is fixed",
        examples=["subject first, then light and lens. Muted colours. No people, no lettering."],
    )
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = Field(
        default="", description="What it is for, for people"
    )
    tenant: Slug = "default"
    requester: Person = "anonymous"


class UseBody(Model):
    """Puts a version into use, for productions that start from now on."""

    version: Version
    tenant: Slug = "default"
    requester: Person = "anonymous"


class RollbackBody(Model):
    """Puts the version that was in use before back into use."""

    tenant: Slug = "default"
    requester: Person = "anonymous"


class VersionSummary(View):
    """A version without its text. Version 0 is the built-in one of this release."""

    version: Version
    in_use: bool
    note: str = ""
    author: str = ""
    created_at: datetime | None = None
    optimisation_id: str = ""
    gain: Gain | None = Field(default=None, description="Of an optimisation: the change on cases that it did not see")
    unreadable: str = Field(default="", description="Why it cannot be used, with the remedy; empty if it can")


class VersionView(VersionSummary):
    """A version with its text."""

    name: PromptName
    text: str


class PromptView(View):
    """A prompt and the version in use."""

    name: PromptName
    meaning: str
    version: Version
    chosen_by: str = Field(default="", description="Who put it into use; empty for the built-in version")
    chosen_at: datetime | None = None
    before: Version | None = Field(default=None, description="What `rollback` returns to; null if there is nothing")
    versions: tuple[VersionSummary, ...] = Field(default=(), description="The newest first, the built-in one last")


class PromptList(View):
    """All prompts, each with its versions."""

    prompts: tuple[PromptView, ...]
