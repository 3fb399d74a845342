"""Orders in prose with directions, lines, labels and on-screen text in one paragraph, in 29 languages, and their parts.

Each file in `briefs/orders` has an order, the lines that are said, and the texts that are read, of which the last is at
the end of the film.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from activities.planning.structure.orders.film_length import asked_seconds
from activities.planning.structure.orders.quotations import take
from activities.planning.structure.orders.sentences import read
from activities.planning.structure.parser import parse
from tests.activities.planning.structured import lengths, plan, said, shots
from workflows.models import Plan

FOLDER: Final = Path(__file__).parents[1] / "briefs" / "orders"
ORDERS: Final = sorted(path.stem for path in FOLDER.iterdir())


def parts_of(name: str) -> tuple[str, list[str], list[str]]:
    """The order, what is said in it and what is read."""
    text, spoken, shown = re.split(r"^---- \w+\n", (FOLDER / f"{name}.txt").read_text(encoding="utf-8"), flags=re.M)
    return text.strip(), spoken.splitlines(), shown.splitlines()


def read_texts(made: Plan) -> list[str]:
    """The texts on the screen of a plan, in order; those of a card are last."""
    prompts = [shot.prompt.partition("pelled exactly")[2] for shot in shots(made)]
    cards = [card.text for card in (made.cut.title, made.cut.end_card) if card]
    return [text for prompt in prompts for text in re.findall(r"“([^”]*)”", prompt)] + cards


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_with_lines_and_texts(name: str) -> None:
    """What somebody says is said alone and in order, each text is read once, and greetings, wishes and thanks are
    neither said nor drawn; the film has the length that was asked for."""
    text, spoken, shown = parts_of(name)
    made = plan(text, language=name.split("_")[0], duration_seconds=24)
    joined = " ".join(filter(None, said(made)))
    assert joined.replace(" ", "") == "".join(spoken).replace(" ", "")
    assert [t.replace("\u3000", " ") for t in read_texts(made)] == shown
    assert sum(lengths(made)) + (made.cut.end_card.seconds if made.cut.end_card else 0) == pytest.approx(24, rel=0.05)
    assert not [each for each in made.warnings if "its length is 24 s" not in each and not each.startswith("aspect:")]


def test_pictures_are_named_without_lines_and_instructions() -> None:
    """A picture has no greeting, no verb of a speaker, and nothing of the sentence that puts a text on the screen."""
    made = plan(parts_of("en")[0], duration_seconds=25)
    assert [shot.label.partition(" · ")[2] for shot in shots(made)] == [
        "Chalk dust in a beam of light",
        "A woman of about 60 tie a knot",
        "Her hand finding the first hold",
        "She reaches the top and laughs",
    ]
    assert "“First visit free”" in shots(made)[3].prompt
    assert plan(parts_of("it")[0]).title == "Il nostro agriturismo"


@pytest.mark.parametrize(
    ("sentence", "rest", "found"),
    [
        ("The librarian hands her a cup and says: “The usual?”", "The librarian hands her a cup", ("said", "")),
        ("Wim: “Hold the torch.”", "", ("said", "Wim")),
        ("“Two minutes”, says Tom.", "", ("said", "Tom")),
        ("The sign says “Open”", "", ("read", "")),
        ("On screen it says “First visit free”.", "", ("read", "")),
        ("Man sieht den Schlauch; eingeblendet wird „15 Minuten“.", "Man sieht den Schlauch", ("read", "")),
        ("一位老人戴上眼镜，画面上出现文字“免费借阅”。", "一位老人戴上眼镜", ("read", "")),
        ('할머니가 "두 개 줘요."라고 말해요.', "", ("said", "할머니")),
        ("「定休日」という文字を入れる。", "", ("read", "")),
        ("ثم يظهر طفل يحمل رغيفاً ساخناً ويقول: «خمسة أرغفة»", "ثم يظهر طفل يحمل رغيفاً ساخناً", ("said", "")),
        ("We sell “Dawn”, our new lamp.", "We sell “Dawn”, our new lamp.", None),
    ],
)
def test_quotations_of_a_sentence(sentence: str, rest: str, found: tuple[str, str] | None) -> None:
    """The words next to a quotation decide whether it is said or read, and the picture stays without them."""
    taken = take(sentence)
    assert taken.rest == rest
    assert [(q.role, q.speaker) for q in taken.quotations] == ([found] if found else [])


@pytest.mark.parametrize(
    ("sentence", "purpose", "text"),
    [
        ("Hey there!", "setting", "Hey there!"),
        ("Please no people in costumes.", "setting", "Please no people in costumes."),
        ("Sin música, por favor.", "setting", "Sin música, por favor."),
        ("Merci d'avance !", "setting", "Merci d'avance !"),
        ("Hola, quisiera un anuncio de 20 segundos.", "order", "Hola, quisiera un anuncio de 20 segundos."),
        ("Второй кадр — бариста ставит стакан.", "seen", "Бариста ставит стакан"),
        ("最初のシーンは、朝四時の工場。", "seen", "朝四時の工場"),
        ("Cierra con el logo y el teléfono 900 555 018.", "end", "900 555 018"),
        ("No one waits for the bus here.", "", "No one waits for the bus here."),
        ("Sin prisa, llega el pan.", "", "Sin prisa, llega el pan."),
    ],
)
def test_the_purpose_of_a_further_sentence(sentence: str, purpose: str, text: str) -> None:
    """Courtesies and wishes are settings, places in the film lead to a picture, and a number to call is a card."""
    found = read(sentence)
    assert (found.purpose, found.text.rstrip("。")) == (purpose, text)


HEADS: Final = {
    "codes": "SH010  00:00:00:00 – 00:00:03:00  EWS\nA harbour.\nVO: One.\n"
    "SH020  00:00:03:00 – 00:00:08:00  MCU\nA hand.\nVO: Two.",
    "framings in brackets": "- **Bild 1** (3 Sek., Totale): Hafen.\n  **Off:** „One.“\n"
    "- **Bild 2** (5 Sek., Nah): Hände.\n  **Off:** „Two.“",
    "inches": '1) 0"-3" PP mani.\nVOCE FC: One.\n2) 3"-8" CM cucina.\nVOCE FC: Two.',
    "Han digits": "鏡頭一（0:00–0:03）遠景：夜市。\n旁白：「One.」\n鏡頭二（0:03–0:08）特寫：手。\n旁白：「Two.」",
    "dots": "Plan 1 · 0:00 → 0:03 · Le beurre mousse\nVO · « One. »\nPlan 2 · 0:03 → 0:08 · Deux œufs\nVO · « Two. »",
    "dashes": "PLAN 01 | 0:00 > 0:03 | GP\nUne plume.\nVOIX OFF – One.\n"
    "PLAN 02 | 0:03 > 0:08 | PM\nUne boîte.\nVOIX OFF – Two.",
    "emoji": '🎬 Scene 1 (3 s): waves\n🎙️ VO: "One."\n🎬 Scene 2 (5 s): a window\n🎙️ VO: "Two."',
    "underlines": '**Sahne 1 — 3 sn**\nİskele.\n_Dış ses:_ "One."\n**Sahne 2 — 5 sn**\nBardak.\n_Dış ses:_ "Two."',
    "a number sign": "#1 (0~3초) 와이드 – 정류장\nNA: One.\n#2 (3~8초) 클로즈업 – 장갑\nNA: Two.",
    "capitals": "Shot 1 (3 s): A kitchen.\nNONNA: One.\nShot 2 (5 s): A pan.\nNONNA (laughs): Two.\nVFX: none.",
    "columns": "| カット | 秒 | 映像 | ナレーション |\n|---|---|---|---|\n"
    "| 1 | 3秒 | 海 | One. |\n| 2 | 5秒 | 山 | Two. |",
    "bullets with lengths": "構成です。\n・朝の市場（3秒）　ナレーション「One.」\n"
    "・笑う店主（5秒）　ナレーション「Two.」",
    "bare seconds": '| # | Dur | Visual | VO |\n|---|---|---|---|\n| 1 | 3" | Sea | One. |\n| 2 | 5 | Land | Two. |',
    "brackets": "【カット1】0:00〜0:03\n映像：港。\nナレーション：「One.」\n【カット2】0:03〜0:08\n映像：網。\nナレーション：「Two.」",  # noqa: E501
    "times at the end": "ESCENA 1 – COCINA – DÍA (0-3 s)\nEl pan sale.\nTOM: One.\n"
    "ESCENA 2 – MISMA COCINA – NOCHE (3-8 s)\nSilencio.\nTOM: Two.",
    "minute marks": "PLAN 1 – 0'00\" à 0'03\" – Comptoir.\nLE CLIENT : « One. »\nPLAN 2 – 0'03\" à 0'08\" – Façade.\nVO : « Two. »",  # noqa: E501
    "numbers first": "1. jelenet (3 mp): Uszoda.\nÚr: „One.”\n2. jelenet (5 mp): Logó.\nNarrátor: „Two.”",
    "in a sentence": 'A cena 1 tem 3 s e mostra um mar, e a locutora diz "One."; a cena 2 tem 5 s, uma janela, e ela diz "Two."',  # noqa: E501
    "rules of one dash": "| 鏡號 | 時間 | 畫面 | 旁白 |\n| :-: | :-: | - | - |\n| 1 | 3秒 | 雨夜 | One. |\n| 2 | 5秒 | 書店 | Two. |",  # noqa: E501
    "wide slashes": "シーン1／3秒／雨の窓\nナレーション：One.\nシーン2／5秒／外観\nナレーション：Two.",
    "vowel signs": "শট ১ (০:০০–০:০৩): রাস্তা।\nদোকানি: “One.”\nশট ২ (০:০৩–০:০৮): কাপ।\nদোকানি: “Two.”",
    "Urdu marks": "منظر ۱ (۰:۰۰ تا ۰:۰۳): دروازہ\nراوی: ”One.“\nمنظر ۲ (۰:۰۳ تا ۰:۰۸): بچے\nبچی: ”Two.“",
    "a chat": "[14:02, 03/11/2026] Bia: oi\n[14:02, 03/11/2026] Bia: Cena 1 (3 s): praia\nLocução: One.\n"
    "[14:03, 03/11/2026] Bia: Cena 2 (5 s): mar\nLocução: Two.",
}  # fmt: skip


@pytest.mark.parametrize("form", HEADS)
def test_further_heads_of_shots(form: str) -> None:
    """Shots keep their times and lines in the further spellings of heads, labels and columns."""
    found = parse(HEADS[form])
    assert found
    assert [shot.spoken for shot in found.shots] == [("One.",), ("Two.",)]
    assert [shot.seconds for shot in found.shots] == [3, 5]
    assert all(re.match(r"\w", shot.description) and "(" not in shot.description for shot in found.shots)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("We need half a minute of video for the shop.", 30),
        ("Wir brauchen ein Video, 1,5 Minuten", 90),
        ("हमारे स्कूल के लिए आधे मिनट का वीडियो चाहिए।", 30),
        ("1분 30초 영상 부탁드립니다.", 90),
        ("نريد إعلاناً مدته نصف دقيقة.", 30),
        ("A :15 spot for tea.", 15),
        ("Duration: 0:45", 45),
        ("Grandma watches a video for 30 minutes.", None),
        ("Shot 1 (5 s): a video", None),
    ],
)
def test_the_length_in_the_text(text: str, seconds: float | None) -> None:
    """An order, and a label, give the length of the film; a story and a shot do not."""
    assert asked_seconds(text) == seconds


def test_the_length_in_the_text_is_that_of_the_film() -> None:
    """Without another length in its field, the film is as long as its text says, and a warning says so."""
    made = plan("We need half a minute of video. Show a shop. Then show a dog. Ana says: “Come in.”")
    assert sum(lengths(made)) == pytest.approx(30, rel=0.05)
    assert any("asks for 30 s" in each for each in made.warnings)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Cinco razões\n\n1️⃣ É perto.\n2️⃣ É bom. 🌅", ["Cinco razões.", "É perto.", "É bom."]),
        ("Dos razones 🐕\n\n✅ Duerme.\n✅ Corre.", ["Dos razones.", "Duerme.", "Corre."]),
        ("二つのステップ\n\nステップ1　水を入れる。\nステップ2　待つ。",
         ["二つのステップ。", "水を入れる。", "待つ。"]),
        ("Two\n\n**1. Dust.** Wipe it.\n**2. Rest.** Sit.", ["Two.", "Dust. Wipe it.", "Rest. Sit."]),
        ("The shop moved. Come by. 🍦\n\nMore: [map](https://a.example) · [photos](https://b.example)",
         ["The shop moved.", "Come by."]),
    ],
)  # fmt: skip
def test_decorations_are_not_said(text: str, lines: list[str]) -> None:
    """Digits in boxes, emoji, bold numbers and lines of links are not said."""
    assert [line for line in said(plan(text, duration_seconds=12)) if line] == lines


def test_the_text_after_an_order_is_said() -> None:
    """The text that follows an order in its own sentence, after a colon, is said whole."""
    made = plan("Faites une vidéo de 16 secondes avec ce texte : Le phare ne dort pas. Il attend.", language="fr")
    assert " ".join(filter(None, said(made))) == "Le phare ne dort pas. Il attend."


def test_a_greeting_of_the_film_is_said() -> None:
    """A greeting and a denial inside the text of an order are said; thanks at its end are not."""
    made = plan("Please make a 16 second ad for our shop. Hello, neighbour. No one waits here. We are open. Thanks!")
    lines = "Hello, neighbour. No one waits here. We are open."
    assert " ".join(filter(None, said(made))).replace("Our shop. ", "") == lines


def test_transitions_and_end_lines_of_a_screenplay() -> None:
    """Russian transitions are no pictures, an action keeps its words next to a text, an end line is said and read."""
    found = parse(
        "ИНТ. РУБКА – НОЧЬ\n\nВЕРА\nПаром ждёт.\n\nСКЛЕЙКА:\n\nНАТ. БЕРЕГ – УТРО\n\nТуман.\n\n"
        "КАПИТАН\nНет.\n\nЗАТЕМНЕНИЕ."
    )
    assert found
    assert [shot.description for shot in found.shots] == ["", "Туман"]
    assert (found.shots[1].join, found.fades_out) == ("cut", True)
    advert = parse("Un uomo aspetta.\nVOCE: Piove.\nANNA: Entra.\nLogo.\nPay-off: Apriti. Ora.")
    assert advert
    assert [line for shot in advert.shots for line in shot.spoken] == ["Piove.", "Entra.", "Apriti. Ora."]
    spoken = parse(
        "פנים. ספרייה – לילה\n\nדלפק ריק.\n\nנועה\n(לוחשת)\nיש פה מישהו?\n\nהספרן יוצא.\n\nהספרן\nרק הספרים."
    )
    assert spoken
    assert [line.speaker for shot in spoken.shots for line in shot.lines] == ["נועה", "הספרן"]
    sign = parse("INT. A - DAY\n\nMARA\nCome.\n\nEXT. B - DAY\n\nTwo men wave. A sign reads: “Open.”\n\nJON\nOh.")
    assert sign
    assert [(shot.description, shot.lettering) for shot in sign.shots][1] == ("Two men wave. A sign", ("Open.",))
