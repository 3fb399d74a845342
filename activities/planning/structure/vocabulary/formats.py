"""How a film is delivered: shapes of its picture, versions, subtitles in the picture, and own footage or no picture.

Parts of regular expressions, without case.
"""

from typing import Final

VERTICAL: Final = (
    r"vertical(?:e|es|is|i|mente)?|portrait|upright|hochkant|hochformat\w*|verticaux|verticais|verticaal|staand|"
    r"pionow\w+|stående|pysty\w*|vertikal\w*|вертикальн\w+|κάθετ\w+|dikey|عمودي[ةه]?|رأسي[ةه]?|عمودی|אנכי\w*|"
    r"वर्टिकल|ऊर्ध्वाधर|竖屏|竖版|豎屏|直式|縦型|縦長|세로(?:형)?"
)
SQUARE: Final = (
    r"square|quadratisch\w*|quadrat(?:format)?|carrée?s?|cuadrad[oa]s?|quadrat[aoie]|quadrad[oa]s?|vierkant\w*|"
    r"kwadrat\w*|kvadrat\w*|neliö\w*|čtverc\w+|квадрат\w*|τετράγων\w+|kare|مربع[ةه]?|מרובע\w*|स्क्वेयर|वर्गाकार|"
    r"方形|正方形|方版|スクエア|정사각(?:형)?"
)
HORIZONTAL: Final = (
    r"landscape|horizontal(?:e|es|i|is)?|widescreen|querformat\w*|paysage|horizontaux|horizontais|horizontaal|"
    r"liggend|"
    r"apaisad[oa]s?|orizzontal[ei]|poziom\w+|liggande|vaaka\w*|горизонтальн\w+|οριζόντι\w+|yatay|أفقي[ةه]?|افقی|"
    r"אופקי\w*|लैंडस्केप|क्षैतिज|横屏|横版|橫式|横型|横長|가로(?:형)?"
)
ONLY_SHAPES: Final = (
    r"verticale?s?|horizontale?s?|hochkant|hochformat|querformat|im (?:hoch|quer)format|en vertical|à la verticale|"
    r"in verticale|"
    r"verticaal|staand(?: formaat)?|pionowo|pionowy|w pionie|stående|вертикальн(?:ый|о|ое)|dikey|عمودي|رأسي|अनुलंब|"
    r"वर्टिकल|竖屏|竖版|豎屏|横屏|横版|直式|縦型|縦長|縦動画|横型|세로(?:형| 영상| 화면)?|가로(?:형| 영상| 화면)?|"
    r"vertikal|pystyvideo|na výšku"
)
"""Shapes whose names are no pictures, as "portrait", "landscape" and "square" are."""
VERSION: Final = (
    r"formats?|formate[ns]?|versions?|versionen|fassung(?:en)?|aspect(?:[ -]ratios?)?|ratios?|renditions?|"
    r"seitenverhältnis(?:se[ns]?)?|bildformate?n?|déclinaisons?|versiones|formatos?|relaci[oó]n de aspecto|formati|"
    r"versioni|vers[õo]es|versão|formaat|formaten|versies?|wersj\w{1,3}|formaty|formatach|versioner|formater|versiot|"
    r"versiona|muodo\w{1,4}|verz[eií]\w{0,2}|formát\w{0,3}|формат\w{0,3}|верси\w{1,3}|версі\w{1,3}|μορφ\w{1,3}|"
    r"εκδόσεις|sürüm\w{0,4}|تنسيق\w{0,3}|صيغ[ةه]?|نسخ[ةه]?|نسخه|פורמטים|פורמט|גרסאות|फ़ॉर्मेट|फॉर्मेट|संस्करण|"
    r"版本|格式|"
    r"尺寸|比例|画幅|バージョン|フォーマット|サイズ|アスペクト比?|버전|포맷|비율|규격"
)
"""Nouns for a version of a film."""
DELIVER: Final = (
    r"deliver(?:ables?|ed|y)?|export(?:s|ed)?|crop(?:s|ped)?|cuts?|cut-?downs?|liefer\w{1,3}|ausspiel\w{1,4}|"
    r"déclin\w+|"
    r"livr\w+|entreg\w+|consegn\w+|lever\w{1,3}|dostarcz\w+|leverer\w{0,3}|交付|导出|納品|書き出し|납품|출력"
)
"""Other words of a delivery."""
CAPTIONS: Final = (
    r"(?:sub-?titles?|captions?|subs)|untertitel\w*|ut|sous-?titres?|sous-?titrage|subt[ií]tulos?|subtitulado|"
    r"sottotitoli|legendas?|ondertitel\w*|ondertiteling|napis(?:y|ami|ów)|undertext\w*|undertekst\w*|tekstity\w+|"
    r"titulk\w+|felirat\w*|subtitr\w+|субтитр\w*|υπότιτλ\w+|alt ?yazı\w*|(?:ال)?ترجم[ةه]|زیرنویس\w*|כתוביות|"
    r"सबटाइटल|उपशीर्षक|字幕|テロップ字幕|자막"
)
BURNED: Final = (
    r"burn(?:ed|t|ing)?(?:[ -]?in)?|hard[ -]?cod\w+|hard[ -]?sub\w*|baked[ -]?in|embedded in the (?:picture|image|"
    r"video)|"
    r"always on|(?:ein|fest ein)gebrannt\w*|einbrenn\w*|einzubrennen|fest im bild|ins bild|incrust\w+|gravés?|"
    r"quemad[oa]s?|incrustad[oa]s?|incorporad[oa]s?|impressi|impressi nel video|incis[ie]|queimad[oa]s?|"
    r"embutid[oa]s?|"
    r"ingebrand\w*|inbranden|wypal\w+|wtopion\w+|na stałe|inbrän\w+|indbrænd\w+|innbren\w+|poltet\w+|vypálen\w+|"
    r"beégetet\w*|arse|вшит\w+|впечата\w+|вписан\w+ в кадр|ενσωματωμέν\w+|gömül\w+|محروق[ةه]|مدمج[ةه]|مدموج[ةه]|"
    r"چسبیده|حک ?شده|צרובות|बर्न|हार्डकोड\w*|烧录|燒錄|烧进|硬字幕|内嵌|嵌入|压制|焼き込\w*|焼き付け\w*|번인|"
    r"하드 ?(?:서브|코딩)|입혀"
)
OPEN_CAPTIONS: Final = r"open captions?|hard[ -]?subs?|硬字幕|하드 ?서브|sous-titres incrustés"
PLACES: Final = (
    r"facebook|fb|insta(?:gram)?|whatsapp|snapchat|pinterest|threads|vimeo|twitch|telegram|intranet|newsletter|"
    r"(?:(?:our|the|unsere|notre|nuestra|il nostro|nosso|onze|nasz[ae]?) )?(?:web ?site|homepage|webseite|"
    r"site(?: (?:web|internet))?|"
    r"p[aá]gina web|sito(?: web)?)|social(?: media)?|socials|redes sociales|réseaux(?: sociaux)?|redes sociais|"
    r"抖音|小红书|视频号|微信|B站|微博|快手|インスタ(?:グラム)?|フェイスブック|ティックトック|ユーチューブ|"
    r"인스타(?:그램)?|유튜브|틱톡|페이스북|"
    r"انستغرام|إنستغرام|يوتيوب|تيك توك|فيسبوك|ютуб\w*|инстаграм\w*|тикток\w*|вконтакте|вк|इंस्टाग्राम|यूट्यूब|"
    r"फ़ेसबुक|zalo"
)
"""Places where a film is published that have no profile of their own."""
