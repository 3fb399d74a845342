"""The text of a brief before it is parsed: one form of line ends, timecodes and labels, and no letter around it."""

import re
from functools import lru_cache
from typing import Final

from activities.planning.structure import words
from activities.planning.structure.labels import Kind, kind_of, segments
from activities.planning.structure.messages import without_messages
from activities.planning.structure.notations.asides import without_brackets
from activities.planning.structure.notations.bare_labels import with_colons
from activities.planning.structure.notations.credits import with_speakers_first
from activities.planning.structure.notations.emphasis import without_emphasis
from activities.planning.structure.notations.endings import with_end_cards
from activities.planning.structure.notations.pairs import with_pairs
from activities.planning.structure.notations.ranges import with_seconds, with_units
from activities.planning.structure.notations.sections import without_note_sections
from activities.planning.structure.notations.series import with_series
from activities.planning.structure.orders import further
from activities.planning.structure.orders.requests import with_film_order
from activities.planning.structure.orders.small_letters import with_capitals
from activities.planning.structure.orders.tones import without_tones
from activities.planning.structure.received.colleagues import without_colleague_notes
from activities.planning.structure.received.columns import with_pipes
from activities.planning.structure.received.counted import with_counted_shots
from activities.planning.structure.received.creative_brief import with_idea
from activities.planning.structure.received.dictation import with_dictated_shots
from activities.planning.structure.received.narration import with_quoted_narration
from activities.planning.structure.received.nested import with_nested_shots
from activities.planning.structure.received.records import with_lines
from activities.planning.structure.received.rows import with_heads
from activities.planning.structure.received.sequences import with_sequences
from activities.planning.structure.received.wrapped import unwrapped
from activities.planning.structure.table import is_header
from activities.planning.structure.text import (
    LEAD,
    LENGTH,
    MARKDOWN_LINK,
    QUOTED,
    URL,
    quoted_words,
    western_digits,
    without_tags,
)
from activities.text.patterns import Pattern

_HEADING: Final = Pattern(r"^\s*(?:#{1,6}\s+(?P<heading>.+?)|\*\*(?P<bold>[^*]+?)\*\*|__(?P<under>[^_]+?)__)\s*:?\s*$")
_END_MARK: Final = Pattern(r"\n[\W_]*(?:END|ENDE|FIN|FINE|FIM|KONIEC|КОНЕЦ)[\W_]*\Z")
"""The last line of a script, which is not said."""
_BULLET: Final = Pattern(r"^\s*(?:[-*+•‣–—]\s+|[・●○■]\s*|\(?\d{1,2}[.)]\s+)")
_SINGLE_QUOTED: Final = Pattern(r"(?<![^\s(\[,:;—–-])'((?:[^'\n]|(?<=\w)'(?=\w)){3,600})'(?!\w)")
"""A quotation in straight single marks; an apostrophe is inside a word, or has no partner."""
_KEYCAP: Final = Pattern(r"(\d)\ufe0f?\u20e3[\s.):]*")
"""A digit in a box, as telephones write the numbers of a list."""
_EMOJI: Final = (
    r"[\u231a-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff](?:[\ufe0f\u200d\U0001f3fb-\U0001f3ff]|\u200d\S)*"
)
_EMOJI_FIRST: Final = Pattern(rf"^[ \t]*+(?:{_EMOJI}[ \t]*+)+(?=[^\W_])", re.MULTILINE)
_MINUTE_MARKS: Final = Pattern(
    r"(?<![\w.])(\d{1,2})['’′](\d{2})(?:[\"″”]|''|’’)?(\s*(?:[-–—→/>]|to|bis|a|à|al|"
    r"до)\s*)(\d{1,2})['’′](\d{2})(?:[\"″”]|''|’’)?(?!\w)"
)
"""Minutes and seconds as scripts write them: 0'05" à 0'12"."""
_INCHES: Final = Pattern(
    r"(?:(?<![\w.])(\d{1,3})[\"″”]|^([ \t]*+(?:[-*•–—][ \t]+)?)(\d{1,3}))\s*(?:[-–—→/>]|to|bis|a|"
    r"à)\s*(\d{1,3})[\"″”]",
    re.MULTILINE,
)
_INCH: Final = Pattern(r"([(\[]\s*)(\d{1,3})[\"″”](?=\s*[)\],;])")
"""Seconds as scripts write them: 0"-4", (5")."""
_NAMED_SHOT: Final = Pattern(rf"^(?:{words.SHOT_NOUNS}|plan)\s*\d{{1,3}}\s*([\[(（]|[:：.–—-]\s*)", re.IGNORECASE)
_DASHED_LABEL: Final = Pattern(r"^([ \t]*+[^\W\d_a-z](?:[^\W\d_a-z]|[ .'/-]){1,24}?)[ ]+[–—-][ ]+(?=\S)", re.MULTILINE)
"""A label in capitals with a dash: "VOIX OFF – …"."""
_DIALOGUE_OF: Final = Pattern(
    r"^([\s>*•-]*+)(?:dialogues?|dialog|dialogo|diálogo|dialoog|диалог|діалог|台词|台詞|セリフ|"
    r"대사)\s*[—–:-]\s*(?=[^:：\n]{1,30}[:：])",
    re.IGNORECASE | re.MULTILINE,
)
"""A label before the name of a speaker: "Dialogue — Mrs. Obi: …"."""
_DIALOGUE_WITH_DASH: Final = Pattern(
    r"^([\s>*•-]*+(?:dialog\w{0,3}|diálogos?|"
    r"диалог)\s*[—–:-]\s*)([^\W\d_][^:\n\"“„«–—-]{1,28}?)\s*[–—-]\s*(?=[\"“„«])",
    re.IGNORECASE | re.MULTILINE,
)
_SHOT_IN_PROSE: Final = Pattern(
    r"(?:^|(?<=[;:.])[ \t]+|(?<=[;:.]\n))(?:[ae]|and|und|et|y|en)?[ \t]?(?:the|die|das|der|la|le|el|il|o|a|de|"
    r"het)?[ \t]?"
    rf"(?P<noun>{words.SHOT_NOUNS})[ \t]+(?P<number>\d{{1,2}})[ \t]+(?:has|lasts|is|runs|hat|dauert|ist|tem|"
    rf"dura|tiene|a|dure|"
    rf"ha|duurt|trwa|длится|идёт|varer|kestää|trvá)[ \t]+(?P<length>{LENGTH.pattern})"
    r"(?:,?[ \t]*(?:e|and|und|et|y|en|i|и|og|ja|a)(?=[ \t]))?(?:[ \t]*(?:mostra|muestra|montre|shows?|zeigt|"
    r"toont|pokazuje|показывает|viser))?[ \t,:]*",
    re.IGNORECASE | re.MULTILINE,
)
"""Shots within a sentence: "a cena 1 tem 10 s e mostra …; a cena 2 tem 12 s, …"."""
_LENGTH_IN_BRACKETS: Final = Pattern(rf"(?=[\[(（【]){LENGTH.pattern}", re.IGNORECASE)
_HAN_HEAD: Final = Pattern(
    rf"^({LEAD})第?\s*({words.SHOT_NOUNS}|"
    rf"{words.STEPS})\s*([{words.HAN_DIGITS}])(?=[\s\u3000（(:：.．、，,–—|-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
"""The head of a shot with its number in Han digits: "鏡頭一（0:00–0:05）"."""
_BOXED_HEAD: Final = Pattern(
    rf"^({LEAD})[\[【〔［「『（(]\s*((?:{words.SHOT_NOUNS}|{words.STEPS})\s*(?:no\.?|nr\.?|"
    rf"#)?\s*\d{{1,3}}[a-z]?)\s*"
    r"[\]】〕］」』）)]",
    re.IGNORECASE | re.MULTILINE,
)
"""The head of a shot in brackets: "【カット1】0:00〜0:07", "[SHOT 2] 0:05-0:09"."""
_CHECKBOX: Final = Pattern(r"^(\s*(?:(?:[-*+•]|\d{1,2}[.)])\s+)?)(?:\[[ xX✓✔]?\]|[☐☑☒])\s+", re.MULTILINE)
_NOUN: Final = rf"(?P<noun>{words.SHOT_NOUNS}|{words.STEPS})"
_NTH: Final = "|".join(
    f"(?P<{name}>{ordinals})"
    for name, ordinals in zip(("one", "two", "three", "four", "five", "six"), words.ORDINALS, strict=True)
)
_HEAD_END: Final = r"(?:\s*[*_]{0,2}\s*[:：–—]\s*[*_]{0,2}\s*|\s*[,،、]?\s*(?=[(（\[【]?\s*\d))"
_NAMED_ORDINAL: Final = Pattern(rf"^{LEAD}{_NOUN}\s+(?:{_NTH}|(?P<last>{words.LAST})){_HEAD_END}", re.IGNORECASE)
_NUMBERED_HEAD: Final = Pattern(rf"^{LEAD}(?:{_NOUN}\s*)?\d{{1,2}}\b", re.IGNORECASE)
_ORDINAL_NAME: Final = Pattern(
    rf"^{LEAD}(?:the |die |der |das |la |le |el |il |lo |a |o |de |het )?"
    rf"(?:{_NTH}|(?P<last>{words.LAST}))\s*{_NOUN}{_HEAD_END}",
    re.IGNORECASE,
)
"""The head of an item with its number as a word: "اللقطة الأولى:", "Erste Szene:"."""
_COUNTED: Final = Pattern(
    rf"^{LEAD}第?\s*(?P<digit>\d{{1,2}}|"
    rf"[{words.HAN_DIGITS}])\s*(?:{words.COUNTERS})[*_]{{0,2}}\s*(?:[.):：、–—-]|$)\s*"
)
_NUMBER_FIRST: Final = Pattern(
    rf"^({LEAD})(\d{{1,2}})(?:\.|-?[^\W\d_]{{1,2}})?\s+({words.SHOT_NOUNS})[*_]{{0,2}}\s*(?=[—–:(\[.-])",
    re.IGNORECASE | re.MULTILINE,
)
"""The head of a shot whose number is first: "1. jelenet (6 mp):", "1-я сцена —"."""
_LETTERED: Final = Pattern(r"^\s*\(?([a-hа-зα-θ])[.)]\s+(?=\S)", re.IGNORECASE)
_ALPHABETS: Final = ("abcdefgh", "абвгдежз", "αβγδεζηθ")
_ANNOUNCES: Final = Pattern(
    r"\b(?:scenes?|shots?|szenen?|einstellungen|scènes|plans|séquences|escenas|tomas|planos|scene|inquadrature|cenas|"
    r"scènes|sceny|ujęcia|kadry|scener|tagninger|kohtausta|scény|záběry|сцен[ыа]?|кадр(?:а|ов|ы)|сцени|σκηνές|"
    r"πλάνα|sahne\w*|"
    r"مشاهد|لقطات|صحنه|נופים|סצנות|שוטים|दृश्य|シーン|カット|장면|컷|场景|镜头|場景|鏡頭)\s*[:：]\s*$",
    re.IGNORECASE,
)
"""The end of a line before a list whose items are seen, and not said."""
_CARRIED: Final[tuple[Kind, ...]] = ("voice", "lettering", "endline")
_GREETING: Final = Pattern(
    r"^\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|day)|hallo|liebe[rs]?|guten (?:tag|morgen)|"
    r"sehr geehrte|moin|"
    r"bonjour|salut|chers?|chère|hola|buenos días|buenas tardes|estimad[oa]s?|ciao|buongiorno|gentili?|olá|oi|"
    r"bom dia|"
    r"beste|dag|hei|hej|dzień dobry|cześć|ahoj|dobrý den|merhaba|γεια(?: σας)?|здравствуйте|привет|добрый день|вітаю|"
    r"سلام|مرحبا|السلام عليكم|שלום|नमस्ते|您好|你好|안녕하세요|こんにちは|"
    r"お世話になって)\b(?:[^.?\n]{0,50}[,!，、！]?|(?: [^\W\d_][\w'’-]*){0,3},?\s*[–—-]\s[^.!?\n]{1,90}[.!]?)\s*$",
    re.IGNORECASE,
)
_SIGNED: Final = Pattern(r"[!.,]*\s[–—-]\s*[^\W\d_a-z][\w'’ &.]{1,30}$")
"""A name in the line that closes a letter: "Thanks! – Priya"."""
_SIGN_OFF: Final = Pattern(
    r"^\s*(?:x{1,4}(?=\s|$)|(?:many |kind |best |warm |with )*(?:thanks|thank you|regards|wishes)|cheers|best|"
    r"sincerely|yours|"
    r"(?:viele |liebe |beste |schöne |herzliche )?(?:grüße|grüsse|gruß)|(?:mit )?freundlichen? grüßen|vielen dank|"
    r"danke|lg|vg|mfg|bjs?|beijos?|abs|att|merci|cordialement|bien à (?:vous|toi)|amicalement|"
    r"belle journée|talk soon|baci|cari saluti|a presto|bises|bonne journée|à bientôt|"
    r"(?:un )?saludos?|(?:un )?abrazos?|"
    r"(?:un )?besos?|gracias|(?:cordiali )?saluti|grazie|obrigad[oa]|abraços?|"
    r"atenciosamente|(?:met vriendelijke )?groet(?:en)?|bedankt|pozdrawiam|dziękuję|"
    r"(?:med vänliga )?hälsningar|tack|mvh|"
    r"vennlig hilsen|med venlig hilsen|tak|terveisin|kiitos|s pozdravem|děkuji|saygılarımla|teşekkürler|"
    r"ευχαριστώ|с уважением|спасибо|дякую|با احترام|ممنون|شكرا|مع التحية|תודה|בברכה|धन्यवाद|谢谢|謝謝|"
    rf"감사합니다|よろしくお願い(?:いた|致)?します|(?:{further.GOODBYE})(?![^\W\d_]))"
    r"[^.:?\n]{0,30}[,.!，。！]?\s*$",
    re.IGNORECASE,
)
_TEXT_LABEL: Final = Pattern(r"text[eo]?|testo|tekst|script|copy|текст", re.IGNORECASE)
_LEAST_READ: Final = 6
_LAST_CLOSING_WORDS: Final = 5
_LEAST_SENTENCE_WORDS: Final = 6
LEADING_WORDS: Final = 2
_SIGNATURE_LINES: Final = 7
_SIGNATURE_CHARS: Final = 90


@lru_cache(maxsize=8)
def cleaned(text: str) -> str:
    """The text that the parsers read; no word of it is lost but those of a letter around the brief."""
    for each in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(each, "\n")
    for each in ("\u00a0", "\u202f", "\u2007", "\ufeff"):
        text = text.replace(each, " " if each != "\ufeff" else "")
    text = with_lines(text)
    text = _MINUTE_MARKS.sub(r"\1:\2\3\4:\5", without_tags(text))
    text = with_speakers_first(_SINGLE_QUOTED.sub(r"“\1”", text))
    text = with_plain_marks(without_emphasis(text))
    text = without_colleague_notes(without_note_sections(_NUMBER_FIRST.sub(r"\1\3 \2 ", without_letter(text))))
    text = with_nested_shots(with_heads(with_pipes(_END_MARK.sub("", text), is_header)))
    text = with_dictated_shots(with_quoted_narration(with_counted_shots(with_idea(text))))
    text = with_film_order(without_brackets(with_sequences(without_tones(with_capitals(text)))))
    text = with_units(with_end_cards(text))
    return with_series(with_labels(with_seconds(unwrapped(with_numbers(with_pairs(with_colons(text)))))))


def with_plain_marks(text: str) -> str:
    """The text with digits in boxes, Han digits of shots and seconds with inch marks as numbers, and without emoji that
    only decorate a line; several such lines without labels are a list."""
    text = _KEYCAP.sub(r"\1. ", _INCH.sub(r"\1\2 s", _INCHES.sub(lambda m: f"{m[1] or m[2] + m[3]}-{m[4]} s", text)))
    text = _DIALOGUE_OF.sub(r"\1", _DIALOGUE_WITH_DASH.sub(r"\1\2: ", text))
    if len(_SHOT_IN_PROSE.findall(text)) > 1:
        text = _SHOT_IN_PROSE.sub(lambda m: f"\n{m['noun'].capitalize()} {m['number']} ({m['length'].strip()}): ", text)
    text = _BOXED_HEAD.sub(r"\1\2 ", text)
    text = _HAN_HEAD.sub(lambda m: f"{m[1]}{m[2]} {words.count_of(m[3])} ", text)
    text = _DASHED_LABEL.sub(lambda m: f"{m[1]}: " if kind_of(m[1].strip()) else m[0], text)
    marked = [line for line in text.splitlines() if _EMOJI_FIRST.match(line)]
    plain = [line for line in marked if not any(part.kind for part in segments(_EMOJI_FIRST.sub("", line)))]
    is_list = len(marked) == len(plain) > 1
    return _EMOJI_FIRST.sub("- " if is_list else "", text)


def without_letter(text: str) -> str:
    """The text without the greeting at its begin and the signature at its end, where a letter has both or a comma.

    Headers and replies of mail and chats, and boxes to tick, are left out too.
    """
    text = _CHECKBOX.sub(r"\1", without_messages(text))
    lines = [line for line in text.splitlines() if not _only_leads_to_links(line)]
    first = next((k for k, line in enumerate(lines) if line.strip()), 0)
    greets = bool(lines) and _GREETING.match(lines[first]) is not None
    end = next((k for k in range(first + 1, len(lines)) if _is_sign_off(lines, k, greets=greets)), len(lines))
    is_addressed = greets and (end < len(lines) or lines[first].rstrip().endswith((",", "，", "、")))
    kept = lines[first + 1 if is_addressed else 0 : end]
    return "\n".join(kept) if any(line.strip() for line in kept) else text


def _only_leads_to_links(line: str) -> bool:
    """Whether a line has links and at most two other words, such as "More: [map](https://…) · [photos](https://…)"."""
    rest = URL.sub("", MARKDOWN_LINK.sub("", line))
    if rest == line or _BULLET.match(line) or line.lstrip().startswith("|"):
        return False
    return len(re.findall(r"[^\W_]+", rest)) <= LEADING_WORDS and not any(part.kind for part in segments(line))


def _is_sign_off(lines: list[str], k: int, *, greets: bool) -> bool:
    """Whether a line closes a letter: names and addresses follow, or nothing does and the letter has a greeting."""
    if not _SIGN_OFF.match(lines[k]) and not (greets and _is_closing(lines, k)):
        return False
    after = [line for line in lines[k + 1 :] if line.strip()]
    if not after and _SIGNED.search(lines[k]):
        return True
    if len(after) > _SIGNATURE_LINES:
        return False
    if any(len(line) > _SIGNATURE_CHARS or _is_sentence(line) for line in after):
        return False
    return bool(after) or greets


def _is_closing(lines: list[str], k: int) -> bool:
    """Whether a line closes a letter in words that are not known: few words after an empty line, with a comma."""
    line = lines[k].strip()
    is_short = line.endswith((",", "，", "،")) and len(line.split()) <= _LAST_CLOSING_WORDS
    after = [each for each in lines[k + 1 :] if each.strip()]
    is_alone = not lines[k - 1].strip() and bool(after)
    return is_short and is_alone and not any(part.kind for each in after for part in segments(each))


def _is_sentence(line: str) -> bool:
    """Whether a line ends like a sentence, and not with the abbreviation of a post: "T. Brandt, Facility Mgmt."."""
    if re.search(r"[.。]\s*$", line) and len(line.split()) < _LEAST_SENTENCE_WORDS:
        return not re.search(r"[,|·–]", line) or any(part.kind for part in segments(line))
    return re.search(r"[.!?。！？]\s*$", line) is not None


def with_numbers(text: str) -> str:
    """The text with the heads of list items as numbers: "Last shot:", "第一步：" and "b." become "3." at their place.

    Where the line before a list announces scenes or shots ("three scenes:"), its items are shots.
    """
    lines = text.splitlines()
    made, count, letter = list(lines), 0, 0
    are_heads = (
        sum(bool(_NAMED_ORDINAL.match(x) or _ORDINAL_NAME.match(x) or _NUMBERED_HEAD.match(x)) for x in lines) > 1
    )
    for k, line in enumerate(lines):
        if are_heads and (named := _NAMED_ORDINAL.match(line) or _ORDINAL_NAME.match(line)):
            number = next(
                (n for n, name in enumerate(("one", "two", "three", "four", "five", "six"), 1) if named[name]), 0
            )
            count = number or count + 1
            made[k] = f"{named['noun']} {count}: {line[named.end() :].lstrip()}"
        elif counted := _COUNTED.match(line):
            digit = counted["digit"]
            made[k] = f"{digit if digit.isdigit() else words.count_of(digit)}. {line[counted.end() :]}"
        elif lettered := _LETTERED.match(line):
            at = next((abc.index(lettered[1].lower()) for abc in _ALPHABETS if lettered[1].lower() in abc), -1)
            letter = letter + 1 if at == letter else 1 if at == 0 else 0
            if letter and (at or _continues(lines[k + 1 :], lettered[1])):
                made[k] = f"{at + 1}. {line[lettered.end() :]}"
    return "\n".join(_as_shots(made))


def _continues(lines: list[str], first: str) -> bool:
    """Whether the next letter of the same alphabet begins one of the next lines."""
    alphabet = next(abc for abc in _ALPHABETS if first.lower() in abc)
    following = (m[1].lower() for line in lines[:4] if (m := _LETTERED.match(line)))
    return next(following, "") == alphabet[1]


def _as_shots(lines: list[str]) -> list[str]:
    """The lines with the items after an announcement of scenes as numbered shots."""
    are_timed = _times_bullets(lines)
    made, number = [], int(are_timed)
    for line in lines:
        item = _BULLET.match(line) if number else None
        if item:
            rest = _NAMED_SHOT.sub(r"\1", line[item.end() :])
            made.append(f"Shot {number}: {rest}")
            number += 1
            continue
        made.append(line)
        if line.strip() and not are_timed:
            number = 1 if _ANNOUNCES.search(line) else 0
    return made


def _times_bullets(lines: list[str]) -> bool:
    """Whether the list has several bullets, each with a length in brackets, which makes them shots."""
    bullets = [line for line in lines if _BULLET.match(line)]
    return len(bullets) > 1 and all(_LENGTH_IN_BRACKETS.search(western_digits(line)) for line in bullets)


def with_labels(text: str) -> str:
    """The text with a label that stands alone in its line in front of each line that it is for.

    "VO:" holds up to the next empty line or label, a heading "## Voice-over" up to the next heading. Where the label of
    a picture follows, "VO:" holds between the pictures.
    """
    made: list[str] = []
    carried, heading, used = "", False, False
    lines = text.splitlines()
    for k, line in enumerate(lines):
        label = _alone(line)
        if label and _is_read_out(label, next((x for x in lines[k + 1 :] if x.strip()), "")):
            label = "VO"
        if label is not None:
            carried, heading, used = label, bool(_HEADING.match(line)), False
            if not carried:
                made.append(line)
            continue
        if not carried:
            made.append(line)
            continue
        if not line.strip():
            carried = carried if heading or not used else ""
            made.append(line)
            continue
        content = _BULLET.sub("", line).strip()
        kinds = [s.kind for s in segments(content)]
        if _HEADING.match(line) or any(kinds):
            is_between = kinds == ["picture"] and not _HEADING.match(line) and (heading or not used)
            heading, carried = heading or is_between, carried if is_between else ""
            made.append(line)
            continue
        used = True
        made.append(f"{carried}: {content}")
    return "\n".join(made)


def _alone(line: str) -> str | None:
    """The label that is all of a line; "" for another heading; None for any other line."""
    found = _HEADING.match(line)
    if found:
        name = next(filter(None, found.groups()), "").strip(" :：")
        name = re.sub(r"\s*[(（][^()（）]{0,60}[)）]$", "", name)
        return name if kind_of(name) in _CARRIED else ("" if found["heading"] else None)
    if not line.rstrip(" *_").endswith((":", "：")):
        return None
    parts = segments(_BULLET.sub("", line))
    if len(parts) == 1 and parts[0].kind in _CARRIED and not parts[0].value:
        return parts[0].label + (f" ({parts[0].direction})" if parts[0].direction else "")
    return None


def _is_read_out(label: str, following: str) -> bool:
    """Whether the text below a label such as "Text:" is said: a quotation of whole sentences begins it."""
    first = QUOTED.match(following.strip())
    words = quoted_words(first).split() if first else []
    return _TEXT_LABEL.fullmatch(label) is not None and len(words) >= _LEAST_READ and words[-1][-1:] in ".!?…"
