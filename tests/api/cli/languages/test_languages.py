"""The command and the language of a brief: used where none is given, asked where another one is."""

from dataclasses import asdict
from typing import Any

import pytest

from api.cli import languages
from api.cli.context import Cli
from api.client.client import GreenlightClient, GreenlightError
from api.views.platforms import LanguageView
from workflows.brief import Brief, Platform
from workflows.runtime.language import detect_language

GERMAN = "Unsere Bäckerei öffnet um fünf. Die Öfen sind warm, die Straße ist noch dunkel."
ENGLISH = "Our bakery opens at five. The ovens are warm, and the street is still dark."


class _Answers:
    """A terminal whose user answers `reply`, and an API that detects languages."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, reply: bool = True, interactive: bool = True) -> None:
        self.questions: list[str] = []
        self.notices: list[str] = []

        def confirm(question: str, **_: Any) -> bool:
            self.questions.append(question)
            return reply

        def detect(_: GreenlightClient, text: str) -> LanguageView:
            found = detect_language(text)
            return LanguageView(**asdict(found)) if found else LanguageView()

        monkeypatch.setattr("typer.confirm", confirm)
        monkeypatch.setattr(GreenlightClient, "detect_language", detect)
        monkeypatch.setattr(Cli, "interactive", interactive)
        monkeypatch.setattr(Cli, "warn", lambda _, text: self.notices.append(text))


def brief(text: str, language: str | None) -> Brief:
    given = {"languages": (language,)} if language else {}
    return Brief.model_validate({"text": text, "platform": Platform.COPY, **given})


@pytest.mark.parametrize("interactive", [True, False])
def test_a_missing_language_is_that_of_the_brief(monkeypatch: pytest.MonkeyPatch, interactive: bool) -> None:
    """Without --language, the detected language is used, with a notice and without a question."""
    user = _Answers(monkeypatch, interactive=interactive)
    found = languages.with_language(Cli(), brief(GERMAN, None), ask=True)
    assert found.language == "de"
    assert user.questions == []
    assert user.notices == ["The brief reads like German (de), so its language is de; --language en keeps en"]
    assert languages.with_language(Cli(), brief(ENGLISH, None), ask=True) == brief(ENGLISH, None)


@pytest.mark.parametrize(("reply", "language"), [(True, "de"), (False, "fr")])
def test_another_language_is_asked(monkeypatch: pytest.MonkeyPatch, reply: bool, language: str) -> None:
    """A language that differs from that of the brief is asked at a terminal, and the answer decides."""
    user = _Answers(monkeypatch, reply=reply)
    assert languages.with_language(Cli(), brief(GERMAN, "fr"), ask=True).language == language
    assert user.questions == ["The brief reads like German (de), but its language is fr. Use de?"]


@pytest.mark.parametrize(
    ("text", "language", "ask", "interactive"),
    [
        (GERMAN, "de-AT", True, True),
        (ENGLISH, "de", True, True),
        (GERMAN, "fr", False, True),
        (GERMAN, "fr", True, False),
        ("Sale", "fr", True, True),
    ],
)
def test_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, text: str, language: str, ask: bool, interactive: bool
) -> None:
    """Instructions in English, the same language, an uncertain one, --yes and scripts cause no question."""
    user = _Answers(monkeypatch, interactive=interactive)
    given = brief(text, language)
    assert languages.with_language(Cli(), given, ask=ask) == given
    assert user.questions == user.notices == []


def test_an_earlier_api_detects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an API that has no such route, the brief stays as it is; another failure is reported."""
    _Answers(monkeypatch)
    status = 404

    def detect(_: GreenlightClient, text: str) -> LanguageView:
        raise GreenlightError("Not found", text, status=status)

    monkeypatch.setattr(GreenlightClient, "detect_language", detect)
    assert languages.with_language(Cli(), brief(GERMAN, None), ask=True) == brief(GERMAN, None)
    status = 401
    with pytest.raises(GreenlightError):
        languages.with_language(Cli(), brief(GERMAN, None), ask=True)
