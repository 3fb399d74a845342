"""Rules without side effects: is a plan sound, what does an edit make of it, what may be spent."""

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final

from pydantic import ValidationError

from workflows.brief import Brief, Platform
from workflows.continuity.inputs import replaced_by
from workflows.continuity.lengths import lengths_in_film, voices_of
from workflows.destinations.profiles import problem_of
from workflows.events import Snapshot
from workflows.illustrated.parts import PICTURES
from workflows.models import MAX_ASSETS, MAX_PLAN_BYTES, Asset, Modality, Plan
from workflows.requests import Approval, EditOp
from workflows.spoken import delivery, languages

WINDOW: Final = 50
"""Assets at once in a production; more only spills into the server's backlog (1000 in 4.2 s against 5-13 s)."""
MAX_PENDING: Final = 500
"""Long jobs hold no slot and do not fill the window, but 2,001 pending activities block a run for ever."""
INLINE_RECORD_BYTES: Final = 1_700_000
"""The limit of earlier versions, whose payloads were all in the history: Temporal takes 2 MB."""
MAX_RECORD_BYTES: Final = 8_000_000
"""A record is one payload. 1,000 assets with five judged takes each need 6.3 MB, which take 0.5 s to read; the SDK
counts a workflow that needs 2 s as blocked."""
STILL: Final = "still"
"""The role of a picture from which a shot starts."""
RESERVED_IDS: Final = frozenset({"deliverable"})


class PlanProblem(ValueError):
    """A plan or an edit is not possible; `field` names the place and the message the remedy."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


def check_plan(brief: Brief, plan: Plan) -> None:
    """Check what needs no catalogue.

    Raises:
        PlanProblem: double or reserved ids, modalities the brief does not have, unknown or circular
            dependencies, a rendition that the film cannot meet, or a plan too large to be carried.
    """
    known: set[str] = set(brief.reference_ids)
    for asset in plan.assets:
        if asset.asset_id in known or asset.asset_id in RESERVED_IDS:
            raise PlanProblem("asset_id", f"{asset.asset_id!r} is taken; choose another")
        known.add(asset.asset_id)
        if asset.asset_type not in brief.modalities:
            raise PlanProblem(
                f"{asset.asset_id}.asset_type",
                f"{asset.asset_type.value!r} is not among the brief's modalities ({', '.join(brief.modalities)})",
            )
    for asset in plan.assets:
        if spoken := delivery.problem_of(asset):
            raise PlanProblem(*spoken)
        _check_frames(asset, plan, brief.reference_ids)
        _check_pictures(asset, brief)
        for dependency in asset.depends_on:
            if dependency not in known:
                raise PlanProblem(
                    f"{asset.asset_id}.depends_on", f"there is no asset {dependency!r}; name one of the plan or drop it"
                )
    circle = _circle(plan.assets)
    if circle:
        raise PlanProblem(
            f"{circle[0]}.depends_on", f"{' -> '.join(circle)} is a circle; an asset cannot wait for itself"
        )
    if plan.cut.languages and brief.platform is not Platform.VIDEO:
        raise PlanProblem("cut.languages", "only a film has further languages; start a production for each other one")
    if problem := languages.problem_of(plan, brief.language):
        raise PlanProblem(*problem)
    _check_replacements(plan)
    _check_cut(plan)
    if unmet := problem_of(plan.cut.renditions, planned_seconds(brief, plan)):
        raise PlanProblem("cut.renditions", unmet)
    size = len(plan.model_dump_json(exclude_defaults=True).encode())
    if size > MAX_PLAN_BYTES:
        raise PlanProblem(
            "assets", f"the plan takes {size:,} bytes of at most {MAX_PLAN_BYTES:,}; shorten prompts or split the brief"
        )


def planned_seconds(brief: Brief, plan: Plan) -> float:
    """The length of the film, as far as the plan says: that of its shots, otherwise of the brief."""
    cut, lengths = plan.cut, lengths_in_film(plan).values()
    known = [seconds for seconds in lengths if seconds is not None]
    shown = sum(known) if known and len(known) == len(lengths) else brief.duration_seconds
    shared = sum(each.seconds for each in cut.transitions.values() if each.kind in ("dissolve", "wipe"))
    return max(0.0, shown - shared) + (cut.end_card.seconds if cut.end_card else 0.0)


def _check_pictures(asset: Asset, brief: Brief) -> None:
    """
    Raises:
        PlanProblem: a text has pictures, and the production makes none, or makes a film, which does not show them.
    """
    if asset.asset_type is not Modality.TEXT or PICTURES not in asset.parameters:
        return
    if Modality.IMAGE not in brief.modalities or brief.platform is Platform.VIDEO:
        what = "shows no texts with pictures" if brief.platform is Platform.VIDEO else "makes no pictures"
        message = f"this production {what}; leave it out, or start one of the platform design with pictures"
        raise PlanProblem(f"{asset.asset_id}.parameters.{PICTURES}", message)


def _check_frames(asset: Asset, plan: Plan, references: Collection[str]) -> None:
    """
    Raises:
        PlanProblem: what a shot continues is no other shot of the plan, or what it ends with is no picture.
    """
    for name, wanted in (("continues", Modality.VIDEO), ("last_frame", Modality.IMAGE)):
        named = getattr(asset, name)
        if not named:
            continue
        field, source = f"{asset.asset_id}.{name}", plan.find(named)
        if asset.asset_type is not Modality.VIDEO:
            raise PlanProblem(field, f"only a video has frames, and this is {asset.asset_type.value}; leave it out")
        picture = wanted is Modality.IMAGE and named in references
        if not picture and (source is None or source.asset_type is not wanted):
            kind = "shot (a video)" if wanted is Modality.VIDEO else "picture"
            raise PlanProblem(field, f"{named!r} is no {kind} of this plan; name one of them, or leave it out")


def _check_replacements(plan: Plan) -> None:
    """
    Raises:
        PlanProblem: two assets take the place of the same one, so the film would show it twice.
    """
    taken: dict[str, str] = {}
    for asset in plan.assets:
        old = replaced_by(asset, plan.by_id)
        if other := taken.get(old):
            raise PlanProblem(
                f"{asset.asset_id}.depends_on",
                f"{other} takes the place of {old} already; make it from {other}, or drop one of the two",
            )
        if old:
            taken[old] = asset.asset_id


def _check_cut(plan: Plan) -> None:
    """
    Raises:
        PlanProblem: a transition does not lead into a shot, or takes more than half of one, so it is never seen alone.
    """
    lengths = lengths_in_film(plan)
    shots = list(lengths)
    place = {asset_id: number for number, asset_id in enumerate(shots)}
    for third in plan.cut.lower_thirds:
        if third.asset_id not in place:
            raise PlanProblem("cut.lower_thirds", f"{third.asset_id!r} is no shot of the film; name one of its shots")
    for asset_id, transition in plan.cut.transitions.items():
        field = f"cut.transitions.{asset_id}"
        if asset_id not in place:
            raise PlanProblem(field, "it is no shot of the film; name the shot into which the transition leads")
        before = shots[place[asset_id] - 1] if place[asset_id] else None
        if before is None and transition.kind not in ("cut", "fade"):
            raise PlanProblem(field, f"no shot comes before it for a {transition.kind}; use a fade from black")
        for shot in (before, asset_id):
            seconds = lengths[shot] if shot else None
            if shot and seconds and transition.kind != "cut" and transition.seconds > seconds / 2:
                raise PlanProblem(
                    f"{field}.seconds",
                    f"a {transition.kind} of {transition.seconds:g} s takes more than half of {shot} "
                    f"({seconds:.3g} s); give at most {seconds / 2:.3g} or make the shot longer",
                )


def check_ends(plan: Plan) -> None:
    """Check what a person's cut shows at the end of the film and of its shots, as far as their lengths are known.

    Raises:
        PlanProblem: the fade at the end takes more than half of what it fades, or a lower third begins too late.
    """
    cut, lengths = plan.cut, lengths_in_film(plan)
    last = ("the end card", cut.end_card.seconds) if cut.end_card else next(reversed(lengths.items()), ("", None))
    if last[1] and cut.fade_out_seconds > last[1] / 2:
        raise PlanProblem(
            "cut.fade_out_seconds",
            f"a fade of {cut.fade_out_seconds:g} s takes more than half of {last[0]} ({last[1]:.3g} s); "
            f"give at most {last[1] / 2:.3g} or make it longer",
        )
    for third in cut.lower_thirds:
        seconds = lengths.get(third.asset_id)
        narrated = seconds and voices_of(plan.by_id[third.asset_id], plan.by_id)  # a narration makes its shot longer
        if seconds and not narrated and third.at_seconds >= seconds:
            raise PlanProblem(
                "cut.lower_thirds",
                f"“{third.text}” begins {third.at_seconds:g} s after the start of {third.asset_id}, which lasts "
                f"{seconds:.3g} s; give a smaller at_seconds",
            )


def _circle(assets: Iterable[Asset]) -> list[str]:
    """The ids along a dependency circle, or nothing. Assets that depend on nothing left are peeled off."""
    open_: dict[str, set[str]] = {a.asset_id: set(a.depends_on) for a in assets}
    while free := [i for i, needs in open_.items() if not needs & open_.keys()]:
        for i in free:
            del open_[i]
    if not open_:
        return []
    path = [next(iter(open_))]
    while True:
        following = next(i for i in sorted(open_[path[-1]]) if i in open_)
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)


def apply_edits(brief: Brief, plan: Plan, edits: Iterable[EditOp]) -> Plan:
    """The plan with all edits made in order, sound but unpriced where it changed.

    Raises:
        PlanProblem: an edit names an unknown asset, lacks a field, or leaves an unsound plan.
    """
    assets, title, cut = list(plan.assets), plan.title, plan.cut
    for number, edit in enumerate(edits):
        where = f"edits[{number}]"
        if edit.op == "title":
            if not edit.title:
                raise PlanProblem(f"{where}.title", "give the new title")
            title = edit.title
        elif edit.op == "cut":
            if edit.cut is None:
                raise PlanProblem(f"{where}.cut", "give the new cut")
            cut = edit.cut.following(cut)
        elif edit.op == "languages":
            if edit.languages is None:
                raise PlanProblem(f"{where}.languages", "give the languages of the film")
            further = (tag for tag in edit.languages if tag.lower() != brief.language.lower())
            cut = cut.model_copy(update={"languages": tuple(further)})
        elif edit.op == "add":
            if edit.asset is None:
                raise PlanProblem(f"{where}.asset", "give the asset to add")
            at = len(assets) if edit.position is None else min(edit.position - 1, len(assets))
            assets.insert(at, delivery.with_delivery(edit.asset.model_copy(update={"quote": None, "review": None})))
        else:
            index = next((i for i, a in enumerate(assets) if a.asset_id == edit.asset_id), None)
            if index is None:
                raise PlanProblem(f"{where}.asset_id", f"there is no asset {edit.asset_id!r} in this plan")
            asset = assets.pop(index)
            if edit.op == "change":
                assets.insert(index, _without_still(changed(asset, edit, where), edit, assets))
            elif edit.op == "move":
                if edit.position is None or edit.position > len(assets) + 1:
                    raise PlanProblem(f"{where}.position", f"give the new position, 1 to {len(assets) + 1}")
                assets.insert(edit.position - 1, asset)
            else:
                waiting = [a.asset_id for a in assets if asset.asset_id in a.depends_on]
                later = {e.asset_id for e in edits if e.op == "drop" or e.changes_inputs}
                if left := [i for i in waiting if i not in later]:
                    raise PlanProblem(
                        f"{where}.asset_id",
                        f"{asset.asset_id!r} is needed by {', '.join(left)}; drop them too or change their depends_on",
                    )
    if not assets:
        raise PlanProblem("edits", "the plan would be empty; keep at least one asset, or reject it")
    if len(assets) > MAX_ASSETS:
        raise PlanProblem("edits", f"the plan would have {len(assets)} assets; drop some, {MAX_ASSETS} are the most")
    known = {a.asset_id for a in (*plan.assets, *assets)}
    named = {
        "transitions": [*cut.transitions],
        "lower_thirds": [third.asset_id for third in cut.lower_thirds],
        "focus": [*cut.focus],
    }
    for field, ids in named.items():
        if unknown := next((i for i in ids if i not in known), None):
            raise PlanProblem(f"cut.{field}", f"there is no asset {unknown!r} in this plan")
    said = [e.asset_id for e in edits if e.asset_id and e.op == "change" and _changes_delivery(e)]
    assets = delivery.with_followers(assets, plan, said)
    kept = plan.finals, plan.quality
    edited = Plan.of(title, languages.confirmed(assets, plan), plan.planner, (), cut, *kept)
    check_plan(brief, edited)
    return edited


def _changes_delivery(edit: EditOp) -> bool:
    return edit.delivery is not None or delivery.INSTRUCTIONS in (edit.parameters or {})


def _without_still(asset: Asset, edit: EditOp, others: Iterable[Asset]) -> Asset:
    """A shot that continues another one from now on, without the still from which it would have started."""
    if not edit.continues or edit.depends_on is not None:
        return asset
    stills = {a.asset_id for a in others if a.asset_type is Modality.IMAGE and a.role == STILL}
    kept = tuple(i for i in asset.depends_on if i not in stills or i == asset.last_frame)
    return asset.model_copy(update={"depends_on": kept})


def changed(asset: Asset, change: EditOp, where: str = "edit") -> Asset:
    """The asset with the fields that a change gives; its quote is void.

    Raises:
        PlanProblem: the change gives nothing, or something that no asset can have.
    """
    given = {
        name: value
        for name in ("prompt", "delivery", "label", "provider", "model", "depends_on", "continues", "last_frame")
        if (value := getattr(change, name)) is not None
    }
    if change.changes_inputs:
        released = {getattr(asset, name) for name in ("continues", "last_frame") if name in given}
        kept = given.get("depends_on", tuple(i for i in asset.depends_on if i not in released))
        given["depends_on"] = kept
    if change.provider is not None or change.model is not None:
        given["fallbacks"] = ()  # a named model replaces the fallbacks as well
    if change.prompt is not None and change.prompt != asset.prompt:
        given["composed"] = False  # these are a person's own words from now on
    if change.parameters is not None:
        merged = {**asset.parameters, **change.parameters}
        if change.delivery is None and (said := delivery.given_delivery(asset, change.parameters)) is not None:
            given["delivery"] = said
        given["parameters"] = {k: v for k, v in merged.items() if v is not None}
    if not given:
        fields = "prompt, delivery, label, provider, model, parameters, depends_on, continues or last_frame"
        raise PlanProblem(where, f"give what should change: {fields}")
    try:
        made = Asset.model_validate({**asset.model_dump(), **given, "quote": None, "review": None})
        return delivery.with_delivery(made)
    except ValidationError as error:
        problem = error.errors()[0]
        raise PlanProblem(f"{asset.asset_id}.{problem['loc'][0]}", problem["msg"]) from None


def cap(brief: Brief, approval: Approval) -> Decimal | None:
    """The budget that was named, USD: the approval's, otherwise the brief's; None where neither names one."""
    return approval.budget_usd if approval.budget_usd is not None else brief.budget_usd


def allowance(brief: Brief, plan: Plan, approval: Approval, spent: Decimal) -> Decimal:
    """The most that an approval lets a production spend, USD: its own budget, otherwise the brief's, otherwise what
    planning has `spent` and the plan's high price, and never above the brief's or its policy's."""
    offered = cap(brief, approval)
    if offered is None:
        offered = spent + plan.high_usd
    return within(brief, offered)


def within(brief: Brief, budget_usd: Decimal) -> Decimal:
    """At most the brief's budget and that of its policy, USD."""
    limits = (budget_usd, brief.budget_usd, brief.approval.max_budget_usd)
    return min(limit for limit in limits if limit is not None)


def highest_usd(record: Snapshot) -> Decimal:
    """The most that a production may cost whose plan waits for its first approval, USD: no approval that names no
    higher sum exceeds it. Of any other production, what it has cost."""
    if record.plan is None or record.assets:
        return record.spent_usd
    return max(within(record.brief, record.spent_usd + record.plan.high_usd), record.spent_usd)


def dependents(plan: Plan, asset_id: str) -> list[str]:
    """All assets that are made from this one, directly or through others, in plan order."""
    reached = {asset_id}
    grew = True
    while grew:
        found = {a.asset_id for a in plan.assets if reached & set(a.depends_on)} - reached
        reached |= found
        grew = bool(found)
    return [a.asset_id for a in plan.assets if a.asset_id in reached and a.asset_id != asset_id]


def inputs_first(plan: Plan, asset_ids: Iterable[str]) -> list[str]:
    """The named assets, each after its inputs."""
    left = dict.fromkeys(asset_ids)
    found: list[str] = []
    while left:
        ready = [i for i in left if not any(need in left for need in plan.by_id[i].depends_on)]
        found += ready or list(left)
        for each in ready or list(left):
            del left[each]
    return found
