"""Verbs with which people order a film by its purpose, and name no film: "Explain how our warehouse works.".

Parts of regular expressions, without case. Of each table: imperatives, infinitives.
"""

from typing import Final

from activities.planning.structure.orders import words

_TO_WHOM: Final = (
    r"(?:people|everyone|everybody|them|us|the world|(?:(?:our|the|all|my) )?(?:[\w-]+ ){0,2}(?:customers?|clients?|"
    r"guests?|viewers?|visitors?|employees?|staff|team|students?|parents?|neighbou?rs?|users?|followers?|audience))"
)
FIRST: Final = (
    # English, German, French
    rf"(?:tell|show|teach|remind|inform) {_TO_WHOM}(?: about| of|(?= (?:how|why|what|that)\b))|"
    rf"let {_TO_WHOM} know(?: about)?|"
    r"explain|introduce|promote|advertise|announce|describe|demonstrate|teach|publici[sz]e|showcase|"
    r"(?:present|pitch)(?= (?:our|my|the|an?|this|these|your|how|why|what)\b)|"
    r"tell (?:us )?(?:the )?(?:\w+ )?(?:story|history|tale) of|raise awareness (?:of|for|about)|spread the word about|"
    r"(?:advertise|make advertising|do an advert) for|"
    # show how or why
    r"show(?= (?:us )?(?:how|why|what)\b)|zeig(?:e|t|en sie)?,?(?= (?:wie|warum|was)\b)|"
    r"montre[rz]?(?= (?:comment|pourquoi|ce qu))|muestr[ae](?= (?:cómo|por qué|qué)\b)|"
    r"mostra(?:te|re)?(?= (?:come|perché)\b)|mostr(?:e|ar)(?= (?:como|por que)\b)|laat zien,?(?= (?:hoe|waarom)\b)|"
    r"pokaż(?:cie)?,?(?= (?:jak|dlaczego)\b)|visa(?= (?:hur|varför)\b)|vis(?= (?:hvordan|hvorfor)\b)|"
    r"покаж(?:и|ите|іть),?(?= (?:как|почему|як|чому)\b)|δείξ(?:τε|ε)(?= (?:πώς|γιατί)\b)|"
    r"erklär(?:e|t|en sie)?|erläuter\w{1,5}|präsentier(?:e|t|en sie)?|bewirb|bewerbt|bewerben sie|"
    r"beschreib(?:e|t|en sie)?|(?:wirb|werbt|werben sie|mach(?:e|t|en sie)? werbung) für|"
    r"erzähl(?:e|t|en sie)? die geschichte (?:von|vom|der|des|unsere[rs])|"
    r"expliqu(?:e|ez|er)|présent(?:e|ez|er)|promouvoir|annonce[rz]|décri(?:s|vez|re)|vante[rz]?|"
    r"fai(?:s|tes|re) (?:la promotion|la publicité|connaître)(?: de| du| des| pour)?|"
    r"racont(?:e|ez|er) l['’]histoire (?:de|du|des)|"
    # Spanish, Italian, Portuguese
    r"expli(?:ca|cad|car|carnos|que|quen)|present(?:a|ad|ar|e|en)(?:nos)?|promocion(?:a|ad|ar|e|en)|"
    r"anunci(?:a|ad|ar|e|en)|"
    r"describ(?:e|id|ir|a|an)|(?:cuenta|contad|contar|cuente|cuenten) la historia de|(?:da|dad|dar|den) a conocer|"
    r"spieg(?:a|ate|are)|presentate|presentare|promuov(?:i|ete|ere)|pubblicizz(?:a|ate|are)|annunci(?:a|ate|are)|"
    r"descriv(?:i|ete|ere)|raccont(?:a|ate|are) la storia (?:di|del|della|dei|delle|dell['’])|fa(?:i|te|re) conoscere|"
    r"expli(?:que|quem)|apresent(?:e|em|ar)|promov(?:a|am|er)|divulg(?:ue|uem|ar)|anunciem|descrev(?:a|am|er)|"
    r"cont(?:e|em|ar) a história (?:de|do|da|dos|das)|"
    # Dutch, Polish, Swedish, Danish, Norwegian, Finnish, Czech
    r"leg(?: \w+)? uit|introduceer|presenteer|promoot|beschrijf|vertel het verhaal van|maak reclame voor|"
    r"wyjaśnij(?:cie)?|przedstaw(?:cie)?|zaprezentuj(?:cie)?|promuj(?:cie)?|zareklamuj(?:cie)?|ogłoś(?:cie)?|"
    r"opisz(?:cie)?|"
    r"opowiedz(?:cie)? historię|förklara|presentera|marknadsför|beskriv|berätta historien om|tillkännage|"
    r"forklar|præsentér|præsenter|presenter|promover|fortæl historien om|fortell historien om|"
    r"selit(?:ä|täkää)|esittele|esitelkää|mainosta(?:kaa)?|kerro tarina|"
    r"vysvětli(?:te)?|představ(?:te)?|propaguj(?:te)?|oznam(?:te)?|popiš(?:te)?|vyprávěj(?:te)? příběh|"
    # Russian, Ukrainian, Greek, Arabic, Hebrew
    r"объясни(?:те)?|представь(?:те)?|прорекламируй(?:те)?|опиши(?:те)?|анонсируй(?:те)?|"
    r"расскажи(?:те)? (?:историю|об?)|поясн(?:и|іть)|прорекламуй(?:те)?|опиш(?:и|іть)|розкаж(?:и|іть) (?:історію|про)|"
    r"εξηγήσ(?:τε|ου)|εξήγησε|παρουσιάσ(?:τε|ε)|παρουσίασε|διαφημίσ(?:τε|ε)|περιγράψ(?:τε|ε)|ανακοινώσ(?:τε|ε)|"
    r"اشرح(?:وا)?(?: لل?\w+)?|قد(?:ّم|موا)|عر[ّ]?ف(?:وا)? (?:ب|على)|رو[ّ]?ج(?:وا)? ل|أعلن(?:وا)? عن|"
    r"احك(?:وا|ي|ِ)? قصة|הסבירו|הציגו|קדמו|פרסמו|תארו|ספרו (?:על|את הסיפור של)|"
    # Indonesian, Vietnamese
    r"jelaskan|perkenalkan|promosikan|umumkan|ceritakan kisah|giải thích|giới thiệu|quảng bá"
)
GREETED: Final = (
    r"invite|thank|welcome|congratulate|recruit|hire|remind|encourage|convince|persuade|celebrate|honou?r|commemorate|"
    r"invite[rz]?|remercie[rz]?|recrute[rz]?|célèbre[rz]?|invit(?:a|ad|ar|e|en)|agradec(?:e|ed|er)|celebr(?:a|ad|ar|e|en)|"
    r"reclut(?:a|ad|ar|e|en)|invit(?:ate|are)|ringrazi(?:a|ate|are)|celebrate|celebrare|convid(?:e|em|ar)|agradeça(?:m)?|"
    r"bedank|vier|zaproś(?:cie)?|podziękuj(?:cie)?|bjud in|tacka|inviter|takk?|kutsu(?:kaa)?|kiittäkää|pozvi(?:te)?|"
    r"poděkuj(?:te)?|приглас(?:и|ите)|поблагодар(?:и|ите)|запрос(?:и|іть)|подякуй(?:те)?|dankt|bedankt|feiert?"
)
"""Verbs of what is done to people, which a narrator says as well: a request only of "our" people, and not to "you"."""
OUR: Final = (
    r"(?:(?:all|alle|tous|toutes|todos|todas|tutti|tutte|alla|wszystkich|всех|всіх)(?: (?:of|os|as|i|les|los|las))? )?"
    r"(?:our|my|unser\w*|mein\w*|nos|notre|mes|nuestr[oa]s?|mis?|i nostri|le nostre|la nostra|il nostro|"
    r"(?:os |as |o |a )?noss[oa]s?|onze|ons|nasz\w*|vår\w*|våra|vores|meidän|naše\w*|naši|наш\w*|volunteers|people|"
    r"everyone)"
)
"""After such a verb."""
TO_YOU: Final = (
    r"you(?:r|rs|rself|rselves)?|with us|dich|dir|dein\w*|euch|vous|votre|vos|te|ti|tu[as]?|vosotros|você|je|jou\w*|"
    r"вас|вам"
)
FIRST_WIDE: Final = (
    r"(?:(?:向|给|給|为|為|帮)[^，。,:：]{1,12}?)?(?:介绍|介紹|解释|解釋|说明(?!书)|說明(?!書)|宣传|宣傳|推广|推廣|讲解|講解|讲述|講述)"
    r"(?:一下)?"
)
"""In Chinese, after a word of an order or at the begin."""
AROUND: Final = (
    r"(?:stell(?:e|t|en sie)?|führ(?:e|t|en sie)?) (?!(?:dir|euch|sich|sie) )(.+?) (?:vor|ein)|"
    r"kündig(?:e|t|en sie)? (.+?) an|lad(?:e|et|en sie)? (.+?) ein|"
    r"leg (.+?) uit|stel (.+?) voor|kondig (.+?) aan|nodig (.+?) uit"
)
"""Verbs in two parts around what the film is about."""
LAST: Final = (
    # after a word of an order: German, Dutch
    r"(?P<after>(?:zu )?(?:vorstellen|erklären|bewerben|präsentieren|ankündigen|beschreiben|zeigen)|"
    r"vorzustellen|anzukündigen|(?:te )?(?:presenteren|introduceren|promoten|beschrijven)|uitleggen|uit te leggen|"
    r"voorstellen|voor te stellen|aankondigen|aan te kondigen)|"
    # alone: Turkish, Hindi, Japanese, Korean
    r"(?:açıkla|tanıt|anlat|duyur)(?:yın|ın|in|alım|elim|mak istiyoruz)?|"
    r"(?:के बारे में बता|को समझा|समझा)(?:इए|ओ|एँ|एं|ना है|ना चाहते हैं)|का (?:प्रचार|परिचय) (?:करें|करो|कीजिए|दें|दीजिए)|"
    r"(?:を|について)(?:説明|紹介|宣伝|告知|PR|アピール)(?:(?:して)(?:ください|ほしいです|ほしい)?|したいです|したい|"
    r"をお願いします)|"
    r"(?:을|를|에 대해)? ?(?:설명|소개|홍보|광고|안내)(?:해 ?주세요|해 ?줘|하고 싶(?:어요|습니다))"
)
LEAD: Final = (
    rf"(?:(?:{words.ORDER_FIRST})(?![^\W\d_])[\s,]*|(?:you|to|zu|de|d['’]|para|per|um|om|att|at|let['’]s|"
    r"lasst uns|help (?:me|us)|"
    rf"(?:(?:the|our|your|this|that|it|a) )(?:(?:\w+ ){{0,2}}(?:{words.MEDIUM}) )?(?:should|must|has to|needs to|will)|"
    r"(?:the )?(?:goal|aim|purpose|idea|task)(?: is| of the \w+ is)?:?|ziel(?: ist)?(?: es)?:?|but ?:|objetivo ?:|"
    r"obiettivo ?:)[\s,]+){0,4}"
)
"""What may be in front of the verb, as in "We would like you to explain …"."""
FILM_THAT: Final = (
    r"explaining|showing|introducing|presenting|promoting|advertising|announcing|describing|celebrating|"
    r"(?:that|which|to) (?:explains?|shows?|introduces?|presents?|promotes?|advertises?|announces?|describes?)|"
    r"(?:that|which) tells (?:about|the story of)|telling the story of|"
    r"qui (?:explique|présente|montre|promeut)|expliquant|présentant|pour (?:expliquer|présenter|promouvoir)|"
    r"que (?:expli(?:ca|que)|present[ae]|muestr[ae]|promocion[ae])|(?:explica|presenta)ndo|"
    r"para (?:explicar|presentar|promocionar|apresentar)|"
    r"que (?:apresent[ae]|mostr[ae])|apresentando|che (?:spiega|presenta|mostra|promuove)|per (?:spiegare|presentare|"
    r"promuovere)|"
    r"(?:om|para) (?:uit te leggen|voor te stellen)|który (?:wyjaśnia|przedstawia|pokazuje)|"
    r"som (?:förklarar|presenterar|visar|forklarer|præsenterer|presenterer|viser)|"
    r"котор(?:ый|ое) (?:объясняет|рассказывает об?|показывает)|який (?:пояснює|розповідає про)|"
    r"που (?:εξηγεί|παρουσιάζει|δείχνει)|ي(?:شرح|عرض|قدم)|שמסביר|שמציג"
)
"""Between a film and what it is about, where a sentence begins with the film."""
THAT: Final = (
    r"(?:(?:to|a|à|aux?|ai|agli|alle|aos?|às|до|для) [^,.:]{1,40}?,? )?"
    r"(?:that|que|qu['’]|che|że|co|что|що|att|at(?= vi)|ότι|πως|أن|أننا)(?![^\W\d_])"
)
"""Before a clause that is said; in German and Dutch its verb stands last, so that it is no sentence."""
TO_WHOM: Final = (
    r"(?:to|for|aux?|à (?:nos|vos|tous|des)|a (?:los|las|nuestros|nuestras|tus|sus)|ai|agli|alle|aos?|às|aan)"
    r" (?:[\w-]+ ){1,4}?"
    r"(?=(?:how|why|what|where|when|who|which|our|the|wie|warum|was|comment|pourquoi|ce qu\w*|notre|nos|le|la|les|"
    r"cómo|por qué|qué|nuestr\w+|el|los|las|como|por que|o que|noss\w+|come|perché|cosa|il|lo|i|gli|"
    r"hoe|waarom|wat|onze|ons)\b)"
)
"""After the verb, who is told, before what the film is about."""
DATIVE: Final = (
    r"(?:(?:den|unseren|allen|neuen|jungen|meinen|euren|kleinen) )*[A-ZÄÖÜ]\w+n,? "
    r"(?=(?:unser|mein|euer|das|die|den|ein|wie|warum|was)\w{0,2}\b)"
)
"""The same in German, with capitals."""
AUDIENCE: Final = (
    r"\s+(?:to|for) (?:(?:our|the|all|new|young|your|my|future|first-time|busy|potential) )*(?:teen(?:ager)?s|kids|"
    r"children|"
    r"students?|pupils|beginners?|newcomers?|adults?|seniors?|employees|staff|colleagues|customers?|clients?|guests?|"
    r"visitors?|parents?|patients?|tourists?|investors?|users?|everyone|people|viewers?|followers?|members?|"
    r"professionals|laymen)(?![\w-])"
)
