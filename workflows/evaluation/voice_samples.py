"""Samples of voices: evaluations of one short sentence by one voice, which people hear before they approve a plan.

The id of a sample follows from the tenant, the model, the voice and the language, and takes of an evaluation go through
the ledger: whoever asks, and whichever process ends, each sample is paid once.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from workflows import keys
from workflows.base import Language
from workflows.evaluation.cases import Case, ModelSpec
from workflows.evaluation.records import EvaluationStart
from workflows.models import Modality, Model, ModelName, digest_of

MAX_ATTEMPTS: Final = 5
"""Of one sample: an attempt that failed is kept, and a person may request another one."""
CELL: Final = 1
"""The number of the only take of a sample."""
_HEAD: Final = "voice_"
"""Of the name of a sample. People's own names of evaluations have no underscore."""
_METRICS: Final = ("cost",)
"""A sample is heard, not measured; no metric at all would stand for all of them."""
_COUNTED: Final = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10."
"""For a language without a sentence: every voice reads numbers in its own language."""
SENTENCES: Final[Mapping[str, str]] = {
    "ar": "هكذا يبدو هذا الصوت عندما يحكي قصة قصيرة.",
    "cs": "Takto zní tento hlas, když vypráví krátký příběh.",
    "da": "Sådan lyder denne stemme, når den fortæller en kort historie.",
    "de": "So klingt diese Stimme, wenn sie eine kurze Geschichte erzählt.",
    "el": "Έτσι ακούγεται αυτή η φωνή όταν λέει μια σύντομη ιστορία.",
    "en": "This is how this voice sounds when it tells a short story.",
    "es": "Así suena esta voz cuando cuenta una historia breve.",
    "fi": "Tältä tämä ääni kuulostaa, kun se kertoo lyhyen tarinan.",
    "fr": "Voici comment cette voix raconte une courte histoire.",
    "hi": "यह आवाज़ एक छोटी कहानी सुनाते समय ऐसी लगती है।",
    "hu": "Így szól ez a hang, amikor egy rövid történetet mesél.",
    "id": "Beginilah suara ini terdengar saat menceritakan sebuah kisah singkat.",
    "it": "Ecco come suona questa voce quando racconta una breve storia.",
    "ja": "この声が短い物語を語ると、このように聞こえます。",
    "ko": "이 목소리로 짧은 이야기를 들려드리면 이렇게 들립니다.",
    "nl": "Zo klinkt deze stem wanneer ze een kort verhaal vertelt.",
    "no": "Slik høres denne stemmen ut når den forteller en kort historie.",
    "pl": "Tak brzmi ten głos, kiedy opowiada krótką historię.",
    "pt": "É assim que esta voz soa quando conta uma história curta.",
    "ro": "Așa sună această voce când spune o poveste scurtă.",
    "ru": "Так звучит этот голос, когда он рассказывает короткую историю.",
    "sv": "Så här låter den här rösten när den berättar en kort historia.",
    "tr": "Bu ses kısa bir hikâye anlatırken böyle duyulur.",
    "uk": "Так звучить цей голос, коли він розповідає коротку історію.",
    "vi": "Đây là cách giọng nói này kể một câu chuyện ngắn.",
    "zh": "这个声音讲一个小故事的时候，听起来是这样的。",
}


def _with_provider(model: str) -> str:
    """The model, whose one name makes one id."""
    provider, _, name = model.partition("/")
    if not provider or not name or "?" in model:
        raise ValueError(f"{model!r} names no provider; give provider/model, e.g. previz/previz-narration")
    return model


class VoiceWanted(Model):
    """A voice of a model in a language."""

    model: Annotated[ModelName, AfterValidator(_with_provider)] = Field(
        description="The model of a voice, as provider/model; GET /api/v1/providers lists them",
        examples=["previz/previz-narration"],
    )
    voice: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = Field(
        default="", description="The parameter `voice` of the model; if empty, its default", examples=["en-gb"]
    )
    language: Language = "en"

    @property
    def label(self) -> str:
        return f"{self.model}?voice={self.voice}" if self.voice else self.model

    @property
    def sentence(self) -> str:
        """What the sample says."""
        return SENTENCES.get(self.language.lower().partition("-")[0], _COUNTED)


def sample_start(
    wanted: VoiceWanted,
    attempt: int,
    *,
    tenant: str,
    requester: str,
    max_usd: Decimal,
    allow_unknown_prices: bool,
    created_at: datetime,
) -> EvaluationStart:
    """The evaluation that makes a sample.

    Args:
        attempt: From 1; the next one is for a sample that failed.
    """
    content = digest_of([wanted.model, wanted.voice, wanted.language.lower(), wanted.sentence])
    name = f"{_HEAD}{content[:16]}" + (f"-{attempt}" if attempt > 1 else "")
    parameters = {"voice": wanted.voice} if wanted.voice else {}
    case = Case(case_id="sample", line=1, prompt=wanted.sentence, modality=Modality.AUDIO, language=wanted.language)
    return EvaluationStart(
        evaluation_id=keys.qualify_id(tenant, name),
        cases=(case,),
        models=(ModelSpec(label=wanted.label, name=wanted.model, parameters=parameters),),
        metrics=_METRICS,
        max_usd=max_usd,
        allow_unknown_prices=allow_unknown_prices,
        tenant=tenant,
        requester=requester,
        title=f"Voice sample in {wanted.language}: {wanted.label}"[:200],
        created_at=created_at,
        content=content,
    )
