"""The API's configuration, parsed once from an environment mapping into one typed object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from workflows import payload_keys

DEFAULT_PORT: Final = 8400
DEFAULT_BUCKET: Final = "greenlight"


class SettingsError(ValueError):
    """A variable does not make sense; the message names it and the remedy."""


@dataclass(frozen=True)
class Settings:
    """What the API needs to know. Temporal and S3 are named by their own usual variables.

    `environ` is what TEMPORAL_ADDRESS and its kin are read from; boto3 reads AWS_* by itself.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    bucket: str = DEFAULT_BUCKET
    temporal_ui_url: str = ""
    s3_public_url: str = ""
    payload_keys: str = field(default="", repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Parse the GREENLIGHT_… variables.

        Raises:
            SettingsError: a variable has a value that cannot be used.
        """
        port = environ.get("GREENLIGHT_API_PORT", "") or str(DEFAULT_PORT)
        if not port.isdecimal() or not 0 < int(port) < 65_536:
            raise SettingsError(f"GREENLIGHT_API_PORT is {port!r}; set it to a port number from 1 to 65535")
        encrypting = environ.get(payload_keys.VARIABLE, "")
        try:
            payload_keys.parsed(encrypting)
        except payload_keys.PayloadKeysRefused as error:
            raise SettingsError(str(error)) from None
        return cls(
            host=environ.get("GREENLIGHT_API_HOST", "") or cls.host,
            port=int(port),
            bucket=environ.get("GREENLIGHT_BUCKET", "") or cls.bucket,
            temporal_ui_url=_url(environ, "GREENLIGHT_TEMPORAL_UI_URL"),
            s3_public_url=_url(environ, "GREENLIGHT_S3_PUBLIC_URL"),
            payload_keys=encrypting,
            environ=dict(environ),
        )


def _url(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").rstrip("/")
    if value and not value.startswith(("http://", "https://")):
        raise SettingsError(f"{name} is {value!r}; start it with http:// or https://, or leave it unset")
    return value
