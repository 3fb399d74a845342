"""Notes to colleagues in a brief: its cost centre, its contact, its approval, its deadline. They are no part of a film.

"Bezahlt wird aus Kostenstelle 4410.", "Sign-off: Mrs Patel, by Friday.", "Any questions, call Nuria on 600 000 000."
"""

import re
from typing import Final

from activities.planning.structure import words as names
from activities.planning.structure.labels import segments
from activities.planning.structure.orders.remarks import is_courtesy
from activities.planning.structure.text import QUOTED
from activities.planning.structure.vocabulary import colleagues as words
from activities.text.patterns import LETTER, Pattern, as_word

_BEGIN: Final = r"^[\s>*_•+–—-]{0,8}"
_COLON: Final = rf"(?!{LETTER})\s*[*_]{{0,3}}\s*[:：]"
_LABELLED: Final = Pattern(
    rf"{_BEGIN}(?:[^\W\d_:]{{1,20}} ){{0,2}}(?:(?:{words.APPROVING})(?!{LETTER})(?: [^\W\d_:]{{1,20}}){{0,3}}|"
    rf"{words.UNTIL})"
    rf"{_COLON}|{_BEGIN}(?:{words.CONTACT}|{words.ASKING}){_COLON}\s*(?=[^\W\d_])(?!\S*[@.]\S)",
    re.IGNORECASE,
)
"""A contact is a person; an advert gives a number or an address alone."""
_BACKGROUND: Final = Pattern(
    rf"{_BEGIN}(?:{words.BACKGROUND}){_COLON}(?=.*[.!。！।]\s*$|.*[,，、]|(?:\s+\S+){{7}})", re.IGNORECASE
)
"""A longer value is why the film is made; a short one may be what is seen behind everything."""
_PAYING: Final = Pattern(as_word(words.PAYING), re.IGNORECASE)
_APPROVING: Final = Pattern(as_word(words.APPROVING), re.IGNORECASE)
_ASKING: Final = Pattern(as_word(words.ASKING), re.IGNORECASE)
_QUOTE: Final = Pattern(as_word(words.QUOTE), re.IGNORECASE)
_DRAFT: Final = Pattern(as_word(words.DRAFT), re.IGNORECASE)
_ATTACHING: Final = Pattern(as_word(words.ATTACHING), re.IGNORECASE)
_SENDING: Final = Pattern(as_word(words.SENDING), re.IGNORECASE)
_CALLING: Final = Pattern(as_word(words.CALLING), re.IGNORECASE)
_FIRST: Final = Pattern(
    rf"{_BEGIN}(?:(?:the|der|die|la|le|el|il|o|a) )?(?:{words.UNTIL})(?!{LETTER}| for )", re.IGNORECASE
)
_ATTACHED: Final = Pattern(
    rf"{_BEGIN}(?:{words.ATTACHING})(?!{LETTER})|"
    rf"^(?:\S{{2,8}} )?(?:{words.FILES}) (?:is |are |ist |sind |est |sont )?(?:{words.ATTACHING})[.!]?$",
    re.IGNORECASE,
)
_MARK: Final = Pattern(
    rf"(?:\d[ /.-]?){{7}}|@|{as_word(f'{words.PLEASE}|{words.DATES}')}|\d{{1,2}}[./]\d{{1,2}}(?!\d)|月\s?\d{{1,2}}|"
    rf"월\s?\d{{1,2}}|\d{{1,2}}(?:\.|st|nd|rd|th)? (?:de |of )?(?:{words.MONTHS})",
    re.IGNORECASE,
)
"""What a note has: a long number, an address of mail, a request, a date."""
_OF_ADVERTS: Final = Pattern(as_word(words.OF_ADVERTS), re.IGNORECASE)
_SENTENCE: Final = Pattern(
    r"(?<=[.!?。！？।])(?<!\b[^\W\d_]\.)(?<!\b(?:Mr|Ms|Dr|Nr|No|Fr|Hr|St|Sr)\.)(?<!\b(?:Mrs|Tel|bzw|inv)\.)"
    r"(?<!\b(?:dott|Dott|Frau)\.)\s+(?=\D)|(?<=[。！？])"
)
_PART: Final = Pattern(
    rf"^[\s*_#>]*(?:\(?\d{{1,3}}\s*[.)、:/–—-]|\d|[①-⑳\[{{]|(?:{names.SHOT_NOUNS}|{names.STEPS})\s*\d)", re.IGNORECASE
)
"""A numbered part of the film."""
MOST_WORDS: Final = 30
"""In a sentence that is nothing but a note."""


def without_colleague_notes(text: str) -> str:
    """The text without the sentences around a brief that only speak to colleagues; numbered parts of a film stay."""
    kept = list[str]()
    for line in text.splitlines():
        if not line.strip() or "|" in line or "\t" in line or _PART.match(line):
            kept.append(line)
            continue
        said = [] if _is_background(line) else [each for each in _SENTENCE.split(line) if each.strip()]
        rest = [each for each in said if not is_note(each)]
        if rest and (len(rest) == len(said) or not all(map(is_courtesy, rest))):
            kept.append(line if len(rest) == len(said) else " ".join(rest))
    return "\n".join(kept) if any(map(str.strip, kept)) else text


def is_note(sentence: str) -> bool:
    """Whether a sentence says nothing but who pays, answers or approves, or until when."""
    if len(sentence.split()) > MOST_WORDS or QUOTED.search(sentence):
        return False
    if _LABELLED.match(sentence):
        return True
    if _is_performed(sentence):
        return False
    if _QUOTE.search(sentence) and (_SENDING.search(sentence) or _APPROVING.search(sentence)):
        return True
    if _OF_ADVERTS.search(sentence):
        return False
    if _PAYING.search(sentence) or _ATTACHED.match(sentence):
        return True
    is_dated = _MARK.search(sentence) is not None
    if is_dated and _DRAFT.search(sentence):
        return True
    if _ASKING.search(sentence) and (is_dated or _CALLING.search(sentence)):
        return True
    return is_dated and bool(_FIRST.match(sentence) or _APPROVING.search(sentence) or _ATTACHING.search(sentence))


def _is_background(line: str) -> bool:
    """Whether a line gives the reason of the film after its label: "Background: last year hardly anyone came."."""
    return _BACKGROUND.match(line) is not None and not QUOTED.search(line)


def _is_performed(sentence: str) -> bool:
    """Whether a label says that a part of the sentence is said, read or seen in the film."""
    return any(part.kind in ("voice", "lettering", "endline", "speaker", "picture") for part in segments(sentence))
