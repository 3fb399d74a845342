"""Texts as they arrive: notes to colleagues, adverts that only sound like one, and orders of the delivery."""

import pytest

from activities.planning.structure.deliverable.formats import asked_shapes, without_deliveries
from activities.planning.structure.parser import parse
from activities.planning.structure.received.colleagues import without_colleague_notes
from tests.activities.planning.structure.test_counted_shots import seen
from tests.activities.planning.structured import lengths, plan, said, shots

LISTED = "1. A dog waits.\n2. A door opens.\n"


@pytest.mark.parametrize(
    "note",
    [
        "Bezahlt wird aus Kostenstelle 4410.",
        "Sign-off: Mrs Patel, by Friday.",
        "Contact : Julie Morel, 01 44 00 00 00.",
        "La factura va a nombre de la asociación, CIF G1234567.",
        "Aprovação da Cláudia até sexta-feira.",
        "Hintergrund: Die Ausstellung wurde zweimal verschoben, deshalb soll es fröhlich wirken.",
        "Fattura intestata a Rossi srl. Preventivo entro lunedì per favore: inviateci tutto.",
        "Faktura na Urząd Miasta, NIP 5250000000.",
        "Счёт выставить на МБУК ЦБС.",
        "联系人：王经理 13800000000，费用走市场部预算。",
        "請求書は本社経理部宛でお願いします。",
        "계산서는 구청 총무과로 발행해 주세요.",
        "الفاتورة باسم وزارة الثقافة.",
        "भुगतान स्कूल के बजट से होगा।",
    ],
)
def test_a_note_to_colleagues_is_no_part_of_the_film(note: str) -> None:
    """Who pays, answers or approves, until when and why, is left out of what the parsers read."""
    assert without_colleague_notes(LISTED + note) == LISTED.strip()


@pytest.mark.parametrize(
    "said",
    [
        "Your invoice in one click.",
        "Approved by nine out of ten vets.",
        "Kontakt: info@baecker.de",
        "Angebot gültig bis 12. Mai.",
        "Devis gratuit sous 24 h, appelez le 01 02 03 04 05.",
        "Si tienes cualquier duda, llámanos al 900 100 200.",
        "Termin: 3. Mai, 19 Uhr",
        "If you need a plumber, call Kev.",
        "The label is attached.",
        "Background: a warm blue wall",
        "Sprecher: „Die Rechnung an den Chef.“",
    ],
)
def test_an_advert_is_no_note_to_colleagues(said: str) -> None:
    """Words of offers, prices and dates that an audience hears stay in the text."""
    assert said in without_colleague_notes(LISTED + said)


def test_destinations_alone_are_no_picture() -> None:
    """A sentence that only names where the film is published belongs to no shot."""
    assert without_deliveries(f"{LISTED}For TikTok and YouTube.") == LISTED.strip()


def test_a_podcast_with_one_cover_has_no_other_picture() -> None:
    """A conversation whose brief asks for only one cover is only heard."""
    talk = "ANNA: Welcome back.\nBEN: Nobody reads the contract.\nANNA: Let us read one."
    found = parse(f"Podcast, two hosts, only one cover picture for the whole episode.\n\n{talk}")
    assert found is not None
    assert found.only_heard
    assert len(found.shots) == 3


def test_a_design_brief_with_another_shape_than_its_field_gets_a_warning() -> None:
    """The warning names the field and the value that makes the pictures as the text asks."""
    assert asked_shapes("quadratisches Bild eines Fuchses") == ("1:1",)
    assert any("give aspect: 1:1" in each for each in plan("Square picture of a fox.", platform="design").warnings)


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        ("We need a film: first an oven, then a queue, and at last a child.", "An oven|A queue|A child"),
        ("A VIDEO FOR US. SHOW A DIRTY TRUCK, THEN A SHINY TRUCK.", "A DIRTY TRUCK|A SHINY TRUCK"),
        ("A spot for us. It should cover: a boot, a hand and a bed.", "A boot|A hand|A bed"),
        ("A clip of Trailo. It should show a map, a phone, and the view.", "A map|A phone|The view"),
        ("A film. It should cover: a hand, a girl and a boy planting, and a bed.",
         "A hand|A girl and a boy planting|A bed"),
        ("Wir brauchen einen Film: zuerst ein Ofen, dann eine Schlange, zum Schluss ein Kind.",
         "Ein Ofen|Eine Schlange|Ein Kind"),
        ("Je voudrais une vidéo. D'abord un four, ensuite une file, pour finir un enfant.",
         "Un four|Une file|Un enfant"),
        ("Quiero un vídeo: primero un horno, luego una cola, al final un niño.", "Un horno|Una cola|Un niño"),
        ("Vorrei un video: all'inizio un forno, poi una coda, infine un cono.", "Un forno|Una coda|Un cono"),
        ("Quero um vídeo que começa com um forno, depois uma fila, e termina com um menino.",
         "Um forno|Uma fila|Um menino"),
        ("Ik wil een filmpje: eerst een oven, daarna een rij, tot slot een kind.", "Een oven|Een rij|Een kind"),
        ("Potrzebujemy filmu. Najpierw piec, potem kolejka, na końcu dziecko.", "Piec|Kolejka|Dziecko"),
        ("Vi behöver en film. Först en ugn, sedan en kö, och till sist ett barn.", "En ugn|En kö|Ett barn"),
        ("Нужен ролик. Сначала печь, затем очередь, в конце ребёнок.", "Печь|Очередь|Ребёнок"),
        ("Bir film istiyoruz. Önce fırın, sonra kuyruk, en sonunda çocuk görünsün.", "Fırın|Kuyruk|Çocuk"),
        ("نريد فيديو. أولاً الفرن، ثم الخبز، وأخيراً عائلة تأكل.", "الفرن|الخبز|عائلة تأكل"),
        ("एक वीडियो चाहिए। पहले उबलती चाय, फिर कुल्हड़, अंत में ग्राहक।", "उबलती चाय|कुल्हड़|ग्राहक"),
        ("做一个短视频。先拍师傅揉面，再拍面条下锅，最后拍客人。", "师傅揉面|面条下锅|客人"),
        ("動画をお願いします。最初に茶畑、次に手元、最後にグラスを映してください。", "茶畑|手元|グラス"),
        ("動画を作ってください。まず、オーブン。次に、手元。最後に、お客さん。ナレーションなし。",
         "オーブン|手元|お客さん"),
        ("Ein Clip für uns: eine Tür, ein Schlüssel, vier Freunde.", "Eine Tür|Ein Schlüssel|Vier Freunde"),
        ("영상을 만들어 주세요. 먼저 원두, 그다음 라떼를 보여주고, 마지막으로 손님을 보여주세요.", "원두|라떼|손님"),
    ],
)  # fmt: skip
def test_pictures_within_one_sentence(text: str, pictures: str) -> None:
    """Each picture of a sentence that has several in their order, or lists them, is a shot, and none is said."""
    made = plan(text)
    assert [each.rstrip("।") for each in seen(made)] == pictures.split("|")
    assert not any(said(made))


@pytest.mark.parametrize(
    "remark",
    [
        "Keep it to 15 seconds and please no music.",
        "Bitte maximal 15 Sekunden.",
        "Que dure 15 segundos, sin música.",
        "15 secondes maximum, sans musique.",
        "Non più di 15 secondi.",
        "Sem música, 15 segundos.",
        "竖屏，15秒以内。",
        "15秒以内で。",
        "длительность 15 секунд",
    ],
)
def test_what_is_about_the_film_is_no_picture(remark: str) -> None:
    """It is neither seen nor said, and its length counts."""
    made = plan(f"We need a film: first an oven, then a queue, at last a child. {remark}")
    assert seen(made) == ["An oven", "A queue", "A child"]
    assert not any(said(made))
    assert sum(lengths(made)) == pytest.approx(15)


def test_lists_within_a_list() -> None:
    """An outer item is a shot with what its inner items show and say."""
    made = plan('- Rain\n  - a forest\n  - say: "It rains."\n- River\n  - a lake\n  - say: "It comes home."')
    assert seen(made) == ["Rain: a forest", "River: a lake"]
    assert said(made) == ["It rains.", "It comes home."]


@pytest.mark.parametrize("mark", ["Voice: ", "\nVoice: "])
def test_a_line_for_each_shot(mark: str) -> None:
    """As many quotations below the shots as there are shots are one for each, also between slashes."""
    made = plan(
        f'Shot 1: A desk.\nShot 2: Hands.\nShot 3: The sun.\n{mark}"You stayed." / "We saw." / "Go home."\nLength 12 s'
    )
    assert said(made) == ["You stayed.", "We saw.", "Go home."]
    assert sum(lengths(made)) == pytest.approx(12)
    assert not any("Length" in shot.prompt for shot in shots(made))


@pytest.mark.parametrize(
    "text",
    [
        "Shot 1 (5s): a shoe. Shot 2 (5s): rain. Shot 3 (5s): a smile. The whole thing must be 15 seconds max.",
        "From 0 to 5 s: a shoe.\nFrom 5 to 10 s: rain.\nFrom 10 to 15 s: a smile.",
        "Sekunde 0 bis 5: a shoe\nSekunde 5 bis 10: rain\nSekunde 10 bis 15: a smile",
        "镜头一（5秒）：a shoe。镜头二（5秒）：rain。镜头三（5秒）：a smile。",
    ],
)
def test_heads_in_a_paragraph_and_times_in_words(text: str) -> None:
    made = plan(text)
    assert seen(made) == ["A shoe", "Rain", "A smile"]
    assert lengths(made) == [5, 5, 5]


def test_a_film_as_a_mail_orders_it() -> None:
    """The line, the card and the music are taken from one paragraph, and a request to the sender is not said."""
    made = plan(
        'We need a film for Bloomwell. It should cover: a boot, a hand and a bed. A warm voice says "Start small." '
        'over the last shot. End card: "Bloomwell". Music: light guitar.\n\nPlease send the first cut by Thursday.'
    )
    assert seen(made) == ["A boot", "A hand", "A bed"]
    assert said(made) == ["", "", "Start small."]
    assert made.cut.end_card is not None
    assert made.cut.end_card.text == "Bloomwell"
    assert [asset.prompt for asset in made.assets if asset.role == "music"] == [
        "light guitar. Instrumental, no vocals."
    ]
    assert made.title == "Bloomwell"
