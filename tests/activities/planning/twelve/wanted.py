"""Twelve briefs as people write them, in nine languages and five scripts: what is said, shown and timed in their films.

They were written before the parser was read: two shot lists, a screenplay of ten pages, reasons, steps, adverts with an
end line and a logo, tables, links, notes in Markdown and rows of a spreadsheet.
"""

from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).parent.parent / "briefs" / "twelve"


class Wanted(NamedTuple):
    """What a brief asks for.

    Attributes:
        said: The lines in order; with `shots`, one text for each shot, empty where nothing is said.
        shots: The number of shots where the brief lists them; 0 where they may be joined or divided.
        seconds: The length of each shot, where the brief gives it.
        shown: Each text on the screen with the number of its shot; -1 is the last one, 0 any.
        unseen: Words that no picture shows: they are for people, or were copied with the brief.
    """

    language: str
    length: float
    said: tuple[str, ...]
    shots: int = 0
    seconds: tuple[float, ...] = ()
    shown: tuple[tuple[str, int], ...] = ()
    unseen: tuple[str, ...] = ()
    aspect: str = "16:9"


def read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text()


WANTED: Final = {
    "socks_en": Wanted(
        "en",
        36,
        ("Forty machines. One of me.", "Every night, one sock stays behind.",
         "I used to throw them away. Then I met Mr. Adeyemi, ward 7.", "",
         "He said odd socks walk better. He was right; he walked out in May.", "So I keep them."),
        6,
        (6, 5, 6, 6, 7, 6),
        (("3:12 a.m.", 2), ("NIGHT SHIFT | a film by Imani Cole", 6)),
        ("cheesy", "Dir:", "VO"),
    ),
    "bus_ru": Wanted(
        "ru",
        30,
        ("Автобус № 14 ходит с 1962 года.", "Билет стоил 5 копеек, теперь — 38 рублей.",
         "Всех помню. Даже тех, кто зайцем.", "", "30 июня он выйдет в последний рейс. Приходите проводить."),
        5,
        (5, 6, 6, 6, 7),
        (("38 ₽", 2), ("Последний рейс: 30 июня, 21:40, ост. «Депо»", 5)),
        ("Раскадровка", "Без голоса"),
        "9:16",
    ),
    "lift_es": Wanted(
        "es",
        540,
        tuple(read("lift_es.said").splitlines()),
        shown=(("Martes, 11:40", 0), ("14 de febrero de 1987", 0), ("Tercero A", 0), ("FUNCIONA", 0),
               ("Para todos los que bajaron por la escalera.", 0), ("FIN", -1)),
        unseen=("CORTE A", "SOBREIMPRESO", "MÁS)", "CONT.", "Marta Iglesias"),
    ),
    "library_ko": Wanted(
        "ko",
        40,
        ("야간 도서관에 와야 하는 다섯 가지 이유.", "밤 11시까지 문을 엽니다.", "커피 한 잔이 1,500원입니다.",
         "고양이 사서 '먼지'가 무릎을 골라 앉습니다.", "와이파이가 없습니다. 그래서 조용합니다.",
         "첫 대출은 연체료가 없어요!", "회원 가입은 1층에서 5분이면 끝납니다."),
        unseen=("http", "자세한 안내"),
    ),
    "jars_fr": Wanted(
        "fr",
        30,
        ("On a combien de couvercles ?", "Onze. Pour neuf boîtes. Et aucun ne va.",
         "Un bocal, un couvercle. On a fait compliqué pendant 40 ans.", "Bocal & Cie. Refermez bien."),
        shown=(("Consigne 0,50 €", 3), ("Bocal & Cie. Refermez bien.", -1)),
        unseen=("Bonjour", "Hélène", "Comme convenu", "Objet", "concurrentes"),
    ),
    "bins_en": Wanted(
        "en",
        40,
        ("Welcome to Harbour Court.", "We have three bins, and each has its day.",
         "Blue: What goes in Paper and card, Collected Monday.",
         "Green: What goes in Glass, rinsed please, Collected Wednesday.",
         "Grey: What goes in Everything else, Collected Friday, by 7:00 a.m.",
         "Missed it? The key to the bin room is at the desk, ext. 214."),
        shown=(("Questions? Ext. 214", -1),),
        unseen=("council", "http", "Bea", "Sources"),
    ),
    "shade_ar": Wanted(
        "ar",
        25,
        ("الظل هناك بخمسة دنانير.", "وهنا ببلاش، بس ضيّق.", "من ظلّ، لكل رأس سماء.", "ظلّ. خذ راحتك."),
        shown=(("مظلات ابتداءً من ٤٫٩٩ د.أ", -1), ("ظلّ. خذ راحتك.", -1)),
        unseen=("نريد",),
    ),
    "safety_ja": Wanted(
        "ja",
        30,
        ("おはようございます。急がずいきましょう。", "角では止まる。見る。それから進む。",
         "黄色い線の内側は、人の道です。", "", "全員で昼ごはんを食べるのが、今日の目標です。"),
        5,
        (6, 6, 6, 6, 6),
        (("8:00 始業", 1), ("制限速度 6 km/h", 3), ("無事故 412日", 5)),
        ("参考", "http"),
        "9:16",
    ),
    "cellar_de": Wanted(
        "de",
        32,
        ("Fahrradkeller in vier Schritten.", "Chip an den Leser halten, max. 5 cm Abstand.",
         "Tür ganz öffnen, sie fällt sonst zu früh zu.", "Rad am Bügel Nr. 1–24 anschließen.",
         "Licht aus, Tür zu, fertig!"),
        shown=(("Fragen? Hausmeisterei, Tel. 0341 555 01-17", -1),),
        unseen=("Brandt", "Intranet", "VG"),
    ),
    "clay_es": Wanted(
        "es",
        25,
        ("Al principio siempre se cae.", "A la segunda se cae con más estilo.",
         "¿Y esto qué es? Un cenicero. Todos son ceniceros.", "Barro Bravo. Martes y jueves, 19:30."),
        4,
        (5, 6, 7, 7),
        (("Intento 2/∞", 2), ("1.ª clase gratis · barrobravo.example", 4)),
        ("Nota", "épica", "Voz", "**"),
    ),
    "post_en": Wanted(
        "en",
        28,
        ("There are 212 letter boxes on this island.", "I've read none of them. All right, the postcards.", "",
         "Is it the trumpet? It is. Sorry, Mrs. Hale.", "Island Post. We know the way."),
        5,
        (5, 6, 5, 6, 6),
        (("Delay: 11 min", 3), ("Island Post | since 1931", 5)),
        ("NARRATOR", "our sheet", "Scene"),
    ),
    "blood_pt": Wanted(
        "pt",
        20,
        ("São 40 minutos, contando o suco.", "Uma bolsa salva até 4 pessoas.", "Mãe, olha sem as mãos!",
         "Doe sangue. Alguém já está correndo por isso."),
        4,
        shown=(("Ligue 155 | hemocentro.example", 4),),
        unseen=("Obrigada", "pessoal", "Jô"),
        aspect="1:1",
    ),
}  # fmt: skip


def flat(lines: tuple[str, ...] | list[str]) -> str:
    """The lines as one text: the same words may be divided into shots in several ways."""
    return "".join("".join(lines).split())
