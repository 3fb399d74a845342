"""Films that are ordered by their purpose, without a word for a film: what is an order is neither said nor seen."""

import re

import pytest

from tests.activities.planning.structure.test_counted_shots import seen
from tests.activities.planning.structured import plan, said


def narrated(text: str, language: str = "en") -> list[str]:
    return [each for each in said(plan(text, language=language)) if each]


@pytest.mark.parametrize(
    ("language", "text", "title", "told"),
    [
        (
            "en",
            "Explain to new employees how our warehouse works: goods arrive at the dock, robots sort them, pickers "
            "pack each order, and trucks leave every hour.",
            "How our warehouse works",
            ["Goods arrive at the dock.", "Robots sort them.", "Pickers pack each order.", "Trucks leave every hour."],
        ),
        (
            "en",
            "Promote our summer sale. Everything is 30% off until Sunday.",
            "Our summer sale",
            ["Everything is 30% off until Sunday."],
        ),
        (
            "en",
            "Explain how composting works: collect scraps, add leaves, wait, and spread it in the garden.",
            "How composting works",
            ["Collect scraps.", "Add leaves.", "Wait.", "Spread it in the garden."],
        ),
        (
            "en",
            "We would like you to tell viewers how a knot is tied. Make a loop. Pull it tight.",
            "How a knot is tied",
            ["Make a loop.", "Pull it tight."],
        ),
        (
            "en",
            "Invite our neighbours to the street party on June 14th. Starts at three.",
            "The street party on June 14th",
            ["Starts at three."],
        ),
        (
            "en",
            "Welcome video for guests of our hostel: check-in ends at ten, breakfast starts at seven, quiet hours "
            "begin at eleven.",
            "Guests of our hostel",
            ["Check-in ends at ten.", "Breakfast starts at seven.", "Quiet hours begin at eleven."],
        ),
        (
            "de",
            "Wir möchten unsere neue App vorstellen: Tisch wählen, mobil bezahlen, Punkte sammeln.",
            "Unsere neue App",
            ["Tisch wählen.", "Mobil bezahlen.", "Punkte sammeln."],
        ),
        (
            "fr",
            "Expliquez aux nouveaux bénévoles comment trier les dons. Les vêtements vont dans le bac bleu.",
            "Comment trier les dons",
            ["Les vêtements vont dans le bac bleu."],
        ),
        (
            "es",
            "Presenta nuestra nueva app de reservas: elige mesa, paga con el móvil y recibe puntos.",
            "Nuestra nueva app de reservas",
            ["Elige mesa.", "Paga con el móvil.", "Recibe puntos."],
        ),
        ("ru", "Расскажите о нашем приюте. У нас живут 40 собак.", "Нашем приюте", ["У нас живут 40 собак."]),
        ("ja", "新商品の抹茶アイスを紹介してください。濃厚な抹茶。", "新商品の抹茶アイス", ["濃厚な抹茶。"]),
        (
            "zh",
            "介绍我们的新咖啡店：手工烘焙，本地牛奶，全天早餐。",
            "我们的新咖啡店",
            ["手工烘焙。", "本地牛奶。", "全天早餐。"],
        ),
    ],
)
def test_a_purpose_is_an_order(language: str, text: str, title: str, told: list[str]) -> None:
    """Its subject is the title and begins the first picture; an enumeration after a colon is a sentence each."""
    made = plan(text, language=language)
    assert made.title == title
    assert " ".join(filter(None, said(made))).replace("。 ", "。") == " ".join(told).replace("。 ", "。")
    assert seen(made)[0].startswith(title)


@pytest.mark.parametrize(
    ("text", "said_first"),
    [
        ("Announce that we are moving to 12 Harbour Street in May.", "We are moving to 12 Harbour Street in May."),
        ("Celebrate every morning with Frisko. Cold and fresh.", "Celebrate every morning with Frisko."),
        ("Present day. A city hums.", "Present day."),
        ("Introduce yourself to the mountains. They wait.", "Introduce yourself to the mountains."),
        ("Invite your friends to our café. Cake for all.", "Invite your friends to our café."),
    ],
)
def test_what_is_to_be_said_is_said(text: str, said_first: str) -> None:
    """A message in an order is said, and an appeal to those who watch is no order."""
    assert " ".join(narrated(text)).startswith(said_first)


@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en", "Explain how tea is made: leaves are picked, hands roll them, fires dry them. Warm female voice.", 20),
        ("en", "Promote our sale. Everything must go. 40 seconds, for our intranet.", 40),
        (
            "de",
            "Erkläre unser Lager: Waren kommen an, Roboter sortieren sie, Picker packen. 40 Sekunden, Frauenstimme.",
            40,
        ),
        ("es", "Presenta la app: elige mesa, paga con el móvil y recibe puntos. Voz masculina. 30 segundos.", 30),
    ],
)
def test_what_is_about_the_film_is_not_said(language: str, text: str, seconds: float) -> None:
    """Its length, its voice and where it is seen are obeyed, and neither said nor seen."""
    made = plan(text, language=language)
    words = " ".join((*said(made), *seen(made))).lower()
    about = ("voice", "stimme", "voz", "intranet", "second", "sekunden", "segundos")
    assert not any(each in words for each in about)
    assert sum(float(str(next(iter(a.parameters.values())))) for a in made.assets if a.role == "shot") == seconds


def test_an_end_in_prose_is_a_card() -> None:
    """The film is as long as ordered together with its card."""
    made = plan("Promote our summer sale. Everything is 30% off. 20 seconds. End with the logo and sale.example.")
    assert made.cut.end_card is not None
    assert made.cut.end_card.text == "sale.example"
    assert not any("logo" in each for each in said(made))
    shots = sum(float(str(next(iter(a.parameters.values())))) for a in made.assets if a.role == "shot")
    assert shots + made.cut.end_card.seconds == pytest.approx(20, rel=0.05)


def test_nothing_is_invented_where_there_is_nothing_to_say() -> None:
    """An order alone is a film without a voice, and a warning that says what to do."""
    made = plan("Explain compound interest to teenagers in 45 seconds.")
    assert (made.title, list(filter(None, said(made)))) == ("Compound interest", [])
    assert sum(float(str(a.parameters["seconds"])) for a in made.assets if a.role == "shot") == 45
    assert any(warning.startswith("narration: the brief has no words that are to be said") for warning in made.warnings)
    silent = plan("Make a film about a lighthouse. No voice.")
    assert not any("no words" in warning for warning in silent.warnings)


def test_text_is_read_instead_of_said() -> None:
    """Where text on the screen is ordered instead of a voice, each sentence is read in its shot."""
    made = plan("A teaser for the Nova: 40 hours of battery, noise cancelling, only 199 dollars. No voice, just text.")
    shown = [a.prompt for a in made.assets if a.role == "shot"]
    texts = [text for prompt in shown for text in re.findall("“([^”]*)”", prompt)]
    assert texts == ["40 hours of battery", "Noise cancelling", "Only 199 dollars"]
    assert not any(a.role in ("narration", "ambience") for a in made.assets)


def test_a_voice_in_prose_says_its_quotation_alone() -> None:
    """A single quotation of a voice is said, and the rest is seen; that of a person is told with its story."""
    field = "A girl runs through a field, her grandmother's voice saying “Take your time.” She reaches the house."
    assert narrated(field) == ["Take your time."]
    story = "The old man opened the door. “Come in,” he whispered. It was warm."
    assert "The old man opened the door" in " ".join(narrated(story))
