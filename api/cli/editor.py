"""The user's own editor, for texts that a command lets its user change."""

import os
import shlex
import subprocess
from pathlib import Path

from api.client.errors import GreenlightError


def open_editor(file: Path, failure: str, instead: str) -> None:
    """Let the user change a file in $VISUAL or $EDITOR.

    Args:
        failure: What is not done where the editor fails, as a sentence.
        instead: What the user can do without an editor.

    Raises:
        GreenlightError: the editor cannot be started, or failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        code = subprocess.run([*shlex.split(editor), str(file)], check=False).returncode
        problem = f"ended with exit code {code}" if code else ""
    except OSError as error:
        problem = f"cannot be started: {error.strerror}"
    except ValueError:
        problem = "is not a command: a quotation mark is not closed"
    if problem:
        raise GreenlightError(failure, f"The editor {editor!r} {problem}. Set EDITOR to your editor, or {instead}.")
