"""The tables of an accumulated course's page: limits, metrics by structure, fractions, coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from RegSuite.report.dvh_page import digits
from RegSuite.report.headline import number

if TYPE_CHECKING:
    from RegSuite.report.dose_content import DoseMetric, DosePage
    from RegSuite.report.result import Result


@dataclass(frozen=True)
class Cell:
    """A metric of a structure: its value as text ("–" where it has none), and its band."""

    value: str
    band: str = ""


def structure_and_metric(measure: str, record: Result) -> tuple[str, str]:
    """Of a measure such as dose.PTV_50.4.D95%: the structure, whose name may hold dots, and the metric.

    A name that the result does not have is taken to end at its first dot.
    """
    said = measure.removeprefix("dose.")
    names = [n for n in (record.dose or {}).get("structures") or {} if said.startswith(f"{n}.")]
    structure = max(names, key=len) if names else said.partition(".")[0]
    return structure, said[len(structure) + 1 :]


def limit_rows(record: Result) -> list[dict[str, str]]:
    """A row for every verdict on a dose, those to look at first."""
    order = {"fail": 0, "not certain": 1, "not measured": 2, "pass": 3}
    found = [v for v in record.verdicts if v.measure.startswith("dose.")]
    rows = []
    for v in sorted(found, key=lambda v: order[v.verdict]):
        structure, metric = structure_and_metric(v.measure, record)
        unit = v.unit or ""
        rows.append(
            {
                "structure": structure,
                "metric": metric,
                "value": "–" if v.value is None else f"{digits(v.value)} {unit}",
                "band": "" if v.p05 is None or v.p95 is None else f"{digits(v.p05)} to {digits(v.p95)}",
                "limit": f"{'at most' if v.bound == 'max' else 'at least'} {number(v.limit)} {unit}",
                "verdict": v.verdict,
                "source": v.source,
            }
        )
    return rows


@dataclass(frozen=True)
class MetricTable:
    """Metrics of one kind: title, (name, unit) of each column, {structure: a cell for each column}."""

    title: str
    columns: list[tuple[str, str]]
    cells: dict[str, list[Cell]]


def metric_tables(found: DosePage) -> list[MetricTable]:
    """The physical metrics, and those of effective dose where there are any, in the order they come."""
    by_name = {(m.structure, m.metric, m.unit): m for m in found.metrics}
    every = list(dict.fromkeys((m.metric, m.unit) for m in found.metrics))
    kinds = {
        "": [c for c in every if not _is_effective(c[0])],
        "EQD2": [c for c in every if _is_effective(c[0])],
    }
    return [
        MetricTable(
            title,
            columns,
            {name: [_cell(by_name.get((name, *column))) for column in columns] for name in found.structures},
        )
        for title, columns in kinds.items()
        if columns
    ]


def _is_effective(metric: str) -> bool:
    return metric.startswith(("EQD2", "BED"))


def _cell(metric: DoseMetric | None) -> Cell:
    if metric is None:
        return Cell("–")
    band = "" if metric.p05 is None or metric.p95 is None else f"{digits(metric.p05)} – {digits(metric.p95)}"
    return Cell(digits(metric.value), band)


def fraction_rows(dose: Mapping[str, Any]) -> list[dict[str, str]]:
    """How good each fraction's deformation is, as far as it was measured."""
    rows = []
    for f in dose.get("fractions", ()):
        similarity = f.get("similarity") or {}
        jacobian, marks, sd = f.get("jacobian") or {}, f.get("marks") or {}, f.get("uncertainty_mm") or {}
        length = f.get("displacement_mm") or {}
        both = (
            f"{similarity['name'].upper()} {number(similarity['before'])} → {number(similarity['after'])}"
            if {"name", "before", "after"} <= set(similarity)
            else "not measured"
        )
        rows.append(
            {
                "name": str(f["name"]),
                "count": number(f["fractions"]),
                "registered": str(f.get("registered", "")),
                "similarity": both,
                "length": f"{number(length.get('mean'))} / {number(length.get('max'))}" if length else "",
                "sd": f"{number(sd.get('mean'))} / {number(sd.get('p95'))}" if sd else "not measured",
                "jacobian": f"{number(jacobian.get('min'))} to {number(jacobian.get('max'))}"
                if jacobian
                else "",
                "marks": _marks(marks),
            }
        )
    return rows


def _marks(marks: Mapping[str, Any]) -> str:
    said = {"outside": "outside the dose grid", "folded": "folded", "undefined": "undefined"}
    parts = [f"{marks[k]} {words}" for k, words in said.items() if marks.get(k)]
    return ", ".join(parts) or "none"
