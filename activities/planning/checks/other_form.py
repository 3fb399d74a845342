"""A brief whose words order another form of content than its platform: an e-mail, and the platform is a film."""

import re
from typing import Final

from activities.planning.structure.orders import words as orders
from activities.planning.structure.orders.remarks import names_film
from activities.planning.structure.orders.sentences import ORDER_FIRST, is_order
from activities.planning.structure.quoted import sentences_with_quotes
from activities.planning.structure.text import QUOTED
from activities.planning.structure.vocabulary import contents
from activities.text.patterns import Pattern, as_word
from workflows.brief import Brief, Platform

_WRITES: Final = Pattern(rf"^\W*(?:(?:{orders.ORDER_FIRST})[\s,]+)?(?:{contents.WRITE})(?![^\W\d_])", re.IGNORECASE)
_NAMES: Final = {
    Platform.SOCIAL_POST: Pattern(as_word(contents.POST), re.IGNORECASE),
    Platform.DESIGN: Pattern(as_word(contents.DESIGN), re.IGNORECASE),
    Platform.COPY: Pattern(as_word(contents.COPY), re.IGNORECASE),
}
FIRST_SENTENCES: Final = 2


def other_form(brief: Brief) -> list[str]:
    """A warning where the first sentences order another form than the platform, and not the platform's own."""
    lines = QUOTED.sub(" ", brief.text).splitlines()
    first = [sentence for line in lines for sentence in sentences_with_quotes(line)][:FIRST_SENTENCES]
    is_film = brief.platform is Platform.VIDEO
    if any(map(names_film, first)):
        asks = any(map(is_order, first))
        return [_warning("a film", Platform.VIDEO, brief.platform)] if asks and not is_film else []
    if not is_film:
        return []
    for sentence in first:
        if not (_WRITES.match(sentence) or ORDER_FIRST.search(sentence)):
            continue
        found = [(match.start(), platform, match[0]) for platform, p in _NAMES.items() if (match := p.search(sentence))]
        if found:
            _, platform, name = min(found)
            return [_warning(f"“{name}”", platform, brief.platform)]
    return []


def _warning(what: str, wanted: Platform, given: Platform) -> str:
    return (
        f"platform: the brief asks for {what}, and its platform is {given.value}; for that, start a production with "
        f"the platform {wanted.value}"
    )
