"""The free takes of previz pass every check: flat colours, short words, still animatics, tails of music."""

from collections.abc import Callable
from typing import Final

import pytest

from activities.media.facts import probe
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Request
from activities.quality.checks import check_take
from activities.quality.order import order_of
from tests.activities.providers.previz.conftest import ask
from tests.activities.providers.previz.support import made

__all__ = ["ask"]

PROMPTS: Final[tuple[tuple[str, str, dict[str, object]], ...]] = (
    ("previz-text", "Write a headline of at most 8 words.", {}),
    ("previz-storyboard", "A lighthouse at night, its beam over a black sea.", {}),
    ("previz-storyboard", "A white title card: The End", {}),
    ("previz-narration", "Welcome.", {}),
    ("previz-narration", "Il treno parte alle sei del mattino, e il mare è ancora scuro.", {"voice": "it"}),
    ("previz-music", "A slow piano with a long pause", {"seconds": 6}),
    ("previz-sounds", "A door slams", {}),
    ("previz-sounds", "A quiet wind", {"seconds": 3}),
    ("previz-animatic", "A boat leaves the harbour.", {"seconds": 1.5}),
)


@pytest.mark.parametrize(("model", "prompt", "parameters"), PROMPTS)
async def test_previz_takes_pass(
    ask: Callable[..., Request],
    model: str,
    prompt: str,
    parameters: dict[str, object],
) -> None:
    """No check finds anything in a take of previz."""
    request = ask(model, prompt, parameters=parameters, languages=(str(parameters.get("voice", "en")),))
    path = await made(request)
    offer = next(o for o in Previz({}).offers() if o.model == model)
    found = check_take(
        path, offer.media_type, probe(path, offer.media_type), order_of(request.brief, request.asset, offer)
    )
    assert found.findings == (), found
    assert found.measured
