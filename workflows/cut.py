"""The cut of a film: what can be changed of it without a new take. Pure data; lengths are seconds."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from workflows.base import MAX_LANGUAGES, Clean, Language, Model, Slug
from workflows.destinations.profiles import Rendition

MAX_TRANSLATIONS: Final = 1_000
"""Texts of one language."""
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8_000)]
Translations = dict[Language, Annotated[dict[Words, Words], Field(max_length=MAX_TRANSLATIONS)]]
"""Language -> a text in the original language -> its translation."""


def check_languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    """
    Raises:
        ValueError: a language is given twice.
    """
    known = set[str]()
    for tag in languages:
        if tag.lower() in known:
            raise ValueError(f"{tag!r} is given twice; name each language once")
        known.add(tag.lower())
    return languages


class Transition(Model):
    """The change from one shot to the next. A dissolve and a wipe show both for their length, so the film is shorter by
    it; a fade goes through black, and takes half of its length from each shot."""

    kind: Literal["cut", "dissolve", "fade", "wipe"] = "cut"
    seconds: float = Field(default=0.5, ge=0.1, le=5, description="Its length; a cut has none")


class Card(Model):
    """Text on the screen for some seconds."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Clean]
    seconds: float = Field(default=3, ge=0.5, le=20)


CardT = TypeVar("CardT", bound=Card)


class LowerThird(Card):
    """Text at the lower edge over a shot, such as the name of a person."""

    asset_id: Slug
    at_seconds: float = Field(default=0.5, ge=0, le=600, description="After the start of its shot")


class Focus(Model):
    """The point of a picture that stays in view, as shares of its width and height from the upper left."""

    x: float = Field(default=0.5, ge=0, le=1)
    y: float = Field(default=0.5, ge=0, le=1)


IN_FRONT_DB: Final = -3.0
"""From this level on, the shots' own sound is in front."""
STREAMING_LUFS: Final = -14.0
BROADCAST_LUFS: Final = -23.0
"""EBU R128."""

Level = Annotated[float, Field(ge=-60, le=12)]


class Levels(Model):
    """Levels in dB, relative to the narration; the whole is brought to `loudness_lufs` afterwards.

    Narration, music and ambience are first brought to the same loudness, so a level says what is heard. Effects and the
    shots' own sound are only brought down to it, never up, unless it is in front: what a shot records quietly stays
    quiet.
    """

    narration: Level = 0.0
    music: Level = -8.0
    effects: Level = -6.0
    ambience: Level = -16.0
    own_sound: Level | None = Field(
        default=-10.0,
        description="The sound of the shots themselves; null turns it off. From -3 on it is in front, as where people "
        "speak in the shots: quiet shots are raised, and it lowers music and ambience as narration does",
    )
    duck_db: float = Field(
        default=12.0, ge=0, le=24, description="By which narration lowers music, ambience and own sound"
    )
    loudness_lufs: float = Field(default=STREAMING_LUFS, ge=-40, le=-8)

    @property
    def own_is_in_front(self) -> bool:
        return self.own_sound is not None and self.own_sound >= IN_FRONT_DB

    def of(self, role: str) -> float:
        """The level of a role; any role without a level of its own is narration."""
        levels = {"music": self.music, "effects": self.effects, "ambience": self.ambience}
        return levels.get(role, self.narration)


class Cut(Model):
    """What can be changed of a film without a new take. The default: shots follow each other without transitions."""

    transitions: dict[Slug, Transition] = Field(
        default_factory=dict, description="Asset id -> the transition into this shot; only a fade for the first one"
    )
    fade_out_seconds: float = Field(default=0, ge=0, le=5, description="The fade to black at the end of the film")
    title: Card | None = Field(default=None, description="Over the begin of the film")
    lower_thirds: tuple[LowerThird, ...] = Field(default=(), max_length=100)
    end_card: Card | None = Field(default=None, description="After the last shot, on a dark ground")
    levels: Levels = Levels()
    captions: Literal["sidecar", "plain", "boxed", "words"] = Field(
        default="sidecar",
        description="sidecar: in files and a track of the film, not in the picture. Otherwise also drawn into it: with "
        "an outline, on a translucent box, or with the spoken word highlighted",
    )
    muted_captions: Literal["sidecar", "plain", "boxed", "words"] = Field(
        default="boxed",
        description="The same for renditions whose destination plays without sound at first, such as tiktok, "
        "where `captions` does not draw them already",
    )
    renditions: tuple[Rendition, ...] = Field(
        default=(),
        max_length=12,
        description="Further versions of the same film, each shot cropped around its focus: an aspect such as 9:16, or "
        "the name of a destination, whose size, length, loudness and safe area it then has",
    )
    focus: dict[Slug, Focus] = Field(default_factory=dict, description="Asset id of a shot -> its focus")
    languages: Annotated[tuple[Language, ...], AfterValidator(check_languages)] = Field(
        default=(),
        max_length=MAX_LANGUAGES - 1,
        description="Further languages of the film, each with narrations of its own; the pictures are shared",
    )
    translations: Translations = Field(
        default_factory=dict,
        description="Further language -> title, lower third or end card -> its translation, which that film shows",
    )

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts on the screen, each once."""
        cards = (card for card in (self.title, *self.lower_thirds, self.end_card) if card)
        return tuple(dict.fromkeys(card.text for card in cards))

    def translated(self, language: str) -> "Cut":
        """The cut with its texts in another language; those without a translation stay as they are."""
        known = self.translations.get(language, {})

        def shown(card: CardT) -> CardT:
            return card.model_copy(update={"text": known.get(card.text, card.text)})

        return self.model_copy(
            update={
                "title": self.title and shown(self.title),
                "lower_thirds": tuple(map(shown, self.lower_thirds)),
                "end_card": self.end_card and shown(self.end_card),
            }
        )

    def following(self, before: "Cut") -> "Cut":
        """The cut as an edit of another one: languages stay where it names none, and so do the translations of texts
        that it still shows."""
        languages = self.languages or before.languages
        texts = set(self.texts)
        known = {
            tag: {
                text: words
                for text, words in {**before.translations.get(tag, {}), **self.translations.get(tag, {})}.items()
                if text in texts
            }
            for tag in languages
        }
        translations = {tag: words for tag, words in known.items() if words}
        return self.model_copy(update={"languages": languages, "translations": translations})

    def of_assets(self, asset_ids: Iterable[str]) -> "Cut":
        """The cut without what belongs to other assets."""
        ids = set(asset_ids)
        kept = self.model_copy(
            update={
                "transitions": {i: each for i, each in self.transitions.items() if i in ids},
                "lower_thirds": tuple(each for each in self.lower_thirds if each.asset_id in ids),
                "focus": {i: each for i, each in self.focus.items() if i in ids},
            }
        )
        return self if kept == self else kept
