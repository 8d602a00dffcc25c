"""The headless Slicer: starts once, has what scripts ask of it, leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from RegSuite import mrml
from RegSuite.mrml.application import start
from Testing.cli.command import ROOT
from Testing.mrml.gate import slicer, vtk
from Testing.mrml.small_nodes import a_markups, a_table, a_text, a_transform, a_volume

pytestmark = pytest.mark.slicer


def in_a_new_python(code, *, paths=(), options=()):
    """Run `code`; what it printed, its errors and its exit status."""
    path = os.pathsep.join([*map(str, paths), str(ROOT)])
    return subprocess.run(
        [sys.executable, *options, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_it_is_the_same_slicer_the_second_time():
    before = slicer.app, slicer.mrmlScene
    mrml.headless()
    assert (slicer.app, slicer.mrmlScene) == before
    assert start() is slicer.app.headless


def test_a_slicer_that_runs_is_left_alone(monkeypatch):
    desktop = object()
    monkeypatch.setattr(slicer, "app", desktop)
    assert start() is None
    assert slicer.app is desktop


def test_another_app_can_be_made_of_the_same_slicer(tmp_path):
    from RegSuite.mrml.application.app import HeadlessApp

    class QtApp(HeadlessApp):
        applicationName = "harness"

    app = QtApp(slicer.app.headless)
    assert app.applicationName == "harness"
    assert app.mrmlScene() is slicer.mrmlScene
    assert app.moduleLogic("Volumes") is slicer.modules.volumes.logic()


def test_visible_data_nodes_have_an_item_and_hidden_ones_have_none(scene):
    hidden = slicer.vtkMRMLModelNode()
    hidden.SetHideFromEditors(1)
    scene.AddNode(hidden)
    nodes = [a_volume(), a_transform(), a_markups(), a_table(), a_text()]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    nothing = hierarchy.GetInvalidItemID()
    items = [hierarchy.GetItemByDataNode(node) for node in nodes]
    assert nothing not in items
    assert len(set(items)) == len(items)
    assert hierarchy.GetItemByDataNode(hidden) == nothing
    assert hierarchy.GetItemOwnerPluginName(items[0]) == "Volumes"


def test_label_maps_find_their_colours_without_a_warning():
    volumes = slicer.modules.volumes.logic()
    node = volumes.CreateAndAddLabelVolume(a_volume(), "labels")
    table = node.GetDisplayNode().GetColorNode()
    assert table.GetID() == "vtkMRMLColorTableNodeFileGenericColors.txt"
    colours = {table.GetLookupTable().GetTableValue(label) for label in range(1, 256)}
    assert len(colours) > 200
    assert table.GetLookupTable().GetTableValue(0)[3] == 0.0


def test_what_vtk_says_reaches_logging(watch):
    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName("there is no such file")
    reader.Update()
    assert "Error opening file" in watch.expect("Error opening file")
    watch.words.clear()


def test_an_exception_in_an_observer_is_not_lost(watch, scene):
    def broken(_caller, _event):
        raise ValueError("in the observer")

    tag = scene.AddObserver(scene.NodeAddedEvent, broken)
    a_transform()
    scene.RemoveObserver(tag)
    assert "ValueError: in the observer" in watch.expect("in the observer")
    watch.words.clear()


def test_it_starts_fast_and_leaves_nothing_behind():
    started = time.perf_counter()
    done = in_a_new_python(
        "from RegSuite import mrml; mrml.headless(); import slicer; import slicer.util, numpy\n"
        "node = slicer.util.addVolumeFromArray(numpy.zeros((2, 2, 2), 'f4'))\n"
        "print(slicer.app.temporaryPath)"
    )
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("regsuite-slicer-")
    assert not folder.exists()
    assert seconds < 15  # 1.5 s on an idle machine


def test_an_error_of_vtk_is_seen_in_a_script_without_logging():
    done = in_a_new_python(
        "from RegSuite import mrml; mrml.headless(); import vtk\n"
        "reader = vtk.vtkXMLImageDataReader(); reader.SetFileName('nowhere'); reader.Update()"
    )
    assert done.stderr.count("Error opening file") == 1


def test_logics_are_found_in_the_libraries_of_pythonslicer(tmp_path, monkeypatch):
    from RegSuite.mrml.application import logics

    original = slicer.vtkSlicerTextsLogic
    library = tmp_path / "vtkSlicerTextsModuleLogicPython.py"
    library.write_text("from slicer_core.vtkSlicerTextsModuleLogic import *\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delattr(slicer, "vtkSlicerTextsLogic")
    monkeypatch.setattr(logics, "LOGICS", {"Texts": "vtkSlicerTextsLogic", "Absent": "vtkSlicerAbsentLogic"})
    modules = logics.make_modules(slicer.vtkMRMLScene(), slicer.vtkSlicerApplicationLogic())
    assert list(vars(modules)) == ["texts"]
    assert isinstance(modules.texts.logic(), original)


def test_the_version_is_that_of_slicer_core():
    assert slicer.app.majorVersion == 5
    assert slicer.app.minorVersion >= 12
    assert slicer.app.applicationVersion.startswith(f"5.{slicer.app.minorVersion}.")


def test_another_package_called_slicer_is_told_apart(tmp_path):
    (tmp_path / "slicer").mkdir()
    (tmp_path / "slicer" / "__init__.py").write_text("class Slicer: ...\n")
    done = in_a_new_python("from RegSuite import mrml; mrml.headless()", paths=[tmp_path])
    assert done.returncode == 1
    assert "is not 3D Slicer's: it has no MRML" in done.stderr
    assert "pip uninstall slicer" in done.stderr


def test_without_slicer_core_the_words_name_it():
    done = in_a_new_python(
        "import sys, importlib.abc\n"
        "class Nothing(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'slicer': raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Nothing())\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'slicer' else real(name, *a)\n"
        "from RegSuite import mrml; mrml.headless()"
    )
    assert done.returncode == 1
    assert "InputError: there is no 3D Slicer in this Python" in done.stderr
    assert "pip install 'regsuite[slicer]'" in done.stderr
