"""Words of scripts in further languages, as parts of regular expressions: labels, framings, names of shots and steps.

`labels.py` has those of English, German, French, Spanish, Italian, Portuguese, Chinese, Japanese, Korean, Arabic,
Russian and Hindi. The folder `vocabulary` has voices, sounds, notes and places in the film, for all languages.
"""

import re
from typing import Final

from activities.text.patterns import Pattern

VOICE: Final = (
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech
    r"what we (?:say|hear)|stem|verteller|commentaarstem|lektor(?:ka)?|głos(?: z offu)?|speaker(?:röst)?|"
    r"berättar(?:röst|e)|"
    r"speak|fortæller(?:stemme)?|forteller(?:stemme)?|kertoja(?:ääni)?|selostus|spiikki|hlas|vypravěč(?:ka)?|"
    # Greek, Turkish, Ukrainian, Persian, Hebrew, Thai, Vietnamese, Indonesian, Chinese
    r"αφήγηση|αφηγητής|αφηγήτρια|εκφώνηση|φωνή|dış ses|anlatıcı|seslendirme|закадровий голос|"
    r"оповідач(?:ка)?|گفتار متن|گفتار|صدای راوی|راوی|نریشن|קריינית|קריינות|קריין|מספרת?|קול|เสียงบรรยาย|บรรยาย|"
    r"ann(?:oun)?c['’]?r|lời bình|thuyết minh|narasi|narator|畫外音|解說詞?|口白|voce f\.?\s?c\.?|voix h\.?\s?c\.?|"
    r"нарратор|नैरेटर|"
    r"vocea?(?: din off| naratorului)?|narator(?:ul)?|narrátor(?:hang)?|narráció|alámondás|rozprávač|komentár|"
    r"naracija|"
    r"glas iz offa|glas(?=\s*[:(]|$)|spiker|наратор|нарација|глас(?: зад кадър)?|разказвач|дикторски текст|"
    r"veu(?: en off)?|locució|"
    r"jutustaja|pasakotojas|diktors|msimulizi|tagapagsalaysay|ผู้บรรยาย|เสียงพากย์|giọng đọc|người dẫn chuyện|"
    r"suara narator|"
    r"وائس ?اوور|پس منظر آواز|কথক|ভয়েস ?ওভার|নেপথ্য কণ্ঠ|ধারাভাষ্য|பின்னணிக் குரல்|வாய்ஸ் ?ஓவர்|கதைசொல்லி|"
    r"निवेदन|निवेदक|"
    r"व्हॉइस ?ओव्हर|వాయిస్ ?ఓవర్|కథకుడు"
)
LETTERING: Final = (
    r"плашка|závěrečný text|tekst końcowy|slottekst|sluttekst|loppu(?:teksti)|"
    r"on the board|टेक्स्ट|نص|legal|disclaimer|(?:small|fine) ?print|footnote|pflichttext|rechtlicher hinweis|"
    r"fußnote|"
    r"mentions? légales?|aviso legal|"
    r"note legali|avviso legale|hashtags?|tekst(?: in beeld| op scherm| na ekranie| på skærm(?:en)?|"
    r" på skjerm(?:en)?)?|titelkaart|"
    r"ondertitel|napis|plansza|text i bild|skylt|textskylt|tekstplakat|teksti(?: ruudulla)?|ruututeksti|"
    r"text na obrazovce|titulek|nápis|κείμενο(?: στην οθόνη)?|σούπερ|καρτέλα|επιγραφή|ekran yazısı|ekranda|yazı|"
    r"(?:엔딩|마무리) ?(?:문구|멘트|카피)|titrage|grafi[ck]a|gráfic[oa]|grafismo|grafik|graphi(?:cs?|que)|"
    r"sobreimpreso|титр|напис(?: на екрані)?|نوشته(?: روی تصویر)?|متن روی تصویر|زیرنویس|כיתוב(?: על המסך)?|"
    r"טקסט(?: על המסך)?|"
    r"螢幕文字|螢幕字幕|畫面文字|標題|ข้อความ(?:บนจอ)?|chữ trên màn hình|teks(?: di layar)?|"
    r"text(?:ul)?(?: pe ecran)?|szöveg|felirat|titulok|natpis|натпис|tekst(?:as)?|текст|надпис|rètol|ข้อความ|"
    r"ตัวหนังสือ|"
    r"متن|تحریر|লেখা|টেক্সট|সুপার|எழுத்து|வாசகம்|मजकूर|"
    # in any language, the screen with its preposition: "Text pe ecran", "Szöveg a képernyőn", "Na ekranu"
    r"(?<![^\W_,;] )(?:(?:text\w{0,3}|szöveg|tekst\w{0,2}|текст|teks|κείμενο|chữ|ข้อความ|napis|plansza|titulek|"
    r"nápis|natpis|надпись|надпис|напис|титр|legenda) )?"
    r"(?:(?:pe|a|na|la|a la|på|на|op(?: het)?|di|trên|στην|على|על|en|em|no|sa|kwenye) ?)?(?:ecran|képernyőn|"
    r"obrazovke|"
    r"ekran(?:u|ie|e|il)|zaslonu|skjermen|skærmen|skärmen|ruudu(?:lla|ssa)|οθόνη|экране|екран[аіу]|layar|màn hình)|"
    r"(?<![^\W_,;] )(?:(?:texte? )?à l['’]écran|en pantalla|na tela|a schermo|sullo schermo|auf dem bildschirm|"
    r"im bild|in beeld|"
    r"i bild(?:en)?)|(?:บน)?หน้าจอ|บนจอ|স্ক্রিনে|পর্দায়|திரையில்|اسکرین پر|स्क्रीनवर|पडद्यावर"
)
ON_SCREEN: Final = (
    r"(?:on[\s-]?screen|on the screen|auf dem (?:bild)?schirm|im bild|en pantalla|à l['’]écran|na tela|"
    r"a schermo|in beeld|"
    r"на экране|на екрані|na ekranie|i bild(?:en)?|στην οθόνη|ekranda|على الشاشة|स्क्रीन पर)[,:]? "
    r"(?:the |our |die |der |das |unsere |el |la |nuestr[oa] |le |notre |o |a |nosso |il |наш )?"
    r"(?:phone(?: number)?|number|address|price|date|hashtag|link|url|website|web address|reads|says|it says|"
    r"steht|telefon(?:nummer)?|nummer|adresse|preis|datum|webseite|tel[eé]fono|n[uú]mero|direcci[oó]n|precio|"
    r"fecha|dice|"
    r"pone|t[ée]l[ée]phone|num[ée]ro|prix|site|telefone|endereço|preço|data|prezzo|indirizzo|numero|телефон|номер|"
    r"адрес|"
    r"цена|дата|сайт|ціна|cena|adres|τηλέφωνο|τιμή|telefon|fiyat|adres|السعر|العنوان|الهاتف|फ़ोन|कीमत|पता)"
)
"""A label that says where the text is and what it is: "On screen the phone number: …"."""
SCREEN: Final = (
    r"on[\s-]?(?:the )?screen|im bild|auf dem (?:bild)?schirm|à l['’](?:écran|image)|en pantalla|na tela|a schermo|"
    r"sullo schermo|in beeld|i bild(?:en)?|på sk[äæj]\w+|"
    r"на экране|на екрані|na ekranie|na obrazovce|ekranda|στην οθόνη"
)
"""The screen with its preposition, which may show text or a picture."""
ENDLINE: Final = (
    r"標語|标语|广告语|廣告語|슬로건|캐치프레이즈|엔드라인|pay-?off|hasło|slagord|slutord|iskulause|"
    r"σλόγκαν|гасло|شعار تبلیغاتی|شعار پایانی|סלוגן|lema|assinatura|bordão"
)
CLOSING_WORDS: Final = (
    r"(?:closing|final|sign-?off|end(?:ing)?|last) (?:message|words?|slogan|claim|statement|line|sentence)|"
    r"(?:schluss|end|abschluss)-?(?:slogan|claim|botschaft|formel|spruch|zeile|satz|text)|letzter satz|"
    r"(?:signature|accroche|slogan|message|conclusion|réplique|phrase|texte) (?:de fin|finale?|de clôture)|"
    r"dernière phrase|"
    r"(?:frase|línea|mensaje|texto|lema|eslogan) (?:de cierre|final|de remate)|última frase|remate|"
    r"(?:frase|battuta|slogan|messaggio|testo) (?:di chiusura|finale)|ultima frase|"
    r"(?:frase|mensagem|slogan|assinatura|texto) (?:de encerramento|de fecho|final)|"
    r"(?:slot|eind)(?:zin|slogan|tekst|boodschap)|afsluiter|afsluitende zin|"
    r"slut(?:replik|kläm|fras|mening|text|linje)|avslutningsfras|sluttreplikk|"
    r"(?:hasło|zdanie|tekst) (?:końcowe|na koniec|zamykające)|závěrečn[áýé] (?:věta|slogan)|"
    r"(?:финальн|заключительн|завершающ|последн)(?:ая|яя) (?:фраза|строка|реплика)|финальный слоган|"
    r"(?:фінальн|заключн|кінцев|останн)(?:а|я) (?:фраза|репліка)|фінальний слоган|"
    r"(?:kapanış|bitiş|son) (?:cümlesi|sloganı|metni|sözü|cümle|slogan|söz)|τελική (?:φράση|ατάκα)|"
    r"(?:الجملة|العبارة|الكلمة|السطر) (?:الختامية|الأخيرة|الختامي|الأخير)|(?:جملة|عبارة) (?:الختام|النهاية|ختامية)|"
    r"(?:جمله|عبارت) (?:پایانی|آخر)|משפט (?:סיום|הסיום)|(?:अंतिम|आख़िरी|समापन) (?:पंक्ति|वाक्य|लाइन)|"
    r"(?:締め|結び|最後)の?(?:一言|言葉|コピー|セリフ|フレーズ)|エンドコピー|エンドライン|"
    r"(?:结束|结尾|收尾|片尾)(?:语|句|文案)|結(?:束|尾)語|마지막 ?(?:멘트|한마디|카피)|"
    r"kalimat penutup|slogan penutup|câu (?:kết|chốt)|záró(?:mondat|szlogen|szöveg)|"
    r"(?:fraza|replica|sloganul) (?:final[ăe]?|de încheiere)|loppu(?:lause|slogan|repliikki)|คำปิดท้าย"
)
"""Labels of what is said and read at the end, before a colon: as parts of a sentence, they are none."""
PICTURE: Final = (
    r"(?:the|le|la|der|das|el|il|lo|o|de|het) (?:film|video|vidéo|spot|clip|vídeo|story|histoire|historia|storia|"
    r"história|handlung)(?=\s*[:：]|$)|"
    r"(?:what )?(?:we|you) see|beeld|obraz|bilden|kuva|εικόνα|görüntü|зображення|تصویر|תמונה|ויזואל|畫面|ภาพ|"
    r"hình ảnh|gambar|"
    r"imagini|kép|obraz|slika|слика|изображение|imatge|pilt|vaizdas|picha|ภาพ|تصویر|দৃশ্য|ছবি|காட்சி|दृश्य"
)
LENGTH: Final = (
    r"tijd|czas|tid|kesto|aika|čas|délka|χρόνος|διάρκεια|süre|час|тривалість|مدت|زمان|משך|זמן|時長|เวลา|"
    r"thời lượng|durasi|"
    r"durat[ăa]|hossz|időtartam|dĺžka|trajanje|трајање|продължителност|durada|kestus|trukmė|muda|দৈর্ঘ্য|সময়|"
    r"நேரம்|دورانیہ|वेळ"
)
TITLE: Final = (
    r"題名|標題|שם הסרט|כותרת|τίτλος|tytuł|název|otsikko|başlık|назва|tittel|titel|ชื่อเรื่อง|tiêu đề|judul|"
    r"titlul|titlu|cím|názov|naslov|наслов|заглавие|títol|pealkiri|pavadinimas|jina|শিরোনাম|தலைப்பு|عنوان|शीर्षक"
)
FRAMING: Final = (
    r"(?:half)?totaal|helbild|halvbild|närbild|plan ogólny|plan średni|zbliżenie|detal|celek|polocelek|"
    r"γενικό(?: πλάνο)?|"
    r"κοντινό(?: πλάνο)?|μεσαίο(?: πλάνο)?|genel plan|orta plan|yakın plan|загальний план|середній план|"
    r"(?-i:PPP?|C[LMA]|DETT|T?GP|P[GMDRAE]|H[TN])(?=\.?(?:\s|$))|"
    r"крупний план|نمای (?:باز|نزدیک|متوسط|دور)|תקריב|צילום רחב|לונג שוט|遠景|特寫|वाइड(?: शॉट)?|क्लोज़?[ -]?अप|"
    r"मिड शॉट|"
    r"plan general|plan mediu|plan apropiat|detaliu|nagytotál|totál|kistotál|közeli|félközeli|detail|"
    r"krupni plan|krupni kadar|"
    r"общ план|едър план|среден план|широки план|крупни план|средњи план|pla general|primer pla|pla detall|"
    r"yleiskuva|puolikuva|lähikuva|halvnær|nærbilde|nærbillede"
)
SHOTS: Final = (
    r"ujęcie|kadr|scen|tagning|kohtaus|otos|záběr|scéna|πλάνο|σκηνή|λήψη|sahne|çekim|نمای|نما|صحنه|سکانس|שוט|"
    r"סצנה|鏡頭|鏡|畫面|場景|ช็อต|ฉาก|cảnh|adegan|"
    r"cadru(?:l)?|jelenet|snitt|kép|beállítás|záber|scéna|kadar|кадар|сцена|кадър|pla|presa|kaader|stseen|"
    r"kadras|picha|eksena|"
    r"सीन|phân cảnh|منظر|شاٹ|سین|দৃশ্য|শট|காட்சி|ஷாட்|शॉट|klip|billede"
)
SHOT_NOUNS: Final = (
    r"shot|scene|frame|szene|einstellung|bild|plano|toma|escena|scène|séquence|inquadratura|scena|cena|カット|"
    r"ショット|シーン|"
    rf"場面|镜头|镜|画面|场景|컷|장면|لقطة|اللقطة|مشهد|المشهد|кадр|сцена|शॉट|दृश्य|{SHOTS}"
)
STEPS: Final = (
    r"step|reason|tip|reminder|rule|fact|sign|mistake|myth|habit|trick|提醒|要点|秘诀|技巧|妙招|schritt|grund|tipp|étape|"
    r"raison|conseil|paso|raz[oó]n|motivo|consejo|passo|raz[aã]o|dica|"
    r"passaggio|ragione|consiglio|stap|reden|krok|powód|steg|anledning|trin|trinn|grunn|vaihe|syy|důvod|βήμα|"
    r"λόγος|adım|neden|шаг|причина|крок|خطوة|الخطوة|سبب|السبب|مرحله|دلیل|שלב|סיבה|चरण|कारण|ステップ|手順|理由|"
    r"步骤|步驟|단계|이유|팁|꿀팁|コツ|ポイント|ขั้นตอน(?:ที่)?|bước|langkah|"
    r"pasul|motivul|sfatul|lépés|korak|razlog|savjet|корак|разлог|стъпка|raó|samm|põhjus|žingsnis|priežastis|"
    r"hatua|sababu|"
    r"ধাপ|কারণ|படி|காரணம்|पायरी|कारण|قدم|وجہ|ข้อ(?:ที่)?|lý do"
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
NUMBER_WORDS: Final = "|".join(word for each in NUMBERS for word in each.split())
HAN_DIGITS: Final = "一二三四五六七八九十"
_COUNTS: Final = {word: k for k, each in enumerate(NUMBERS, start=1) for word in each.split()} | {
    digit: k for k, digit in enumerate(HAN_DIGITS, start=1)
}
ANNOUNCED_STEPS: Final = Pattern(
    rf"(?<!\w)(?:\d{{1,2}}|{NUMBER_WORDS}|[{HAN_DIGITS}]|"
    r"две|три|четыре|пять|шесть|семь|दो|तीन|चार|पाँच|पांच|छह|सात|ثلاث\w*|أربع\w*|خمس\w*|üç|dört|beş|세|네|다섯)"
    rf"\s*(?:つの|[个個]の?|가지|条)?\s*(?:[^\W\d_]+\s+)?(?:{STEPS}|gründe|причин|ragion|passaggi|passi|consigli|powod|"
    r"ways?\b|things\b|facts\b|rules\b|habits\b|mistakes\b|formas\b|maneras\b|cosas\b|façons\b|choses\b|wege\b|dinge\b|"
    r"modi\b|cose\b|способ|вещ|तरीक|방법|方法|طرق|yol\b)",
    re.IGNORECASE,
)
"""What announces a list of items to say: "three good reasons", "in vier Schritten"."""
"""The words for 1 to 10."""
SIGNS: Final = (
    r"πινακίδα|ταμπέλα|табличк[аи]|вывеск[аи]|вивіска|табела|натпис|tabela|levha|szyld|tabliczka|cedule|tabule|"
    r"tabuľa|natpis|"
    r"rètol|cartell|skylt(?:en)?|skilt(?:et)?|kyltti|tábla|felirat|indicator|firma|silt|papan(?: nama)?|"
    r"biển(?: hiệu)?"
)
"""Signs, whose quotation is read."""

OFF_SCREEN: Final = Pattern(
    r"^(?:V\.?\s?O\.?|O\.?\s?[SC]\.?|OFF|ON)(?:[\s-]*(?:SCREEN|CAMERA|VOICE))?$|"
    r"^(?:VOICE[ -]?OVER|CONT(?:['’]?D)?\.?|CONTINUED|CONTIN[UÚ]A|SUITE|SEGUE|FORTS\.?|ПРОД\.?|ПРОДОЛЖ\.?|MORE|"
    r"PRE-?LAP|FILTERED|SUBTITLED?|AUS DEM OFF|IM OFF|HORS[ -]CHAMP|"
    r"FUORI CAMPO|F\.?\s?C\.?|声|画外音?|旁白)\.?$",
    re.IGNORECASE,
)
"""Where a speaker is, which is not how a line is said."""
ORDINALS: Final = (
    r"first|erste[rsn]?|premi(?:er|ère)|primera?|prim[oa]|primeir[oa]|eerste|pierwsz[ay]|första|første|ensimmäinen|"
    r"první|перв(?:ый|ая|ое)|перш(?:ий|а|е)|πρώτ[οη]ς?|ilk|birinci|الأولى|الأول|اول|ראשונה?|पहला|पहली|पहले|"
    r"첫(?: ?번째)?|最初の|第一の",
    r"second|zweite[rsn]?|deuxième|seconde?|segund[oa]|second[oa]|tweede|drug[ai]|andra|andet|andre|toinen|druh[áý]|"
    r"втор(?:ой|ая|ое)|друг(?:ий|а|е)|δεύτερ[οη]ς?|ikinci|الثانية|الثاني|دوم|שנייה?|שני|दूसरा|दूसरी|दूसरे|두 ?번째|"
    r"二つ目の|二番目の",
    r"third|dritte[rsn]?|troisième|tercera?|terz[oa]|terceir[oa]|derde|trzeci[a]?|tredje|kolmas|třetí|трет(?:ий|"
    r"ья|ье)|"
    r"трет(?:ій|я|є)|τρίτ[οη]ς?|üçüncü|الثالثة|الثالث|سوم|שלישית?|तीसरा|तीसरी|तीसरे|세 ?번째|三つ目の|三番目の",
    r"fourth|vierte[rsn]?|quatrième|cuart[oa]|quart[oa]|vierde|czwart[ay]|fjärde|fjerde|neljäs|čtvrt[áý]|"
    r"четв[её]рт(?:ый|ая|ое)|четверт(?:ий|а|е)|τέταρτ[οη]ς?|dördüncü|الرابعة|الرابع|چهارم|רביעית?|चौथा|चौथी|चौथे|"
    r"네 ?번째|四つ目の|四番目の",
    r"fifth|fünfte[rsn]?|cinquième|quint[oa]|vijfde|piąt[ay]|femte|viides|pát[áý]|пят(?:ый|ая|ое)|п['’]ят(?:ий|а|е)|"
    r"πέμπτ[οη]ς?|beşinci|الخامسة|الخامس|پنجم|חמישית?|पाँचवाँ|पांचवां|다섯 ?번째",
    r"sixth|sechste[rsn]?|sixième|sext[oa]|sest[oa]|zesde|szóst[ay]|sjätte|sjette|kuudes|šest[áý]|шест(?:ой|ая|ое)|"
    r"шост(?:ий|а|е)|έκτ[οη]ς?|altıncı|السادسة|السادس|ششم|שישית?|छठा|여섯 ?번째",
)
"""The words for the first to the sixth shot or step."""
LAST: Final = (
    r"last|final|letzte[rsn]?|derni(?:er|ère)|últim[oa]|ultim[oa]|laatste|ostatni[a]?|sista|sidste|siste|viimeinen|"
    r"poslední|последн(?:ий|яя|ее)|آخرین|پایانی|останн(?:ій|я|є)|τελευταί[οα]ς?|son|الأخيرة|الأخير|آخر|אחרונה?|"
    r"आख़िरी|अंतिम|"
    r"最後の|最后(?:一个)?|마지막"
)
COUNTERS: Final = (
    r"단계|번째(?: (?:장면|컷|단계|이유))?|步驟?|步骤|番目(?:の(?:カット|シーン|理由))?|つ目|ステップ目|"
    r"ページ目?|枚目|コマ目|个镜头|個鏡頭|幕|カット目|シーン目"
)
"""Names of shots and steps that follow their number: "1단계:", "第一步："."""


def count_of(text: str) -> int:
    """The number of shots or steps that digits, a word of NUMBERS or a Han digit names."""
    return int(text) if text.isdigit() else _COUNTS[text.lower()]
