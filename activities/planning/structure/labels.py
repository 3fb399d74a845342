"""Labels of scripts in the languages of briefs: voice-over, on-screen text, sound, picture, framing."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from activities.planning.structure import words
from activities.planning.structure.orders import further
from activities.planning.structure.text import LENGTH, MARKS, QUOTED
from activities.planning.structure.vocabulary import notes, places, saying, sounds, voices
from activities.text.patterns import Pattern

Kind = Literal["voice", "lettering", "endline", "sound", "picture", "note", "length", "title", "speaker"]

_LETTERING: Final = (
    r"(?:quote|line|words?) on[ -]screen|"
    r"(?:(?:end|closing|final|opening|last)[\s-])?supers?|super(?:imposition|title)?s?|"
    r"on[\s-]?screen(?: text)?|text on[\s-]?screen|"
    r"screen text|(?:(?:small|fine|big|large) )?text|captions?(?: on[\s-]?screen)?|"
    r"title(?: card)?|card|chyron|synthé|banc-titre|infographie|lower[\s-]?thirds?|gfx|end[\s-]?(?:card|title|"
    r"frame)|packshot text|cta|"
    r"call to action|letterings?|gc|tarja|big (?:text|number)|"
    r"einblendung|texteinblendung|insert|schrift|bauchbinde|titel|texttafel|schlusstafel|schlusstitel|bildtext|"
    r"r[oó]tulos?|texto(?: en pantalla)?|sobreimpresi[oó]n|cartela|t[ií]tulo|cart[oó]n|"
    r"(?:in|en) (?:sovrimpressione|surimpression|incrustation)|sobreimpresionado|eingeblendet|"
    r"texte(?: à l['’]écran)?|titre|incrustation|surimpression|"
    r"sovr(?:a|)impressione|scritta|testo(?: a schermo)?|titolo|cartello|letreiro|texto na tela|"
    r"(?:片头|片尾|片頭|结尾|結尾|開頭|开头|エンド|ラスト|最終)?(?:テロップ|字幕|スーパー)|タイトル|片名|"
    r"画面文字|T(?=[「『]|$)|文字|字卡|屏幕文字|标题|자막|타이틀|"
    r"نص على الشاشة|النص على الشاشة|على الشاشة|عنوان|العنوان|شارة|титры?|надпись|"
    r"स्क्रीन पर(?: पाठ)?|शीर्षक|सुपर|כיתוב|כותרת"
)
_ENDLINE: Final = (
    r"end[\s-]?line|tag[\s-]?line|strap[\s-]?line|(?:last|final|closing) line(?: is| reads)?|slogan|claim|"
    r"schlusssatz|"
    r"(?:der )?letzte satz(?: ist| lautet)?|(?:la )?dernière phrase(?: est)?|(?:la )?última frase(?: es| é)?|"
    r"(?:l['’])?ultima frase(?: è)?|"
    r"schlusszeile|endzeile|"
    r"abbinder|(?:phrase|mot|texte|carton) de fin|(?:frase|texto|testo|text) final[e]?|schlusswort|slotzin|"
    r"eslogan|frase final|cierre|signature|accroche finale|phrase finale|"
    r"結びの一言|キャッチコピー|コピー|スローガン|口号|"
    r"الشعار|слоган|टैगलाइन"
)
_PICTURE: Final = (
    r"visuals?|pictures?|photos?|fotos?|illustrations?|illustrazione|ilustraci[oó]n|ilustraç[aã]o|afbeelding|"
    r"zdjęcie|фото|images|imágenes|imagens|immagini|bilder|beelden|stills?|v[ií]d[eé]o|action|scene|"
    r"description|image|shows?|bild(?:inhalt)?|handlung|beschreibung|"
    r"画像|写真|絵|絵コンテ|イラスト|照片|图片|圖片|插图|사진|그림|이미지|صورة|तस्वीर|imagen|acci[oó]n|"
    r"descripci[oó]n|visuel|immagine|azione|imagem|ação|映像|画|画面|내용|화면|الصورة|المشهد|"
    r"изображение|кадр|दृश्य|चित्र"
)
_LENGTH: Final = (
    r"length|duration|dur\.?|time|timecode|tc|dauer|länge|zeit|duraci[oó]n|tiempo|durée|temps|"
    r"durata|tempo|duraç[aã]o|время|хронометраж|시간|길이|长度|尺|時間|时长|时间|المدة|الوقت|длительность|अवधि|समय"
)
_TITLE: Final = (
    r"(?:working )?title|film title|titel|t[ií]tulo|titre|titolo|タイトル|题目|标题|片名|제목|العنوان|"
    r"عنوان|название|शीर्षक|project|projekt"
)
LETTERING_LABELS: Final = f"{_LETTERING}|{words.LETTERING}|{words.ON_SCREEN}|{places.END_CARD}"
ENDLINES: Final = f"{_ENDLINE}|{words.ENDLINE}"
_BEFORE_COLON: Final = r"(?=\s*(?:[(（\[][^)）\]\n]{0,60}[)）\]])?[*_]{0,3}\s*[:：=]|$)"
_FOR: Final = r"for|to|für|an|pour|à|para|per|a|voor|aan|dla|do|för|till|til|для|к|için"
_ON: Final = r"on|in|at|over|im|auf|unter|über|à|en|dans|sur|sobre|su|a|na|no|em|op|w|på|i|pe|на|в"
"""What follows a label that says for whom it is, or where its text is: "Scritta in sovrimpressione:"."""
_ALTERNATIVES: Final[tuple[tuple[Kind, str], ...]] = (
    ("endline", f"{ENDLINES}|(?:{words.CLOSING_WORDS}){_BEFORE_COLON}"),
    ("voice", f"{voices.READER}|{words.VOICE}|{further.NARRATOR}"),
    (
        "lettering",
        rf"(?:{LETTERING_LABELS}|{further.TEXT})(?: (?:{_ON}) [^\W\d_]+(?: [^\W\d_]+)?(?=\s*[*_]{{0,3}}\s*[:：]|$))?",
    ),
    ("sound", sounds.EVERY),
    ("picture", f"{_PICTURE}|{words.PICTURE}"),
    ("note", rf"(?:{notes.LABELS})(?: (?:{_FOR}) [^:：\n]{{1,30}}(?=\s*[:：]|$))?"),
    ("length", f"{_LENGTH}|{words.LENGTH}"),
)
_KINDS: Final = tuple((kind, Pattern(rf"(?:{names})", re.IGNORECASE)) for kind, names in _ALTERNATIVES)
TITLE_LINE: Final = Pattern(rf"^\W{{0,3}}(?:{_TITLE}|{words.TITLE})\s*[:：]\s*(.+)$", re.IGNORECASE)
_EVERY: Final = "|".join(names for _, names in _ALTERNATIVES)
_VERBS: Final = saying.EVERY
_EXTENSION: Final = r"(?:\s*[(（\[]([^)）\]\n]{0,60})[)）\]])?"
_LABEL: Final = Pattern(
    rf"(?:(?<=^)|(?<=[\s.;|｜/–—。、，；！？•*(_\-「」”\"»]))\*{{0,3}}({_EVERY}){_EXTENSION}[*_]{{0,3}}\s*"
    rf"(?:[:：=][*_]{{0,3}}\s*|(?:[–—·•-]\s*)?(?=[“„”«»‹「『\"]))",
    re.IGNORECASE | re.MULTILINE,
)
_MARKED: Final = Pattern(r"[:：=“„”«»‹「『\"]")
"""What is behind every label and every name of a speaker."""
_SPEAKER: Final = Pattern(
    r"(?:^\W{0,3}|(?<=[.;|!?…。！？,，、”»」\"])\s{0,3})"
    rf"((?:(?:Mrs?|Ms|Dr|St|Sra?|Mme|Hr|Fr|Prof)\. )?[^\W\d_][\w{MARKS}'’ -]{{0,30}}?){_EXTENSION}\s*"
    rf"(?::|：|\b(?:{_VERBS})\b\s*[:：,]?)\s*(?=[“„”«»‹「『\"])",
)
"""A name at the begin of a sentence, with what it says in quotation marks."""
_SAYING: Final = Pattern(rf"\s+(?:{_VERBS})\b.*$")
_PRONOUN: Final = Pattern(
    r"(?:she|he|they|it|i|we|sie|er|es|ich|wir|elle|il|ils|elles|on|ella|él|ellos|ellas|lei|lui|loro|ela|ele|eles|"
    r"zij|ze|hij|ona|on|hon|han|hun|hän|ο|η|αυτός|αυτή|он|она|они|она|він|вона)",
    re.IGNORECASE,
)
_PLACE: Final = Pattern(
    r"(?:on|in|at|over|under|above|with|then|and|auf|am|im|an|über|mit|dazu|dann|und|sur|à|au|aux|dans|avec|puis|et|"
    r"en|sobre|con|luego|y|su|sul|sulla|nel|poi|e|na|no|com|op|aan|met|en|på|med|och)\b",
    re.IGNORECASE,
)
READ_NOUNS: Final = (
    r"(?:\b(?:on (?:peut )?lit|on y lit|lisons|man liest|liest man|se lee|leemos|si legge|leggiamo|lê-se|lemos|staat|"
    r"czytamy|widnieje|läser|står|читаем|написано|okunur|yazar|enseigne|pancarte|panneau|"
    r"titles?|super|text|caption|sign|logo|card|words?|lettering|letters|written|reads?|reading|"
    r"screen|label|banner|poster|price|phone(?: number)?|hashtag|"
    r"headline|packaging|subtitle|schild|schrift(?:zug)?|aufschrift|einblendung|steht|plakat|bildschirm|preis|"
    r"telefonnummer|letrero|r[oó]tulo|cartel|pantalla|precio|tel[eé]fono|texte|prix|"
    rf"écriteau|affiche|écran|insegna|scritta|schermo|prezzo|letreiro|tela|preço|{words.SIGNS})\b|שלט|لافتة|"
    rf"تابلو|সাইনবোর্ড|पाटी|ป้าย|看板|文字|画面|字幕|テロップ|屏幕|"
    r"招牌|螢幕|لافتة|الشاشة|вывеск|надпись|экран|बोर्ड|स्क्रीन)"
)
"""Words before a quotation that is read."""
_READ: Final = Pattern(READ_NOUNS, re.IGNORECASE)
FRAMING: Final = Pattern(
    r"^(?:(?:extreme|very|super|medium|big|tight)[\s-]?)?(?:(?:wide|establishing|long|full|medium|mid|"
    r"close(?:[\s-]?up)?|closer|detail|macro|"
    r"insert|aerial|drone|overhead|top|low[\s-]angle|high[\s-]angle|pov|two|tracking|"
    r"over[\s-]the[\s-]shoulder|ots|ecu|cu|mcu|ms|mls|ws|ews|ls|"
    r"els|bcu|vws|fs)(?:[\s-](?:shot|on|up))*|end[\s-]?(?:card|frame)|packshot|totale|halbtotale|"
    r"nah(?:aufnahme)?|gro(?:ß|ss)(?:aufnahme)?|detail|"
    r"halbnah|amerikanisch|vogelperspektive|plano (?:general|medio|detalle|cenital)|primer[ií]simo plano|"
    r"primer plano|plan (?:large|moyen|"
    r"serré|d['’]ensemble|américain)|gros plan|très gros plan|campo (?:lungo|medio)|primo piano|dettaglio|"
    r"引き|寄り|アップ|ロング|俯瞰|全景|远景|"
    r"中景|近景|特写|大特写|航拍|와이드|미디엄|풀샷|클로즈업|"
    r"لقطة (?:واسعة|قريبة|متوسطة|عامة|علوية)|общий план|средний план|крупный план|"
    rf"{words.FRAMING})"
    r"(?=\s*[:：.,–—|(（·-]|\s*$|\s+of\s|(?<=\bon)\s|\u3000|(?-i:(?<=[A-Z]{2})) )",
    re.IGNORECASE,
)
_NOTHING: Final = Pattern(
    r"\W*(?:none|no(?: vo| voice(?:[\s-]?over)?| text)?|n/?a|silent|silence|keine?r?|ohne|nichts|ninguno|"
    r"ninguna|sin voz|rien|aucune?|"
    r"sans|nessuna?|なし|無し|无|無|없음|لا شيء|нет|कोई नहीं)?\W*",
    re.IGNORECASE,
)


_SPOKEN_AUDIO: Final = Pattern(rf"(?:{QUOTED.pattern})|(?:\S+\s+){{3,}}\S+[.!?]$")
"""The value of a label "Audio" that is a line; otherwise, it names a sound, e.g. "Rain."."""
_ANY_SOUND: Final = Pattern(f"{sounds.SOUND}|音声|音频|音頻", re.IGNORECASE)
_SPOKEN_QUOTE: Final = Pattern(r"[“„«\"「][^“”„«»\"「」\n]{6,}[.!?…。！？؟।][”“»\"」]")
"""A quoted sentence after the label of any sound."""


_NEXT_PICTURE: Final = Pattern(
    r"(?<=[.!?…])\s+(?=(?:(?:smash |hard |match )?cuts? to|ends? (?:on|with)|fades? (?:to|out|up|in)|dissolves? to|"
    r"closes? on|we (?:now )?see|schnitt (?:auf|zu)|überblendung|ende auf|corte a|cortamos a|termina con|"
    r"coupe (?:sur|à)|on (?:coupe|termine) sur|fin sur|stacco su|si chiude su|corta para|termina em)\b)",
    re.IGNORECASE,
)
"""Where a sentence that is not in quotation marks ends and the next picture is described in the same line."""


_LENGTH_ENDS: Final = Pattern(rf"\s*{LENGTH.pattern}\.?\s+(?=[^\W\d_a-z][^\W\d_]*\s)")
"""A length in front of the next sentence: "Duration: 30 s. Our cheese …"."""
_PERSON: Final = Pattern(r"client[ea]?|kunde|kundin|audience|public|talent|authors?|crew", re.IGNORECASE)
_NAMES: Final = Pattern(
    rf"(?:{QUOTED.pattern})(?<![.!?…。！？؟।۔][”“\"»«」』›])(?:[,，、]\s*|(?=[^\W\d_]))(?![“„”«»‹「『\"])"
)
"""A quoted name with which a sentence begins."""


_GOES_ON: Final = Pattern(rf"\s*(?:{QUOTED.pattern})\s*[–—]\s*[^.!?…\n|“”„«»\"]{{1,60}}\.?\s*$")
_HOW_SHOWN: Final = Pattern(
    r"\b(?:fad|appear|slid|typ|anim|white|black|bold|over|below|above|small|large|klein|groß|weiß|blend|blanc|"
    r"noir|blanco|"
    r"negro|bianco)\w*",
    re.IGNORECASE,
)


_SEPARATOR: Final = Pattern(r"\s+[|/·•–—-]+\s*$|\s*[|｜]\s*$")
"""What stands between the value of a label and the next one: \"Super: GOOD — VO: …\"."""


class Segment(NamedTuple):
    """A part of a text: its kind ("" without a label), speaker, direction and value."""

    kind: Kind | Literal[""]
    value: str
    speaker: str = ""
    direction: str = ""
    label: str = ""


@lru_cache(maxsize=1024)
def kind_of(label: str) -> Kind | None:
    """The kind of a label, or None."""
    return next((kind for kind, words in _KINDS if words.fullmatch(label.strip())), None)


def is_nothing(value: str) -> bool:
    """Whether a value says that there is nothing, e.g. "none" or a dash."""
    return _NOTHING.fullmatch(value) is not None


def segments(text: str) -> list[Segment]:
    """The parts of one line by their labels: a quoted value ends with its quotation, another with the next label."""
    return list(_segments(text))


def is_note(sentence: str) -> bool:
    """Whether a sentence is labelled as a note about the film, or as its length: "Tone: curious."."""
    return all(part.kind in ("note", "length") for part in segments(sentence))


class _Mark(NamedTuple):
    """A label with its place in the text; its value begins at `end`."""

    start: int
    end: int
    kind: Kind
    label: str
    direction: str


@lru_cache(maxsize=1024)
def _segments(text: str) -> tuple[Segment, ...]:
    """The parts of a line; every form of brief reads the same lines."""
    marks = _marks(text)
    found = [Segment("", text[: marks[0].start] if marks else text)]
    ends = [*(mark.start for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        reader, value = (
            voices.reader_before(text[mark.end : end]) if mark.kind == "voice" else ("", text[mark.end : end])
        )
        kind, value, rest = _split_value(mark, value)
        speaker = speaker_name(mark.label) if kind == "speaker" else ""
        kind = _kind_by_value(kind, mark.label, value)
        if end < len(text) and not quoted_run(value):
            value = _SEPARATOR.sub("", value)
        found.append(Segment(kind, value.strip(), speaker, mark.direction or reader, mark.label))
        if rest.strip():
            found.append(Segment("", rest))
    return tuple(s for s in found if s.value.strip() or s.kind)


def _marks(text: str) -> list[_Mark]:
    """The labels and the names of speakers outside of quotations, in their order."""
    if not _MARKED.search(text):
        return []
    covered = bytearray(len(text) + 1)
    for match in QUOTED.finditer(text):
        covered[match.start() + 1 : match.end()] = b"\1" * (match.end() - match.start() - 1)
    marks = list[_Mark]()
    for pattern in (_LABEL, _SPEAKER):
        for match in pattern.finditer(text):
            start, end = match.span()
            if covered[start] or any(covered[start : end - 1]):
                continue
            label = match.group(1).strip()
            after_word = start > 1 and text[start - 1] == " " and text[start - 2].isalpha()
            if pattern is _LABEL and after_word and kind_of(label) == "note":
                continue  # a person: "LE CLIENT : …"
            kind = kind_of(label) if pattern is _LABEL else kind_of_name(label)
            if kind:
                marks.append(_Mark(start, end, kind, label, (match.group(2) or "").strip()))
                covered[start:end] = b"\1" * (end - start)
    return sorted(marks)


def _split_value(mark: _Mark, value: str) -> tuple[Kind, str, str]:
    """The kind of a label, its own value, and what follows the value up to the next label."""
    if mark.kind == "lettering" and goes_on(value):
        return mark.kind, value, ""  # one text: «Мой двор» — приложение
    if run := quoted_run(value):
        kind = "speaker" if mark.kind == "note" and names_somebody(mark.label) else mark.kind
        return kind, value[:run], value[run:]
    if mark.kind == "length" and (ends := _LENGTH_ENDS.match(value)):
        return mark.kind, value[: ends.end()], value[ends.end() :]
    if mark.kind in ("voice", "speaker", "lettering", "endline") and (turn := _NEXT_PICTURE.search(value)):
        return mark.kind, value[: turn.start()], value[turn.start() :]
    return mark.kind, value, ""


def _kind_by_value(kind: Kind, label: str, value: str) -> Kind:
    """The kind of a segment where its value decides: a description of a reader is a note, a quoted sound is said."""
    if kind == "voice" and not quoted_run(value) and voices.describes_reader(value):
        kind = "note"
    if label.lower() == "audio" and _SPOKEN_AUDIO.match(value.strip()):
        kind = "voice"
    if kind == "sound" and _ANY_SOUND.fullmatch(label) and _SPOKEN_QUOTE.match(value.strip()):
        kind = "voice"
    return kind


def goes_on(value: str) -> bool:
    """Whether a text on the screen goes on after a quoted name: "«Мой двор» — приложение"."""
    return _GOES_ON.match(value) is not None and not _HOW_SHOWN.search(value)


def names_somebody(label: str) -> bool:
    """Whether a label may be the name of a speaker: it has no other meaning, or it is a note on a person."""
    return kind_of(label) is None or _PERSON.fullmatch(label.strip()) is not None


def kind_of_name(name: str) -> Kind | None:
    """The kind of a quotation after a name or another subject: said, read, or none of both."""
    if _READ.search(name):
        return "lettering"
    return None if name[:1].islower() or _PLACE.match(name) or FRAMING.match(name) else "speaker"


def speaker_name(subject: str) -> str:
    """The name of a speaker without its verb: "The boy shouts" gives "The boy"; empty for a pronoun."""
    name = _SAYING.sub("", subject).strip()
    return "" if _PRONOUN.fullmatch(name) else name


def quoted_run(value: str) -> int:
    """The end of the quotations with which a value begins; 0 where it begins with none, or with a quoted name within a
    sentence: "“Loft”, the tent that stays."."""
    if (name := QUOTED.match(value.strip())) and _NAMES.match(name.group(0) + value.strip()[name.end() :]):
        return 0
    end = 0
    while match := QUOTED.match(value, end + len(value[end:]) - len(value[end:].lstrip(" ,/"))):
        end = match.end()
    return end


def framing_in_brackets(match: re.Match[str]) -> str:
    """A framing in brackets without them: "[WS] Empty stadium."."""
    found = FRAMING.match(match[1])
    return f"{match[1]}. " if found and found.end() == len(match[1]) else match[0]
