"""Feedback on one line of speech: a language model never changes words where it is about how they are said."""

import json
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import ActivityEnvironment

from activities.providers.openai.provider import OpenAI
from activities.storage.bucket import Storage
from tests.activities.planning.structured import plan
from tests.activities.planning.test_rewriting import Desk, data_of
from tests.emulators.openai import OpenAIEmulator
from workflows.activity_io import DraftPlan, RewritePrompt, Rewritten
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality

WORDS = "The harbour sleeps."


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator() as emulator:
        yield emulator
    assert emulator.problems == []


@pytest.fixture
async def openai(vendor: OpenAIEmulator) -> AsyncIterator[OpenAI]:
    provider = OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1"})
    yield provider
    await provider.close()


def asked(feedback: str, delivery: str = "excited", language: str = "") -> RewritePrompt:
    line = Asset(
        asset_id="narration-1",
        asset_type=Modality.AUDIO,
        role="narration",
        prompt=WORDS,
        delivery=delivery,
        language=language,
        provider="previz",
        model="previz-narration",
    )
    brief = Brief(text="A film about a harbour.", platform=Platform.VIDEO)
    return RewritePrompt(production_id=uuid4().hex, brief=brief, asset=line, number=1, feedback=feedback)


def answers(vendor: OpenAIEmulator, **fields: Any) -> None:
    vendor.answer_text = lambda _: json.dumps(fields)


@pytest.mark.parametrize("feedback", ["Sadder, slower", "leiser", "Plus triste", "もっとゆっくり"])
@pytest.mark.parametrize(
    "answer",
    [
        {"delivery": "very sad and slow"},
        {"prompt": "Alas, the harbour sleeps its last sleep."},
        {"changes": "words", "prompt": "Alas!", "delivery": "very sad and slow"},
        {"nonsense": 1},
    ],
)
async def test_a_model_cannot_change_the_words(
    storage: Storage, vendor: OpenAIEmulator, openai: OpenAI, feedback: str, answer: dict[str, Any]
) -> None:
    """Whatever a model answers to feedback about the delivery, the words stay, and the delivery changes."""
    answers(vendor, **answer)
    done = await Desk(storage, openai).rewrite(asked(feedback, language="de"))
    assert done.prompt == WORDS
    assert done.delivery
    assert done.delivery != "excited"
    assert len(vendor.submissions) == 1
    assert list(vendor.submissions[0].json["response_format"]["json_schema"]["schema"]["properties"]) == ["delivery"]
    assert data_of(vendor.submissions[0].json)["delivery"] == "excited"


async def test_feedback_on_words_keeps_the_delivery(storage: Storage, vendor: OpenAIEmulator, openai: OpenAI) -> None:
    """Feedback on the words changes only the words; a direction in brackets before them is not spoken."""
    answers(vendor, prompt="(sadly) The port sleeps.", delivery="sad")
    done = await Desk(storage, openai).rewrite(asked('Say "port" instead of "harbour"'))
    assert (done.prompt, done.delivery) == ("The port sleeps.", None)


async def test_feedback_on_both_changes_both(storage: Storage, vendor: OpenAIEmulator, openai: OpenAI) -> None:
    """Feedback on both changes both; where the model does not say how it is said, the rule does."""
    answers(vendor, changes="both", prompt="The port sleeps.", delivery="")
    done = await Desk(storage, openai).rewrite(asked('Sadder, and say "port" instead of "harbour"'))
    assert (done.prompt, done.delivery) == ("The port sleeps.", "sadder")


async def test_the_model_decides_what_no_rule_knows(storage: Storage, vendor: OpenAIEmulator, openai: OpenAI) -> None:
    """Where only the model knows that feedback is about the delivery, other words in its answer have no effect."""
    answers(vendor, changes="delivery", prompt="Some other words.", delivery="like a fairy tale at bedtime")
    done = await Desk(storage, openai).rewrite(asked("As one tells it to a child at night"))
    assert (done.prompt, done.delivery) == (WORDS, "like a fairy tale at bedtime")


async def test_without_a_model_the_rule_changes_the_delivery(storage: Storage) -> None:
    """Without keys, feedback about the delivery changes it at no cost, and the words stay."""
    done = await Desk(storage, None).rewrite(asked("Sadder, slower"))
    assert done == Rewritten(prompt=WORDS, delivery="sadder, slower")


async def test_a_revised_plan_keeps_its_words_with_a_model_too(
    storage: Storage, vendor: OpenAIEmulator, openai: OpenAI
) -> None:
    """Feedback on a plan that is only about the voice asks no model, costs nothing, and keeps an edited word."""
    before = plan("Shot 1: The sea.\nVO: The sea is calm.\nShot 2: A ship.\nVO: The ship sails home.")
    lines = [
        a.model_copy(update={"prompt": "The sea is wide."}) if a.asset_id == "narration-1" else a for a in before.assets
    ]
    edited = before.with_assets(lines).model_copy(update={"drafting_usd": Decimal("0.0100")})
    brief = Brief(text="A film about the sea.", platform=Platform.VIDEO)
    request = DraftPlan(production_id=uuid4().hex, brief=brief, feedback=("Sadder, slower",), before=edited, drafts=1)
    made = await ActivityEnvironment().run(Desk(storage, openai).activities.draft_plan, request)
    assert [a.prompt for a in made.assets] == [a.prompt for a in edited.assets]
    assert {a.delivery for a in made.assets if a.spoken} == {"sadder, slower"}
    assert made.drafting_usd == 0
    assert vendor.submissions == []
