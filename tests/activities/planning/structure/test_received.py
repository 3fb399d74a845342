"""Texts as they arrive: notes to colleagues, adverts that only sound like one, and orders of the delivery."""

import pytest

from activities.planning.structure.deliverable.formats import asked_shapes, without_deliveries
from activities.planning.structure.parser import parse
from activities.planning.structure.received.colleagues import without_colleague_notes
from tests.activities.planning.structured import plan

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
