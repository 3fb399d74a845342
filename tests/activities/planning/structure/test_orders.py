"""Orders in prose: what is said is said alone, what is seen is drawn, and the order itself is neither."""

from typing import Any

import pytest

from activities.planning.structure.orders.sentences import read
from activities.planning.structure.parser import parse
from tests.activities.planning.structured import lengths, plan, said, shots

ORDERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "en": (
        "I'd like a 25 second video for our guesthouse. Start with the sea at dawn. Then show the "
        "breakfast. The narrator "
        'says: "Here time walks slowly." End with our logo and the line "Tide House. Book today."',
        ("Here time walks slowly.",),
        "Tide House. Book today.",
    ),
    "de": (
        "Ich hätte gerne ein 30-Sekunden-Video über unsere Bäckerei. Beginne mit dem Ofen. Dann sieht man die ersten "
        "Kunden. Die Sprecherin sagt: „Frisch seit 1920.“ Am Ende soll stehen: „Bäckerei Huber, Marktgasse 4“.",
        ("Frisch seit 1920.",),
        "Bäckerei Huber, Marktgasse 4",
    ),
    "fr": (
        "Bonjour,\n\nJe voudrais une vidéo de 20 secondes sur notre boulangerie. Commencez par le four. On "
        "voit ensuite "
        "les clients. Une voix dit : « Le pain a le goût du temps. » Terminez par le texte « Chez Odile, Nantes ».\n\n"
        "Merci,\nOdile",
        ("Le pain a le goût du temps.",),
        "Chez Odile, Nantes",
    ),
    "es": (
        "Necesitamos un anuncio para nuestra heladería. Empieza con unos niños que corren. Luego se ve al heladero. El "
        "narrador dice: «Dos sabores o tres.» Al final aparece el texto «Helados Blanco».",
        ("Dos sabores o tres.",),
        "Helados Blanco",
    ),
    "it": (
        "Vorrei uno spot per la nostra gelateria. Inizia con il mare. Poi si vedono i bambini. La voce "
        "dice: «Due gusti o "
        "tre?» In chiusura la scritta GELATO BIANCHI DAL 1961.",
        ("Due gusti o tre?",),
        "GELATO BIANCHI DAL 1961",
    ),
    "pt": (
        "Quero um vídeo de 25 segundos para a nossa pousada. Comece com o mar. Depois mostre o café da "
        "manhã. O narrador "
        'diz: "Aqui o tempo anda devagar." Termine com o nosso logo e a frase "Pousada da Maré".',
        ("Aqui o tempo anda devagar.",),
        "Pousada da Maré",
    ),
    "nl": (
        'Maak een filmpje over onze fietsenmaker. Begin met de straat. Joris zegt: "Ik repareer alles, behalve haast." '
        "Daarna zie je zijn werkplaats. Eindig met de tekst: Fietsen Joris, Kanaalstraat 12.",
        ("Ik repareer alles, behalve haast.",),
        "Fietsen Joris, Kanaalstraat 12",
    ),
    "pl": (
        "Proszę zrobić 20-sekundowy film o naszej piekarni. Zacznij od pieca. Potem widać klientów. Lektor "
        "mówi: „Chleb "
        "pamięta ręce.” Na koniec napis: Piekarnia Kłos",
        ("Chleb pamięta ręce.",),
        "Piekarnia Kłos",
    ),
    "ru": (
        "Хочу ролик на 20 секунд про нашу пекарню. Начните с печи. Потом покажите покупателей. Диктор говорит: «Хлеб "
        "помнит руки.» В конце надпись: Пекарня «Колос»",
        ("Хлеб помнит руки.",),
        "Пекарня «Колос»",
    ),
    "tr": (
        "Fırınımız için 20 saniyelik bir video istiyoruz. Denizle başlasın. Sonra müşterileri gösterin. Anlatıcı: "
        '"Zaman burada yavaş akar." En sonunda yazı: Fırın Deniz',
        ("Zaman burada yavaş akar.",),
        "Fırın Deniz",
    ),
    "ar": (
        "أريد فيديو مدته 20 ثانية عن مقهانا. ابدأ بالبحر عند الفجر. ثم نرى الأصدقاء حول الطاولة. يقول الراوي: "
        '"هنا يمشي الوقت ببطء." في النهاية يظهر النص: نسمة',
        ("هنا يمشي الوقت ببطء.",),
        "نسمة",
    ),
    "hi": (
        "मुझे हमारी बेकरी के लिए 20 सेकंड का वीडियो चाहिए। समुद्र से शुरू करें। फिर ग्राहकों को दिखाएं। "
        "सूत्रधार कहता है: "
        '"समय यहाँ धीरे चलता है।" अंत में टेक्स्ट: बेकरी हिमालय',
        ("समय यहाँ धीरे चलता है।",),
        "बेकरी हिमालय",
    ),
    "ja": (
        "民宿のための30秒の動画を作ってください。まず、朝の海から始めてください。次に、朝食を見せてください。"
        "ナレーターが「時間はゆっくり流れる。」と言います。最後に「海の家」というテロップ。",
        ("時間はゆっくり流れる。",),
        "海の家",
    ),
    "ko": (
        "우리 가게를 위한 30초 영상을 만들어 주세요. 바다로 시작해 주세요. 다음으로 손님들을 보여 주세요. "
        '내레이터가 "시간은 천천히 흐른다."라고 말합니다. 마지막 자막: "바다의 집"',
        ("시간은 천천히 흐른다.",),
        "바다의 집",
    ),
    "zh": (
        "请为我们的民宿做一个20秒的视频。先展示早晨的大海。然后是早餐桌。旁白说：“时间在这里慢下来。”最后出现"
        "字样“海之家”。",
        ("时间在这里慢下来。",),
        "海之家",
    ),
}


@pytest.mark.parametrize("language", ORDERS)
def test_only_what_somebody_says_is_spoken(language: str) -> None:
    """Of an order that says what is seen and said, only the quoted lines are spoken; the end is a card, and the
    length of the film includes it."""
    text, spoken, end = ORDERS[language]
    made = plan(text, language=language, duration_seconds=24)
    assert tuple(filter(None, said(made))) == spoken
    assert made.cut.end_card
    assert made.cut.end_card.text == end
    assert sum(lengths(made)) + made.cut.end_card.seconds == pytest.approx(24, abs=0.1)


def test_pictures_are_named_without_the_words_of_the_order() -> None:
    """A shot shows what the direction names, has the line after it, and the title is what the film is about."""
    made = plan(ORDERS["en"][0], duration_seconds=24)
    first, second = (shot.prompt for shot in shots(made)[:2])
    assert (first.startswith("The sea at dawn"), second.startswith("The breakfast")) == (True, True)
    assert (said(made)[:2], made.title) == (["", "Here time walks slowly."], "Our guesthouse")


def test_people_who_speak_are_named() -> None:
    """A quoted line has its speaker, before or after it, in straight single marks too; a pronoun names none."""
    made = parse(
        "We need a video ad for our app. It should be 9:16 and 20 seconds long. A woman waits in the rain. She asks, "
        "'Where is my bus?' Her phone lights up. \"Two minutes\", says Tom. End on the words 'Busly. Don't wait.'"
    )
    assert made
    assert [(line.speaker, line.text) for shot in made.shots for line in shot.lines] == [
        ("", "Where is my bus?"),
        ("Tom", "Two minutes."),
    ]
    assert [shot.description for shot in made.shots] == ["A woman waits in the rain", "Her phone lights up"]
    assert made.cards.end == "Busly. Don't wait."


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (
            "Please make a 20 second ad for our bike shop. We repair everything but haste. Bring your old bike.",
            ["We repair everything but haste.", "Bring your old bike."],
        ),
        (
            'The old man walks to the sea. Then he stops. He says: "Home." Finally, the gulls answer.',
            ["The old man walks to the sea.", "Then he stops.", 'He says: "Home."', "Finally, the gulls answer."],
        ),
        (
            "We need your help. The first reason is the roof. Then there is the heating. Finally, the windows are old.",
            ["We need your help.", "The first reason is the roof.", "Then there is the heating.",
             "Finally, the windows are old."],
        ),
    ],
    ids=["an order with its text", "a story", "an appeal"],
)  # fmt: skip
def test_text_that_is_to_be_said_stays_said(text: str, spoken: list[str]) -> None:
    """The sentences of a text without directions are spoken whole, also where they begin with "then"."""
    made = " ".join(said(plan(text, duration_seconds=20)))
    assert all(sentence in made for sentence in spoken)


@pytest.mark.parametrize(
    ("sentence", "purpose"),
    [
        ("Maximum length 20 seconds.", "setting"),
        ("Durata massima 20 secondi.", "setting"),
        ("Die Länge: höchstens 30 Sekunden.", "setting"),
        ("Format: 9:16", "setting"),
        ("The race lasts 20 laps and every second counts.", ""),
        ("Our shop has been here for 30 years.", ""),
        ("Nous cherchons un film de 30 secondes.", "order"),
        ("We see the world in colour, says the painter.", "seen"),
    ],
)
def test_the_purpose_of_a_sentence(sentence: str, purpose: str) -> None:
    """A sentence that only gives the length or the format is a setting; one with other content is not."""
    assert read(sentence).purpose == purpose


LISTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "letters": (
        "en",
        "For the spot I was thinking of three scenes:\na. children running towards the cart\nb. a man fills "
        'a cone: "Two '
        'or three?"\nc. a lady closes her eyes\n\nAt the end the text GELATO BIANCHI.',
        {"said": ["", "Two or three?", ""], "end": "GELATO BIANCHI"},
    ),
    "cyrillic letters": (
        "ru",
        "Три причины прийти:\nа) Хлеб свежий.\nб) Кофе горячий.\nв) Люди добрые.",
        {"said": ["Три причины прийти.", "Хлеб свежий.", "Кофе горячий.", "Люди добрые."]},
    ),
    "dashes with times": (
        "ru",
        "План ролика:\n– 0:00–0:06 общий план, рассвет. ЗК: «Здесь тишина».\n– 0:06–0:14 средний план, "
        "рыбак. ЗК: «Деду "
        "восемьдесят один».",
        {"said": ["Здесь тишина.", "Деду восемьдесят один."], "seconds": [6, 8]},
    ),
    "counted steps": (
        "ko",
        "1단계: 돼지고기를 볶습니다.\n2단계: 묵은지를 넣습니다.\n3단계: 물을 붓습니다.",
        {"said": ["돼지고기를 볶습니다.", "묵은지를 넣습니다.", "물을 붓습니다."]},
    ),
    "ordinals": (
        "ar",
        "اللقطة الأولى: فنجان قهوة.\nالتعليق الصوتي: صباحك يبدأ هنا.\nاللقطة الثانية: أصدقاء.\nالتعليق "
        "الصوتي: حكاية لا "
        "تنتهي.\nاللقطة الأخيرة: شعار المقهى.",
        {"said": ["صباحك يبدأ هنا.", "حكاية لا تنتهي.", ""]},
    ),
    "ordinals before their noun": (
        "de",
        "Erste Szene: Ein Hafen.\nSprecher: Es ist früh.\nZweite Szene: Ein Boot.\nSprecher: Es fährt hinaus.\n"
        "Letzte Szene: Das Meer.",
        {"said": ["Es ist früh.", "Es fährt hinaus.", ""]},
    ),
    "a label that only leads": (
        "pl",
        "Krok 1: Zagotuj wodę.\nKrok 2: Zalej liście.\nNa koniec: Smacznego!",
        {"said": ["Zagotuj wodę.", "Zalej liście.", "Smacznego!"]},
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_heads_of_items_are_not_said(name: str) -> None:
    """Items with letters, words or counters as numbers are items like any others; scenes that a list announces are
    seen, and only their quotations are said."""
    language, text, expected = LISTS[name]
    made = plan(text, language=language, duration_seconds=20)
    assert said(made) == expected["said"]
    assert expected.get("end") in (None, made.cut.end_card and made.cut.end_card.text)
    if "seconds" in expected:
        assert lengths(made) == pytest.approx(expected["seconds"])
