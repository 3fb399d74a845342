"""Briefs that are pasted from mail, chats and documents: what their programs added is neither said nor shown."""

import pytest

from activities.planning.structure.messages import without_messages
from tests.activities.planning.structured import plan, said, shots

LIST = "Shot 1: A shop.\nVO: Spring starts at seven.\nShot 2: A chain.\nVO: Tune-ups from £39.50.\nSUPER: £39.50"
LINES = ["Spring starts at seven.", "Tune-ups from £39.50."]
REPLIES = (
    "On Tue, 12 May 2026 at 09:14, Sam <sam@studio.example> wrote:\n> VO: an old line.\n> Best, Sam",
    "Am 12.05.2026 um 09:14 schrieb Sam:\n> Sprecher: eine alte Zeile.",
    "Le mar. 12 mai 2026 à 09:14, Sam <sam@studio.example> a écrit :\n> Voix off : une vieille phrase.",
    "El lun, 4 may 2026 a las 10:02, Luis <luis@faro.example> escribió:\n> Voz en off: una frase vieja.",
    "-----Original Message-----\nFrom: Sam <sam@studio.example>\nSent: Tuesday\n\nVO: an old line.",
    "2026年5月12日(火) 9:14 Sam <sam@studio.example>さんは書きました:\n> ナレーション：古い行。",
    "--\nPriya Nair\nMarketing Manager | Wheelhouse Ltd\n+44 113 496 0100",
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
)


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("letter", ["{}\n\n{}", "Hi Sam,\n\n{}\n\nThanks,\nPriya\n\n{}"])
def test_replies_and_signatures_are_left_out(letter: str, reply: str) -> None:
    """A quoted reply, a signature and the note of a telephone are not part of the film."""
    made = plan(letter.format(LIST, reply))
    assert said(made) == LINES
    assert [a.label for a in shots(made)] == ["Shot 1 · A shop", "Shot 2 · A chain"]
    assert "No lettering" not in shots(made)[1].prompt


def test_the_head_of_mail_is_left_out() -> None:
    """The fields of forwarded mail are not part of the film."""
    head = "From: Priya <priya@wheelhouse.example>\nTo: Sam\nSubject: the spot\nDate: 12 May 2026\n\n"
    assert said(plan(head + LIST)) == LINES


@pytest.mark.parametrize(
    "chat",
    [
        "[12.05.26, 09:14:02] Lena: 15 Sekunden bitte\n[12.05.26, 09:15:11] Lena: {}\n[12.05.26, 09:16:30] Lena: {}\n"
        "[12.05.26, 09:17:05] Jonas: 👍",
        "12/05/2026, 09:14 - Lena added Jonas\n12/05/2026, 09:15 - Lena: {}\n12/05/2026, 09:16 - Lena: {}\n"
        "12/05/2026, 09:17 - +49 761 555: ok",
        "Maya Lin  9:02 AM\nhere it is:\n{}\nMaya Lin  9:03 AM\n{}\nOmar  9:05 AM\nlove it :tada:",
        "[9:02 AM] Maya Lin\n{}\n[9:03 AM] Maya Lin\n{}\n[9:04 AM] Omar\nnice",
    ],
)
def test_the_names_and_times_of_a_chat_are_left_out(chat: str) -> None:
    """Of a thread, the shots stay with their lines, without the names, times and remarks of the chat."""
    made = plan(chat.format(
        "Shot 1: A kettle. VO: “Some mornings need a minute.”", "Shot 2: Two cups. VO: “Some need two.” SUPER: “Minute”"
    ))  # fmt: skip
    assert said(made) == ["Some mornings need a minute.", "Some need two."]
    assert [a.label for a in shots(made)] == ["Shot 1 · A kettle", "Shot 2 · Two cups"]


@pytest.mark.parametrize(
    "text",
    [
        "MARA: Come in.\nJON: 7:10 is late.\nMARA: I know.",
        "1. 7:10 Dawn.\nVO: One.\n2. 7:20 Day.\nVO: Two.",
        "> THE END <\n\nINT. A - DAY\n\nMARA\nCome.\n\nEXT. B - DAY\n\nFog.\n\n> THE END <",
        "To: the sea. From: the land.\nShot 1: A.\nVO: One.\nShot 2: B.\nVO: Two.",
        "Opening 18:00\nMara welcomes you.\nConcert 19:30\nThe band plays.",
        "On the last page of 1912, the keeper wrote:\nThe light is out.\n\nSent from my balcony, with love.",
        "A boat sails.\n--\nA boat comes home.\n--\nThe sea is calm.",
    ],
)
def test_a_brief_that_is_no_message_stays_whole(text: str) -> None:
    """Speakers, times, centred text and the words of a brief are not taken for mail or a chat."""
    assert without_messages(text) == text
    assert any(said(plan(text, duration_seconds=12)))


@pytest.mark.parametrize("box", ["- [ ]", "- [x]", "* [X]", "1. [x]", "- ☐"])
def test_boxes_to_tick_are_not_said(box: str) -> None:
    """The items of a list of tasks are said without their boxes."""
    assert said(plan(f"Two steps to tea.\n\n{box} Boil water.\n{box} Wait."))[1:] == ["Boil water.", "Wait."]


def test_the_next_picture_ends_an_unquoted_line() -> None:
    """In one paragraph, a line and a text without quotation marks end where the next picture is described."""
    made = plan(
        "Open on a roof. VO: Forty-one people share it. SUPER: Roof 41. Cut to tomatoes. VO: They grow 300 kg. "
        "End on neighbours. VO: Come up. SUPER: roof41.example"
    )
    assert said(made) == ["Forty-one people share it.", "They grow 300 kg.", "Come up."]
    assert "“Roof 41”" in shots(made)[0].prompt
    assert "“roof41.example”" in shots(made)[2].prompt
    assert "lettering, spelled" not in shots(made)[1].prompt


@pytest.mark.parametrize(
    ("language", "text", "lines"),
    [
        ("en", "Why mend? First, it fits. Second, it costs 12 euros. Come in.", 4),
        ("de", "Drei Gründe. Erstens ist es still. Zweitens kostet es 0 €. Drittens gibt es Kuchen.", 4),
        ("fr", "Trois raisons. Premièrement, c'est calme. Deuxièmement, c'est gratuit.", 3),
        ("es", "Tres motivos. Primero, es tranquilo. Segundo, es gratis. Ven.", 4),
        ("ru", "Три причины. Во-первых, здесь тихо. Во-вторых, вход стоит 0 ₽.", 3),
        ("ja", "理由は二つ。第一に、静かです。第二に、無料です。", 3),
    ],
)
def test_reasons_that_are_counted_in_words_are_a_list(language: str, text: str, lines: int) -> None:
    """Each sentence of counted reasons is said, over a shot of its own."""
    assert len(said(plan(text, language=language))) == lines
    assert "".join(said(plan(text, language=language))).replace(" ", "") == text.replace(" ", "")


def test_wrapped_text_and_verse_keep_their_sentences() -> None:
    """A line end within a sentence is no end of the sentence, in mail of 72 columns and in a poem."""
    wrapped = "The baker gets up at four, because the town wants its bread when it\nwakes. He does not mind the dark."
    assert [s for s in said(plan(wrapped, duration_seconds=12)) if s] == [
        "The baker gets up at four, because the town wants its bread when it wakes.", "He does not mind the dark.",
    ]  # fmt: skip
    poem = (
        "Make a 24 second film of this poem:\n\nThe boats lie down upon their side\nand wait for the tide.\n\nIt came."
    )
    assert [s for s in said(plan(poem, duration_seconds=8)) if s] == [
        "The boats lie down upon their side and wait for the tide.", "It came.",
    ]  # fmt: skip


def test_a_link_in_a_sentence_takes_its_conjunction_along() -> None:
    """A sentence whose link is not said stays a sentence."""
    text = "Zwei Gründe:\n1. Es ist still.\n2. Es ist warm.\n\nMehr auf www.ofen.example oder per Telefon bei uns."
    assert said(plan(text, language="de"))[-1] == "Mehr per Telefon bei uns."


def test_circled_numbers_begin_shots() -> None:
    """Shots with circled numbers, framings and labels are a shot list."""
    made = plan(
        "①引き：夜明けの駅。\nナレーション：始発は5時12分。\n②寄り：切符。\nナレーション：今日は、降りない。",
        language="ja",
    )
    assert said(made) == ["始発は5時12分。", "今日は、降りない。"]


def test_the_words_of_an_insert_are_read() -> None:
    """A quotation below the heading of an insert is lettering of that shot."""
    made = plan("INT. A - DAY\n\nMARA\nLook.\n\nINSERT - THE SIGN\n\n“DOGS ON DECK.”\n\nJON\nOh.", duration_seconds=12)
    assert sum("“DOGS ON DECK.”" in a.prompt for a in shots(made)) == 1
    assert "".join(said(made)) == "Look.Oh."
