"""Slicer's plot view drawn offscreen by VTK's chart, from the MRML nodes of a chart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer
import vtk
from vtkmodules.util.numpy_support import vtk_to_numpy

from Testing.harness.four_up import _stack
from Testing.harness.view import SIZE, write_png
from Testing.harness.views import SliceView


class PlotView:
    """What qMRMLPlotView shows of the chart that a plot view node names; scatter series alone."""

    def __init__(self, name: str = "PlotView1", size: tuple[int, int] = SIZE) -> None:
        self._name, self._size = name, size

    @property
    def chart_node(self):
        """The chart of the view, None without one."""
        node = slicer.mrmlScene.GetSingletonNode(self._name, "vtkMRMLPlotViewNode")
        return None if node is None or not node.GetPlotChartNodeID() else node.GetPlotChartNode()

    def image(self) -> np.ndarray:
        """The chart as it is now: [height, width, 3] uint8."""
        view = vtk.vtkContextView()
        view.GetRenderer().SetBackground(1, 1, 1)
        window = view.GetRenderWindow()
        window.SetOffScreenRendering(1)
        window.SetMultiSamples(0)
        window.SetSize(*self._size)
        if self.chart_node is not None:
            view.GetScene().AddItem(_drawn(self.chart_node))
        window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(window)
        grab.ReadFrontBufferOff()
        grab.Update()
        picture = grab.GetOutput()
        width, height, _ = picture.GetDimensions()
        pixels = vtk_to_numpy(picture.GetPointData().GetScalars()).reshape(height, width, 3)[::-1].copy()
        window.Finalize()
        return pixels

    def close(self) -> None:
        """Nothing is held."""


class FourUpPlot:
    """Slicer's layout Four-Up Plot offscreen: axial and the plot above, coronal and sagittal below."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.red = SliceView("Red", "Axial", size)
        self.green = SliceView("Green", "Coronal", size)
        self.yellow = SliceView("Yellow", "Sagittal", size)
        self.plot = PlotView(size=size)

    def image(self) -> np.ndarray:
        """All four in one picture: [h, w, 3] uint8."""
        rows = [(self.red, self.plot), (self.green, self.yellow)]
        return _stack([_stack([view.image() for view in row], 1) for row in rows], 0)

    def png(self, path: Path) -> Path:
        """Write the picture of all four."""
        return write_png(self.image(), path)

    def close(self) -> None:
        for view in (self.red, self.green, self.yellow):
            view.close()

    def __enter__(self) -> FourUpPlot:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _drawn(node):
    """A vtkChartXY of a chart node, as qMRMLPlotView sets it."""
    chart = vtk.vtkChartXY()
    chart.SetTitle(node.GetTitle() if node.GetTitleVisibility() else "")
    chart.SetShowLegend(bool(node.GetLegendVisibility()))
    chart.GetLegend().GetLabelProperties().SetFontSize(node.GetLegendFontSize())
    sides = ((vtk.vtkAxis.BOTTOM, "X"), (vtk.vtkAxis.LEFT, "Y"))
    for side, letter in sides:
        axis = chart.GetAxis(side)
        visible = getattr(node, f"Get{letter}AxisTitleVisibility")()
        axis.SetTitle(getattr(node, f"Get{letter}AxisTitle")() if visible else "")
        axis.GetTitleProperties().SetFontSize(node.GetAxisTitleFontSize())
        axis.GetLabelProperties().SetFontSize(node.GetAxisLabelFontSize())
        axis.SetGridVisible(bool(node.GetGridVisibility()))
    for index in range(node.GetNumberOfPlotSeriesNodes()):
        _add(chart, node.GetNthPlotSeriesNode(index))
    chart.RecalculateBounds()
    for side, letter in sides:
        if not getattr(node, f"Get{letter}AxisRangeAuto")():
            axis = chart.GetAxis(side)
            low, high = getattr(node, f"Get{letter}AxisRange")()
            axis.SetBehavior(vtk.vtkAxis.FIXED)
            axis.SetRange(low, high)
    return chart


def _add(chart, series):
    plot = chart.AddPlot(vtk.vtkChart.LINE)
    table = series.GetTableNode().GetTable()
    plot.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
    red, green, blue = series.GetColor()
    plot.SetColorF(red, green, blue, series.GetOpacity())
    plot.SetWidth(series.GetLineWidth())
    plot.GetPen().SetLineType(series.GetLineStyle())
    plot.SetLabel(series.GetName())
    if series.GetMarkerStyle() == series.MarkerStyleNone:
        plot.SetMarkerStyle(vtk.vtkPlotPoints.NONE)
