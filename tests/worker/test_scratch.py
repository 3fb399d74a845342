"""Temporary files of a killed worker are deleted by the next one, and those of a running one stay."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import ROOT

CODE = """
import sys, tempfile
from worker.scratch import use_own_directory
own = use_own_directory()
tempfile.NamedTemporaryFile(delete=False).write(b"a segment")
print(own, flush=True)
sys.stdin.read()
"""


@contextmanager
def started(folder: Path) -> Iterator[Path]:
    """A process with a temporary file in its scratch directory; it is killed at the end of the block."""
    command = [sys.executable, "-c", CODE]
    env = {"TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_files_of_a_killed_worker_are_deleted_at_the_next_start(tmp_path: Path) -> None:
    """The directory of a killed process is gone after another one starts; that of a running process, and directories
    of other programs, stay with their files."""
    (other := tmp_path / "greenlight-other").mkdir()
    with started(tmp_path) as running:
        with started(tmp_path) as killed:
            assert {running, killed} == {*tmp_path.iterdir()} - {other}
        assert killed.exists()
        with started(tmp_path) as newest:
            assert {*tmp_path.iterdir()} == {running, newest, other}
            assert len(list(running.iterdir())) == 2
