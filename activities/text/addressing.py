"""Finds text that addresses a judge: a take that asks for its own score is not judged. Pure.

A model that judges a take reads its text, and may obey it. So the prompt and the text of a take are searched before a
question is sent, and what the judge reports as text of the take afterwards.
"""

import re
from typing import Final

from activities.text.patterns import Pattern
from activities.text.valid_unicode import valid

_ALL: Final = r"1[.,]0+|1\.(?!\d)|100 ?(?:%|percent|prozent)|10 ?/ ?10|5 ?/ ?5"
_PATTERNS: Final = (
    # a score that is named
    rf"\b(?:scores?|ratings?|rate|grade|marks?|punktzahl|wertung|bewertung|bewerte|note|puntuaci[oó]n|punteggio)\b"
    rf"[\s\"'“”«»:=_*-]{{0,6}}(?:(?:of|is|as|with|this|it|every|all|a|the|mit|von|de|at)\b[\s\"':=]{{0,3}}){{0,4}}(?:{_ALL})",
    rf"(?:{_ALL})\s*(?:scores?|ratings?|points? for|for (?:every|each|all) criteri)",
    r"\b(?:give|assign|award|return|output|answer|respond|report|set)\b[^.!?\n]{0,60}\b(?:perfect|highest|maximum|full|"
    r"top|max)\b[^.!?\n]{0,20}\b(?:scores?|marks?|rating|grade)",
    rf"\b(?:give|rate|score|grade|mark|bewerte)\b[^.!?\n]{{0,40}}\b(?:criteri\w*|kriteri\w*|scores?|everything|alles)\b"
    rf"[^.!?\n]{{0,20}}?(?:{_ALL})",
    # fields of the answer
    r"[\"']?\bmatch(?:es)?\b[\"']?\s*[:=]\s*[\"']?true\b",
    r"[\"']score[\"']\s*:\s*[\"']?[01]",
    # instructions to a model
    r"\b(?:ignore|disregard|forget|override)\b[^.!?\n]{0,40}\b(?:instructions?|prompts?|rules|criteria|guidelines)\b",
    r"\b(?:ignoriere|vergiss)\b[^.!?\n]{0,40}\b(?:anweisung|vorgabe|regeln|kriterien)",
    r"\b(?:ignorez?|oubliez?|ignora|olvida|ignore)\b[^.!?\n]{0,40}\b(?:instruc\w+|consignes|r[eè]gles|reglas|regole)",
    r"\b(?:dear|attention|note to(?: the)?|to the|hey|system|as an?|you are (?:an?|the))\s+(?:ai\s+|llm\s+|model\s+)?"
    r"(?:judge|grader|evaluator|reviewing model|ai reviewer|vision model|language model)\b",
    r"\b(?:judge|grader|evaluator)s?\s*[:,]\s*(?:please\s+)?(?:accept|approve|pass|score|rate|give|mark)\b",
    r"<\s*/?\s*(?:system|instructions?)\s*>|\bsystem prompt\b",
)
_ADDRESSING: Final = Pattern("|".join(_PATTERNS), re.IGNORECASE)
_INVISIBLE: Final = Pattern("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
SHOWN_CHARS: Final = 60


def addressing(text: str) -> str:
    """The words that address a judge, shortened; empty if there are none."""
    plain = re.sub(r"\s+", " ", _INVISIBLE.sub("", valid(text)))
    found = _ADDRESSING.search(plain)
    return found[0].strip()[:SHOWN_CHARS] if found else ""
