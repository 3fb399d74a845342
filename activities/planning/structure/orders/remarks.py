"""Sentences about the film, which are no part of it: its length, its form, wishes, greetings."""

import re
from typing import Final

from activities.planning.structure.conjunctions import AND, COMMA
from activities.planning.structure.deliverable.cards import names_only_destinations
from activities.planning.structure.notations.silence import asks_for_no_voice
from activities.planning.structure.orders import further, words
from activities.planning.structure.orders.lengths import SECONDS, named_lengths
from activities.planning.structure.text import QUOTED, has_words
from activities.planning.structure.vocabulary import formats, sounds, voices
from activities.text.patterns import LETTER, Pattern, as_word
from activities.text.speech import is_direction

NO_LETTER: Final = r"(?![^\W\d_぀-ヿ㐀-鿿가-힯\u0e00-\u0e7f])"
"""The end of a word in scripts that separate words."""
MEDIUM: Final = Pattern(rf"(?<![^\W\d_])(?:{words.MEDIUM}){NO_LETTER}|(?:{words.MEDIUM_ANYWHERE})", re.IGNORECASE)
_LENGTH: Final = Pattern(rf"(?<![^\W\d_])(?:{words.LENGTHS})", re.IGNORECASE)
_FORMAT: Final = Pattern(rf"(?<![^\W\d_])(?:{words.FORMATS}){NO_LETTER}", re.IGNORECASE)
_NUMBER: Final = Pattern(r"\d")
_COURTESY: Final = Pattern(
    r"^\W*(?:hi|hey|hello|hallo|moin|servus|hola|oi|olá|ciao|salut|bonjour|bonsoir|hej|hei|cześć|привет|здравствуйте|"
    r"добрый день|вітаю|добрий день|السلام عليكم|مرحبا|नमस्ते|안녕하세요|こんにちは|お世話になっております|你好|您好|"
    r"thanks?|thank you|many thanks|cheers|danke|vielen dank|merci|gracias|obrigad[oa]|grazie|dank|tack|takk?|"
    r"dziękuj\w+|"
    r"спасибо|дякую|شكراً?|धन्यवाद|감사합니다|ありがとうございます|よろしくお願い(?:いたします|します)|谢谢|謝謝|"
    rf"{further.COURTESY}|{further.GOODBYE}|"
    r"teşekkürler|はじめまして|(?:alvast )?bedankt|ευχαριστ(?:ώ|ούμε)|καλη(?:μέρα|σπέρα)|γεια(?: σας)?|děkuj\w+|"
    r"dobrý den|díky|kiitos|tak|köszönj\w+|"
    r"mulțum\w+|bună|halo|terima kasih|xin chào|cảm ơn|שלום|תודה|"
    r"dzień dobry|merhaba|سلام|ممنون|با تشکر)"
    r"(?![^\W\d_])",
    re.IGNORECASE,
)
"""A greeting or thanks, where it is a short sentence."""
_ABSENT: Final = (
    r"(?:no|without|avoid|kein\w*|ohne|pas de|sans|sin|nada de|senza|niente|sem|geen|zonder|ingen|utan|uden|uten|bez|"
    r"без|ні|"
    r"بدون|لا نريد|बिना)"
)
_ABSENT_FIRST: Final = Pattern(rf"^\W*{_ABSENT}(?![^\W\d_])", re.IGNORECASE)
_LEFT_OUT: Final = (
    r"(?:music|voice|text|people|person|faces?|actors?|logos?|subtitles?|captions?|narrat\w+|dialogue|sound|"
    r"effects|costumes|"
    r"musik|stimme|sprecher\w*|personen|menschen|gesichter|untertitel|musique|voix|texte|visages?|sous-titres|"
    r"música|voz|texto|"
    r"personas|caras|subtítulos|musica|voce|testo|persone|volti|pessoas|rostos|legendas|muziek|stem|tekst|"
    r"mensen|muzyki|tekstu|"
    r"musikk|röst|музык\w*|голос\w*|текст\w*|людей|титр\w*|موسيقى|نص|أشخاص|संगीत|टेक्स्ट)"
)
PLEASE: Final = (
    r"please|pls|plz|bitte|por favor|s['’]il (?:vous|te) pla[iî]t|svp|stp|per favore|a\.?u\.?b\.?|alstublieft|"
    r"graag|proszę|"
    r"prosím|molim|lütfen|kérem|kérjük|vă rog|si us plau|var så vänlig|tack|kiitos|пожалуйста|будь ласка|моля|"
    r"молим|παρακαλώ|"
    r"من فضلك|رجاءً?|لطفاً?|براہ مہربانی|براہ کرم|בבקשה|कृपया|ください|お願いします|주세요|谢谢|謝謝|tolong|nhé|"
    r"ด้วยนะ"
)
_ASKED_OF_FILM: Final = Pattern(
    rf"(?<![^\W\d_])(?:{_LEFT_OUT}|ondertitel\w*|napisy|titulky|tekstitys|undertexter|undertekster|felirat\w*|"
    rf"subtitr\w*|"
    rf"altyazı\w*|субтитр\w*|υπότιτλ\w*|ترجمة|کپشن|כתוביות|字幕|자막|subtitle|phụ đề|คำบรรยาย){NO_LETTER}",
    re.IGNORECASE,
)
_PLEASE_WORD: Final = Pattern(rf"(?<![^\W\d_])(?:{PLEASE}){NO_LETTER}", re.IGNORECASE)
WISH_WORDS: Final = 8
_WISH: Final = Pattern(
    r"^\W*(?:please|bitte|por favor|s['’]il vous plaît|per favore|пожалуйста)\W+"
    rf"{_ABSENT}(?![^\W\d_])|^\W*{_ABSENT}\s+(?:\w+\s+){{0,3}}{_LEFT_OUT}(?![^\W\d_])|"
    r"^\W*(?:it|the (?:film|video|spot|clip|ad|tone|mood|style|whole thing)) (?:should|must|needs to|has to) (?:be|"
    r"feel|look|sound)|"
    r"^\W*(?:das ganze|der (?:film|spot|ton)|das video) (?:soll\w*|muss) |^\W*(?:tono?|ton|tone|stil|style|estilo|"
    r"stile|"
    r"mood|stimmung) ?[:：]|(?:音楽|BGM|음악|文字|人物)\W{0,2}(?:なし|不要|없이)|の(?:紹介|宣伝|PR|CM)です。?$|"
    r"^テーマは|^테마는|"
    r"^主题是|^主題是|^(?:topic|theme|thema|tema|thème) ?[:：]",
    re.IGNORECASE,
)
"""What the film is like or leaves out: a wish that is neither said nor shown."""
_PROHIBITS: Final = Pattern(
    rf"^\W*(?:(?:{PLEASE}|merci de|gracias por|kindly|also|aber|und|and|et|y)[\s,]+)?"
    r"(?:(?:do not|don['’]t|never|avoid) "
    r"(?:show|use|mention|film|include|add|put|have)|"
    r"(?:visa|vis|toon|zeig(?:e|t|en sie)?|mostr\w+|montre[rz]?) (?:bitte |please )?(?:inte|ikke|ikkje|geen|niet|"
    r"keine?|nicht|nada|pas|ningun\w*|nessun\w*|nenhum\w*)\b|älä(?:kää)? näyttä\w*|neukaz\w+|nepokaz\w+|"
    r"(?:keine? [^.!?]{1,60}|[^.!?]{1,60} nicht) (?:zeigen|verwenden|nennen|filmen|einblenden)|"
    r"ne (?:pas |jamais )?(?:montre[rz]?|utilise[rz]?|cite[rz]?|mentionne[rz]?|filme[rz]?)|évite[rz]?|"
    r"(?:no|nunca) (?:mostr\w+|us\w+|mencion\w+|enseñ\w+|grab\w+)|evit(?:ar|a|ad|e|em|en|ate|are)\b|"
    r"non (?:mostr|usa|cita|inquadra)\w+|não (?:mostr|us|cit|film)\w+|niet (?:tonen|gebruiken|noemen)|"
    r"не (?:показыва|использ|упомина|снима)\w+|не (?:показу|використов)\w+|nie (?:pokazuj|używaj)\w*|"
    r"لا (?:تظهر|تعرض|تستخدم|نريد)|不要(?:出现|出現|拍|使用)|请勿|請勿|gösterme\w*)",
    re.IGNORECASE,
)
USUAL_MOST_SECONDS: Final = 180
COURTESY_WORDS: Final = 5
_MUSIC: Final = Pattern(sounds.MUSIC_SENTENCE, re.IGNORECASE)
REMARK_WORDS: Final = 20
CLAUSE: Final = Pattern(
    rf"\s*[;；؛]\s*|{COMMA}|\s(?:{AND}|but|aber|pero|ma|mas|maar|ale|но|그리고)\s",
    re.IGNORECASE,
)
_COMMAS: Final = Pattern(r"(?=[,，]\s|、|，)")
_SECONDS: Final = Pattern(rf"(?<![\d:.,])\d{{1,3}}(?:[.,]\d)?[\s-]*(?:{SECONDS})(?!{LETTER})", re.IGNORECASE)
_SHAPE: Final = Pattern(
    rf"{as_word(formats.ONLY_SHAPES)}|(?<![\d:])(?:9|16|4|1)\s?[:：x×]\s?(?:16|9|5|1)(?![\d:])", re.IGNORECASE
)
_VOICE: Final = Pattern(
    rf"(?<![^\W\d_])(?:{voices.READER})(?![^\W\d_])|\w(?:stimme|stem|röst|stemme)\b|[声聲]", re.IGNORECASE
)
SETTING_WORDS: Final = 9
"""A sentence with more words says more than the length or the format of the film."""


def is_aside(sentence: str) -> bool:
    """Whether a sentence greets, thanks or says what the film is like."""
    asks = len(sentence.split()) <= WISH_WORDS and _PLEASE_WORD.search(sentence) and _ASKED_OF_FILM.search(sentence)
    return bool(_WISH.search(sentence) or asks) or is_courtesy(sentence) or is_prohibition(sentence)


def is_absence(clause: str) -> bool:
    """Whether a clause begins with a word for what the film has not: "no jargon"."""
    return _ABSENT_FIRST.match(clause) is not None


def is_prohibition(sentence: str) -> bool:
    """Whether a sentence only tells the studio what not to do: "Please do not show other brands."."""
    return not QUOTED.search(sentence) and _PROHIBITS.match(sentence) is not None


def is_courtesy(sentence: str) -> bool:
    """Whether a sentence only greets or thanks, which a narrator may do as well."""
    return len(sentence.split()) <= COURTESY_WORDS and _COURTESY.match(sentence) is not None


def names_film(text: str) -> bool:
    """Whether a text names a film as such, e.g. "spot"."""
    return MEDIUM.search(text) is not None


def names_length(sentence: str) -> bool:
    """Whether a sentence names a film and a usual length of one, whatever its verb is."""
    lengths = named_lengths(sentence) if MEDIUM.search(sentence) and not QUOTED.search(sentence) else []
    return bool(lengths) and max(lengths) <= USUAL_MOST_SECONDS


def is_setting(sentence: str) -> bool:
    """Whether a sentence only gives the length or the format of the film, such as "Maximum length 20 seconds."."""
    if _only_gives_length(sentence) or _only_names_shape(sentence):
        return True
    if len(sentence.split()) > SETTING_WORDS or not _NUMBER.search(sentence) or QUOTED.search(sentence):
        return bool(_FORMAT.search(sentence)) and len(sentence.split()) <= SETTING_WORDS // 2
    units = len(_LENGTH.findall(sentence))
    return (
        bool(_FORMAT.search(sentence))
        or units > 1
        or bool(units and re.search(r"^\W*\d|\d\W*$|[:：]", sentence) and MEDIUM.search(sentence))
    )


def is_remark(sentence: str) -> bool:
    """Whether each clause of a sentence is about the film: "Keep it to 20 seconds and please no music."."""
    if QUOTED.search(sentence) or len(sentence.split()) > REMARK_WORDS:
        return False
    if asks_for_no_voice(sentence):
        return True
    clauses = [clause for clause in CLAUSE.split(sentence) if has_words(clause)]
    return bool(clauses) and all(map(_is_about_film, clauses))


def without_settings(line: str) -> str:
    """A line without its clauses about the length and the form of the film: "Feature launch, 16s, 16:9"."""
    first, *others = _COMMAS.split(line)
    return "".join((first, *(each for each in others if not _only_about_film(each.strip(" ,，、.。")))))


def _only_about_film(clause: str) -> bool:
    return is_remark(clause) or is_direction(clause)


def _is_about_film(clause: str) -> bool:
    about = is_setting(clause) or sounds.is_music(clause) or sounds.refuses_music(clause) or asks_for_no_voice(clause)
    is_wish = is_aside(clause) and not is_courtesy(clause)
    return about or names_only_destinations(clause) or _names_voice(clause) or is_wish


def _names_voice(clause: str) -> bool:
    """Whether a clause only says who reads the film: "warm female voice", "freundliche Frauenstimme"."""
    return voices.describes_reader(clause.strip(" .。")) and _VOICE.search(clause) is not None


def _only_gives_length(sentence: str) -> bool:
    """Whether a sentence has a length, and otherwise only words that lead to it: "Bitte maximal 20 Sekunden."."""
    rest = _SECONDS.sub(" ", sentence)
    return rest != sentence and not has_words(further.ABOUT.sub(" ", MEDIUM.sub(" ", rest)))


def _only_names_shape(sentence: str) -> bool:
    """Whether a sentence is only a shape that is no picture: "竖屏。", "Vertical 9:16."."""
    rest = _SHAPE.sub(" ", _SECONDS.sub(" ", sentence))
    return _SHAPE.search(sentence) is not None and not has_words(further.ABOUT.sub(" ", rest))
