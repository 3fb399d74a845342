"""Words with which people order a film in further languages, as parts of regular expressions, each concept one text.

Romanian, Hungarian, Slovak, Croatian, Serbian, Bulgarian, Catalan, Danish, Finnish, Estonian, Lithuanian, Latvian,
Swahili, Tagalog, Thai, Vietnamese, Indonesian, Urdu, Bengali, Marathi, Tamil. `words.py` has the others.
"""

import re
from typing import Final

from activities.text.patterns import Pattern

ORDER_FIRST: Final = (
    r"a[mș] (?:vrea|dori)|ne-ar plăcea|v(?:rem|reau)|avem nevoie|dorim|v[ăa] rog|v[ăa] rugăm|te rog|faceți|"
    r"creați|realizați|"
    r"készíts(?:etek|en)?|"
    r"prosíme|chceli by sme|potrebuj(?:em|eme)|vytvorte|"
    r"želim(?:o)?|željeli bismo|želeli bismo|trebam(?:o)?|treba (?:nam|mi)|molim(?:o)?|napravite|"
    r"желимо|желели бисмо|треба нам|молимо|направите|искаме|искам|бихме искали|моля|нуж(?:ен|на|но) ни е|трябва ни|"
    r"направете|volem|vull|voldr(?:íem|ia)|necessit(?:em|o)|si us plau|ens cal|feu|"
    r"vi vil gerne|jeg vil gerne|soovi(?:me|n)|vaja(?:me|n)|palun|norim(?:e)?|norėtume|mums reikia|prašome|vēlamies|"
    r"mums vajag|lūdzu|tuna(?:hitaji|taka|omba)|nina(?:hitaji|taka|omba)|tafadhali|kailangan (?:namin|ko)|"
    r"gusto (?:namin|ko)|mohon|kami mau|chúng tôi muốn|làm (?:cho|giúp)|ขอ(?=วิดีโอ|คลิป|ให้)"
)
ORDER_LAST: Final = (
    r"چاہیے|چاہتے ہیں|بنا(?:ئیں|ئیے| دیں)|درکار ہے|চাই|দরকার|লাগবে|প্রয়োজন|(?:বানিয়ে|তৈরি করে) দিন|তৈরি করুন|"
    r"வேண்டும்|தேவை|உருவாக்க(?:வும்|ுங்கள்)|தயாரிக்கவும்|हव[ाीे] (?:आहे|होता)|पाहिजे|बनवा"
)
ORDER_ANYWHERE: Final = (
    r"szeretné(?:k|nk)|kér(?:ek|ünk|nék|nénk|jük)|kellene|kell egy|szükségünk van|potřebovali bychom|potrzebujemy|"
    r"chcielibyśmy|chcielibysmy|trebali bismo|trebamo|бихме искали|нам нуж(?:ен|на|но|ны)|нам потрібн[оаи]|"
    r"tarvitsemme|tarvitsisimme|haluaisimme|kami (?:butuh|ingin|memerlukan)|อยากได้|ต้องการ|ขอให้ทำ"
)
MEDIUM: Final = (
    r"videoclip\w*|spotul\w*|reclam[ăae]\w*|clipul\w*|kisfilm\w*|rövidfilm\w*|spotot|видеоклип\w*|клип\w*|"
    r"реклам\w*|видео\w*|"
    r"spotas|klipas|anunci|vídeo|reklaam\w*|reklām\w*|tangazo|bidyo|patalastas"
)
MEDIUM_ANYWHERE: Final = (
    r"ভিডিও|বিজ্ঞাপন|রিল|வீடியோ|காணொளி|விளம்பர|ویڈیو|اشتہار|व्हिडिओ|जाहिरात|వీడియో|ప్రకటన|વિડિયો|ਵੀਡੀਓ|ವೀಡಿಯೊ|വീഡിയോ"
)
SEEN_FIRST: Final = (
    r"(?:începe(?:ți|m)?|încheie|încheiați|termină|terminați|deschide(?:ți|m)?) cu|arată|arătați|se v(?:ede|ăd)|"
    r"vedem|"
    r"kezd(?:jük|j|je|jétek|ődjön)|nyissunk|zárj(?:uk|átok)|fejezzük be|lás(?:suk|sunk)|látjuk|látszik|"
    r"mutas(?:suk|sátok|d|sa)|"
    r"(?:začnite|začíname|skončite|ukončite)(?: s)?|ukážte|vidno|"
    r"(?:započnite|počnite|počinjemo|završite|završavamo) (?:sa?)?|(?:pokaž|prikaž)ite|vid(?:imo|i se|e se)|"
    r"(?:започните|почните|завршите) (?:са?)?|(?:покаж|прикаж)ите|види(?:мо| се)|"
    r"(?:започнете|започваме|завършете|завършваме) с(?:ъс)?|покажете|виждаме|вижда(?:т)? се|"
    r"(?:comen(?:ça|ceu|cem)|obr(?:e|iu|im)|acab(?:a|eu|em)|tan(?:ca|queu|quem)) amb|mostr(?:a|eu)|ensenyeu|"
    r"es veu(?:en)?|"
    r"veiem|alusta(?:ge|me)|näidake|näeme|pradėkite|parodykite|matome|sāciet ar|parādiet|redzam|"
    r"(?:anza|malizia|maliza) na|onyesha|tunaona|magsimula sa|ipakita|makikita|"
    r"(?:เริ่ม|เปิด|จบ|ปิดท้าย)(?:ด้วย|จาก|ที่)|ตัด(?:ไป)?ที่|(?:ให้|เรา)?เห็น|แสดง|"
    r"(?:फिर )?दिख(?:ाइए|ाएँ|ाएं|ाओ)(?: कि)?|हम देखते हैं(?: कि)?|cho thấy|chúng ta thấy|perlihatkan|terlihat|"
    r"kita (?:me)?lihat"
)
SEEN_LAST: Final = (
    r"سے (?:شروع|آغاز)(?: کریں| ہو)?|دکھا(?:ئیں|ئیے|ئی دے)|پر ختم(?: کریں| ہو)?|"
    r"(?:দিয়ে|থেকে) (?:শুরু|শেষ)(?: করুন| হবে| হোক)?|(?:দেখান|দেখাবেন|দেখা (?:যায়|যাবে))|"
    r"(?:உடன்|இருந்து|கொண்டு) தொடங்க(?:வும்|ுங்கள்)|காட்ட(?:வும்|ுங்கள்)|(?:पासून|ने) (?:सुरुवात|शेवट)(?: करा)?|"
    r"दाखवा|"
    r"से (?:करें|कीजिए|करो|की जाए)|(?:दिखे|दिखाई दे)"
)
THEN: Final = (
    r"apoi|după aceea|mai întâi|la (?:final|sfârșit|început)|în final|pe urmă|először|előbb|aztán|azután|utána|"
    r"majd|ezután|"
    r"végül|a (?:végén|elején)|najprv|najskôr|nakoniec|prvo|zatim|nakon toga|na (?:kraju|početku|konci|začiatku)|"
    r"прво|затим|на (?:крају|почетку)|първо|след това|накрая|в (?:края|началото)|"
    r"a continuació|llavors|després|al final|finalment|til sidst|lõpuks|pradžioje|pabaigoje|beigās|"
    r"kwanza|kisha|halafu|mwishoni|pagkatapos|sa (?:dulo|huli)|จากนั้น|ต่อมา|ตอน(?:จบ|ท้าย)|สุดท้าย|ก่อนอื่น|แล้ว|"
    r"đầu tiên|tiếp theo|pertama|selanjutnya|di akhir|terakhir|پہلے|پھر|اس کے بعد|آخر میں|"
    r"প্রথমে|তারপর|এরপর|(?:সব)?শেষে|முதலில்|பிறகு|பின்னர்|அடுத்து|இறுதியில்|கடைசியில்|प्रथम|मग|(?:त्या)?नंतर|शेवटी|"
    r"शुरुआत(?: में)?"
)
ENDS: Final = (
    r"la (?:final|sfârșit)|în final|(?:încheie|încheiați|termină|terminați) cu|a végén|végül|zárj(?:uk|átok)|"
    r"fejezzük be|"
    r"nakoniec|závěr(?:em)?|záver(?:om)?|zakończenie|final|skončite|ukončite|na (?:kraju|závěr|záver|końcu)|"
    r"završite|на крају|завршите|накрая|в края|завършете|"
    r"(?:acab(?:a|eu|em)|tan(?:ca|queu|quem)) amb|til sidst|loppuun|lõpuks|pabaigoje|beigās|mwishoni|sa (?:dulo|"
    r"huli)|"
    r"ตอน(?:จบ|ท้าย)|ปิดท้าย|จบด้วย|สุดท้าย|kết thúc|terakhir|(?:akhiri|tutup) dengan|آخر میں|(?:সব)?শেষে|"
    r"இறுதியில்|கடைசியில்|शेवटी"
)
TEXT: Final = (
    r"textul|mesajul|cuvintele|inscripția|sloganul|szöveg\w*|felirat\w*|szlogen\w*|natpis\w*|riječi|reči|"
    r"tekst\w*|натпис\w*|"
    r"rètol|paraules|lema|sõnad|užrašas|tekstas|uzraksts|maandishi|maneno|ข้อความ|คำว่า|ตัวหนังสือ|متن|تحریر|"
    r"عبارت|الفاظ|"
    r"লেখা|টেক্সট|শব্দ|வாசகம்|எழுத்து|உரை|வார்த்தை|मजकूर|अक्षरे|लिहिलेले"
)
NARRATOR: Final = (
    r"vocea?(?: din off| naratorului)?|nara(?:torul|toarea)|povestitorul|(?:a |egy )?(?:narrátor(?:hang)?|"
    r"elbeszélő|mesélő)|"
    r"rozprávač(?:ka)?|pripovjedač(?:ica)?|glas iz offa|spiker(?:ka)?|приповедач|наратор|"
    r"глас(?:ът)?(?: зад кадър)?|"
    r"разказвач(?:ът|ка)?|(?:el |la )?(?:veu(?: en off)?)|fortælleren|jutustaja|pasakotojas|diktors|msimulizi|"
    r"ผู้บรรยาย|เสียงบรรยาย|giọng đọc|người kể chuyện|راوی|কথক|ভাষ্যকার|বর্ণনাকারী|கதைசொல்லி|வர்ணனையாளர்|"
    r"பின்னணிக் குரல்|निवेदक"
)
SAYS: Final = (
    r"spune|zice|întreabă|răspunde|șoptește|strigă|(?:azt )?(?:mondja|kérdezi|feleli|válaszolja|suttogja|kiáltja)|"
    r"hovorí|pýta sa|odpovie|kaže|odgovara|šapuće|каже|одговара|казва|отговаря|шепне|diu|respon|xiuxiueja|"
    r"spørger|hvisker|ütleb|küsib|vastab|jautā|anasema|anauliza|anajibu|"
    r"พูด(?:ว่า)?|ถาม(?:ว่า)?|ตอบ(?:ว่า)?|กระซิบ(?:ว่า)?|hỏi|trả lời|đáp|کہت[اےی] ہیں?|پوچھت[اےی] ہیں?|"
    r"বলে(?:ন)?|জিজ্ঞ(?:েস|াসা) করে(?:ন)?|উত্তর দেয়|சொல்கிற(?:ார்|ாள்|ான்)|கூறுகிற(?:ார்|ாள்)|"
    r"கேட்கிற(?:ார்|ாள்|ான்)|म्हणत(?:ो|े|ात)|विचारत(?:ो|े|ात)"
)
SHOWN: Final = (
    r"pe ecran|a képernyőn|képernyőn|na obrazovke|na (?:ekranu|zaslonu)|на екрана?у?|a la pantalla|en pantalla|"
    r"på skærmen|"
    r"ruudulla|ruudussa|ekraanil|ekrane|ekrānā|kwenye skrini|sa screen|(?:บน)?หน้าจอ|บนจอ|"
    r"اسکرین پر|(?:স্ক্রিনে|পর্দায়)|திரையில்|स्क्रीनवर|पडद्यावर"
)
LENGTHS: Final = (
    r"secund[ăe]|másodperc\w*|sekúnd\w*|sekundi|секунд[иe]|segons?|sekundit|sekundži?u|sekunti\w*|วินาที|"
    r"সেকেন্ড|நொடி|விநாடி|سیکنڈ|सेकंद|sekunde|perc\w*|minut\w*|хвилин\w*|минут\w*|минута|phút|menit|นาที|মিনিট|"
    r"நிமிட|منٹ"
)
GOODBYE: Final = (
    r"(?:kind |best |warm )?regards|best(?= ?[,!.]|$)|(?:viele |liebe |beste |schöne )?gr[uü](?:ß|ss)e?|lg|vg|mfg|"
    r"(?:un )?saludos?|(?:un )?abrazos?|bises|cordialement|à bientôt|saluti|a presto|abraços?|bjs?|beijos?|abs|"
    r"att|(?:met vriendelijke )?"
    r"(?:groet(?:en|jes)?|liefs)|pozdrawiamy?|s pozdravem|s pozdravom|(?:lijep |srdačan |лeп )?pozdrav|üdvözlettel|"
    r"cu (?:drag|stimă)|(?:med )?(?:vänliga )?hälsningar|(?:med )?venlig hilsen|mvh|terveisin|saygılarımızla|"
    r"sevgiler|"
    r"с уважением|з повагою|поздрави|χαιρετίσματα|"
    r"φιλικά|φιλιά|με εκτίμηση|(?:varma|bästa) hälsningar|"
    r"(?:um |un )?(?:grande |gran )?(?:beijinho|abraço|abrazo)|serdecznie|srdečně|"
    r""
    r"تحياتي|مع التحية|با احترام|בברכה|सादर|শুভেচ্ছান্তে|salam|"
    r"trân trọng|此致|敬上|よろしく"
)
COURTESY: Final = (
    r"дяку\w+|moi(?:kka)?|terve|bună ziua|salut\w*|mulțum\w+|szia(?:sztok)?|helló|jó napot|köszön\w+|üdv\w*|"
    r"dobrý deň|ahojte|ďakuj\w+|vďaka|"
    r"pozdrav\w*|bok|dobar dan|zdravo|hvala|хвала|поздрав|здраво|здравейте|благодар\w+|добър ден|bon dia|gràcies|"
    r"moltes gràcies|tere|aitäh|tänan|labas|laba diena|sveiki|ačiū|paldies|habari|asante|jambo|kumusta|salamat|"
    r"(?:สวัสดี|ขอบคุณ|หวัดดี)(?:มาก)?(?:ค่ะ|ครับ|คะ|จ้า)?|শুভেচ্ছা|নমস্কার|আসসালামু আলাইকুম|হ্যালো|ধন্যবাদ|"
    r"வணக்கம்|நன்றி|السلام علیکم|شکریہ|नमस्कार|"
    r"ありがとう|どうも|dzięki|pozdrawiam|saygılar|sevgiler|hälsningar|terveisin|mvh|hilsen"
)
ABOUT: Final = Pattern(
    r"(?<![^\W\d_])(?:about|around|like|roughly|maybe|approx|circa|ca|or so|ish|so|max|in total|long|etwa|ungefähr|"
    r"rund|maximal|lang|insgesamt|environ|à peu près|maximum|en tout|unos|más o menos|aproximadamente|en total|circa|"
    r"più o meno|cerca de|mais ou menos|ongeveer|około|cirka|примерно|около|всего|τα|περίπου|yaklaşık|تقريبا|"
    r"حوالي|लगभग|"
    # what keeps the film to its length
    r"(?:please )?(?:keep|make|limit) (?:it|this|the (?:film|video|whole thing))|(?:it|the (?:film|video|whole thing)) "
    r"(?:should|must|has to|needs to|can)(?: only)? (?:be|last|run)|to|under|below|at|in|of|a|total|no (?:longer|more) "
    r"than|not (?:longer|more) than|less than|up to|within|or less|tops|most|only|please|length|duration|running time|"
    r"bitte|nicht (?:länger|mehr) als|höchstens|unter|bis|soll\w*|darf|das ganze|dauern|sein|auf|länge|dauer|nur|"
    r"max|maximum|moins de|pas plus de|durée|doit|durer|de|d['’]environ|au plus|s['’]il vous plaît|en|"
    r"m[aá]ximo|como|no más de|menos de|que dure|duraci[oó]n|debe|durar|ser|por favor|"
    r"massimo|non più di|meno di|durata|deve|durare|massima|al massimo|di|"
    r"no máximo|não mais (?:de|do que)|duração|deve|ter|com|até|"
    r"maximaal|niet langer dan|korter dan|lengte|duur|moet|duren|zijn|hoogstens|"
    r"maksymalnie|nie dłużej niż|do|długość|ma|trwać|około|"
    r"max|högst|längd|inte längre än|højst|længde|"
    r"максимум|не (?:дольше|больше|более)|до|длительность|хронометраж|должен|длиться|"
    r"en (?:fazla|çok)|olsun|süre|süresi|toplam|kadar|"
    r"(?:ال)?مدة|المدة|مدته|لا (?:تتجاوز|يتجاوز|تزيد عن)|أقصى|كحد|"
    r"का|की|के|अवधि|ज़्यादा से ज़्यादा|से कम|होना चाहिए|हो)(?![^\W\d_])|"
    r"大约|大約|左右|约|約|ほど|くらい|程度|です|정도|약|控制在|以内|以內|不超过|不超過|时长|時長|总|總|共|长|長さ|全体|尺|合計|"
    r"は|で|お願いします|お願い|길이|전체|이내|총|분량|는|은|로|으로|해|주세요|입니다",
    re.IGNORECASE,
)
"""Around a length that is the whole sentence: "Like 15s.", "etwa 20 Sekunden"."""
