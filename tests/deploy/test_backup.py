"""The drill of a backup: a stack is backed up while it runs, lost, and restored in another folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from activities.storage.archive import ArchiveRefused
from api.client.client import GreenlightClient
from deploy import backup
from deploy.backup import BackupRefused
from deploy.local import running_stack
from tests.support.stack import hermetic, new_home
from tests.support.waiting import until
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.requests import Approval


@pytest.mark.trial
def test_the_drill(tmp_path: Path) -> None:
    """A delivered production has its files after the restoration, and one that waited for its approval goes on."""
    home, folder, restored = new_home(tmp_path / "home"), tmp_path / "backup", tmp_path / "restored"
    brief = Brief(text="Say it.", platform=Platform.COPY)
    environ = hermetic(os.environ)
    with (
        running_stack(home, ports="free", environ=environ) as stack,
        GreenlightClient(stack.info.api_url) as studio,
    ):
        done, waiting = (studio.start(brief).production_id for _ in range(2))
        _approve(studio, done)
        until(lambda: studio.get(done).status is ProductionStatus.DELIVERED, "it is delivered")
        until(lambda: studio.get(waiting).status is ProductionStatus.AWAITING_APPROVAL, "it waits")
        before = studio.download_deliverable(done, tmp_path / "before").read_bytes()
        counted = _command(environ, home, "gc", "--json")  # it finds the servers of the stack by its record
        assert json.loads(counted)["found"] == {}
        _command(environ, home, "backup", "save", str(folder))
        with pytest.raises(BackupRefused, match="not empty"):
            backup.save(home, folder)
        _approve(studio, waiting)  # lost with the stack: the backup does not have it

    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / backup.BUCKET).write_bytes((folder / backup.BUCKET).read_bytes()[:-12_000])
    with pytest.raises(ArchiveRefused):
        backup.restore(cut, restored)
    backup.restore(folder, restored, lambda _: None)
    with pytest.raises(BackupRefused, match="is not empty"):
        backup.restore(folder, restored)
    with (
        running_stack(restored, ports="free", environ=environ) as stack,
        GreenlightClient(stack.info.api_url) as studio,
    ):
        assert studio.get(done).status is ProductionStatus.DELIVERED
        assert studio.download_deliverable(done, tmp_path / "after").read_bytes() == before
        assert studio.get(waiting).status is ProductionStatus.AWAITING_APPROVAL
        _approve(studio, waiting)
        until(lambda: studio.get(waiting).status is ProductionStatus.DELIVERED, "it goes on")


def _command(environ: dict[str, str], home: Path, *arguments: str) -> str:
    """The output of `greenlight` in the environment of an operator of the stack in `home`."""
    kept = {name: value for name, value in environ.items() if name != "TEMPORAL_CONFIG_FILE"}  # it names a server
    env = {**kept, "GREENLIGHT_HOME": str(home)}
    ran = subprocess.run(
        [sys.executable, "-m", "api.cli.main", *arguments], env=env, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _approve(studio: GreenlightClient, production_id: str) -> None:
    until(lambda: studio.get(production_id).plan is not None, "it has a plan")
    plan = studio.get(production_id).plan
    assert plan is not None
    studio.approve(production_id, Approval(plan_digest=plan.digest, approver="ana"))


def test_a_stack_of_other_servers_is_not_backed_up(tmp_path: Path) -> None:
    """Where Temporal and S3 are an operator's own, the command says so."""
    with pytest.raises(BackupRefused, match="of its own"):
        backup.save(tmp_path, tmp_path / "backup")
