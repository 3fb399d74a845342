"""The errors of the storage, and the translation of its library's errors into them."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from activities.storage.support import REMEDY, ErrorResponse
from workflows.servers.s3 import clock_problem


class StorageConflict(Exception):
    """A conditional put failed: the object exists already, or is not the version that was named."""


class StorageFailed(Exception):
    """A request to the storage failed: unreachable, refused, or interrupted.

    Attributes:
        response: Its HTTP response, if there was one.
    """

    def __init__(self, message: str, response: ErrorResponse | None = None) -> None:
        super().__init__(message)
        self.response = response


class StorageRefused(ValueError):
    """The storage cannot be used with the settings of this machine; the message names the setting."""


class ObjectMissing(StorageFailed):
    """The storage responds, and the object does not exist: a retry does not help."""


class StorageUnsupported(StorageFailed):
    """The store does not implement a feature that the request needs, such as conditional writes: no retry helps."""


def missing_message(key: str) -> str:
    return f"{key} is not in the bucket; put it back, or make it again"


@contextmanager
def translate_errors(key: str) -> Iterator[None]:
    """Raise the library's errors as errors of this module, each with a message of one line."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise StorageConflict(key) from None
    except FileNotFoundError as error:
        raise ObjectMissing(f"{missing_message(key)} ({' '.join(str(error).split())[:100]})") from None
    except BaseError as error:
        message = str(error).partition("\n\nDebug source:")[0]
        response = ErrorResponse.parse(message)
        if response.not_implemented:
            raise StorageUnsupported(f"{key}: the S3 store answered {response}; {REMEDY}", response) from None
        reason = clock_problem(response.code) or " ".join(message.split())[:300]
        raise StorageFailed(f"{key}: {reason}", response) from None
