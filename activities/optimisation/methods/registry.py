"""The methods by name. Those of DSPy are imported when they are used: the extra `optimise` may not be installed."""

from importlib.util import find_spec
from typing import Final

from activities.optimisation.methods.halving import Halving
from activities.optimisation.methods.protocol import Method
from workflows.optimisation.records import MethodName

EXTRA_MISSING: Final = "DSPy is not installed on this worker: install the extra `optimise`"


def missing_of(name: MethodName) -> str:
    """Why a method cannot run here, with the remedy; empty if it can. Nothing is imported."""
    return EXTRA_MISSING if name != "halving" and find_spec("dspy") is None else ""


def method_of(name: MethodName) -> Method:
    if name == "halving":
        return Halving()
    from activities.optimisation.methods.dspy_methods import DspyMethod

    return DspyMethod(name)
