"""The language of a text is detected where it is certain, and never reported otherwise."""

import subprocess
import sys

import pytest

from tests import ROOT
from tests.workflows.runtime.languages import BRIEFS, NAMES
from workflows.runtime.language import detect_language, same_language


@pytest.mark.parametrize("language", BRIEFS)
def test_a_brief_is_detected(language: str) -> None:
    """A brief of three sentences is detected in each language, and no sentence or phrase is taken for another one."""
    sentence, brief, phrase = BRIEFS[language]
    found = detect_language(brief)
    assert found is not None
    assert same_language(found.language, language)
    assert found.name != found.language
    for text in (sentence, phrase):
        shorter = detect_language(text)
        assert shorter is None or same_language(shorter.language, language)


def test_most_single_sentences_are_detected() -> None:
    """One sentence is enough in nine of ten languages."""
    found = [detect_language(sentence) for sentence, _, _ in BRIEFS.values()]
    assert sum(each is not None for each in found) >= 0.9 * len(found)


@pytest.mark.parametrize("text", NAMES)
def test_names_are_no_evidence(text: str) -> None:
    """English with foreign names, lists of names, placeholder text, numbers and addresses are in no other language."""
    found = detect_language(text)
    assert found is None or found.language == "en"


def test_what_is_said_outweighs_labels() -> None:
    """A shot list in another language is detected although its labels and framings are English."""
    shots = "0:00-0:04 WIDE. VO: Der Hafen schläft noch.\n0:04-0:08 CLOSE UP. VO: Nur die Möwen sind schon wach."
    found = detect_language(shots)
    assert found is not None
    assert found.language == "de"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("de", "de-AT", True),
        ("zh-Hans", "yue", True),
        ("nb", "da", True),
        ("sr", "hr", True),
        ("id", "ms", True),
        ("de", "nl", False),
        ("en", "fr", False),
        ("es", "pt", False),
    ],
)
def test_close_languages_do_not_differ(one: str, other: str, same: bool) -> None:
    """Regions of a language, and languages that are not distinguished in short texts, never count as a difference."""
    assert same_language(one, other) is same
    assert same_language(other, one) is same


def test_the_model_is_loaded_by_the_first_text() -> None:
    """A process that imports the API, the activities and the worker has loaded neither model nor dictionary."""
    script = (
        "import sys, api.app, activities.production, worker.workers, api.cli.main\n"
        "print(*[name for name in ('py3langid', 'numpy', 'lindera') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []
