"""Languages of a film in the plan and the life of a production: priced, approved, added, removed, and stale."""

from decimal import Decimal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.support.fake_film import SpokenFilm
    from tests.support.fakes import FakeActivities
    from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
    from workflows.events import Snapshot
    from workflows.production.state.approvals import digest_to_approve
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import Approval, Decision, EditOp, PlanEdit, Refresh

FILM = {"platform": "video"}
SPOKEN = ["narration-1-de", "narration-2-de"]


def languages(seen: Snapshot, *tags: str, budget: str | None = None) -> PlanEdit:
    assert seen.plan
    op = EditOp(op="languages", languages=("en", *tags))
    usd = None if budget is None else Decimal(budget)
    return PlanEdit(plan_digest=seen.plan.digest, edits=(op,), editor="ana", budget_usd=usd)


async def reopened(productions: Productions, handle: Handle, seen: Snapshot, edit: PlanEdit) -> Handle:
    await productions.reopen(seen, ProductionWorkflow.edit_plan, edit)
    return productions.newest(handle)


async def test_the_languages_of_a_brief_are_in_the_plan_with_their_share_of_the_price(productions: Productions) -> None:
    """German adds a narration for each of the original; the event has its price, and one approval makes all."""
    fakes = SpokenFilm()
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(**FILM, languages=["en", "de"])
        assert [a.asset_id for a in plan.assets][4:] == SPOKEN
        assert [(a.language, a.translates, a.depends_on) for a in plan.assets[4:]] == [
            ("de", "narration-1", ()), ("de", "narration-2", ())
        ]  # fmt: skip
        assert plan.high_usd == Decimal("0.06")
        approval = Approval(plan_digest=plan.digest, approver="ana")
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await handle.result()
    ready = next(e for e in seen.events if e.name == "plan_ready")
    assert ready.data["languages"] == {"de": {"low_usd": "0", "high_usd": "0.0200"}}
    assert sorted(asset_id for asset_id, _ in fakes.produced) == sorted(a.asset_id for a in plan.assets)


async def test_a_language_after_delivery_waits_for_an_approval_of_its_price(productions: Productions) -> None:
    """Its narrations wait although the budget holds them; an approval makes them and nothing else."""
    fakes = SpokenFilm()
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", **FILM)
        first = await handle.result()
        newest = await reopened(productions, handle, first, languages(first, "de"))
        seen = await until(newest, "needs_attention")
        assert [i for i, s in seen.assets.items() if s.attention == "change_to_approve"] == SPOKEN
        assert "approve the plan again" in str(seen.assets[SPOKEN[0]].error)
        made = len(fakes.produced)
        digest = digest_to_approve_of(seen)
        approval = Approval(plan_digest=digest, approver="ben")
        await update(newest, ProductionWorkflow.decide, Decision(approve=approval))
        done = await newest.result()
    assert sorted(asset_id for asset_id, _ in fakes.produced[made:]) == SPOKEN
    assert done.deliverable
    assert done.deliverable.revision == 2
    assert done.spent_usd == first.spent_usd + Decimal("0.02")


def digest_to_approve_of(seen: Snapshot) -> str:
    from workflows.production.state.record import Record

    digest = digest_to_approve(Record.of(seen, lambda: seen.updated_at))
    assert digest
    return digest


async def test_a_free_language_after_delivery_is_made_at_once(productions: Productions) -> None:
    """What costs nothing needs no approval."""
    fakes = SpokenFilm(price_usd="0")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0", **FILM)
        first = await handle.result()
        newest = await reopened(productions, handle, first, languages(first, "de"))
        seen = await newest.result()
    assert sorted(asset_id for asset_id, _ in fakes.produced)[-4:] != SPOKEN
    assert {i for i, s in seen.assets.items() if s.selected} >= set(SPOKEN)


async def test_a_language_that_is_removed_costs_nothing_and_keeps_its_takes(productions: Productions) -> None:
    """Without German the film gets a revision without its takes; with German again, no take is made anew."""
    fakes = SpokenFilm()
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", **FILM, languages=["en", "de"])
        first = await handle.result()
        made = len(fakes.produced)
        newest = await reopened(productions, handle, first, languages(first))
        without = await newest.result()
        assert without.plan
        assert without.plan.cut.languages == ()
        again = await reopened(productions, handle, without, languages(without, "de"))
        seen = await again.result()
    assert (len(fakes.produced), seen.spent_usd) == (made, first.spent_usd)
    assert seen.plan
    assert seen.plan.cut.languages == ("de",)
    assert seen.deliverable
    assert seen.deliverable.revision == 3


async def test_a_language_that_is_removed_before_the_approval_is_not_in_the_plan(productions: Productions) -> None:
    """Its narrations leave the plan, and their price with them."""
    async with SpokenFilm().working(productions.client):
        handle, plan = await productions.planned(**FILM, languages=["en", "de", "fr"])
        seen = await snapshot(handle)
        edited = await update(handle, ProductionWorkflow.edit_plan, languages(seen, "fr"))
        assert [a.asset_id for a in edited.assets if a.language] == ["narration-1-fr", "narration-2-fr"]
        assert edited.high_usd == plan.high_usd - Decimal("0.02")


async def test_an_edited_original_makes_its_translation_stale_until_it_is_translated_again(
    productions: Productions,
) -> None:
    """The reason names the original, and a refresh is refused. The edit `languages` writes another text, and
    then the refresh makes one take."""
    fakes = SpokenFilm()
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", **FILM, languages=["en", "de"])
        first = await handle.result()
        assert first.plan
        change = EditOp(op="change", asset_id="narration-1", prompt="Another text.")
        edit = PlanEdit(plan_digest=first.plan.digest, edits=(change,), editor="ana")
        seen = await (await reopened(productions, handle, first, edit)).result()
        assert seen.assets["narration-1-de"].stale_because == ("narration-1",)
        assert not seen.assets["narration-2-de"].stale
        one = Refresh(asset_ids=("narration-1-de",), max_usd=Decimal(1))
        refused = await refusal(productions.reopen(seen, ProductionWorkflow.refresh, one))
        assert "translates an earlier text of 'narration-1'" in refused.message
        seen = await productions.newest(handle).result()
        seen = await (await reopened(productions, handle, seen, languages(seen, "de"))).result()
        assert seen.plan
        assert seen.plan.by_id["narration-1-de"].prompt == "de: Another text."
        assert seen.assets["narration-1-de"].stale_because == ("prompt",)
        made = len(fakes.produced)
        await productions.reopen(seen, ProductionWorkflow.refresh, one)
        done = await productions.newest(handle).result()
    assert fakes.produced[made:] == [("narration-1-de", 2)]
    assert not done.assets["narration-1-de"].stale


async def test_an_edited_translation_touches_only_its_own_speech(productions: Productions) -> None:
    """Another German text makes this narration stale, and nothing else."""
    async with SpokenFilm().working(productions.client):
        handle = await productions.approved(budget="5", **FILM, languages=["en", "de"])
        first = await handle.result()
        assert first.plan
        change = EditOp(op="change", asset_id="narration-1-de", prompt="Ein anderer Text.")
        edit = PlanEdit(plan_digest=first.plan.digest, edits=(change,), editor="ana")
        seen = await (await reopened(productions, handle, first, edit)).result()
    assert {i: s.stale_because for i, s in seen.assets.items() if s.stale} == {"narration-1-de": ("prompt",)}


async def test_a_dropped_narration_takes_its_translations_along(productions: Productions) -> None:
    """Before the approval they leave the plan; afterwards they are left out."""
    async with SpokenFilm().working(productions.client):
        handle, plan = await productions.planned(**FILM, languages=["en", "de"])
        ops = (
            EditOp(op="drop", asset_id="narration-2"),
            EditOp(op="change", asset_id="shot-2", depends_on=()),
        )
        edited = await update(
            handle, ProductionWorkflow.edit_plan, PlanEdit(plan_digest=plan.digest, edits=ops, editor="ana")
        )
        assert [a.asset_id for a in edited.assets if a.language] == ["narration-1-de"]


async def test_too_many_languages_and_those_of_a_document_are_refused(productions: Productions) -> None:
    """An edit to nine languages, or of a plan that is no film, is refused by its field."""
    async with SpokenFilm().working(productions.client):
        handle, plan = await productions.planned(**FILM)
        tags = ("de", "fr", "es", "it", "pt", "nl", "pl", "sv")
        op = EditOp(op="languages", languages=tags)
        many = PlanEdit(plan_digest=plan.digest, edits=(op,), editor="ana")
        refused = await refusal(update(handle, ProductionWorkflow.edit_plan, many))
        assert (refused.kind, refused.field) == ("invalid_edit", "cut.languages")
    async with FakeActivities().working(productions.client):
        handle, plan = await productions.planned()
        op = EditOp(op="languages", languages=("en", "de"))
        document = PlanEdit(plan_digest=plan.digest, edits=(op,), editor="ana")
        refused = await refusal(update(handle, ProductionWorkflow.edit_plan, document))
        assert "only a film has further languages" in refused.message


async def test_the_original_is_no_further_language(productions: Productions) -> None:
    """A cut that names the original as a further language is refused by its field."""
    async with SpokenFilm().working(productions.client):
        handle, plan = await productions.planned(**FILM, languages=["en", "de"])
        cut = plan.cut.model_copy(update={"languages": ("en", "de")})
        edit = PlanEdit(plan_digest=plan.digest, edits=(EditOp(op="cut", cut=cut),), editor="ana")
        refused = await refusal(update(handle, ProductionWorkflow.edit_plan, edit))
        assert (refused.kind, refused.field) == ("invalid_edit", "cut.languages")
