"""The language of a brief, where its option and its text differ."""

from typing import Final

import typer

from api.cli.context import EXIT_INTERRUPTED, Cli
from api.client.client import GreenlightError
from workflows.brief import Brief
from workflows.runtime.language import language_name, same_language

_INSTRUCTIONS: Final = "en"
"""Briefs for productions in other languages are often written in this one."""


def with_language(cli: Cli, brief: Brief, *, ask: bool) -> Brief:
    """The brief in the language that it is written in, where none is given, or where the user agrees.

    Args:
        ask: Whether a question may be asked; it is asked only at a terminal.
    """
    is_given = "languages" in brief.model_fields_set
    if is_given and not (ask and cli.interactive):
        return brief
    found = _detect(cli, brief.text)
    if not found or same_language(found, brief.language) or (is_given and same_language(found, _INSTRUCTIONS)):
        return brief
    name, given = f"{language_name(found)} ({found})", brief.language
    if not is_given:
        cli.warn(f"The brief reads like {name}, so its language is {found}; --language {given} keeps {given}")
    elif not _confirm(f"The brief reads like {name}, but its language is {given}. Use {found}?"):
        return brief
    return Brief.model_validate(brief.model_dump(exclude_unset=True) | {"languages": (found, *brief.further_languages)})


def _detect(cli: Cli, text: str) -> str | None:
    """The language of a text; None where it is not certain, or where the API does not detect it."""
    try:
        return cli.client.detect_language(text).language
    except GreenlightError as error:
        if error.status in (403, 404, 405):  # an API of an earlier version
            return None
        raise


def _confirm(question: str) -> bool:
    try:
        return typer.confirm(question, default=True)
    except typer.Abort:
        raise typer.Exit(EXIT_INTERRUPTED) from None
