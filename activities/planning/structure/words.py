"""Words of scripts in further languages, as parts of regular expressions: labels, framings, names of shots and steps.

`labels.py` has those of English, German, French, Spanish, Italian, Portuguese, Chinese, Japanese, Korean, Arabic,
Russian and Hindi.
"""

import re
from typing import Final

VOICE: Final = (
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech
    r"stem|verteller|commentaarstem|lektor(?:ka)?|głos(?: z offu)?|speaker(?:röst)?|berättar(?:röst|e)|"
    r"speak|fortæller(?:stemme)?|forteller(?:stemme)?|kertoja(?:ääni)?|selostus|spiikki|hlas|vypravěč(?:ka)?|"
    # Greek, Turkish, Ukrainian, Persian, Hebrew, Thai, Vietnamese, Indonesian, Chinese
    r"αφήγηση|αφηγητής|αφηγήτρια|εκφώνηση|φωνή|dış ses|anlatıcı|seslendirme|закадровий голос|"
    r"оповідач(?:ка)?|گفتار متن|گفتار|صدای راوی|راوی|نریشن|קריינית|קריינות|קריין|מספרת?|קול|เสียงบรรยาย|บรรยาย|"
    r"lời bình|thuyết minh|narasi|narator|畫外音|解說詞?|口白"
)
LETTERING: Final = (
    r"hashtags?|tekst(?: in beeld| op scherm| na ekranie| på skærm(?:en)?| på skjerm(?:en)?)?|titelkaart|"
    r"ondertitel|napis|plansza|text i bild|skylt|textskylt|tekstplakat|teksti(?: ruudulla)?|ruututeksti|"
    r"text na obrazovce|titulek|nápis|κείμενο(?: στην οθόνη)?|σούπερ|καρτέλα|επιγραφή|ekran yazısı|ekranda|yazı|"
    r"напис(?: на екрані)?|نوشته(?: روی تصویر)?|متن روی تصویر|زیرنویس|כיתוב(?: על המסך)?|טקסט(?: על המסך)?|"
    r"螢幕文字|螢幕字幕|畫面文字|標題|ข้อความ(?:บนจอ)?|chữ trên màn hình|teks(?: di layar)?"
)
ENDLINE: Final = (
    r"標語|标语|广告语|廣告語|슬로건|캐치프레이즈|엔드라인|pay-?off|hasło|slagord|slutord|iskulause|"
    r"σλόγκαν|гасло|شعار تبلیغاتی|شعار پایانی|סלוגן|lema|assinatura|bordão"
)
SOUND: Final = (
    r"geluid|muziek|dźwięk|muzyka|ljud|musik|lyd|musikk|ääni|musiikki|zvuk|hudba|ήχος|μουσική|ses|müzik|музика|"
    r"صدا|موسیقی|מוזיקה|סאונד|音樂|เสียง|ดนตรี|âm thanh"
)
PICTURE: Final = r"beeld|obraz|bilden|kuva|εικόνα|görüntü|зображення|تصویر|תמונה|ויזואל|畫面|ภาพ|hình ảnh|gambar"
NOTE: Final = (
    r"context|background|agency|campaign|kontext|hintergrund|agentur|contexte|contexto|contesto|doel|"
    r"målgrupp|målgruppe|kohderyhmä|hedef kitle|قالب|הערות?"
)
LENGTH: Final = (
    r"tijd|czas|tid|kesto|aika|čas|délka|χρόνος|διάρκεια|süre|час|тривалість|مدت|زمان|משך|זמן|時長|เวลา|"
    r"thời lượng|durasi"
)
TITLE: Final = r"題名|標題|שם הסרט|כותרת|τίτλος|tytuł|název|otsikko|başlık|назва|tittel|titel|ชื่อเรื่อง|tiêu đề|judul"
FRAMING: Final = (
    r"helbild|halvbild|närbild|plan ogólny|plan średni|zbliżenie|detal|celek|polocelek|γενικό(?: πλάνο)?|"
    r"κοντινό(?: πλάνο)?|μεσαίο(?: πλάνο)?|genel plan|orta plan|yakın plan|загальний план|середній план|"
    r"крупний план|نمای (?:باز|نزدیک|متوسط|دور)|תקריב|צילום רחב|לונג שוט|遠景|特寫|वाइड(?: शॉट)?|क्लोज़?[ -]?अप|मिड शॉट"
)
SHOTS: Final = (
    r"ujęcie|kadr|scen|tagning|kohtaus|otos|záběr|scéna|πλάνο|σκηνή|λήψη|sahne|çekim|نمای|نما|صحنه|سکانس|שוט|"
    r"סצנה|鏡頭|鏡|畫面|場景|ช็อต|ฉาก|cảnh|adegan"
)
STEPS: Final = (
    r"step|reason|tip|schritt|grund|tipp|étape|raison|conseil|paso|raz[oó]n|motivo|consejo|passo|raz[aã]o|dica|"
    r"passaggio|ragione|consiglio|stap|reden|krok|powód|steg|anledning|trin|trinn|grunn|vaihe|syy|důvod|βήμα|"
    r"λόγος|adım|neden|шаг|причина|крок|خطوة|الخطوة|سبب|السبب|مرحله|دلیل|שלב|סיבה|चरण|कारण|ステップ|手順|理由|"
    r"步骤|步驟|단계|이유|ขั้นตอน(?:ที่)?|bước|langkah"
)
NUMBERS: Final = (
    "one ein eins eine un uno una um een jeden",
    "two zwei dos deux due dois duas twee dwa två",
    "three drei tres trois tre três drie trzy kolme tři",
    "four vier cuatro quatre quattro quatro cztery fyra fire",
    "five fünf cinco cinq cinque vijf pięć fem viisi",
    "six sechs seis sei zes sześć seks",
    "seven sieben siete sept sette sete zeven sju syv",
    "eight acht ocho huit otto oito åtta otte åtte",
    "nine neun nueve neuf nove negen nio ni",
    "ten zehn diez dix dieci dez tien dziesięć tio",
)
"""The words for 1 to 10."""

OFF_SCREEN: Final = re.compile(
    r"^(?:V\.?\s?O\.?|O\.?\s?[SC]\.?|OFF|ON)(?:[\s-]*(?:SCREEN|CAMERA|VOICE))?$|"
    r"^(?:VOICE[ -]?OVER|CONT['’]?D\.?|CONTINUED|MORE|PRE-?LAP|FILTERED|SUBTITLED?|AUS DEM OFF|IM OFF|HORS[ -]CHAMP|"
    r"FUORI CAMPO|声|画外音?|旁白)\.?$",
    re.IGNORECASE,
)
"""Where a speaker is, which is not how a line is said."""
