"""Names of the voice that reads, which is no person in the picture: one table for labels, columns and turns.

Parts of regular expressions, without case. `labels` adds the voices with their articles, as orders write them.
"""

import re
from typing import Final

from activities.text.patterns import Pattern

READER: Final = (
    # English, German, French, Spanish, Italian, Portuguese
    r"v\.?\s?/?\s?o\.?|voice[\s-]?over|voice|narrator|narration|narr?\.?|anncr\.?|ann(?:oun)?c['’]?e?r|"
    r"announcer|spoken|"
    r"dialog(?:ue)?|speech|audio guide|spoken text|text read|read out|said|"
    # in the columns of tables, and where a text is read
    r"texte (?:lu|dit|parlé|voix(?: off)?)|gesprochener text|sprechtext|gesprochen|"
    r"texto (?:(?:de )?voz(?: en off)?|leído|hablado|falado|lido)|"
    r"testo (?:letto|a voce|voce|detto|"
    r"parlato)|gesproken tekst|tekst (?:czytany|lektora)|текст диктора|falas?|diálogos?|dialog[oh]i?|répliques?|"
    r"реплик[аи]|диалог|replik(?:er)?|台词|台詞|セリフ|대사|konuşma|"
    r"spr\.?|spk\.?|sprecher(?:in|text)?|off(?:-?(?:stimme|text|ton|sprecher(?:in)?))?|kommentar(?:text)?|"
    r"erzähler(?:in)?|off-?kommentar|(?:an|ab)?moderation|lancement|entradilla|lancio|подводка|lead-?in|"
    r"voz(?: en off)?|locuci[oó]n|loc\.?(?: off| on)?|locutora?|narradora?|narraci[oó]n|texto en off|"
    r"voix[\s-]?off|voix|narrat(?:eur|rice)|commentaire|conteu(?:r|se)|récitant[e]?|"
    r"voce(?: fuori campo| narrante)?|v\.?\s?f\.?\s?c\.?|narratore|narratrice|narrazione|commento|"
    r"locuç[aã]o|narraç[aã]o|voz off|"
    # Chinese, Japanese, Korean
    r"ナレーション|ナレーター|ナレ|語り手?|朗読|NA|N|旁白|画外音|配音|解说(?:词|員|员)?|讲述|口播|讲解(?:词)?|講解|"
    r"내레이션|나레이션|내레이터|나레이터|보이스오버|성우|해설|멘트|"
    # Arabic, Hebrew, Hindi, Russian
    r"(?:ال)?تعليق(?: ال?صوتي)?|(?:ال)?راوي(?:ة)?|(?:ال)?معلقة?|صوت|"
    r"закадр(?:овый (?:голос|текст))?|голос за кадром|диктор(?:ский текст)?|зкт?|рассказчи(?:к|ца)|чтец|"
    r"आवाज़|वॉ[इय]स ?ओवर|कथन|सूत्रधार|वाच(?:क|िका)|कथावाचक|कथाकार|קריינות|קריין"
)
_TRAITS: Final = (
    r"female|male|wom[ae]n|m[ae]n|lady|girl|boy|child|years old|accents?|native|age|aged|mid-?\d0s|\d0s|"
    r"weiblich\w*|männlich\w*|frau(?:enstimme)?|mann|männerstimme|kinderstimme|akzent|jahre|kind|féminine?|masculine?|femme|homme|ans|enfant|accent|"
    r"femenin[oa]|masculin[oa]|mujer|hombre|años|acento|femminil\w|maschil\w|donna|uomo|anni|feminin[oa]|mulher|"
    r"homem|"
    r"anos|sotaque|vrouw\w*|mannenstem|mannelijk\w*|kvinn\w+|man(?:s|lig)?|kobiec\w+|męsk\w+|женск\w+|мужск\w+|лет|kadın|erkek"
)
_TRAIT: Final = Pattern(
    rf"(?<!\w)(?:{_TRAITS})(?!\w)|女声|女聲|男声|男聲|女性|男性|여성|남성|여자|남자|أنثوي|نسائي|رجالي|ذكوري|"
    rf"महिला|पुरुष",
    re.IGNORECASE,
)
_PERSON: Final = Pattern(
    r"^(?:an? |eine? |une? |una? |uma? |een |en |ett |il |la |the )?(?:[^\W\d_]+ )?(?:female|male|wom[ae]n|"
    r"m[ae]n|lady|girl|boy|"
    r"weiblich\w*|männlich\w*|frau|mann|femme|homme|dame|mujer|hombre|señora|femminile|maschile|donna|uomo|signora|"
    r"mulher|homem|senhora|feminina|masculina|vrouw|man|kvinna|kobieta|mężczyzna|женский|мужской|женщина|"
    r"мужчина)(?!\w)",
    re.IGNORECASE,
)
MOST_WORDS: Final = 10


def describes_reader(value: str) -> bool:
    """Whether the value of a voice's label may be who reads and how, "female, warm, no hurry", and no line.

    It is short, without a full stop, and names a trait of a speaker.
    """
    plain = value.strip()
    if _PERSON.match(plain) and "," in plain:
        plain = plain.rstrip(".")
    return (
        len(plain.split()) <= MOST_WORDS
        and not re.search(r"[.!?…。！？।؟“„«「\"]", plain)
        and _TRAIT.search(plain) is not None
    )


_BEFORE_LINE: Final = Pattern(r"^\s*(?P<reader>[^:：\n“”„«»「」\"]{2,60})[:：]\s*(?=[“„«»「\"])")


def reader_before(value: str) -> tuple[str, str]:
    """Who reads and how, where the value of a voice's label begins so, and the rest: "a woman, gently: “Come.”"."""
    found = _BEFORE_LINE.match(value)
    if not found or not describes_reader(found["reader"]):
        return "", value
    return found["reader"].strip(), value[found.end() :]
