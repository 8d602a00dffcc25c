"""DVHs as a plot chart: a line a structure in its colour, its band of 5 to 95 % as dashed lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.slabs import Steps
from RegSuite.mrml.tables import table_from_columns
from RegSuite.report.dose_colours import round_top

DOSE, VOLUME, LOW, HIGH = "dose_gy", "volume_percent", "volume_percent_p05", "volume_percent_p95"
"""Columns of dvh.csv and of a structure's table node."""

NAMELESS = ""
"""Of a band's lines: Slicer's legend passes over a series without a name, the structure's line says it."""

STRUCTURE = "RegSuite.structure"
"""Attribute of tables and series: whose they are."""

_ROOM = 1.3
"""Of the dose axis beyond the highest dose, where the legend stands."""

Colour = tuple[float, float, float]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DvhLine:
    """A structure's cumulative DVH, [n] each; low and high: the band, None without one."""

    structure: str
    dose_gy: Values
    volume_percent: Values
    low_percent: Values | None = None
    high_percent: Values | None = None


def lines_of_table(columns: Mapping[str, Sequence[Any]]) -> list[DvhLine]:
    """The DVHs of dvh.csv's columns, in their order."""
    names = np.array(list(columns["structure"]))
    numbers = {name: _numbers(columns[name]) for name in (DOSE, VOLUME, LOW, HIGH) if name in columns}
    out = []
    for structure in dict.fromkeys(names.tolist()):
        mine = names == structure
        low, high = (numbers[n][mine] if n in numbers else None for n in (LOW, HIGH))
        has_band = low is not None and high is not None and bool(np.isfinite(low).any())
        out.append(
            DvhLine(
                str(structure),
                numbers[DOSE][mine],
                numbers[VOLUME][mine],
                low if has_band else None,
                high if has_band else None,
            )
        )
    return out


def dvh_chart_in_steps(
    name: str,
    lines: Sequence[DvhLine],
    colours: Mapping[str, Colour],
    *,
    dose_title: str = "Dose (Gy)",
) -> Steps[Any]:
    """A plot chart node of DVHs, a structure a step; each has a table node and one or three series.

    colours: by structure; others get a colour by their number. The band's lines stand in the table's
    columns volume_percent_p05 and volume_percent_p95.
    """
    scene = slicer.mrmlScene
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", name)
    chart.SetTitle(name)
    chart.SetTitleVisibility(False)
    chart.SetXAxisTitle(dose_title)
    chart.SetYAxisTitle("Volume (%)")
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(0.0, round_top(_ROOM * max(map(_highest, lines), default=1.0))[0])
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(0.0, 100.0)
    chart.SetLegendVisibility(True)
    chart.SetLegendFontSize(11)
    chart.SetAxisTitleFontSize(12)
    chart.SetAxisLabelFontSize(11)
    for number, line in enumerate(lines, start=1):
        colour = colours.get(line.structure) or colour_of(number)
        table = _table(name, line)
        series = [(VOLUME, line.structure, True)]
        if line.low_percent is not None:
            series += [(LOW, NAMELESS, False), (HIGH, NAMELESS, False)]
        for column, title, solid in series:
            node = _series(title, table, column, colour, solid=solid)
            chart.AddAndObservePlotSeriesNodeID(node.GetID())
        yield
    return chart


def nodes_of_chart(chart: Any) -> list[Any]:
    """The chart with its series and their tables."""
    series = [chart.GetNthPlotSeriesNode(i) for i in range(chart.GetNumberOfPlotSeriesNodes())]
    tables = dict.fromkeys(node.GetTableNode() for node in series)
    return [chart, *series, *tables]


def _table(name: str, line: DvhLine) -> Any:
    columns = {DOSE: line.dose_gy, VOLUME: line.volume_percent}
    if line.low_percent is not None and line.high_percent is not None:
        columns |= {LOW: line.low_percent, HIGH: line.high_percent}
    real = {title: values.tolist() for title, values in columns.items()}
    table = table_from_columns(real, name=f"{name}: {line.structure}")
    table.SetAttribute(STRUCTURE, line.structure)
    return table


def _series(title: str, table: Any, column: str, colour: Colour, *, solid: bool) -> Any:
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLPlotSeriesNode")
    node.UnRegister(None)
    node.SetHideFromEditors(not solid)  # before it is added, so that it gets no subject hierarchy item
    slicer.mrmlScene.AddNode(node)
    node.SetName(title)
    node.SetAttribute(STRUCTURE, table.GetAttribute(STRUCTURE))
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetPlotType(node.PlotTypeScatter)
    node.SetXColumnName(DOSE)
    node.SetYColumnName(column)
    node.SetMarkerStyle(node.MarkerStyleNone)
    node.SetLineStyle(node.LineStyleSolid if solid else node.LineStyleDash)
    node.SetLineWidth(2.5 if solid else 1.0)
    node.SetOpacity(1.0 if solid else 0.8)
    node.SetColor(*colour)
    return node


def _highest(line: DvhLine) -> float:
    """The highest dose that any of the structure has, or may have."""
    some = (
        line.volume_percent if line.high_percent is None else np.fmax(line.volume_percent, line.high_percent)
    )
    there = line.dose_gy[some > 0]
    return float(there.max(initial=0.0))


def _numbers(values: Sequence[Any]) -> Values:
    """A column as numbers, empty cells as NaN."""
    return np.array([float(v) if v not in ("", None) else np.nan for v in values])
