"""The further languages of a film in its plan: their narrations, what of them is missing or no longer fits, and their
share of the price. Pure.

A narration in a further language is an asset of its own that names the narration of the original that it `translates`.
No picture depends on it, so the pictures are shared.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from workflows.base import MAX_LANGUAGES
from workflows.models import ZERO, Asset, Estimate, Plan, digest_of

_SHORT: Final = 16
_MAX_ID: Final = 63
"""Characters of a slug."""


def digest_of_text(prompt: str) -> str:
    """The digest of a narration by which a translation of it is known."""
    return digest_of(prompt)[:_SHORT]


def narrations(plan: Plan) -> list[Asset]:
    """The narrations of the original, in plan order."""
    return [a for a in plan.assets if a.spoken and not a.language]


def translations_of(plan: Plan, asset_ids: Collection[str]) -> list[Asset]:
    """The narrations in further languages that translate these."""
    return [a for a in plan.assets if a.translates in asset_ids] if asset_ids else []


def in_language(plan: Plan, language: str) -> dict[str, Asset]:
    """Id of a narration of the original -> its translation."""
    return {a.translates: a for a in plan.assets if a.language == language}


def is_outdated(plan: Plan, asset: Asset) -> bool:
    """Whether the narration that it translates says something else by now."""
    original = plan.find(asset.translates) if asset.translates else None
    return original is not None and digest_of_text(original.prompt) != asset.translated_from


def is_heard(plan: Plan, asset: Asset) -> bool:
    """Whether the language of an asset is one of the film."""
    return not asset.language or asset.language in plan.cut.languages


def untranslated(plan: Plan, language: str, left_out: Collection[str] = ()) -> list[Asset]:
    """The narrations of the original, without those that are `left_out`, that have no translation of their text."""
    known = in_language(plan, language)
    kept = (a for a in narrations(plan) if a.asset_id not in left_out)
    return [a for a in kept if a.asset_id not in known or is_outdated(plan, known[a.asset_id])]


def to_translate(plan: Plan, language: str, left_out: Collection[str] = ()) -> list[str]:
    """The texts that have no translation, or one of an earlier text: narrations, then those on the screen."""
    spoken = [a.prompt for a in untranslated(plan, language, left_out)]
    shown = plan.cut.translations.get(language, {})
    return list(dict.fromkeys([*spoken, *(text for text in plan.cut.texts if text not in shown)]))


def with_language(plan: Plan, language: str, words: Mapping[str, str], spoken: Sequence[Asset]) -> Plan:
    """The plan with one more language, or with new words of one that it has.

    Args:
        words: Text of the original -> its translation, for all of `to_translate`.
        spoken: The narrations of `untranslated`, as the voice of the language speaks them.
    """
    known = in_language(plan, language)
    changed, added = dict[str, Asset](), []
    for voice in spoken:
        original = plan.by_id[voice.asset_id]
        said = {"prompt": words[original.prompt], "translated_from": digest_of_text(original.prompt), "quote": None}
        if before := known.get(original.asset_id):
            changed[before.asset_id] = before.model_copy(update=said)
        else:
            added.append(voice.model_copy(update={**said, **_named(plan, original, language)}))
    assets = [*(changed.get(a.asset_id, a) for a in plan.assets), *added]
    shown = {text: words[text] for text in plan.cut.texts if text in words}
    shown = {**plan.cut.translations.get(language, {}), **shown}
    cut = plan.cut.model_copy(
        update={
            "languages": tuple(dict.fromkeys((*plan.cut.languages, language))),
            "translations": plan.cut.translations | ({language: shown} if shown else {}),
        }
    )
    return plan.with_assets(assets, cut)


def _named(plan: Plan, original: Asset, language: str) -> dict[str, object]:
    """The fields that tell a translation from its original."""
    return {
        "asset_id": _id_of(plan, original, language),
        "label": f"{original.label or original.asset_id} ({language})"[:200],
        "language": language,
        "translates": original.asset_id,
        "original": "",
        "composed": False,
        "depends_on": (),
    }


def _id_of(plan: Plan, original: Asset, language: str) -> str:
    """An id that no asset has, such as narration-1-de."""
    end = f"-{language.lower()}"
    name = original.asset_id[: _MAX_ID - len(end)] + end
    number = 2
    while name in plan.by_id:
        end = f"-{language.lower()}-v{number}"
        name, number = original.asset_id[: _MAX_ID - len(end)] + end, number + 1
    return name


def confirmed(assets: Iterable[Asset], before: Plan) -> list[Asset]:
    """The assets after an edit, where a translation with new words is one of the narration as it is now; without
    translations of narrations that are dropped."""
    made = list(assets)
    prompts = {a.asset_id: a.prompt for a in made}
    kept = []
    for asset in made:
        if asset.translates:
            was = before.find(asset.asset_id)
            source = prompts.get(asset.translates)
            if source is None and was is not None:
                continue
            if source is not None and (was is None or was.prompt != asset.prompt):
                asset = asset.model_copy(update={"translated_from": digest_of_text(source)})
        kept.append(asset)
    return kept


def problem_of(plan: Plan, original: str) -> tuple[str, str] | None:
    """The field and the message of the first narration that does not fit the languages of the plan, if any.

    Args:
        original: The language of the original.
    """
    if len(plan.cut.languages) >= MAX_LANGUAGES:
        return "cut.languages", f"a film has at most {MAX_LANGUAGES} languages with its original; leave some out"
    if original.lower() in map(str.lower, plan.cut.languages):
        return "cut.languages", f"{original!r} is the original; name only further languages"
    known = set[tuple[str, str]]()
    for asset in plan.assets:
        if not asset.language and not asset.translates:
            continue
        field = f"{asset.asset_id}.translates"
        source = plan.find(asset.translates) if asset.translates else None
        if not asset.spoken or not asset.language or source is None or not source.spoken or source.language:
            return field, "a narration in a further language names its language and a narration of the original"
        pair = (asset.language.lower(), asset.translates)
        if pair in known:
            return field, f"{asset.translates!r} has two narrations in {asset.language!r}; keep one of them"
        known.add(pair)
    return None


def shares(plan: Plan) -> dict[str, Estimate]:
    """Further language -> the price range of its narrations, with their reviews."""
    found: dict[str, Estimate] = {}
    for language in plan.cut.languages:
        spoken = [a for a in plan.assets if a.language == language and a.quote]
        low, high = sum((a.least_usd for a in spoken), ZERO), sum((a.most_usd for a in spoken), ZERO)
        found[language] = Estimate(low=low, high=high, unknown=any(a.unknown_price for a in spoken))
    return found


def warnings(plan: Plan) -> list[str]:
    """What of the languages is missing or no longer fits, with the remedy."""
    found = []
    for language in plan.cut.languages:
        known = in_language(plan, language)
        outdated = [a.asset_id for a in known.values() if is_outdated(plan, a)]
        missing = [a.asset_id for a in narrations(plan) if a.asset_id not in known]
        texts = [text for text in plan.cut.texts if text not in plan.cut.translations.get(language, {})]
        remedy = "translate again with the edit `languages`"
        if outdated:
            found.append(
                f"{language}: {_some(outdated)} translate an earlier text of the original; edit them, or {remedy}"
            )
        if missing:
            found.append(f"{language}: {_some(missing)} have no translation, and are silent in that film; {remedy}")
        if texts:
            shown = _some([f"“{text}”" for text in texts])
            found.append(
                f"{language}: {shown} on the screen stay in the original language; {remedy}, or give "
                f"cut.translations.{language}"
            )
    return found


def _some(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
