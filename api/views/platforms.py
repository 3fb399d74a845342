"""What briefs may contain: platforms, destinations, languages and limits."""

from dataclasses import asdict

from pydantic import Field

from api.views.production import View
from workflows.base import Aspect
from workflows.brief import (
    MAX_BRIEF_CHARS,
    MAX_REFERENCES,
    MAX_VIDEO_SECONDS,
    MIN_VIDEO_SECONDS,
    Platform,
)
from workflows.destinations.profiles import PROFILES, Destination, Profile
from workflows.models import Modality
from workflows.provider_report import InterviewInfo
from workflows.references.kinds import LIMITS, KindLimits, ReferenceKind


class PlatformView(View):
    platform: Platform
    modalities: tuple[Modality, ...]
    enabled_providers: dict[Modality, tuple[str, ...]] | None = Field(
        default=None, description="null while no worker answers"
    )


class BriefLimits(View):
    """The limits of a brief, for a form that states them before it is sent."""

    brief_chars: int = MAX_BRIEF_CHARS
    min_video_seconds: float = MIN_VIDEO_SECONDS
    max_video_seconds: float = MAX_VIDEO_SECONDS
    references: int = MAX_REFERENCES
    reference_bytes: int = Field(default=LIMITS[ReferenceKind.PICTURE].bytes, description="Of a picture; see `kinds`")
    kinds: tuple[KindLimits, ...] = Field(default=tuple(LIMITS.values()), description="What a reference may be")


class DestinationView(View):
    """Where a film can be published: the name is a rendition of its cut."""

    name: Destination
    label: str
    aspect: Aspect
    width: int
    height: int
    rates: tuple[int, ...] = Field(description="Frames a second")
    least_seconds: float
    most_seconds: float | None = Field(description="null: no limit")
    most_bytes: int | None = Field(description="null: no limit")
    loudness_lufs: float
    true_peak_dbtp: float
    muted: bool = Field(description="It plays without sound at first, so captions are drawn into the picture")
    safe_area: dict[str, float] = Field(description="Shares of the picture at its left, top, right and bottom")
    ai_label: str = Field(description="How a film that models made is labelled there")

    @classmethod
    def of(cls, profile: Profile) -> "DestinationView":
        return cls(
            name=profile.name,
            label=profile.label,
            aspect=profile.aspect,
            width=profile.size[0],
            height=profile.size[1],
            rates=profile.rates,
            least_seconds=profile.least_seconds,
            most_seconds=profile.most_seconds,
            most_bytes=profile.most_bytes,
            loudness_lufs=profile.lufs,
            true_peak_dbtp=profile.peak_dbtp,
            muted=profile.muted,
            safe_area=asdict(profile.safe),
            ai_label=profile.ai_label,
        )


class PlatformsView(View):
    platforms: tuple[PlatformView, ...]
    interviews: InterviewInfo | None = Field(default=None, description="By voice; null while no worker answers")
    limits: BriefLimits = BriefLimits()
    destinations: tuple[DestinationView, ...] = tuple(map(DestinationView.of, PROFILES.values()))


class LanguageView(View):
    """The language that a text is written in; null where it is too short, mixed or not certain."""

    language: str | None = Field(default=None, description="BCP 47 language tag")
    name: str = Field(default="", description="Its English name")
    confidence: float = Field(default=0.0, description="Its probability, 0..1")
    alike: tuple[str, ...] = Field(default=(), description="Languages that short texts do not tell apart from it")
