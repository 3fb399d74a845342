"""Briefs as people jot them down: labels, times and numbers in forms that no style guide has."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.activities.planning.structured import lengths, plan, said, shots
from workflows.models import Plan

FOLDER = Path(__file__).parent.parent / "briefs" / "notes"


class Noted(NamedTuple):
    """What is said over each shot, each text with the number of its shot (0: the end card), and the times if given."""

    language: str
    length: float
    said: tuple[str, ...]
    shown: tuple[tuple[str, int], ...]
    seconds: tuple[float, ...] = ()


NOTED = {
    "herbs_en": Noted(
        "en", 24,
        ("Some kitchens have everything. Except life.", "So we made one button.", "", "Tastes like green.",
         "Fennel and Co. Grow something.",),
        (("Day 1 → Day 14", 3), ("Fennel & Co. | Grow something. | £89", 5),),
        (4, 4, 6, 5, 5),
    ),
    "umbrellas_ja": Noted(
        "ja", 30,
        ("今日も、誰かが傘を忘れる。", "直せば、まだ使えるのに。", "", "持って帰りな。",
         "傘のまつだ。直して、さす。",),
        (("年間30万本", 2), ("傘のまつだ／創業1931年", 5),),
        (5, 7, 8, 5, 5),
    ),
    "bakery_es": Noted(
        "es", 20,
        ("A las tres, solo estamos la luna y yo.", "¡Ya huele!", "Horno Lunar. Pan de anoche, para hoy.",),
        (("Abrimos a las 6:30", 3),),
    ),
    "descale_en": Noted(
        "en", 40,
        ("How to descale the Brewster 3 in five steps.", "Empty the tank. All of it.",
         "Mix 1 sachet with 0.75 l of water.", "Press and hold CLEAN for 3 seconds; the light turns amber.",
         "Wait. It takes 18 minutes, so have a biscuit.", "Rinse twice, then brew one cup and throw it away.",
         "",),
        (("0.75 l", 3), ("18:00", 5), ("Good for another 200 cups.", 7),),
    ),
    "letters_en": Noted(
        "en", 18,
        ("What do you keep?", "We keep 41 letters.", "", "Every one begins the same way.", "",),
        (("1944", 3), ("Dear you,", 5),),
        (4, 5, 3, 3, 3),
    ),
    "bus_pt": Noted(
        "pt", 25,
        ("Quer um gomo, meu filho?", "Oi?", "Feira do Produtor. Todo sábado, das 7h às 13h.", "",),
        (("Feira do Produtor – Praça da Matriz", 4),),
    ),
    "stadium_en": Noted(
        "en", 32,
        ("Ninety minutes.", "Four thousand touches.", "", "", "One is enough.", "",),
        (("Final · Sat 15 Aug · 20:00", 5), ("Harrow FC Women", 6),),
        (4, 6, 5, 3, 8, 6),
    ),
    "shelter_ru": Noted(
        "ru", 30,
        ("Пять причин взять взрослую кошку.",
         "она уже знает, где лоток.",
         "она спит по 16 часов, как и вы хотели бы.",
         "её характер виден сразу.",
         "она не вырастет: она уже выросла.",
         "она ждёт. Некоторые — третий год.", "",),
        (("Приют \"Шестая лапа\". Приходите знакомиться", 7),
         ("8 800 555-01-99", 7),),
    ),
    "market_zh": Noted(
        "zh", 20,
        ("五点半，城市还没醒。", "要软一点的，炒蛋好吃！", "", "最贵的味道，四块五。",),
        (("番茄 4.5元/斤", 3), ("老街菜市 · 每天 5:30—12:00", 4),),
    ),
    "cat_en": Noted(
        "en", 30,
        ("", "Every flat has one neighbour.", "Ours is called Bernard. He's eleven, and he owes rent.",
         "Everyone feeds him. Nobody admits it.", "Millrace. Adopt local.",),
        (("Adopt local.", 5), ("Millrace Cat Rescue, Unit 4", 5),),
        (3, 6, 7, 8, 6),
    ),
    "bread_ar": Noted(
        "ar", 25,
        ("المدينة نائمة، إلا فرناً واحداً.", "نعجن بأيدينا منذ ١٩٦٧.", "هذا لي؟", "سنابل. خبز له ذاكرة.",),
        (("سنابل — ٠٧٧ ٥٥٥ ٠١٠١", 4),),
        (5, 7, 6, 7),
    ),
    "lunch_en": Noted(
        "en", 40,
        ("Focus: people who pause for 30 minutes make 23% fewer errors.",
         "Health: your back was not built for a nine-hour meeting.",
         "Friendship: soup tastes better with someone who disagrees with you.", "",),
        (("Close the laptop. 12:30. Every day.", 4),),
    ),
    "olives_es": Noted(
        "es", 30,
        ("Mi abuelo decía que el olivo no tiene prisa.", "Mi madre, que la prisa no tiene olivos.",
         "¡Y yo solo quería wifi!", "", "Aceite Tres Manos. Para cuando haya prisa.",),
        (("Primera prensada, 4 de noviembre", 4), ("Aceite Tres Manos – 0,2° de acidez", 5),),
        (5, 5, 8, 6, 6),
    ),
    "diver_en": Noted(
        "en", 15,
        ("", "", "",),
        (("BELOW — in cinemas 14 March", 3),),
    ),
    "sleep_en": Noted(
        "en", 45,
        ("You've got three tabs open about sleep. It's 2 a.m. Close them.",
         "Sleep isn't a project. It's a place. And you've been circling the car park for an hour.",
         "Tonight, try this: lights low at ten, phone in the kitchen, one boring book.",
         "That's it. That's the whole app.",),
        (("Dormant. The app you don't open.", 0),),
    ),
    "bearings_de": Noted(
        "de", 30,
        ("Bei uns beginnt der Tag um 4:45 Uhr.", "0,003 Millimeter. Mehr Spiel geben wir uns nicht.",
         "Ich höre das, bevor die Maschine es misst.", "Lindner Lager. Läuft.",),
        (("0,003 mm", 2), ("Chidi Okonkwo, Prüffeld", 3), ("www.lindner-lager.example", 4),),
        (6, 8, 8, 8),
    ),
    "repair_en": Noted(
        "en", 30,
        ("It's not dead, it's shy.", "Then let's introduce ourselves.", "Toast!",
         "The Mending Room. Saturdays, ten till two. Bring the shy ones.",),
        (("The Mending Room. Saturdays, ten till two. Bring the shy ones.", 4),),
    ),
    "ferries_tr": Noted(
        "tr", 20,
        ("İstanbul'da herkes bir yere yetişir.", "Acele etme abla, simit kaçmaz!", "",
         "Şehir Hatları. Manzaralı yol.",),
        (("Şehir Hatları · 1851'den beri.", 4),),
        (5, 5, 5, 5),
    ),
    "slugs_en": Noted(
        "en", 20,
        ("The early bird gets the slug.", "Not the lettuce!", "It's Tuesday, Margaret.",
         "Copperline. For the last word.",),
        (("6:04 a.m.", 1), ("Copperline, 4 m, $6.50", 4),),
    ),
    "bike_en": Noted(
        "en", 30,
        ("Three steps to a safer bike.", "squeeze both brakes; if a lever touches the bar, stop.",
         "pinch the tyres; they should feel like an unripe peach.",
         "spin the wheels and listen. Silence is good.", "Check. Pinch. Listen.",),
        (("Check. Pinch. Listen.", 5),),
    ),
    "yard_ru": Noted(
        "ru", 25,
        ("Двор знает всё.", "Кто потерял варежку в 2019-м.",
         "Я её храню. Вдруг вернётся.", "Чат двора. Находится всё.",),
        (("«Мой двор» — приложение", 4),),
        (5, 6, 6, 8),
    ),
    "allotment_nl": Noted(
        "nl", 30,
        ("Vijf redenen om een volkstuin te nemen.", "Je eet in juli aardbeien die nergens te koop zijn.",
         "Je buren worden vrienden, of in elk geval kenners van slakken.",
         "Je leert wachten. Dat scheelt later.", "Het kost €45 per jaar, inclusief water.",
         "Om negen uur 's avonds is het er stiller dan in je hoofd.",
         "Volkstuin Nut & Genoegen. Er is nog één perceel vrij.", "",),
        (("Volkstuin Nut & Genoegen. Er is nog één perceel vrij.", 7), ("www.nutengenoegen.example", 8),),
    ),
    "train_de": Noted(
        "de", 40,
        ("Der letzte Zug fährt um 23:52.", "Wohin so spät? Nach vorn.", "",
         "Manche Züge haben keine Verspätung. Nur Vorfreude.", "Nordbahn. Bis gleich.",),
        (),
        (8, 8, 10, 8, 6),
    ),
    "clock_en": Noted(
        "en", 28,
        ("In this shop it is always eleven different times.", "He has repaired 6,214 of them.",
         "Mine's broken, too. Then it's right twice a day. Like me.", "", "Some things are worth the wait.",),
        (("Aldous & Granddaughter, est. 1961", 5),),
        (5, 5, 6, 6, 6),
    ),
    "village_es": Noted(
        "es", 60,
        ("Tres razones para volver al pueblo.", "Dicen que en los pueblos no pasa nada.", "Se equivocan.",
         "El tiempo. Aquí un café dura cuarenta minutos y nadie mira el reloj.",
         "El precio. Una casa con huerto cuesta 380 € al mes.",
         "La gente. Si un día no sales, alguien llama a tu puerta con sopa.", "Vuelve. Te guardamos el sitio.",
         "",),
        (("Vuelve. Te guardamos el sitio.", 7), ("volveralpueblo.example", 8),),
    ),
    "lemons_en": Noted(
        "en", 36,
        ("I was nine when I stole a lemon.", "The old man saw me. He said nothing.",
         "Next day, there was a basket on our doorstep. Forty lemons, and a note.", "'For the honest thief.'",
         "I am sixty-one now, and I grow lemons over a wall.", "Help yourself.",),
        (("HONEST LEMONS", 6),),
    ),
    "airing_de": Noted(
        "de", 24,
        ("Heizung herunterdrehen.", "Alle Fenster ganz öffnen – kippen zählt nicht.",
         "Fünf Minuten warten, im Winter drei.", "Fenster zu, Heizung an. Fertig.",
         "Gesundes Wohnen. Ihre Genossenschaft Südhang eG.",),
        (("Gesundes Wohnen. Ihre Genossenschaft Südhang eG.", 5),),
    ),
    "commute_ja": Noted(
        "ja", 30,
        ("新入社員、三日目。", "ここ、どうぞ。あ、ありがとうございます。", "",
         "やさしさは、混んでいるところで見つかる。",),
        (("東西鉄道 毎朝、三百万人の小さな親切", 4),),
        (5, 7, 8, 10),
    ),
    "hearing_en": Noted(
        "en", 30,
        ("", "She's been nodding since 2017.", "It weighs two grams.", "You've all been shouting!",
         "Clearwell Hearing. Come back to the table.",),
        (),
    ),
    "water_hi": Noted(
        "hi", 20,
        ("पानी बचाने के चार तरीके।", "नल खुला मत छोड़िए।", "बाल्टी से नहाइए, फव्वारे से नहीं।",
         "रिसाव की शिकायत 1916 पर कीजिए।", "बारिश का पानी छत पर जमा कीजिए।", "हर बूँद का हिसाब है।",),
        (),
    ),
    "birthday_en": Noted(
        "en", 22,
        ("", "", "How many?", "All of them.", "Birthday insurance. For the ones who count.", "",),
        (("LUMEN | Life, covered.", 6),),
        (3, 4, 4, 4, 4, 3),
    ),
    "river_pt": Noted(
        "pt", 30,
        ("O rio não sabe que dia é.", "Seu Bené sabe. É quinta.", "Quinta é dia de pacu.", "",
         "Mercado do Porto. Abre antes do sol.",),
        (("Pirarucu R$ 48 o quilo", 4),),
        (5, 6, 6, 7, 6),
    ),
    "newsroom_en": Noted(
        "en", 90,
        ("They closed the paper at noon. Nobody told the printer.", "", "What's the headline?",
         "There isn't one.", "Then print that.", "",),
        (("Good morning.", 6),),
    ),
    "plants_ko": Noted(
        "ko", 24,
        ("반려식물 오래 키우는 3가지 방법.", "첫째, 물은 손가락으로 흙을 만져 보고 주세요.",
         "둘째, 햇빛은 창가에서 1미터가 좋아요.", "셋째, 말을 거세요.", "과학은 아직 반대하지만요.", "",),
        (("초록상점 — 02-555-0134", 6),),
    ),
    "theatre_en": Noted(
        "en", 30,
        ("Every theatre keeps one light on.", "They say it's for the ghosts.", "", "Good house tonight.",
         "The Orpheum. Someone's always watching.",),
        (("Row F, 2:10 a.m.", 2), ("The Orpheum | Season opens 9 Sept", 5),),
        (5, 7, 8, 5, 5),
    ),
    "ficus_en": Noted(
        "en", 25,
        ("", "", "Bring it in. No judgement.", "", "Root Cause. We've seen worse.",),
        (("Day 400", 1), ("Free check-ups on Fridays", 4),),
    ),
    "backup_en": Noted(
        "en", 20,
        ("Dave had one job.", "He did it.", "Does anyone have a backup?", "",),
        (("Based on a true spreadsheet.", 1), ("SnapVault. Because Dave.", 4),),
    ),
    "cafe_ja": Noted(
        "ja", 20,
        ("", "まだ、だれも起きていない。", "おはようございます！", "", "朝活カフェ、朝五時から。",),
        (("モーニング 480円", 4), ("駅前・毎日5:00〜", 5),),
        (3, 4, 4, 4, 5),
    ),
    "wool_en": Noted(
        "en", 30,
        ("", "She's deaf. She just knows.", "",),
        (("Highland Wool Co-op. Since before fences.", 3),),
        (10, 10, 10),
    ),
    "pelmeni_ru": Noted(
        "ru", 40,
        ("Сто двенадцать. Сто тринадцать.",
         "Счастливый лепи. С перцем.", "А кому достанется?",
         "Тому, кто не ждёт.", "Мне!", "",),
        (("С праздником. Ваш двор.", 6),),
    ),
    "tide_en": Noted(
        "en", 32,
        ("Some people check everything twice.", "Because the sea checks once.", "", "Bring me a crab!",
         "Tidewater. Check.",),
        (),
    ),
    "boxes_en": Noted(
        "en", 20,
        ("", "This one still works.", "Welcome home.", "Haul & Home. We carry more than boxes.",),
        (("First night.", 3), ("haulandhome.example | 0800 555 0145", 4),),
        (4, 4, 6, 6),
    ),
    "capucins_fr": Noted(
        "fr", 30,
        ("Un kilo de tout.", "De tout quoi ?", "De tout ce que mamie aime.", "Tu as oublié quelque chose ?",
         "Oui. De compter.", "Le marché des Capucins. Du mardi au dimanche.",),
        (),
    ),
    "sofa_es": Noted(
        "es", 20,
        ("", "Hay días que duran dos.", "", "Sofás Siesta. Ya has llegado.",),
        (("Desde 499 € · 100 noches de prueba", 4),),
        (4, 5, 5, 6),
    ),
    "tools_en": Noted(
        "en", 36,
        ("Welcome back to \"One Tool, One Minute\".", "Today: the humble bradawl.",
         "I thought that was a bad haircut.", "It makes a hole so your screw knows where to go.", "",
         "That's the most satisfying thing I've seen all year.", "",),
        (("One Tool, One Minute", 7),),
        (5, 6, 5, 7, 5, 5, 3),
    ),
    "lamp_it": Noted(
        "it", 24,
        ("Nonno, si è rotta la luna bassa.", "Arrivo con la scala.", "Bis!", "Domani. Se si rompe.", "",),
        (("Illuminazione pubblica, dal 1898 con amore", 5),),
    ),
    "owls_en": Noted(
        "en", 25,
        (
         "Good news for night owls. From Monday, the Eastgate Library stays open until eleven. Yes, even the quiet room.",  # noqa: E501
         "",),
        (("Mon–Sat 8:00–23:00", 0),),
    ),
    "parents_zh": Noted(
        "zh", 25,
        ("给新手爸妈的三个小提醒。", "水温先用手腕试，37度左右。", "哭不是你做错了，是他在说话。",
         "你也要睡觉。真的。", "",),
        (("慢慢来，比较快。", 5),),
    ),
    "forklift_de": Noted(
        "de", 45,
        ("Bevor Sie losfahren, drei Blicke.", "Reifen, Gabel, Boden.",
         "Die Last sitzt, der Mast ist geneigt.", "Und hinter Ihnen ist niemand.", "",),
        (("Drei Blicke. Jedes Mal.", 5),),
    ),
    "loom_it": Noted(
        "it", 50,
        ("Questo telaio ha tessuto per centosei anni. Avvicinatevi: il legno è consumato dove poggiavano le mani.",
         "Era di Assunta Bellini, che a undici anni ne conosceva già ogni rumore.",
         "Quando si fermò, nel 1962, nel paese nessuno riuscì a dormire.",),
        (("Museo della Seta, Sala 4", 3),),
    ),
    "ladder_nl": Noted(
        "nl", 35,
        ("", "Vier op één: vier meter hoog, één meter van de muur.", "Droge schoenen, altijd.",
         "Drie punten contact. Twee voeten en een hand, of andersom.", "",
         "Liever twee keer verplaatsen dan één keer vallen.",),
        (("FOUT", 1),
         ("GOED", 2),
         ("Veilig thuis. Bouwbedrijf De Regge", 6),),
    ),
    "bridge_ru": Noted(
        "ru", 30,
        ("Сегодня в Заречье открыли мост, которого ждали одиннадцать лет.",
         "Первыми по нему проехали не чиновники, а школьный автобус.",
         "Мы теперь едем семь минут, а не сорок!", "Грузовикам въезд закрыт до весны.", "",),
        (("Марина Егорова, учительница", 3),),
    ),
    "brand_en": Noted(
        "en", 24,
        ("It has been a long day for both of you.", "", "Two minutes.",
         "moss. Desk plants that tell you when to stop.",),
        (("moss.example", 0),),
    ),
    "podcast_en": Noted(
        "en", 45,
        ("Okay, forty-one floors. FORTY-ONE. And no stairs. There were stairs.",
         "Locked stairs. So, a wall with ambitions.", "This week: the building that forgot the fire code.",
         "Wrong Floor, wherever you get podcasts. Or get lost.",),
        (),
    ),
    "flat_zh": Noted(
        "zh", 40,
        ("下班到家，正好看见晚霞。", "客厅朝南，猫先选了位置。", "", "十八层，看得见江。", "",),
        (("客厅 28㎡", 2),
         ("高层 · 江景", 4),
         ("安居房产 400-555-0101", 5),),
    ),
    "gnocchi_it": Noted(
        "it", 60,
        ("", "", "Poca, ho detto!", "", "", "Adesso zitti e mangiate.",),
        (("800 g, 180°", 1),
         ("quando salgono, sono pronti", 5),),
    ),
    "naps_nl": Noted(
        "nl", 40,
        ("Het is niet jij. Het is twee uur.", "Twintig minuten en je weet weer waar je sleutels liggen.",
         "Wie slaapt, moppert niet. Letterlijk.", "Je hart vindt het ook een goed idee.", "",),
        (("Slaap er een nachtje over. Of twintig minuten.", 5),),
    ),
    "recap_en": Noted(
        "en", 40,
        ("We counted four hundred. The sea counted nobody.", "",
         "Eleven degrees. That is a number until you are in it.", "Nobody climbs out alone.",
         "See you next year. Bring a towel.",),
        (("Harbour Swim · 5 September 2028", 5),),
        (5, 3, 8, 12, 12),
    ),
    "news_nl": Noted(
        "nl", 35,
        ("De sluis van Wijk gaat na negen jaar weer open.",
         "Vanmorgen om zes uur voer het eerste schip erdoor. Het was een roeiboot.",
         "We wilden gewoon de eerste zijn.", "De grote vaart volgt in april.", "",),
        (("Henk Bos, schipper", 3),),
    ),
    "tour_ja": Noted(
        "ja", 40,
        ("駅から七分、桜を七本くぐると、この家です。", "南向きのリビングは、冬でも昼は暖房いらず。",
         "台所の窓からは、隣の柿の木が見えます。", "", "内覧は土日。お茶を用意してお待ちしています。",),
        (("LDK 18帖", 2),
         ("洋室6帖×2", 4),
         ("さくら不動産 0120-555-020", 5),),
        (5, 10, 10, 8, 7),
    ),
    "radio_de": Noted(
        "de", 30,
        ("Wir haben uns geschworen, nie einen Podcast zu machen. Und das ist Folge eins.",
         "Wir reden über Dinge, die wir nicht können. Also über alles.", "‘Halbwissen’. Jeden Donnerstag.",),
        (),
    ),
    "trailer_zh": Noted(
        "zh", 30,
        ("", "这条江，我开了四十年。", "您真的不等他了吗？", "船等人，江不等。", "",),
        (("1987年，江边小城", 1),
         ("最后一班渡轮", 5),
         ("6月18日 全国上映", 5),),
    ),
    "minutes_en": Noted(
        "en", 30,
        ("Day one. You know nobody and that's fine.", "That mug belongs to Tomasz. Trust us.",
         "Nobody answers everything. Ask.", "Day two is easier.",),
        (("welcome@example", 4),),
    ),
    "script_es": Noted(
        "es", 35,
        ("", "A esta hora, España se apaga.", "Y los ventiladores se encienden.",
         "Ventiladores Céfiro. Treinta decibelios de nada.", "",),
        (("Céfiro · desde 39 €", 5),),
    ),
    "howto_ja": Noted(
        "ja", 40,
        ("まず、空気を全部抜きます。", "泡が出たところが、穴です。",
         "のりが付くように、少しだけ荒らします。", "三分待って、ぎゅっと押す。",
         "これで、明日の朝も間に合います。",),
        (("泡＝穴", 2),
         ("3分", 4),),
    ),
    "recap_it": Noted(
        "it", 30,
        ("Alle sei del mattino c'è solo Gino.", "", "A mezzogiorno ci siamo tutti.",
         "E a mezzanotte Gino balla.", "",),
        (("Sagra del Tortello, ultima domenica di settembre", 5),),
        (5, 7, 8, 6, 4),
    ),
    "brand_zh": Noted(
        "zh", 30,
        ("有些水，只流一次。", "我们让它再流一次。", "像第一次一样。", "",),
        (("清源水处理", 4),),
    ),
    "table_en": Noted(
        "en", 24,
        ("", "Some mornings need a witness.", "", "There you are.", "Bramble. Good morning, again.",),
        (("0 g added sugar", 3),
         ("Bramble Oat · now in 1 l", 5),),
        (4, 6, 5, 4, 5),
    ),
    "listing_en": Noted(
        "en", 30,
        ("", "Living room, nineteen feet. Original floor. Original everything.",
         "Soft-close cupboards. We think.", "", "Viewings Saturday. Bring someone.",),
        (("This one has a ghost.", 1),
         ("8 Wren Lane · from £310,000", 5),),
        (3, 7, 7, 7, 6),
    ),
    "ad_it": Noted(
        "it", 20,
        ("Scusi, avete un secchio?", "Quanto perde?", "Abbastanza.",
         "Allora le serve un idraulico. Il secchio glielo presto.", "Ferramenta Bassi. Prima ti ascoltiamo.",
         "",),
        (("Via Roma 4, Asti", 6),),
    ),
    "tips_ko": Noted(
        "ko", 35,
        ("의자가 옷장이 된 지 오래인가요?",
         "옷걸이를 거꾸로 걸어 두세요. 한 달 뒤에도 그대로면 안 입는 옷입니다.", "하나 사면 하나 내보내기.",
         "하루 10분만. 더 하면 지칩니다.", "이제 의자는 고양이 겁니다.",),
        (("30일 테스트", 2),
         ("10:00", 4),),
    ),
    "trailer_fr": Noted(
        "fr", 30,
        ("Mon père disait que l'autre phare était mort.", "Ce soir, il m'a répondu.", "",),
        (("Deux phares. Une seule lumière.", 1),
         ("LE PHARE D'EN FACE", 3),
         ("au cinéma le 3 mars", 3),),
    ),
    "story_ja": Noted(
        "ja", 40,
        ("赤い傘は、もう三日、だれかを待っていました。",
         "きみ、雨のにおいがするね。それしか、もってないの。", "犬は、傘をくわえて走りだしました。",
         "あっ、いた！",),
        (),
    ),
    "shop_es": Noted(
        "es", 20,
        ("", "esto tiene arreglo.", "", "¿ve?", "",),
        (("Zapatería Ortiz, desde 1952", 0),),
    ),
    "home_de": Noted(
        "de", 40,
        ("Kommen Sie an.", "1908 gebaut, 2021 wachgeküsst.", "", "Zwei Bäder. Ein Spiegel für Nachrichten.",
         "Und hier hört man: nichts.",),
        (("Lindenhof. 890.000 €. Ein Anruf.", 0),),
    ),
    "tea_zh": Noted(
        "zh", 25,
        ("茶，是山写给人的信。", "信很长，要晒三天。", "", "慢慢读。",),
        (("云岭茶 · 明前", 4),),
        (6, 7, 6, 6),
    ),
    "bus_de": Noted(
        "de", 20,
        ("Der letzte Bus wartet nicht.", "Meistens.", "", "Stadtbus. Wir warten auf Kuchen.",),
        (("Linie 12, seit 1961", 3),
         ("stadtbus.example", 4),),
        (5, 4, 6, 5),
    ),
    "museum_es": Noted(
        "es", 45,
        ("En esta radio se escuchó el final de una guerra y el principio de un matrimonio.",
         "Él subió el volumen. Ella lo bajó. Así empezaron.",
         "Funcionó hasta 1971. Después, dicen, solo escuchaba.",),
        (("Museo de la Radio, Sala 2", 3),),
    ),
    "news_fr": Noted(
        "fr", 40,
        ("Vingt ans après, le bac de Saint-Aubin retraverse la Loire.",
         "Il est petit, jaune, et il avance à la vitesse d'un canard.",
         "Moi je n'ai pas attendu, j'ai acheté une barque.", "Douze passagers, un vélo, pas de voiture.",
         "La traversée dure sept minutes. Elle est gratuite le dimanche.", "",),
        (("Yvette Morin, riveraine", 5),),
    ),
    "drill_ru": Noted(
        "ru", 30,
        ("Сначала шнур. Потом дырка.", "Очки носят на глазах, не на лбу.",
         "Узнайте, что внутри стены. Стена не скажет.", "",),
        (("Очки!", 2),
         ("Магазин «Свёрло» 8 800 555-01-01", 4),),
    ),
    "soap_ko": Noted(
        "ko", 20,
        ("하루에 마흔 개만 만듭니다.", "나머지는 시간이 만듭니다.", "할머니 냄새다!", "",),
        (("느린비누 | 1개 9,000원", 4),),
    ),
    "pens_en": Noted(
        "en", 24,
        ("September.", "Some things are not finished yet.", "", "Morrow pens. Start again.",),
        (("Morrow – 12 for £3", 4),),
    ),
    "farm_de": Noted(
        "de", 35,
        ("Wir stehen um fünf auf. Die Hühner auch.", "Jedes wird angeschaut. Manche schauen zurück.", "",
         "Hier zahlt man, wenn keiner guckt.", "Hölzlhof. Bis später.",),
        (("Hölzlhof, täglich 6–20 Uhr", 5),),
    ),
    "museum_ja": Noted(
        "ja", 40,
        ("この桶は、百年のあいだ、毎朝いちばんに起きていました。",
         "縄の跡をごらんください。三代の手が、ここを通りました。",
         "井戸は埋められましたが、桶だけは、まだ待っています。",),
        (),
    ),
    "noodles_zh": Noted(
        "zh", 30,
        ("凌晨一点，还有一盏灯。", "", "老样子。", "今天送你的。", "老地方面馆。",),
        (("老地方面馆 · 营业至凌晨三点", 5),),
        (6, 5, 5, 7, 7),
    ),
    "bikes_en": Noted(
        "en", 30,
        ("You didn't outgrow cycling. You outgrew a bike.", "Bring it in. We'll swap it for the next size.",
         "Wheelhouse. Grow with it.",),
        (("wheelhouse.example – swaps from £15", 3),),
    ),
    "pflege_de": Noted(
        "de", 40,
        ("Sechs Uhr. Frau Albers ist schon wach.", "Sie wartet auf Samira. Und auf den Kaffee.",
         "Sie gewinnt immer beim Mau-Mau.", "", "Abendstern. Arbeit mit Aussicht.",),
        (("jobs.abendstern.example", 5),),
        (7, 8, 10, 8, 7),
    ),
    "vet_pt": Noted(
        "pt", 35,
        ("Aqui todo mundo espera junto.", "Assim ele não fica com medo.", "A gente tem tempo.",
         "E não fecha.",),
        (("Plantão 24 h · 85 5550-0101", 4),),
    ),
    "optik_de": Noted(
        "de", 25,
        ("", "So vielleicht?", "Und jetzt? Ich nehme die Suppe.", "Optik Sander. Damit die Arme reichen.",),
        (("Optik Sander · Marktplatz 3", 4),),
        (5, 6, 7, 7),
    ),
    "market_ru": Noted(
        "ru", 30,
        ("", "Это за красивые глаза.", "Здесь не торопят.", "До субботы.",),
        (("Рынок на Заречной, сб 7:00–14:00", 4),),
    ),
}  # fmt: skip


def shown(made: Plan) -> list[tuple[str, int]]:
    found = [(text, k) for k, a in enumerate(shots(made), start=1) for text in re.findall("“([^”]*)”", a.prompt)]
    return [*found, *([(made.cut.end_card.text, 0)] if made.cut.end_card else [])]


@pytest.mark.parametrize("name", NOTED)
def test_notes_are_planned_as_they_are_meant(name: str) -> None:
    """Each shot says its line and shows its text, nothing else is said, and labels and remarks are in neither."""
    noted = NOTED[name]
    made = plan((FOLDER / f"{name}.txt").read_text(), language=noted.language, duration_seconds=noted.length)
    assert said(made) == list(noted.said)
    assert shown(made) == list(noted.shown)
    if noted.seconds:
        assert lengths(made) == [pytest.approx(s, abs=0.05) for s in noted.seconds]
    card = made.cut.end_card.seconds if made.cut.end_card else 0
    assert sum(lengths(made)) + card == pytest.approx(noted.length, rel=0.05)
    labels = ("[", "VO:", "SFX", "SUPER", "t=", "no voice", " s)", "/ WIDE", "Step", "CENA")
    assert not [a.prompt for a in shots(made) if any(label in a.prompt for label in labels)]
