"""The models that a brief names for the stages of its production. Pure data; the workers check the names."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from workflows.base import Model

Stage = Literal["planner", "enhancer", "translator", "analyst", "transcriber", "classifier", "extractor", "judge"]
AUTO: Final = "auto"
RULE: Final = "template"
"""Of planner, enhancer and translator: no model, the work is done by rule."""
LOCAL: Final = "local"
"""Of analyst, classifier and extractor: no model, only what this machine reads."""
WORDS: Final[Mapping[Stage, tuple[str, ...]]] = {
    "planner": (AUTO, RULE),
    "enhancer": (AUTO, RULE),
    "translator": (AUTO, RULE),
    "analyst": (AUTO, LOCAL),
    "transcriber": (AUTO,),
    "classifier": (AUTO, LOCAL),
    "extractor": (AUTO, LOCAL),
    "judge": (AUTO,),
}
"""What a stage may have instead of the names of models."""
Names = Annotated[str, StringConstraints(strip_whitespace=True, max_length=600, pattern=r"^[^\n\r\t]*$")]


class StageModels(Model):
    """'provider/model' for each stage; several in the order to try, separated by commas. An empty stage has the models
    of the worker's settings."""

    planner: Names = Field(default="", description="Drafts the plan; 'template' plans by rule")
    enhancer: Names = Field(default="", description="New prompts from feedback and after refusals")
    translator: Names = Field(default="", description="Further languages")
    analyst: Names = Field(default="", description="Sees, hears and reads references; 'local' uses no model")
    transcriber: Names = Field(default="", description="Writes down recordings")
    classifier: Names = Field(default="", description="Finds the kind of a document whose fields are read")
    extractor: Names = Field(default="", description="Reads the fields of a document")
    judge: Names = Field(default="", description="Reviews takes, where the brief's `quality` requests it")

    @property
    def named(self) -> dict[Stage, str]:
        """The stages that have models of their own."""
        known: dict[Stage, str] = {stage: getattr(self, stage) for stage in WORDS}
        return {stage: names for stage, names in known.items() if names}


def split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]
