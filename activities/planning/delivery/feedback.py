"""Feedback on a plan that is about how its narrations are said: it changes their delivery, and nothing else."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from activities.planning.delivery.shots_named import SHOTS, numbers_in
from activities.planning.feedback_words import in_english
from activities.text.delivery.reading import (
    About,
    clauses,
    is_about_words,
    merged,
    names_voice,
    only_heard,
    with_likeness,
)
from activities.text.patterns import Pattern
from workflows.continuity.inputs import without_versions
from workflows.models import ZERO, Asset, Plan
from workflows.production.state.plans.script import owners
from workflows.spoken import languages
from workflows.spoken.delivery import with_followers

_SHOTS: Final = Pattern(SHOTS, re.IGNORECASE)
_LINES: Final = Pattern(r"\b(?:narrations?|lines?)[\s-]*(?:no\.?\s*|number\s+)?(\d{1,3})\b", re.IGNORECASE)
_OF: Final = Pattern(
    r"^\W*(?:in|on|of|for|with|at|the|over|to)\b\s*|\s*\b(?:in|on|of|for|at|the|over)\W*$", re.IGNORECASE
)


class DeliveryRequest(NamedTuple):
    """What is said of the delivery of the narrations of these shots, from 1, -1 is the last; empty for all."""

    shots: tuple[int, ...]
    text: str


def delivery_requests(message: str) -> tuple[list[DeliveryRequest], str]:
    """The requests about deliveries in feedback, and the rest of it; "" if there is none."""
    found, rest, shots = list[DeliveryRequest](), list[str](), tuple[int, ...]()
    for clause in clauses(message, join_likeness=False):
        text, named = clause.text, tuple[int, ...]()
        about = clause.about
        if about is not About.WORDS:
            text, named, about = _without_shots(clause.text, about)
        shots = named or shots
        if about is About.OPEN and found and with_likeness(clause.text):
            about = About.DELIVERY
        if about is About.DELIVERY and _is_heard(clause.text, named or shots):
            found.append(DeliveryRequest(shots, text))
        elif text or not named:
            rest.append(clause.text)
    return (found, ". ".join(rest)) if found else ([], message)


def _is_heard(text: str, shots: Sequence[int]) -> bool:
    """Whether a request is about the voice, and not about the pictures of a shot or of the film."""
    return only_heard(text) or bool(_LINES.search(text)) if shots else names_voice(text)


def _without_shots(text: str, about: About) -> tuple[str, tuple[int, ...], About]:
    """A clause without the shots that it names, with these, and what it is about."""
    for candidate in (text, *in_english(text)):
        if not (place := _SHOTS.search(candidate) or _LINES.search(candidate)):
            continue
        left = candidate[: place.start()] + candidate[place.end() :]
        while (shorter := _OF.sub("", left).strip(" ,:;-–—")) != left:
            left = shorter
        now = next((each.about for each in clauses(left)), About.OPEN)
        if now is About.DELIVERY or not left:
            return left, numbers_in(place[0]), now
    return text, (), about


def revised(before: Plan, feedback: str) -> Plan | None:
    """The plan with other deliveries, where the feedback is about nothing else; None in any other case."""
    requests, rest = delivery_requests(feedback)
    lines = languages.narrations(before)
    if not requests or rest or not lines:
        return None
    place = _shots_of(before, lines)
    last = max(place.values(), default=0)
    now = {a.asset_id: a.delivery for a in lines}
    for request in requests:
        shots = {last if n == -1 else n for n in request.shots}
        chosen = [i for i in now if not shots or place.get(i) in shots]
        if not chosen:
            return None
        now |= {i: merged(now[i], request.text) for i in chosen}
    changed = [i for i in now if now[i] != before.by_id[i].delivery]
    assets = [
        a.model_copy(update={"delivery": now[a.asset_id], "quote": None}) if a.asset_id in changed else a
        for a in before.assets
    ]
    return before.with_assets(with_followers(assets, before, changed)).model_copy(update={"drafting_usd": ZERO})


def with_kept_deliveries(plan: Plan, before: Plan | None, feedback: Sequence[str]) -> Plan:
    """The new plan with the deliveries of the one before, where the feedback is only about words."""
    if before is None or not feedback or not is_about_words(feedback[-1]):
        return plan
    known = {a.asset_id: a.delivery for a in before.assets if a.spoken}
    assets = [
        a.model_copy(update={"delivery": known[a.asset_id]}) if a.spoken and a.asset_id in known else a
        for a in plan.assets
    ]
    return plan.with_assets(assets)


def _shots_of(plan: Plan, lines: Sequence[Asset]) -> dict[str, int]:
    """Id of a narration -> the number of its shot; that of the narration itself where it has none."""
    shown = [a for a in without_versions(plan.assets) if a in plan.shots]
    number = {a.asset_id: k for k, a in enumerate(shown, start=1)}
    owner = owners(lines, shown)
    return {a.asset_id: number.get(owner.get(a.asset_id, ""), k) for k, a in enumerate(lines, start=1)}
