"""The properties of a finished film, as measured in its file, and what its destination requires. Pure data."""

from typing import Literal

from pydantic import Field

from workflows.base import Model


class Check(Model):
    """One property of a finished film, as measured in its file, and what its destination requires."""

    name: Literal["size", "rate", "length", "loudness", "true peak", "file size", "bit rate", "safe area"]
    measured: str
    required: str
    ok: bool


class Measured(Model):
    """The properties of a finished film, as measured in its file."""

    profile: str = Field(default="", description="The destination that it is made for; empty for a film without one")
    frame_rate: float = Field(description="Frames a second")
    duration_seconds: float
    bytes: int = Field(description="Before the signature, which adds a few KB")
    loudness_lufs: float | None = Field(default=None, description="Integrated; null without sound")
    true_peak_dbtp: float | None = Field(default=None, description="After the encoding; null without sound")
    checks: tuple[Check, ...] = ()
    ai_label: str = Field(
        default="", description="How to label it at its destination as made with AI; empty if no model made any of it"
    )

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.ok)
