"""The certificate of a stack without one of its own: made on this machine, and named so. No one vouches for it."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from workflows.provenance.records import SELF_MADE

VALID: Final = timedelta(days=3650)
"""Without a time stamp, a signature is valid as long as its certificate."""
_RENEW_BEFORE: Final = timedelta(days=30)
_CLOCK_SKEW: Final = timedelta(hours=1)


def self_made_certificate(folder: Path) -> tuple[Path, Path]:
    """The paths of the certificate with its root, and of its key; they are made if there are none that stay valid."""
    chain, key = folder / "certificate.pem", folder / "key.pem"
    if not (key.is_file() and _is_current(chain)):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        chain_text, key_text = make_certificate(SELF_MADE)
        _write(key, key_text)
        _write(chain, chain_text)
    return chain, key


def _is_current(chain: Path) -> bool:
    try:
        ends = x509.load_pem_x509_certificate(chain.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return False
    return datetime.now(UTC) + _RENEW_BEFORE < ends


def _write(path: Path, content: bytes) -> None:
    """Replace a file atomically; only its owner can read it."""
    draft = path.with_suffix(".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(content)
    draft.replace(path)


def make_certificate(name: str) -> tuple[bytes, bytes]:
    """A chain of an end-entity certificate and its root, and the key, as PEM, by the profile of C2PA.

    The key of the root is discarded.
    """
    begins = datetime.now(UTC) - _CLOCK_SKEW
    ends = begins + VALID
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, subject = _subject(f"{name} (root)", name), _subject(name, name)
    root = (
        _builder(root_name, root_name, root_key.public_key(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        _builder(subject, root_name, key.public_key(), begins, ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return leaf.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM), private


def _subject(name: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
