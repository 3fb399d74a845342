"""The words by which a spoken brief names its settings, in the languages that the template planner reads. Data."""

from typing import Final

PLATFORMS: Final = {
    "video": r"film|video|clip|spot|commercial|trailer|movie|reel|werbespot|kurzfilm|vídeo|vidéo|filmato|película|"
    r"filme|動画|映像|映画|ビデオ",
    "social_post": r"(?:social[ -]media|instagram|linkedin|facebook|twitter|tiktok|social)[ -]?post(?:ing)?|"
    r"(?:instagram|linkedin|facebook)[ -]?beitrag|social post|post for (?:instagram|linkedin|facebook)|"
    r"publication (?:instagram|linkedin)|publicación|投稿",
    "design": r"poster|plakat|flyer|banner|affiche|cartel|manifesto pubblicitario|cartaz|pôster|ポスター",
    "creative_brief": r"creative brief|kreativbriefing|brief créatif",
    "copy": r"newsletter|blog ?(?:post|beitrag|artikel)|press release|pressemitteilung|product description|"
    r"produktbeschreibung|produkttext|werbetext|communiqué de presse|nota de prensa|comunicato stampa|コピー文",
}
LANGUAGES: Final = {
    "en": r"english|englisch|anglais|inglés|inglese|inglês|英語",
    "de": r"german|deutsch|allemand|alemán|tedesco|alemão|ドイツ語",
    "fr": r"french|französisch|français|francés|francese|francês|フランス語",
    "es": r"spanish|spanisch|espagnol|español|castellano|spagnolo|espanhol|スペイン語",
    "it": r"italian|italienisch|italien|italiano|イタリア語",
    "pt": r"portuguese|portugiesisch|portugais|portugués|portoghese|português|ポルトガル語",
    "nl": r"dutch|niederländisch|néerlandais|neerlandés|olandese|holandês|オランダ語",
    "pl": r"polish|polnisch|polonais|polaco|polacco|polonês|ポーランド語",
    "tr": r"turkish|türkisch|turc|turco|トルコ語",
    "ja": r"japanese|japanisch|japonais|japonés|giapponese|japonês|日本語",
    "zh": r"chinese|chinesisch|chinois|chino|cinese|chinês|中国語",
    "ko": r"korean|koreanisch|coréen|coreano|韓国語",
}
IN: Final = r"\bin|\bauf|\ben|\bem|\binto"
AND: Final = r"(?:\s*(?:,|、|\band\b|\bund\b|\bet\b|\by\b|\be\b|と)\s*)+(?:(?:in|auf|en|em)\s+)?"
ASPECTS: Final = {
    "9:16": r"\bvertical(?:ly)?\b|\bhochkant\b|\bhochformat\b|\bvertikal(?:es)?\b|\bverticale?\b|"
    r"\bportrait (?:format|mode|orientation)\b|\bin portrait\b|縦型|縦長",
    "1:1": r"\bsquare (?:format|video|film|picture|post|crop)\b|\bquadratisch\w*\b|\bformat carré\b|\bcuadrad[oa]\b|"
    r"\bformato quadrato\b|正方形",
    "16:9": r"\blandscape (?:format|mode|orientation)\b|\bquerformat\b|\bhorizontal (?:format|video|film)\b|横長",
}
BY: Final = r"(?:\bby\b|\bzu\b|\bsur\b|\bpor\b|\bmal\b|\bper\b|[:x/])"
SECONDS: Final = r"(?:seconds?|secs?|sekunden?|sek|sekündig\w*|secondes?|segundos?|second[oi]|秒)"
MINUTES: Final = r"(?:minutes?|mins?|minuten?|minütig\w*|minut[oi]s?|分)"
HOURS: Final = r"(?:hours?|stunden?|heures?|horas?|or[ae]\b|時間)"
OF_A_PART: Final = (
    r"\b(?:shots?|scenes?|title|logo|intro|outro|first|last|after|each|every|opening|pause|wait|szenen?|einstellung\w*|"
    r"titel|nach|jede[rsn]?|pro|erste[nr]?|letzte[nr]?|plans?|scènes?|chaque|après|premières?|dernières?|escenas?|"
    r"cada|planos?|después|primeros?|últimos?|scena|dopo|ogni|primi|ultimi|cena|depois|primeiros?)\b|カット|シーン|最初|最後"
)
LENGTH: Final = (
    r"\b(?:long|length|duration|lasts?|lasting|runs?|running|takes|lang(?:e[rs]?)?|länge|dauert?|dauern|dauer|durée|"
    r"dure[rz]?|durera|longueur|duración|dur[ae]|durar|larg[oa]|durata|durare|lung[oa]|duração|comprimento)\b|長さ|尺"
)
CORRECTION: Final = (
    r"\b(?:no|sorry|rather|instead|i mean|correction|nein|besser|lieber|ich meine|non|plutôt|pardon|mejor|perdón|digo|"
    r"anzi|scusa|aliás|digo melhor)\b|いや"
)
BUDGET: Final = r"\b(?:budget|spend|spending|ausgeben|ausgabe|dépenser|presupuesto|gastar|spendere|orçamento)\b|予算"
DOLLARS: Final = r"(?:us[ -]?dollars?|dollars?|usd|dólares|dollari|bucks|ドル)"
OTHER_MONEY: Final = r"(?:euros?|eur|€|pounds?|pfund|gbp|£|francs?|franken|chf|yen|円|jpy|rupees?|yuan)"
THOUSAND: Final = {"thousand": 1_000, "tausend": 1_000, "mille": 1_000, "mil": 1_000, "mila": 1_000, "k": 1_000}
TITLE: Final = (
    r"(?:^|[.!?,;]\s*|\band )(?:the |its |a )?(?:working )?title (?:is|should be|shall be|will be)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*|\bit )(?:is |should be |shall be )?(?:titled|entitled)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*|\bund )(?:der |ihr |sein )?(?:arbeits)?titel (?:ist|lautet|soll sein|heißt|heisst)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*|\bet )(?:le |son )?titre (?:est|sera)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*|\by )(?:el |su )?título (?:es|será)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*|\be )(?:il |suo )?titolo (?:è|sarà)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*|\be )(?:o |seu )?título (?:é|será)[:,]?\s+(.+)",
    r"(?:^|[.!?,;]\s*)(?:title|titel|titre|título|titolo)\s*:\s*(.+)",
    r"タイトルは[「『\"]?(.+?)[」』\"]?(?:です|にして|で|。|$)",
)
_FILLERS: Final = (
    "a about all and as at be by can do exactly film for format have i in is it its language languages length long "
    "make may more most must my no not of on only or our over please run runs should spend than that the this to "
    "total up version versions video was we will with would you your lasts last lasting duration clip spot limit "
    "maximum max um uh er äh ähm also auf aus bis das dauer dauern dauert der die dem den des doch ein eine einen es "
    "etwa für genau gesamt gern haben höchstens ich ist insgesamt lang länge lautet machen maximal mehr mit nicht nur "
    "sein sie soll sollte sprache sprachen und unser von werden wir wird zu als ausgeben au avec ce cette dans de "
    "doit durée dure durer du elle en est et fait il je la langue langues le les mais nous pas plus pour que sera "
    "soit un une voudrais vidéo dépenser al como con debe del desde duración durar el eso idioma idiomas las lo los "
    "más máximo para por quiero sea ser su una y gastar vídeo che da deve della di durata durare e essere fa lingua "
    "lingue massimo non più per sia spendere com dos duração em línguas não o os seja uma "
    "です を は の で に と して ください "
)
FILLERS: Final = frozenset(_FILLERS.split())
"""Words next to which a setting stands alone. A sentence of these and its settings says nothing about the content."""
