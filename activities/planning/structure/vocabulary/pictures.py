"""Orders of several pictures: one for each row of a list, or each described after a colon. Regular expressions."""

from typing import Final

PICTURE: Final = (
    r"(?:pictures?|images?|photos?|photographs?|illustrations?|drawings?|visuals?|packshots?|renderings?|"
    r"\w*bild(?:er[n]?)?|\w*fotos?|illustration(?:en)?|zeichnung(?:en)?|visuels?|dessins?|im[aá]gen(?:es)?|"
    r"ilustraci[oó]n(?:es)?|fotograf[ií]as?|immagin[ei]|illustrazion[ei]|fotografie?|disegn[io]|image(?:m|ns)|"
    r"ilustraç(?:ão|ões)|afbeelding(?:en)?|foto['’]s|illustraties?|zdjęci[ea]|obraz(?:y|k[iów]*)?|ilustracj[eia]|"
    r"bilder|illustration(?:er)?|billed(?:e|er)|kuv(?:a|aa|at)|obráz(?:ek|ky|ků)|fotk[ay]|"
    r"картин(?:ка|ку|ке|ки|ок)|изображени[ея]|фото|иллюстраци[ия]|зображення|εικόν(?:α|ες)|görsel(?:ler)?|"
    r"resim(?:ler)?|"
    r"صور(?:ة)?|تصویر|תמונ(?:ה|ות)|चित्र|तस्वीरें?|图片?|照片|圖片?|画像|写真|イラスト|사진|그림|이미지)"
)
NUMBERS: Final = (
    "one|ein[e]?|une?|un[ao]?|um[a]?|een|jed(?:en|na|no)|en|ett|yksi|один|одну|одна|一|1",
    "two|zwei|deux|dos|due|duas|dois|twee|dw[ai]e?|två|to|kaksi|dv[aě]|два|две|дві|δύο|iki|اثنتان|صورتين|שתי|दो|两|二|2",
    "three|drei|trois|tres|tre|três|drie|trzy|kolme|tři|три|τρεις|üç|ثلاث|שלוש|तीन|三|3",
    "four|vier|quatre|cuatro|quattro|quatro|cztery|fyra|fire|neljä|čtyři|четыре|чотири|τέσσερις|dört|أربع|ארבע|चार|四|4",
    "five|fünf|cinq|cinco|cinque|vijf|pięć|fem|viisi|pět|пять|πέντε|beş|خمس|חמש|पाँच|五|5",
    "six|sechs|seis|sei|zes|sześć|sex|seks|kuusi|šest|шесть|έξι|altı|ست|שש|छह|六|6",
)
"""The words for one to six."""
_ITEM: Final = (
    r"(?:products?|items?|articles?|rows?|lines?|entr(?:y|ies)|names?|models?|dish(?:es)?|persons?|people|"
    r"produkte?[sn]?|artikels?|zeilen?|einträg\w*|gerichte?[s]?|produits?|articles?|lignes?|plats?|productos?|"
    r"art[ií]culos?|filas?|platos?|prodott[oi]|articol[oi]|rig[ah]e?|piatt[oi]|produtos?|artigos?|linhas?|pratos?|"
    r"product(?:en)?|regels?|produkt\w{0,3}|artikel\w{0,3}|rad(?:er)?|tuotte\w+|товар\w{0,3}|продукт\w{0,3}|строк\w+|"
    r"προϊόν\w*|ürün\w*|منتج|محصول|מוצר|उत्पाद|产品|商品|製品|条目|제품|상품|항목)"
)
_EACH: Final = (
    r"(?:for|of|per)(?: each| every)?(?: one)?(?: of the)?|each|every|(?:pro|je|für jede[sn]?|zu jedem|von jedem)|"
    r"(?:par|pour chaque|de chaque)|(?:por(?: cada)?|para cada|de cada|per(?: ogni)?|di ogni)|(?:voor elk|van elk|"
    r"voor ieder)e?|"
    r"(?:dla każdego|na każdy|na)|(?:för varje|av varje|per)|(?:for hvert|for hver|pr\.?)|jokaisesta|pro každý|"
    r"(?:для каждого|на каждый|каждого)|(?:για κάθε)|لكل|برای هر|לכל|हर|प्रत्येक"
)
FOR_EACH: Final = (
    rf"{PICTURE}\s+(?:\w+\s+)?(?:{_EACH})\s+(?:\w+\s+){{0,2}}?{_ITEM}|"
    rf"(?:for each|for every|für jede[sn]?|pour chaque|para cada|por cada|per ogni|voor elk|dla każdego|för varje|"
    rf"for hvert|для каждого|لكل|हर)\s+(?:\w+\s+){{0,2}}?{_ITEM}[^.!?\n]{{0,60}}?{PICTURE}|"
    r"(?:her )(?:\w+ )?ürün\w*(?: için)? (?:bir|birer) (?:görsel|resim|fotoğraf)|"
    r"每(?:个|個|件|款)?(?:产品|商品|條目|条目)(?:各)?(?:一|1)?(?:张|張|幅)|(?:商品|製品)(?:ごと|毎)に|(?:各|それぞれの)(?:商品|製品)|"
    r"(?:제품|상품|항목)(?:마다|별(?:로)?)"
)
"""One picture for each row."""
