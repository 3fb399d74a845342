"""The settings of the embedded stack, parsed once from a mapping such as the environment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.runtime import encryption_keys

PREFIX: Final = "GREENLIGHT_"
CODEC_PORT: Final = 8234
"""The port after that of the embedded Temporal UI."""

Port = Annotated[int, Field(ge=1, le=65_535)]


class SettingsRefused(Exception):
    """A variable has an invalid value; the message names it."""


class StackSettings(BaseModel):
    """Without a value, a port is its default or the next free one; a port that is set must be free."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    home: Path = Path(".greenlight")
    temporal_port: Port | None = None
    ui_port: Port | None = None
    s3_port: Port | None = None
    api_port: Port | None = None
    codec_port: Port | None = None
    bucket: Annotated[str, Field(min_length=3, max_length=63)] = "greenlight"
    temporal_ui_url: str = Field(default="", description="The UI of a Temporal server that is not the embedded one")

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """From GREENLIGHT_HOME, GREENLIGHT_API_PORT and so on; empty ones count as not set.

        Raises:
            SettingsRefused: variables are invalid; the message names them and the errors.
        """
        given = {
            name: environ[f"{PREFIX}{name.upper()}"]
            for name in cls.model_fields
            if environ.get(f"{PREFIX}{name.upper()}")
        }
        try:
            encryption_keys.parse_keys(environ.get(encryption_keys.VARIABLE, ""))
            return cls.model_validate(given)
        except encryption_keys.PayloadKeysRefused as error:
            raise SettingsRefused(str(error)) from None
        except ValidationError as error:
            wrong = (f"{PREFIX}{str(e['loc'][0]).upper()}={e['input']!r}: {e['msg']}" for e in error.errors())
            raise SettingsRefused("; ".join(wrong)) from None
