"""Names of sounds in the languages of briefs, one table a meaning: labels, columns and sentences read the same words.

Parts of regular expressions, without case.
"""

import re
from typing import Final

from activities.text.patterns import Pattern, as_word

MUSIC: Final = (
    # English, German, French
    r"(?:film |musical )?score(?!\s*[:：]\s*\d)|(?:background |theme |title )?music(?: bed| track| cue)?|music|"
    r"(?:music )?bed|soundtrack|theme tune|"
    r"(?:hintergrund|film|titel)?musik(?:bett|untermalung)?|untermalung|"
    r"musique(?: de fond| d['’]ambiance)?|fond musical|bande[ -]son|habillage sonore|"
    # Spanish, Italian, Portuguese
    r"m[uú]sica(?: de fondo| de fundo| di sottofondo| ambiental)?|banda sonora|sinton[ií]a|"
    r"sottofondo(?: musicale)?|colonna sonora|base musicale|trilha(?: sonora)?|fundo musical|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian, Romanian, Croatian
    r"(?:achtergrond)?muziekje?|(?:achtergrond)?muziek|muzyka(?: w tle)?|podkład(?: muzyczny)?|"
    r"(?:bakgrunds|baggrunds|bakgrunns)?musikk?|(?:tausta)?musiikki|hudba|hudební podkres|zene|muzic[ăa]|glazba|"
    r"muzika|"
    # Russian, Ukrainian, Serbian, Greek, Turkish
    r"(?:фоновая |фонова )?(?:музыка|музика)|саундтрек|μουσική|(?:fon |arka plan )?müzi(?:k|ği)|"
    # Arabic, Persian, Hebrew, Hindi, Urdu, Bengali, Tamil
    r"(?:ال)?موسيقى(?: الخلفية| التصويرية| خلفية)?|موسیقی(?: متن| پس‌زمینه)?|מוזיקת רקע|מוזיקה|פסקול|"
    r"(?:पृष्ठभूमि |बैकग्राउंड )?(?:संगीत|म्यूज़?िक)|সঙ্গীত|இசை|"
    # Chinese, Japanese, Korean, Thai, Vietnamese, Indonesian, Estonian
    r"(?:背景)?(?:音乐|音樂)|配乐|配樂|BGM|音楽|楽曲|劇伴|(?:배경 ?)?음악|브금|ดนตรี|nhạc(?: nền)?|âm nhạc|"
    r"musik latar|muusika"
)
AMBIENCE: Final = (
    r"ambien(?:ce|t)(?: sounds?)?|atmos?|room tone|background (?:noise|sounds?)|nat(?:ural)?\.? sounds?|nats|"
    r"wild ?track|"
    r"(?:umgebungs|hintergrund)geräusche?|geräusche?|geräuschkulisse|klangkulisse|"
    r"ambiance sonore|fond sonore|bruits? de fond|(?:sonido|ruido|som|ruído) de fondo?|rumor[ei] di fondo|"
    r"sons? d['’]ambiance|sonido ambiente?|sonido ambiental|suoni ambientali|"
    r"som ambiente|(?:omgevings|sfeer|achtergrond)geluid(?:en)?|tło dźwiękowe|(?:bakgrunds|baggrunds|"
    r"miljö)(?:ljud|lyd)|"
    r"интершум|лайф|фоновый шум|ortam sesi|(?:ال)?أصوات (?:الخلفية|المحيط|الطبيعة)|"
    r"环境音|環境音|环境声|環境聲|现场声|現場音|현장음|환경음|주변음"
)
EFFECTS: Final = (
    r"sfx|fx|sound effects?|foley|soundeffekte?|bruitages?|effets sonores|efectos(?: de sonido| sonoros)?|"
    r"effetti(?: sonori)?|efeitos(?: sonoros)?|geluidseffect(?:en)?|efekty(?: dźwiękowe)?|(?:ljud|lyd)effekt(?:er)?|"
    r"äänitehoste(?:et)?|hang(?:effekt|hatás)|звуковые эффекты|шумы?|ses efekt(?:i|leri)|efekt ses|"
    r"(?:ال)?مؤثرات(?: الصوتية| صوتية)?|ध्वनि प्रभाव|音效|效果音|効果音|音効|SE|효과음|เสียงประกอบ"
)
SOUND: Final = (
    r"audio|sounds?(?: design)?|audio cue|ton|sonidos?|sons?|suon[oi]|rumori?|som|geluid(?:en)?|dźwięki?|ljud|lyd|"
    r"ääni|zvuky?|ήχος|ses|звуки?|صدا|סאונד|เสียง|âm thanh|sunet|heli|sauti|শব্দ|ஒலி|ध्वनी|ध्वनि|声音|聲音|"
    r"사운드|소리"
)
"""Names that leave open what is heard."""
EVERY: Final = f"{MUSIC}|{AMBIENCE}|{EFFECTS}|{SOUND}"
HEARD: Final = (
    r"(?:(?:the|a|an|only the|just the) )?(?:sounds?|noise) of|(?:we|you) (?:only |just )?hear|"
    r"(?:nur )?(?:das |ein )?(?:geräusche?|klang|klänge|rauschen) (?:von|der|des|einer|eines)|(?:man|"
    r"wir) hör(?:t|en)|"
    r"(?:le |un |juste le )?(?:bruits?|sons?) d(?:e|u|es|['’])|on entend|(?:el |un |solo el )?(?:sonidos?|"
    r"ruidos?) de|se oyen?|"
    r"(?:il |un |solo il )?(?:suono|rumore) d(?:i|el|ella|ei|ell['’])|si sent(?:e|ono)|"
    r"(?:o |um |só o )?(?:som|barulho|ruído) d[aeo]s?|ouvem?-se|ouve-se|(?:het )?geluid van|(?:we|je) horen?|"
    r"(?:dźwięk|odgłos)\w*|słychać|ljudet av|(?:vi|man) hör|lyden af|lyden av|(?:vi|man) hører|"
    r"(?:звук|шум|стук|скрип)\w*|слышно|слышен|sadece .{1,30} sesi|صوت|نسمع"
)
"""The begin of a sentence that only says what is heard."""
MUSIC_SENTENCE: Final = (
    r"(?:côté|pour la|comme|en|als|zur|as for|for the|as|de|como|en cuanto a la|per la|come|qua|som|co do) "
    rf"(?:la )?(?:{MUSIC})\s*[,:]"
)
"""The begin of a sentence about the music, without a label: "Côté musique, une clarinette."."""
INSTRUMENTS: Final = (
    r"samba|bossa nova|mariachi|flamenco|fado|lo-?fi beats?|jazz|techno|reggae|hip[- ]?hop|"
    r"piano|guitars?|strings|violins?|cello|ukuleles?|harp|flutes?|clarinets?|accordion|organ|drums?|percussion|"
    r"synth\w*|"
    r"brass|trumpets?|orchestra|choir|marimba|glockenspiel|klavier\w*|gitarren?\w*|geigen?|streicher|harfe|flöten?|"
    r"klarinetten?|akkordeon|orgel|schlagzeug|bläser|trompeten?|orchester|guitare|violon|harpe|flûte|clarinette|"
    r"accordéon|orgue|batterie|percussions?|cordes|guitarra|viol[ií]n|violoncelo|arpa|flauta|clarinete|acorde[oó]n|"
    r"órgano|batería|cuerdas|chitarra|violino|flauto|clarinetto|fisarmonica|organo|archi|violão|harpa|acordeão|órgão|"
    r"cordas|cavaquinho|viool|fluit|accordeon|fortepian|gitara|skrzypce|akordeon|organy|pianoforte|gitarr|fiol|"
    r"dragspel|gitar|keman|bağlama|ney|акустическ\w+ гитара|пианино|фортепиано|гитара|скрипка|баян|аккордеон|"
    r"بيانو|عود|ناي|كمان|पियानो|सितार|बाँसुरी|बांसुरी|तबला|钢琴|鋼琴|吉他|小提琴|古筝|笛子|二胡|ピアノ|ギター|アコギ|"
    r"ウクレレ|バイオリン|三味線|피아노|기타|바이올린|가야금|đàn (?:bầu|tranh|piano)|sáo"
)
MOODS: Final = (
    r"calm|gentle|soft|quiet|slow|fast|upbeat|happy|sad|dark|bright|warm|cheerful|uplifting|inspiring|epic|dramatic|"
    r"tense|dreamy|relaxed|relaxing|peaceful|energetic|driving|playful|romantic|melancholic|cinematic|emotional|"
    r"minimal|light|subtle|acoustic|electronic|orchestral|classical|jazzy?|lo-?fi|pop|rock|folk|funky?|techno|swing|"
    r"electr[oó]nic[oa]|electrónica|elettronic[oa]|eletr[oô]nic[oa]|électronique|rapide|r[aá]pid[oa]|veloce|"
    r"ambient|solo|instrumental|lively|simple|background|ruhig\w*|sanft\w*|leise\w*|fröhlich\w*|heiter\w*|leicht\w*|"
    r"langsam\w*|schnell\w*|warm\w*|dezent\w*|flott\w*|spannend\w*|modern\w*|akustisch\w*|elektronisch\w*|"
    r"festlich\w*|doux|douce|calme|lent|lente|lég(?:er|ère)|joyeu(?:x|se)|gai|gaie|entraînante?|discr[eè]te?|"
    r"rythmée?|suaves?|"
    r"tranquil[oa]|alegres?|lent[oa]|liger[oa]|animad[oa]|festiv[oa]|discret[oa]|dolce|tranquill[oa]|allegr[oa]|"
    r"legger[oa]|lent[oa]|vivace|leve|calm[oa]|rustig\w*|zacht\w*|vrolijk\w*|rustige|opgewekt\w*|spokojn\w+|"
    r"łagodn\w+|cich[ay]|wesoł\w+|lekk[ai]\w*|lugn|mjuk|glad|stille|rolig|sakin|yumuşak|hafif|neşeli|hareketli|"
    r"спокойн\w+|тих\w+|мягк\w+|весёл\w+|весел\w+|л[её]гк\w+|нежн\w+|бодр\w+|هادئ[ةه]?|ناعم[ةه]?|مرح[ةه]?|"
    r"حماسي[ةه]?|خفيف[ةه]?|धीमा|मधुर|शांत|हल्का|उत्साहपूर्ण|轻柔|輕柔|舒缓|舒緩|欢快|歡快|温暖|溫暖|激昂|悠扬|"
    r"安静|轻快|"
    r"静か|穏やか|明るい|優しい|やさしい|軽快|しっとり|잔잔한|경쾌한|신나는|따뜻한|부드러운|밝은|nhẹ nhàng|"
    r"vui tươi|sôi động|êm dịu"
)
_FILLERS: Final = (
    r"dazu|dabei|im hintergrund|in the background|underneath|plus|de fond|de fondo|di sottofondo|ao fundo|"
    r"op de achtergrond|w tle|i bakgrunden|背景|"
    r"an?|some|the|with|on|and|just|only|please|ein\w{0,2}|etwas|mit|und|bitte|une?|du|de|la|le|à|au|avec|et|en fond|"
    r"una?|con|y|al|di|e|com|ao|een|met|en|z|i|w tle|med|och|og|bir|ve|с|и|на|مع|और|का|की|के साथ|的|配|な|の|で|"
    r"し|にて|の曲|曲|を|が|流して|お願い(?:いた)?します|ください|のみ|だけ|만|으로|로만|فقط|केवल|सिर्फ़|sadece|"
    r"nur|solo|seulement|apenas|tylko|только"
)
_NAMES: Final = rf"{MUSIC}|\w{{0,20}}(?:musikk?|muziek)|{INSTRUMENTS}"
_NAMED: Final = Pattern(as_word(_NAMES), re.IGNORECASE)
_KNOWN: Final = Pattern(as_word(rf"{_NAMES}|{MOODS}|{_FILLERS}"), re.IGNORECASE)
_DESCRIBED: Final = Pattern(as_word(f"{INSTRUMENTS}|{MOODS}"), re.IGNORECASE)
_VERB: Final = (
    r"i|we|you|they|he|she|it|this|that|there|the|our|my|your|their|his|her|no|is|are|was|loves?|likes?|hears?|plays?|"
    r"makes?|live|wants?|needs?|and|of|to|wir|ich|sie|er|ist|die|der|das|unsere?|keine?|nous|je|la|pas|sans|de|yo|sin|"
    r"es|nuestra|io|senza|sem|não|wij|geen|nie|vi|jag|ingen|мы|это|наша|без"
)
"""Words of other sentences that end with music: "We love music."."""
_KIND: Final = Pattern(
    rf"^\W*(?:(?!(?:{_VERB})\s)[^\W\d_]{{2,20}}\s+){{1,3}}(?:background\s+)?"
    rf"(?:{MUSIC}|\w{{0,20}}(?:musikk?|muziek))[\s.!]*$",
    re.IGNORECASE,
)
"""Music of a kind, in a sentence without a verb: "Fun Mexican music."."""
_WORDS: Final = 8
_LETTERS: Final = 120
"""Languages without spaces have no words to count."""


def names_music(text: str) -> bool:
    """Whether a text names music or an instrument."""
    return _NAMED.search(text) is not None


def is_music(sentence: str) -> bool:
    """Whether a sentence names nothing but music and how it sounds: "Soft piano music."."""
    if len(sentence) > _LETTERS or len(sentence.split()) > _WORDS or not names_music(sentence):
        return False
    is_described = _DESCRIBED.search(sentence) is not None
    return (is_described and not re.search(r"[^\W_]", _KNOWN.sub(" ", sentence))) or _KIND.match(sentence) is not None


_SENTENCE: Final = Pattern(
    rf"^\W*(?:{MUSIC_SENTENCE}|(?:{MUSIC})(?:は|：|:|\s?(?:should|must|soll|doit|debe|deve|moet|musi|должна)\s))",
    re.IGNORECASE,
)
_REFUSED: Final = Pattern(
    rf"^\W*(?:(?:with|please|bitte|mit|avec|con|com)\s+)*(?:no|without|keine?|ohne|sans|pas de|aucune|sin|nada de|"
    rf"senza|"
    rf"niente|sem|nenhuma|geen|zonder|bez|brak|utan|ingen|uten|uden|без|ilman|ei|χωρίς|بدون|بلا|बिना|कोई|tanpa|"
    rf"không có|"
    rf"不要|不用|不加|无|無|没有)\s?(?:{MUSIC})\W*(?:please|bitte|s['’]il (?:vous|te) plaît|svp|por favor|per favore|"
    rf"graag|proszę|пожалуйста|lütfen|के|नहीं|من فضلك)?\W*$"
    rf"|^\W*(?:{MUSIC})\s?(?:は|은|는|도|も)?\s?(?:なし|不要|いりません|없이|없음|빼고|yok|olmasın|istemiyoruz|नहीं)\S{{0,8}}\W*$",
    re.IGNORECASE,
)


def names_only_music(sentence: str) -> bool:
    """Whether a sentence is about music alone: "Soft piano.", "BGMは静かな琴。", "Côté musique, une clarinette."."""
    return is_music(sentence) or _SENTENCE.match(sentence) is not None


def refuses_music(clause: str) -> bool:
    """Whether a clause only says that there is no music: "please no music", "Sem música"."""
    return _REFUSED.match(clause) is not None
