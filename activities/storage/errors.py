"""What the storage could not do, and the errors of its library in these terms."""

from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from activities.storage.support import REMEDY, Answered
from workflows.stores import clock_problem


class StorageConflict(Exception):
    """A conditional put lost: the object exists already, or is not the version that was named."""


class StorageFailed(Exception):
    """The storage did not do it: unreachable, refused, or broken off.

    Attributes:
        answered: Its HTTP answer, if there was one.
    """

    def __init__(self, message: str, answered: Answered | None = None) -> None:
        super().__init__(message)
        self.answered = answered


class StorageRefused(ValueError):
    """The storage cannot be used with the settings of this machine; the message says what to set."""


class ObjectMissing(StorageFailed):
    """The storage answers, and has no such object: waiting brings none."""


class StorageUnsupported(StorageFailed):
    """The store does not implement what the request needs, such as conditional writes: no retry helps."""


def gone(key: str) -> str:
    return f"{key} is not in the bucket; put it back, or make it again"


@contextmanager
def translated(key: str) -> Iterator[None]:
    """Raise the library's errors as those of this module, each on one line."""
    try:
        yield
    except (AlreadyExistsError, PreconditionError):
        raise StorageConflict(key) from None
    except FileNotFoundError as error:
        raise ObjectMissing(f"{gone(key)} ({' '.join(str(error).split())[:100]})") from None
    except BaseError as error:
        said = str(error).partition("\n\nDebug source:")[0]
        answered = Answered.of(said)
        if answered.not_implemented:
            raise StorageUnsupported(f"{key}: the S3 store answered {answered}; {REMEDY}", answered) from None
        words = clock_problem(answered.code) or " ".join(said.split())[:300]
        raise StorageFailed(f"{key}: {words}", answered) from None
