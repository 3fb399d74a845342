"""Labels of scripts in the languages of briefs: voice-over, on-screen text, sound, picture, framing."""

import re
from typing import Final, Literal, NamedTuple

from activities.planning.structure import words
from activities.planning.structure.orders import further
from activities.planning.structure.text import MARKS, QUOTED

Kind = Literal["voice", "lettering", "endline", "sound", "picture", "note", "length", "title", "speaker"]

_VOICE: Final = (
    r"v\.?\s?/?\s?o\.?|voice[\s-]?over|voice|narrator|narration|narr\.?|announcer|spoken|dialogue|"
    r"sprecher(?:in|text)?|off(?:-?(?:stimme|text|sprecher(?:in)?))?|kommentar|erzähler(?:in)?|"
    r"voz(?: en off)?|locuci[oó]n|locutora?|narradora?|narraci[oó]n|"
    r"voix[\s-]?off|voix|narrat(?:eur|rice)|narration|commentaire|"
    r"voce(?: fuori campo| narrante)?|locuç[aã]o|narraç[aã]o|voz off|"
    r"ナレーション|ナレーター|ナレ|語り|NA|N|旁白|画外音|配音|解说(?:词)?|내레이션|나레이션|보이스오버|"
    r"التعليق الصوتي|تعليق صوتي|الراوي|المعلق|صوت|закадр(?:овый голос)?|голос за кадром|диктор|зк|"
    r"वॉइसओवर|वॉयसओवर|वॉइस ओवर|वॉयस ओवर|कथन|सूत्रधार|קריינות|קריין"
)
_LETTERING: Final = (
    r"(?:(?:end|closing|final|opening|last)[\s-])?supers?|super(?:imposition|title)?s?|"
    r"on[\s-]?screen(?: text)?|text on[\s-]?screen|"
    r"screen text|(?:(?:small|fine|big|large) )?text|captions?(?: on[\s-]?screen)?|"
    r"title(?: card)?|card|chyron|lower[\s-]?thirds?|gfx|end[\s-]?(?:card|title|frame)|packshot text|cta|"
    r"call to action|"
    r"einblendung|texteinblendung|insert|schrift|bauchbinde|titel|texttafel|schlusstafel|schlusstitel|bildtext|"
    r"r[oó]tulos?|texto(?: en pantalla)?|sobreimpresi[oó]n|cartela|t[ií]tulo|cart[oó]n|"
    r"texte(?: à l['’]écran)?|titre|incrustation|surimpression|"
    r"sovr(?:a|)impressione|scritta|testo(?: a schermo)?|titolo|cartello|letreiro|texto na tela|"
    r"(?:片头|片尾|片頭|结尾|結尾|開頭|开头|エンド|ラスト|最終)?(?:テロップ|字幕|スーパー)|タイトル|画面文字|T(?=[「『]|$)|文字|字卡|屏幕文字|标题|자막|타이틀|"
    r"نص على الشاشة|النص على الشاشة|على الشاشة|عنوان|العنوان|شارة|титры?|надпись|"
    r"स्क्रीन पर(?: पाठ)?|शीर्षक|सुपर|כיתוב|כותרת"
)
_ENDLINE: Final = (
    r"end[\s-]?line|tag[\s-]?line|strap[\s-]?line|(?:last|final|closing) line(?: is| reads)?|slogan|claim|schlusssatz|"
    r"(?:der )?letzte satz(?: ist| lautet)?|(?:la )?dernière phrase(?: est)?|(?:la )?última frase(?: es| é)?|"
    r"(?:l['’])?ultima frase(?: è)?|"
    r"schlusszeile|endzeile|"
    r"abbinder|(?:phrase|mot|texte|carton) de fin|(?:frase|texto|testo|text) final[e]?|schlusswort|slotzin|"
    r"eslogan|frase final|cierre|signature|accroche finale|phrase finale|"
    r"結びの一言|キャッチコピー|コピー|スローガン|口号|"
    r"الشعار|слоган|टैगलाइन"
)
_SOUND: Final = (
    r"audio|sfx|fx|sound(?: effects?| design)?|music|audio cue|ton|musik|geräusche?|atmo|m[uú]sica|sonido|"
    r"efectos|musique|son|bruitage|"
    r"musica|suono|som|効果音|音楽|SE|BGM|音效|(?:背景)?音乐|음악|효과음|موسيقى|مؤثرات|музыка|звук|संगीत|ध्वनि"
)
_PICTURE: Final = (
    r"visuals?|picture|video|action|scene|description|image|shows?|bild(?:inhalt)?|handlung|beschreibung|"
    r"imagen|acci[oó]n|descripci[oó]n|visuel|immagine|azione|imagem|ação|映像|画|画面|내용|화면|الصورة|المشهد|"
    r"изображение|кадр|दृश्य|चित्र"
)
_NOTE: Final = (
    r"notes?|style|tone|mood|look|audience|target(?: audience)?|format|aspect|budget|client|deadline|"
    r"language|(?:references?|sources?|links?|attachments?|moodboard|inspiration)|quellen?|fuentes?|fontes?|fonti|"
    r"anlagen?|"
    r"bronnen?|källor|źródła|источники?|джерела|المصادر|المراجع|参考(?:資料)?|參考|출처|참고|संदर्भ|kaynaklar?|"
    r"camera|lens|lighting|light|wardrobe|props|cast|talent|location|avoid|do not|don'ts?|mandator(?:y|ies)|author|"
    r"draft(?: date)?|contact|credit|copyright|"
    r"stil|tonalität|zielgruppe|kamera|licht|hinweise?|kunde|estilo|tono|c[aá]mara|luz|nota|cliente|"
    r"ton et style|caméra|"
    r"lumière|remarque|public|stile|スタイル|カメラ|備考|トーン|风格|备注|镜头运动|스타일|الأسلوب|ملاحظة|стиль|शैली"
)
_LENGTH: Final = (
    r"length|duration|dur\.?|time|timecode|tc|dauer|länge|zeit|duraci[oó]n|tiempo|durée|temps|"
    r"durata|tempo|duraç[aã]o|время|хронометраж|시간|길이|长度|尺|時間|时长|时间|المدة|الوقت|длительность|अवधि|समय"
)
_TITLE: Final = (
    r"(?:working )?title|film title|titel|t[ií]tulo|titre|titolo|タイトル|题目|标题|片名|제목|العنوان|"
    r"عنوان|название|शीर्षक|project|projekt"
)
LETTERING_LABELS: Final = f"{_LETTERING}|{words.LETTERING}|{words.ON_SCREEN}"
_BEFORE_COLON: Final = r"(?=\s*(?:[(（\[][^)）\]\n]{0,60}[)）\]])?[*_]{0,3}\s*[:：=]|$)"
_ALTERNATIVES: Final[tuple[tuple[Kind, str], ...]] = (
    ("endline", f"{_ENDLINE}|{words.ENDLINE}|(?:{words.CLOSING_WORDS}){_BEFORE_COLON}"),
    ("voice", f"{_VOICE}|{words.VOICE}|{further.NARRATOR}"),
    ("lettering", f"{LETTERING_LABELS}|{further.TEXT}"),
    ("sound", f"{_SOUND}|{words.SOUND}"),
    ("picture", f"{_PICTURE}|{words.PICTURE}"),
    ("note", f"{_NOTE}|{words.NOTE}"),
    ("length", f"{_LENGTH}|{words.LENGTH}"),
)
_KINDS: Final = tuple((kind, re.compile(rf"(?:{names})", re.IGNORECASE)) for kind, names in _ALTERNATIVES)
TITLE_LINE: Final = re.compile(rf"^\W{{0,3}}(?:{_TITLE}|{words.TITLE})\s*[:：]\s*(.+)$", re.IGNORECASE)
_EVERY: Final = "|".join(names for _, names in _ALTERNATIVES)
_VERBS: Final = (
    r"says?|said|asks?|whispers?|shouts?|calls?|answers?|replies|sagt|fragt|ruft|flüstert|antwortet|dice|pregunta|"
    r"susurra|responde|dit|demande|murmure|répond|diz|chiede|sussurra"
)
_EXTENSION: Final = r"(?:\s*[(（\[]([^)）\]\n]{0,60})[)）\]])?"
_LABEL: Final = re.compile(
    rf"(?:(?<=^)|(?<=[\s.;|/–—。、，；！？•*(_\-「」”\"»]))\*{{0,3}}({_EVERY}){_EXTENSION}[*_]{{0,3}}\s*"
    rf"(?:[:：=][*_]{{0,3}}\s*|(?:[–—·•-]\s*)?(?=[“„”«»‹「『\"]))",
    re.IGNORECASE | re.MULTILINE,
)
_SPEAKER: Final = re.compile(
    r"(?:^\W{0,3}|(?<=[.;|!?…。！？,，、”»」\"])\s{0,3})"
    rf"((?:(?:Mrs?|Ms|Dr|St|Sra?|Mme|Hr|Fr|Prof)\. )?[^\W\d_][\w{MARKS}'’ -]{{0,30}}?){_EXTENSION}\s*"
    rf"(?::|：|\b(?:{_VERBS})\b\s*[:：,]?)\s*(?=[“„”«»‹「『\"])",
)
"""A name at the begin of a sentence, with what it says in quotation marks."""
_SAYING: Final = re.compile(rf"\s+(?:{_VERBS})\b.*$")
_PRONOUN: Final = re.compile(
    r"(?:she|he|they|it|i|we|sie|er|es|ich|wir|elle|il|ils|elles|on|ella|él|ellos|ellas|lei|lui|loro|ela|ele|eles|"
    r"zij|ze|hij|ona|on|hon|han|hun|hän|ο|η|αυτός|αυτή|он|она|они|она|він|вона)",
    re.IGNORECASE,
)
_PLACE: Final = re.compile(
    r"(?:on|in|at|over|under|above|with|then|and|auf|am|im|an|über|mit|dazu|dann|und|sur|à|au|aux|dans|avec|puis|et|"
    r"en|sobre|con|luego|y|su|sul|sulla|nel|poi|e|na|no|com|op|aan|met|en|på|med|och)\b",
    re.IGNORECASE,
)
READ_NOUNS: Final = (
    r"(?:\b(?:titles?|super|text|caption|sign|logo|card|words?|lettering|letters|written|reads?|reading|"
    r"screen|label|banner|poster|price|phone(?: number)?|hashtag|"
    r"headline|packaging|subtitle|schild|schrift(?:zug)?|aufschrift|einblendung|steht|plakat|bildschirm|preis|"
    r"telefonnummer|letrero|r[oó]tulo|cartel|pantalla|precio|tel[eé]fono|texte|prix|"
    rf"écriteau|affiche|écran|insegna|scritta|schermo|prezzo|letreiro|tela|preço|{words.SIGNS})\b|שלט|لافتة|"
    rf"تابلو|সাইনবোর্ড|पाटी|ป้าย|看板|文字|画面|字幕|テロップ|屏幕|"
    r"招牌|螢幕|لافتة|الشاشة|вывеск|надпись|экран|बोर्ड|स्क्रीन)"
)
"""Words before a quotation that is read."""
_READ: Final = re.compile(READ_NOUNS, re.IGNORECASE)
FRAMING: Final = re.compile(
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
_NOTHING: Final = re.compile(
    r"\W*(?:none|no(?: vo| voice(?:[\s-]?over)?| text)?|n/?a|silent|silence|keine?r?|ohne|nichts|ninguno|"
    r"ninguna|sin voz|rien|aucune?|"
    r"sans|nessuna?|なし|無し|无|無|없음|لا شيء|нет|कोई नहीं)?\W*",
    re.IGNORECASE,
)


_SPOKEN_AUDIO: Final = re.compile(rf"(?:{QUOTED.pattern})|(?:\S+\s+){{3,}}\S+[.!?]$")
"""The value of a label "Audio" that is a line; otherwise, it names a sound, e.g. "Rain."."""


_NEXT_PICTURE: Final = re.compile(
    r"(?<=[.!?…])\s+(?=(?:(?:smash |hard |match )?cuts? to|ends? (?:on|with)|fades? (?:to|out|up|in)|dissolves? to|"
    r"closes? on|we (?:now )?see|schnitt (?:auf|zu)|überblendung|ende auf|corte a|cortamos a|termina con|"
    r"coupe (?:sur|à)|on (?:coupe|termine) sur|fin sur|stacco su|si chiude su|corta para|termina em)\b)",
    re.IGNORECASE,
)
"""Where a sentence that is not in quotation marks ends and the next picture is described in the same line."""


_PERSON: Final = re.compile(r"client[ea]?|kunde|kundin|audience|public|talent|authors?|crew", re.IGNORECASE)
_NAMES: Final = re.compile(
    rf"(?:{QUOTED.pattern})(?<![.!?…。！？؟।۔][”“\"»«」』›])(?:[,，、]\s*|(?=[^\W\d_]))(?![“„”«»‹「『\"])"
)
"""A quoted name with which a sentence begins."""


_GOES_ON: Final = re.compile(rf"\s*(?:{QUOTED.pattern})\s*[–—]\s*[^.!?…\n|“”„«»\"]{{1,60}}\.?\s*$")
_HOW_SHOWN: Final = re.compile(
    r"\b(?:fad|appear|slid|typ|anim|white|black|bold|over|below|above|small|large|klein|groß|weiß|blend|blanc|noir|blanco|"
    r"negro|bianco)\w*",
    re.IGNORECASE,
)


class Segment(NamedTuple):
    """A part of a text: its kind ("" without a label), speaker, direction and value."""

    kind: Kind | Literal[""]
    value: str
    speaker: str = ""
    direction: str = ""
    label: str = ""


def kind_of(label: str) -> Kind | None:
    """The kind of a label, or None."""
    return next((kind for kind, words in _KINDS if words.fullmatch(label.strip())), None)


def is_nothing(value: str) -> bool:
    """Whether a value says that there is nothing, e.g. "none" or a dash."""
    return _NOTHING.fullmatch(value) is not None


def segments(text: str) -> list[Segment]:
    """The parts of one line by their labels: a quoted value ends with its quotation, another with the next label."""
    covered = bytearray(len(text) + 1)
    for match in QUOTED.finditer(text):
        covered[match.start() + 1 : match.end()] = b"\1" * (match.end() - match.start() - 1)
    marks: list[tuple[int, int, Kind, str, str]] = []
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
                marks.append((start, end, kind, label, (match.group(2) or "").strip()))
                covered[start:end] = b"\1" * (end - start)
    marks.sort()
    found = [Segment("", text[: marks[0][0]] if marks else text)]
    ends = [*(mark[0] for mark in marks[1:]), len(text)]
    for (_, start, kind, label, direction), end in zip(marks, ends, strict=False):
        value = text[start:end]
        rest = ""
        if kind == "lettering" and goes_on(value):
            pass  # one text: «Мой двор» — приложение
        elif run := quoted_run(value):
            value, rest = value[:run], value[run:]
            kind = "speaker" if kind == "note" and names_somebody(label) else kind
        elif kind in ("voice", "speaker", "lettering", "endline") and (turn := _NEXT_PICTURE.search(value)):
            value, rest = value[: turn.start()], value[turn.start() :]
        speaker = speaker_name(label) if kind == "speaker" else ""
        if label.lower() == "audio" and _SPOKEN_AUDIO.match(value.strip()):
            kind = "voice"
        found.append(Segment(kind, value.strip(), speaker, direction, label))
        if rest.strip():
            found.append(Segment("", rest))
    return [s for s in found if s.value.strip() or s.kind]


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
