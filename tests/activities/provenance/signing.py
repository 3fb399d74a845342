"""Certificates that sign files, and certificates that must not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier
from pydantic import SecretStr

from activities.provenance.credentials import load_credentials
from activities.provenance.self_made import make_certificate
from activities.provenance.signer import Signer
from activities.settings import ActivitySettings
from workflows.provenance.records import SELF_MADE

NAME = "Studio Nord"


def signing_settings(chain: str | Path, key: str | Path) -> ActivitySettings:
    return ActivitySettings(c2pa_certificate=str(chain), c2pa_key=SecretStr(str(key)))


def make_test_signer(name: str = SELF_MADE) -> Signer:
    chain, key = make_certificate(name)
    credentials = load_credentials(signing_settings(chain.decode(), key.decode()))
    assert credentials is not None
    return Signer(credentials)


def certificate_pem(
    *,
    begins: datetime | None = None,
    ends: datetime | None = None,
    curve: ec.EllipticCurve | None = None,
    signs: bool = True,
    purpose: ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    authority: bool = False,
    self_signed: bool = False,
) -> tuple[str, str]:
    """A certificate and its key, as PEM: by default one that C2PA accepts."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(curve or ec.SECP256R1())
    issuer_key = key if self_signed else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, NAME)])
    issuer = subject if self_signed else x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "An authority")])
    no = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"), False
    )
    usage = x509.KeyUsage(digital_signature=signs, content_commitment=not signs, key_cert_sign=authority, **no)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or now - timedelta(days=2))
        .not_valid_after(ends or now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM).decode(), private.decode()
