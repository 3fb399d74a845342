"""The profiles of common destinations: size, rate, length, file, sound, and the area that is free of their controls.

The facts are those that the destinations published when they were last checked, on 2026-11-29:

- YouTube: https://support.google.com/youtube/answer/1722171 (MP4 with the index at the front, H.264, closed GOP, AAC-LC
  stereo at 48 kHz; 24, 25 or 30 frames a second are usual) and /answer/71673 (256 GB or 12 hours). Shorts:
  /answer/15424877 (square or vertical, up to three minutes). It plays at -14 LUFS and only lowers what is louder.
- TikTok: https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide (MP4, H.264, 23 to 60 frames a
  second, 360 to 4,096 pixels, at most 10 minutes and 4 GB).
- Instagram: https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media (reels:
  MP4 or MOV, 23 to 60 frames a second, at most 1,920 columns, 25 Mbit/s of video and 128 kbit/s of sound, 3 seconds to
  15 minutes, 300 MB; stories: 60 seconds, 100 MB). A video in the feed is published as a reel, and shown in 4:5.
- LinkedIn: https://learn.microsoft.com/linkedin/marketing/community-management/shares/videos-api (MP4, 3 seconds to 30
  minutes, 75 KB to 500 MB).
- X: https://docs.x.com/x-api/media/quickstart/best-practices (MP4, H.264, AAC-LC; 0.5 to 140 seconds, 512 MB, at most
  60 frames a second; 1280 x 720 is recommended). Accounts that pay may post longer films.
- Broadcast: EBU R 128 (2023), -23 LUFS and at most -1 dBTP; EBU R 95 (2017), text 5 % from each edge; 25 frames a
  second. A broadcaster's own delivery rules, such as a mezzanine codec, are not in it.
- The areas under the controls of vertical players: Meta's guide for 9:16 (14 % at the top, 35 % at the bottom, 6 % at
  the sides, since March 2026), TikTok's guide for in-feed films of 1080 x 1920 (about 150 pixels at the top and at the
  right, 440 at the bottom). Shorts has no published figures; those of TikTok cover its controls.

The labels "made with AI": YouTube Data API, `status.containsSyntheticMedia`; TikTok, `post_info.is_aigc`; Instagram,
LinkedIn and TikTok also read Content Credentials (C2PA) and the IPTC digital source type, which every signed film has.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from workflows.base import Aspect

Destination = Literal[
    "youtube",
    "youtube-shorts",
    "tiktok",
    "instagram-reels",
    "instagram-feed",
    "instagram-stories",
    "linkedin",
    "x",
    "broadcast",
]
Rendition = Literal[Aspect, Destination]
"""A further version of a film: in another aspect, or for a destination."""

USUAL_RATES: Final = (24, 25, 30)
"""Frames a second that every player accepts."""
_EVEN: Final = 0.005
"""The share by which two rates may differ: a film then repeats or leaves out a frame in eight seconds or more."""
_MB: Final = 1_000_000
_GB: Final = 1_000_000_000
_TITLE_SAFE: Final = 0.05
_USUAL_KBPS: Final = 25_000
"""The limit of Instagram and X; the others take more. One limit lets destinations of one size share their parts."""


@dataclass(frozen=True)
class SafeArea:
    """The edges of a picture that text stays away from, as shares of its width and height."""

    left: float = _TITLE_SAFE
    top: float = _TITLE_SAFE
    right: float = _TITLE_SAFE
    bottom: float = _TITLE_SAFE


@dataclass(frozen=True)
class Profile:
    """What a destination accepts, and how a film is made for it.

    Attributes:
        size: Width and height in pixels.
        rates: Frames a second.
        least_seconds: The shortest film; `most_seconds` the longest, None without a limit.
        most_bytes: Of the file; None without a limit.
        most_kbps: Of the picture, in 1,000 bits a second.
        lufs: Integrated loudness; `tolerance_lu` is how far it may be from it.
        peak_dbtp: The highest true peak, after the encoding.
        sound_bps: Of the sound, in bits a second.
        muted: Whether it usually begins to play without sound, so captions belong into the picture.
        ai_label: How a film that models made is labelled there.
    """

    name: Destination
    label: str
    aspect: Aspect
    size: tuple[int, int]
    ai_label: str
    rates: tuple[int, ...] = USUAL_RATES
    least_seconds: float = 0.0
    most_seconds: float | None = None
    most_bytes: int | None = None
    most_kbps: int = _USUAL_KBPS
    lufs: float = -14.0
    tolerance_lu: float = 0.5
    peak_dbtp: float = -1.0
    sound_bps: int = 192_000
    safe: SafeArea = SafeArea()
    muted: bool = True

    def kbps(self, seconds: float) -> int:
        """The highest bit rate of the picture of a film of this length, for the size of its file.

        It is rounded down to two digits: a film that becomes a little longer keeps its encoded parts.
        """
        if self.most_bytes is None:
            return self.most_kbps
        room = 0.9 * self.most_bytes * 8 / 1_000 / max(seconds, 1.0) - self.sound_bps / 1_000
        if room >= self.most_kbps:
            return self.most_kbps
        step = int(10 ** max(0, len(str(int(room))) - 2))
        return max(100, int(room) // step * step)


_VERTICAL: Final = SafeArea(left=0.06, top=0.14, right=0.14, bottom=0.23)
_META: Final = SafeArea(left=0.06, top=0.14, right=0.06, bottom=0.35)
_STORY: Final = SafeArea(left=0.06, top=0.14, right=0.06, bottom=0.2)
_YOUTUBE_LABEL: Final = "Answer “Altered or synthetic content” with yes (API: status.containsSyntheticMedia = true)"
_META_LABEL: Final = "Switch “Add AI label” on; the Content Credentials of the file also set “AI info”"

PROFILES: Final[dict[str, Profile]] = {
    each.name: each
    for each in (
        Profile(
            "youtube", "YouTube", "16:9", (1920, 1080), _YOUTUBE_LABEL,
            most_seconds=12 * 3_600, most_bytes=256 * _GB, muted=False,
        ),
        Profile(
            "youtube-shorts", "YouTube Shorts", "9:16", (1080, 1920), _YOUTUBE_LABEL,
            most_seconds=180, most_bytes=256 * _GB, safe=_VERTICAL,
        ),
        Profile(
            "tiktok", "TikTok", "9:16", (1080, 1920),
            "Switch “AI-generated content” on (API: post_info.is_aigc = true); Content Credentials also set it",
            least_seconds=3, most_seconds=600, most_bytes=4 * _GB, safe=_VERTICAL,
        ),
        Profile(
            "instagram-reels", "Instagram Reels", "9:16", (1080, 1920), _META_LABEL,
            least_seconds=3, most_seconds=900, most_bytes=300 * _MB, sound_bps=128_000, safe=_META,
        ),
        Profile(
            "instagram-feed", "Instagram feed", "4:5", (1080, 1350), _META_LABEL,
            least_seconds=3, most_seconds=900, most_bytes=300 * _MB, sound_bps=128_000,
        ),
        Profile(
            "instagram-stories", "Instagram Stories", "9:16", (1080, 1920), _META_LABEL,
            least_seconds=3, most_seconds=60, most_bytes=100 * _MB, sound_bps=128_000, safe=_STORY,
        ),
        Profile(
            "linkedin", "LinkedIn", "16:9", (1920, 1080),
            "LinkedIn shows the Content Credentials of the file (“Cr”); say in the post that it is made with AI",
            least_seconds=3, most_seconds=1_800, most_bytes=500 * _MB,
        ),
        Profile(
            "x", "X", "16:9", (1280, 720), "Say in the post that the film is made with AI",
            least_seconds=0.5, most_seconds=140, most_bytes=512 * _MB,
        ),
        Profile(
            "broadcast", "Broadcast (EBU R 128)", "16:9", (1920, 1080),
            "Tell the broadcaster that the film is made with AI; the file is signed",
            rates=(25,), lufs=-23.0, muted=False,
        ),
    )
}  # fmt: skip
"""Name -> profile."""

assert tuple(PROFILES) == get_args(Destination)


def aspect_of(rendition: str) -> str:
    """The aspect of a rendition; a profile has its own."""
    profile = PROFILES.get(rendition)
    return profile.aspect if profile else rendition


def problem_of(renditions: tuple[str, ...], seconds: float) -> str:
    """Why a film of this planned length cannot be made in these renditions, with the remedy; empty if it can."""
    twice = next((each for each in renditions if renditions.count(each) > 1), None)
    if twice:
        return f"{twice} is named twice; name each rendition once"
    profiles = [PROFILES[each] for each in renditions if each in PROFILES]
    for profile in profiles:
        if profile.most_seconds is not None and seconds > profile.most_seconds:
            return (
                f"{profile.name} takes films of at most {profile.most_seconds:g} s, and this one lasts about "
                f"{seconds:.4g} s; make it shorter, or leave {profile.name} out"
            )
        if seconds < profile.least_seconds:
            return (
                f"{profile.name} takes films of at least {profile.least_seconds:g} s, and this one lasts about "
                f"{seconds:.3g} s; make it longer, or leave {profile.name} out"
            )
    return ""


def rate_of(renditions: tuple[str, ...], usual: float) -> int:
    """The frames a second of a film whose shots have this rate: an accepted one in which their motion stays even.

    Of 50 frames a second every second one is shown in 25, and of 15 each is shown twice in 30; otherwise the nearest.
    """
    rates = set(USUAL_RATES)
    for rendition in renditions:
        if rendition in PROFILES:
            rates &= set(PROFILES[rendition].rates)
    even = [rate for rate in rates if _is_even(max(rate, usual) / max(min(rate, usual), 1.0))]
    return min(sorted(even or rates), key=lambda rate: abs(rate - usual))


def _is_even(times: float) -> bool:
    """Whether a rate is about a whole number of times another one: 29.97 is 30."""
    return abs(times - round(times)) < _EVEN * times
