"""A person's own file as a take of an asset."""

from activities.storage import Storage
from workflows.contracts import CheckUpload
from workflows.models import Take


async def checked_upload(request: CheckUpload, storage: Storage) -> Take:
    """The file, looked at and kept as the take."""
    raise NotImplementedError
