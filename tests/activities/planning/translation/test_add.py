"""Languages are added to a plan with translations that are paid for once, by voices that speak them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.providers.openai.provider import OpenAI
from activities.storage.bucket import Storage
from tests.activities.planning.money.billed_planner import desk
from tests.activities.planning.translation.translator import ENGLISH, GERMAN, JAPANESE, TITLE, Lines, translator
from tests.activities.planning.translation.translator import asked as asked_of
from tests.emulators.openai import OpenAIEmulator
from workflows.activity_io import AddLanguages, AssetFailure, LanguagesAdded
from workflows.brief import Brief
from workflows.cut import Card, Cut
from workflows.models import Asset, Modality, Plan
from workflows.spoken import languages


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator(translator()) as emulator:
        yield emulator
    assert emulator.problems == []


@pytest.fixture
async def activities(storage: Storage, vendor: OpenAIEmulator) -> AsyncIterator[Activities]:
    async with desk(storage, vendor) as made:
        yield made


@pytest.fixture
async def keyless(storage: Storage, vendor: OpenAIEmulator) -> AsyncIterator[Activities]:
    async with desk(storage, vendor, planner="template") as made:
        yield made


def film(**parameters: Any) -> Plan:
    """Three shots with their narrations, and a title."""
    assets = []
    for k, text in enumerate(ENGLISH, start=1):
        assets += [
            Asset(asset_id=f"narration-{k}", asset_type=Modality.AUDIO, role="narration", prompt=text,
                  provider="previz", model="previz-narration", parameters=parameters),
            Asset(asset_id=f"shot-{k}", asset_type=Modality.VIDEO, role="shot", prompt="The sea.", provider="previz",
                  model="previz-animatic", depends_on=(f"narration-{k}",)),
        ]  # fmt: skip
    return Plan.of("The Nets", assets, cut=Cut(title=Card(text=TITLE["en"])))


def request(*tags: str, **more: Any) -> AddLanguages:
    brief = Brief.model_validate({"text": "A film.", "platform": "video", **more.pop("brief", {})})
    given = {"production_id": uuid4().hex, "brief": brief, "plan": film(), "languages": tags, "number": 1, **more}
    return AddLanguages.model_validate(given)


async def added(activities: Activities, asked: AddLanguages) -> LanguagesAdded:
    made: LanguagesAdded = await ActivityEnvironment().run(activities.add_languages, asked)
    return made


async def refused(activities: Activities, asked: AddLanguages) -> tuple[str, AssetFailure]:
    with pytest.raises(ApplicationError) as caught:
        await added(activities, asked)
    failure = caught.value.details[0]
    assert isinstance(failure, AssetFailure)
    return caught.value.message, failure


def spoken(plan: Plan, tag: str) -> dict[str, str]:
    return {a.translates: a.prompt for a in plan.assets if a.language == tag}


async def test_each_language_adds_its_narrations_and_texts(activities: Activities, vendor: OpenAIEmulator) -> None:
    """German and Japanese get a narration for each one of the original, and the title; pictures stay as they are."""
    made = await added(activities, request("de", "ja"))
    plan = made.plan
    names = [f"narration-{k}" for k in (1, 2, 3)]
    assert spoken(plan, "de") == dict(zip(names, GERMAN, strict=True))
    assert spoken(plan, "ja") == dict(zip(names, JAPANESE, strict=True))
    assert plan.cut.languages == ("de", "ja")
    assert plan.cut.translations == {tag: {TITLE["en"]: TITLE[tag]} for tag in ("de", "ja")}
    assert plan.assets[:6] == film().assets
    assert len(vendor.submissions) == 2
    assert made.billed_usd >= vendor.billed_usd > 0


async def test_the_same_request_is_paid_for_once(activities: Activities, vendor: OpenAIEmulator) -> None:
    """A second attempt of the activity reads the answers from the ledger."""
    asked = request("de", "ja")
    first = await added(activities, asked)
    assert await added(activities, asked) == first
    assert len(vendor.submissions) == 2


async def test_a_killed_attempt_pays_for_no_language_twice(
    storage: Storage, vendor: OpenAIEmulator, activities: Activities
) -> None:
    """An attempt ends while the vendor writes Japanese: the next one reads German from the ledger, asks for Japanese
    again, and counts the lost request."""
    reached, released = Event(), Event()

    def hold(lines: Lines, number: int) -> Lines:
        if number == 2:
            reached.set()
            released.wait(60)
        return lines

    vendor.answer_text = translator(hold)
    asked = request("de", "ja")
    attempt = asyncio.create_task(added(activities, asked))
    await asyncio.to_thread(reached.wait, 60)
    attempt.cancel()
    await asyncio.wait([attempt])
    released.set()
    made = await added(activities, asked)
    languages_asked = [asked_of(call.json)["to"] for call in vendor.submissions]
    assert languages_asked.count("de") == 1
    assert made.plan.cut.languages == ("de", "ja")
    assert made.billed_usd >= vendor.billed_usd


async def test_given_translations_need_no_model(keyless: Activities, vendor: OpenAIEmulator) -> None:
    """What the brief translates itself is taken as it is, and costs nothing."""
    words = dict(zip(ENGLISH, GERMAN, strict=True)) | {TITLE["en"]: TITLE["de"]}
    made = await added(keyless, request("de", brief={"languages": ["en", "de"], "translations": {"de": words}}))
    assert list(spoken(made.plan, "de").values()) == list(GERMAN)
    assert not made.billed_usd
    assert vendor.submissions == []


async def test_without_a_translator_nothing_is_invented(keyless: Activities) -> None:
    """A draft has a warning that names the language, what is missing and the remedy; an edit is refused with it."""
    made = await added(keyless, request("de", needed=False))
    assert made.plan.cut.languages == ()
    assert spoken(made.plan, "de") == {}
    (warning,) = made.plan.warnings
    assert "de: no language model is enabled that translates" in warning
    assert "translations" in warning
    message, failure = await refused(keyless, request("de"))
    assert message.startswith("languages: de: no language model")
    assert failure.summed
    assert not failure.billed_usd


async def test_a_language_that_no_voice_speaks_costs_nothing(
    activities: Activities, vendor: OpenAIEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before a model is asked, also about the other languages."""
    texts = [o for o in OpenAI({"OPENAI_API_KEY": vendor.key}).offers() if o.modality == Modality.TEXT]
    monkeypatch.setattr(OpenAI, "offers", lambda _: texts)
    message, failure = await refused(activities, request("de", "xx"))
    assert message.startswith("languages: no enabled voice speaks 'xx'; leave it out, enable a provider")
    assert not failure.billed_usd
    assert vendor.submissions == []


async def test_the_voice_of_the_original_is_not_kept_for_another_language(activities: Activities) -> None:
    """A voice of previz that is made for English is left out, and the pace is kept."""
    asked = request("de", plan=film(voice="en-us+f3", rate=150))
    made = await added(activities, asked)
    assert {str(a.parameters) for a in made.plan.assets if a.language == "de"} == {"{'rate': 150}"}


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_translator_that_loses_a_line_is_asked_again(
    storage: Storage, vendor: OpenAIEmulator, lost: int
) -> None:
    """An answer of three lines for four is refused; the next one counts. If all are short, the draft has no German, the
    warning says why, and every answer is booked."""

    def shorter(lines: Lines, number: int) -> Lines:
        return lines[:-1] if number <= (1 if lost == 1 else 99) else lines

    vendor.answer_text = translator(shorter)
    async with desk(storage, vendor) as activities:
        made = await added(activities, request("de", needed=False))
    assert (made.plan.cut.languages == ("de",)) is (lost == 1)
    assert len(vendor.submissions) == (2 if lost == 1 else 3)
    assert made.billed_usd >= vendor.billed_usd
    assert bool(made.plan.warnings) is (lost == 2)


async def test_the_limit_of_planning_holds_for_the_translations_too(activities: Activities) -> None:
    """What the draft has used is not available again, and the message names the setting."""
    message, failure = await refused(activities, request("de", drafted_usd=Decimal("0.4999")))
    assert "GREENLIGHT_PLANNING_USD" in message
    assert failure.kind == "budget_short"
    assert not failure.billed_usd


async def test_too_many_assets_are_refused_before_a_request(activities: Activities, vendor: OpenAIEmulator) -> None:
    """A plan that could not hold the narrations of a language is refused, and no model is asked."""
    many = [film().assets[0].model_copy(update={"asset_id": f"narration-{k}"}) for k in range(600)]
    message, _ = await refused(activities, request("de", plan=Plan.of("Long", many)))
    assert "the most are 1000" in message
    assert vendor.submissions == []


async def test_only_what_changed_is_translated_again(activities: Activities, vendor: OpenAIEmulator) -> None:
    """After a change of one narration the question has this line alone, and the others stay as they are."""
    plan = (await added(activities, request("de"))).plan
    changed = [a.model_copy(update={"prompt": ENGLISH[2]}) if a.asset_id == "narration-1" else a for a in plan.assets]
    plan = plan.with_assets(changed)
    assert [a.asset_id for a in plan.assets if languages.is_outdated(plan, a)] == ["narration-1-de"]
    again = (await added(activities, request("de", plan=plan))).plan
    assert spoken(again, "de") == {"narration-1": GERMAN[2], "narration-2": GERMAN[1], "narration-3": GERMAN[2]}
    assert len(vendor.submissions) == 2
