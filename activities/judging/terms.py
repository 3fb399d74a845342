"""The review that a plan offers: its terms, the judge of each asset, and what verdicts and refinements may cost, USD.

A judge is never a model that makes the take, if another model can judge it. Prices are known before the take exists,
because a judge gets pictures of a known size; no request is sent beyond them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.analysis.models import LASTS_UNTIL
from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.judging import questions as asked
from activities.judging.views import FRAME_SIDE, FRAMES, ILLUSTRATIONS, PICTURE_SIDE, REFERENCE_SIDE
from activities.planning.questions.inquiry import THINKING_TOKENS, call_of, name_of
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer, rank_offers
from activities.settings import ActivitySettings
from activities.text.speech import speech_seconds
from workflows.activity_io import PLAN_INVALID
from workflows.brief import Brief
from workflows.continuity.drafts import final_asset
from workflows.continuity.inputs import inputs_of
from workflows.judging.policy import CRITERIA, Kind, Quality, Review, Terms, longest_prompt
from workflows.judging.requests import SHOWN_REFERENCES, JudgeTake, kind_of
from workflows.models import LENGTHS, UNSPOKEN_ROLES, ZERO, Asset, Media, Modality, Plan
from workflows.prompts.built_in import BUILT_IN
from workflows.stages.models import split

TOKENS: Final = THINKING_TOKENS + 3_000
"""Of an answer: a sentence for each criterion and a prompt, and the thoughts before them."""
ANSWER_BYTES: Final = 6_000
"""Of a refused answer, which its repair repeats. A repair that costs more than its price is not requested."""
SPOKEN_SPREAD: Final = 1.5
"""A voice may be this much slower than usual."""
VIDEO_SECONDS: Final = 60.0
"""A longer video is judged by its frames: it does not fit into a question."""
TEXT_BYTES: Final = 2 * asked.MAX_TEXT_CHARS
REMEDIES: Final[Mapping[Kind, str]] = {
    "text": "no enabled model writes a verdict about texts: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY in "
    "the worker's environment",
    "image": "no enabled model sees pictures: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY in the worker's "
    "environment",
    "video": "no enabled model sees video or its frames: set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY in "
    "the worker's environment",
    "speech": "no enabled model hears speech: set OPENAI_API_KEY or GOOGLE_API_KEY in the worker's environment",
    "sound": "no enabled model hears music and effects: set GOOGLE_API_KEY in the worker's environment",
}


def way_of(offer: Offer, kind: Kind, *, illustrated: bool = False) -> asked.Way | None:
    """What this model gets of a take of this kind; None if it cannot judge it.

    Args:
        illustrated: It is a text with pictures, which a model that does not see pictures judges by its words.
    """
    if offer.modality is not Modality.TEXT or offer.unknown or offer.placeholder:
        return None
    if not offer.schema:
        lasts = offer.retires is None or offer.retires >= LASTS_UNTIL
        return "transcript" if kind == "speech" and Modality.AUDIO in offer.requires and lasts else None
    if offer.requires:
        return None
    match kind:
        case "text":
            return "illustrated" if illustrated and offer.input_image else "text"
        case "image":
            return "picture" if offer.input_image else None
        case "video" if Modality.VIDEO in offer.accepts:
            return "video"
        case "video":
            return "frames" if offer.input_image else None
        case _:
            return "recording" if Modality.AUDIO in offer.accepts else None


def terms_of(brief: Brief, settings: ActivitySettings, providers: Mapping[str, Provider]) -> Terms | None:
    """The terms of a brief with the defaults of the settings; None where takes are not reviewed.

    Raises:
        ApplicationError: type PLAN_INVALID; the brief or GREENLIGHT_JUDGE names a judge that is not enabled, or the
            brief names criteria and none that suits a take of its modalities, or it has terms of a review and no mode.
    """
    wanted = brief.quality or Quality()
    mode = wanted.mode or settings.quality
    if mode == "off":
        if wanted.mode is None and wanted != Quality():
            raise _invalid("quality.mode: GREENLIGHT_QUALITY is off; give 'advise' or 'gate', or leave `quality` out")
        return None
    _named_judges(brief, settings, providers)
    if "brand" in wanted.criteria and not wanted.rules:
        raise _invalid("quality.rules: the criterion 'brand' is judged by rules; give them, or leave it out")
    kinds: list[Kind] = [k for k in CRITERIA if ("audio" if k in ("speech", "sound") else k) in brief.modalities]
    if wanted.criteria and not any(set(wanted.criteria) & set(CRITERIA[k]) for k in kinds):
        suits = sorted({c for k in kinds for c in CRITERIA[k]})
        raise _invalid(f"quality.criteria: none suits the brief's modalities; choose from {', '.join(suits)}")
    return Terms(
        mode=mode,
        criteria=wanted.criteria,
        rules=wanted.rules,
        min_score=settings.min_score if wanted.min_score is None else wanted.min_score,
        refinements=settings.refinements if wanted.refinements is None else wanted.refinements,
    )


def _named_judges(brief: Brief, settings: ActivitySettings, providers: Mapping[str, Provider]) -> list[Offer] | None:
    """The judges that the brief or the settings name, in their order; None where any may be used."""
    if brief.quality and brief.quality.judge:
        return find_judges(brief.quality.judge, "quality.judge", providers)
    return find_judges(settings.judge, settings.source_of("judge"), providers)


def find_judges(named: str, field: str, providers: Mapping[str, Provider]) -> list[Offer] | None:
    """The enabled judges of a list of names, in their order; None for 'auto', where any may be used.

    Args:
        field: The field or variable that names them, for the message.

    Raises:
        ApplicationError: type PLAN_INVALID; no enabled model that can judge has one of the names.
    """
    if named == "auto":
        return None
    able = able_judges(providers)
    found = [offer for name in split(named) for offer in able if name_of(offer) == name]
    if not found:
        choice = ", ".join(map(name_of, able)) or "none is enabled, set a vendor's key"
        raise _invalid(f"{field}: {named!r} names no enabled model that can judge; choose from {choice}")
    return found


def able_judges(providers: Mapping[str, Provider]) -> list[Offer]:
    """The enabled models that can judge anything, the preferred ones first."""
    ranked = rank_offers(Modality.TEXT, providers, datetime.now(UTC).date())
    return [o for o in ranked if any(way_of(o, kind) for kind in CRITERIA)]


@dataclass(frozen=True)
class Desk:
    """Chooses and prices the judges of one plan."""

    plan: Plan
    brief: Brief
    terms: Terms
    providers: Mapping[str, Provider]
    references: Sequence[Media]
    judges: Sequence[Offer]
    automatic: bool
    scoring: str = BUILT_IN["judge"]

    def review(self, asset: Asset) -> Review | None:
        """The review of an asset; None where none of its takes is judged."""
        kind = kind_of(asset)
        criteria = self.terms.criteria_of(kind)
        maker = self.offer_of(asset)
        if not criteria or maker is None or maker.placeholder:
            return None
        makers = {(asset.provider, asset.model), *((f.provider, f.model) for f in asset.fallbacks)}
        able = [o for o in self.judges if way_of(o, kind)]
        others = [o for o in able if (o.provider, o.model) not in makers]
        others = others or [o for o in able if (o.provider, o.model) != (asset.provider, asset.model)]
        priced = [(o, *self._price(o, asset, way)) for o in others or able if (way := self._way(o, asset))]
        if not priced:
            return None
        if self.automatic:  # the cheapest one; of a video one that sees its motion, of a text one that sees pictures
            blind = "text" if maker.illustrates else "frames"
            priced.sort(key=lambda p: (self._way(p[0], asset) == blind, p[2]))
        judge, low, high = priced[0]
        refinements = 0 if asset.composed or asset.unknown_price else self.terms.refinements
        return Review(
            judge=name_of(judge),
            low_usd=low,
            high_usd=high,
            retake_usd=self._retake_usd(asset) if refinements else ZERO,
            refinements=refinements,
        )

    def offer_of(self, asset: Asset) -> Offer | None:
        provider = self.providers.get(asset.provider)
        return find_offer(provider, asset.model, asset.asset_type) if provider else None

    def _way(self, judge: Offer, asset: Asset) -> asked.Way | None:
        maker = self.offer_of(asset)
        return way_of(judge, kind_of(asset), illustrated=maker is not None and maker.illustrates)

    def _price(self, offer: Offer, asset: Asset, way: asked.Way) -> tuple[Decimal, Decimal]:
        """One verdict, and one with a repaired or a lost answer."""
        shown = list(pricing.reference_assets(self._views(asset, way)).values())
        if way == "transcript":
            call = call_of(offer, 0, "transcript").model_copy(update={"parameters": {}})
            once = pricing.quote(offer, call, shown)
            return once.low_usd, 2 * once.high_usd
        request = self._dummy(asset)
        criteria = asked.judged_criteria(request, way)
        extra = len(asked.instructions(request, way, FRAMES, SHOWN_REFERENCES, self.scoring).encode())
        extra += len(str(asked.schema(criteria, kind_of(asset))))
        size = len(asked.prompt(request).encode()) + longest_prompt(asset.prompt)
        size += TEXT_BYTES if way in ("text", "illustrated") else 0
        once = pricing.quote(offer, call_of(offer, TOKENS, "x" * size), shown, extra)
        again = pricing.quote(offer, call_of(offer, TOKENS, "x" * (size + ANSWER_BYTES)), shown, extra)
        return once.low_usd, once.high_usd + again.high_usd

    def _dummy(self, asset: Asset) -> JudgeTake:
        """A request of the size of the real one."""
        brief = self.brief.model_copy(update={"text": self.brief.text[:2_000], "references": (), "translations": {}})
        return JudgeTake(
            production_id="x",
            brief=brief,
            asset=asset,
            take=1,
            media=Media(key="x", bytes=0, sha256="", media_type="x/x"),
            judge="x/x",
            criteria=self.terms.criteria_of(kind_of(asset)),
            rules=self.terms.rules,
            min_score=self.terms.min_score,
            max_prompt=longest_prompt(asset.prompt),
            max_usd=ZERO,
        )

    def _views(self, asset: Asset, way: asked.Way) -> list[Media]:
        """What the judge will get, at its largest."""
        shown = [m for i, m in self._named_references() if i in asset.depends_on and m.modality is Modality.IMAGE]
        references = [_picture(REFERENCE_SIDE) for _ in shown[:SHOWN_REFERENCES]]
        match way:
            case "illustrated":
                return [_picture(FRAME_SIDE) for _ in range(ILLUSTRATIONS)]
            case "picture":
                return [_picture(PICTURE_SIDE), *references]
            case "frames":
                return [*(_picture(FRAME_SIDE) for _ in range(FRAMES)), *references]
            case "video":
                # Of a long or large video the frames are sent, which cost less than six seconds of it.
                return [_recording("video/mp4", max(min(_seconds(asset), VIDEO_SECONDS), FRAMES)), *references]
            case "recording" | "transcript":
                return [_recording("audio/mpeg", _seconds(asset))]
            case _:
                return []

    def _named_references(self) -> list[tuple[str, Media]]:
        return list(zip(self.brief.reference_ids, self.references, strict=False))

    def _retake_usd(self, asset: Asset) -> Decimal:
        """One refinement at most, with any of the models and the longest prompt."""
        most = asset.high_usd
        known = {**self.plan.by_id, **pricing.reference_assets(self.references)}
        size = longest_prompt(asset.prompt)
        for number in range(len(asset.fallbacks) + 1):
            maker = asset.made_by(number)
            offer = self.offer_of(maker)
            longer = maker.model_copy(update={"prompt": "x" * size if not asset.spoken else maker.prompt})
            if offer is not None:
                most = max(most, pricing.quote(offer, longer, inputs_of(asset, known)).high_usd)
        return most


def _picture(side: int) -> Media:
    return Media(key="x", bytes=0, sha256="", media_type="image/jpeg", width=side, height=side)


def _recording(media_type: str, seconds: float) -> Media:
    return Media(key="x", bytes=0, sha256="", media_type=media_type, duration_seconds=max(seconds, 1.0))


def _seconds(asset: Asset) -> float:
    """The length of a take at most; one that is longer may stay unjudged."""
    known = asset.number(*LENGTHS)
    if known is not None and (asset.asset_type is Modality.VIDEO or asset.sound in UNSPOKEN_ROLES):
        timed = max(asset.quote.lengths, default=0.0) if asset.quote else 0.0
        return max(known, timed) + 1
    if asset.asset_type is Modality.AUDIO and asset.spoken:
        return speech_seconds(asset.prompt) * SPOKEN_SPREAD + 1
    return 11.0 if asset.asset_type is Modality.VIDEO else VIDEO_SECONDS


def with_reviews(
    plan: Plan,
    brief: Brief,
    settings: ActivitySettings,
    providers: Mapping[str, Provider],
    references: Sequence[Media] = (),
    only: Collection[str] = (),
    scoring: str = BUILT_IN["judge"],
) -> Plan:
    """The priced plan with the review of each asset, or of `only` some; its terms stay those of its first pricing.

    Args:
        scoring: The version of the prompt `judge` that the production uses: its length is part of the price.

    Raises:
        ApplicationError: type PLAN_INVALID, as `terms_of`.
    """
    terms = plan.quality or (None if only else terms_of(brief, settings, providers))
    if terms is None:
        return plan
    try:
        named = _named_judges(brief, settings, providers)
    except ApplicationError:
        if not only:
            raise
        named = []  # it is not enabled any more, which is no reason to refuse a take
    judges = able_judges(providers) if named is None else named
    desk = Desk(plan, brief, terms, providers, references, judges, automatic=named is None, scoring=scoring)
    assets = [
        a.model_copy(update={"review": desk.review(final_asset(plan, a))}) if not only or a.asset_id in only else a
        for a in plan.assets
    ]
    missing: dict[Kind, str] = dict(terms.unjudged) if only else {}
    for asset in (a for a in assets if a.review is None):
        kind = kind_of(asset)
        if terms.criteria_of(kind) and kind not in missing:
            missing[kind] = why_missing(desk, asset)
    reviewed = plan.model_copy(update={"quality": terms.model_copy(update={"unjudged": missing})})
    reasons = [f"unjudged: {kind}: {why}" for kind, why in missing.items()]
    warnings = [w for w in plan.warnings if not w.startswith("unjudged: ")]
    return reviewed.model_copy(update={"warnings": (*warnings, *reasons)}).with_assets(assets)


def why_missing(desk: Desk, asset: Asset) -> str:
    """The reason for which no judge of the desk reviews the asset, with the remedy."""
    maker, kind = desk.offer_of(asset), kind_of(asset)
    if maker is not None and maker.placeholder:
        return "previz makes placeholders, which are checked on the worker and not judged"
    if desk.automatic:
        return REMEDIES[kind]
    named = ", ".join(map(name_of, desk.judges))
    return f"{named} cannot judge it; name a judge that can" if named else "its judge is not enabled any more"


def _invalid(message: str) -> ApplicationError:
    return ApplicationError(message, type=PLAN_INVALID, non_retryable=True)
