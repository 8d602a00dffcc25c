"""The table of measures: what was taken, what is limited, and the verdict."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from RegSuite.quality.definitions import MEASURES
from RegSuite.quality.limits import Verdict, measure_of
from RegSuite.report.headline import number
from RegSuite.report.result import Result


@dataclass(frozen=True)
class MetricRow:
    """A line of the table of measures."""

    title: str
    value: str
    limit: str
    verdict: str
    definition: str
    source: str


def metric_rows(result: Result) -> list[MetricRow]:
    """Every known measure that was taken or is limited, in the order of their definitions."""
    by_measure: dict[str, list[Verdict]] = {}
    for verdict in result.verdicts:
        by_measure.setdefault(measure_of(verdict), []).append(verdict)
    out = []
    for path, measure in MEASURES.items():
        value: Any = result.metrics
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        verdicts = by_measure.get(path, [])
        if value is None and not verdicts:
            continue
        unit = f" {measure.unit}" if measure.unit else ""
        limit = f"{measure.words} {number(verdicts[0].limit)}{unit}" if verdicts else ""
        source = verdicts[0].source if verdicts else ""
        shown = _per_label(value, measure.bound, unit) if isinstance(value, Mapping) else number(value)
        shown += unit if not isinstance(value, Mapping) and value is not None else ""
        out.append(MetricRow(measure.title, shown, limit, _one_verdict(verdicts), measure.definition, source))
    return out


def _per_label(values: Mapping[str, float], bound: str, unit: str) -> str:
    """'12 labels, worst 0.61, median 0.84'."""
    if not values:
        return "not measured"
    ordered = sorted(values.values(), reverse=bound == "max")
    middle = number(statistics.median(ordered))
    return f"{len(ordered)} labels, worst {number(ordered[0])}{unit}, median {middle}{unit}"


def _one_verdict(verdicts: list[Verdict]) -> str:
    """The verdict of a measure; of one per label, how many failed."""
    if not verdicts:
        return "no limit"
    failed = sum(v.verdict == "fail" for v in verdicts)
    if len(verdicts) > 1 and failed:
        return f"fail ({failed} of {len(verdicts)})"
    return "fail" if failed else verdicts[0].verdict


def other_metrics(result: Result) -> list[tuple[str, str]]:
    """Measures without a definition here (a method's own), as name and text."""
    known = {path.split(".")[0] for path in MEASURES} | {"similarity"}
    return [
        (name, number(value) if isinstance(value, int | float) else str(value))
        for name, value in result.metrics.items()
        if name not in known
    ]
