"""What people put around the parts of a brief: markup, spreadsheets, page breaks, remarks, ends and signatures."""

import pytest

from activities.planning.structure.model import Structure
from activities.planning.structure.orders.film_length import asked_seconds
from activities.planning.structure.parser import parse


def structure(text: str) -> Structure:
    found = parse(text)
    assert found
    return found


def spoken(text: str) -> list[str]:
    """What is said over each shot."""
    return [" ".join(shot.spoken) for shot in structure(text).shots]


@pytest.mark.parametrize(
    "line",
    [
        '*Barista:* "Com ou sem?"',
        '_Barista:_ "Com ou sem?"',
        '__Barista__: "Com ou sem?"',
        '`Barista:` "Com ou sem?"',
        '***Barista:*** *"Com ou sem?"*',
        '**Barista** (baixo): _"Com ou sem?"_',
        '<b>Barista:</b> <i>"Com ou sem?"</i>',
        '*Voz:* "Com ou sem?"',
        "*店員：*「Com ou sem?」",
    ],
)
def test_markup_around_a_label_or_a_line_changes_nothing(line: str) -> None:
    """A line is said whose label or whose quotation is emphasised, without the marks."""
    assert spoken(f"**Plano 1** (5 s): xícara\n{line}\n__Plano 2__ (5 s): vapor") == ["Com ou sem?", ""]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("اللقطة الأولى (٥ ثوانٍ): قدر", "اللقطة الثانية (٥ ثوانٍ): يد"),
        ("Первый кадр (5 с): кастрюля", "Последний кадр (5 с): рука"),
        ("Erste Szene, 5 Sek.: Topf", "Zweite Szene, 5 Sek.: Hand"),
        ("Plan 1 (0–5) casserole", "Plan 2 (5–10) une main"),
    ],
)
def test_a_shot_is_named_before_its_time(first: str, second: str) -> None:
    """An ordinal or a number before a time begins a shot of this length, also where the times have no unit."""
    shots = structure(f'{first}\nVO: "Seven hours."\n{second}').shots
    assert [(shot.seconds, bool(shot.lines)) for shot in shots] == [(5, True), (5, False)]
    assert not any(c.isdigit() for shot in shots for c in shot.description)


REASONS = {
    "Son kare: “Pedal Evi”": "tr",
    "Letztes Bild: „Pedal Evi“": "de",
    "Image finale : « Pedal Evi »": "fr",
    "Slutbild: ”Pedal Evi”": "sv",
    "آخرین تصویر: «Pedal Evi»": "fa",
    "ラストカット：「Pedal Evi」": "ja",
    "On screen at the end: Pedal Evi": "en",
    "En pantalla al final: Pedal Evi": "es",
}


@pytest.mark.parametrize("line", REASONS)
def test_text_of_the_last_frame_is_read_and_not_said(line: str) -> None:
    """After reasons, a line that gives the text of the last picture is on the screen, and no voice says it."""
    *_, last = structure(f"Two reasons:\n1. It is quiet.\n2. It is free.\n\n{line}").shots
    assert (last.lettering, last.lines) == (("Pedal Evi",), ())


@pytest.mark.parametrize(
    "label", ["Signature de fin :", "الجملة الختامية:", "Kapanış cümlesi:", "Frase de fecho:", "Финальная фраза:"]
)
def test_an_end_line_has_many_names(label: str) -> None:
    """An end line is said and read, whatever its label calls the end."""
    *_, last = structure(f"A shelf.\nVO: “One jar.”\n{label} “Close it.”").shots
    assert (last.spoken, last.lettering) == (("Close it.",), ("Close it.",))


TABLE = (
    "| Shot | Length | Picture | {audio} |\n|---|---|---|---|\n| 1 | 0–6 | A stove | {cell} |\n| 2 | 6–12 | Rain | |"
)


@pytest.mark.parametrize(
    ("audio", "cell", "speakers"),
    [
        ("Audio", 'BAKER: "No hurry." (yawns)', ("BAKER",)),
        ("Audio", 'BAKER: "No hurry." *yawns*', ("BAKER",)),
        ("音声", "駅長「No hurry.」", ("駅長",)),
        ("声音", "老板（小声）“No hurry.”", ("老板",)),
        ("Ton", "Wirtin „No hurry.“", ("Wirtin",)),
        ("Geluid", "Baas — “No hurry.”", ("Baas",)),
        ("Heard", 'Guard "No hurry."', ("Guard",)),
    ],
)
def test_a_cell_of_sounds_has_the_line_of_a_speaker(audio: str, cell: str, speakers: tuple[str, ...]) -> None:
    """A speaker before a quotation says it; a remark in brackets after it is neither said nor a sound."""
    first, second = structure(TABLE.format(audio=audio, cell=cell)).shots
    assert (first.spoken, tuple(line.speaker for line in first.lines)) == (("No hurry.",), speakers)
    assert (first.seconds, second.seconds, first.sounds) == (6, 6, ())


@pytest.mark.parametrize("mark", [",", ";"])
def test_rows_of_a_spreadsheet_are_shots(mark: str) -> None:
    """Rows that were pasted as CSV are the shots of a table, with quoted cells whole."""
    rows = [
        ("Nr", "Sec", "Picture", "Audio", "Text on screen"),
        ("1", "5", '"A van, fog; hill"', '"BOY: ""Is it, sir?"" (waves)"', ""),
        ("2", "6", '"Evening,\nthe van"', '"VO: ""It is."""', "Delay: 11 min"),
    ]
    one, two = structure("Our sheet.\n\n" + "\n".join(mark.join(row) for row in rows)).shots
    assert (one.description, one.spoken, one.seconds) == ("A van, fog; hill", ("Is it, sir?",), 5)
    assert (two.description, two.spoken, two.lettering) == ("Evening, the van", ("It is.",), ("Delay: 11 min",))


def test_a_list_with_commas_is_no_spreadsheet() -> None:
    """Sentences with as many commas in each line are said whole."""
    text = "Three reasons:\n- Salt, bread, time\n- Salt, water, time\n- Flour, water, time"
    assert spoken(text)[1:] == ["Salt, bread, time.", "Salt, water, time.", "Flour, water, time."]


def test_a_page_break_is_inside_of_a_speech() -> None:
    """The number of a page and "(MORE)" are not said, and the speech goes on; a spoken number stays."""
    text = (
        f"INT. A - DAY\n\nMAN\nA cello.\n(MORE)\n{' ' * 50}3.\nMAN (CONT'D)\nA small one.\n\nCLERK\n42.\n\nEXT. B\nFog."
    )
    assert " ".join(spoken(text)).split() == ["A", "cello.", "A", "small", "one.", "42."]


@pytest.mark.parametrize("silent", ["No VO - just the dryers", "Без голоса, только мотор.", "Ohne Worte, nur Regen."])
def test_what_is_heard_without_a_voice_is_not_seen(silent: str) -> None:
    """A sentence that nothing is said but something is heard is no part of the picture."""
    one, _ = structure(f"Shot 1 (5 s): A sock.\n{silent}\nShot 2 (5 s): A pin.\nVO: “So I keep it.”").shots
    assert (one.description, one.lines) == ("A sock", ())


@pytest.mark.parametrize(
    "end", ["Bien à toi,\nHélène", "VG\nT. Brandt, Facility Mgmt.", "Φιλικά,\nΚατερίνα", "Warmly,\nJo"]
)
def test_a_letter_around_the_brief_is_neither_said_nor_seen(end: str) -> None:
    """The subject, the greeting and the signature are left out, also with a closing that is not known."""
    text = f"Objet : film\n\nBonjour Thomas,\n\nPlan 1 : un frigo.\nVO : « Onze. »\nPlan 2 : une étagère.\n\n{end}"
    assert [shot.description for shot in structure(text).shots] == ["Un frigo", "Une étagère"]
    assert spoken(text) == ["Onze.", ""]


def test_lines_of_a_block_are_no_reply() -> None:
    """Quoted lines with labels belong to the brief."""
    text = "Shot 1 (5 s): a beach\n> *VO:* “Cold.”\n> *SUPER:* `5 °C`\nShot 2 (5 s): ice"
    assert [(shot.spoken, shot.lettering) for shot in structure(text).shots] == [(("Cold.",), ("5 °C",)), ((), ())]


def test_the_time_of_a_step_is_not_the_length_of_the_film() -> None:
    """A step that lasts minutes says nothing of the film."""
    assert asked_seconds("Coffee in two steps\n\nStep 1: Boil.\nLangkah 2: Tunggu 4 menit, lalu diam!") is None


@pytest.mark.parametrize(
    "order", ["Merci de ne pas montrer de marques.", "Visa inte några ansikten, tack.", "Do not show faces."]
)
def test_what_is_not_to_be_shown_is_in_no_picture(order: str) -> None:
    """A prohibition in prose is no description of a shot."""
    seen = " ".join(
        shot.description for shot in structure(f"A shelf.\nVO: “One jar.”\nVO: “One lid.”\n\n{order}").shots
    )
    assert "shelf" in seen
    assert order.split()[-1].strip(".") not in seen


def test_on_screen_text_is_in_the_shot_above_it() -> None:
    """A text that directly follows the line of an advert is in its shot; one after a gap is at the end."""
    text = "A shelf.\nVO: “One jar.”\nOn screen: “€0.50”\nA hand.\nVO: “One lid.”\n\nOn screen: “jar.example”"
    first, *_, last = structure(text).shots
    assert first.lettering == ("€0.50",)
    assert last.lettering == ("jar.example",)
