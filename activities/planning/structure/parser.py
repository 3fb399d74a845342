"""The structure of a brief's text, where it has one: pure, without a language model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from activities.planning.structure.cleaning import cleaned
from activities.planning.structure.deliverable.end_texts import split_end_texts
from activities.planning.structure.deliverable.formats import without_deliveries
from activities.planning.structure.deliverable.narrated import as_pictures
from activities.planning.structure.deliverable.podcast import parse_podcast
from activities.planning.structure.deliverable.transitions import take_directions
from activities.planning.structure.enumeration import parse_list, parse_ordinals
from activities.planning.structure.model import Shot, Structure
from activities.planning.structure.notations.heard import with_heard
from activities.planning.structure.notations.silence import asks_for_no_voice
from activities.planning.structure.orders.parser import parse_order
from activities.planning.structure.orders.script import parse_script
from activities.planning.structure.orders.sentences import is_order
from activities.planning.structure.orders.shot_lengths import EachShot, each_shot, without_each_shot
from activities.planning.structure.quoted import parse_advert
from activities.planning.structure.screenplay import parse_dialogue, parse_screenplay
from activities.planning.structure.shot_list import parse_shot_list, parse_timed_shots
from activities.planning.structure.table import parse_shot_table

FORMS: Final[tuple[Callable[[str], Structure | None], ...]] = (
    parse_podcast,
    parse_shot_table,
    parse_timed_shots,
    parse_screenplay,
    parse_shot_list,
    parse_script,
    parse_list,
    parse_order,
    parse_ordinals,
    parse_dialogue,
    parse_advert,
)
"""From the form with the clearest marks to the one with the fewest."""


def parse(text: str) -> Structure | None:
    """The shots of a shot list, table, screenplay, list or advert in the order of the text; None for free prose."""
    clean = without_deliveries(without_each_shot(cleaned(text)))
    whole = split_end_texts(clean)
    found, labelled = _parsed(whole.rest), whole.cards.end
    if whole.cards.end and (found is None or found.form != "shot list" or found.seconds or found.cards.end):
        placed = split_end_texts(clean, labelled=False)  # the parser of this form places a labelled card
        if again := _parsed(placed.rest):
            whole, found = placed, again
    if found is None:
        return None
    if each := each_shot(text):
        found = _with_lengths(found, each)
    shots = _without_orders(found.shots) if not found.fixes_shots else found.shots
    shots = tuple(map(with_heard, shots))
    if any(map(asks_for_no_voice, clean.splitlines())):
        shots = tuple(map(_only_read, shots))
    shots, fades_out, ordered = take_directions(shots)
    end = whole.cards.end or found.cards.end or ordered
    last = end if end and found.seconds and end not in found.cards else ""
    if last:
        end, shots = "", (*shots[:-1], replace(shots[-1], lettering=(*shots[-1].lettering, last)))
    elif found.seconds and labelled in shots[-1].lettering:
        last = labelled
    if end and found.form == "advert" and end in shots[-1].lettering:
        kept = tuple(text for text in shots[-1].lettering if text != end)
        shots = (*shots[:-1], replace(shots[-1], lettering=kept))
    found = replace(found, shots=shots, last_text=last, fades_out=found.fades_out or fades_out)
    return replace(found, cards=found.cards._replace(end=end, legal=whole.cards.legal))


def _with_lengths(found: Structure, each: EachShot) -> Structure:
    """The shots with the length of each. A list of shots is seen, and not said, and its first line is none of them."""
    shots = tuple(as_pictures(found.shots, ())) if found.form == "list" else found.shots
    if found.form == "list" and len(shots) == each.shots + 1 and each.shots > 1:
        shots = shots[1:]
    return replace(found, shots=tuple(replace(shot, seconds=shot.seconds or each.seconds) for shot in shots))


def _without_orders(shots: tuple[Shot, ...]) -> tuple[Shot, ...]:
    """The shots without one that shows nothing but the order of the film."""
    kept = tuple(s for s in shots if s.lines or s.lettering or not is_order(s.description))
    return kept or shots


def _only_read(shot: Shot) -> Shot:
    """The shot of a silent film, whose end line is read and not said."""
    return replace(
        shot, lines=tuple(line for line in shot.lines if line.text.rstrip(".") not in _plain(shot.lettering))
    )


def _plain(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text.rstrip(".") for text in texts)


def _parsed(clean: str) -> Structure | None:
    return next(filter(None, (form(clean) for form in FORMS)), None)
