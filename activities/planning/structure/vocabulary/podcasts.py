"""Conversations that are heard: names of the form, orders of no picture, and their music. Regular expressions."""

from typing import Final

FORM: Final = (
    r"podcasts?(?:[ -]\w+)?|audio ?drama|radio (?:play|show|spot|ad)|audio (?:spot|ad|story)|radiospot|funkspot|"
    r"hörspiel|"
    r"radiobeitrag|radioreclame|pièce radio\w*|spot radio|fiction audio|cuña (?:de radio|radiofónica)|radionovela|"
    r"balado|radiodramma|spot radiofonico|radionovela|hoorspel|słuchowisko|hörspel|kuunnelma|подкаст\w*|"
    r"радиоспектакль|"
    r"радіовистава|podcast\w*|بودكاست|پادکست|פודקאסט|הסכת|पॉडकास्ट|"
    r"播客|广播剧|ポッドキャスト|ラジオドラマ|팟캐스트|라디오 ?드라마"
)
NO_PICTURE: Final = (
    r"(?:no|without(?: any)?) (?:moving )?(?:pictures?|images?|visuals?|video)|audio[ -]only|sound only|just audio|"
    r"(?:pictures?|images?|visuals?) (?:is|are) not (?:needed|required|necessary)|"
    r"ohne (?:bewegt)?bild(?:er)?|keine? (?:bewegt)?bild(?:er)?|nur (?:ton|audio)|"
    r"(?:pas|sans|aucune)(?: d[e'’]| besoin d[e'’])? ?images?|audio (?:seul(?:ement)?|uniquement)|seulement (?:le |"
    r"du )?son|"
    r"sin im[áa]gen(?:es)?|solo (?:audio|sonido)|sólo (?:audio|sonido)|sin vídeo|no hace falta imagen|"
    r"senza immagin[ie]|nessuna immagine|solo audio|sem image(?:m|ns)|só áudio|apenas áudio|"
    r"zonder beeld(?:en)?|geen beeld(?:en)?|alleen (?:audio|geluid)|bez obrazu|tylko (?:dźwięk|audio)|"
    r"utan bild(?:er)?|inga bilder|bara ljud|uden billeder?|ingen billeder|kun lyd|uten bilder?|ingen bilder|"
    r"ilman kuvaa|"
    r"pelkkä ääni|bez obrázků|jen zvuk|без (?:картинки|изображения|видео)|только звук|без зображення|лише звук|"
    r"χωρίς εικόνα|μόνο ήχος|görüntüsüz|sadece ses|(?:بدون|بلا) صور(?:ة)?|صوت فقط|بدون تصویر|فقط صدا|"
    r"ללא תמונ(?:ה|ות)|"
    r"רק שמע|बिना (?:चित्र|तस्वीर)|केवल ऑडियो|(?:不需要|无需|不用|没有)(?:画面|图像|图片)|只要音频|纯音频|"
    r"(?:only|just|nothing but) (?:one|a|a single|the) (?:cover|title)(?: (?:picture|image|art(?:work)?))?|"
    r"(?:only )?(?:one|a single) (?:cover|picture|image|still)(?: (?:picture|image))? (?:only|"
    r"for (?:the )?(?:whole|entire|all))|"
    r"nur (?:ein(?:e)?|das) (?:cover(?:bild)?|titelbild|deckblatt|einziges bild)|(?:ein|eine) (?:cover(?:bild)?|"
    r"titelbild) (?:reicht|genügt)|"
    r"(?:juste |seulement |rien qu['’])?une (?:seule )?(?:image|illustration) (?:de couverture|pour tout)|"
    r"(?:solo |sólo |únicamente )?una (?:sola )?(?:imagen|foto) (?:de portada|para todo)|"
    r"(?:solo )?(?:un['’]|una )(?:sola )?immagine (?:di copertina|per tutto)|(?:só |"
    r"apenas )?uma (?:única )?imagem (?:de capa|para todo)|"
    r"(?:alleen|slechts|maar) (?:één|een) (?:cover|omslag)\w*|tylko (?:jedna )?okładk\w+|только (?:одна )?обложк\w+|"
    r"(?:sadece|tek) (?:bir )?kapak\w*|غلاف واحد(?: فقط)?|صورة غلاف واحدة|(?:केवल|सिर्फ़) (?:एक )?कवर|"
    r"(?:只要|只需|只用)?一张封面|カバー(?:画像|絵)?(?:は)?(?:1|一)枚|(?:커버|표지)(?: 이미지)? ?(?:하나|한 장|"
    r"1장)|(?:chỉ )?một ảnh bìa|"
    r"(?:映像|画像|絵)(?:なし|不要|は不要)|音声のみ|(?:영상|화면|그림) ?(?:없이|필요 ?없)|오디오만"
)
MUSIC: Final = (
    r"jingles?|stings?|ident|(?:theme|intro|outro) (?:music|tune)|erkennungsmelodie|titelmusik|générique|indicatif|"
    r"sintonía|cortinilla|sigla|vinheta|vinhet\w*|herkenningsmelodie|dżingiel|джингл\w*|заставка|cıngıl|جنجل|شارة|"
    r"ג['׳]ינגל|जिंगल|片头曲|ジングル|징글|시그널"
)
START: Final = (
    r"start|begin\w*|open\w*|intro|anfang|beginn|début|ouverture|inicio|principio|comienzo|inizio|início|começo|"
    r"begin|"
    r"początk\w+|början|begyndelsen|starten|alussa|začátk\w+|начал\w+|початк\w+|αρχή|başında|البداية|ابتدا|התחלה|"
    r"शुरू\w*|"
    r"开头|開頭|最初|冒頭|처음|시작"
)
END: Final = (
    r"end(?:ing)?|clos\w+|outro|ende|schluss|fin|final|fine|fim|einde|koniec|końcu|slutet|slutningen|slutten|lopussa|"
    r"konci|конц\w+|кінц\w+|τέλος|sonunda|النهاية|پایان|סוף|अंत|结尾|最後|終わり|끝"
)
FEMALE: Final = (
    r"female|wom[ae]n|girl|lady|weiblich\w*|frau\w*|féminine?|femme|femenin[ao]|mujer|femminil\w|donna|feminin[ao]|"
    r"mulher|"
    r"vrouw\w*|kobiec\w+|żeńsk\w+|kvinn\w+|nainen|naisääni|žensk\w+|женск\w+|жіноч\w+|γυναικεί\w+|kadın|نسائي|"
    r"أنثوي|زن|"
    r"אישה|नारी|महिला|女"
)
MALE: Final = (
    r"male|m[ae]n|boy|männlich\w*|mann|männer\w*|masculine?|homme|masculin[ao]|hombre|maschil\w|uomo|masculina|homem|"
    r"mannelijk\w*|mannenstem|męsk\w+|manlig\w*|mandlig\w*|mann\w*|mies\w*|mužsk\w+|мужск\w+|чолов\w+|ανδρικ\w+|"
    r"erkek|"
    r"رجالي|ذكوري|مرد|גבר|पुरुष|男"
)
