"""Titles as a search attribute, where the namespace has it and titles are not encrypted."""

import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, Self, TypeVar

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows import keys

RETRY_SECONDS: Final = 60.0
"""After a refusal. A worker of this version registers the attribute when it starts, if it may."""

R = TypeVar("R")

_log = logging.getLogger(__name__)


class SearchableTitles:
    """Starts workflows with the title as a search attribute, or without it.

    An older namespace refuses a start that has an unknown attribute: the start is repeated without it, and so are later
    starts for RETRY_SECONDS.
    """

    def __init__(self, *, encrypted: bool = False) -> None:
        """
        Args:
            encrypted: Payloads are encrypted. The server stores search attributes as they are, so no title is sent.
        """
        self._encrypted = encrypted
        self._refused_until = -RETRY_SECONDS

    @classmethod
    def of(cls, client: Client) -> Self:
        """Titles of the workflows that this client starts, whose data converter may encrypt."""
        return cls(encrypted=client.data_converter.payload_codec is not None)

    async def start(self, call: Callable[[bool], Awaitable[R]]) -> R:
        """The result of `call`, which gets whether to set the attribute, and sends nothing else that depends on it.

        Raises:
            RPCError: the start failed for another reason.
        """
        if self._encrypted or monotonic() < self._refused_until:
            return await call(False)
        try:
            return await call(True)
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT or keys.TITLE_ATTRIBUTE not in error.message:
                raise
            _log.warning(
                "The namespace has no search attribute %s, so titles are not searchable: %s. A worker registers it at "
                "its start, or: temporal operator search-attribute create --name %s --type %s",
                keys.TITLE_ATTRIBUTE,
                error.message,
                keys.TITLE_ATTRIBUTE,
                keys.SEARCH_ATTRIBUTES[keys.TITLE_ATTRIBUTE],
            )
            self._refused_until = monotonic() + RETRY_SECONDS
        return await call(False)
