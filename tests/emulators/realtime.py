"""OpenAI's realtime API on loopback: client secrets, and a WebSocket on the same port that speaks for the model.

It detects turns like the vendor (`server_vad`), bills each answer by its usage at the published rates, and reports what
breaks the protocol in `problems`: a secret that is wrong or too old, an unknown event, an unknown configuration.
"""

import array
import base64
import json
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from activities.providers.openai.realtime import MODELS
from tests.emulators.base import Call, Kind, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.specs import VENDOR, _content
from workflows.voice.sessions import Usage

SECRETS: Final = "/v1/realtime/client_secrets"
_PREFIX: Final = "openai-insecure-api-key."
_LOUD: Final = 300
"""Of 32,767: the microphone plays a sound."""
_TURN_SAMPLES: Final = 12_000
"""Half a second of sound is a turn."""


@dataclass
class Answer:
    """One answer of the model: its words, its calls of functions as (name, arguments), and its usage."""

    words: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    tokens: Usage = field(
        default_factory=lambda: Usage(answers=1, text_in=700, audio_in=400, text_out=20, audio_out=600)
    )
    status: str = "completed"


class RealtimeEmulator(OpenAIEmulator):
    """The vendor.

    Attributes:
        script: The answers in their order; after them, each is a word.
        ttl: Seconds until a client secret expires; the vendor obeys the request without it.
        sessions: The WebSockets that were opened, by their secret.
        answered: How many answers were made.
        heard: The loudest sample that the microphone has sent.
        open: How many WebSockets are open.
    """

    def __init__(self, *script: Answer) -> None:
        super().__init__()
        self.script = list(script)
        self.ttl: float | None = None
        self.minted: dict[str, float] = {}
        self.sessions: list[str] = []
        self.configured: dict[str, Any] = {}
        self.answered = 0
        self.heard = 0
        self.open = 0

    def kind(self, call: Call) -> Kind:
        return "submit" if call.path == SECRETS else super().kind(call)

    def answer(self, call: Call) -> Reply:
        if call.path != SECRETS:
            return super().answer(call)
        body = call.json
        self.configured = body["session"]
        self.check("specs-2/openai/realtime.session.request.json", body["session"])
        seconds = self.ttl if self.ttl is not None else body["expires_after"]["seconds"]
        value, expires = f"ek_{secrets.token_hex(16)}", time.time() + seconds
        self.minted[value] = expires
        self.bill(call, "0")  # a secret costs nothing
        return Reply(body={"value": value, "expires_at": int(expires), "session": {"id": "sess_1", **body["session"]}})

    def usd(self, tokens: Usage) -> Decimal:
        rates = next(model.rates for model in MODELS if model.name == self.configured["model"])
        return tokens.usd(rates)

    def talk(self, call: Call, head: bytes, connection: socket.socket) -> None:
        """Serve one WebSocket until either side closes it."""
        offered = [each.strip() for each in call.headers.get("sec-websocket-protocol", "").split(",")]
        secret = next((each.removeprefix(_PREFIX) for each in offered if each.startswith(_PREFIX)), "")
        if "realtime" not in offered or self.minted.get(secret, 0.0) < time.time():
            self.problems.append(f"a WebSocket with the protocols {offered}")
            return
        self.sessions.append(secret)
        self.open += 1
        try:
            _Talk(self, head, connection).serve()
        finally:
            self.open -= 1


class _Talk:
    """One WebSocket."""

    def __init__(self, vendor: RealtimeEmulator, head: bytes, connection: socket.socket) -> None:
        self._vendor, self._connection, self._head = vendor, connection, head
        self._protocol = ServerProtocol(subprotocols=["realtime"])  # type: ignore[list-item]
        self._samples, self._speaking = 0, False

    def serve(self) -> None:
        self._protocol.receive_data(self._head)
        while not self._protocol.close_expected():
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._protocol.send_response(self._protocol.accept(event))
                    self._flush()
                    self._send("session.created", session=self._vendor.configured)
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    self._receive(json.loads(bytes(event.data)))
            self._flush()
            try:
                data = self._connection.recv(65_536)
            except OSError:
                return
            if not data:
                return
            self._protocol.receive_data(data)
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._connection.sendall(data)

    def _send(self, kind: str, **more: Any) -> None:
        event = {"type": kind, "event_id": f"event_{secrets.token_hex(4)}", **more}
        self._protocol.send_text(json.dumps(event).encode())
        self._flush()

    def _receive(self, event: Mapping[str, Any]) -> None:
        if VENDOR.is_dir() and event["type"] not in _content("specs-2/openai/realtime.events.json")["client"]:
            self._vendor.problems.append(f"an event {event['type']!r}")
        match event["type"]:
            case "input_audio_buffer.append":
                self._hear(base64.b64decode(event["audio"]))
            case "response.create":
                self._answer()

    def _hear(self, pcm: bytes) -> None:
        samples = array.array("h", pcm)
        loudest = max(map(abs, samples), default=0)
        self._vendor.heard = max(self._vendor.heard, loudest)
        if loudest < _LOUD:
            return
        if not self._speaking:
            self._speaking = True
            self._send("input_audio_buffer.speech_started", item_id="item_user", audio_start_ms=0)
        self._samples += len(samples)
        if self._samples >= _TURN_SAMPLES:
            self._samples, self._speaking = 0, False
            self._send("input_audio_buffer.speech_stopped", item_id="item_user", audio_end_ms=500)
            self._send("input_audio_buffer.committed", item_id="item_user", previous_item_id=None)

    def _answer(self) -> None:
        vendor = self._vendor
        answer = vendor.script.pop(0) if vendor.script else Answer("Go on.")
        vendor.answered += 1
        name, item = f"resp_{vendor.answered}", f"item_{vendor.answered}"
        self._send("response.created", response={"id": name, "status": "in_progress"})
        output = []
        if answer.words:
            voice = base64.b64encode(bytes(4_800)).decode()  # 100 ms of silence
            self._send("response.output_audio.delta", response_id=name, item_id=item, delta=voice)
            self._send("response.output_audio_transcript.done", response_id=name, item_id=item, transcript=answer.words)
        for number, (function, arguments) in enumerate(answer.calls):
            call = {"call_id": f"call_{vendor.answered}_{number}", "name": function, "arguments": arguments}
            output.append({"type": "function_call", **call})
            self._send("response.function_call_arguments.done", response_id=name, item_id=item, output_index=0, **call)
        vendor.billed_usd += vendor.usd(answer.tokens)
        done = {"id": name, "status": answer.status, "output": output, "usage": _usage(answer.tokens)}
        self._send("response.done", response=done)


def _usage(tokens: Usage) -> dict[str, Any]:
    cached = {"text_tokens": tokens.text_cached, "audio_tokens": tokens.audio_cached}
    return {
        "total_tokens": tokens.text_in + tokens.audio_in + tokens.text_out + tokens.audio_out,
        "input_tokens": tokens.text_in + tokens.audio_in,
        "output_tokens": tokens.text_out + tokens.audio_out,
        "input_token_details": {
            "text_tokens": tokens.text_in,
            "audio_tokens": tokens.audio_in,
            "cached_tokens": tokens.text_cached + tokens.audio_cached,
            "cached_tokens_details": cached,
        },
        "output_token_details": {"text_tokens": tokens.text_out, "audio_tokens": tokens.audio_out},
    }
