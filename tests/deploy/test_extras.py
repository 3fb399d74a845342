"""An installation without some extras: the worker of a container has no servers, and may lack SDKs of vendors."""

import json
import os
import subprocess
import sys
from typing import Final

import pytest

from tests import ROOT

WITHOUT: Final = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = staticmethod(lambda name, *rest: None if name in {blocked!r} else find(name, *rest))
"""
"""The start of a program in which some packages are not installed."""

REPORT: Final = """
import json, os
from activities.providers.registry import build_providers, build_report
from activities.settings import ActivitySettings
import worker.workers
providers = build_providers(ActivitySettings(), os.environ)
print(build_report(providers, "template").model_dump_json())
"""
"""What a worker reports to the API."""

KEYS: Final = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "RUNWAYML_API_SECRET", "REPLICATE_API_TOKEN")


def report_without(*blocked: str) -> dict[str, dict[str, object]]:
    """The providers that a worker with all keys reports, by name."""
    program = WITHOUT.format(blocked=blocked) + REPORT
    environ = {**os.environ, **dict.fromkeys(KEYS, "key-of-a-test")}
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    return {each["provider"]: each for each in json.loads(answer.stdout)["providers"]}


@pytest.mark.parametrize(
    "sdks",
    [{"openai": "openai", "runway": "runwayml"}, {"anthropic": "anthropic", "google": "google.genai"}],
    ids=lambda sdks: "-".join(sdks),
)
def test_a_vendor_without_its_sdk_is_switched_off(sdks: dict[str, str]) -> None:
    """A worker starts without the SDKs of some vendors, does not use those although their keys are set, and names the
    extra of each."""
    found = report_without(*sdks.values())
    assert {name for name, each in found.items() if not each["enabled"]} == set(sdks)
    assert all(f"install greenlight[{name}]" in str(found[name]["reason"]) for name in sdks)


def test_without_the_local_extra_previz_has_no_voices() -> None:
    """Without espeak-ng, previz still makes pictures, films and music; its voices are unavailable and name the
    extra."""
    models = report_without("espeakng_loader")["previz"]["models"]
    assert isinstance(models, list)
    unavailable = {each["model"]: each["unavailable"] for each in models if each["unavailable"]}
    assert set(unavailable) == {"previz-narration"}
    assert "greenlight[local]" in unavailable["previz-narration"]
