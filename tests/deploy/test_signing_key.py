"""The key that signs files: made for the embedded stack, and in the environment of the worker alone."""

import os
from pathlib import Path

import pytest

from activities.provenance.credentials import load_credentials
from deploy import local
from deploy.ports import Ports
from deploy.settings import StackSettings
from tests.activities.provenance.signing import NAME, certificate_pem, signing_settings
from tests.support.stack import hermetic, new_home


def environments(home: Path, **given: str) -> dict[str, dict[str, str]]:
    """Component -> its variables that begin with GREENLIGHT_C2PA_."""
    environ = hermetic(os.environ) | given
    _, _, components = local._assemble(home, StackSettings(), environ, Ports(print, anywhere=True), print)
    return {c.name: {n: v for n, v in c.env.items() if n.startswith("GREENLIGHT_C2PA_")} for c in components}


def test_the_stack_makes_a_certificate_for_its_worker(tmp_path: Path) -> None:
    """Without a certificate of one's own the worker alone gets a self-made one, the same at the next start."""
    first = environments(tmp_path)
    worker = first.pop("worker")
    assert not any(first.values())
    found = load_credentials(signing_settings(worker["GREENLIGHT_C2PA_CERTIFICATE"], worker["GREENLIGHT_C2PA_KEY"]))
    assert found is not None
    assert found.self_made
    assert environments(tmp_path)["worker"] == worker


@pytest.mark.parametrize("as_text", [True, False])
def test_a_persons_own_certificate_is_used(tmp_path: Path, as_text: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One's own certificate is used instead, as text or as a path relative to where the stack was started."""
    chain, key = certificate_pem()
    (tmp_path / "chain.pem").write_text(chain)
    (tmp_path / "key.pem").write_text(key)
    monkeypatch.chdir(tmp_path)
    given = (chain, key) if as_text else ("chain.pem", "key.pem")
    names = ("GREENLIGHT_C2PA_CERTIFICATE", "GREENLIGHT_C2PA_KEY")
    found = environments(new_home(tmp_path / "home"), **dict(zip(names, given, strict=True)))
    worker = found.pop("worker")
    assert not any(found.values())
    monkeypatch.chdir("/")
    credentials = load_credentials(signing_settings(*(worker[name] for name in names)))
    assert credentials is not None
    assert credentials.name == NAME
    assert not (tmp_path / "home" / "c2pa").exists()
