"""An interview by voice: its terms, its usage and its cost. Pure data.

The browser speaks with the vendor directly, by a client secret that a worker minted. Only the browser gets the
vendor's counts, and the vendor does not enforce our cap. So the cap is reserved before the secret is minted, and it is
what the session costs in every record and limit; the page asks for an answer only while its highest price fits the cap.
The counts that the page reports are kept next to it, and can only raise it.
"""

from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from workflows.models import ZERO, Model, Money, Person, ProductionId, Slug

MAX_MINUTES: Final = 60
"""OpenAI ends a session after an hour."""
TURN_TOKENS: Final = 4_000
"""Of the conversation that goes with each answer, after the instructions: 400 s of the person's speech. The page ends
a session in which a person speaks for 300 s without a pause."""
ANSWER_TOKENS: Final = 1_000
"""Of one answer: 50 s of speech, with the calls of functions."""
SECRET_SECONDS: Final = 60
"""Until a client secret expires. It opens sessions until then, and not only one; the vendor's least is 10."""
REPORT_SECONDS: Final = 120
"""How long the report of the page is awaited after the end of a session."""
REFUSED: Final = "VoiceSessionRefused"
"""The type of the failure of a session that is not opened; nothing was paid."""
_MILLION: Final = Decimal(1_000_000)
_CENTS: Final = Decimal("0.0001")

Tokens = Annotated[int, Field(ge=0, le=50_000_000)]
Status = Literal["opening", "open", "ended", "unused", "failed"]

ONLY_THE_BROWSER: Final = (
    "the vendor reports what it counts to the browser alone, and a client secret does not enforce the cap. The page "
    "asks for an answer only while its highest price fits the cap, so the cost is counted as the whole cap. A changed "
    "page could open further sessions until the secret expires; the vendor's invoice has their cost"
)
NEVER_HANDED_OUT: Final = "the client secret was never handed out, so it costs nothing"
ABOVE_THE_CAP: Final = "the page reports more than the cap, so what it reports is counted; compare it with the invoice"


class TokenRates(Model):
    """Prices of a realtime model in USD for a million tokens."""

    text_in: Money
    text_cached: Money
    audio_in: Money
    audio_cached: Money
    text_out: Money
    audio_out: Money

    def turn_usd(self, instruction_bytes: int) -> Decimal:
        """The highest price of one answer: all input is uncached sound, and a byte of the instructions is a token."""
        heard = TURN_TOKENS * max(self.audio_in, self.text_in)
        said = ANSWER_TOKENS * max(self.audio_out, self.text_out)
        return _rounded(heard + said + instruction_bytes * self.text_in)


class Usage(Model):
    """All tokens of a session as the vendor counts them, from the usage of each answer. Cached tokens are a part of the
    input. Input or output whose kind the vendor does not tell counts as sound."""

    answers: Annotated[int, Field(ge=0, le=100_000)] = 0
    text_in: Tokens = 0
    text_cached: Tokens = 0
    audio_in: Tokens = 0
    audio_cached: Tokens = 0
    text_out: Tokens = 0
    audio_out: Tokens = 0

    @model_validator(mode="after")
    def _cached_is_a_part(self) -> "Usage":
        for kind in ("text", "audio"):
            cached, whole = getattr(self, f"{kind}_cached"), getattr(self, f"{kind}_in")
            if cached > whole:
                raise ValueError(
                    f"{kind}_cached: {cached} tokens of {whole} cannot be cached; give a part of {kind}_in"
                )
        return self

    def usd(self, rates: TokenRates) -> Decimal:
        """The cost at these rates."""
        fresh = (self.text_in - self.text_cached) * rates.text_in + (self.audio_in - self.audio_cached) * rates.audio_in
        cached = self.text_cached * rates.text_cached + self.audio_cached * rates.audio_cached
        return _rounded(fresh + cached + self.text_out * rates.text_out + self.audio_out * rates.audio_out)


class SessionStart(Model):
    """The workflow's input."""

    session_id: ProductionId
    max_usd: Money | None = None
    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)] | None = None
    tenant: Slug = "default"
    requester: Person = "anonymous"


class OpenSession(Model):
    """Mint a client secret. `day` (UTC) is that of the account of the tenant."""

    start: SessionStart
    day: str


class Opened(Model):
    """The terms of a session whose client secret is stored for the API; `nonce` names its submission in the ledger."""

    nonce: str
    provider: str
    model: str
    url: str = Field(description="The address for the WebSocket of the browser")
    minted: int = Field(default=1, description="Client secrets; all but the last were lost with their worker")
    opened_at: datetime
    expires_at: datetime = Field(description="The client secret opens no session after this")
    ends_at: datetime = Field(description="The page ends the session")
    reserved_usd: Money
    turn_usd: Money = Field(description="The highest price of one answer")
    rates: TokenRates


class CloseSession(Model):
    """Settle a session. `nonce` is empty where none was opened."""

    start: SessionStart
    day: str
    nonce: str = ""
    cost_usd: Money = ZERO


class Settled(Model):
    """What a closed session costs; it may be more than was asked for, where the run was reset."""

    cost_usd: Money = ZERO


class VoiceSession(Model):
    """An interview by voice, as its workflow keeps it. The API's view of it describes the fields.

    `nonce` names the secret in the bucket; the API may read it where it was `handed_out`.
    """

    session_id: ProductionId
    status: Status = "opening"
    error: str = ""
    nonce: str = ""
    handed_out: bool = False
    provider: str = ""
    model: str = ""
    url: str = ""
    minutes: int = 0
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    reserved_usd: Money = ZERO
    turn_usd: Money = ZERO
    rates: TokenRates | None = None
    secrets_minted: int = 0
    cost_usd: Money = ZERO
    reported: Usage | None = None
    reported_usd: Money | None = None
    may_differ_usd: Money = ZERO
    why: str = ""

    def opened(self, terms: Opened) -> "VoiceSession":
        """The session once its secret is minted: its cost is the whole cap."""
        minutes = round((terms.ends_at - terms.opened_at).total_seconds() / 60)
        known = {name: getattr(terms, name) for name in ("nonce", "provider", "model", "url", "turn_usd", "rates")}
        times = {"expires_at": terms.expires_at, "ends_at": terms.ends_at, "minutes": minutes}
        money = {
            "reserved_usd": terms.reserved_usd,
            "cost_usd": terms.reserved_usd,
            "may_differ_usd": terms.reserved_usd,
            "why": ONLY_THE_BROWSER,
        }
        return self.model_copy(update={"status": "open", "secrets_minted": terms.minted, **known, **times, **money})

    def ended(self, usage: Usage | None) -> "VoiceSession":
        """The session with what the page reports, which never lowers its cost."""
        if usage is None or self.rates is None:
            return self.model_copy(update={"status": "ended"})
        usd = usage.usd(self.rates)
        update = {
            "status": "ended",
            "reported": usage,
            "reported_usd": usd,
            "cost_usd": max(self.reserved_usd, usd),
            "may_differ_usd": max(self.reserved_usd - usd, ZERO),
            "why": ABOVE_THE_CAP if usd > self.reserved_usd else ONLY_THE_BROWSER,
        }
        return self.model_copy(update=update)

    def unused(self) -> "VoiceSession":
        """The session whose secret expired in the bucket."""
        money = {"cost_usd": ZERO, "may_differ_usd": ZERO, "why": NEVER_HANDED_OUT}
        return self.model_copy(update={"status": "unused", **money})


def _rounded(million_usd: Decimal) -> Decimal:
    """USD from token prices for a million, rounded up to the four decimals of records."""
    return (million_usd / _MILLION).quantize(_CENTS, ROUND_UP)
