"""The words of the narrations of a deliverable, from the data of their takes or of transcripts of them."""

import asyncio
from collections.abc import Sequence

from activities.finishing.captions.word_times import Word, words_of
from activities.storage.bucket import Storage
from workflows import keys
from workflows.activity_io import FinishedAsset
from workflows.models import Modality


async def read_words(storage: Storage, assets: Sequence[FinishedAsset]) -> dict[str, tuple[Word, ...]]:
    """By asset id of a narration: when its words are spoken. Absent: narrations for which nothing says that."""
    found: dict[str, tuple[Word, ...]] = {}

    async def read(narration: FinishedAsset) -> None:
        asset_id = narration.asset.asset_id
        transcripts = (
            other for other in assets if other.asset.asset_type is Modality.TEXT and asset_id in other.asset.depends_on
        )
        for source in (narration, *transcripts):
            data = await storage.get_bytes(keys.data_key(source.take.media.key))
            if data and (words := words_of(data[0], narration.take.prompt)):
                found[asset_id] = words
                return

    await asyncio.gather(*(read(each) for each in assets if each.asset.spoken))
    return found
