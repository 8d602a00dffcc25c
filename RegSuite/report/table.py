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
    return [(name, _in_words(value)) for name, value in result.metrics.items() if name not in known]


def _in_words(value: Any) -> str:
    """'0.57', or 'mean 0.57, max 5.7' of several."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_in_words(part)}" for key, part in value.items())
    return number(value) if isinstance(value, int | float) else str(value)


@dataclass(frozen=True)
class LabelRow:
    """A line of the table of labels: Dice, HD95 and mean surface distance in mm as text."""

    name: str
    dice: str
    hd95: str
    msd: str
    verdict: str


def label_rows(result: Result, names: Mapping[int, str]) -> list[LabelRow]:
    """A row for every label that has a Dice, the lowest first."""
    dice, hd95, msd = (
        {str(k): v for k, v in (result.metrics.get(key) or {}).items()}
        for key in ("dice", "hd95_mm", "msd_mm")
    )
    failed = {v.measure.partition(".")[2] for v in result.verdicts if v.verdict == "fail"}
    judged = {v.measure.partition(".")[2] for v in result.verdicts}
    return [
        LabelRow(
            f"{label} {names.get(int(label), '') if label.isdigit() else ''}".strip(),
            f"{dice[label]:.3f}",
            number(hd95.get(label)),
            number(msd.get(label)),
            "fail" if label in failed else "pass" if label in judged else "no limit",
        )
        for label in sorted(dice, key=lambda label: float(dice[label]))
    ]
