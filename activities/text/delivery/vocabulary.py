"""The words by which people say how a line is spoken, in the languages of feedback and in the commonest of briefs.

Each manner has an axis: a new manner of the same axis replaces the one before it ("slower" replaces "fast").
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from activities.text.patterns import Pattern

Axis = Literal["pace", "volume", "pitch", "mood"]


class Effect(NamedTuple):
    """What a manner does to a voice: a factor of the pace, percent of the volume, and steps of pitch and its range."""

    pace: float = 1.0
    volume: float = 100
    pitch: int = 0
    range: int = 0


class Manner(NamedTuple):
    """A way of speaking.

    Attributes:
        forms: A pattern of its words in letters with word borders; `wide` in scripts without them ("〜2" is an ending).
        weak: It may also be said of words: alone, it is no request about a voice.
        seen: It may also be said of pictures: of a whole film, it is a request about the voice only if that is named.
    """

    name: str
    axis: Axis
    effect: Effect
    forms: str
    wide: str = ""
    weak: bool = False
    seen: bool = False


MANNERS: Final = (
    Manner("slow", "pace", Effect(0.8),
           r"slow(?:er|ly)?|unhurried(?:ly)?|langsam(?:er|e[rns]?)?|gemächlich(?:er)?|lent(?:e|ement|es?)?|"
           r"ralenti\w*|"
           r"despacio|lent[oa]s?|lentamente|pausad[oa]|pi[aà]no piano|adagio|devagar|vagaros[oa]|traag|trager|"
           r"langzaam|"
           r"langzamer|wolno|wolniej|powoli|медленн\w*|slowed|slow down|drosselt?|ببطء|أبطأ",
           "ゆっくり|遅[いくめ]?|慢(?:一点|些|点)?|缓慢|천천히|느리게"),
    Manner("fast", "pace", Effect(1.25),
           r"fast(?:er)?|quick(?:er|ly)?|rapid(?:ly)?|hurried(?:ly)?|brisk(?:er|ly)?|speed(?: it)? up|"
           r"schnell(?:er|e[rns]?)?|"
           r"zügig(?:er)?|rasch(?:er)?|flott(?:er)?|vite|rapide(?:ment)?|accélér\w*|rápid[oa]s?|rápidamente|deprisa|"
           r"veloc[ei]|velocemente|rapid[oa]|rapidamente|depressa|snel(?:ler)?|szybk\w*|szybciej|быстр\w*|بسرعة|أسرع",
           "速[いくめ]?|早口|早く|快(?:一点|些|点)?|빠르게|빨리"),
    Manner("whispering", "volume", Effect(0.95, 60, 0, -20),
           r"whisper(?:s|ed|ing|ingly)?|hushed|under (?:his|her|their) breath|breathy|flüster\w*|geflüstert|gehaucht|"
           r"chuchot\w*|murmur\w*|susurr\w*|sussurr\w*|bisbigli\w*|fluister\w*|szept\w*|шёпот\w*|шепот\w*|шепч\w*|"
           r"همس\w*|هامس\w*",
           "ささや〜3|囁〜2|小声|耳打ち|低语|耳语|悄声|속삭\\w{0,3}"),
    Manner("shouting", "volume", Effect(1.05, 170, 10, 25),
           r"shout(?:s|ed|ing)?|yell(?:s|ed|ing)?|scream(?:s|ed|ing)?|bellow(?:s|ing)?|schrei\w*|geschrien|"
           r"brüll\w*|rufend|"
           r"crie[rz]?|criant|en criant|hurl\w*|grit(?:a|ar|ando|ado)|gridando|urland[oa]|gridat[oa]|schreeuw\w*|"
           r"krzycz\w*|"
           r"крич\w*|крик\w*|صارخ\w*",
           "叫〜2|怒鳴〜2|大声で|喊|吼|외치\\w?|소리치\\w?"),
    Manner("quiet", "volume", Effect(1, 60),
           r"quiet(?:er|ly)?|soft(?:er|ly)|soft spoken|tone it down|keep it down|low voice|gently|leis(?:e|er|en)?|"
           r"gedämpft|"
           r"doucement|à voix basse|plus bas(?:se)?|moins fort|baj(?:o|ito)|más baj[oa]|en voz baja|voz baja|"
           r"a bassa voce|"
           r"sottovoce|più piano|pianissimo|più bass[oa]|baix(?:o|inho)|mais baix[oa]|em voz baixa|"
           r"zacht(?:er|jes)?|cicho|"
           r"ciszej|тих\w*|тише|بهدوء|بصوت منخفض",
           "小さ[いくめ]な?声?で?|静か[にな]?|そっと|轻(?:声|一点|些)|小声|조용히|작게"),
    Manner("loud", "volume", Effect(1, 150),
           r"loud(?:er|ly)?|speak up|laut(?:er|e[rns]?)?|fort(?:e|ement)?|plus fort|à voix haute|alt[oa]|más alt[oa]|"
           r"más fuerte|fuerte|"
           r"en voz alta|più forte|più alt[oa]|ad alta voce|mais alt[oa]|em voz alta|luid(?:er)?|głośn\w*|głośniej|"
           r"громк\w*|громче|بصوت (?:عال|أعلى|عالٍ)|أعلى",
           "大き[いくめ]な?声?で?|大声|响亮|크게|큰 소리로"),
    Manner("high", "pitch", Effect(1, 100, 18),
           r"higher|high[- ]pitched|high voice|brighter voice|höher(?:e[rns]?)?|hohe[rn]? stimme|"
           r"plus aigu(?:ë|e)?|aigu(?:ë|e)?|"
           r"más agud[oa]|agud[oa]|più acut[oa]|acut[oa]|mais agud[oa]|hoger|wyżej|выше",
           "高[いくめ]な?声?で?|高音|높게"),
    Manner("deep", "pitch", Effect(1, 100, -18),
           r"deep(?:er|ly)?|low(?:er)?(?:[- ]pitched)?|tief(?:er|e[rns]?)?|plus grave|grave|más grave|più grave|"
           r"mais grave|"
           r"profond[oae]|profund[oa]|diep(?:er)?|lager|niżej|низк\w*|ниже|عميق",
           "低[いくめ]な?声?で?|深沉|低沉|낮게"),
    Manner("sad", "mood", Effect(0.86, 85, -10, -22),
           r"sad(?:der|ly|ness)?|sorrow\w*|mournful(?:ly)?|melanchol\w*|grie(?:f|ving|ved)|tearful(?:ly)?|"
           r"heartbroken|"
           r"traurig(?:er|e[rns]?)?|betrübt(?:er)?|wehmütig(?:er)?|trist(?:e|ement)s?|peiné|mélancoli\w*|"
           r"trist[ei]|tristemente|"
           r"tristeza|malinconic\w*|melancóli\w*|entristecid[oa]|verdrietig(?:er)?|droevig|smutn\w*|smutniej|"
           r"грустн\w*|печальн\w*|حزين\w*|بحزن",
           "悲し〜3|哀し〜3|寂し〜3|悲伤|难过|忧伤|슬프\\w?|슬픈|슬퍼\\w?"),
    Manner("happy", "mood", Effect(1.06, 105, 10, 20),
           r"happ(?:y|ier|ily)|cheer(?:ful|fully|y|ier)|joy(?:ful|fully|ous)?|glad(?:ly)?|merr(?:y|ily|ier)|"
           r"smiling(?:ly)?|"
           r"with a smile|fröhlich(?:er|e[rns]?)?|heiter(?:er)?|froh(?:er)?|glücklich(?:er)?|lächelnd|"
           r"joyeu(?:x|se|sement)|gai(?:e|ement)?|"
           r"heureu(?:x|se|sement)|souriant|alegre(?:mente)?|feliz|contento|sonriendo|allegr\w*|felic[ei]|"
           r"sorridente|contente|"
           r"vrolijk(?:er)?|blij(?:er)?|wesoł\w*|weselej|весел\w*|радостн\w*|سعيد\w*|بفرح",
           "楽し〜3|嬉し〜3|快乐|高兴|开心|기쁘\\w?|즐겁\\w?"),
    Manner("excited", "mood", Effect(1.14, 115, 12, 30),
           r"excit(?:ed|edly|ement|ing)|enthusias\w*|thrilled|aufgeregt(?:er)?|begeistert(?:er)?|enthousias\w*|"
           r"excité(?:e|s)?|"
           r"emocionad[oa]|entusias\w*|eccitat[oa]|animad[oa]|empolgad[oa]|opgewonden|podekscytowan\w*|"
           r"взволнован\w*|متحمس\w*|بحماس",
           "興奮〜3|わくわく〜2|激动|兴奋|신나\\w?|흥분\\w?"),
    Manner("energetic", "mood", Effect(1.1, 118, 6, 22),
           r"energetic(?:ally)?|more energy|with energy|full of energy|lively|livelier|upbeat|dynamic(?:ally)?|"
           r"punch(?:y|ier)|"
           r"energisch(?:er)?|schwungvoll(?:er)?|lebhaft(?:er)?|lebendig(?:er)?|dynamisch(?:er)?|mehr energie|"
           r"énergique(?:ment)?|"
           r"plus d['’]énergie|vivant(?:e)?|dynamique|enérgic[oa]|más energía|con energía|animado|dinámic[oa]|"
           r"energic[oa]|vivace|"
           r"più energia|con energia|mais energia|com energia|enérgico|energiek(?:er)?|levendig|energiczn\w*|"
           r"энергичн\w*|بحيوية",
           "元気〜2|力強〜2|有活力|有力|活泼|활기차\\w?|힘차\\w?", seen=True),
    Manner("calm", "mood", Effect(0.92, 90, -4, -14),
           r"calm(?:er|ly)?|relaxed|serene(?:ly)?|peaceful(?:ly)?|soothing(?:ly)?|composed|ruhig(?:er|e[rns]?)?|"
           r"gelassen(?:er)?|entspannt(?:er)?|"
           r"besonnen|calme(?:ment)?s?|posé(?:e|ment)?|apaisé(?:e)?|serein(?:e|ement)?|tranquil[oa]|"
           r"tranquil(?:o|a|lo|la|amente|lamente)|calm[oa]|calmad[oa]|"
           r"seren[oa]|rilassat[oa]|calmamente|rustig(?:er)?|kalm(?:er)?|spokojn\w*|spokojniej|спокойн\w*|هادئ\w*",
           "落ち着〜3|穏やか\\w?|平静|沉着|冷静|차분\\w{0,2}|침착\\w{0,2}", seen=True),
    Manner("angry", "mood", Effect(1.08, 145, 2, 28),
           r"ang(?:ry|rier|rily|er)|furious(?:ly)?|outraged|irritated|annoyed|wütend(?:er)?|zornig(?:er)?|"
           r"verärgert(?:er)?|ärgerlich|"
           r"en colère|fâché(?:e)?|furieu(?:x|se|sement)|énervé(?:e)?|enfadad[oa]|enojad[oa]|furios[oa]|"
           r"arrabbiat[oa]|irritat[oa]|"
           r"zangad[oa]|irritad[oa]|boos|bozer|woedend|zły|wściekł\w*|сердит\w*|зло|злобно|яростн\w*|غاضب\w*|بغضب",
           "怒っ〜2|怒り\\w?|腹立〜2|生气|愤怒|화난|화내\\w?"),
    Manner("warm", "mood", Effect(0.96, 100, -3, 4),
           r"warm(?:er|ly|th|e[rns]?|herzig(?:er)?)?|friend(?:ly|lier)|kind(?:er|ly)|heartfelt|wärmer|"
           r"herzlich(?:er)?|freundlich(?:er)?|"
           r"chaleureu(?:x|se|sement)|amica(?:l|le|lement)|aimable|cálid[oa]|amable|amistos[oa]|cariños[oa]|"
           r"cald[oa]|calore|amichevole|"
           r"calor(?:os[oa])?|amigável|simpátic[oa]|hartelijk(?:er)?|vriendelijk(?:er)?|ciepł\w*|cieplej|"
           r"przyjaźn\w*|тёпл\w*|тепл\w*|дружелюбн\w*|ودود\w*",
           "温か〜2|暖か〜2|優し〜2|親しみ〜3|温暖|亲切|友好|따뜻\\w{0,2}|다정\\w{0,2}", seen=True),
    Manner("tender", "mood", Effect(0.92, 75, 0, -6),
           r"tender(?:ly|er)?|gentle(?:r)?|loving(?:ly)?|intimate(?:ly)?|zärtlich(?:er)?|sanft(?:er|e[rns]?)?|"
           r"liebevoll(?:er)?|behutsam|tendre(?:ment)?|"
           r"dou(?:x|ce)|tierno|tierna|tiernamente|dulce(?:mente)?|suave(?:mente)?|tener[oa]|dolce(?:mente)?|"
           r"delicat[oa]|tern[oa]|doce(?:mente)?|"
           r"teder|czul\w*|czule|нежн\w*|ласков\w*|بلطف|بحنان",
           "やさしく|柔らか〜2|温柔|轻柔|부드럽\\w?"),
    Manner("serious", "mood", Effect(0.95, 100, -8, -14),
           r"serious(?:ly)?|solemn(?:ly)?|grave(?:ly)|earnest(?:ly)?|stern(?:ly)?|ernst(?:er|haft)?|"
           r"feierlich(?:er)?|streng(?:er)?|sérieu(?:x|se|sement)|"
           r"solennel(?:le|lement)?|seri[oa]|en serio|solemne(?:mente)?|solenne(?:mente)?|serios[oa]|séri[oa]|"
           r"solene|serieu(?:s|ze)r?|plechtig|"
           r"poważn\w*|poważniej|серьёзн\w*|серьезн\w*|торжественн\w*|جاد\w*|بجدية",
           "真剣〜2|真面目\\w?|厳か\\w?|严肃|庄重|认真|진지\\w{0,2}"),
    Manner("tired", "mood", Effect(0.84, 80, -8, -25),
           r"tired(?:ly)?|wear(?:y|ily)|exhausted|sleepy|sleepily|bored|müde(?:r)?|erschöpft(?:er)?|schläfrig|"
           r"gelangweilt(?:er)?|fatigué(?:e|s)?|épuisé(?:e)?|"
           r"cansad[oa]|agotad[oa]|aburrid[oa]|stanc[oa]|esaust[oa]|annoiat[oa]|exaust[oa]|entediad[oa]|vermoeid|"
           r"zmęczon\w*|устал\w*|متعب\w*",
           "疲れ〜3|眠そう\\w?|疲惫|疲倦|피곤\\w{0,2}|지친"),
    Manner("nervous", "mood", Effect(1.12, 95, 12, 22),
           r"nervous(?:ly)?|anxious(?:ly)?|afraid|scared|frightened|fearful(?:ly)?|terrified|worried|panick\w*|"
           r"ängstlich(?:er)?|nervös(?:er)?|besorgt(?:er)?|"
           r"verängstigt|panisch|nerveu(?:x|se|sement)|inqui(?:et|ète)|apeuré(?:e)?|effrayé(?:e)?|nervios[oa]|"
           r"asustad[oa]|ansios[oa]|nervos[oa]|"
           r"spaventat[oa]|impaurit[oa]|assustad[oa]|zenuwachtig|przestraszon\w*|nerwow\w*|испуган\w*|нервн\w*|"
           r"тревожн\w*|خائف\w*|قلق\w*",
           "怖が〜3|怯え〜2|緊張〜3|不安〜2|紧张|害怕|恐惧|긴장\\w{0,2}|두려\\w{0,2}"),
    Manner("urgent", "mood", Effect(1.18, 120, 6, 15),
           r"urgent(?:ly)?|insistent(?:ly)?|pressing(?:ly)?|desperate(?:ly)?|pleading(?:ly)?|begging|"
           r"dringend(?:er)?|eindringlich(?:er)?|verzweifelt(?:er)?|flehend|"
           r"pressant(?:e)?|suppliant(?:e)?|désespéré(?:e|ment)?|urgente(?:mente)?|desesperad[oa]|suplicante|"
           r"disperat[oa]|supplicante|dringender|wanhopig|"
           r"nagląc\w*|desperack\w*|настойчив\w*|отчаянн\w*|умоляющ\w*|بإلحاح|يائس\w*",
           "切迫〜3|必死〜2|急切|绝望|恳求|다급\\w{0,2}|절박\\w{0,2}"),
    Manner("surprised", "mood", Effect(1.04, 108, 16, 32),
           r"surprised(?:ly)?|astonished|amazed|startled|shocked|überrascht(?:er)?|erstaunt(?:er)?|verblüfft|"
           r"erschrocken|surpris(?:e)?|étonné(?:e)?|stupéfait(?:e)?|"
           r"sorprendid[oa]|asombrad[oa]|sorpres[oa]|stupit[oa]|surpres[oa]|espantad[oa]|verrast|verbaasd|"
           r"zaskoczon\w*|удивл\w*|مندهش\w*|متفاجئ\w*",
           "驚い〜2|驚き\\w?|惊讶|吃惊|놀라\\w{0,2}|놀란"),
    Manner("hesitant", "mood", Effect(0.86, 90, 2, -6),
           r"hesitant(?:ly)?|hesitating(?:ly)?|trailing off|stammering|unsure|uncertain(?:ly)?|shy(?:ly)?|"
           r"timid(?:ly)?|zögernd(?:er)?|zögerlich(?:er)?|unsicher(?:er)?|schüchtern(?:er)?|"
           r"stotternd|hésitant(?:e)?|timide(?:ment)?|indecis[oa]|dubitativ[oa]|tímid[oa]|vacilante|esitante|"
           r"timid[oa]|insicur[oa]|hesitante|aarzelend|niepewn\w*|"
           r"неуверенн\w*|робк\w*|متردد\w*|خجول\w*",
           "ためら〜3|恥ずかし〜3|戸惑〜3|犹豫|迟疑|害羞|망설이\\w?|머뭇\\w{0,3}"),
    Manner("confident", "mood", Effect(1.0, 115, -4, 8),
           r"confident(?:ly)?|assured|proud(?:ly|er)?|firm(?:er|ly)?|bold(?:er|ly)?|determined|"
           r"selbstbewusst(?:er)?|selbstsicher(?:er)?|stolz(?:er)?|bestimmt(?:er)?|überzeugt|"
           r"confiant(?:e)?|assuré(?:e)?|fi(?:er|ère|èrement)|déterminé(?:e)?|segur[oa] de sí|confiad[oa]|"
           r"orgullos[oa]|sicur[oa] di sé|fier[oa]|orgoglios[oa]|confiante|orgulhos[oa]|"
           r"zelfverzekerd|trots|pewn[aey]? siebie|dumn\w*|уверенн\w*|гордо|واثق\w*|بثقة",
           "自信〜3|堂々\\w{0,2}|誇らし〜2|自信地|自豪|坚定|자신\\w{0,3}|당당\\w{0,2}"),
    Manner("dramatic", "mood", Effect(0.93, 112, -2, 30),
           r"dramatic(?:ally)?|theatrical(?:ly)?|intense(?:ly)?|emotional(?:ly)?|more emotion|passionate(?:ly)?|"
           r"with feeling|dramatisch(?:er)?|emotional(?:er)?|leidenschaftlich(?:er)?|"
           r"intensiver|gefühlvoll(?:er)?|mehr gefühl|dramatique(?:ment)?|intense|passionné(?:e)?|ému(?:e)?|"
           r"plus d['’]émotion|dramátic[oa]|apasionad[oa]|intens[oa]|emotiv[oa]|más emoción|"
           r"drammatic[oa]|appassionat[oa]|più emozione|apaixonad[oa]|mais emoção|emoci?onal|emotioneel|"
           r"emocjonaln\w*|dramatyczn\w*|драматичн\w*|эмоциональн\w*|страстн\w*|بعاطفة|درامي\w*",
           "感情(?:的に|を込め〜2|豊か\\w?)|ドラマチック\\w?|情熱〜2|深情|激情|有感情|戏剧性|감정\\w{0,3}|극적\\w?",
           seen=True),
    Manner("mysterious", "mood", Effect(0.88, 75, -8, -8),
           r"mysterious(?:ly)?|ominous(?:ly)?|eerie|eerily|suspenseful|menacing(?:ly)?|threatening(?:ly)?|dreamy|"
           r"dreamily|geheimnisvoll(?:er)?|mysteriös(?:er)?|unheimlich(?:er)?|bedrohlich(?:er)?|drohend|"
           r"verträumt(?:er)?|mystérieu(?:x|se|sement)|menaçant(?:e)?|rêveu(?:r|se)|misterios[oa]|amenazante|"
           r"soñador[a]?|minaccios[oa]|sognante|ameaçador[a]?|sonhador[a]?|mysterieus|dreigend|"
           r"tajemnicz\w*|таинственн\w*|загадочн\w*|угрожающ\w*|غامض\w*",
           "神秘的\\w?|不気味\\w?|神秘|威胁地|신비\\w{0,2}", seen=True),
    Manner("ironic", "mood", Effect(0.97, 100, 2, 18),
           r"ironic(?:ally)?|sarcastic(?:ally)?|playful(?:ly)?|teasing(?:ly)?|mocking(?:ly)?|deadpan|wry(?:ly)?|"
           r"ironisch(?:er)?|sarkastisch(?:er)?|verspielt(?:er)?|spöttisch(?:er)?|augenzwinkernd|"
           r"ironique(?:ment)?|sarcastique|moqueu(?:r|se)|espiègle|taquin(?:e)?|irónic[oa]|sarcástic[oa]|"
           r"juguet[oó]n(?:a)?|burl[oó]n(?:a)?|ironic[oa]|sarcastic[oa]|scherzos[oa]|giocos[oa]|"
           r"brincalhão|brincalhona|speels|spottend|ironiczn\w*|ироничн\w*|насмешлив\w*|игрив\w*|ساخر\w*",
           "皮肉〜2|いたずらっぽく|讽刺|俏皮|비꼬\\w{0,2}|장난스럽\\w?"),
    Manner("laughing", "mood", Effect(1.05, 108, 10, 25),
           r"laugh(?:ing|ingly|s)?|giggl\w*|chuckl\w*|lachend|kichernd|en riant|riant|riendo|riéndose|ridendo|"
           r"rindo|lachend|śmiejąc\w*|смеясь|смеющ\w*|ضاحك\w*",
           "笑いながら|笑って|笑着|웃으며"),
    Manner("crying", "mood", Effect(0.85, 85, 4, 5),
           r"crying|sobbing|weeping|in tears|choked up|weinend(?:er)?|schluchzend|unter tränen|en pleurant|"
           r"en larmes|sanglotant|llorando|sollozando|piangendo|singhiozzando|in lacrime|chorando|"
           r"soluçando|huilend|snikkend|płacząc\w*|плача|рыда\w*|باكي\w*",
           "泣き〜4|涙声\\w?|哭着|抽泣|울면서|울먹\\w{0,3}"),
    Manner("monotone", "mood", Effect(0.97, 95, 0, -45),
           r"monoton(?:e|ous|ously)?|flat(?:ly|ter)?|expressionless|robotic(?:ally)?|matter[- ]of[- ]fact(?:ly)?|"
           r"emotionless|tonlos|ausdruckslos|sachlich(?:er)?|nüchtern(?:er)?|monocorde|"
           r"sans expression|neutre|monóton[oa]|neutr[oa]l?|monotono|inespressiv[oa]|zakelijk|eentonig|"
           r"monotonn\w*|beznamiętn\w*|монотонн\w*|безразличн\w*|رتيب\w*",
           "単調\\w?|淡々と|棒読み\\w?|单调|平淡|단조롭\\w?"),
    Manner("natural", "mood", Effect(),
           r"natural(?:ly)?|conversational(?:ly)?|casual(?:ly)?|professional(?:ly)?|formal(?:ly)?|"
           r"authoritative(?:ly)?|clear(?:er|ly)?|articulate(?:ly)?|natürlich(?:er)?|locker(?:er)?|"
           r"professionell(?:er)?|"
           r"deutlich(?:er)?|klar(?:er)?|naturel(?:le|lement)?|décontracté(?:e)?|professionnel(?:le)?|"
           r"clair(?:e|ement)?|natural(?:mente)?|profesional|informal|clar[oa]|naturale|professionale|chiar[oa]|"
           r"profissional|natuurlijk(?:er)?|duidelijk(?:er)?|naturaln\w*|wyraźn\w*|естественн\w*|чётк\w*|четк\w*|"
           r"طبيعي\w*|بوضوح",
           "自然\\w?|はっきり|自然|清楚|清晰|자연스럽\\w?|또렷\\w{0,2}", weak=True, seen=True),
    )  # fmt: skip

STRONGER: Final = Pattern(
    r""
    r"(?<!\w)(?:much|far|very|really|even|way|extremely|viel|sehr|noch|deutlich|extrem|beaucoup|très|encore|"
    r"bien|mucho|"
    r"muy|aún|todavía|molto|ancora|assai|muito|ainda|veel|heel|bardzo|jeszcze|dużo|очень|ещё|намного|гораздо|"
    r"جدا)(?!\w)|"
    r"もっと|ずっと|とても|さらに|更|非常|훨씬|더욱|아주",
    re.IGNORECASE,
)
"""Words that make a manner stronger."""
LESS: Final = Pattern(
    r""
    r"(?<!\w)(?:less|not(?: so| too| as| quite)?|no|never|without|don['’]?t(?: \w+)?|isn['’]?t|weniger|nicht(?: so|"
    r" zu| ganz)?|ohne|kein\w*|"
    r"moins|pas(?: si| trop| aussi)?|sans|menos|no tan|sin|meno|non(?: così| troppo)?|senza|não(?: tão)?|sem|"
    r"minder|niet(?: zo)?|"
    r"mniej|nie(?: tak)?|bez|менее|меньше|не(?: так)?|без|أقل|ليس)\s+(?:so |too |zu |si |tan |così |"
    r"tão )?(?:much )?$|"
    r"(?:不要(?:那么|太)?|别太|没那么|덜)$",
    re.IGNORECASE,
)
"""Before a manner, its opposite."""
_LESS_AFTER: Final = Pattern(r"^(?:く?すぎ(?:ない)?|過ぎ(?:ない)?|ない|なく|지 않|지 말)")
"""After a manner, its opposite."""


def _with_endings(wide: str) -> str:
    """A pattern in which "〜3" stands for up to three letters of a Japanese ending."""
    return re.sub("〜([0-9])", r"[くいなにげそみてでめさっれるうしんだ]{0,\1}", wide)


_PATTERN: Final = Pattern(
    "|".join(
        rf"(?P<m{k}>(?<!\w)(?:{manner.forms})(?!\w)" + (rf"|{_with_endings(manner.wide)})" if manner.wide else ")")
        for k, manner in enumerate(MANNERS)
    ),
    re.IGNORECASE,
)


class Mention(NamedTuple):
    """A manner in a text: from `start` to `end`; `less` for its opposite ("less sad")."""

    manner: Manner
    start: int
    end: int
    less: bool


def mentions(text: str) -> Iterator[Mention]:
    """The manners that a text names, in its order."""
    for found in _PATTERN.finditer(text):
        manner = MANNERS[int((found.lastgroup or "m0")[1:])]
        less = bool(LESS.search(text[: found.start()]) or _LESS_AFTER.match(text[found.end() :]))
        yield Mention(manner, found.start(), found.end(), less)
