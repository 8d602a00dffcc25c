"""The batch scripts of examples/ run in plain Python as they would in Slicer, and what they save is right."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from Testing.cli.command import ROOT
from Testing.mrml.gate import slicer, vtk

pytestmark = [pytest.mark.slicer, pytest.mark.slow]


def script(name, *words):
    """What an example printed; its errors fail the test."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def moved_by(node, ras):
    """Where the parent transform of a node puts a point of it."""
    whole = vtk.vtkGeneralTransform()
    node.GetParentTransformNode().GetTransformToWorld(whole)
    return whole.TransformPoint(ras)


def test_the_scene_of_the_example_shows_the_moving_volume_on_the_fixed_one(tmp_path):
    from RegSuite import phantom

    said = script("04_in_slicer_or_without.py", tmp_path)
    assert "moving to fixed" in said
    assert json.loads((tmp_path / "result" / "result.json").read_text())["files"]["scene"] == "scene.mrb"
    slicer.util.loadScene(str(tmp_path / "mine.mrb"), {})
    truth = phantom("brain", spacing_mm=4.0, seed=1)
    index = [n // 2 for n in truth.fixed.grid.size]
    fixed_point = truth.fixed.grid.points(index)
    displacement = truth.displacement.data[:, index[2], index[1], index[0]].numpy()
    moving_ras = (fixed_point + displacement) * (-1, -1, 1)
    seen_at = moved_by(slicer.util.getNode("moving"), moving_ras)
    assert seen_at == pytest.approx(fixed_point * (-1, -1, 1), abs=3.0)  # mm; voxels are 4 mm


def test_a_batch_has_one_summary_and_its_best_pair_in_a_scene(tmp_path):
    said = script("05_batch_of_pairs.py", tmp_path, 2)
    assert said.count("completed") == 2
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert summary["counts"]["completed"] == 2
    best = said.splitlines()[-1].removeprefix("best: ")
    dice = {row["name"]: row["measures"]["dice_mean"] for row in summary["rows"]}
    assert max(dice, key=dice.get) == best
    slicer.util.loadScene(str(tmp_path / "best.mrb"), {})
    table = slicer.util.getNode("summary")
    assert [table.GetCellText(row, 0) for row in range(table.GetNumberOfRows())] == list(dice)
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") >= 3


def test_a_scan_labels_and_landmarks_go_through_a_transform_of_the_scene(tmp_path):
    same, landmarks = script("06_warp_nodes.py", tmp_path).splitlines()
    assert float(same.split(" %")[0]) > 95
    assert float(landmarks.split("within ")[1].split(" mm")[0]) < 0.2  # of voxels of 4 mm
    slicer.util.loadScene(str(tmp_path / "warped.mrb"), {})
    found = slicer.util.getNode("landmarks in the moving scan")
    assert [found.GetNthControlPointLabel(i) for i in range(3)] == ["middle", "left", "right"]
    given = slicer.util.getNode("fixed landmarks")
    whole = vtk.vtkGeneralTransform()
    slicer.util.getNode("moving to fixed").GetTransformFromWorld(whole)
    for number in range(3):
        wanted = whole.TransformPoint(given.GetNthControlPointPosition(number))
        # mm; a field from a file Slicer shows with cubic interpolation between its voxels of 4 mm
        assert found.GetNthControlPointPosition(number) == pytest.approx(wanted, abs=0.15)


def test_a_course_is_accumulated_from_nodes_and_saved_with_its_dvhs(tmp_path):
    said = script("07_accumulate_dose.py", tmp_path)
    errors = [line for line in said.splitlines() if "from the true dose" in line]
    assert float(errors[0].split()[0]) < 0.3
    assert (tmp_path / "dicom" / "RD.dcm").is_file()
    assert json.loads((tmp_path / "result" / "result.json").read_text())["files"]["scene"] == "scene.mrb"
    slicer.util.loadScene(str(tmp_path / "mine.mrb"), {})
    plot = slicer.mrmlScene.GetSingletonNode("PlotView1", "vtkMRMLPlotViewNode")
    assert plot.GetPlotChartNode().GetNthPlotSeriesNode(0).GetName() == "GTV"
    dose = slicer.util.getNode("dose on*: accumulated dose")
    assert slicer.util.arrayFromVolume(dose).max() > 55


def test_an_atlas_is_brought_to_a_tumour_from_nodes_and_saved_with_its_film(tmp_path):
    said = script("09_template_to_a_tumour.py", tmp_path)
    left = next(line for line in said.splitlines() if "is left by deformation alone" in line)
    assert float(left.split("tumour ")[1].split(" %")[0]) < 60
    assert json.loads((tmp_path / "result" / "result.json").read_text())["files"]["scene"] == "scene.mrb"
    for file in ("mine.mrb", "result/scene.mrb"):
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(str(tmp_path / file), {})
        film = slicer.util.getNode("* to patient: path")
        assert film.GetNumberOfItems() > 5
        tumour = slicer.util.getNode("* to patient: tumour").GetSegmentation()
        assert [tumour.GetNthSegment(i).GetName() for i in range(2)] == ["tumour core", "oedema"]
        fourth = slicer.mrmlScene.GetSingletonNode("Yellow", "vtkMRMLSliceCompositeNode")
        assert "intensity change" in slicer.mrmlScene.GetNodeByID(fourth.GetForegroundVolumeID()).GetName()


def test_organs_are_registered_from_nodes_and_saved_with_their_surfaces(tmp_path):
    said = script("11_organs_in_slicer.py", tmp_path)
    after = {
        line.split(":")[0]: float(line.split()[-8]) for line in said.splitlines() if "surface on" in line
    }
    assert set(after) == {"liver", "spleen", "right kidney", "left kidney", "bladder"}
    assert max(after.values()) < 5  # voxels of 8 mm
    slicer.util.loadScene(str(tmp_path / "mine.mrb"), {})
    moved = slicer.util.getNode("* to *: moved organs")
    assert moved.GetDisplayNode().GetActiveScalarName() == "uncertainty_mm"
    assert slicer.util.getNode("* to *: organs").GetNumberOfRows() == 5
