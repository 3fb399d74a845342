"""What the briefs in `briefs/` list: lengths of the shots, spoken lines and on-screen text, in order."""

from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent / "briefs"


class Expected(NamedTuple):
    """`said` has a text for each shot, empty where nothing is said; `seconds` is empty without times."""

    language: str
    length: float
    said: tuple[str, ...]
    seconds: tuple[float, ...] = ()
    shown: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()


EXPECTED: Final = {
    "shot_list_en": Expected(
        "en",
        24,
        ("The sea wakes first.", "Then the grinder.", "Halden roasts before the gulls are up.", "",
         "Come in while it is quiet.", ""),
        (4, 4, 5, 4, 4, 3),
        ("ROASTED AT 5 A.M.", "HALDEN. Slow on purpose.", "halden.example"),
    ),
    "shot_list_de": Expected(
        "de",
        20,
        ("Abends einsteigen.", "Nachts schlafen.", "Und morgens ist Wien schon da.", ""),
        (5, 4, 6, 5),
        ("Ankunft 7:10", "Nachtzug. Gute Reise im Schlaf."),
    ),
    "shot_list_ja": Expected(
        "ja",
        20,
        ("雪の朝、店に明かりがともります。", "砂糖はゆっくり焦がします。",
         "卵と牛乳だけで、ゆっくり固まります。", ""),
        (5, 5, 6, 4),
        ("卵、牛乳、砂糖", "冬のプリン"),
    ),
    "shot_list_ar": Expected(
        "ar",
        16,
        ("المدينة ما زالت نائمة.", "لكن القهوة استيقظت.", "تفضلوا، الباب مفتوح للجميع."),
        (5, 5, 6),
        ("قهوة الصباح",),
    ),
    "shot_list_hi": Expected(
        "hi", 10, ("शहर अभी सो रहा है।", "लेकिन चाय जाग चुकी है।"), (5, 5), ("सुबह की चाय",)
    ),
    "shot_list_zh": Expected(
        "zh", 14, ("天还没亮，山先醒了。", "只摘两片叶子。", "剩下的，交给水。"), (4, 5, 5), ("明前茶",)
    ),
    "labels_fr": Expected(
        "fr",
        15,
        ("Il neige depuis trois jours.", "Chez Lucie, la soupe est prête.",
         "Entrez, il y a de la place !"),
        (5, 4, 6),
        ("Chez Lucie, tous les soirs",),
        ("LUCIE",),
    ),
    "table_shots_es": Expected(
        "es",
        16,
        ("A las cuatro se enciende el horno.", "La masa no tiene prisa.", "",
         "Y a las seis, el barrio huele a pan."),
        (4, 5, 3, 4),
        ("Sin aditivos", "Pan de las seis"),
    ),
    "screenplay.fountain": Expected(
        "en",
        40,
        ("You are late. I kept the soup warm.", "They are turning it off, mother. At midnight.",
         "Then we have an hour.", "Forty years it told them where home is.", "Tonight we tell them ourselves."),
        shown=("23:58",),
        speakers=("Mara", "Jon"),
    ),
    "screenplay_pasted": Expected(
        "en",
        40,
        ("Next, please.", "It has to arrive before dark.", "What is in it?", "The rest of the summer.",
         "I drove it up myself."),
        speakers=("Clerk", "Girl"),
    ),
    "reasons_en": Expected(
        "en",
        30,
        ("Five reasons to take the night train.", "You save a hotel night.", "You wake up in the centre of the city.",
         "It emits a tenth of the flight's carbon.", "There is no queue at a security gate.",
         "The stars are included.", "Book your berth tonight."),
    ),
    "reasons_ja": Expected(
        "ja",
        20,
        ("夜行列車に乗る三つの理由。", "ホテル代がいりません。", "朝には街の真ん中にいます。", "星空がついてきます。",
         "今夜、席を予約しましょう。"),
    ),
    "steps_es": Expected(
        "es",
        20,
        ("Cómo hacer café en cuatro pasos.", "Calienta el agua sin que hierva.", "Muele el café justo antes.",
         "Vierte despacio, en círculos.", "Espera tres minutos y sirve."),
    ),
    "table_en": Expected(
        "en",
        30,
        ("Our harbour ferries have new times.", "Red: Leaves 7:10, Arrives 7:35.", "Blue: Leaves 8:00, Arrives 8:50.",
         "Green: Leaves 9:15, Arrives 9:40.", "Tickets are free on Sundays."),
    ),
    "ad_en": Expected(
        "en",
        30,
        ("Some people wait for the rain to stop.", "Some people do not have to.", "Brightwell. Walk slowly."),
        shown=("Brightwell. Walk slowly.",),
    ),
}  # fmt: skip


def read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
