"""Text that language models write around the requested text: it costs no second request, and is in no document."""

import json
from collections.abc import Sequence
from decimal import Decimal

import pytest
from pydantic import BaseModel, ConfigDict

from activities.catalogue.offers import Offer, Rate
from activities.errors import OutputUnusable
from activities.planning.progress import read_partial_plan
from activities.planning.rewriting import _Draft as Rewriting
from activities.providers.protocol import Finished
from activities.takes.stored_form import normalize
from activities.text.model_text import read_as, text_of
from tests.activities.planning.scripted import Script, asset, film, planned
from workflows.models import Modality

FENCE = "```"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("<think>\nKeep it short.\n</think>\n\nThe sea.", "The sea."),
        ("Keep it short.\n</think>\nThe sea.", "The sea."),
        ("<THINKING>a</THINKING> <reasoning>b</reasoning>\nThe sea.", "The sea."),
        ("[THINK]Keep it short.[/THINK]The sea.", "The sea."),
        ("The sea.\n<think>more?</think>\nThe boat.", "The sea.\n\nThe boat."),
        ("<think>never ends", ""),
        (f"{FENCE}markdown\nThe **sea**\n\n- One\n{FENCE}", "The **sea**\n\n- One"),
        (f"<think>a</think>\n{FENCE}\nThe sea.\n{FENCE}\n", "The sea."),
        (f"{FENCE}md\nA\n\n{FENCE}py\nb = 1\n{FENCE}\n{FENCE}", f"A\n\n{FENCE}py\nb = 1\n{FENCE}"),
        ("\ufeffThe sea.", "The sea."),
        ("The \ud83d\ude00 sea\ud83d\0", "The \U0001f600 sea\ufffd\ufffd"),
    ],
)
def test_text_around_the_text_is_removed(answer: str, text: str) -> None:
    """Thoughts, a fence around the whole text and a byte order mark are removed."""
    assert text_of(answer) == text


@pytest.mark.parametrize(
    "text",
    [
        f"Run this:\n\n{FENCE}py\na = 1\n{FENCE}",
        f"{FENCE}py\na = 1\n{FENCE}\n\nand this:\n\n{FENCE}py\nb = 2\n{FENCE}",
        f"{FENCE}\na\n{FENCE}\n\nand\n\n{FENCE}\nb\n{FENCE}",
        "Models think between `<think>` and `</think>`, as <think> says.",
        f"See:\n\n{FENCE}\n<think>\na\n</think>\n{FENCE}\n\nThat is all.",
        "1 < 2 and [think] is a word.",
    ],
)
def test_text_within_the_text_is_kept(text: str) -> None:
    """Listings and sentences about thoughts belong to the text."""
    assert text_of(text) == text


@pytest.mark.parametrize("mark", ["<think>\n", "[think]", f"{FENCE}\n<think>\n"])
def test_a_text_of_only_marks_is_read_in_little_time(mark: str) -> None:
    """A text that is written to use up time is returned unchanged, in no measurable time."""
    assert text_of(f"a\n{mark * 200_000}b").endswith("b")


async def taken(source: bytes, media_type: str = "text/markdown", *, structured: bool = False) -> bytes:
    offer = Offer("v", "m", Modality.TEXT, "text/markdown", (Rate("asset", Decimal(1), Decimal(1)),), 1.0)
    made = await normalize(Finished(source, media_type), offer, structured=structured)
    assert isinstance(made.source, bytes)
    return made.source


async def test_texts_of_every_provider_are_cleaned() -> None:
    """A model's text is cleaned when it is stored; subtitles and responses with a schema are unchanged."""
    thought = b"<think>a</think>The sea."
    assert await taken(thought) == b"The sea."
    assert await taken(thought, structured=True) == thought
    assert await taken(thought, "text/vtt") == thought
    assert await taken(b"The \xff sea.") == "The \ufffd sea.".encode()
    assert await taken("The sea.".encode("utf-16")) == b"The sea."
    assert await taken(b"ID3 tags and GIF89a") == b"ID3 tags and GIF89a"


@pytest.mark.parametrize("source", [b"<think>only", b" ", b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(128, 256)) * 4])
async def test_a_text_without_words_is_unusable(source: bytes) -> None:
    """Only thoughts, nothing, or bytes that are no text are never a document."""
    with pytest.raises(OutputUnusable, match=r"the text is empty|not a text"):
        await taken(source)


class Two(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    inner: Sequence[Rewriting] = ()


AROUND = {
    "plain": "{}",
    "fence": f"{FENCE}json\n{{}}\n{FENCE}",
    "prose": f"Here {{it}} is:\n\n{FENCE}json\n{{}}\n{FENCE}\n\nShall I change it?",
    "bare prose": "The plan is {}. Shall I {change} it?",
    "thoughts": '<think>\nPerhaps {"title": "no"}?\n</think>\n{}',
    "open thoughts": 'Perhaps {"title": "no"}?\n</think>\n\n{}',
    "mark": "\ufeff{}",
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
async def test_a_plan_costs_one_request_whatever_is_around_it(around: str) -> None:
    """A plan is read within fences, prose, thoughts, a byte order mark, unknown fields, empty parameters, and unpaired
    surrogates."""
    made = film()
    made["title"] = "The <think> light \ud83d"
    made["comment"] = "mine"
    made["assets"][0] |= {"parameters": {}, "confidence": 0.9}
    made["assets"][1] |= {"parameters": None, "depends_on": None}
    made["assets"][3]["parameters"] = {"seconds": 5, "sound": True, "ratio": None}
    script = Script([around.replace("{}", json.dumps(made))])
    plan = await planned(script)
    assert script.models == ["wise"]
    assert plan.title == "The <think> light \ufffd"
    assert plan.by_id["shot-1"].parameters == {"seconds": 5, "sound": True}
    assert plan.by_id["script"].parameters == plan.by_id["narration-1"].parameters == {}


async def test_missing_optional_fields_are_filled_in() -> None:
    """Missing lists that would be empty, and missing display names, cause no second paid request."""
    made = film()
    del made["warnings"]
    for each in made["assets"]:
        for name in ("label", "original"):
            del each[name]
    assert (await planned(Script([made]))).by_id["still-1"].label == ""


def test_the_last_record_counts() -> None:
    """Of several records the last one that fits counts; line ends within a string and deep nesting are accepted."""
    assert read_as(Rewriting, 'draft {"prompt": "a"}, then {"prompt": "b {c}\nd", "why": 1} {end}').prompt == "b {c}\nd"
    assert read_as(Two, '{"title": "a", "inner": [{"prompt": "b", "x": 1}], "y": 2}').inner[0].prompt == "b"


@pytest.mark.parametrize("answer", ["", "no json", "{", '{"a":' * 3_000, "{" * 5_000])
def test_invalid_json_is_reported(answer: str) -> None:
    """Text that is not JSON raises an error that a repair can quote, and deep nesting does not hang."""
    with pytest.raises(ValueError, match="Invalid JSON"):
        read_as(Rewriting, answer)


def test_progress_is_reported_after_the_thoughts() -> None:
    """A watcher sees the assets of a response that is in a fence after its thoughts, and nothing of the thoughts."""
    begun = json.dumps({"title": "x", "assets": [asset("still-1", "image", "still", "paint")]})[:-3]
    assert read_partial_plan(f'<think>\n{{"assets": [1]}}\n</think>\n{FENCE}json\n{begun}')["count"] == 1
    assert read_partial_plan('<think>\n{"assets": [{"asset_type": "image"}]')["count"] == 0
