"""Words with which people order a film, as parts of regular expressions, for all languages together.

A part that begins a sentence stands in `…_FIRST`; in languages whose verb stands last, a part that ends it in `…_LAST`.
"""

from typing import Final

ORDER_FIRST: Final = (
    r"i['’]d (?:like|love)|i (?:would (?:like|love)|want|need|was thinking)|we['’]d (?:like|love)|"
    r"we (?:would (?:like|love)|want|need|are looking|['’]re looking|were thinking)|we['’]re looking|looking for|"
    r"please|"
    r"can you|could you|would you|make|create|produce|shoot|design|give (?:me|us)|help (?:me|us)|"
    r"(?:ich|wir) (?:bräuchte[nt]?|hätten? gern\w*)|ich (?:möchte|hätte gern\w*|brauche|will|wünsche|suche)|"
    r"wir (?:möchten|brauchen|hätten gern\w*|suchen|wünschen|"
    r"wollen|planen)|bitte|mach(?:e|t|en sie)?|erstell(?:e|t|en sie)?|produzier\w*|dreh(?:e|t|en sie)?|gesucht|"
    r"il (?:me|nous) faudrait|je (?:voudrais|veux|souhaite|cherche|pensais)|j['’]aimerais|nous (?:voulons|voudrions|"
    r"souhaitons|cherchons|"
    r"aimerions|avons besoin)|on (?:veut|voudrait|aimerait|cherche)|il (?:me|nous) (?:faut|faudrait)|faites|fais|"
    r"cré(?:ez|e)|réalise[rz]?|merci de|"
    r"quiero|quisiera|quisiéramos|queremos|necesito|necesitamos|buscamos|busco|me gustaría|nos gustaría|haz(?:me|nos)?|"
    r"haced|hagan?|crea(?:d|r)?|prepara(?:d|r)?|por favor|"
    r"vorrei|vorremmo|voglio|vogliamo|(?:ci|mi) serv(?:e|irebbe)|abbiamo bisogno|fa(?:i|te)|fammi|fateci|"
    r"realizza(?:te)?|"
    r"per favore|cerchiamo|"
    r"on aurait besoin|quero|gostaria|gostaríamos|preciso|precisamos|faça(?:m)?|faz|crie(?:m)?|produza(?:m)?|"
    r"ik (?:wil|zou graag|zoek|heb)|(?:wij|we) (?:willen|zoeken|hebben|zouden graag)|maak|graag|produceer|"
    r"chc(?:ę|emy)|chcia(?:ł|ła)bym|chcielibyśmy|potrzebuj(?:ę|emy)|proszę|zrób(?:cie)?|przygotuj(?:cie)?|"
    r"stwórz(?:cie)?|nakręć(?:cie)?|szukamy|"
    r"jag (?:vill|skulle vilja|behöver)|vi (?:vill|behöver|söker|skulle vilja|ønsker|trenger|har brug for|vil)|gör|"
    r"skapa|"
    r"jeg (?:vil|ønsker|trenger|har brug for)|lav|lag|"
    r"halua(?:n|mme)|haluais(?:in|imme)|tarvits(?:en|emme)|tee|tehkää|luo(?:kaa)?|"
    r"chci|chtěl(?:a)? bych|chceme|potřebuj(?:i|u|eme)|prosím|vytvoř(?:te)?|natoč(?:te)?|udělej(?:te)?|"
    r"хочу|хотим|хотелось бы|(?:мне|нам) нуж(?:ен|на|но|ны)|нуж(?:ен|на|но|ны)|сделай(?:те)?|сними(?:те)?|"
    r"создай(?:те)?|"
    r"пожалуйста|прошу|"
    r"хочемо|(?:мені|нам) потріб(?:ен|на|но|ні)|потріб(?:ен|на|но|не|ні)|зробіть|створіть|зніміть|будь ласка|"
    r"θέλ(?:ω|ουμε)|θα (?:ήθελα|θέλαμε)|χρειαζόμαστε|χρειάζομαι|φτιάξτε|κάντε|παρακαλώ|"
    r"نحتاج إلى|نودّ|أريد|نريد|أحتاج|نحتاج|نرغب|أرغب|أود|نود|اصنع|اعمل|صمم|من فضلك|نبحث عن|إعلان مدته|"
    r"لطفاً?|אני (?:רוצה|צריך|צריכה)|אנחנו (?:רוצים|צריכים|מחפשים)|נרצה|צרו|הכינו|תעשו|בבקשה|דרוש|"
    r"कृपया|请|請|我(?:们|們)?(?:想|要|需要|希望)|帮我|幫我|想(?:做|拍|要)|需要一|做一|制作一|製作一|拍一|"
    r"(?:saya|kami) butuh|tolong|buat(?:kan)?|(?:saya|kami) (?:ingin|mau|butuh|perlu)|(?:tôi|chúng tôi) (?:muốn|cần)|"
    r"hãy|ช่วย|อยากได้|"
    r"ต้องการ"
)
ORDER_LAST: Final = (
    r"(?:いただけ|もらえ|くださ)(?:ます|ません|ないでしょう|い(?:ます|ません))か|(?:お願い|依頼)(?:したい|できれば|でき)(?:です|ます)?(?:か)?|(?:作り|つくり|撮り)たい(?:です|と思います)?|ください|下さい|お願い(?:します|致します|いたします)?|(?:が|を)(?:ほしい|欲しい|作りたい|つくりたい)(?:です)?|"
    r"(?:が|は)必要です|"
    r"주세요|주십시오|부탁(?:드립니다|드려요|합니다|해요)|(?:원|필요)합니다|만들고 싶(?:습니다|어요)|영상입니다|"
    r"istiyoru[mz]|lazım|hazırlayın|yapın|hazırlar mısınız|rica ederi[mz]|"
    r"می[‌ ]?خواه(?:م|یم)|بسازید|بساز|نیاز دار(?:م|یم)|"
    r"बनवाना है|बनवानी है|चाहिए(?: था)?|चाहते हैं|चाहता हूँ|बनाइए|बनाएं|बनाएँ|बनाओ"
)
MEDIUM: Final = (
    r"\d+[- ]?sekünder|bumper|film\w{0,4}|movie|vid[eé]o\w{0,4}|vídeo\w?|clips?|klip\w{0,3}|ad|advert|commercial|"
    r"spots?|trailer|reels?|"
    r"animation|short|teaser|\w*(?:werbe|image|kurz|erklär)(?:spot|film|video|clip)|anuncio|cortometraje|corto|"
    r"publicité|annonce|filmato|pubblicità|anúncio|propaganda|comercial|filmpje|reclame|filmik\w?|reklam\w{0,3}|"
    r"elokuva|mainos|mainosvideo|"
    r"ролик\w?|видео(?:ролик\w?)?|фильм\w?|відео|фільм\w?|βίντεο|ταινία|σποτ|διαφήμιση"
)
MEDIUM_ANYWHERE: Final = (
    r"リール|ショート動画|릴스|쇼츠|광고|動画|広告|映像|フィルム|CM|视频|广告|短片|影片|廣告|視頻|영상|광고|비디오|فيلم|فيديو|إعلان|مقطع|ویدیو|ویدئو|فیلم|تیزر|"
    r"סרטון|סרט|פרסומת|फिल्म|फ़िल्म|वीडियो|विज्ञापन|रील|วิดีโอ|คลิป|โฆษณา|หนัง|phim|quảng cáo|iklan"
)
SEEN_FIRST: Final = (
    # English
    r"(?:start|begin|open|end|finish|close|conclude)s? (?:it )?(?:with|on|by|at|in)|show(?:s|ing)?(?: us)?|"
    r"cut(?:s)? to|"
    r"(?:we |you )(?:then |now |also |finally )?(?:see|open|cut|end|start|begin|close|follow|watch|move|"
    r"go)(?: (?:on|with|to))?|"
    r"(?:the )?(?:film|video|spot|clip|ad|camera|story) (?:opens?|starts?|begins?|ends?|closes?|shows?|follows?|moves?|"
    r"should (?:open|start|begin|end|close|show))(?: (?:with|on|to|in|at))?|there (?:should|must) be|"
    r"(?:fade|zoom|pan|dissolve) (?:to|in|out|on)|include|feature|"
    # German
    r"(?:beginn|start|öffn|end|schließ|schliess|eröffn)(?:e|en|t|et|en sie|en wir|en soll\w*)? (?:mit|auf|bei|in)|"
    r"(?:es|er|das) (?:beginnt|startet|endet) mit|los geht['’]?s mit|zeig(?:e|t|en|en sie|en wir)?|"
    r"(?:dann |danach |zum schluss |am (?:ende|anfang|schluss) )?(?:sieht man|sehen wir|zeigen wir|kommt|folgt|"
    r"soll man)|"
    r"man sieht|wir sehen|schnitt (?:auf|zu)|der (?:film|clip|spot) (?:beginnt|startet|endet|zeigt)(?: mit)?|"
    r"das video (?:beginnt|startet|endet|zeigt)(?: mit)?|"
    # French
    r"(?:(?:ça|il|elle|cela) (?:commence|finit|se termine)|on finit|on commence|commence[rz]?|débute[rz]?|ouvre[rz]?|"
    r"ouvrir|termine[rz]?|fini(?:r|"
    r"s|ssez)?|conclu(?:re|ez)?) (?:par|avec|sur)|"
    r"montre[rz]?|on (?:voit|montre|commence|termine|finit|ouvre|découvre)(?: (?:par|avec|sur))?|nous voyons|"
    r"(?:la vidéo|le film|le spot) (?:commence|débute|s['’]ouvre|se termine|montre)(?: (?:par|avec|sur))?|"
    r"coupe (?:sur|à)|"
    # Spanish
    r"(?:que )?(?:arran(?:ca|que)|empie(?:za|ce|zan|cen)|comien(?:za|ce|zan|cen)|abr(?:e|a|an)|termin(?:a|e|an|en)|"
    r"acab(?:a|e|an|en)|"
    r"empezar|comenzar|terminar) (?:con|en|por)|muestr(?:a|e|en|an)|mostrar|se (?:ve|ven)(?: al?(?= ))?|se (?:muestra|"
    r"muestran)|vemos|corte a|"
    r"(?:el vídeo|el video|la película|el anuncio) (?:empieza|comienza|abre|termina|muestra)(?: (?:con|en))?|"
    # Italian
    r"(?:inizia|iniziate|iniziare|comincia|cominciate|apri|aprite|termina|terminate|chiudi|chiudete|finisci|finite) "
    r"(?:con|su|da)|mostra(?:te|re)?|si (?:vede|vedono|apre|chiude|passa)(?: (?:con|su|a))?|vediamo|stacco su|"
    r"(?:il video|il film|lo spot) (?:inizia|comincia|si apre|finisce|si chiude|mostra)(?: (?:con|su))?|"
    # Portuguese
    r"(?:comec(?:e|em|ar)|começ(?:a|am|ar)|inici(?:e|a|ar)|abr(?:a|e|ir)|termin(?:e|a|em|ar)|acab(?:e|a|ar)|"
    r"encerr(?:e|a|ar)) (?:com|em|por|no|na)|mostr(?:e|a|em|ar)|(?:vê-se|vemos|veem-se)|corta para|"
    r"o (?:vídeo|filme|anúncio) (?:começa|abre|termina|mostra)(?: (?:com|em))?|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech
    r"(?:begin|start|open|eindig|sluit af) met|toon|laat (?:\w+ )?zien|(?:we zien|zie je|zien we|je ziet)|"
    r"(?:zacznij|zaczynamy|rozpocznij|zakończ|kończymy|skończ) (?:od|na)?|pokaż(?:cie)?|(?:widać|widzimy)|"
    r"(?:börja|öppna|inled|avsluta|sluta) med|visa|(?:vi ser|man ser|ser man|får man se)|"
    r"(?:begynd|start|start|slut|avslutt|åpne|åbn) med|vis|"
    r"(?:aloita|avaa|lopeta|päätä)\b|näytä|(?:näemme|nähdään)|"
    r"(?:začni|začněte|otevři|skonči|skončete|zakonči)\b|ukaž(?:te)?|(?:vidíme|je vidět)|"
    # Russian, Ukrainian, Greek
    r"(?:начни(?:те)?|начинаем|открыва(?:ем|йте)|закончи(?:те)?|заканчива(?:ем|йте)|заверши(?:те)?) (?:с|со|на)?|"
    r"покажи(?:те)?|показываем|(?:мы видим|видим|видно)|(?:(?:ролик|фильм|видео) )?(?:начинается|заканчивается|"
    r"открывается)|"
    r"(?:почніть|починаємо|завершіть|закінчіть)\b|покажіть|(?:ми бачимо|бачимо)|"
    r"(?:ξεκινήστε|ξεκινάμε|ξεκίνα|αρχίστε|τελειώστε|κλείστε) (?:με|στο|στη)|δείξτε|δείξε|βλέπουμε|"
    # Arabic, Hebrew, Chinese, Indonesian, Vietnamese
    r"(?:ابدأ|نبدأ|يبدأ|تبدأ|افتتح|اختم|نختم|ينتهي|تنتهي|ننتهي|اختتم)|(?:أظهر|نعرض|اعرض|يظهر|تظهر|نرى|أرنا)|"
    r"(?:התחילו|מתחילים|פתחו|סיימו|מסיימים)|(?:הראו|מראים|רואים|רואים את)|"
    r"(?:以.{1,40}(?:开场|开头|開場|開頭|结束|結束|结尾|結尾))|(?:从|從|先)?(?:展示|拍摄|拍攝|呈现|呈現|切到|切换到)|镜头(?:切到|转到)|我们看到|"
    r"(?:mulai|buka|akhiri|tutup) dengan|tampilkan|tunjukkan|(?:bắt đầu|mở đầu|kết thúc) (?:với|bằng)"
)
SEEN_LAST: Final = (
    r"(?:から|で)(?:始め(?:る|ます|て|てください)?|始まり(?:ます)?|始まる)|"
    r"(?:で|と)(?:終わ(?:る|ります|り|ってください)|締め(?:る|ます|くくる|て|てください)?)|"
    r"(?:を)?(?:見せ(?:る|ます|て|てください)|"
    r"映(?:す|します|して|してください))|"
    r"(?:(?:으로|로|에서) )?(?:시작(?:합니다|해 ?주세요|하고|해요)|"
    r"끝(?:납니다|내 ?주세요|나요|냅니다)|마무리(?:합니다|해 ?주세요))|"
    r"보여 ?(?:주세요|줍니다|주고)|"
    r"(?:ile|la|le) (?:başla(?:sın|yın|r)|bit(?:sin|irin|er)|aç(?:ılsın|ın))|göster(?:in|ilsin|elim)?|"
    r"(?:شروع|تمام) (?:شود|کنید|می[‌ ]?شود)|(?:نشان|نمایش) (?:دهید|بده)|دیده می[‌ ]?شود|"
    r"से (?:शुरू|आरंभ|खोल)(?: करें| करो| हो| होता है)?|(?:दिखाएं|दिखाएँ|दिखाइए|दिखाओ)|"
    r"पर (?:ख़त्म|खत्म|समाप्त)(?: करें| हो)?"
)
THEN: Final = (
    r"(?:and |und |et |y |e |en |i |och |og |и |і |και )?"
    r"(?:first(?: of all)?|then|next|after (?:that|this|which)|afterwards|finally|lastly|at (?:the )?(?:end|start|"
    r"beginning)|"
    r"in the (?:next|first|second|third|last|final|opening|closing) (?:scene|shot|frame)|to (?:close|finish|end)|"
    r"los geht[’]s mit|zuerst|zunächst|dann|danach|anschließend|schließlich|zuletzt|zum schluss|am (?:ende|anfang|"
    r"schluss)|"
    r"in der (?:nächsten|ersten|letzten) (?:szene|einstellung)|"
    r"d['’]abord|ensuite|puis|après(?: (?:cela|ça))?|enfin|pour (?:finir|commencer|conclure)|à la fin|au début|"
    r"a continuación|primero|luego|después|a continuación|finalmente|por último|al (?:final|principio)|"
    r"para (?:terminar|empezar)|"
    r"prima|poi|dopo|in seguito|quindi|infine|alla fine|all['’]inizio|per (?:finire|concludere)|in chiusura|"
    r"in apertura|"
    r"primeiro|depois|em seguida|a seguir|por fim|finalmente|no (?:final|fim|início|começo)|para (?:terminar|começar)|"
    r"eerst|dan|daarna|vervolgens|tot slot|ten slotte|aan het (?:eind(?:e)?|begin)|op het eind|"
    r"najpierw|potem|następnie|później|na (?:koniec|początku)|wreszcie|"
    r"först|sedan|därefter|till (?:slut|sist)|på slutet|i (?:början|slutet)|først|så|derefter|til (?:slut|slutt)|"
    r"deretter|"
    r"ensin|sitten|lopuksi|alussa|nejprve|potom|pak|nakonec|na (?:konci|začátku)|"
    r"начало|финал|фінал|початок|сначала|потом|затем|далее|после этого|наконец|в (?:конце|начале|финале)|спочатку|"
    r"потім|далі|наприкінці|"
    r"πρώτα|μετά|ύστερα|έπειτα|στο τέλος|στην αρχή|τέλος|önce|sonra|ardından|sonunda|en son|"
    r"أولاً|ثم|بعدها|بعد ذلك|أخيراً|في (?:النهاية|البداية|الختام)|وفي النهاية|ابتدا|سپس|بعد|در (?:پایان|آغاز|ابتدا)|"
    r"בהתחלה|קודם|אחר כך|אז|לבסוף|בסוף|पहले|फिर|इसके बाद|अंत में|आख़िर में|"
    r"开头(?:是)?|開頭(?:是)?|接下来|接下來|オープニング(?:は|で)?|エンディング(?:は|で)?|最初は|冒頭(?:は|で)?|ラスト(?:は|に)?|最後は|そのあと|まず|最初に|次に|続いて|その後|それから|最後に(?:は)?|먼저|"
    r"처음에|그다음(?:에)?|그 다음(?:에)?|이어서|다음으로|마지막(?:에|으로)?|"
    r"首先|先|然后|然後|接着|接著|之后|之後|随后|隨後|最后|最後|lalu|kemudian|setelah itu|akhirnya|sau đó|cuối cùng)"
)
ENDS: Final = (
    r"at (?:the )?(?:very )?end|"
    r"(?:it|the (?:film|video|spot|clip|ad)) (?:should |must |shall )?(?:ends?|closes?|finish(?:es)?)|"
    r"(?:end|close|finish|conclude)s?(?: it)? (?:with|on|by)|to (?:close|finish|end)|last (?:shot|frame|scene)|"
    r"am (?:ende|schluss)|zum schluss|(?:end|schließ|schliess)(?:e|en|t|et)? mit|"
    r"à la fin|pour (?:finir|conclure)|(?:termine[rz]?|fini(?:r|s|ssez)?|conclu(?:re|ez)) (?:par|avec|sur)|"
    r"al final|para terminar|(?:termin(?:a|e|en|ar)|acab(?:a|e|ar)|cierr(?:a|e)|cerrar) con|"
    r"alla fine|in chiusura|per (?:finire|concludere)|(?:termina(?:te|re)?|chiudi|chiudete|finisci|finite) con|"
    r"no (?:final|fim)|para terminar|(?:termin(?:e|a|ar)|encerr(?:e|a|ar)|acab(?:e|a|ar)) com|"
    r"cierra con|cerr(?:ad|emos) con|fecha com|para fechar|ending|финал|фінал|ラスト|エンディング|엔딩|最終|आख़िर|अंत|"
    r"اختم|وفي النهاية|aan het eind(?:e)?|op het eind|tot slot|(?:eindig|sluit af) met|"
    r"na koniec|zakończ(?:cie)?|på slutet|till (?:slut|sist)|avsluta med|til (?:slut|slutt)|(?:slut|avslutt) med|"
    r"lopuksi|lopussa|na konci|nakonec|в (?:конце|финале)|(?:закончи(?:те)?|заверши(?:те)?)|наприкінці|завершіть|"
    r"στο τέλος|κλείστε με|sonunda|en sonunda|في (?:النهاية|الختام|نهاية \w+)|اختم|ننتهي|در پایان|בסוף|סיימו|"
    r"अंत में|आख़िर में|最後(?:に|は)?|ラスト(?:に|は)?|마지막(?:에|으로)?|끝에|最后|结尾|結尾|di akhir|cuối cùng"
)
TEXT: Final = (
    r"cards?|lines?|words?|text|title|slogan|claim|caption|message|phrase|sentence|letters|lettering|writing|"
    r"zeile|karte|satz|schrift(?:zug)?|worte?n?|titel|stehen|steht|einblendung|"
    r"phrase|texte|mots?|ligne|message|titre|slogan|inscription|carton|"
    r"frase|texto|letrero|r[oó]tulo|palabras?|t[ií]tulo|mensaje|eslogan|"
    r"scritta|testo|parole|titolo|messaggio|cartello|legenda|mensagem|palavras|letreiro|"
    r"tekst|woorden|zin|regel|napis|hasło|słowa|plansza|texten|orden|raden|text|teksten|ordene|teksti|sanat|"
    r"titulek|nápis|slova|надпис\w*|текст\w*|титр\w*|слов\w*|фраз\w*|напис\w*|"
    r"слоган\w*|гасло|σλόγκαν|κείμενο|λέξεις|φράση|yazı\w*|metin|sözler\w*|"
    r"слоган|الشعار والعبارة|نص|النص|عبارة|العبارة|كلمات|جملة|شعار|متن|نوشته|עם הכיתוב|הכיתוב|כיתוב|המילים|הטקסט|טקסט|"
    r"स्लोगन|शब्द|टेक्स्ट|पाठ|संदेश|लिखा(?: हो)?|文字|テロップ|字幕|文言|言葉|コピー|写着|寫著|写有|印着|"
    r"자막|문구|글자|텍스트|标语|標語|字样|字樣|teks|tulisan|chữ|dòng chữ"
)
NARRATOR: Final = (
    r"(?:the |a |an )?(?:[^\W\d_]+ ){0,2}(?:narrator|narration|voice(?:[ -]?over)?|announcer|off[ -]?voice)|"
    r"the speaker|"
    r"(?:der |die |eine? )?(?:sprecher(?:in)?|erzähler(?:in)?|(?:off-?)?stimme)|"
    r"(?:le |la |une )?(?:narrat(?:eur|rice)|voix(?:[ -]off)?)|"
    r"(?:el |la |una )?(?:narradora?|locutora?|voz(?: en off)?)|"
    r"(?:il |la |una )?(?:narratore|narratrice|voce(?: narrante| fuori campo)?)|"
    r"(?:o |a |uma )?(?:narradora?|locutora?|voz)|(?:de |een )?(?:verteller|stem|voice-?over)|lektor(?:ka)?|"
    r"narrator(?:ka)?|"
    r"głos|berättar(?:en|rösten)|speakern|speakeren|fortælleren|kertoja|vypravěč(?:ka)?|hlas|"
    r"диктор|рассказчик|голос(?: за кадром)?|закадровый голос|оповідач|диктор|αφηγητής|η φωνή|anlatıcı|dış ses|"
    r"الراوي|المعلق|الصوت|راوی|گوینده|הקריין|הקריינית|קריין|सूत्रधार|नैरेटर|वाचक|ナレーター|ナレーション|語り手|내레이터|내레이션|성우|"
    r"旁白|画外音|解说(?:员)?|narator|người dẫn"
)
SAYS: Final = (
    r"says?|said|asks?|whispers?|shouts?|calls?|answers?|replies|adds?|explains?|tells? us|"
    r"sagt|fragt|flüstert|ruft|antwortet|erklärt|erzählt|dit|demande|murmure|répond|explique|ajoute|"
    r"dice|pregunta|susurra|responde|explica|añade|chiede|sussurra|risponde|spiega|aggiunge|diz|pergunta|sussurra|"
    r"zegt|vraagt|fluistert|roept|antwoordt|vertelt|mówi|pyta|szepcze|woła|odpowiada|"
    r"säger|frågar|viskar|svarar|siger|spørger|sier|spør|hvisker|sanoo|kysyy|kuiskaa|říká|ptá se|se ptá|šeptá|odpovídá|"
    r"говорит|спрашивает|шепчет|отвечает|произносит|каже|говорить|питає|відповідає|λέει|ρωτά(?:ει)?|ψιθυρίζει|"
    r"diyor|der|söyler|sorar|يقول|تقول|يسأل|تسأل|يهمس|می[‌ ]?گوید|אומר(?:ת)?|שואל(?:ת)?|"
    r"कहता है|कहती है|कहते हैं|पूछता है|पूछती है|说|說|问|問|道|berkata|nói"
)
SAYS_MORE: Final = (
    r"falo|digo|respondo|pergunto|i say|i answer|i ask|ich sage|ich frage|je dis|je réponds|dico|rispondo|говорю|"
    r"fala|falam|falou|disse|grita|exclama|conta|comenta|cuenta|grita|exclama|raconte|crie|lance|urla|racconta|"
    r"meint|ruft|schreit|lacht und sagt|бормочет|кричит|відповідає|кричить|ويقول|وتقول|يجيب|تجيب|يرد|ترد|يصرخ|"
    r"chuchote|crie|souffle|lance|bertanya|bilang|menjawab|ואומר(?:ת)?|ושואל(?:ת)?|बोलता है|बोलती है|बोलते हैं|कहता|"
    r"कहती|喊道|说道|說道|喊"
)
SAYS_AFTER_MORE: Final = (
    r"と(?:声をかける|声をかけます|叫ぶ|叫びます|答える|答えます|笑う|笑います|つぶやきます|ささやきます|聞きます|尋ねます)|"
    r"(?:이?라고|하고) ?(?:말해요|말합니다|묻습니다|물어요|외칩니다|속삭입니다|대답합니다|대답해요|소리칩니다)"
)
SHOWN: Final = (
    r"in beeld|i bild(?:en)?|im bild|à l['’]image|står det|na ekranie|na obrazovce|på sk[äæj]\w*en|op het scherm|"
    r"στην οθόνη|על המסך|di layar|trên màn hình|روی (?:صفحه|تصویر)|"
    r"on[ -]?screen|eingeblendet(?: wird)?|einblendung|s['’]affiche|à l['’]écran|en pantalla|sobreimpres[oa]|"
    r"in sovrimpressione|"
    r"na tela|в кадре|на экране|на екрані|ekranda|على الشاشة|स्क्रीन पर|слоган|slogans?|claim|logo|hashtags?|headline"
)
SHOWN_WIDE: Final = r"画面|字幕|テロップ|屏幕|招牌|螢幕|화면|간판|자막|写着|寫著|写有|文字|字樣|字样|コピー"
READ_AFTER: Final = (
    r"(?:という|の)?(?:文字|テロップ|字幕|コピー|ロゴ)|と(?:表示|書い|書か|出)|"
    r"(?:이?라는|이?란)? ?(?:자막|문구|글자|텍스트|간판)|(?:이|가)? ?(?:표시|나타나|뜹니다)|"
    r"(?:을|를)? ?(?:넣어|띄워|써|적어|표시해) ?주세요|を(?:入れて|出して|表示して|入れる)(?:ください)?|"
    r"(?:over it|on it|darüber|par-dessus|encima|por cima|sopra|appears?|is shown|is displayed|erscheint|"
    r"wird eingeblendet|s['’]affiche|aparece|appare|появляется|з['’]являється|"
    r"يظهر|दिखता है|लिखा (?:हो|है))(?![^\W\d_])"
)
SAYS_AFTER: Final = (
    r"と(?:言う|言います|いう|いいます|語る|語ります|話す|話します|尋ねる|聞く|ささやく|つぶやく)|"
    r"(?:이?라고|하고) ?(?:말(?:한다|합니다|해요|하고)|묻(?:는다|습니다)|속삭(?:인다|입니다)|외(?:친다|칩니다))|"
    r"diyor|der|diye sorar|می[‌ ]?گوید|कहता है|कहती है"
)
LENGTHS: Final = (
    r"length|duration|long|longer|seconds?|minutes?|länge|dauer|lang|sekunden?|minuten?|durée|secondes?|duración|"
    r"dura|duraci[oó]n|segundos?|durata|secondi|duração|lengte|duur|seconden|długość|czas|sekund\w?|längd|sekunder|"
    r"pituus|kesto|délka|длительность|продолжительность|хронометраж|секунд\w?|тривалість|διάρκεια|δευτερόλεπτα|süre|"
    r"saniye|"
    r"مدة|المدة|ثانية|مدت|ثانیه|אורך|משך|שניות|अवधि|सेकंड|長さ|尺|秒|길이|초|时长|時長|durasi|detik|giây"
)
"""What a sentence with a number is about that only gives the length of the film."""
FORMATS: Final = (
    r"(?:9|16|4|1|3)\s?[:x×]\s?(?:16|9|5|1|4)|vertical|portrait|landscape|square|hochkant|querformat|hochformat"
)
