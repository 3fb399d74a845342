"""The options of the HTTP client of the storage."""

from pathlib import Path
from typing import Any

from activities.storage.errors import StorageRefused


def client_options(ca_bundle: object) -> Any:
    """
    Args:
        ca_bundle: The file of certificates that boto3 trusts; obstore trusts them too.

    Raises:
        StorageRefused: the file cannot be read.
    """
    options = {"allow_http": True, "connect_timeout": "5s", "timeout": "120s"}
    if not ca_bundle:
        return options
    try:
        return {**options, "root_certificate": Path(str(ca_bundle)).expanduser().read_bytes()}
    except OSError as error:
        raise StorageRefused(
            f"AWS_CA_BUNDLE is {str(ca_bundle)!r}: {error.strerror}; set it to a file of certificates (PEM)"
        ) from None
