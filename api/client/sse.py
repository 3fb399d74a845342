"""Decodes server-sent events from bytes, without I/O."""

from pydantic import ValidationError

from api.views.production import StreamEvent


class EventDecoder:
    """Takes the stream's bytes in chunks of any size. `last_id` is the Last-Event-ID from which the stream resumes.

    Comments, unfinished events and events of a name that only a newer API knows yield nothing. Lines are split at
    line feeds only: `str.splitlines` would also split at U+2028, which a prompt may contain.
    """

    def __init__(self, last_id: int = 0) -> None:
        self.last_id = last_id
        self._rest = b""
        self._fields: dict[str, list[str]] = {}

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that this chunk completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        return [event for line in lines if (event := self._decode_line(line.removesuffix(b"\r").decode()))]

    def _decode_line(self, line: str) -> StreamEvent | None:
        if line:
            field, _, value = line.partition(":")
            self._fields.setdefault(field, []).append(value.removeprefix(" "))
            return None
        fields, self._fields = self._fields, {}
        if "data" not in fields:
            return None
        if "id" in fields and fields["id"][-1].isdecimal():
            self.last_id = int(fields["id"][-1])
        try:
            event = StreamEvent.model_validate_json("\n".join(fields["data"]), extra="ignore")
        except ValidationError:
            return None
        return event.model_copy(update={"resume_id": self.last_id}) if event.id else event
