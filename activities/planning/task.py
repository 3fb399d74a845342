"""One brief to plan, built once per activity: planners, the check of their plans and the fallbacks read it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Final, Self

from activities.catalogue.offers import Offer
from activities.catalogue.pricing import reference_assets
from activities.planning.choices.illustrated import asks_for_illustrated, may_illustrate
from activities.planning.pricing import invalid, quoted
from activities.planning.revision import FeedbackRequests, read_feedback, without_corrections
from activities.planning.structure.cleaning import cleaned
from activities.planning.structure.deliverable.cards import CARD_SECONDS, Cards, asked_cards
from activities.planning.structure.deliverable.end_texts import split_end_texts
from activities.planning.structure.deliverable.formats import Formats, asked_formats
from activities.planning.structure.model import SoundCue, Structure
from activities.planning.structure.orders.film_length import asked_seconds
from activities.planning.structure.orders.sentences import end_text
from activities.planning.structure.parser import parse
from activities.planning.structure.quoted import sentences_with_quotes
from activities.planning.structure.sounds import asked_sounds, mentions_sound
from activities.planning.translation.voices import check_spoken
from activities.providers.protocol import Provider
from activities.providers.registry import remedy_for
from activities.providers.selection import rank_offers
from activities.text.patterns import Pattern
from activities.text.runs import with_short_runs
from workflows.activity_io import DraftPlan
from workflows.brief import MAX_VIDEO_SECONDS, Brief, Platform
from workflows.continuity.inputs import UPSCALE
from workflows.models import SPEECH, UNSPOKEN_ROLES, ZERO, Asset, Media, Modality, Plan
from workflows.prompts.built_in import BUILT_IN
from workflows.prompts.uses import PromptName
from workflows.references.analysis import Part

_UPSCALE: Final = Pattern(
    r"\bup-?scal\w*|\bhoch(?:ge)?skal\w*|\bsuper[- ]?resolution\b|\breescal\w*|\bsuréchantillon\w*|"
    r"超解像|アップスケール|放大到|업스케일",
    re.IGNORECASE,
)
"""Words for larger copies."""
_NEGATED: Final = Pattern(
    r"(?:\bno|\bnot|n['’]t|\bwithout|\bnever|\bnicht|\bkein\w*|\bohne|\bsin|\bsans|\bpas)\b\W*(?:\w+\W+)?$",
    re.IGNORECASE,
)
"""Before such a word, the wish for none."""
_COMMON_LANGUAGES: Final = ("en", "de", "fr", "es", "zh")
"""Named as examples where a language cannot be spoken."""

USUAL_SECONDS: Final[float] = Brief.model_fields["duration_seconds"].default
"""The length of a film for which the request gives none."""
Menu = Mapping[Modality, Sequence[Offer]]
"""The models of each modality of a brief, the preferred first."""


@dataclass(frozen=True)
class PlanningTask:
    """A brief with its feedback, and the models that a plan of it may use.

    Attributes:
        request: The brief, its stored references, the feedback, and what the production has spent so far.
        providers: The enabled providers by name.
        today: The day of UTC on which a model has to be available.
        offers: Every available model that makes the brief's aspect.
        menu: Those of `offers` that a plan of this brief may name.
        preferred: The first model in `menu` that works from the inputs that the template gives it, where there is one.
        feedback: The requests in the feedback that need no language model.
        structure: The shots that the brief of a film lists itself; None for free prose.
        seconds: The length of the film.
        sounds: The music, effects and ambience that the brief of a film asks for.
        read: What was read in the references, after people's corrections, by the number of the reference.
        sound_offers: For each of these roles, its first model in `menu`, where there is one.
        texts: The texts of Greenlight's own prompts, in the versions that the production uses.
        asked_seconds: The length that the text of the brief names, e.g. "a 30 second film"; None where it names none.
        formats: The shapes, destinations and subtitles that the text of a film's brief orders.
    """

    request: DraftPlan
    providers: Mapping[str, Provider]
    today: date
    offers: Menu
    menu: Menu
    preferred: Mapping[Modality, Offer]
    feedback: FeedbackRequests
    structure: Structure | None
    seconds: float
    sounds: Sequence[SoundCue]
    sound_offers: Mapping[str, Offer]
    read: Mapping[int, Sequence[Part]] = field(default_factory=dict)
    texts: Mapping[PromptName, str] = field(default_factory=lambda: BUILT_IN)
    asked_seconds: float | None = None
    formats: Formats = Formats()  # noqa: RUF009 - frozen

    @classmethod
    def of(
        cls,
        request: DraftPlan,
        providers: Mapping[str, Provider],
        today: date | None = None,
        read: Mapping[int, Sequence[Part]] | None = None,
        texts: Mapping[PromptName, str] = BUILT_IN,
    ) -> Self:
        """Rank the models and read the feedback; `today` defaults to the current day of UTC."""
        request = _with_short_runs(request)
        brief, day = request.brief, today or datetime.now(UTC).date()
        offers = {m: rank_offers(m, providers, day, brief.aspect) for m in brief.modalities}
        if may_illustrate(brief):
            offers[Modality.TEXT] += rank_offers(Modality.TEXT, providers, day, brief.aspect, illustrated=True)
        menu = {
            m: [o for o in each if _is_affordable(o, brief) and _is_plannable(o, request)] for m, each in offers.items()
        }
        is_film = brief.platform == Platform.VIDEO
        asked = asked_seconds(brief.text) if is_film else None
        structure = parse(brief.text) if is_film else None
        structure = structure and structure.with_card_in(named_seconds(brief, asked))
        sounds = asked_sounds(cleaned(brief.text), structure) if is_film and Modality.AUDIO in brief.modalities else []
        if not (is_film and (sounds or _mentions_sound(request))):
            menu = {m: [o for o in each if m != Modality.AUDIO or o.makes(SPEECH)] for m, each in menu.items()}
        able = [o for o in menu.get(Modality.AUDIO, ()) if not o.requires]
        sound_offers = {r: o for r in UNSPOKEN_ROLES if (o := next((o for o in able if r in o.sounds), None))}
        preferred = {m: usable[0] for m, each in menu.items() if (usable := _usable(each, brief))}
        feedback = read_feedback(request.feedback, film=is_film)
        feedback = without_corrections(feedback) if request.corrections else feedback
        seconds = _film_seconds(brief, feedback, structure, asked)
        return cls(
            request,
            providers,
            day,
            offers,
            menu,
            preferred,
            feedback,
            structure,
            seconds,
            sounds,
            sound_offers,
            read or {},
            texts,
            asked,
            asked_formats(brief.text, seconds) if is_film else Formats(),
        )

    @property
    def brief(self) -> Brief:
        return self.request.brief

    @property
    def shown(self) -> tuple[Media, ...]:
        """The references that are pictures, which language models get to see."""
        return tuple(m for m in self.request.references if m.modality is Modality.IMAGE)

    @property
    def given_title(self) -> str:
        """The title that the brief gives, in its field or in its text; empty where it gives none."""
        return self.brief.title or (self.structure.title if self.structure else "")

    @property
    def listed_shots(self) -> int:
        """The number of shots that the brief fixes itself; 0 where a plan chooses it."""
        return len(self.structure.shots) if self.structure and self.structure.fixes_shots else 0

    @property
    def only_heard(self) -> bool:
        """Whether the brief orders a conversation with a cover and no other picture."""
        return self.structure is not None and self.structure.only_heard

    @property
    def renditions(self) -> tuple[str, ...]:
        """The further forms in which the text of the brief orders its film."""
        return self.formats.renditions(self.brief.aspect)

    @property
    def asks_for_sound(self) -> bool:
        """Whether the brief or the feedback asks for music or sound at all."""
        return bool(self.sounds) or _mentions_sound(self.request)

    @cached_property
    def cards(self) -> Cards:
        """The title and the end card that the text of a film's brief asks for."""
        if self.brief.platform != Platform.VIDEO:
            return Cards()
        if self.structure:
            return self.structure.cards
        rest, cards = split_end_texts(self.brief.text)
        asked = asked_cards(rest)
        ordered = (end_text(s) for line in rest.splitlines() for s in sentences_with_quotes(line))
        return cards._replace(title=asked.title, end=cards.end or asked.end or next(filter(None, ordered), ""))

    @property
    def card_seconds(self) -> float:
        """The length of the end card."""
        return self.structure.card_seconds if self.structure else CARD_SECONDS

    @property
    def shot_seconds(self) -> float:
        """The length of all shots: the film without its end card, or as the brief gives it for each shot."""
        if self.structure and self.structure.seconds and not self.feedback.seconds:
            return self.seconds
        return max(self.seconds - self.cards.seconds, self.seconds / 2)

    def with_languages_usd(self, priced: Plan) -> Decimal:
        """The most that a plan costs with its narrations in the further languages of the brief, which are added to it
        after it was planned, and cost about as much to speak."""
        spoken = sum((a.most_usd for a in priced.assets if a.spoken and not a.language), ZERO)
        return priced.high_usd + spoken * len(self.brief.further_languages)

    def maker_of(self, modality: Modality, prompts: Iterable[str]) -> Offer:
        """The preferred model that takes all of these prompts whole; where there is none, the preferred one."""
        usual, wanted = self.preferred[modality], [*prompts]
        able = (o for o in _usable(self.menu[modality], self.brief) if o.placeholder == usual.placeholder)
        return next((o for o in able if all(map(o.fits, wanted))), usual)

    def room_usd(self, questions_usd: Decimal) -> Decimal | None:
        """What the brief's budget leaves for assets after the questions about this plan; None without a budget."""
        budget = self.brief.budget_usd
        return None if budget is None else max(budget - self.request.spent_usd - questions_usd, ZERO)

    def price_asset(self, plan: Plan, asset: Asset) -> Asset:
        """The asset with its quote, by its inputs in the plan, by theirs, …

        Raises:
            ApplicationError: type PLAN_INVALID; the asset cannot be made as planned.
        """
        needed = {asset.asset_id: asset}
        waiting = [*asset.depends_on]
        while waiting:
            found = plan.find(name := waiting.pop())
            if found and name not in needed:
                needed[name] = found
                waiting += found.depends_on
        return quoted(asset, {**needed, **reference_assets(self.request.references)}, self.providers)


def _with_short_runs(request: DraftPlan) -> DraftPlan:
    """The request as planners read it; one with usual texts stays as it is."""
    text, feedback = with_short_runs(request.brief.text), tuple(map(with_short_runs, request.feedback))
    if text == request.brief.text and feedback == tuple(request.feedback):
        return request
    return request.model_copy(update={"brief": request.brief.model_copy(update={"text": text}), "feedback": feedback})


def _mentions_sound(request: DraftPlan) -> bool:
    """Whether the brief or the feedback speaks of music or sound at all."""
    return mentions_sound((request.brief.text, request.brief.style, *request.feedback))


def asks_for_upscale(request: DraftPlan) -> bool:
    """Whether the brief of a film or its feedback asks for larger copies of the shots; the newest feedback counts."""
    if request.brief.platform != Platform.VIDEO:
        return False
    asked = False
    for text in (request.brief.text, request.brief.style, *request.feedback):
        for found in _UPSCALE.finditer(text):
            asked = not _NEGATED.search(text[max(0, found.start() - 24) : found.start()])
    return asked


def check_plannable(task: PlanningTask) -> None:
    """Refuse a brief that no plan can satisfy.

    Raises:
        ApplicationError: type PLAN_INVALID; a modality has no model, no model of a known price, or none that speaks a
            language. The message names the field and the remedy.
    """
    brief = task.brief
    for modality in brief.modalities:
        if modality in task.preferred:
            continue
        usable = _usable(task.offers[modality], brief)
        affordable = [o for o in usable if _is_affordable(o, brief)]
        if not usable:
            remedy = remedy_for(modality)
            raise invalid(f"modalities: no enabled provider makes {modality.value}; {remedy}, or leave it out")
        if not affordable:
            names = ", ".join(f"{o.provider} {o.model}" for o in usable[:3])
            raise invalid(
                f"allow_unknown_prices: the price of every enabled model for {modality.value} ({names}) is not "
                "published, so no budget can hold it; send allow_unknown_prices: true, leave the modality out, or "
                "leave out the budget"
            )
        voice = affordable[0]
        examples = ", ".join([tag for tag in _COMMON_LANGUAGES if voice.speaks(tag)] or sorted(voice.languages)[:5])
        raise invalid(
            f"languages: {voice.provider} cannot speak {brief.language!r}; leave out {modality.value}, or give a "
            f"language it speaks, e.g. {examples}"
        )
    if Modality.AUDIO in brief.modalities:
        check_spoken(brief.further_languages, task.providers, brief, task.today)


def _is_affordable(offer: Offer, brief: Brief) -> bool:
    """Whether a budget can hold the price of a model, where the brief has one."""
    return not (brief.known_prices_only and offer.unknown)


def _is_plannable(offer: Offer, request: DraftPlan) -> bool:
    """Whether a plan may name a model, whatever it costs: of those that make copies, one for larger ones on demand, and
    one that writes texts with pictures on demand."""
    if offer.illustrates and not asks_for_illustrated(request.brief, request.feedback):
        return False
    copies = offer.modality == Modality.VIDEO and Modality.VIDEO in offer.requires
    asked = UPSCALE in offer.versions and asks_for_upscale(request)
    return offer.speaks(request.brief.language) and (not copies or asked)


def _usable(offers: Sequence[Offer], brief: Brief) -> list[Offer]:
    """The models that work from what the template gives them: a video gets its narration and its still.

    Those of sound speak; models of music are in `sound_offers`.
    """
    given = {Modality.AUDIO, Modality.IMAGE} & set(brief.modalities)
    voices = [o for o in offers if (o.modality != Modality.AUDIO or o.makes(SPEECH)) and not o.illustrates]
    return [o for o in voices if o.requires <= (given if o.modality == Modality.VIDEO else set())]


def named_seconds(brief: Brief, asked: float | None) -> float:
    """The length that the brief gives in its field, otherwise in its text."""
    return asked if asked and brief.duration_seconds == USUAL_SECONDS else brief.duration_seconds


def _film_seconds(brief: Brief, feedback: FeedbackRequests, structure: Structure | None, asked: float | None) -> float:
    """The length of the film: by the numbers in the feedback, by the times of the brief's shots, or by the brief: its
    field, unless that has its usual value and the text names a length."""
    given = structure.seconds if structure else None
    named = asked if brief.duration_seconds == USUAL_SECONDS else None
    length = feedback.seconds or given or named or brief.duration_seconds
    if feedback.shots and feedback.seconds_per_shot and not feedback.seconds:
        length = feedback.shots * feedback.seconds_per_shot
    return min(max(length, 1.0), MAX_VIDEO_SECONDS)
