"""A brief whose words order another form of content than its platform: an e-mail, and the platform is a film."""

import re
from typing import Final

from activities.planning.structure.orders import words as orders
from activities.planning.structure.orders.remarks import names_film
from activities.planning.structure.orders.sentences import ORDER_FIRST, is_order
from activities.planning.structure.quoted import sentences_with_quotes
from activities.planning.structure.text import QUOTED
from activities.text.patterns import Pattern, as_word
from workflows.brief import Brief, Platform

_WRITE: Final = (
    r"(?:write|draft|compose|prepare|rewrite|proofread) ?(?:me|us)?|schreib(?:e|t|en sie)?(?: mir| uns)?|verfass\w*|"
    r"entwirf|entwerfen sie|texte[nt]?|écri(?:s|vez|re)|rédige[rz]?|escrib(?:e|a|an|ir|id)(?:me|nos)?|redact(?:a|e|ar)|"
    r"scriv(?:i|ete|ere)|redig(?:i|ete|ere)|escrev(?:a|am|er)|redija|schrijf|napisz(?:cie)?|skriv|kirjoit(?:a|takaa)|"
    r"napiš(?:te)?|напиш(?:и|ите|іть)|составь(?:те)?|γράψ(?:τε|ε)|yaz(?:ın)?|اكتب(?:وا)?|כתבו|लिखें|लिखो|写|寫|撰写|撰寫|"
    r"tulis(?:kan)?|viết"
)
_POST: Final = (
    r"(?:(?:linkedin|instagram|facebook|social(?:[ -]media)?|twitter|x|bluesky|threads)[ -])?(?:posts?|tweets?|"
    r"beitr(?:ag|äge)|"
    r"publicaci(?:ón|ones)|publications?|postagens?|publicaç(?:ão|ões)|wpis(?:y|u)?|inlägg|opslag|innlegg|julkaisu\w*|"
    r"příspěv\w+|пост(?:а|ы|ов)?|допис\w*|ανάρτηση|paylaşım\w*|منشور(?:ات)?|פוסט(?:ים)?|पोस्ट|帖子|貼文|投稿|게시물)"
)
_DESIGN: Final = (
    r"posters?|flyers?|leaflets?|brochures?|banners?|logos?|business cards?|menus?|packaging|billboards?|postcards?|"
    r"plakate?[sn]?|flugbl(?:att|ätter)|faltblatt|visitenkarten?|speisekarten?|affiches?|dépliants?|"
    r"carteles?|folletos?|tarjetas? de visita|locandin[ae]|volantin[oi]|manifest[oi]|cartaz(?:es)?|panfletos?|"
    r"folders?|visitekaartjes?|plakat(?:y|u)?|ulotk[ai]|affisch(?:er)?|broschyr(?:er)?|juliste\w*|plakát\w*|leták\w*|"
    r"плакат\w*|листовк\w*|афиш\w*|αφίσα\w*|afiş\w*|broşür\w*|ملصق(?:ات)?|כרז(?:ה|ות)|पोस्टर|海报|海報|传单|"
    r"ポスター|チラシ|포스터|전단지"
)
_COPY: Final = (
    r"(?:\w+[ -])?(?:e-?mails?|newsletters?)|(?:blog |news |magazine )?articles?|blog ?posts?|press releases?|"
    r"(?:product )?descriptions?|slogans?|taglines?|headlines?|landing page|web ?copy|job ad(?:vertisement)?s?|"
    r"pressemitteilung(?:en)?|\w*artikel[sn]?|produktbeschreibung(?:en)?|stellenanzeigen?|"
    r"courriels?|communiqués? de presse|fiches? produit|correos?(?: electrónicos?)?|notas? de prensa|artículos?|"
    r"comunicat[oi] stampa|articol[oi]|descrizion[ei]|comunicados?|artigos?|descriç(?:ão|ões)|persbericht(?:en)?|"
    r"artykuł\w*|komunikat\w*|pressmeddelanden?|pressemeddelelser?|pressemelding(?:er)?|tiedote\w*|článk\w*|"
    r"письм[оа]|статью|статьи|пресс-релиз\w*|лист|статт[юі]|άρθρο|δελτίο τύπου|e-?posta\w*|makale\w*|"
    r"بريد(?: إلكتروني)?|مقال(?:ة)?|בקשה לעיתונות|מאמר|ईमेल|लेख|邮件|郵件|文章|新闻稿|メール|記事|이메일|기사|보도자료"
)
_WRITES: Final = Pattern(rf"^\W*(?:(?:{orders.ORDER_FIRST})[\s,]+)?(?:{_WRITE})(?![^\W\d_])", re.IGNORECASE)
_NAMES: Final = {
    Platform.SOCIAL_POST: Pattern(as_word(_POST), re.IGNORECASE),
    Platform.DESIGN: Pattern(as_word(_DESIGN), re.IGNORECASE),
    Platform.COPY: Pattern(as_word(_COPY), re.IGNORECASE),
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
