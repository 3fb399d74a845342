"""The script that is composed from a plan's shots."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.models import MAX_PROMPT_CHARS, Asset, Modality, Quote
from workflows.production.state.plans.script import compose

FREE = Quote(low_usd=Decimal(0), high_usd=Decimal(0), expected_seconds=1)
HEAD = "The script of the film. Language: en."


def asset(asset_id: str, kind: str, prompt: str, **more: Any) -> Asset:
    given: dict[str, Any] = {"role": asset_id.partition("-")[0], "provider": "fake", "model": "words", **more}
    return Asset(asset_id=asset_id, asset_type=Modality(kind), prompt=prompt, **given)


def script(prompt: str = HEAD, **more: Any) -> Asset:
    return asset("script", "text", prompt, composed=True, quote=FREE, **more)


def shot(number: int, words: str, **more: Any) -> list[Asset]:
    seen = f"A tower. Lettering, spelled exactly: “Gate {number}”; no other lettering."
    return [
        asset(f"narration-{number}", "audio", words, label=f"Narration {number} · MARA"),
        asset(f"still-{number}", "image", seen, label=f"Shot {number} · Wide"),
        asset(
            f"shot-{number}",
            "video",
            "It turns.",
            label=f"Shot {number} · Wide",
            depends_on=(f"narration-{number}", f"still-{number}"),
            parameters={"seconds": 4},
            **more,
        ),
    ]


def prompt_of(assets: list[Asset], **more: Any) -> str:
    return compose([script(), *assets], **more)[0].prompt


def test_a_script_lists_what_is_shown_and_said() -> None:
    """Each shot has its label, times, picture, narration with its speaker, and on-screen text, in the plan's order."""
    assert prompt_of([*shot(1, "It is dark."), *shot(2, "It is light.")]) == "\n\n".join(
        [
            HEAD,
            "Shot 1 · Wide (0:00–0:04)\n"
            "Picture: A tower. Lettering, spelled exactly: “Gate 1”; no other lettering.\n"
            "Narration (MARA): It is dark.\n"
            "On screen: Gate 1",
            "Shot 2 · Wide (0:04–0:08)\n"
            "Picture: A tower. Lettering, spelled exactly: “Gate 2”; no other lettering.\n"
            "Narration (MARA): It is light.\n"
            "On screen: Gate 2",
        ]
    )


def test_a_script_counts_in_the_order_of_the_plan() -> None:
    """Shots that were moved are counted anew."""
    moved = prompt_of([*shot(2, "It is light."), *shot(1, "It is dark.")])
    assert moved.index("Shot 1 · Wide (0:00–0:04)") < moved.index("It is light.") < moved.index("Shot 2 · Wide")


@pytest.mark.parametrize(
    "assets",
    [
        [asset("shot-1", "video", "x"), asset("narration-1", "audio", "Hear me.")],
        [asset("shot-1", "video", "x"), asset("voice", "audio", "Hear me.", depends_on=("shot-1",))],
        [asset("still-1", "image", "x"), asset("narration-1", "audio", "Hear me.")],
        [asset("narration-1", "audio", "Hear me.")],
        [asset("shot-1", "video", "x"), asset("voice", "audio", "Hear me.")],
    ],
    ids=["by number", "made from the shot", "held stills", "no picture", "of no shot"],
)
def test_all_that_is_said_is_in_the_script(assets: list[Asset]) -> None:
    """A narration is in the script once, whatever it belongs to."""
    assert prompt_of(assets).count("Hear me.") == 1


def test_music_is_not_in_the_script() -> None:
    """Sound that is not spoken is nothing that the script says."""
    assert "drums" not in prompt_of([*shot(1, "Hear me."), asset("bed", "audio", "drums", role="music")])


def test_a_script_that_changes_loses_its_price() -> None:
    """A script is priced again where its prompt changed, and only there."""
    before = compose([script(), *shot(1, "It is dark.")])
    assert before[0].quote is None
    priced = [before[0].model_copy(update={"quote": FREE}), *before[1:]]
    assert compose(priced) == priced
    assert compose([priced[0], *shot(1, "It is late.")])[0].quote is None


def test_a_script_is_kept_while_it_is_made() -> None:
    """A script whose request was sent stays as it was sent."""
    assert prompt_of(shot(1, "It is dark."), keep={"script"}) == HEAD


def test_accepted_words_are_in_the_script() -> None:
    """Where a person accepted a take with other words, the script has these."""
    made = prompt_of(shot(1, "It is dark."), words={"narration-1": "It was dark."})
    assert "It was dark." in made
    assert "It is dark." not in made


def test_a_persons_own_text_is_not_composed() -> None:
    """Only composed assets follow the plan."""
    own = script().model_copy(update={"composed": False})
    assert compose([own, *shot(1, "It is dark.")])[0] is own


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=400), min_size=1, max_size=60)
)
def test_a_script_always_has_room(said: list[str]) -> None:
    """A script is no longer than a prompt may be, and leaves out pictures before it leaves out words."""
    words = [" ".join([str(k), *text.split()]) for k, text in enumerate(said)]
    made = prompt_of([a for k, text in enumerate(words, start=1) for a in shot(k, text)])
    assert len(made) <= MAX_PROMPT_CHARS
    if sum(map(len, words)) + 40 * len(words) < MAX_PROMPT_CHARS - len(HEAD):
        assert all(text in made for text in words)
