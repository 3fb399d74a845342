"""The words of briefs by which a placeholder picture chooses its subject, its time of day and its references.

A word with `*` is the beginning of others, and `_` is a space or a hyphen. Chinese, Japanese and Korean words are found
anywhere, Arabic and Hebrew ones with their prefixes.
"""

import re
from functools import cache
from typing import Final

WORDS: Final[dict[str, str]] = {
    "lighthouse": (
        "lighthouse* light-house* leuchtturm* leuchttürme* phare phares faro faros farol 灯台 灯塔 燈塔 "
        "등대 маяк* منار प्रकाशस्तंभ מגדלור"
    ),
    "coast": (
        "river* ferry ferries fähre* traghett* паром* пристан* река реки реке рекой rivière* río "
        "sea seas ocean* coast* beach* boat* ship ships sail* island* harbour* harbor* wave waves meer "
        "küste* strand* schiff* boot boote hafen* insel* mer océan* plage* bateau* navire* port mar playa* "
        "barco* puerto* isla mare spiaggi* barca nave porto praia* navio* 海边 海辺 海岸 大海 海上 船 港口 "
        "港の 島 岛 波 바다 배가 항구 море моря лодк* корабл* берег* بحر قارب سفين ميناء समुद्र* नाव नौका "
        "जहाज* ים סירה חוף ⛵ 🌊 🏖"
    ),
    "hills": (
        "mountain* hill hills forest* tree trees field fields farm farms valley* cabin* garden* nature "
        "park parks berg berge wald wälder wiese* garten* gärten baum* bäume montagne* colline* forêt* "
        "arbre* jardin* montaña* bosque* árbol* colin* collin* forest* albero alberi giardin* floresta* "
        "árvore* 山 森 木々 谷 庭 森林 树 산이 산을 산속 숲 гора горы горах лес лесу сад саду جبل غاب حديق "
        "पहाड़* जंगल* बगीच* הר יער גן 🌲 ⛰ 🏔"
    ),
    "city": (
        "market* markt märkte marché* mercado* mercato mercati рынок рынк* 市場 市场 "
        "city cities street* town towns office* building* skyline* urban start-up* startup* shop shops "
        "store stores stadt städte straße* strasse* büro* gebäude* ville villes rue rues bureau* magasin* "
        "ciudad* calle* oficina* tienda* città strada strade uffici* negozi* cidade* rua ruas loja* 街 "
        "都市 町 城市 大楼 商店 도시 거리 город* улиц* офис* مدين شارع مكتب शहर* सड़क* עיר רחוב 🏙 🌆"
    ),
    "cup": (
        "coffee* tea teas cup cups mug mugs espresso* latte* kaffee* tee tasse tassen café cafés caffè thé "
        "taza tazas tazza xícara* ☕ 珈琲 コーヒー 咖啡 お茶 茶杯 커피 кофе чай чая قهو شاي चाय कॉफ़ी קפה "
        "תה"
    ),
    "bottle": (
        "bottle* flasche* bouteille* botella* bottigli* garrafa* 🍾 🍷 ボトル 瓶 병을 병이 бутыл* زجاج बोतल* בקבוק"
    ),
    "box": (
        "box boxes package packages packaging pack packs carton* schachtel* paket* boîte* caja cajas "
        "scatol* caixa* 📦 箱 盒 상자 коробк* صندوق डिब्ब* קופסה"
    ),
    "table": (
        "bread pizza* pasta soup* brot* pão panin* sandwich* suppe* soupe* sopa* zuppa хлеб* суп "
        "product* table tables kitchen* food* recipe* desk desks breakfast* brand brands logo logos "
        "poster* tisch* küche* frühstück* cuisine* mesa mesas cocina* tavol* cucin* cozinha* 机の 台所 "
        "厨房 桌子 식탁 부엌 стол стола столе кухн* طاول مطبخ मेज़ मेज रसोई* שולחן מטבח"
    ),
    "person": (
        "passenger* captain* пассажир* капитан* kapitän* capitaine* capitán* capitano "
        "person persons people woman women man men she he face faces founder* customer* keeper* teacher* "
        "child* girl* boy boys friend* portrait* guest guests frau frauen mann männer kind kinder gesicht* "
        "gast gäste femme* homme* enfant* visage* mujer* hombre* niño* niña* donna donne uomo uomini "
        "bambin* mulher* homem* criança* 人々 人们 老人 女性 男性 女人 男人 子供 孩子 顔 사람 여자 남자 "
        "아이 женщин* мужчин* человек* ребён* امرأ رجل طفل औरत* महिला* आदमी* बच्च* אישה ילד 👩 👨 🧑"
    ),
    "road": (
        "road roads car cars drive drives driving driver* journey* travel* ride rides riding bus buses "
        "truck* highway* auto autos autobahn* reise* fährt voiture* route routes voyage* coche* carretera* "
        "viaje* macchina viaggi* carro carros estrada* viagem 車 道路 旅 汽车 자동차 도로 машин* дорог* "
        "سيار طريق कार रास्त* מכונית כביש 🚗 🛣"
    ),
    "logo": (
        "logo logos logotyp* wordmark* brand_mark* wortmarke* emblem* logomarca* "
        "логотип* ロゴ 标志 徽标 로고 شعار लोगो לוגו"
    ),
    "first frame": (
        "first_frame* opening_frame* starting_frame* start_frame* key_frame* keyframe* startbild* erstes_bild "
        "première_image primer_fotograma"
    ),
    "style": "style styles stil mood moods moodboard* look looks palette* estilo stile スタイル 风格",
    "end card": (
        "end_card* end_frame* end_screen* title_card* closing_card* final_card* final_frame* pack_shot* packshot* "
        "abspann schlussbild* endkarte* carton_de_fin placa_final cartela_final 片尾"
    ),
    "night": (
        "night nights midnight moon* star stars dark* nacht* nuit* noche* noite* notte* mond* 夜 月光 밤 "
        "ночь ночи ночью ليل रात לילה 🌙 🌃"
    ),
    "dusk": (
        "dusk* sunset* sunrise* dawn* evening* twilight* golden autumn* abend* dämmer* morgengrauen soir* "
        "aube crépuscule* tarde amanecer* atardecer* sera tramonto* alba 夕 黄昏 노을 새벽 저녁 вечер* "
        "закат* рассвет* غروب مساء فجر शाम भोर ערב 🌅 🌇"
    ),
    "day": (
        "morning* noon afternoon* day days daylight sunny bright* summer* spring morgen* mittag* sommer* "
        "matin* midi jour* mañana* día* verano* mattin* giorno* manhã* dia 朝 昼 早晨 白天 아침 утр* днём "
        "день صباح نهار सुबह दिन בוקר ☀"
    ),
}
"""Subject or time of day -> its words."""

_LETTER: Final = r"[\w\u0900-\u097f]"
_UNDIVIDED: Final = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"


def _pattern(word: str) -> str:
    text, more = re.escape(word.removesuffix("*")).replace("_", "[ -]?"), "" if word.endswith("*") else f"(?!{_LETTER})"
    if re.match(_UNDIVIDED, word) or not re.match(_LETTER, word):
        return text
    if re.match(r"[\u0600-\u06ff]", word):
        return rf"(?<!\w)[وبلفك]?(?:ال|ل)?{text}"
    if re.match(r"[\u0590-\u05ff]", word):
        return rf"(?<!\w)[הבלמושכ]{{0,2}}{text}{more}"
    return rf"(?<!{_LETTER}){text}{more}"


@cache
def _words_of(name: str) -> re.Pattern[str]:
    return re.compile("|".join(map(_pattern, WORDS[name].split())), re.IGNORECASE)


def position(name: str, text: str) -> int | None:
    """Where the text names a subject or a time of day for the first time; None if it does not."""
    found = _words_of(name).search(text)
    return found.start() if found else None
