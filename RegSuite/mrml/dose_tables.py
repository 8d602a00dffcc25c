"""The metrics of DVHs as a table node: value, band, limit and verdict, a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from RegSuite.mrml.tables import table_from_columns
from RegSuite.report.headline import number

if TYPE_CHECKING:
    from RegSuite.quality.verdict import Verdict

COLUMNS = ("structure", "metric", "unit", "value", "p05", "p50", "p95", "limit", "verdict", "source")
WORDS = {"max": "at most", "min": "at least"}


def metrics_table(
    columns: Mapping[str, Sequence[Any]], verdicts: Sequence[Verdict], name: str, node: Any = None
) -> Any:
    """A table node of dvh_metrics.csv's columns with the limits that were judged.

    Columns of the band are left out where none was computed. limit, verdict and source are empty where
    no limit is on a metric. A limit on what was not measured has a row of its own. node: an output table.
    """
    rows = metric_rows(columns, verdicts)
    has_band = any(row["p05"] is not None for row in rows)
    shown = [name for name in COLUMNS if has_band or name not in ("p05", "p50", "p95")]
    table = {title: [row[title] for row in rows] for title in shown}
    return table_from_columns(table, name=name if node is None else node.GetName(), node=node)


def metric_rows(columns: Mapping[str, Sequence[Any]], verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
    """A mapping of COLUMNS for each metric, then for each limit on what was not measured."""
    judged = {verdict.measure: verdict for verdict in verdicts if verdict.measure.startswith("dose.")}
    rows: list[dict[str, Any]] = []
    for at, (structure, metric) in enumerate(zip(columns["structure"], columns["metric"], strict=True)):
        numbers = {key: _number(columns[key][at]) for key in ("value", "p05", "p50", "p95") if key in columns}
        verdict = judged.pop(f"dose.{structure}.{metric}", None)
        row = {"structure": structure, "metric": metric, "unit": columns["unit"][at], **numbers}
        rows.append({**dict.fromkeys(COLUMNS), **row, **_limit(verdict)})
    for measure, verdict in judged.items():
        structure, metric = _parts(measure.removeprefix("dose."), columns["structure"])
        row = {"structure": structure, "metric": metric, "unit": verdict.unit or ""}
        rows.append({**dict.fromkeys(COLUMNS), **row, **_limit(verdict)})
    return rows


def _limit(verdict: Verdict | None) -> dict[str, str]:
    if verdict is None:
        return {"limit": "", "verdict": "", "source": ""}
    words = WORDS.get(verdict.bound or "", "")
    limit = f"{words} {number(verdict.limit)} {verdict.unit or ''}".strip()
    return {"limit": limit, "verdict": verdict.verdict, "source": verdict.source}


def _parts(text: str, structures: Sequence[str]) -> tuple[str, str]:
    """'Cord.D0.03cc' as structure and metric; names of structures may have dots too."""
    known = next((name for name in structures if text.startswith(f"{name}.")), None)
    if known is not None:
        return known, text[len(known) + 1 :]
    structure, _, metric = text.partition(".")
    return structure, metric


def _number(value: Any) -> float | None:
    """A cell as a number, None where it is empty or not one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
