"""Scratch effects and ambience: a sound for the first word of the prompt that it has a formula for.

A prompt with no such word gets a neutral sound, so that its place in the film is heard.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from activities.providers.previz.sound.synthesis import Formula, evaluate, write_wav


@dataclass(frozen=True)
class Recipe:
    """A kind of sound.

    Attributes:
        words: A pattern for the words that name it.
        seconds: Its usual length.
        formula: From the length and a random number to its channels.
        filters: What libavfilter does to them.
    """

    words: str
    seconds: float
    formula: Callable[[float, Random], Formula]
    filters: tuple[tuple[str, str], ...] = ()


def _noise(seed: int) -> str:
    """White noise: the states 0 and 9 of the expression are its seed and its start."""
    return f"(if(ld(9),0,st(0,{seed})+st(9,1))*0+random(0)*2-1)"


def _stereo(mono: Callable[[int], str], dice: Random) -> Formula:
    return mono(dice.randrange(1, 1 << 20)), mono(dice.randrange(1, 1 << 20))


def _low(noise: str, amount: str, state: int = 1) -> str:
    """A one-pole low pass; `amount` of 1 passes everything."""
    return f"st({state},ld({state})+({amount})*({noise}-ld({state})))"


def _band(noise: str, upper: str, lower: str) -> str:
    return f"({_low(noise, upper, 1)}-{_low('ld(1)', lower, 2)})"


def _whoosh(d: float, dice: Random) -> Formula:
    shape = f"pow(sin(PI*t/{d}),2)"
    left, right = _stereo(lambda s: f"0.8*{shape}*{_band(_noise(s), f'0.02+0.4*{shape}', '0.015')}", dice)
    return f"(1.2-t/{d})*{left}", f"(0.2+t/{d})*{right}"


def _click(d: float, dice: Random) -> Formula:
    tone = "0.5*exp(-90*t)*sin(6.2832*2300*t)+0.3*exp(-60*t)*sin(6.2832*900*t)"
    return _stereo(lambda s: f"{tone}+0.4*exp(-350*t)*{_noise(s)}", dice)


def _bell(at: float, hertz: float, level: float) -> str:
    u = f"(t-{at})"
    partials = ((1.0, 1.0, 2.2), (2.0, 0.5, 3.2), (2.76, 0.4, 4.5), (5.4, 0.2, 8.0))
    tones = "+".join(f"{a}*exp(-{k}*{u})*sin({6.2832 * hertz * p:.3f}*{u})" for p, a, k in partials)
    return f"if(gte(t,{at}),{level}*min(1,{u}/0.003)*({tones}),0)"


def _chime(d: float, dice: Random) -> Formula:
    hertz = dice.choice((659.26, 783.99, 880.0, 987.77))
    first, second = _bell(0, hertz, 0.3), _bell(0.22, hertz * 1.4983, 0.25)
    return f"{first}+0.6*{second}", f"0.6*{first}+{second}"


def _impact(d: float, dice: Random) -> Formula:
    sub = "0.75*min(1,t/0.004)*exp(-3.2*t)*sin(6.2832*(42*t+4*(1-exp(-14*t))))"
    return _stereo(lambda s: f"{sub}+1.6*exp(-16*t)*{_low(_noise(s), '0.12')}", dice)


def _riser(d: float, dice: Random) -> Formula:
    shape = f"pow(t/{d},2)"
    tone = f"0.12*{shape}*sin(6.2832*(160*t+{220 / d:.3f}*t*t))"
    return _stereo(lambda s: f"{tone}+0.7*{shape}*{_band(_noise(s), f'0.03+0.4*{shape}', '0.02')}", dice)


def _steps(d: float, dice: Random) -> Formula:
    ats = [k * 0.52 for k in range(max(1, int(d / 0.52)))]
    hits = "+".join(f"if(gte(t,{a:.2f}),exp(-40*(t-{a:.2f}))*min(1,(t-{a:.2f})/0.002),0)" for a in ats)
    return _stereo(lambda s: f"({hits})*(1.8*{_low(_noise(s), '0.16')}+0.35*sin(6.2832*95*t))", dice)


def _rain(d: float, dice: Random) -> Formula:
    drops = "st(5,0.7*ld(5)+0.6*gt(random(3),0.9985)*(random(4)*2-1))"
    return _stereo(lambda s: f"0.09*{_noise(s)}+0.6*{drops}", dice)


def _wind(d: float, dice: Random) -> Formula:
    turns = max(1, round(d / 7))
    gust = f"(0.5+0.5*sin(6.2832*{turns}*t/{d}+sin(6.2832*{2 * turns}*t/{d})))"
    return _stereo(lambda s: f"0.6*(0.5+{gust})*{_band(_noise(s), f'0.02+0.06*{gust}', '0.008')}", dice)


def _sea(d: float, dice: Random) -> Formula:
    turns = max(1, round(d / 8))
    swell = f"pow(0.5-0.5*cos(6.2832*{turns}*t/{d}),1.6)"
    return _stereo(lambda s: f"(0.08+0.35*{swell})*{_band(_noise(s), f'0.05+0.25*{swell}', '0.01')}", dice)


def _fire(d: float, dice: Random) -> Formula:
    crackle = "st(6,0.93*ld(6)+gt(random(3),0.9993)*0.4)"
    return _stereo(lambda s: f"0.9*{_low(_noise(s), '0.01')}+{crackle}*(random(4)*2-1)", dice)


def _street(d: float, dice: Random) -> Formula:
    turns = max(1, round(d / 9))
    passing = f"pow(0.5-0.5*cos(6.2832*{turns}*t/{d}),3)"
    return _stereo(lambda s: f"0.6*(0.7+{passing})*{_band(_noise(s), f'0.03+0.07*{passing}', '0.004')}", dice)


def _people(d: float, dice: Random) -> Formula:
    turns = max(1, round(d * 2.3))
    talk = f"(0.6+0.25*sin(6.2832*{turns}*t/{d})+0.15*sin(6.2832*{round(turns * 1.6)}*t/{d}))"
    return _stereo(lambda s: f"0.9*{talk}*{_band(_noise(s), '0.11', '0.045')}", dice)


def _birds(d: float, dice: Random) -> Formula:
    calls: tuple[list[str], list[str]] = ([], [])
    for _ in range(max(2, round(d * 0.8))):
        at, hertz, side = dice.uniform(0, d - 0.3), dice.uniform(2400, 4200), dice.randrange(2)
        u = f"(t-{at:.3f})"
        phase = f"6.2832*({hertz:.0f}*{u}+14*sin(6.2832*{dice.uniform(9, 16):.1f}*{u}))"
        call = f"if(between(t,{at:.3f},{at + 0.24:.3f}),0.16*pow(sin(PI*{u}/0.24),2)*sin({phase}),0)"
        calls[side].append(call)
        calls[1 - side].append(f"0.3*{call}")
    left, right = _stereo(lambda s: f"0.5*{_band(_noise(s), '0.05', '0.01')}", dice)
    return "+".join([left, *calls[0]]), "+".join([right, *calls[1]])


def _room(d: float, dice: Random) -> Formula:
    return _stereo(lambda s: f"0.5*{_low(_noise(s), '0.012')}", dice)


_LIMIT: Final = ("alimiter", "limit=0.7:level=disabled:attack=2:release=50")
_HALL: Final = ("aecho", "0.9:0.7:67|131|211:0.25|0.17|0.1")

EFFECTS: Final[tuple[Recipe, ...]] = (
    Recipe(r"whoosh|swish|swoosh|swipe|flies|flyby|fly[- ]?by|transition|zisch\w*|sausen", 1.2, _whoosh),
    Recipe(r"clicks?|click\w*|buttons?|tap|taps|typing|keyboard|switch|shutter|klick\w*|taste\w*|clic", 0.2, _click),
    Recipe(
        r"impact|hits?|boom|thud|bang|slam\w*|crash\w*|explo\w*|thunder|drop|knall\w*|donner|schlag|golpe|trueno", 1.8,
        _impact, (_HALL,),
    ),
    Recipe(r"riser?|rising|build[- ]?up|swell|anstieg", 2.5, _riser),
    Recipe(r"(?:foot)?steps?|walk\w*|knock\w*|schritte?|klopfen|pasos|pas", 2.1, _steps, (_HALL,)),
    Recipe(r"chimes?|bells?|ding|ping|notification|glock\w*|campan\w*|gong|sparkle|magic", 2.6, _chime, (_HALL,)),
)  # fmt: skip
AMBIENCES: Final[tuple[Recipe, ...]] = (
    Recipe(r"rain\w*|drizzle|storm|regen|lluvia|pluie|pioggia|chuva", 20.0, _rain, (("highpass", "f=400"),)),
    Recipe(r"seas?|ocean|waves?|surf|beach|coast|shore|meer|wellen|strand|mar|olas|mer|vagues|mare|onde", 24.0, _sea),
    Recipe(r"wind\w*|breeze|gust\w*|mountain|desert|viento|vent|vento", 21.0, _wind),
    Recipe(r"fire\w*|crackl\w*|campfire|kamin|feuer|fuego|feu|fuoco", 20.0, _fire),
    Recipe(r"birds?|forest|woods?|garden|park|meadow|vögel|wald|pájaros|bosque|oiseaux|forêt", 20.0, _birds),
    Recipe(r"crowd|people|caf[eé]|coffee|restaurant|bar|audience|chatter|menge|leute|gente|foule", 20.0, _people),
    Recipe(r"traffic|street|city|cars?|train|motorway|highway|verkehr|straße|stadt|zug|calle|ville|rue", 27.0, _street),
)
_NEUTRAL: Final = {"effects": EFFECTS[-1], "ambience": Recipe("", 20.0, _room)}
LONGEST_EFFECT: Final = 4.0
"""Of an effect that is the sound of a place, such as rain."""


def recipe_of(role: str, prompt: str) -> Recipe:
    """The recipe whose word comes first in the prompt; an effect may be a short sound of a place too."""
    for recipes in (EFFECTS, AMBIENCES) if role == "effects" else (AMBIENCES,):
        found = [
            (match.start(), number, recipe)
            for number, recipe in enumerate(recipes)
            if (match := re.search(rf"\b(?:{recipe.words})\b", prompt, re.IGNORECASE))
        ]
        if found:
            return min(found, key=lambda f: f[:2])[2]
    return _NEUTRAL[role]


def effect(
    role: str, prompt: str, target: Path, seconds: float | None = None, stop: Callable[[], bool] = lambda: False
) -> Path:
    """Write an effect or an ambience as a WAV file, in its usual length or in exactly `seconds`."""
    recipe = recipe_of(role, prompt)
    lasts = seconds or (min(recipe.seconds, LONGEST_EFFECT) if role == "effects" else recipe.seconds)
    dice = Random(prompt)  # noqa: S311 - sound, not secrets
    samples = evaluate(recipe.formula(lasts, dice), lasts)
    return write_wav(target, [samples], [*recipe.filters, _LIMIT], lasts, stop)
