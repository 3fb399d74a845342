"""Warnings before a plan is approved where its words are in another language than the brief gives."""

import asyncio
from collections.abc import Sequence
from typing import Final

from activities.planning.checks.narration import list_some
from workflows.brief import Brief
from workflows.models import Asset, Plan
from workflows.runtime.language import Detected, detect_language, language_name, same_language
from workflows.spoken.languages import in_language, narrations

DEFAULT_LANGUAGE: Final = "en"
"""Of a brief that gives none: it may be no choice of the requester."""


async def with_language_warnings(plan: Plan, brief: Brief) -> Plan:
    """The plan with the warnings about its languages. It is called for each price, so an edit keeps what is true."""
    # In a thread: the first call loads the model.
    warnings = await asyncio.to_thread(language_warnings, plan, brief)
    return plan.model_copy(update={"warnings": tuple(dict.fromkeys((*plan.warnings, *warnings)))})


def language_warnings(plan: Plan, brief: Brief) -> list[str]:
    """The warnings for narrations in another language, and for a brief in another one than the default.

    What is said decides, not the language of the instructions: an English brief may ask for a German film. Texts are
    written later, in the language of the brief.
    """
    return [*_original_warnings(plan, brief), *_translation_warnings(plan)]


def _original_warnings(plan: Plan, brief: Brief) -> list[str]:
    given = brief.language
    spoken = narrations(plan)
    if found := _other("\n".join(a.prompt for a in spoken), given):
        return [_narration_warning("the narration reads", found, given)]
    if warnings := _different_narrations(spoken, given):
        return warnings
    if given == DEFAULT_LANGUAGE and (found := _other(brief.text, given)):
        return [
            f"languages: the brief reads like {found.name} ({found.language}), and its language is {_named(given)}, "
            f"the default, in which texts and narration are written: for {found.name}, start again with the language "
            f"{found.language}"
        ]
    return []


def _translation_warnings(plan: Plan) -> list[str]:
    """A warning for each further language whose narrations read like another one, as after an edit."""
    warnings = []
    for language in plan.cut.languages:
        spoken = in_language(plan, language).values()
        if found := _other("\n".join(a.prompt for a in spoken), language):
            warnings.append(
                f"languages: the narration in {_named(language)} reads like {found.name} ({found.language}); edit it, "
                "or remove the language"
            )
    return warnings


def _different_narrations(spoken: Sequence[Asset], given: str) -> list[str]:
    """A warning for each other language in which some narrations are."""
    groups: dict[str, tuple[Detected, list[str]]] = {}
    for asset in spoken:
        if found := _other(asset.prompt, given):
            groups.setdefault(found.language, (found, []))[1].append(asset.asset_id)
    warnings = []
    for found, names in groups.values():
        verb = "reads" if len(names) == 1 else "read"
        warnings.append(_narration_warning(f"{list_some(names)} {verb}", found, given))
    return warnings


def _narration_warning(subject: str, found: Detected, given: str) -> str:
    return (
        f"languages: {subject} like {found.name} ({found.language}), and the language of the brief is {_named(given)}, "
        f"also of the voice and the captions: start again with the language {found.language}, or edit the narration"
    )


def _named(tag: str) -> str:
    name = language_name(tag)
    return tag if name == tag else f"{name} ({tag})"


def _other(text: str, given: str) -> Detected | None:
    """The language of a text where it differs from the given one."""
    found = detect_language(text)
    return found if found and not same_language(found.language, given) else None
