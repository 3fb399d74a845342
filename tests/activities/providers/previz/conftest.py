"""Requests to previz."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from activities.providers.protocol import Input, Request
from tests.activities.providers.previz.support import MODELS
from workflows.brief import Brief
from workflows.models import Asset


@pytest.fixture
def ask(tmp_path: Path, full_size: None) -> Callable[..., Request]:
    def build(
        model: str,
        prompt: str = "A lighthouse at dusk, its beam over the water.",
        *,
        seed: int = 7,
        inputs: tuple[Input, ...] = (),
        label: str = "Shot 1 · Opening",
        parameters: dict[str, Any] | None = None,
        **brief: Any,
    ) -> Request:
        modality, role = MODELS[model]
        workdir = tmp_path / f"attempt-{time.monotonic_ns()}"
        workdir.mkdir()
        asset = Asset(
            asset_id="piece",
            asset_type=modality,
            role=role,
            label=label,
            prompt=prompt,
            provider="previz",
            model=model,
            parameters=parameters or {},
        )
        made = Brief(**{"text": "A film about a lighthouse. It has stood for long.", "platform": "video", **brief})
        return Request(f"p/piece/{seed}", seed, made, asset, 1, inputs, workdir)

    return build
