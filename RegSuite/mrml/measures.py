"""The table of a result's measures, with limits and verdicts: one row a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from RegSuite.mrml.tables import table_from_columns
from RegSuite.quality.definitions import MEASURES, measured
from RegSuite.report.headline import number

if TYPE_CHECKING:
    from RegSuite.quality.limits import Verdict
    from RegSuite.report.result import Result as ResultRecord

COLUMNS = ("measure", "label", "value", "unit", "limit", "verdict", "source")
TUMOR_MEASURES = {
    "shape_share": ("Change by shape", "%", 100.0),
    "appearance_share": ("Change by appearance", "%", 100.0),
    "mask_volume_cc": ("Mask", "cc", 1.0),
    "tumor_displacement_mm.mean": ("Displacement in the tumour, mean", "mm", 1.0),
    "tumor_displacement_mm.max": ("Displacement in the tumour, largest", "mm", 1.0),
    "ssd_before": ("SSD before", "", 1.0),
    "ssd_deformed": ("SSD, deformation alone", "", 1.0),
    "ssd_deformed_outside": ("SSD, deformation alone, outside the mask", "", 1.0),
    "ssd_final": ("SSD, final image", "", 1.0),
    "energy_drift_percent": ("Drift of the conserved energy", "%", 1.0),
}
"""Measures of metrics["tumor"] by their path there: title, unit, and what they are multiplied by."""

Row = tuple[str, str, float, str, str, str, str]


def measures_table(record: ResultRecord, names: Mapping[int, str], title: str, node: Any = None) -> Any:
    """A table node of the measures in the order of their definitions; None where nothing was measured.

    A measure that is taken per label has a row a label, with its name. limit, verdict and source
    are empty where the clinic's limits say nothing. node: an output table to fill instead.
    """
    rows = [*_rows(record, names), *_similarity(record), *_tumor(record)]
    if not rows:
        return None
    columns = {name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)}
    return table_from_columns(columns, name=title if node is None else node.GetName(), node=node)


def _rows(record: ResultRecord, names: Mapping[int, str]) -> Iterator[Row]:
    verdicts = {verdict.measure: verdict for verdict in record.verdicts}
    for path, measure in MEASURES.items():
        value = measured(record.metrics, path)
        if isinstance(value, Mapping):
            for label in sorted(
                value, key=lambda text: (not text.isdigit(), int(text) if text.isdigit() else 0)
            ):
                words = f"{label} {names.get(int(label), '') if label.isdigit() else ''}".strip()
                verdict = verdicts.get(f"{path}.{label}")
                yield _row(measure.title, words, value[label], measure.unit, measure.words, verdict)
        elif value is not None:
            yield _row(measure.title, "", value, measure.unit, measure.words, verdicts.get(path))


def _row(title: str, label: str, value: float, unit: str, words: str, verdict: Verdict | None) -> Row:
    if verdict is None:
        return title, label, float(value), unit, "", "", ""
    return (
        title,
        label,
        float(value),
        unit,
        f"{words} {number(verdict.limit)}",
        verdict.verdict,
        verdict.source,
    )


def _similarity(record: ResultRecord) -> Iterator[Row]:
    """The similarity before and after, which has a name but no limit."""
    found = record.metrics.get("similarity") or {}
    for when in ("before", "after"):
        if when in found:
            yield _row(f"Similarity ({found.get('name', '')}), {when}", "", found[when], "", "", None)


def _tumor(record: ResultRecord) -> Iterator[Row]:
    """What a brain with a tumour is measured by: shares of shape and appearance, sizes, differences."""
    found = record.metrics.get("tumor") or {}
    for name, (title, unit, factor) in TUMOR_MEASURES.items():
        value = measured(found, name)
        if isinstance(value, int | float):
            yield _row(title, "", factor * value, unit, "", None)
