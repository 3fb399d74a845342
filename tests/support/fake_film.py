"""A film whose assets and parts are made by fake activities."""

from temporalio import activity

from tests.support.fakes import PROVIDER, FakeActivities
from workflows.activity_io import DraftPlan
from workflows.models import Asset, Modality, Plan


class Film(FakeActivities):
    """Plans a still, the shot that is made from it, and a title that needs neither."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        def asset(asset_id: str, kind: Modality, *needs: str) -> Asset:
            return Asset(
                asset_id=asset_id,
                asset_type=kind,
                role="body",
                prompt=f"make {asset_id}",
                provider=PROVIDER,
                model="words",
                depends_on=needs,
            )

        made = [
            asset("still-1", Modality.IMAGE),
            asset("shot-1", Modality.VIDEO, "still-1"),
            asset("title-1", Modality.TEXT),
        ]
        return Plan.of("A film", made)


class SpokenFilm(FakeActivities):
    """Plans two shots with their narrations, in the languages of the brief."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        def asset(asset_id: str, kind: Modality, role: str, *needs: str) -> Asset:
            return Asset(
                asset_id=asset_id,
                asset_type=kind,
                role=role,
                prompt=f"make {asset_id}",
                provider=PROVIDER,
                model="words",
                depends_on=needs,
            )

        made = []
        for k in (1, 2):
            made += [
                asset(f"narration-{k}", Modality.AUDIO, "narration"),
                asset(f"shot-{k}", Modality.VIDEO, "shot", f"narration-{k}"),
            ]
        return Plan.of("A film", made)
