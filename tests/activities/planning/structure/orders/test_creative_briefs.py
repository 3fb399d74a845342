"""Briefs of agencies, and prose with labelled texts: what is about the campaign is neither said nor seen."""

import pytest

from tests.activities.planning.structure.test_counted_shots import seen
from tests.activities.planning.structured import plan, said, shots


def test_the_idea_is_the_film() -> None:
    """Its sentences are the shots; the heading is the title, and the paragraph about the client is left out."""
    made = plan(
        "Campaign brief – “Light Up Winter”\n\nWe are a small lamp shop in Bergen. In November it gets dark at three. "
        "We want a 30 second film for our window.\n\nIdea: a woman walks home through the dark. She sees a warm light. "
        "Her cat blinks.\n\nLine: “Some things can't wait for spring.”\n\nNo dialogue. A quiet piano piece."
    )
    assert made.title == "Light Up Winter"
    assert seen(made) == ["A woman walks home through the dark", "She sees a warm light", "Her cat blinks"]
    assert list(filter(None, said(made))) == ["Some things can't wait for spring."]
    assert sum(float(str(next(iter(a.parameters.values())))) for a in shots(made)) == pytest.approx(30, rel=0.05)


@pytest.mark.parametrize(
    ("language", "text", "message"),
    [
        (
            "en",
            "Background: GreenCart delivers groceries in Leeds. We use cargo bikes.\nAudience: busy parents.\n"
            "Key message: Fresh food at your door.\nTone: warm, not salesy.\nDeliverable: 20s video for Instagram.",
            "Fresh food at your door.",
        ),
        (
            "de",
            "Hintergrund: Wir backen in Ulm. Seit 1920.\nZielgruppe: Familien.\nKernbotschaft: Brot braucht Zeit.",
            "Brot braucht Zeit.",
        ),
        (
            "fr",
            "Contexte : une librairie de quartier.\nCible : les enfants.\nMessage clé : Lire, c'est voyager.",
            "Lire, c'est voyager.",
        ),
    ],
)
def test_the_key_message_is_said(language: str, text: str, message: str) -> None:
    assert list(filter(None, said(plan(text, language=language)))) == [message]


def test_a_key_message_next_to_a_voice_is_a_note() -> None:
    made = plan("Key message: Fresh food.\nIdea: A bike stops. A door opens.\nVoice: “Dinner is here.”")
    assert list(filter(None, said(made))) == ["Dinner is here."]


def test_labelled_texts_in_prose_are_read() -> None:
    """They are read in the shot of the sentence before them, and music of any kind is heard."""
    made = plan(
        'make a reel for my food truck. tacos sizzle, people laugh in line. text: "El Güero". fun mexican music. 10 sec'
    )
    prompts = [a.prompt for a in shots(made)]
    assert "“El Güero”" in prompts[0]
    assert not any("“El Güero”" in prompt for prompt in prompts[1:])
    assert not any("Text:" in each for each in (*prompts, *said(made)))
    assert [a.label for a in made.assets if a.role == "music"] == ["Music · Fun mexican music"]


def test_a_person_in_a_direction_says_a_quotation() -> None:
    """In a brief that tells what to show, the only quotation is said, and an address at the end is on its card."""
    made = plan(
        "Show our workshop and our master Heinz, who says “I started at sixteen. I never left.” On screen at the end: "
        "jobs.example"
    )
    assert list(filter(None, said(made))) == ["I started at sixteen. I never left."]
    assert made.cut.end_card is not None
    assert made.cut.end_card.text == "jobs.example"


def test_a_length_makes_an_order() -> None:
    """Something that is needed, with a length and a list after a colon, is a film of these pictures."""
    made = plan(
        "I run a yoga studio and need something for my homepage, silent loop, about 15 seconds: morning light in the "
        "studio, someone unrolling a mat, the class in tree pose."
    )
    assert seen(made) == ["Morning light in the studio", "Someone unrolling a mat", "The class in tree pose"]
    assert not any(said(made))
