"""Which limits a result is judged against, and the verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.errors import InputError
from RegSuite.quality import Limits, Verdict, judge, load_limits
from RegSuite.quality.limits import DEFAULT_LIMITS
from RegSuite.resources import resources_folder
from RegSuite.settings import settings

if TYPE_CHECKING:
    from RegSuite.dose.metrics import Metric
    from RegSuite.geometry import Grid


def limits_of(path: str | None) -> Limits:
    """The limits in `path`, else those of REGSUITE_LIMITS, else TG-132's.

    Raises InputError for a file that is missing or does not fit.
    """
    return load_limits(path or settings().limits or resources_folder() / DEFAULT_LIMITS)


def verdicts_on(metrics: Mapping[str, Any], limits: Limits, fixed: Grid) -> tuple[Verdict, ...]:
    """A verdict for every limit; `largest_voxel` is the largest edge along an axis of more than one voxel."""
    edges = [s for s, n in zip(fixed.spacing, fixed.size, strict=True) if n > 1] or list(fixed.spacing)
    return tuple(judge(metrics, limits, max(edges)))


def dose_metrics(limits: Limits) -> tuple[Metric, ...]:
    """The metrics that the limits on doses need, each once.

    Raises InputError for a metric that does not exist or a bound in another unit than the metric's.
    """
    from RegSuite.dose.metrics import parse_metric

    found: dict[str, Metric] = {}
    for number, limit in enumerate(limits.dose, start=1):
        where = f"limits {limits.name!r}: dose {number} ({limit.structure}, {limit.metric})"
        try:
            metric = found.setdefault(limit.metric, parse_metric(limit.metric))
        except InputError as error:
            raise InputError(error.what, where=where, mend=error.mend) from error
        if metric.unit != limit.unit:
            raise InputError(
                f"{limit.metric} is in {metric.unit} and its limit in {limit.unit}",
                where=where,
                mend=f"write {limit.bound}_{_SPELT[metric.unit]}",
            )
    return tuple(found.values())


_SPELT = {"Gy": "gy", "%": "percent", "cc": "cc"}
