"""How loud each kind of sound is in the film, and the loudness of the whole film."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

STREAMING_LUFS: Final = -14.0
BROADCAST_LUFS: Final = -23.0
"""EBU R128."""

Level = Annotated[float, Field(ge=-60, le=12)]


class Levels(BaseModel):
    """Levels in dB, relative to the narration; the whole is brought to `loudness_lufs` afterwards.

    Narration, music and ambience are first brought to the same loudness, so a level says what is heard. Effects and the
    shots' own sound are only brought down to it, never up: what a shot records quietly stays quiet.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    narration: Level = 0.0
    music: Level = -8.0
    effects: Level = -6.0
    ambience: Level = -16.0
    own_sound: Level | None = Field(default=-10.0, description="The sound of the shots themselves; null turns it off")
    duck_db: float = Field(
        default=12.0, ge=0, le=24, description="By which narration lowers music, ambience and own sound"
    )
    loudness_lufs: float = Field(default=STREAMING_LUFS, ge=-40, le=-8)

    def of(self, role: str) -> float:
        """The level of a role; any role without a level of its own is narration."""
        levels = {"music": self.music, "effects": self.effects, "ambience": self.ambience}
        return levels.get(role, self.narration)
