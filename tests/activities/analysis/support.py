"""Ingests and analyses one reference, as the workflow does it, over emulated vendors."""

import asyncio
import dataclasses
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.providers.protocol import Provider
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from workflows import keys
from workflows.activity_io import Analysed, AnalyseReference, TakeInReferences
from workflows.brief import Brief, Platform, Reference
from workflows.extraction.fields import Extract, Extraction
from workflows.models import Media
from workflows.references.analysis import Analysis
from workflows.references.kinds import Use


@dataclasses.dataclass
class Reader:
    """Reads one reference."""

    storage: Storage
    settings: ActivitySettings = dataclasses.field(default_factory=lambda: ActivitySettings(claim_settles_seconds=0.2))
    environ: Mapping[str, str] = dataclasses.field(default_factory=dict)
    production_id: str = dataclasses.field(default_factory=lambda: uuid4().hex)
    brief: Brief = dataclasses.field(default_factory=lambda: Brief(text="x", platform=Platform.COPY))
    media: Media | None = None

    async def bring(self, data: bytes, use: Use = Use.MATERIAL, extract: Extract | None = None, **more: Any) -> Media:
        key = keys.REFERENCES + uuid4().hex
        await self.storage.put_bytes(key, data, "application/octet-stream")
        reference = Reference(source=keys.STORED + key, use=use, name="it", extract=extract)
        self.brief = Brief(text="x", platform=Platform.COPY, references=(reference,), **more)
        request = TakeInReferences(production_id=self.production_id, references=(reference,))
        activities = Activities(self.storage, {}, self.settings)
        (self.media,) = await ActivityEnvironment().run(activities.take_in_references, request)
        return self.media

    async def read(self, attempt: int = 1, **more: Any) -> Analysed:
        assert self.media is not None
        providers = build_providers(self.settings, self.environ)
        request = AnalyseReference(
            production_id=self.production_id, brief=self.brief, reference=1, media=self.media, **more
        )
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        try:
            return await environment.run(self._activities(providers).analyse_reference, request)
        finally:
            await asyncio.gather(*(p.close() for p in providers.values()))

    def _activities(self, providers: Mapping[str, Provider]) -> Activities:
        return Activities(self.storage, providers, self.settings)

    async def analysis(self, found: Analysed) -> Analysis:
        stored = await self.storage.get_bytes(found.summary.key)
        assert stored is not None
        return Analysis.model_validate_json(stored[0])

    async def extraction(self, found: Analysed) -> Extraction:
        assert found.summary.extraction is not None
        stored = await self.storage.get_bytes(found.summary.extraction.key)
        assert stored is not None
        return Extraction.model_validate_json(stored[0])
