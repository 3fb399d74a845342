"""The brief of an agency: labels such as "Background", "Key message" and "Idea", of which only some are in the film."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from activities.planning.structure.labels import segments
from activities.planning.structure.orders.remarks import is_remark, is_setting
from activities.planning.structure.orders.sentences import is_order
from activities.planning.structure.quoted import sentences_with_quotes
from activities.planning.structure.text import LEAD, QUOTED, has_words, quoted_words
from activities.text.patterns import Pattern

_IDEA: Final = (
    r"(?:film |creative |video |spot )?idea|(?:creative |film )?concept|story(?:line)?|plot|treatment|synopsis|"
    r"(?:film|kreativ)?idee|konzept|geschichte|handlung|idée(?: créative)?|concept(?: créatif)?|histoire|"
    r"idea(?: creativa)?|concepto|historia|argumento|sinopsis|concept creativo|storia|soggetto|trama|ideia|conceito|"
    r"história|enredo|verhaal|pomysł|koncepcja|fabuła|idé|koncept|berättelse|historie|handling|tarina|nápad|příběh|"
    r"námět|идея|концепция|сюжет|синопсис|ідея|історія|ιδέα|ιστορία|fikir|hikaye|konu|الفكرة|القصة|رעיון|סיפור|רעיון|"
    r"विचार|कहानी|创意|創意|故事|概念|アイデア|ストーリー|コンセプト|あらすじ|아이디어|스토리|콘셉트|줄거리"
)
_MESSAGE: Final = (
    r"(?:key|main|core|central|single(?:[- ]minded)?|brand) (?:message|proposition|thought|takeaway)|takeaway|smp|"
    r"(?:kern|haupt|schlüssel)botschaft|message (?:clé|principal|central)|mensaje (?:clave|principal|central)|"
    r"messaggio (?:chiave|principale)|mensagem[- ](?:chave|principal)|kernboodschap|(?:główny|kluczowy) przekaz|"
    r"huvudbudskap|hovedbudskap|kernebudskab|ydinviesti|hlavní sdělení|(?:ключевое|главное) (?:сообщение|послание)|"
    r"(?:ключевая|главная|основная) мысль|ключове повідомлення|(?:βασικό|κεντρικό) μήνυμα|ana mesaj|"
    r"الرسالة (?:الرئيسية|الأساسية)|המסר המרכזי|मुख्य संदेश|核心信息|核心訊息|キーメッセージ|メインメッセージ|핵심 메시지"
)
_LINE: Final = Pattern(
    rf"^{LEAD}(?:(?P<idea>{_IDEA})|(?P<message>{_MESSAGE}))[*_]{{0,3}}\s*[:：][*_]{{0,3}}[ \t]*(?P<value>.*)$",
    re.IGNORECASE,
)
_HEADING: Final = Pattern(r"^\W*(?:[^:：–—\n]{1,40}\s*[–—:：-]\s*)?(?P<name>[^.!?。！？\n]{2,60})$")
_MARKS: Final = Pattern(r"^\s*(?:\d{1,3}[.):]|[-*•+–—]\s|\||INT[. ]|EXT[. ])")
VOICES: Final = ("voice", "speaker", "endline")


def with_idea(text: str) -> str:
    """The text where the sentences of the labelled idea are shots and the key message is an end line, if nothing else
    is said. What stands in front of the idea is about the campaign; orders, lengths and labels in it stay."""
    lines = text.splitlines()
    found = {k: match for k, line in enumerate(lines) if (match := _LINE.match(line))}
    if not found or any(map(_MARKS.match, lines)):
        return text
    idea = next((k for k, match in found.items() if match["idea"]), None)
    is_said = any(part.kind in VOICES for k, line in enumerate(lines) if k not in found for part in segments(line))
    messages = [match["value"].strip() for match in found.values() if match["message"] and match["value"].strip()]
    if idea is None:
        return "\n".join([*(line for k, line in enumerate(lines) if k not in found), *messages * (not is_said)])
    ends = [f"Endline: {_unquoted(message)}" for message in messages] if not is_said else []
    until = next((k for k in range(idea + 1, len(lines)) if not lines[k].strip() or _is_labelled(lines[k])), len(lines))
    block = " ".join([found[idea]["value"], *lines[idea + 1 : until]])
    pictures = [sentence for sentence in sentences_with_quotes(block) if has_words(sentence)]
    rest = [line for k, line in enumerate(lines[until:], start=until) if k not in found]
    shots = [f"Shot {number}: {picture}" for number, picture in enumerate(pictures, start=1)]
    return "\n".join([*_about(lines[:idea], found), *shots, "", *rest, *ends])


def _about(lines: Sequence[str], found: dict[int, re.Match[str]]) -> Iterator[str]:
    """What is kept of the lines in front of the idea: the title, orders, remarks on the film, and labels."""
    first = next((k for k, line in enumerate(lines) if has_words(line)), -1)
    for k, line in enumerate(lines):
        if k in found:
            continue
        if _is_labelled(line) or not has_words(line):
            yield line
        elif k == first and not is_order(line) and (heading := _HEADING.match(line.strip())):
            yield f"Title: {_unquoted(heading['name'])}"
        else:
            kept = [s for s in sentences_with_quotes(line) if is_order(s) or is_setting(s) or is_remark(s)]
            yield " ".join(kept)


def _is_labelled(line: str) -> bool:
    return _LINE.match(line) is not None or bool(segments(line) and segments(line)[0].kind)


def _unquoted(text: str) -> str:
    quoted = QUOTED.search(text)
    return quoted_words(quoted) if quoted else text.strip()
