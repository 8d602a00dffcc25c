"""An accumulated course in a scene: what a physicist sees is what was computed."""

import numpy as np
import pytest

from RegSuite.mrml.display import legend_of, voxels
from RegSuite.mrml.dose_layout import isodoses_beside, show_map
from RegSuite.mrml.dose_volumes import dose_from_volume
from RegSuite.mrml.fraction_browser import choose_frame
from RegSuite.mrml.layout import show_nodes
from RegSuite.mrml.results import nodes_of
from RegSuite.mrml.space import to_lps
from RegSuite.mrml.tables import columns_from_table
from RegSuite.report.dose_colours import isodose_levels, round_top
from Testing.mrml.dose_nodes import a_cylinder, contour_segmentation
from Testing.mrml.small_course import FALL_MM, GRID, TOP_GY, UNKNOWN, a_course, a_dose, image

pytestmark = pytest.mark.slicer


@pytest.fixture
def content(tmp_path, scene):
    return a_course(tmp_path)


@pytest.fixture
def nodes(content):
    return nodes_of(content)


def test_isodose_levels_are_round_and_below_the_maximum():
    assert isodose_levels(62.3) == (10.0, 20.0, 30.0, 40.0, 50.0, 60.0)
    assert isodose_levels(62.3, 60.0) == (12.0, 30.0, 48.0, 57.0, 60.0)
    assert isodose_levels(2.1) == (0.5, 1.0, 1.5, 2.0)
    assert isodose_levels(0.0) == ()
    assert round_top(62.3) == (70.0, 7)
    assert round_top(60.0) == (60.0, 6)


def test_doses_keep_their_values_are_marked_as_doses_and_unknown_ones_stay_unknown(nodes):
    node = nodes["accumulated_dose"]
    values = voxels(node)
    assert np.isnan(values[UNKNOWN]).all()
    assert np.allclose(values[:, :, 6:], a_dose()[:, :, 6:], rtol=1e-6)
    p05 = dose_from_volume(nodes["dose_p05"])
    assert np.allclose(p05.image.data[0], 0.9 * a_dose(), rtol=1e-5)
    assert p05.image.grid.size == GRID.size


def test_all_doses_of_a_result_share_one_round_scale(nodes):
    windows = {
        role: (
            nodes[role].GetDisplayNode().GetWindowLevelMin(),
            nodes[role].GetDisplayNode().GetWindowLevelMax(),
        )
        for role in ("accumulated_dose", "dose_p05")
    }
    assert set(windows.values()) == {(0.0, 60.0)}
    legend = legend_of(nodes["accumulated_dose"])
    assert legend.GetTitleText() == "Dose (Gy)"
    assert legend.GetNumberOfLabels() == 7


def test_every_isodose_lies_where_the_dose_has_its_value(nodes):
    models = isodoses_beside(nodes["isodoses"])
    assert [m.GetAttribute("RegSuite.IsodoseGy") for m in models] == ["10", "20", "30", "40", "50"]
    for model in models:
        level = float(model.GetAttribute("RegSuite.IsodoseGy"))
        mesh = model.GetPolyData()
        points = to_lps([mesh.GetPoint(i) for i in range(mesh.GetNumberOfPoints())])
        radius = np.linalg.norm(points - np.asarray(GRID.centre), axis=1)
        expected = FALL_MM * np.sqrt(2 * np.log(TOP_GY / level))
        assert np.abs(radius - expected).max() < 0.35  # linear between voxels of up to 3 mm
        assert model.GetDisplayNode().GetVisibility2D()
        assert not model.GetDisplayNode().GetVisibility3D()


def test_an_isodose_ends_where_the_dose_is_unknown(nodes):
    lowest = isodoses_beside(nodes["isodoses"])[0].GetPolyData()
    points = to_lps([lowest.GetPoint(i) for i in range(lowest.GetNumberOfPoints())])
    assert GRID.index(points)[:, 0].min() >= 6 - 1e-3


def test_the_dvh_chart_has_a_line_and_two_thin_dashed_ones_in_the_structures_colour(nodes):
    chart = nodes["dvh_chart"]
    series = [chart.GetNthPlotSeriesNode(i) for i in range(chart.GetNumberOfPlotSeriesNodes())]
    assert [s.GetName() for s in series] == ["cylinder", "", "", "node.L", "", ""]
    assert [s.GetYColumnName() for s in series[:3]] == [
        "volume_percent",
        "volume_percent_p05",
        "volume_percent_p95",
    ]
    for line, colour in zip(series, 3 * [(1, 0, 0)] + 3 * [(0, 128 / 255, 1)], strict=True):
        assert line.GetColor() == pytest.approx(colour, abs=1e-3)
    assert [s.GetLineStyle() for s in series[:3]] == [s.LineStyleSolid for s in series[:1]] + [
        s.LineStyleDash for s in series[1:3]
    ]
    columns = columns_from_table(series[0].GetTableNode())
    assert list(columns) == ["dose_gy", "volume_percent", "volume_percent_p05", "volume_percent_p95"]
    half = np.interp(50.0, columns["dose_gy"], columns["volume_percent"])
    assert half == pytest.approx(50.0)
    low, high = (np.array(columns[f"volume_percent_p{p}"]) for p in ("05", "95"))
    assert (low <= columns["volume_percent"]).all()
    assert (high >= columns["volume_percent"]).all()


def test_a_dvh_without_a_band_has_one_line_a_structure(tmp_path, scene):
    content = a_course(tmp_path)
    lines = (tmp_path / "dvh.csv").read_text().splitlines()
    (tmp_path / "dvh.csv").write_text("\n".join(",".join(line.split(",")[:4]) for line in lines))
    assert nodes_of(content)["dvh_chart"].GetNumberOfPlotSeriesNodes() == 2


def test_the_table_of_metrics_has_the_band_the_limit_and_the_verdict(nodes):
    columns = columns_from_table(nodes["dvh_metrics"])
    rows = list(zip(*(columns[c] for c in ("structure", "metric", "limit", "verdict")), strict=True))
    assert rows == [
        ("cylinder", "D95", "at least 45", "not certain"),
        ("node.L", "D0.03cc", "at most 45 Gy", "pass"),
        ("Cord", "D2%", "at most 45 Gy", "not measured"),
    ]
    assert columns["p05"][:2] == [39.2, 33.0]
    assert np.isnan(columns["value"][2])


def test_marks_are_segments_of_the_reasons_that_occur(nodes):
    segmentation = nodes["marks"].GetSegmentation()
    names = [segmentation.GetNthSegment(i).GetName() for i in range(segmentation.GetNumberOfSegments())]
    assert names == ["outside the dose grid", "folded"]
    image = segmentation.GetNthSegment(1).GetRepresentation("Binary labelmap")
    assert image.GetScalarRange() == (0.0, 1.0)


def test_a_course_without_marks_has_no_segments_of_them(tmp_path, scene):
    content = a_course(tmp_path)
    clean = content.items["marks"].with_data(0 * content.items["marks"].data)
    assert "marks" not in nodes_of(a_course(tmp_path, marks=clean))


def test_structures_without_a_node_are_shown_as_slabs_of_their_contours(nodes):
    import vtk

    segmentation = nodes["structures"].GetSegmentation()
    measured = vtk.vtkMassProperties()
    measured.SetInputData(segmentation.GetNthSegment(0).GetRepresentation("Closed surface"))
    polygon = 0.5 * 64 * 9.0**2 * np.sin(2 * np.pi / 64)
    assert measured.GetVolume() == pytest.approx(polygon * 9 * 3.0, rel=1e-3)


def test_a_contour_within_another_is_a_hole_of_the_shown_surface(scene):
    import vtk

    from RegSuite.geometry import ContourStructure
    from RegSuite.mrml.slabs import finish
    from RegSuite.mrml.structure_making import segmentation_of_structures

    outer, inner = a_cylinder().contours, a_cylinder(radius=4.0).contours
    ring = ContourStructure("ring", (*outer, *inner))
    node = finish(segmentation_of_structures([ring]))
    measured = vtk.vtkMassProperties()
    measured.SetInputData(node.GetSegmentation().GetNthSegment(0).GetRepresentation("Closed surface"))
    polygon = 0.5 * 64 * (9.0**2 - 4.0**2) * np.sin(2 * np.pi / 64)
    assert measured.GetVolume() == pytest.approx(polygon * 27.0, rel=1e-3)


def test_the_browser_shows_the_fraction_that_is_chosen_in_image_and_dose(nodes):
    import slicer

    browser = nodes["fractions"]
    assert browser.GetNumberOfItems() == 3
    shown = [slicer.util.getNode("Course: fractions: image"), slicer.util.getNode("Course: fractions: dose")]
    for number in (1, 3, 2):
        choose_frame(browser, number)
        assert voxels(shown[0]).min() == pytest.approx(100.0 * number, abs=3.0)
        assert np.nanmax(voxels(shown[1])) == pytest.approx(0.3 * number * a_dose().max(), rel=1e-5)
    assert shown[1].GetDisplayNode().GetWindowLevelMax() == 60.0


def test_the_users_own_nodes_stand_for_themselves(tmp_path, scene):
    from RegSuite.mrml.volumes import volume_from_image

    volume = volume_from_image(image(a_dose(), "my CT"))
    segmentation = contour_segmentation(a_cylinder())
    nodes = nodes_of(a_course(tmp_path, planning=volume, structures=segmentation))
    assert nodes["planning"] is volume
    assert nodes["structures"] is segmentation
    assert nodes["accumulated_dose"].GetNodeReference("RegSuite.planning") is volume
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2  # theirs, and the marks


def test_everything_of_a_result_lies_in_its_folder(nodes):
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    folder = hierarchy.GetItemChildWithName(hierarchy.GetSceneItemID(), "Course")
    for role in ("accumulated_dose", "dose_sd", "dvh_metrics", "dvh_chart", "fractions", "isodoses"):
        item = hierarchy.GetItemByDataNode(nodes[role])
        assert hierarchy.GetItemParent(item) == folder, role


def test_showing_puts_the_dose_over_the_scan_and_the_dvhs_beside_the_slices(nodes, content, scene):
    show_nodes(nodes, content)
    red = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    assert red.GetBackgroundVolumeID() == nodes["planning"].GetID()
    assert red.GetForegroundVolumeID() == nodes["accumulated_dose"].GetID()
    plot = scene.GetSingletonNode("PlotView1", "vtkMRMLPlotViewNode")
    assert plot.GetPlotChartNodeID() == nodes["dvh_chart"].GetID()
    matrix = scene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetSliceToRAS()
    assert matrix.GetElement(2, 3) == pytest.approx(GRID.centre[2], abs=2.0)  # through the high dose
    assert legend_of(nodes["accumulated_dose"]).GetVisibility()


def test_another_map_takes_its_own_legend_and_hides_the_isodoses_of_the_dose(nodes, content):
    show_nodes(nodes, content)
    show_map(nodes, "dose_sd")
    assert not legend_of(nodes["accumulated_dose"]).GetVisibility()
    assert legend_of(nodes["dose_sd"]).GetVisibility()
    assert not any(m.GetDisplayNode().GetVisibility() for m in isodoses_beside(nodes["isodoses"]))
    show_map(nodes, "accumulated_dose")
    assert all(m.GetDisplayNode().GetVisibility() for m in isodoses_beside(nodes["isodoses"]))


def test_a_bundle_of_a_course_holds_its_nodes_layout_and_chart(content, tmp_path, scene):
    import slicer

    from RegSuite.mrml import scene_at_hand

    assert scene_at_hand().write(content, tmp_path / "scene.mrb")
    assert scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0  # the user's scene is not touched
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    names = slicer.util.getNodes("Course: *")
    assert {"Course: accumulated dose", "Course: DVH", "Course: dose metrics"} <= set(names)
    assert np.nanmax(voxels(names["Course: accumulated dose"])) == pytest.approx(a_dose().max(), rel=1e-5)
    plot = slicer.mrmlScene.GetSingletonNode("PlotView1", "vtkMRMLPlotViewNode")
    chart = plot.GetPlotChartNode()
    assert chart.GetNthPlotSeriesNode(1).GetYColumnName() == "volume_percent_p05"
    assert chart.GetNthPlotSeriesNode(1).GetTableNode().GetTable().GetNumberOfRows() == 141
    layout = slicer.mrmlScene.GetSingletonNode("vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == layout.SlicerLayoutFourUpPlotView


def test_in_the_views_high_dose_is_red_low_dose_clear_and_the_isodose_line_is_drawn(content, scene):
    from Testing import needs

    needs.views()
    from Testing.harness.plot_view import FourUpPlot

    with FourUpPlot((300, 260)) as views:
        nodes = nodes_of(content)
        show_nodes(nodes, content)
        show_map(nodes, "accumulated_dose", 1.0)
        picture = views.red.image().astype(int)
        centre = GRID.centre * (-1, -1, 1)
        hot = picture[views.red.pixel(centre)]
        assert hot[0] > 100
        assert hot[0] > 2 * hot[2]
        far = GRID.points((34.5, 30.5, 13.5)) * (-1, -1, 1)
        grey = picture[views.red.pixel(far)]
        assert grey.max() - grey.min() < 12
        plot = views.plot.image()
        red = (np.abs(plot.astype(int) - (255, 0, 0)).sum(-1) < 60).sum()
        assert red > 60  # the line of the structure, in its colour


def test_tables_that_were_never_written_come_as_columns_and_eqd2_has_a_chart_of_its_own(tmp_path, scene):
    from RegSuite.mrml.make import columns_of

    content = a_course(tmp_path)
    columns = columns_of(content.items["dvh"])
    effective = {**columns, "dose_gy": [1.2 * dose for dose in columns["dose_gy"]]}
    dose = image(1.2 * a_dose(), "accumulated_eqd2")
    content = a_course(tmp_path, dvh=columns, dvh_eqd2=effective, accumulated_eqd2=dose)
    nodes = nodes_of(content)
    assert nodes["dvh_eqd2_chart"].GetXAxisTitle() == "EQD2 (Gy)"
    show_nodes(nodes, content)
    plot = scene.GetSingletonNode("PlotView1", "vtkMRMLPlotViewNode")
    assert plot.GetPlotChartNodeID() == nodes["dvh_chart"].GetID()
    show_map(nodes, "accumulated_eqd2")
    assert plot.GetPlotChartNodeID() == nodes["dvh_eqd2_chart"].GetID()
    assert legend_of(nodes["accumulated_eqd2"]).GetTitleText() == "EQD2 (Gy)"


def test_a_fraction_is_shown_with_its_own_dose_and_legend(nodes, content, scene):
    from RegSuite.mrml.dose_layout import show_fraction

    show_nodes(nodes, content)
    show_fraction(nodes, 2)
    red = scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode")
    shown = scene.GetNodeByID(red.GetForegroundVolumeID())
    assert np.nanmax(voxels(shown)) == pytest.approx(0.6 * a_dose().max(), rel=1e-5)
    assert legend_of(shown).GetVisibility()
    assert not legend_of(nodes["accumulated_dose"]).GetVisibility()
    show_map(nodes, "accumulated_dose")
    assert not legend_of(shown).GetVisibility()
