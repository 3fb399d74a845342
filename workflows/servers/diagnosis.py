"""What a deep check of an installation found: one result for each part."""

from pydantic import Field

from workflows.models import Model

DIAGNOSE: str = "diagnose"
"""The name of the activity: a worker checks its bucket, its keys, its clock, its disk and its certificates."""


class Diagnosis(Model):
    """The check of one part. Without a problem, the part works."""

    part: str = Field(description="As bucket, clock, disk, or the name of a provider", examples=["bucket"])
    problem: str = Field(default="", description="What is wrong, and the remedy")
    note: str = Field(default="", description="What was measured", examples=["put, read and deleted in 12 ms"])


class Diagnoses(Model):
    """The checks of all parts."""

    found: tuple[Diagnosis, ...] = ()
