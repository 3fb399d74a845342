"""Words that give pictures their order within one sentence, and verbs before a list of pictures. Regular expressions.

Without case. "First the oven, then the queue, and at last a child with a roll", "it should cover: a, b and c".
"""

from typing import Final

_ALSO: Final = r"(?:and |und |et |y |e |en |i |a |och |og |ja |ve |и |а |і |й |και |و)?"
FIRST: Final = (
    r"first(?: of all)?|to (?:begin|start)(?: with)?|zuerst|zunächst|als erstes|erst|(?:tout )?d['’]abord|"
    r"pour commencer|primero|al principio|para empezar|prima|per prima cosa|all['’]inizio|per cominciare|"
    r"primeiro|para começar|no (?:início|começo)|eerst|als eerste|najpierw|na początku|först|først|ensin|nejprve|"
    r"nejdřív|önce|ilk olarak|сначала|вначале|в начале|спочатку|πρώτα|أولاً?|أولا|في البداية|ראשית|קודם|पहले|"
    r"सबसे पहले|đầu tiên|trước tiên|pertama(?:-tama)?|mula-mula"
)
STARTS: Final = (
    r"(?:(?:that|which|it|this|we|the \w+) )?(?:starts?|opens?|begins?) (?:with|on)|(?:(?:der|die|das|es|"
    r"er) )?(?:beginnt|startet) "
    r"mit|(?:(?:qui|ça|elle|il|on) )?(?:commence|s['’]ouvre|débute) (?:par|sur|avec)|(?:que )?(?:empie(?:za|ce)|"
    r"comien(?:za|ce)|"
    r"arran(?:ca|que)|empezamos) (?:con|en)|(?:che )?(?:inizia|inizi|comincia|si apre|iniziamo) (?:con|su)|"
    r"(?:que )?(?:começa|comece|"
    r"inicia) com|"
    r"(?:dat |die |het |we |wij )?begin(?:t|nen) met|(?:który |która )?zaczyna się od|(?:som )?(?:börjar|begynder|"
    r"begynner|starter) med|"
    r"(?:который )?начинается с(?:о)?"
)
"""Before the first picture, also within a sentence that orders the film."""
NEXT: Final = (
    rf"{_ALSO}(?:then|next|after (?:that|which)|afterwards|followed by|dann|danach|anschließend|im anschluss|"
    r"gefolgt von|ensuite|puis|après|suivie? (?:de|d['’](?:une?)?)|luego|después|a continuación|seguid[oa] de|poi|"
    r"dopo|quindi|in seguito|seguit[oa] da|depois|em seguida|a seguir|dan|daarna|vervolgens|gevolgd door|potem|"
    r"następnie|później|sedan|därefter|så|derefter|deretter|sitten|potom|pak|sonra|ardından|потом|затем|далее|потім|"
    r"далі|μετά|έπειτα|ύστερα|ثم|بعدها|بعد ذلك|אחר כך|ואז|फिर|इसके बाद|उसके बाद|sau đó|rồi|tiếp theo|lalu|kemudian|"
    r"setelah itu)"
)
LAST: Final = (
    rf"{_ALSO}(?:finally|lastly|at last|last(?! (?:night|year|week|summer|winter))|in the end|"
    r"at the (?:very )?end|to (?:finish|end)(?: with)?|"
    r"(?:it |we )?end(?:s|ing)? (?:with|on)|(?:es |das video |der film )?end(?:et|en wir) mit|(?:wir )?enden mit|"
    r"(?:ça |et )?(?:se termine|"
    r"finit) (?:par|sur)|"
    r"(?:se )?(?:termina|acaba)(?:ndo|mos)? (?:con|com|em)|(?:finisce|si chiude) con|(?:we |wij |het )?eindig(?:t|"
    r"en) met|kończy się|"
    r"slutar med|slutter med|"
    r"заканчивается|clos(?:es?|ing) (?:with|on)|zuletzt|schließlich|zum (?:schluss|abschluss|ende)|"
    r"am (?:ende|schluss)|als letztes|enfin|à la fin|pour (?:finir|terminer|conclure)|por último|finalmente|"
    r"al final|para (?:terminar|acabar)|infine|alla fine|per (?:finire|concludere)|por fim|no (?:fim|final)|"
    r"tot slot|ten slotte|(?:op|aan) het einde?|als laatste|na (?:koniec|końcu)|till (?:slut|sist)|på slutet|"
    r"til (?:slut|slutt|sidst)|lopuksi|nakonec|na konci|(?:en )?son(?:unda| olarak|da)|en sonda|в конце|наконец|"
    r"в финале|наприкінці|στο τέλος|τέλος|وأخيراً?|أخيراً?|أخيرا|في (?:النهاية|الختام)|לבסוף|בסוף|"
    r"(?:और )?(?:अंत|आख़िर|आखिर) में|cuối cùng|terakhir|akhirnya)"
)
_WIDE_VERBS: Final = r"(?:是|拍(?:摄|攝)?|到|有|出现|出現|展示|切到)?"
WIDE_FIRST: Final = (
    rf"(?:首先|一开始|开头|開頭|开场|開場|先(?!生)){_WIDE_VERBS}|(?:まず(?:は)?|最初[には]|冒頭[には]?)、?|"
    r"(?:먼저|처음에(?:는)?)"
)
WIDE: Final = (
    rf"(?:接着|接著|然后|然後|接下来|接下來|之后(?=是|拍|再)|再(?!见|見|次)|随后|隨後|最后|最後(?![には])){_WIDE_VERBS}|"
    r"(?:次[には]|続いて|それから|そのあと|その後|最後[には])、?|"
    r"(?:그다음(?:에|은|엔)?|그 다음(?:에|은|엔)?|다음(?:에|으로|은|엔)|이어서|그리고 나서|"
    r"마지막(?:에|으로|은|엔)(?:는)?)"
)
"""In scripts without spaces between words, and Korean."""
COVERS: Final = (
    r"(?:見せる|映す|入れたい|出す)(?:もの|場面|シーン)|内容|"
    r"(?:(?:it|this|we|they|you|the (?:film|video|spot|clip|ad)) )?(?:(?:should|must|has to|have to|needs? to|can|"
    r"could|will|please) )?(?:cover|include|show|feature|contain|depict|see)s?|"
    r"(?:(?:er|es|sie|der film|das video|der spot|der clip|man|wir) )?(?:soll\w*|muss|müssen|kann) (?:\w+ )?"
    r"(?:zeigen|enthalten|abdecken|vorkommen)|(?:zu sehen|vorkommen|gezeigt werden|enthalten sein) soll\w*|"
    r"(?:folgendes )?(?:zeigen|zeigt|zu sehen(?: sind| ist)?)|"
    r"(?:(?:il|elle|on|ça|la vidéo|le film) )?(?:doit|doivent|devra\w*|faut|il faut)? ?(?:y )?"
    r"(?:montrer|voir|inclure|contenir|présenter|montre|voit)|"
    r"(?:(?:el|la|que) \w+ )?(?:debe|debería|tiene que|ha de|hay que|quiero que)? ?(?:mostrar|incluir|contener|"
    r"enseñar|salgan?|aparezcan?|muestre|incluya|se vean?)|"
    r"(?:(?:il|lo|deve|dovrebbe|devono|vorrei|si) )*(?:mostrare|includere|contenere|mostri|si ved(?:a|ano|ono))|"
    r"(?:(?:o|a|deve|tem de|precisa|quero) )*(?:mostrar|incluir|conter|mostre|apareç\w+|aparecer)|"
    r"(?:(?:het|de|hij|het moet|moet|graag) )*(?:tonen|laten zien|bevatten|toon|te zien)|"
    r"(?:powin\w+|ma|niech|proszę)? ?(?:pokaz\w+|zawierać|pokaż\w*|będzie widać)|"
    r"(?:ska|bör|skal|skulle)? ?(?:visa|innehålla|vise|indeholde|inneholde)|"
    r"(?:должн\w+|нужно|надо|пусть)? ?(?:показа\w+|включ\w+|быть|покажите)|(?:має|повинен|треба)? ?показати|"
    r"(?:şunlar|gösterilsin|görünsün|olsun|içersin)|(?:يجب أن |لازم )?(?:يظهر|يعرض|يتضمن|يشمل|نرى)|"
    r"(?:दिखाना|दिखाएँ|दिखाएं|शामिल|दिखे|दिखना चाहिए|होना चाहिए)|"
    r"(?:需要|要|应该|應該|请|請)?(?:包括|包含|展示|拍摄|拍攝|出现|出現|有|拍)(?:以下|下面)?\w{0,4}|"
    r"(?:内容|見せたいもの|入れたいもの|映像|シーン|撮りたいもの)(?:は|として)?|"
    r"(?:다음|아래)\S* ?\S{0,6}|(?:포함|보여)\S* ?\S{0,4}"
)
"""Before the colon of a list of pictures."""
DETERMINERS: Final = (
    r"an?|the|our|some|two|three|my|his|her|their|ein\w{0,2}|der|die|das|den|dem|unser\w*|zwei|drei|une?|des|les?|la|"
    r"l['’]\w+|notre|nos|deux|trois|una?|unos|unas|el|los|las|nuestr\w+|dos|tres|il|lo|gli|i|un['’]\w+|nostr\w+|due|"
    r"tre|uma?|uns|umas|os?|as?|noss\w+|dois|duas|três|een|het|de|onze|twee|drie|en|ett|et|två|to"
)
"""With which a picture of a list begins in a language with articles."""
