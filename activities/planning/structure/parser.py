"""The structure of a brief's text, where it has one: pure, without a language model."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from activities.planning.structure.cleaning import cleaned
from activities.planning.structure.delivered.end_texts import split_end_texts
from activities.planning.structure.delivered.formats import without_deliveries
from activities.planning.structure.delivered.podcast import parse_podcast
from activities.planning.structure.delivered.transitions import take_directions
from activities.planning.structure.enumeration import parse_list, parse_ordinals
from activities.planning.structure.model import Structure
from activities.planning.structure.orders.parser import parse_order
from activities.planning.structure.orders.script import parse_script
from activities.planning.structure.quoted import parse_advert
from activities.planning.structure.screenplay import parse_dialogue, parse_screenplay
from activities.planning.structure.shot_list import parse_shot_list, parse_timed_shots
from activities.planning.structure.surface.heard import with_heard
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
    clean = without_deliveries(cleaned(text))
    whole = split_end_texts(clean)
    found, labelled = _parsed(whole.rest), whole.cards.end
    if whole.cards.end and (found is None or found.form != "shot list" or found.seconds or found.cards.end):
        whole = split_end_texts(clean, labelled=False)  # the parser of this form places a labelled card
        found = _parsed(whole.rest)
    if found is None:
        return None
    shots, fades_out, ordered = take_directions(tuple(map(with_heard, found.shots)))
    end = whole.cards.end or found.cards.end or ordered
    last = end if end and found.seconds and end not in found.cards else ""
    if last:
        end, shots = "", (*shots[:-1], replace(shots[-1], lettering=(*shots[-1].lettering, last)))
    elif found.seconds and labelled in shots[-1].lettering:
        last = labelled
    found = replace(found, shots=shots, last_text=last, fades_out=found.fades_out or fades_out)
    return replace(found, cards=found.cards._replace(end=end, legal=whole.cards.legal))


def _parsed(clean: str) -> Structure | None:
    return next(filter(None, (form(clean) for form in FORMS)), None)
