"""The steps of finishing a film, without media, languages without translators, and the accounts of grants."""

from abc import ABC
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.activity_io import (
    GRANT_SHORT,
    SEGMENT_MISSING,
    TAKE_EXISTS,
    AddLanguages,
    AssembleFilm,
    AssetFailure,
    EncodeSegment,
    FilmLayout,
    FinishDeliverable,
    LanguagesAdded,
    MixSound,
    ProduceAsset,
    ReserveGrant,
    Segment,
)
from workflows.contracts import ProductionActivities
from workflows.models import Deliverable
from workflows.prices import EarlierRequest
from workflows.spoken import languages

if TYPE_CHECKING:
    from activities.storage.bucket import Storage


class FakeFilmSteps(ProductionActivities, ABC):
    """Films of `segments`, of which those in `encoded` are stored. Those in `broken` fail with their message; those in
    `deleted` are found to be gone when the film is assembled. `layouts` counts how often it was laid out. Languages are
    added if it `translates`. Grants and series are counted in the bucket `accounts`; without it nothing is granted."""

    translates = True
    accounts: "Storage | None" = None

    def __init__(self) -> None:
        self.segments: Sequence[str] = ()
        self.encoded: list[str] = []
        self.broken: dict[str, str] = {}
        self.deleted: list[str] = []
        self.layouts = 0

    @activity.defn(name="add_languages")
    async def add_languages(self, request: AddLanguages) -> LanguagesAdded:
        """Each text is its own translation, with the language before it."""
        plan = request.plan
        for tag in request.languages if self.translates else ():
            words = {text: f"{tag}: {text}" for text in languages.to_translate(plan, tag, request.left_out)}
            plan = languages.with_language(plan, tag, words, languages.untranslated(plan, tag, request.left_out))
        return LanguagesAdded(plan=plan)

    @activity.defn(name="reserve_grant")
    async def reserve_grant(self, request: ReserveGrant) -> None:
        # Imported here, because workflows of tests load this module in their sandbox, which takes no storage library.
        from activities.planning.questions.grants import reserve_grant

        if self.accounts is None:
            raise ApplicationError("no accounts", type=GRANT_SHORT, non_retryable=True)
        await reserve_grant(request, self.accounts)

    def series_steps(self) -> Sequence[Any]:
        """The activities of the accounts of series, in the bucket `accounts`."""
        from activities.takes.accounts.series import SeriesAccounts

        if self.accounts is None:
            return ()
        made = SeriesAccounts(self.accounts)
        return made.open_series, made.reserve_part, made.return_part

    async def check_grant(self, request: ProduceAsset) -> None:
        """As before the submission of a take that costs something."""
        from activities.takes.accounts.series import check_grant

        if self.accounts is not None and request.grant:
            await check_grant(self.accounts, request.grant, request.production_id)

    @activity.defn(name="lay_out_film")
    async def lay_out_film(self, request: FinishDeliverable) -> FilmLayout:
        self.layouts += 1
        left = [name for name in self.segments if name not in self.encoded]
        return FilmLayout(
            timeline="timeline",
            segments=tuple(Segment(number=n, name=name, key=name) for n, name in enumerate(left, start=1)),
            count=max(1, len(self.segments)),
            sound="sound" if self.segments and "sound" not in self.encoded else "",
        )

    @activity.defn(name="encode_segment")
    async def encode_segment(self, request: EncodeSegment) -> None:
        if problem := self.broken.get(request.segment.name):
            raise ApplicationError(problem, non_retryable=True)
        self.encoded.append(request.segment.name)

    @activity.defn(name="mix_sound")
    async def mix_sound(self, request: MixSound) -> None:
        self.encoded.append("sound")

    @activity.defn(name="assemble_film")
    async def assemble_film(self, request: AssembleFilm) -> Deliverable:
        if self.deleted:
            self.encoded.remove(self.deleted.pop())
            raise ApplicationError("a part was deleted", type=SEGMENT_MISSING, non_retryable=True)
        return await self.finish_deliverable(request.request)


EARLIER_USD = Decimal("0.10")
"""The price of takes of another run, by the model "earlier"."""


def of_another_run(provider: str, billed_usd: Decimal) -> ApplicationError:
    """The end of a take whose number another run used, for this bill."""
    above = max(billed_usd - EARLIER_USD, Decimal(0))
    earlier = EarlierRequest(provider=provider, model="earlier", price_usd=EARLIER_USD, above_usd=above)
    other = AssetFailure(message="of another run", kind=TAKE_EXISTS, billed_usd=billed_usd, earlier=earlier)
    return ApplicationError("of another run", other, type=TAKE_EXISTS, non_retryable=True)
