"""The start of a voice memo, and how its production continues it. Pure data.

A memo has the id that its production will have. So the recording, the transcript and its bill are those of the
production already: nothing is read, and nothing is paid, a second time when a person starts it.
"""

from typing import Final

from pydantic import Field

from workflows.base import Model
from workflows.brief import Brief, Platform, Reference, ReferenceSource
from workflows.events import ProductionStart, Snapshot
from workflows.models import Money, Person, ProductionId, Slug
from workflows.references.kinds import ReferenceKind, Use, kind_of
from workflows.stages.models import StageModels

MAX_SECONDS: Final = 1_800.0
"""Of a memo: half an hour of speech is 25,000 characters, more than a brief holds."""
_UNHEARD: Final = "A voice memo that is not started yet."
"""The text of the record while the brief is not started; no planner gets it."""


class MemoStart(Model):
    """The workflow's input."""

    production_id: ProductionId
    source: ReferenceSource
    name: str = ""
    max_usd: Money | None = Field(
        default=None, description="The most that the transcript may cost; without it, GREENLIGHT_PLANNING_USD"
    )
    models: StageModels | None = Field(default=None, description="The transcriber; without it, as the workers are set")
    tenant: Slug = "default"
    requester: Person = "anonymous"

    @property
    def reference(self) -> Reference:
        return Reference(source=self.source, name=self.name, use=Use.BRIEF, memo=self.production_id)

    @property
    def brief(self) -> Brief:
        """The owner of the limits of planning, with the recording. It is replaced by the brief that a person starts."""
        return Brief(
            text=_UNHEARD,
            platform=Platform.VIDEO,
            references=(self.reference,),
            models=self.models,
            tenant=self.tenant,
            requester=self.requester,
        )


def problem_of(media_type: str, seconds: float | None) -> str:
    """Why a recording is no memo, with the remedy; empty if it is one. It is known before anything is paid."""
    if kind_of(media_type) is not ReferenceKind.SOUND:
        return "it is no sound; record one, or give the file as a reference of a brief with use: brief"
    if seconds is not None and seconds > MAX_SECONDS:
        return (
            f"the memo lasts {seconds:,.0f} s, and at most {MAX_SECONDS:,.0f} s are written down as a brief; cut it, "
            "or give it as a reference of a brief"
        )
    return ""


def continued(memo: Snapshot, brief: Brief) -> ProductionStart:
    """The start of the production of a memo: with its recording, its transcript and its bill, and a person's brief."""
    record = memo.model_copy(update={"brief": brief, "run_id": ""})
    return ProductionStart(production_id=memo.production_id, brief=brief, carried=record)
