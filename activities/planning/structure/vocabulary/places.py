"""Words for a place in the film, its begin, middle and end, and for a card there, as parts of regular expressions.

Without case. Heads of parts ("Opening: dusk on a drive"), labels ("Schlusstafel: …") and their columns share them.
"""

from typing import Final

BEGINNING: Final = (
    r"opening(?: shot| scene| image)?|(?:we )?open(?: (?:on|with))?|(?:we )?(?:start|begin) on|fade (?:in|"
    r"up)(?: on)?|intro(?:duction)?|start|beginning|first|hook|cold open|"
    r"einstieg|anfang|beginn|auftakt|einleitung|eröffnung|zuerst|ouverture(?: sur)?|début|intro|accroche|d['’]abord|"
    r"inicio|apertura|arranque|comienzo|primero|inizio|introduzione|prima|abertura|começo|início|gancho|primeiro|"
    r"begin|aanloop|eerst|początek|wstęp|otwarcie|najpierw|öppning|början|inledning|först|åbning|begyndelse|"
    r"åpning|først|"
    r"alku|aloitus|avaus|ensin|začátek|úvod|nejprve|начало|(?:открывающий|первый|вступительный) кадр|открытие|"
    r"вступление|завязка|сначала|початок|вступ|"
    r"спочатку|"
    r"αρχή|έναρξη|πρώτα|açılış|giriş|başlangıç|önce|(?:ال)?افتتاحية|(?:في )?البداية|المقدمة|أولاً?|شروع|ابتدا|פתיחה|"
    r"בהתחלה|शुरुआत|आरंभ|पहले|开头|开场|開頭|開場|引入|首先|冒頭|オープニング|導入|最初|まず|오프닝|인트로|"
    r"イントロ|引子|도입|시작|먼저|처음|"
    r"mở đầu|pembuka(?:an)?"
)
MIDDLE: Final = (
    r"then|next|after that|(?:smash |hard )?cut to|dissolve to|schnitt(?: auf)?|coupe|corte a|stacco|corta para|"
    r"middle|later|main part|turn|climax|build|meanwhile|reveal|"
    r"dann|danach|mitte|mittelteil|hauptteil|wendung|wendepunkt|höhepunkt|ensuite|puis|milieu|après|développement|"
    r"luego|después|medio|nudo|desarrollo|poi|dopo|centro|svolta|sviluppo|depois|meio|desenvolvimento|virada|"
    r"daarna|dan|midden|kern|potem|środek|rozwinięcie|następnie|sedan|därefter|mitten|derefter|så|midte|"
    r"sitten|keskikohta|potom|střed|pak|затем|потом|середина|далее|развитие|кульминация|потім|далі|μετά|μέση|"
    r"sonra|orta|gelişme|ardından|ثم|الوسط|(?:في )?المنتصف|بعدها|بعد ذلك|بعد|سپس|אמצע|אחר כך|फिर|मध्य|बाद में|"
    r"然后|然後|接着|接著|中段|中间|中間|中盤|次に|続いて|展開|그다음|그 다음|중간|전개|이어서|lalu|tengah|sau đó"
)
END: Final = (
    r"closing(?: shot| scene| image)?|close|end(?:ing)?|finally|outro|finale?|last|wrap-?up|button|payoff|"
    r"schluss|ende|abschluss|zum schluss|ausklang|fin|clôture|conclusion|chute|enfin|pour finir|"
    r"cierre|desenlace|remate|al final|fine|chiusura|infine|alla fine|fim|encerramento|fecho|fechamento|no fim|"
    r"slot|einde|afsluiting|tot slot|koniec|zakończenie|finał|na koniec|slut|avslutning|till sist|slutning|til sidst|"
    r"til slutt|loppu|lopetus|lopuksi|konec|závěr|nakonec|конец|(?:завершающий|последний|финальный) кадр|финал|"
    r"концовка|развязка|в конце|кінець|фінал|"
    r"наприкінці|τέλος|κλείσιμο|kapanış|son|bitiş|sonunda|(?:ال)?ختام|(?:في )?(?:النهاية|الختام)|الخاتمة|پایان|"
    r"סיום|בסוף|"
    r"अंत|अंत में|समापन|结尾|結尾|结束|結束|收尾|最后|最後|片尾|ラスト|エンディング|締め|엔딩|아웃트로|アウトロ|"
    r"尾声|마무리|끝|마지막|kết|penutup"
)
EVERY: Final = f"{BEGINNING}|{MIDDLE}|{END}"
END_CARD: Final = (
    # English, German, French, Spanish, Italian, Portuguese
    r"(?:end|closing|final|last|outro|ending)[ -]?(?:card|frame|title|slate|plate|screen|slide|board|super|text|"
    r"graphic)|"
    r"(?:end|schluss|abschluss)-?(?:karte|tafel|titel|einblendung|text|frame|card|screen|schrift|grafik|bild)|"
    r"abspann|"
    r"(?:carton|écran|panneau|texte|titre|incrustation|visuel) (?:de fin|final|de clôture)|"
    r"(?:cartela|rótulo|pantalla|texto|placa|título|cartel|gráfica|sobreimpresión) (?:final|de cierre)|"
    r"(?:cartello|schermata|testo|titolo|scritta|grafica|schermo) (?:finale|di chiusura)|"
    r"(?:cartela|tela|texto|letreiro|cartão|título|placa) (?:final|de encerramento|de fecho)|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian
    r"(?:eind|slot)(?:kaart|beeld|tekst|titel|scherm|frame|shot|card)|(?:plansza|napis|tekst|ekran|tytuł) końcow[ya]|"
    r"slut(?:text|skylt|bild|kort|titel|ruta|platta|tekst|skilt|billede|plakat|card)|"
    r"loppu(?:teksti|kortti|kuva|ruutu|planssi)|závěrečn[ýáé] (?:titulek|text|karta|obrazovka)|záró(?:kép|"
    r"kártya|felirat)|"
    # Russian, Ukrainian, Greek, Turkish
    r"(?:финальн|заключительн|конечн)\w+ (?:титр|надпись|экран|заставка|текст|плашка)|"
    r"(?:фінальн|кінцев)\w+ (?:титр|напис|екран|заставка|плашка)|τελική (?:κάρτα|οθόνη)|τελικό κείμενο|"
    r"(?:kapanış|bitiş|son|final) (?:yazısı|kartı|ekranı|metni|karesi|görseli)|"
    # Arabic, Hebrew, Hindi, Chinese, Japanese, Korean
    r"(?:ال)?(?:بطاقة|شاشة|لوحة|شارة|نص) (?:ال)?(?:نهاي[ةه]|ختامي?ة?|ختام|نهائي[ةه]?|أخيرة?)|(?:שקופית|כרטיס|"
    r"כתובית) (?:סיום|סוף)|"
    r"(?:अंतिम|आख़िरी|समापन) (?:कार्ड|स्क्रीन|पाठ|टेक्स्ट|फ़्रेम)|"
    r"(?:片尾|结尾|結尾|结束|尾)(?:字幕|卡|画面字|字卡|文字|黑底白字|白底黑字|定版)|落版|尾版|"
    r"(?:エンド|ラスト|締めの?|最後の)(?:カード|テロップ|タイトル)|(?:엔딩|엔드|마지막|마무리|끝) ?(?:카드|자막|"
    r"문구)|"
    r"(?:dòng )?chữ (?:cuối|kết)(?: phim)?|(?:teks|kartu) (?:penutup|akhir)"
)
"""Labels of the text over the end of the film."""
FACTS: Final = (
    r"price|phone|telephone|tel|website|web|url|address|book(?:ing)?|preis|telefon(?:nummer)?|adresse|prix|"
    r"téléphone|precio|tel[eé]fono|prezzo|preço|prijs|cena|pris|hinta|τιμή|τηλέφωνο|fiyat|цена|телефон|ціна|"
    r"قیمت|تلفن|السعر|هاتف|מחיר|טלפון|कीमत|फ़ोन|価格|料金|電話(?:番号)?|价格|價格|电话|電話|가격|전화"
)
"""Labels of facts that are read."""
