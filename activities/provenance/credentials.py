"""The certificate and the key that sign files, checked against the C2PA profile before a worker starts.

The profile is in the C2PA specification, "Digital Signatures" and "X.509 Certificates":
https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html#x509_certificates
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from activities.settings import ActivitySettings
from workflows.provenance.records import SELF_MADE
from workflows.runtime.redaction import register_secrets

CERTIFICATE: Final = "GREENLIGHT_C2PA_CERTIFICATE"
KEY: Final = "GREENLIGHT_C2PA_KEY"
TIMESTAMPS: Final = "GREENLIGHT_C2PA_TIMESTAMP_URL"
_PEM: Final = "-----BEGIN "
_PURPOSES: Final = {
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ObjectIdentifier("1.3.6.1.5.5.7.3.36"): "documentSigning",
    ObjectIdentifier("1.3.6.1.4.1.62558.2.1"): "C2PA claim signing",
}
"""The extended key usages of which a signer of content needs one."""
_MIN_RSA_BITS: Final = 2048

T = TypeVar("T", bound=x509.ExtensionType)

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


class CertificateRefused(ValueError):
    """Files cannot be signed with this certificate and key; the message names the variable and the remedy."""


@dataclass(frozen=True)
class Credentials:
    """A certificate that the library accepts, with its key.

    Attributes:
        algorithm: The name of the algorithm in C2PA, e.g. "es256".
        name: The common name of the certificate, or its organisation.
        expires: The end of its validity.
    """

    chain: str
    key: str = field(repr=False)
    algorithm: str
    name: str
    expires: datetime
    timestamp_url: str = ""

    @property
    def self_made(self) -> bool:
        return self.name == SELF_MADE


def load_credentials(settings: ActivitySettings, now: datetime | None = None) -> Credentials | None:
    """The credentials of the settings, or None if there are none.

    Raises:
        CertificateRefused: they cannot sign files.
    """
    certificate, key = settings.c2pa_certificate.strip(), settings.c2pa_key.get_secret_value().strip()
    if not certificate and not key:
        return None
    if not certificate or not key:
        missing, given = (KEY, CERTIFICATE) if certificate else (CERTIFICATE, KEY)
        raise CertificateRefused(f"{given} is set without {missing}; set both, or none to deliver unsigned files")
    url = settings.c2pa_timestamp_url.strip()
    if url and not url.startswith(("http://", "https://")):
        raise CertificateRefused(f"{TIMESTAMPS} is {url!r}, not the http or https address of a time-stamp authority")
    chain_text, key_text = _pem(CERTIFICATE, certificate), _pem(KEY, key)
    register_secrets({KEY: key_text})
    chain = _chain(chain_text)
    private = _private_key(key_text)
    leaf = chain[0]
    if _public_bytes(leaf.public_key()) != _public_bytes(private.public_key()):
        raise CertificateRefused(
            f"{KEY} is not the key of the first certificate in {CERTIFICATE}; "
            "give the key with which that certificate was requested, and the certificate of the signer first"
        )
    moment = now or datetime.now(UTC)
    _check(leaf, moment)
    ends = min(each.not_valid_after_utc for each in chain)
    if moment > ends:
        raise CertificateRefused(f"{CERTIFICATE} has a chain that expired on {ends:%Y-%m-%d}; give the renewed chain")
    return Credentials(
        chain="".join(each.public_bytes(Encoding.PEM).decode() for each in chain),
        key=key_text,
        algorithm=_algorithm(private),
        name=_name(leaf),
        expires=ends,
        timestamp_url=url,
    )


def is_pem(value: str) -> bool:
    """Whether a setting is the PEM text itself; otherwise it is the path of a file."""
    return _PEM in value


def _pem(variable: str, value: str) -> str:
    """The PEM text of a setting, which is the text itself or the path of a file."""
    if is_pem(value):
        return value.replace("\\n", "\n")  # as files of variables keep texts of several lines
    try:
        text = Path(value).expanduser().read_text("ascii")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a text in PEM"
        raise CertificateRefused(f"{variable} names no readable file: {reason}; give a PEM text or its path") from None
    if not is_pem(text):
        raise CertificateRefused(f"{variable} names a file that is not PEM; convert it with openssl")
    return text


def _chain(text: str) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise CertificateRefused(
            f"{CERTIFICATE} is not a certificate in PEM; give the certificate of the signer, then its chain"
        ) from None


def _private_key(text: str) -> PrivateKey:
    try:
        found = load_pem_private_key(text.encode(), None)
    except TypeError:
        raise CertificateRefused(f"{KEY} is protected by a passphrase; give the key without one") from None
    except ValueError:
        raise CertificateRefused(f"{KEY} is not a private key in PEM (PKCS#8); convert it with openssl") from None
    if not isinstance(found, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey):
        raise CertificateRefused(f"{KEY} is of a kind that C2PA does not allow; use ECDSA, Ed25519 or RSA")
    return found


def _algorithm(key: PrivateKey) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _MIN_RSA_BITS:
            raise CertificateRefused(f"{KEY} has {key.key_size} bits; C2PA needs at least {_MIN_RSA_BITS}: use another")
        return "ps256"
    algorithm = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}.get(key.curve.name)
    if algorithm is None:
        raise CertificateRefused(f"{KEY} is on the curve {key.curve.name}; C2PA needs P-256, P-384 or P-521")
    return algorithm


def _public_bytes(key: object) -> bytes:
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey):
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _check(leaf: x509.Certificate, now: datetime) -> None:
    """
    Raises:
        CertificateRefused: the certificate is not valid now, or not for signing content.
    """
    if now > leaf.not_valid_after_utc:
        raise CertificateRefused(f"{CERTIFICATE} expired on {leaf.not_valid_after_utc:%Y-%m-%d}; give a renewed one")
    if now < leaf.not_valid_before_utc:
        since = f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        raise CertificateRefused(f"{CERTIFICATE} is valid only from {since}; wait, or correct this machine's clock")
    remedy = "request one for signing content (C2PA, S/MIME or document signing)"
    if leaf.issuer == leaf.subject:
        raise CertificateRefused(f"{CERTIFICATE} is self-signed, which C2PA does not allow; {remedy}")
    constraints = _extension(leaf, x509.BasicConstraints)
    if constraints and constraints.ca:
        raise CertificateRefused(f"{CERTIFICATE} starts with a certificate authority; give the signer's one first")
    usage = _extension(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise CertificateRefused(f"{CERTIFICATE} lacks the key usage digitalSignature; {remedy}")
    purposes = set(_extension(leaf, x509.ExtendedKeyUsage) or ())
    if not purposes & set(_PURPOSES):
        allowed = ", ".join(_PURPOSES.values())
        raise CertificateRefused(f"{CERTIFICATE} has none of the extended key usages {allowed}; {remedy}")


def _extension(certificate: x509.Certificate, kind: type[T]) -> T | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _name(certificate: x509.Certificate) -> str:
    """The common name of a certificate, otherwise its organisation."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for each in certificate.subject.get_attributes_for_oid(kind):
            return str(each.value)
    return "a certificate without a name"
