"""What a metric measures, as reports and pages show it. Pure data."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from workflows.models import Modality


class MetricInfo(BaseModel):
    """A metric of the workers, installed or not."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    title: str
    unit: str = ""
    better: Literal["higher", "lower", "neither"]
    modalities: tuple[Modality, ...]
    share: bool = Field(default=False, description="Each value is 0 or 1")
    missing: str = Field(default="", description="Why it measures nothing here, with the remedy")
