"""The file of GREENLIGHT_SETTINGS_FILE: variables that may change while the worker runs.

It is a file such as .env, or a directory with a file for each variable, as Kubernetes mounts a Secret. A variable of
the environment takes precedence. Values are never logged.
"""

import logging
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

from activities.providers.registry import registered
from workflows.runtime.redaction import register_secrets

VARIABLE: Final = "GREENLIGHT_SETTINGS_FILE"
RATES: Final = "GREENLIGHT_RATES"
MAX_BYTES: Final = 1_000_000
"""Of a file: what is larger is no file of settings."""

log = logging.getLogger(__name__)


def live_names() -> frozenset[str]:
    """The variables whose changes take effect in a running worker. All others are read once, at its start."""
    return frozenset({RATES, *(name for entry in registered().values() for name in entry.variables)})


class SettingsUnreadable(ValueError):
    """The file exists, and cannot be read; the message names it."""


def read_settings(path: Path) -> dict[str, str]:
    """The variables of the file or directory, none where it does not exist. Logs hide their secrets from now on.

    Raises:
        SettingsUnreadable: it cannot be read, or is not text.
    """
    try:
        if path.is_dir():
            files = (each for each in path.iterdir() if not each.name.startswith("..") and each.is_file())
            found = {each.name: _text(each) for each in files}
        elif path.exists():
            found = {name: value or "" for name, value in dotenv_values(path, interpolate=False).items()}
        else:
            found = {}
    except (OSError, UnicodeDecodeError, SettingsUnreadable) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsUnreadable(f"{VARIABLE} is {str(path)!r}: {reason}; the settings stay as they are") from None
    register_secrets(found)
    return found


def merge(environ: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """The environment with the variables of the file that it does not have, or has empty."""
    return {**found, **{name: value for name, value in environ.items() if value or name not in found}}


def fingerprint(path: Path) -> object:
    """What changes with the file: replaced files and changed links of mounted Secrets too. It costs no read."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found = [(str(each), each.stat()) for each in files]
    except OSError:
        return None
    return [(name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in found]


def add_settings(path: Path, environ: MutableMapping[str, str]) -> dict[str, str]:
    """Add the variables of the file to the environment at the start of a worker, except the live ones.

    Returns:
        The environment together with the live ones: `environ` does not have them, so that they can change.

    Raises:
        SettingsUnreadable: the file cannot be read.
    """
    found = read_settings(path)
    live = live_names()
    for name, value in found.items():
        if name not in live and not environ.get(name):
            environ[name] = value
    return merge(environ, found)


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise SettingsUnreadable
    return path.read_text("utf-8").strip()
