"""Curves as plot charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import slicer

from RegSuite.errors import InputError
from RegSuite.mrml.colours import colour_of
from RegSuite.mrml.tables import table_from_columns


def plot_from_series(
    name: str,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x_title: str = "",
    y_title: str = "",
) -> Any:
    """A plot chart node with a line a series, each with a table of its values.

    series: (x, y) by the name of the line. Raises InputError where x and y differ in length.
    """
    scene = slicer.mrmlScene
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", name)
    chart.SetTitle(name)
    chart.SetXAxisTitle(x_title)
    chart.SetYAxisTitle(y_title)
    for number, (title, (x, y)) in enumerate(series.items(), start=1):
        if len(x) != len(y):
            raise InputError(f"{len(x)} places but {len(y)} values", where=f"series '{title}' of '{name}'")
        across, up = x_title or "x", y_title or "y"
        across = f"{across} " if across == up else across
        real = {across: [float(v) for v in x], up: [float(v) for v in y]}
        table = table_from_columns(real, name=f"{name}: {title}")
        line = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", title)
        line.SetAndObserveTableNodeID(table.GetID())
        line.SetXColumnName(across)
        line.SetYColumnName(up)
        line.SetPlotType(line.PlotTypeScatter)
        line.SetMarkerStyle(line.MarkerStyleNone if len(x) > 1 else line.MarkerStyleCircle)
        line.SetColor(*colour_of(number))
        chart.AddAndObservePlotSeriesNodeID(line.GetID())
    return chart
