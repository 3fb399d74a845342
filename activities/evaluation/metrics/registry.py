"""All metrics: the built-in ones, a module each, and those of installed packages."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Final

from activities.evaluation.metrics import dnsmos, known, motion, words
from activities.evaluation.metrics.learned import clip, i3d, inception, wav2vec
from activities.evaluation.metrics.protocol import Metric
from workflows.provider_report import MetricInfo

ENTRY_POINTS: Final = "greenlight.metrics"
"""Installed packages add metrics under this group: name -> a `Metric`, or a class of it."""
_LEARNED: Final = (*clip.METRICS, *inception.METRICS, *i3d.METRICS, *wav2vec.METRICS)
BUILT_IN: Final = (*known.METRICS, *words.METRICS, *motion.METRICS, *dnsmos.METRICS, *_LEARNED)


@cache
def registered() -> Mapping[str, Metric]:
    """Metrics by name, in the order of reports. A plug-in cannot replace a built-in metric."""
    ours = {metric.name: metric for metric in BUILT_IN}
    plugins = {each.name: _plugin(each.name, each.load()) for each in entry_points(group=ENTRY_POINTS)}
    return {**ours, **{name: metric for name, metric in plugins.items() if name not in ours}}


def _plugin(name: str, loaded: object) -> Metric:
    found = loaded() if isinstance(loaded, type) else loaded
    if not isinstance(found, Metric) or found.name != name:
        raise TypeError(f"the entry point {name!r} of {ENTRY_POINTS} is no Metric of this name")
    return found


def describe_metrics(missing: Mapping[str, str] | None = None) -> tuple[MetricInfo, ...]:
    """
    Args:
        missing: Metric -> why this worker cannot measure it, in addition to what the metric itself needs.
    """
    found = (metric.info() for metric in registered().values())
    return tuple(m.model_copy(update={"missing": (missing or {}).get(m.name) or m.missing}) for m in found)
