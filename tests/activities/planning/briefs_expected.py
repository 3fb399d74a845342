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
    "table_frames_en": Expected(
        "en",
        20,
        ("Before the emails, there is this.", "", "Ninety seconds that belong to nobody else.", "",
         "Kettle and Company. Take your time."),
        (4, 3.5, 5.5, 3.5, 3.5),
        ("1.2 L in 90 seconds", "Kettle & Co. / £49 / kettleandco.example"),
    ),
    "shot_frames_en": Expected(
        "en",
        24,
        ("The tide does not wait, and she has stopped asking it to.", "Twelve minutes there. Twelve minutes back.",
         "Between them, an island with eleven sheep and one letter box.", "", "Tide Post. We get there."),
        (4.5, 4.5, 6, 5, 4),
        ("Low water 05:42", "Tide Post. Six days a week."),
    ),
    "shot_seconds_fr": Expected(
        "fr",
        22,
        ("Le Prado a fermé pendant trois ans.", "On a changé les fauteuils, l'écran, et même les souris.",
         "On n'a pas touché à l'ouvreuse : elle s'appelle toujours Colette.", "", "Le Prado. Rallumons la nuit."),
        (4, 5, 6, 3, 4),
        ("Séance à 20 h 30 – 6,50 €", "Le Prado – 04 91 00 12 34"),
    ),
    "shot_lengths_sv": Expected(
        "sv",
        16,
        ("Isen sjunger innan den bär.", "", "Min mormor åkte hit varje vinter i sjuttio år. Nu är det min tur.",
         ""),
        (4, 3, 6, 3),
        ("Höga kusten, 62° N", "Visit Höga Kusten"),
    ),
    "shot_list_he": Expected(
        "he",
        16,
        ("העיר עוד ישנה.", "סבתא לימדה אותי לקלוע בשש.", "ועכשיו אני מלמד את נועה."),
        (5, 5, 6),
        ("חלות חמות מ-6:00", "מאפיית לוי, טל' 03-555-0199"),
    ),
    "shot_list_fa": Expected(
        "fa",
        15,
        ("این درخت را پدربزرگم کاشت.", "هر شهریور، همه برمی‌گردیم.", "بفرمایید، تازه است."),
        (5, 5, 5),
        ("برداشت ۱۴۰۵",),
    ),
    "shot_list_el": Expected(
        "el",
        13,
        ("Το λένε Ειρήνη, όπως τη γιαγιά μου.", "Κάθε άνοιξη του αλλάζουμε φόρεμα.", ""),
        (4, 5, 4),
        ("Ναυπηγείο Κώστα, από το 1961",),
    ),
    "columns_en": Expected(
        "en",
        25,
        ("Four thousand steps, and every one of them was carried here by hand.",
         "When a stone falls, it goes back the same day.", "", "The walls are older than the country.", ""),
        shown=("Dry Stone. A film in 4,000 steps.",),
    ),
    "screenplay_ja": Expected(
        "ja",
        40,
        ("また傘か。これで今週、七本目だ。", "傘じゃない。", "長靴、右、十六センチ。取りに来ますかね。",
         "来るよ。片方じゃ、雨の日が半分しか楽しくない。", "ありました？", "お待たせしました。", ""),
        shown=("翌朝 7:12",),
        speakers=("佐藤", "林", "女の子"),
    ),
    "steps_pt": Expected(
        "pt",
        20,
        ("Como fazer pão de queijo em três passos.", "Ferva o leite com o óleo e o sal.",
         "Escalde o polvilho e deixe esfriar por dez minutos.",
         "Junte os ovos e o queijo, faça bolinhas e asse a 180 °C.", "Sirva quente, com café."),
    ),
    "tables_it": Expected(
        "it",
        40,
        ("Il mercato di Testaccio riapre sabato.", "Da Mordi: Specialità panino con la trippa, Prezzo 6 €.",
         "Casa Manco: Specialità pizza al taglio, Prezzo 3,50 €.",
         "Le Mani in Pasta: Specialità fettuccine fresche, Prezzo 8 € al chilo.", "Orari.",
         "Lun–Ven: Apertura 7:00–15:30.", "Sab: Apertura 7:00–17:00.", "La domenica il mercato dorme.",
         "Vi aspettiamo in via Galvani."),
    ),
    "ad_de": Expected(
        "de",
        25,
        ("Zwanzig Minuten. Kaffee steht da drüben.", "Wir flicken alles, außer schlechte Laune. Obwohl.",
         "Kettenglück. Läuft."),
        shown=("Inspektion ab 39,90 €", "0761 555 01 23", "#kettenglück", "Kettenglück. Läuft."),
    ),
    "ad_zh": Expected(
        "zh",
        20,
        ("熬六個小時，才捨得給你喝。", "甜的，不一定要糖。", "冬瓜伯，慢慢甜。"),
        shown=("冬瓜茶 35元", "訂位 06-555-0123", "冬瓜伯，慢慢甜。"),
    ),
    "letter_en": Expected(
        "en",
        20,
        ("Your arms are not too short.", "Eye tests are free until the end of March.", "Nordlys. See you sooner."),
        shown=("Free eye test. Call 0113 496 0000", "#seeyoursoon", "Nordlys. See you sooner."),
    ),
    "mail_en": Expected(
        "en",
        20,
        ("Spring starts at seven.", "Tune-ups from £39.50, while you wait.", "Call 0113 496 0123, or come by."),
        shown=("£39.50", "0113 496 0123"),
    ),
    "mail_es": Expected(
        "es",
        15,
        ("Llevaba 12 años apagado.", "Hoy, a las 20:30, vuelve.", ""),
        shown=("Faro de Cabo Mayor, 20:30 h",),
    ),
    "chat_de": Expected(
        "de",
        15,
        ("Um vier brennt hier Licht.", "Der Teig ruht 24 Stunden.", "Das Kilo für 6,90 €."),
        shown=("6,90 €/kg",),
    ),
    "chat_en": Expected(
        "en",
        15,
        ("Some mornings need a minute.", "Some need two.", "Minute Tea. Take two."),
        shown=("Minute Tea",),
    ),
    "table_docs_en": Expected(
        "en",
        15,
        ("Every version starts with a mistake.", "Version 2.0 started with forty.", "24/7, it just runs."),
        (5, 4, 6),
        shown=("v2.0", "lumo.example/start"),
    ),
    "reasons_words_en": Expected(
        "en",
        20,
        ("Three reasons to mend your coat.", "First, it already knows your shoulders.",
         "Second, a new zip costs 12 euros, a new coat 240.", "Third, somebody in your town still knows how.",
         "So bring it in."),
    ),
    "reasons_words_ru": Expected(
        "ru",
        20,
        ("Три причины прийти в музей.", "Во-первых, здесь тихо.", "Во-вторых, по средам вход стоит 0 ₽.",
         "В-третьих, у нас живёт кот Рембрандт.", "Ждём вас с 9:30 до 18:30."),
    ),
    "tasks_fr": Expected(
        "fr",
        20,
        ("La rentrée commence par un bon petit déjeuner.", "Chez Mimosa, le pain est cuit à 5 h 30.",
         "Livraison gratuite dès 25 €.", ""),
        shown=("Mimosa, 12 rue des Lilas",),
    ),
    "columns_tabs_en": Expected(
        "en",
        20,
        ("Nobody is good at this at first.", "Six weeks. Twelve lessons.", "", "Swim North. Jump in."),
    ),
    "inline_en": Expected(
        "en",
        20,
        ("Forty-one people share this roof.", "They grow 300 kg a year.", "Come up."),
        shown=("Roof 41", "roof41.example"),
    ),
    "shot_list_caps_en": Expected(
        "en",
        12,
        ("NOBODY IS WATCHING.", "THAT IS THE IDEA.", ""),
        shown=("OPEN 24/7",),
    ),
    "shot_list_mixed_ar": Expected(
        "ar",
        16,
        ("مع Voltly، سيارتك تشحن في 18 دقيقة.", "حمّل التطبيق من App Store.", ""),
        shown=("Voltly 2.0", "voltly.example"),
    ),
    "shot_list_emoji_hi": Expected(
        "hi",
        12,
        ("एक कप ₹15 में।", "बारिश हो या धूप, हम 24 घंटे खुले हैं।"),
        shown=("शर्मा टी स्टॉल ☕ 24×7",),
    ),
    "reasons_prices_de": Expected(
        "de",
        30,
        ("Drei Gründe für das neue Fenster.", "Es kostet ab 1.299,00 € inkl. Einbau.",
         "Es spart bis zu 3 × 5 % Heizkosten pro Jahr.", "Unser Notdienst ist 24/7 erreichbar: 0800 555 0 123.",
         "Mehr per Mail an info@fensterblick.example."),
    ),
    "shot_list_circled_ja": Expected(
        "ja",
        15,
        ("始発は5時12分。", "三十年、同じ席に座った。", "今日は、降りない。"),
        shown=("しおかぜ号 2026年3月 運行終了",),
    ),
    "table_ru": Expected(
        "ru",
        20,
        ("Каждое утро в 6:40 паром уходит без расписания.", "Капитан знает всех по имени.",
         "Сегодня он везёт тридцать два велосипеда и один рояль.", "Паром. Успеем вместе."),
        (5, 4, 6, 5),
        shown=("Пристань «Заречье»", "32 велосипеда, 1 рояль", "Билет 45 ₽", "Паром. Успеем вместе."),
    ),
}  # fmt: skip


def read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
