"""Certificates: what a worker accepts, and what it refuses before it makes anything."""

import logging
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from activities.provenance.credentials import CertificateRefused, load_credentials
from activities.provenance.self_made import make_certificate, self_made_certificate
from activities.provenance.signer import Signer, make_signer
from activities.settings import ActivitySettings
from tests import ROOT
from tests.activities.provenance.signing import NAME, certificate_pem, signing_settings
from tests.support.stack import hermetic
from workflows.provenance.records import SELF_MADE
from workflows.runtime.redaction import HIDDEN, redact_logs, register_secrets

NOW = datetime.now(UTC)


def pair(**fields: object) -> tuple[str, str]:
    return certificate_pem(**fields)  # type: ignore[arg-type]  # the fields of the table below


REFUSED: dict[str, tuple[Callable[[], tuple[str, str]], str]] = {
    "expired": (lambda: pair(ends=NOW - timedelta(days=1)), "GREENLIGHT_C2PA_CERTIFICATE expired on .*renewed"),
    "expired authority": (
        lambda: ((own := pair())[0] + pair(ends=NOW - timedelta(days=1), authority=True)[0], own[1]),
        "GREENLIGHT_C2PA_CERTIFICATE has a chain that expired on .*renewed",
    ),
    "not yet": (lambda: pair(begins=NOW + timedelta(days=1)), "GREENLIGHT_C2PA_CERTIFICATE is valid only from .*clock"),
    "other key": (
        lambda: (pair()[0], pair()[1]),
        "GREENLIGHT_C2PA_KEY is not the key of .*GREENLIGHT_C2PA_CERTIFICATE",
    ),
    "no signing": (lambda: pair(signs=False), "lacks the key usage digitalSignature; request"),
    "for servers": (lambda: pair(purpose=ExtendedKeyUsageOID.SERVER_AUTH), "extended key usages .*; request"),
    "for anything": (
        lambda: pair(purpose=ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
        "extended key usages .*; request",
    ),
    "self-signed": (lambda: pair(self_signed=True), "self-signed, which C2PA does not allow; request"),
    "authority": (lambda: pair(authority=True), "a certificate authority; give the signer's"),
    "curve": (lambda: pair(curve=ec.SECP256K1()), "GREENLIGHT_C2PA_KEY is on the curve secp256k1; C2PA needs"),
    "alone": (lambda: (pair()[0], ""), "GREENLIGHT_C2PA_CERTIFICATE is set without GREENLIGHT_C2PA_KEY"),
    "key alone": (lambda: ("", pair()[1]), "GREENLIGHT_C2PA_KEY is set without GREENLIGHT_C2PA_CERTIFICATE"),
    "no file": (lambda: ("/nowhere/certificate.pem", pair()[1]), "GREENLIGHT_C2PA_CERTIFICATE names no readable file"),
    "no pem": (lambda: (__file__, pair()[1]), "GREENLIGHT_C2PA_CERTIFICATE names a file that is not PEM"),
    "swapped": (lambda: pair()[::-1], "GREENLIGHT_C2PA_.*"),
    "damaged": (lambda: (pair()[0].replace("M", "m"), pair()[1]), "GREENLIGHT_C2PA_CERTIFICATE"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_certificate_that_cannot_sign_is_refused(case: str) -> None:
    """The error names the variable and the remedy, and contains nothing of the key."""
    make, expected = REFUSED[case]
    chain, key = make()
    with pytest.raises(CertificateRefused, match=expected) as refused:
        make_signer(signing_settings(chain, key))
    secret = [line for line in key.splitlines() if not line.startswith("-----") and len(line) > 16]
    assert not any(line in str(refused.value) for line in secret)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda c: c.name)
def test_a_persons_own_certificate_is_accepted(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    """A certificate by the profile of C2PA signs, given as text, as text with escaped line ends, or as a path."""
    chain, key = certificate_pem(curve=curve)
    (tmp_path / "chain.pem").write_text(chain)
    (tmp_path / "key.pem").write_text(key)
    for given in (
        (chain, key),
        (chain.replace("\n", "\\n"), key.replace("\n", "\\n")),
        (str(tmp_path / "chain.pem"), str(tmp_path / "key.pem")),
    ):
        signer = make_signer(signing_settings(*given))
        assert signer is not None
        assert signer.name == NAME
    assert make_signer(ActivitySettings()) is None


def test_the_self_made_certificate_is_kept(tmp_path: Path) -> None:
    """It states that it is self-made, stays at the next start, is private, and is renewed before it expires."""
    chain, key = self_made_certificate(tmp_path / "c2pa")
    before = chain.read_bytes(), key.read_bytes()
    assert self_made_certificate(tmp_path / "c2pa") == (chain, key)
    assert (chain.read_bytes(), key.read_bytes()) == before
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    credentials = load_credentials(signing_settings(chain, key))
    assert credentials is not None
    assert credentials.name == SELF_MADE == Signer(credentials).name
    assert credentials.self_made
    chain.write_text(certificate_pem(ends=NOW + timedelta(days=3))[0])
    self_made_certificate(tmp_path / "c2pa")
    assert load_credentials(signing_settings(chain, key)) is not None


def test_the_key_is_hidden_in_logs(capfd: pytest.CaptureFixture[str]) -> None:
    """No line of the key appears in a log, whether it was given as text or as a path; the path itself does."""
    chain, key = (part.decode() for part in make_certificate("x"))
    register_secrets({"GREENLIGHT_C2PA_KEY": "/etc/greenlight/signing-key.pem"})
    make_signer(signing_settings(chain, key))
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        redact_logs()
        logging.getLogger("test").error("it failed with %s", key)
        logging.getLogger("test").error("see /etc/greenlight/signing-key.pem")
    finally:
        logging.getLogger().removeHandler(handler)
    logged = stream.getvalue()
    assert HIDDEN in logged
    assert "/etc/greenlight/signing-key.pem" in logged
    assert not any(line in logged for line in key.splitlines() if len(line) > 16 and "KEY" not in line)


def test_a_worker_does_not_start_with_an_expired_certificate() -> None:
    """The worker ends with exit code 1 and one line that names the variable and the remedy, before it connects."""
    chain, key = certificate_pem(ends=NOW - timedelta(days=1))
    env = hermetic(os.environ) | {"GREENLIGHT_C2PA_CERTIFICATE": chain, "GREENLIGHT_C2PA_KEY": key}
    done = subprocess.run(
        [sys.executable, "-m", "worker"], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 1
    (line,) = (line for line in done.stderr.splitlines() if "CRITICAL" in line)
    assert "GREENLIGHT_C2PA_CERTIFICATE expired on" in line
    assert "give a renewed one" in line
    assert "Traceback" not in done.stderr
