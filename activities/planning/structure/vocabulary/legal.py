"""Text at the end of a film that is not spoken: orders of an end card, legal lines, and their usual wordings.

Parts of regular expressions, without case.
"""

from typing import Final

ENDS_WITH_CARD: Final = (
    # English, German, French, Spanish, Italian, Portuguese
    r"(?:(?:and |then |finally,? |please )*(?:the (?:film|video|spot|ad|clip) )?(?:ends?|ending|finish(?:es)?|"
    r"clos(?:e|es|ing)|wrap up|conclude) (?:with|on)|final(?:ly)?:?) (?:an? |the |our |one )?(?:\w+ )?"
    r"(?:end ?|closing ?|title ?|text ?|final ?)?(?:card|slate|board|plate|end frame)|"
    r"(?:(?:der|das) \w+ )?(?:ende[nt]?|schluss|abschluss|schlie(?:ß|ss)(?:t|en)|abschlie(?:ß|ss)end) (?:bitte )?mit "
    r"(?:einer |der |unserer )?(?:\w+ )?(?:\w*karte|\w*tafel)|"
    r"(?:finir|fini[rt]?|finissez|terminer|terminez|termine|conclure|fin) (?:par|sur|avec) (?:un |le |notre )?"
    r"(?:carton|écran|panneau)|"
    r"(?:terminar|termina[rd]?|terminad|acaba[r]?|cierra|cerrar|fin) con (?:una |un |la |el |nuestra )?"
    r"(?:cartela|placa|tarjeta|cartel|pantalla|rótulo)|"
    r"(?:finire|finisce|termina(?:re)?|chiudi|chiudere|si chiude|chiusura|fine) (?:con|su) "
    r"(?:un[ao]? |il |la |una )?(?:cartello|cartella|schermata|scheda)|"
    r"(?:terminar|termina|terminem?|encerrar?|encerrem?|acabar?|fim) com (?:uma? |[oa] |nossa )?"
    r"(?:cartela|cartão|letreiro|placa|tela)|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian
    r"(?:eindig(?:t|en)?|einde|sluit(?:en)?(?: af)?|afsluiten) met (?:een |de |onze )?\w*kaart|"
    r"(?:zakończ(?:yć|enie|cie)?|koniec|na końcu)(?: z)? (?:plansz[aąę]|kart[aąę])|"
    r"(?:avsluta|sluta|slut)(?:s)? med (?:en |ett |vår )?\w*(?:skylt|kort|platta)|"
    r"(?:afslut|slut|ender) med (?:et |en |vores )?\w*(?:skilt|kort|plakat)|"
    r"(?:avslutt|slutt|ender) med (?:et |en |vår )?\w*(?:plakat|kort|skilt)|"
    r"(?:lopuksi|lopeta|päätä|päättyy)(?: \w+)? \w*(?:kortti|korttiin|planssi|planssiin)|"
    r"(?:zakonč\w+|konec|na závěr)(?: s)? (?:kart\w+|titulk\w+)|(?:a végén|befejezés\w*|végül)(?: egy)? \w*kártya|"
    # Russian, Ukrainian, Greek, Turkish
    r"(?:в конце|в финале|закончи\w+|заверши\w+)(?: на)? (?:карточк\w+|плашк\w+|заставк\w+)|"
    r"(?:в кінці|наприкінці|завершити|закінчити)(?: на)? (?:картк\w+|плашк\w+|заставк\w+)|"
    r"(?:τέλος|κλείσιμο) με (?:μια |την )?κάρτα|(?:sonda|sonunda|bitişte) (?:bir )?kart|"
    # Arabic, Persian, Hebrew, Hindi, Chinese, Japanese, Korean
    r"(?:اختم|اختتم|ينتهي|تنتهي|أنه|الختام) (?:ب|مع )?(?:بطاقة|لوحة|شاشة)|(?:در پایان|پایان با)(?: یک)? کارت|"
    r"(?:לסיים|סיום|בסוף) (?:עם |ב)?(?:כרטיס|שקופית)|अंत में (?:एक )?कार्ड|"
    r"(?:最后|最後|结尾|結尾)(?:以|用|是|为)?(?:一张|一張)?(?:字卡|卡片|定版)|最後(?:は|に)?(?:カード|テロップ)|"
    r"(?:마지막(?:에|은)?|끝(?:에|은)?) ?카드"
)
"""An order to end with a card, before its text."""
LABELS: Final = (
    # English, German, French, Spanish, Italian, Portuguese
    r"legals?(?: (?:lines?|text|copy|notice|note|super|information|info|disclaimer|footer))?|(?:legal )?disclaimers?|"
    r"(?:fine|small) ?print|terms(?: (?:and|&) conditions)?|t(?:s)?\s?&\s?cs?|mandatory (?:text|line|"
    r"wording|information)|risk warning|health warning|safety (?:information|warning)|regulatory (?:text|line)|"
    r"imprint|copyright line|"
    r"rechtlich(?:er|e|es) (?:hinweis|text|zeile|angaben?)|rechtshinweis|rechtszeile|pflicht(?:angaben?|text|hinweis)|"
    r"kleingedruckte[s]?|warnhinweis|risikohinweis|haftungsausschluss|impressum|"
    r"mentions? (?:légales?|obligatoires?|sanitaires?)|texte légal|message sanitaire|avertissement|"
    r"(?:texto|aviso|nota|línea|mensaje|menci[oó]n) legal(?:es)?|letra pequeña|menciones (?:legales|obligatorias)|"
    r"(?:testo|nota|avviso|dicitura|avvertenza) legale|note legali|avvertenze|"
    r"(?:texto|aviso|nota|linha|menção) (?:legal|jurídic[oa])|menções legais|letras miúdas|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech, Hungarian, Romanian
    r"(?:juridische|wettelijke) (?:tekst|vermelding|regel|melding)|kleine lettertjes|"
    r"(?:tekst|nota|informacja) prawn[ay]|drobny druk|(?:juridisk|rättslig) (?:text|rad|information)|"
    r"finstilt(?: text)?|"
    r"(?:juridisk|lovpligtig|lovpålagt) (?:tekst|linje|oplysning)|det med småt|"
    r"(?:lakiteksti|oikeudellinen (?:huomautus|teksti)|pienellä)|právní (?:text|upozornění|doložka)|"
    r"jogi (?:szöveg|nyilatkozat)|apró ?betű|(?:text|mențiune|notă) legală|"
    # Russian, Ukrainian, Greek, Turkish
    r"(?:юридическ\w+|правов\w+|обязательн\w+) (?:текст|строка|надпись|информация)|дисклеймер|"
    r"(?:юридичн\w+|правов\w+|обовʼязков\w+) (?:текст|рядок|напис|інформація)|νομικό κείμενο|ψιλά γράμματα|"
    r"(?:yasal|hukuki) (?:metin|uyarı|not|bilgi)|"
    # Arabic, Persian, Hebrew, Hindi, Chinese, Japanese, Korean
    r"(?:ال)?(?:نص|إشعار|تنويه|سطر|ملاحظة) (?:ال)?قانوني[ةه]?|إخلاء (?:ال)?مسؤولية|متن حقوقی|"
    r"(?:הערה|שורה|טקסט) משפטי(?:ת)?|כתב ויתור|(?:कानूनी|वैधानिक) (?:पाठ|सूचना|चेतावनी|टेक्स्ट)|"
    r"(?:法律|免责|免責)(?:声明|聲明|条款|條款|文字|提示|信息)|風險提示|风险提示|"
    r"(?:法的)?(?:注意書き|表記|免責事項|注釈)|(?:법적|필수) ?(?:고지|문구|안내)|면책 ?(?:조항|문구)"
)
"""Labels of a line that the law asks for."""
STOCK: Final = (
    r"(?:t(?:s)?\s?&\s?cs|terms (?:and|&) conditions|terms|conditions|restrictions) apply|"
    r"es gelten (?:die |unsere )?(?:agb|allgemeinen geschäftsbedingungen|teilnahmebedingungen)|agb gelten|"
    r"(?:offre )?(?:soumise? à|sous) conditions|voir conditions(?: \w+){0,4}|"
    r"(?:se aplican|aplican|consult[ae](?: \w+)?|ver) (?:los )?(?:términos y )?condiciones(?: \w+){0,3}|"
    r"si applicano (?:termini e )?condizioni|(?:consulte|aplicam-se) (?:as |os )?(?:termos e )?condições(?: \w+){0,3}|"
    r"(?:algemene )?voorwaarden (?:zijn van toepassing|van toepassing)|obowiązuje regulamin|villkor gäller|"
    r"vilkår gælder|vilkår gjelder|ehdot voimassa|platí podmínky|действуют условия(?: \w+){0,2}|"
    r"şartlar (?:ve koşullar )?geçerlidir|تطبق الشروط(?: والأحكام)?|नियम (?:व|एवं|और) शर्तें लागू|"
    r"(?:以|请参阅)?(?:条款|條款)(?:及|和|與|与)?(?:细则|細則|条件|條件)(?:适用|適用)|条件があります|약관(?:이)? 적용"
)
"""Wordings of such a line without a label: "*T&Cs apply."."""
