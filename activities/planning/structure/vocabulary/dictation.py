"""Words with which people who dictate go on to the next picture, without a mark. Regular expressions, without case.

Those of one language that are usual words of another one ("dan", "prima", "so") need a word for the picture after them.
"""

from typing import Final

SEEN: Final = (
    r"(?:we |you |i |it |just )?(?:(?:can |should |could )?see|show(?:s)?|cut to|have|start(?:s)? (?:with|on)|"
    r"open(?:s)? (?:with|on)|"
    r"begin(?:s)? with|end(?:s)? (?:with|on)|get|goes to|go to)|there(?:['’]s| is| are)|"
    r"(?:sieht man|sehen wir|kommt|kommen|zeigen wir|zeigt ihr|man sieht|wir sehen|geht es (?:zu|mit))|"
    r"(?:on voit|on montre|on a|il y a|vient)|(?:se ve|vemos|sale|aparece|viene)|(?:si vede|vediamo|c['’]è|arriva)|"
    r"(?:vê-se|vemos|aparece|vem)|(?:zien we|zie je|komt|we zien)|(?:widać|widzimy|jest)|(?:ser vi|ser man|kommer)|"
    r"(?:görüyoruz|görünür)|(?:видим|показываем|видно|идёт|идет)|(?:نرى|يظهر|تظهر)|(?:दिखे|दिखाएँ|देखते हैं)|"
    r"(?:看到|是|出现|出現)|(?:보이고|나오고)|(?:thấy|là)"
)
THEN: Final = (
    r"first(?: of all)?(?= (?:we|you|it|i|the|a|an|my|our|there|show|just)\b)|(?:and |so )?then|after that|"
    r"and next|afterwards|(?:and )?finally|(?:and )?lastly|"
    r"(?:and |und )?at the (?:very )?(?:end|start|beginning)|to finish|"
    r"(?:und )?(?:zuerst|als erstes|dann|danach|anschließend|zum schluss|am (?:ende|schluss|anfang))|"
    r"(?:et )?(?:d['’]abord|au début|puis|ensuite|après|à la fin|pour finir)|"
    r"(?:y )?(?:primero|al principio|luego|después|entonces|al final|para terminar)|"
    r"(?:e )?(?:all['’]inizio|per prima cosa|prima(?= (?:il|lo|la|i|gli|le|un|una|si) )|poi|dopo|alla fine|"
    r"infine)|(?:e )?(?:primeiro|no começo|depois|"
    r"em seguida|no (?:fim|final))|"
    r"(?:en )?(?:eerst|dan(?= (?:de|het|een|zie|zien|komt|\w{3,}t) )|daarna|vervolgens|(?:op|aan) het einde?|"
    r"tot slot)|(?:i |a )?(?:najpierw|na początku|"
    r"potem|następnie|na (?:koniec|końcu))|"
    r"(?:och |og )?(?:först|sedan|därefter|på slutet|til slut|til sidst)|(?:önce|sonra|ardından|en sonda|sonunda)|"
    r"(?:и |а )?(?:сначала|потом|затем|в конце)|(?:أولا|ثم|بعدها|بعد ذلك|(?:و)?في النهاية)|(?:पहले|फिर(?! भी)|"
    r"उसके बाद|इसके बाद|(?:और )?(?:अंत|आख़िर|आखिर) में)|"
    r"(?:đầu tiên|sau đó|rồi|cuối cùng)|(?:pertama|lalu|kemudian|terakhir)"
)
THEN_WIDE: Final = (
    r"首先|一开始|然后|然後|接着|接著|接下来|接下來|最后|最後(?:に)?|まず|最初に|次に|それから|そのあと|먼저|처음에|"
    r"그다음에?|그 다음에?|그리고 나서|마지막에"
)
SPEAKS: Final = (
    r"(?:and |und |et |y |e |en |i |и |och |og |ve )?(?:with )?(?:the |a |an |die |eine? |la |le |une |una |el |"
    r"il |uma |o |de |een )?"
    r"(?:voice(?:[ -]?over)?|narrator|speaker|announcer|stimme|sprecher(?:in)?|voix(?: off)?|voz(?: en off)?|"
    r"narrador|locutora?|"
    r"voce(?: narrante)?|locutor|stem|lektor|głos|rösten|диктор|голос(?: за кадром)?|dış ses|الصوت|المعلق|आवाज़|"
    r"旁白|画外音|ナレーションで?|내레이션(?:은|으로)?|giọng đọc)"
    r"(?: off| over)? ?(?:then |also |dann |puis |luego |poi )?(?:says?|saying|goes|sagt|spricht|dit|dice|diz|"
    r"zegt|mówi|säger|siger|говорит|"
    r"der|diyor|يقول|कहती है|कहता है|说|說|は|nói)(?![^\W\d_]) ?"
)
READS: Final = (
    r"(?:and |und |et |y |e |en |i |и )?(?:it|the (?:text|screen|sign|card)|there) (?:just )?(?:says?|reads?)|"
    r"(?:soll(?:te)? )?(?:da )?(?:steht|stehen)(?: soll)?|(?:der|ein) text|(?:il y a |on lit |avec )?(?:le |"
    r"un )?texte|(?:se lee|pone|el texto|un texto)|"
    r"(?:si legge|c['’]è scritto|la scritta)|(?:lê-se|aparece escrito|o texto)|(?:staat er|de tekst)|(?:napis|"
    r"jest napis)|"
    r"(?:написано|надпись|текст)|(?:yazsın|yazısı)|(?:يظهر نص|مكتوب)|(?:लिखा हो|लिखा आए)|(?:字幕|写着|文字)|"
    r"(?:テロップ)|(?:자막)|(?:hiện chữ|dòng chữ)"
)
SILENT: Final = (
    r"(?:and |und |et |y |e |with )?(?:no|without|ohne|kein\w*|sans|pas de|sin|senza|sem|geen|zonder|bez|"
    r"без)(?: any)? "
    r"(?:talking|speaking|speech|voice(?:[ -]?over)?|narration|words|stimme|sprecher|text gesprochen|voix|"
    r"paroles|voz|palabras|voce|parole|falas?|stem|"
    r"lektora|голоса|слов)"
)
REQUESTS: Final = (
    r"can (?:we|you) (?:have|do|make|show)|could (?:we|you) (?:have|do|make|show)|(?:i|we) (?:want|need|"
    r"['’]d like|would like|thought of)|"
    r"(?:ich|wir) (?:will|wollen|hätten? gern|brauchen?|möchten?)|(?:je|on|nous) (?:veux|veut|voudrais|voudrait|"
    r"voulons|voudrions)|"
    r"(?:quiero|queremos|necesitamos|quisiera)|(?:vorrei|vorremmo|voglio|vogliamo)|(?:quero|queremos|precisamos)|"
    r"(?:ik wil|we willen)|(?:chcę|chcemy)|(?:хочу|хотим|нужен|нужно)|(?:istiyorum|istiyoruz)|(?:أريد|نريد)|"
    r"(?:चाहिए)|(?:我想要?|我们想要?|想拍)"
)
