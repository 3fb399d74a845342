"""Files that a command reads: a name that leads to no file is refused before anything is sent."""

import difflib
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any, Final

import typer

from workflows.references.signatures import is_email

_TEXT_SUFFIXES: Final = frozenset(
    (".txt", ".text", ".md", ".rst", ".markdown", ".fountain", ".fdx", ".docx", ".odt", ".rtf", ".eml", ".pdf", ".html")
)
_NAME: Final = re.compile(r"[!-~]+\.[A-Za-z][A-Za-z0-9]{0,7}|(\.{0,2}|~)/\S+")
"""One word in ASCII with a suffix (brief.txt), or a path from /, ./, ../ or ~/: a file name, in no script a brief."""
_ONE_WORD: Final = "Write a brief of one word to standard input, with - as TEXT."
_LIKE: Final = 0.75
"""How similar a name in the folder must be to be suggested, from 0 to 1."""


def existing_file(text: str) -> Path:
    """The path of a file that can be read.

    Raises:
        BadParameter: there is no such file; the message names it and the most similar name in its folder.
    """
    if problem := file_problem(text):
        raise typer.BadParameter(problem)
    return Path(text)


def file_argument(help_text: str) -> Any:
    return typer.Argument(parser=existing_file, metavar="FILE", help=help_text)


def file_option(*names: str, help_text: str) -> Any:
    return typer.Option(*names, parser=existing_file, metavar="FILE", help=help_text)


def file_problem(text: str) -> str:
    """Why the file cannot be read, with the remedy; empty if it can be."""
    path = Path(text)
    try:
        if path.is_dir():
            return f"{text!r} is a folder; name a file"
        if path.is_file():
            return "" if os.access(path, os.R_OK) else f"the file {text!r} cannot be read; change its permissions"
        if path.exists():
            return f"{text!r} is no regular file; name a file"
    except (OSError, ValueError):
        pass  # the text is no possible name of a file
    similar = similar_name(path)
    return f"there is no file {text!r}; " + (f"did you mean {similar!r}?" if similar else "check its name and folder")


def similar_name(path: Path) -> str:
    """The path of the file in the same folder whose name is most similar; empty if none is."""
    try:
        names = [found.name for found in path.expanduser().parent.iterdir() if found.is_file()]
    except (OSError, ValueError, RuntimeError):
        return ""
    by_name = {name.casefold(): name for name in names}
    found = difflib.get_close_matches(path.name.casefold(), by_name, n=1, cutoff=_LIKE)
    return str(path.with_name(by_name[found[0]])) if found else ""


def read_brief(text: str) -> str:
    """The text of a brief: the argument itself, or the content of the file or of standard input.

    Raises:
        BadParameter: the argument looks like the name of a file, and there is no such file; the file is not text.
    """
    if text == "-":
        return sys.stdin.read()
    try:
        if not Path(text).is_file():
            _check_no_file_name(text)
            return text
        brief = Path(text).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise _no_text(text) from None
    except (OSError, ValueError):
        # A text can be too long for a file name, or contain characters that file names cannot have.
        return text
    if brief.startswith("{\\rtf") or is_email(brief.encode()):
        raise _no_text(text)
    return brief


def _no_text(name: str) -> typer.BadParameter:
    problem = (
        f"{name!r} is not plain text in UTF-8; save it as such, or give it as --reference {shlex.quote(name)}:brief"
    )
    return typer.BadParameter(problem, param_hint="TEXT")


def _check_no_file_name(text: str) -> None:
    """
    Raises:
        BadParameter: the text is a mistyped name of a file.
    """
    name = text.strip()
    if "\n" in name or "://" in name or not name:
        return
    path = Path(name)
    is_name = _NAME.fullmatch(name) is not None or path.is_dir()
    if not is_name and path.suffix.casefold() in _TEXT_SUFFIXES:
        # A sentence may end with the name of a file ("Explain README.md"): only a similar file, or a single word,
        # shows that it is a name.
        is_name = not re.search(r"\s", name) or bool(similar_name(path))
    if is_name:
        problem = file_problem(name)
        raise typer.BadParameter(f"{problem}{'' if problem.endswith('?') else '.'} {_ONE_WORD}", param_hint="TEXT")
