"""Secrets are redacted in text from others, and other text is unchanged."""

import io
import logging

import pytest

from activities.errors import ContentRefused, InvalidRequest
from workflows.runtime import redaction
from workflows.runtime.redaction import redact, redact_logs, register_secrets

KEY = "sk-proj-3f9d2c71b8e64a05"


@pytest.fixture(autouse=True)
def _forgetting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", set())
    register_secrets(
        {
            "OPENAI_API_KEY": KEY,
            "GREENLIGHT_PAYLOAD_KEYS": "a:QUJDREVGR0hJSktMTU5PUFFSU1Q= b:VUJDREVGR0hJSktMTU5PUFFSU1Q=",
            "GOOGLE_GEMINI_BASE_URL": "http://me:long-password-of-me@127.0.0.1:1",
            "OTEL_EXPORTER_OTLP_HEADERS": "api-key=collector-3f9d2c71b8e6,x=y",
            "SOME_KEY": "production",
            "GREENLIGHT_API_KEYS": "/etc/greenlight/keys.toml",
            "HOME": "/home/somebody-with-a-long-name",
        }
    )


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: …."),
        (f"and cut off: {KEY[:-4]}", "and cut off: …"),
        ("QUJDREVGR0hJSktMTU5PUFFSU1Q", "…"),
        ("b:VUJDREVGR0hJSktMTU5PUFFSU1Q=", "b:…="),
        ("password long-password-of-me", "password …"),
        ("sent collector-3f9d2c71b8e6", "sent …"),
        ("Authorization: Bearer another.token", "Authorization: Bearer …"),
        ("{'authorization': 'Bearer another.token'}", "{'authorization': 'Bearer …'}"),
        ('{"x-api-key": "another-key"}', '{"x-api-key": "…"}'),
        ("x-goog-api-key: another-key accept: */*", "x-goog-api-key: … accept: */*"),
        ("POST /v1/x?key=another-key&alt=json", "POST /v1/x?key=…&alt=json"),
        ("GET https://u:p@cdn.example/a.png?X-Amz-Signature=ab&x=1 200", "GET https://…@cdn.example/a.png?… 200"),
        ("see https://u:passw", "see https://…"),
    ],
)
def test_secrets_are_hidden(words: str, shown: str) -> None:
    """Known values are redacted as such, also where the text is cut inside one; all others by their form."""
    assert redact(words) == shown
    assert str(InvalidRequest(words)) == shown
    assert ContentRefused("no", category=words).category == shown


@pytest.mark.parametrize(
    "words",
    [
        "OpenAI: no key; set OPENAI_API_KEY in the worker's environment to a key that works",
        "missing key: prompt_strength is required; the monkey: bananas",
        "the bearer of good news; basic shapes",
        "http://127.0.0.1:8233/namespaces and http://localhost:80",
        "Idempotency-Key: order-1017, plan_digest=6e1de2026423e03ba10d7ba659c39e99",
        "tokens: 12345678 in; production; /home/somebody-with-a-long-name; /etc/greenlight/keys.toml",
        "shot-1 · video · previz; next look in 10.0 s",
    ],
)
def test_other_text_is_unchanged(words: str) -> None:
    """Text without a secret is returned unchanged."""
    assert redact(words) == words


def test_logs_have_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """Each handler keeps its own format, without secrets, also within tracebacks."""
    caplog.handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    redact_logs()
    try:
        int(KEY)
    except ValueError:
        logging.getLogger("x").exception("GET https://a.example/b?sig=c")
    assert "ERROR GET https://a.example/b?…" in caplog.text
    assert "ValueError: invalid literal for int() with base 10: '…'" in caplog.text
    assert KEY not in caplog.text


def test_a_message_is_one_line_of_the_log() -> None:
    """Text from others adds no line to the log, moves no cursor, and is cut when it is too long; a traceback of ours is
    unchanged."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers[:] = [handler]
    try:
        redact_logs()
        logging.getLogger("x").warning("title %s", "a\nERROR forged\x1b[2K\u202e")
        logging.getLogger("x").warning("%s", "y" * 100_000)
        logging.getLogger("x").error("failed", exc_info=ValueError("mine"))
    finally:
        root.handlers[:] = before
    lines = stream.getvalue().splitlines()
    assert lines[0] == "title a\\nERROR forged\ufffd[2K\ufffd"
    assert len(lines[1]) < 9_000
    assert lines[2:] == ["failed", "ValueError: mine"]
