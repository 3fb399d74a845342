"""Feedback on a line of speech, read by rule: whether it is about how the line is said, or about its words.

A clause is about the delivery only if everything in it is known to be: a manner, a word of speaking, or a filler. In
any other case a language model, or a person, has to decide.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

from activities.text.delivery.vocabulary import STRONGER, Axis, Mention, mentions
from activities.text.patterns import Pattern
from workflows.models import MAX_DELIVERY_CHARS


class About(Enum):
    """What a clause of feedback is about; OPEN where no rule can say."""

    DELIVERY = "delivery"
    WORDS = "words"
    OPEN = "open"


class Clause(NamedTuple):
    about: About
    text: str


_WORDS: Final = Pattern(
    r"[“„«「『\"”»」』]|(?<!\w)['‘][^'’]{2,}['’](?!\w)|"
    r"(?<!\w)(?:words?|wording|sentences?|phrases?|texts?|script|typos?|spell\w*|replac\w*|instead|"
    r"chang\w+ (?:the )?(?:word|text|name)\w*|"
    r"rewrit\w*|rephras\w*|reword\w*|shorten\w*|mention\w*|translat\w*|add|insert|delete|remove|omit|leave out|drop|"
    r"cut|names?|number|"
    r"wort\w*|wörter|satz|sätze|text\w*|formulier\w*|ersetz\w*|statt|anstatt|streich\w*|kürz\w*|übersetz\w*|"
    r"erwähn\w*|füge?|ergänz\w*|namen?|"
    r"mots?|phrases?|textes?|remplac\w*|au lieu|reformul\w*|raccourci\w*|tradui\w*|ajout\w*|supprim\w*|mentionn\w*|"
    r"noms?|"
    r"palabras?|frases?|textos?|reemplaz\w*|sustitu\w*|en lugar|en vez|acort\w*|traduc\w*|añad\w*|quita\w*|"
    r"elimin\w*|mencion\w*|nombres?|"
    r"parol[ae]|frasi?|test[oi]|sostitui\w*|invece|accorci\w*|traduci\w*|aggiung\w*|togli\w*|nom[ei]|"
    r"palavras?|substitu\w*|em vez|encurt\w*|traduz\w*|acrescent\w*|adicion\w*|remov\w*|retir\w*)(?!\w)|"
    r"単語|言葉を|文章|文を|テキスト|セリフを(?:変|直|修)|原稿|台本|翻訳|代わりに|ではなく|じゃなくて|追加|削除|短く(?!読)|词|句子|文本|文字|换成|替换|翻译|단어|문장",
    re.IGNORECASE,
)  # fmt: skip
"""A clause with one of these is about what is said."""
_SPEAKING: Final = Pattern(
    r"(?<!\w)(?:voices?|voice[- ]?over|tones?|intonation|pitch|volume|delivery|narrat\w*|lines?|reading|speech|"
    r"speaker|emotions?|feelings?|energy|mood|"
    r"accents?|pauses?|paus\w+|pace|tempo|speed|rhythm|breath\w*|emphasis|stress|sound(?:s|ed|ing)?|said|says?|"
    r"sa[yi](?:ing)?|speak\w*|spoken|spoke|talk\w*|read(?:s|ing)?|tell\w*|perform\w*|"
    r"stimm\w*|ton|tonfall|betonung|sprech\w*|sprich|gesprochen\w*|sprecher\w*|les\w*|lies|vorles\w*|vor|vorgelesen|"
    r"zeile\w*|gefühl\w*|stimmung|pause\w*|akzent\w*|"
    r"geschwindigkeit|lautstärke|klingt?|klingen|sag\w*|erzähl\w*|kommentar\w*|"
    r"voix|ton|débit|rythme|vitesse|parl\w*|dites?|dit|dis|lis\w*|lire|lecture|narrat\w*|réplique|émotion|accent|"
    r"intonation|sonn\w*|"
    r"voz|tono|ritmo|velocidad|volumen|habl\w*|di|dig\w*|dil[oa]|dich[oa]|lee\w*|leíd[oa]|lectura|narra\w*|línea|"
    r"emoción|acento|entonación|suen\w*|pausas?|"
    r"voce|tono|velocità|parl\w*|dett[oa]|dill[oa]|dire|legg\w*|lett[oa]|lettura|narra\w*|battuta|accento|suon\w*|"
    r"paus[ae]|"
    r"tom|voz|velocidade|fal[aeo]\w*|dig[ao]\w*|dit[oa]|lei[ao]\w*|leitura|narra\w*|emoção|sotaque|soa\w*)(?!\w)|"
    r"声|口調|話(?:し方|して|す)|読(?:み方|み上げ(?:て|る)?|んで|む)|言って|言い方|語り\w?|語って|調子|トーン|テンポ|抑揚|ナレーション|ナレ|スピード|音量|"
    r"声音|语气|语速|语调|说|念|读|旁白|목소리|톤|말\w{0,2}|읽\w{0,2}|어조|내레이션|속도",
    re.IGNORECASE,
)  # fmt: skip
_STRONG: Final = Pattern(
    r"(?<!\w)(?:voice|tone|intonation|pitch|volume|delivery|accent|pauses?|pace|tempo|emphasis|stimme|tonfall|"
    r"betonung|akzent|pausen?|lautstärke|"
    r"voix|intonation|débit|voz|tono|acento|entonación|voce|accento|tom|sotaque)(?!\w)|声|口調|語気|トーン|抑揚|语气|语调|声音|목소리|어조",
    re.IGNORECASE,
)  # fmt: skip
"""Words that only the delivery has: a clause with one of them is about it, whatever else it says."""
_SILENCE: Final = Pattern(
    r"(?<!\w)(?:no|without(?: any)?|mute|silence|kein\w*|ohne|sans|pas de|sin|ningun[ao]|senza|nessuna|sem|nenhuma)\s+"
    r"(?:the |la |le |a )?(?:voice|narration|narrator|speaker|words|speech|stimme|sprecher\w*|kommentar|voix|"
    r"narration|voz|narración|"
    r"locución|voce|narrazione|narração|locução)|(?:声|ナレーション|ナレ)(?:は|を|が)?(?:なし|無し|不要|消)",
    re.IGNORECASE,
)
"""A line that is not to be spoken at all."""
_LIKENESS: Final = Pattern(
    r"^\W*(?:and |but |und |aber |et |y |e )?(?:like\b|as if\b|as though\b|as in\b|wie\b|als ob\b|als (?:wäre|hätte|"
    r"würde)\b|comme\b|como\b|come se\b|come\b|まるで)|"
    r"(?:ように|みたいに|风格|一样|처럼)\W*$",
    re.IGNORECASE,
)
"""A comparison, which goes with the manner before it."""
_FILLER: Final = Pattern(
    r"(?<!\w)(?:a|an|the|it|its|it['’]s|this|that|these|them|all|every|each|please|more|much|far|even|way|very|"
    r"really|too|less|little|bit|slightly|somewhat|not|no|so|as|be|is|are|should|can|could|"
    r"would|you|make|let|have|give|put|with|in|into|on|of|at|to|for|and|but|or|now|again|still|just|also|only|then|"
    r"here|there|do|don['’]?t|use|keep|try|i|we|want|like|need|whole|film|"
    r"much|good|great|nice|everything|everywhere|he|she|his|her|their|first|time|than|before|almost|nearly|almost|"
    r"down|up|from|"
    r"das|die|der|den|dem|des|ein|eine[rnm]?|es|sie|er|ihn|bitte|mehr|viel|noch|etwas|sehr|weniger|nicht|zu|so|und|"
    r"aber|oder|soll(?:te|en)?|mach\w*|mit|in|im|auf|von|alles|alle|jetzt|"
    r"wieder|auch|nur|ist|sein|wird|werden|bisschen|wenig|ganz|deutlich|einen|tick|kannst|du|können|wir|hätte|gern|"
    r"möchte|ich|film|insgesamt|überall|als|"
    r"le|la|les|l|un|une|des|de|du|d|ce|cette|c|est|plus|moins|très|trop|peu|beaucoup|encore|pas|s['’]il|te|vous|"
    r"plaît|et|mais|ou|avec|dans|en|au|à|sur|tout|toute|que|qu|il|elle|soit|fais|faites|rends|"
    r"bien|assez|si|pour|plutôt|aussi|"
    r"el|lo|los|las|un|una|más|menos|muy|mucho|poco|por|favor|con|en|de|del|al|y|e|pero|o|que|sea|haz\w*|hacer|no|"
    r"tan|todo|toda|se|algo|también|quiero|"
    r"il|i|gli|più|meno|molto|poco|po|per|favore|con|nel|nella|di|del|della|e|ma|o|che|sia|fai|falla|fallo|rendi\w*|"
    r"non|così|troppo|tutto|tutta|demasiado|demasiada|demais|un['’]?|una|uno|"
    r"o|os|as|um|uma|mais|menos|muito|pouco|por|com|em|no|na|do|da|e|mas|ou|que|seja|faça|não|tão|tudo|toda|"
    r"algo)(?!\w)|"
    r"すぎ(?:る|ます|ない)?|もっと|もう少し|少し|ちょっと|とても|さらに|ずっと|全体(?:的に)?|全部|でも|そして|感じ|風|気持ち|して(?:ください|ほしい|下さい)?|ください|下さい|お願いします|"
    r"でしょうか|です|ます|する|"
    r"した|なる|なく|な|に|で|を|は|が|の|と|も|へ|て|よ|ね|"
    r"请|更|再|一点|一些|点儿|些|得|地|的|要|用|把|它|这|那|非常|很|太|别|不要|좀|더|조금|아주|해\w{0,3}|하게|으로|로|을|를|은|는|이|가|주세요|세요|줘",
    re.IGNORECASE,
)  # fmt: skip
_SPLIT: Final = Pattern(r"[.;!?\n。；！？،؛]+(?:\s|$)?|[,、，:：]\s*|\s[–—]\s")
_JOINED: Final = Pattern(
    r"\s+(?:and|but|und|aber|et|y|pero|ma|mas|e|и)\s+(?=\S)|(?<=[てで])、?(?=\S)(?!ください|下さい|ほしい)",
    re.IGNORECASE,
)
_QUOTE: Final = Pattern(r"[“„«「『\"]")
SEPARATOR: Final = ", "
MOST_TIMES: Final = 3
"""How often a manner is repeated."""


def clauses(feedback: str, *, join_likeness: bool = True) -> list[Clause]:
    """The clauses of feedback on speech, in order, each with what it is about.

    Args:
        join_likeness: Whether a comparison ("as if …") goes with the clause about the delivery before it.
    """
    found: list[Clause] = []
    for text in _parts(feedback):
        about = about_of(text)
        if about is About.OPEN and not _says_something(text):
            continue
        follows = join_likeness and found and found[-1].about is About.DELIVERY
        if follows and about is About.OPEN and with_likeness(text):
            about = About.DELIVERY
        found.append(Clause(about, text))
    return found


def about_of(text: str) -> About:
    """What one clause is about."""
    if _WORDS.search(text):
        return About.WORDS
    if _SILENCE.search(text):
        return About.OPEN
    named = list(mentions(text))
    speaks = bool(_SPEAKING.search(text))
    if _STRONG.search(text) or (named and (_LIKENESS.search(text) or _LIKENESS.search(text[named[-1].end :]))):
        return About.DELIVERY
    if not named or (all(m.manner.weak for m in named) and not speaks):
        return About.OPEN
    return About.OPEN if _rest(text) else About.DELIVERY


def names_voice(text: str) -> bool:
    """Whether a request about a whole film is about its voice: it names it, or a manner that only a voice has."""
    return bool(_SPEAKING.search(text)) or any(not mention.manner.seen for mention in mentions(text))


def only_heard(text: str) -> bool:
    """Whether a request about a shot can only be about its sound: its volume or its pitch, or it names the voice."""
    axes = {mention.manner.axis for mention in mentions(text)}
    return bool(_SPEAKING.search(text)) or bool(axes & {"volume", "pitch"})


def with_likeness(text: str) -> bool:
    """Whether a clause is a comparison ("as if …")."""
    return bool(_LIKENESS.search(text))


_VOICE: Final = Pattern(
    r"(?<!\w)(?:voices?|voice[- ]?overs?|narrator|narrated|narration|speaker|spoken|read (?:aloud|out)|"
    r"stimme|sprecher(?:in)?|erzähler(?:in)?|gesprochen|vorgelesen|kommentar|voix(?: off)?|narrateur|narratrice|"
    r"voz(?: en off)?|narrador[a]?|locutor[a]?|locución|narración|voce|narratore|narratrice|narrazione|"
    r"locução|narração)(?!\w)|ナレーション|ナレーター|語り手|声|旁白|声音|내레이션|목소리|голос|диктор|صوت",
    re.IGNORECASE,
)
MOST_UNKNOWN_WORDS: Final = 4
"""Of a sentence about the voice: "the narrator is a calm old man from Bremen"."""


def is_voice_direction(sentence: str) -> bool:
    """Whether a sentence of a brief says how its narration is spoken: it is not spoken itself."""
    if not _VOICE.search(sentence) or _QUOTE.search(sentence) or not manners_in(sentence):
        return False
    return len(re.findall(r"[^\W\d_]+", _left(sentence))) <= MOST_UNKNOWN_WORDS


def manners_in(text: str) -> str:
    """The manners that a text names, in its words."""
    return SEPARATOR.join(dict.fromkeys(_with_less(text, mention) for mention in mentions(text)))


def _with_less(text: str, mention: Mention) -> str:
    word = text[mention.start : mention.end]
    return f"not {word.lower()}" if mention.less else word.lower()


def is_about_delivery(feedback: str) -> bool:
    """Whether all of it is about how the line is said."""
    found = clauses(feedback)
    return bool(found) and all(each.about is About.DELIVERY for each in found)


def is_about_words(feedback: str) -> bool:
    """Whether all of it is about what is said."""
    found = clauses(feedback)
    return bool(found) and all(each.about is About.WORDS for each in found)


def merged(delivery: str, feedback: str) -> str:
    """The delivery with what the feedback says of it, in the words of the feedback.

    A new manner replaces those of the same axis ("slower" the word "fast"). One that is asked for again is repeated,
    which means more of it in every language ("slower, slower").
    """
    wanted = [_plain(each.text) for each in clauses(feedback) if each.about is About.DELIVERY]
    new = list(dict.fromkeys(filter(None, (phrase for text in wanted for phrase in _phrases(text)))))
    if not new:
        return delivery
    axes = {axis for phrase in new for axis in _axes(phrase)}
    old = [delivery] if _QUOTE.search(delivery) else [p.strip() for p in re.split(r"[,;、，；]", delivery) if p.strip()]
    kept = [p for p in old if p not in new and not (_axes(p) & axes)]
    manners = [name for phrase in old for name in _manners(phrase)]
    again = [phrase for phrase in new for _ in range(min(1 + _times(phrase, manners), MOST_TIMES))]
    return SEPARATOR.join([*kept, *again])[:MAX_DELIVERY_CHARS].rstrip(" ,")


def _parts(feedback: str) -> Iterator[str]:
    """The clauses of a text; quoted text is never divided."""
    held = re.findall(r"[“„«「『\"][^“”„«»「」『』\"]*[”“»」』\"]", feedback)
    for k, quoted in enumerate(held):
        feedback = feedback.replace(quoted, f"\ue000“{k}”\ue001", 1)
    for sentence in _SPLIT.split(feedback):
        parts = _JOINED.split(sentence)
        for part in [p for p in parts if _says_something(p)] or [sentence]:  # not the first part of "more and more sad"
            text = re.sub("\ue000“(\\d+)”\ue001", lambda m: held[int(m[1])], part).strip(" \t-–—")
            if re.search(r"\w", text):
                yield text


def _says_something(text: str) -> bool:
    return bool(_WORDS.search(text) or any(True for _ in mentions(text)) or _rest(text))


def _rest(text: str) -> str:
    """The letters that are left of a clause without manners, words of speaking and fillers."""
    return re.sub(r"[\W\d_]+", "", _left(text))


def _left(text: str) -> str:
    for mention in reversed(list(mentions(text))):
        text = text[: mention.start] + " " + text[mention.end :]
    for pattern in (_SPEAKING, _FILLER, STRONGER):
        text = pattern.sub(" ", text)
    return text


_LEAD: Final = Pattern(
    r"^(?:please|bitte|por favor|per favore|s['’]il (?:te|vous) plaît|and|but|und|aber|et|y|pero|ma|e|"
    r"(?:can|could) (?:you|it)|it is|it['’]s|this is|that is|das ist|es ist|c['’]est|"
    r"(?:it|she|he|they|you|the (?:voice|narration|narrator|line)s?) (?:should|must|has to|have to|needs to)"
    r"(?: (?:be|sound|speak|say (?:it|this)))?|"
    r"(?:make|say|read|speak|let|have)(?: (?:it|this|that|them|her|him|the (?:line|voice|narration|narrator)s?))?"
    r"(?: (?:sound|be|in|with))?|"
    r"(?:sprich|lies|sag)(?: (?:es|das|ihn|sie))?|mach(?: (?:es|das|sie))?|dis(?:-le)?|dites(?:-le)?|parlez?|"
    r"(?:la voix|la voz|la voce|a voz)"
    r"(?: (?:doit être|est|debe ser|es|deve essere|è|deve ser|é))?|"
    r"dilo|hazlo|habl[ae]|dillo|parla|fal[ae]|diga|"
    r"(?:die |der )?(?:stimme|sprecher(?:in)?|erzähler(?:in)?)(?: (?:soll(?:te)?|ist))?)\s+",
    re.IGNORECASE,
)
"""The begin of a request, which is no part of a delivery."""
_TAIL: Final = Pattern(
    r"\s*(?:,\s*)?(?:please|bitte|por favor|per favore|s['’]il (?:te|vous) plaît|"
    r"(?:して)?(?:ください|下さい)|お願いします)\W*$|\s+(?:it|this|that|es|das)$",
    re.IGNORECASE,
)
_TOO: Final = tuple(
    (Pattern(word, re.IGNORECASE), less)
    for word, less in (
        (r"\btoo(?: much)?(?=\s)", "less"),
        (r"\bzu(?=\s)", "weniger"),
        (r"\btrop(?=\s)", "moins"),
        (r"\bdemasiado(?=\s)", "menos"),
        (r"\btroppo(?=\s)", "meno"),
        ("(?:すぎる|過ぎる|すぎます|過ぎます)", "すぎない"),
    )
)
"""A complaint about a manner asks for less of it."""


def _plain(text: str) -> str:
    """A clause without what makes it a request."""
    text = re.sub("^[をはがにでの]+", "", text.strip(" .,;:!…"))
    for pattern, less in _TOO:
        text = pattern.sub(less, text)
    while (shorter := _TAIL.sub("", text)) != text and _says_something(shorter):
        text = shorter
    while (shorter := _LEAD.sub("", text)) != text and any(True for _ in mentions(shorter)):
        text = shorter
    text = re.sub("^[をはがにでの]+", "", text.strip(" .,;:!…"))
    return text[:1].lower() + text[1:] if re.match(r"[A-ZÀ-Þ](?![A-ZÀ-Þ])", text) else text


def _phrases(text: str) -> Sequence[str]:
    return [p.strip() for p in _JOINED.split(text) if p.strip()]


def _manners(phrase: str) -> list[str]:
    return [mention.manner.name for mention in mentions(phrase) if not mention.less]


def _times(phrase: str, manners: Sequence[str]) -> int:
    """How often the delivery has all manners of a phrase already."""
    return min((manners.count(name) for name in _manners(phrase)), default=0)


def _axes(phrase: str) -> set[Axis]:
    return {mention.manner.axis for mention in mentions(phrase)}
