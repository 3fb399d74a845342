"""Errors of the Temporal server: what they mean, and messages with a remedy for the API, the worker and their logs."""

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the messages of the API need this module, and load no Temporal
    from temporalio.service import RPCError

DISK_FULL: Final = "the disk of the Temporal server is full: it stores nothing until there is room"
CHECK_DISK: Final = "check whether the disk of the Temporal server is full"
_FULL: Final = ("disk is full", "no space left", "disk full", "out of disk")
_CERTIFICATE: Final = ("invalidcertificate", "unknownissuer", "certificate verify", "notvalidforname")
_CLIENT_CERTIFICATE: Final = ("certificaterequired", "badcertificate", "unknownca", "alertreceived")
_NO_TLS: Final = ("invalidcontenttype", "corrupt message")
_NO_NAMESPACE: Final = re.compile(r"namespace (\S+) is not found", re.IGNORECASE)


def is_missing(error: "RPCError") -> bool:
    """Whether the server says that it does not have what a call names: a run, a schedule, a deployment.

    A server that cannot read the namespace within 3 s, because its database is busy, also answers NOT_FOUND, "Namespace
    … is not found". It says nothing about the run then.
    """
    return error.status.name == "NOT_FOUND" and not _NO_NAMESPACE.search(error.message)


def diagnose(error_text: str) -> str:
    """The cause and the remedy of a failed call, from the message of the SDK or the server; empty if it is unknown."""
    text = error_text.lower()
    if any(phrase in text for phrase in _FULL):
        return DISK_FULL
    if found := _NO_NAMESPACE.search(error_text):
        namespace = found[1].strip("\"'")
        return (
            f"the Temporal server has no namespace {namespace!r}: set TEMPORAL_NAMESPACE to one that it has, or create "
            f"it (`temporal operator namespace create --retention 30d -n {namespace}`)"
        )
    if any(phrase in text for phrase in _CLIENT_CERTIFICATE):
        return (
            "the Temporal server refuses this client's certificate: check TEMPORAL_TLS_CLIENT_CERT_PATH and "
            "TEMPORAL_TLS_CLIENT_KEY_PATH"
        )
    if any(phrase in text for phrase in _CERTIFICATE):
        return (
            "the certificate of the Temporal server is not trusted, has expired, or is for another name: set "
            "TEMPORAL_TLS_SERVER_CA_CERT_PATH to its authority's, or TEMPORAL_TLS_SERVER_NAME"
        )
    if any(phrase in text for phrase in _NO_TLS):
        return "the Temporal server does not use TLS: remove the TEMPORAL_TLS settings and TEMPORAL_API_KEY"
    return ""
