"""Preset, method and the method's parameters: shown, kept as what differs, never out of bounds."""

import json
import subprocess
import sys
import time

import pytest

from RegSuite.methods import get_method, method_names
from RegSuite.presets import load_preset
from RegSuite.workflows.register import WORKFLOW
from Testing.panel import nodes

WITH_A_FORM = [name for name in method_names() if name != "auto"]

OPENING = """
import sys, time
from Testing import harness
harness.start()
import slicer
begun = time.process_time()
from RegSuite.panel.checks import check_inputs
from RegSuite.panel.inputs_form import InputsForm
from RegSuite.panel.parameter_form import ParameterForm
from RegSuite.panel.parameter_node import parameter_node_class
from RegSuite.workflows.register import WORKFLOW
imported = time.process_time()
node = parameter_node_class(WORKFLOW)(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
inputs, parameters = InputsForm(WORKFLOW), ParameterForm(WORKFLOW)
inputs.set_scene(slicer.mrmlScene)
inputs.set_parameter_node(node)
parameters.set_parameter_node(node)
parameters.box("preset").set_value("brain-mri")
check_inputs(WORKFLOW, {})
print(imported - begun, time.process_time() - imported, "torch" in sys.modules, parameters.method())
"""


@pytest.fixture
def parameters(scene):
    return nodes.parameters_for(WORKFLOW)


@pytest.fixture
def form(parameters):
    from RegSuite.panel.parameter_form import ParameterForm

    made = ParameterForm(WORKFLOW)
    made.set_parameter_node(parameters)
    made.widget.show()
    yield made
    made.set_parameter_node(None)
    made.widget.hide()
    made.widget.deleteLater()


def field(form, name):
    """The widget of one of the method's parameters."""
    import qt

    found = form.widget.findChild(qt.QWidget, f"{name}Field")
    assert found is not None, name
    return found


def note(form, name="parameterNote"):
    import qt

    label = form.widget.findChild(qt.QLabel, name)
    return str(label.text) if not label.isHidden() else ""


def kept(parameters):
    return json.loads(parameters.parameters)


def test_a_panel_opens_at_once_and_without_torch(tmp_path):
    run = subprocess.run([sys.executable, "-c", OPENING], capture_output=True, text=True, check=True)
    imports, opening, torch, method = run.stdout.split()
    assert torch == "False"
    assert method == "deformable"
    assert float(opening) < 0.2
    assert float(imports) < 1.0


def test_a_second_panel_opens_in_a_fifth_of_a_second(form, parameters):
    from RegSuite.panel.parameter_form import ParameterForm

    begun = time.process_time()
    second = ParameterForm(WORKFLOW)
    second.set_parameter_node(parameters)
    assert time.process_time() - begun < 0.2
    second.set_parameter_node(None)


def test_auto_shows_no_parameters_and_says_why(form):
    assert form.method() == "auto"
    assert form.method_form is None
    assert "chosen from the images" in note(form, "parameterAbout")
    assert form.advanced.collapsed


def test_a_preset_brings_its_method_and_its_values(form, parameters):
    form.box("preset").set_value("ct-lung-inhale")
    preset = load_preset("ct-lung-inhale")
    assert parameters.preset == "ct-lung-inhale"
    assert form.method() == preset.method == "convex"
    assert field(form, "window_mm").value == preset.parameters["window_mm"]
    assert field(form, "window_mm").suffix == " mm"
    assert kept(parameters) == {}
    assert preset.why.split()[0] in note(form, "parameterAbout")


def test_presets_are_named_for_people_and_explained(form):
    import qt

    box = form.box("preset").widget
    names = [box.itemText(i) for i in range(box.count)]
    assert names[0] == "automatic"
    at = names.index("Chest CT, full inhale and exhale")
    tip = box.itemData(at, qt.Qt.ToolTipRole)
    assert "Method: convex" in tip
    assert "In scripts: ct-lung-inhale" in tip


@pytest.mark.parametrize("method", WITH_A_FORM)
def test_every_parameter_of_a_method_has_a_widget_and_none_differs_by_itself(method, form, parameters):
    parameters.method = method
    assert form.method() == method
    for name in get_method(method).Parameters.model_fields:
        if name != "seed":  # the workflow's
            tip = str(field(form, name).toolTip)
            assert f"In scripts: {name}" in tip
            assert "Default: " in tip
    assert form.method_form.overrides() == {}
    assert kept(parameters) == {}


def test_only_what_differs_is_kept(form, parameters):
    form.box("preset").set_value("ct-lung-inhale")
    field(form, "window_mm").value = 20.0
    field(form, "inverse_consistency").checked = False
    assert kept(parameters) == {"window_mm": 20.0, "inverse_consistency": False}
    field(form, "window_mm").value = 32.0
    assert kept(parameters) == {"inverse_consistency": False}


def test_a_value_that_differs_has_a_bold_label(form, parameters):
    import qt

    parameters.method = "demons"
    field(form, "levels").value = 2
    labels = form.method_form.widget.findChildren(qt.QLabel)
    bold = [str(label.text) for label in labels if "bold" in label.styleSheet]
    assert bold == ["Levels:"]


@pytest.mark.parametrize("method", WITH_A_FORM)
def test_no_number_leaves_its_bounds(method, form, parameters):
    from RegSuite.panel.fields import fields_of
    from RegSuite.panel.parameter_node import parameters_of

    parameters.method = method
    numbers = {
        n: f for n, f in fields_of(get_method(method).Parameters).items() if f.kind in ("int", "float")
    }
    numbers.pop("seed", None)
    assert numbers
    for extreme in (-1e12, 1e12):
        for name, described in numbers.items():
            number = int(max(-(2**31), min(extreme, 2**31 - 1))) if described.kind == "int" else extreme
            field(form, name).value = number
        taken = parameters_of(parameters, WORKFLOW)["parameters"]  # the model has looked at each of them
        assert set(taken) <= set(numbers)


def test_automatic_is_none_and_the_smallest_value_is_none_of_it(form, parameters):
    parameters.method = "deformable"
    smoothness = field(form, "smoothness_mm")
    assert smoothness.text == "automatic"
    smoothness.value = 0.0
    assert kept(parameters) == {"smoothness_mm": 0.0}
    smoothness.value = smoothness.minimum
    assert kept(parameters) == {}
    smoothness.value = -0.2  # between automatic and the smallest value
    assert kept(parameters) == {"smoothness_mm": 0.0}
    smoothness.editingFinished.emit()
    assert smoothness.value == 0.0


def test_a_value_finer_than_the_box_shows_is_not_rounded(form, parameters):
    parameters.method, parameters.parameters = "demons", '{"tolerance": 0.0123456789}'
    field(form, "levels").value = 2
    assert kept(parameters) == {"tolerance": 0.0123456789, "levels": 2}


def test_another_method_has_its_own_form_and_its_own_values(form, parameters):
    import qt

    parameters.method = "demons"
    field(form, "levels").value = 2
    first = form.method_form.widget
    form.box("method").set_value("bspline")
    assert kept(parameters) == {}
    assert field(form, "spacing_mm").value == 8.0
    qt.QCoreApplication.sendPostedEvents(None, qt.QEvent.DeferredDelete)
    forms = [w for w in form.widget.findChildren(qt.QWidget) if w.objectName == "methodParameters"]
    assert forms == [form.method_form.widget]
    with pytest.raises(RuntimeError, match="already deleted"):
        first.isVisible()


def test_steps_a_stage_are_a_line_of_numbers(form, parameters):
    parameters.method = "deformable"
    steps = field(form, "iterations")
    assert steps.text == "10, 10, 10, 3, 2"
    steps.text = "5 5,1"
    steps.editingFinished.emit()
    assert kept(parameters) == {"iterations": [5, 5, 1]}
    assert steps.text == "5, 5, 1"
    steps.text = "a few"
    steps.editingFinished.emit()
    assert steps.text == "5, 5, 1"


def test_what_the_method_refuses_goes_back_and_is_said(form, parameters):
    parameters.method = "deformable"
    steps = field(form, "iterations")
    steps.text = ", ".join(["1"] * 13)
    steps.editingFinished.emit()
    assert steps.text == "10, 10, 10, 3, 2"
    assert kept(parameters) == {}
    assert "at most 12" in note(form, "methodNote")
    field(form, "radius_voxels").value = 4
    assert note(form, "methodNote") == ""


def test_reset_brings_everything_back_but_preset_and_method(form, parameters):
    import qt

    form.box("preset").set_value("ct-lung-inhale")
    field(form, "window_mm").value = 20.0
    parameters.threads, parameters.seed, parameters.report = 3, 5, False
    form.widget.findChild(qt.QPushButton, "resetButton").click()
    assert (parameters.preset, kept(parameters)) == ("ct-lung-inhale", {})
    assert (parameters.threads, parameters.seed, parameters.report) == (0, 0, True)
    assert field(form, "window_mm").value == 32.0
    assert field(form, "threads").text == "automatic"


def test_device_threads_and_seed_are_kept(form, parameters):
    from RegSuite.panel.parameter_node import parameters_of

    form.box("device").set_value("cpu")
    field(form, "threads").value = 2
    field(form, "seed").value = 11
    found = parameters_of(parameters, WORKFLOW)
    assert (found["device"], found["threads"], found["seed"]) == ("cpu", 2, 11)


def test_a_saved_node_is_shown_as_it_was_left(form):
    again = nodes.parameters_for(WORKFLOW)
    again.method, again.parameters, again.device = "demons", '{"levels": 3, "measure": "mind"}', "cuda:1"
    form.set_parameter_node(again)
    assert field(form, "levels").value == 3
    assert field(form, "measure").currentText == "mind"
    assert form.box("device").widget.currentText == "cuda:1 (not known here)"
    assert json.loads(again.parameters) == {"levels": 3, "measure": "mind"}


def test_a_preset_that_is_not_here_is_told_and_kept(form, parameters):
    parameters.preset = "house-style"
    assert "there is no preset 'house-style'" in note(form)
    assert parameters.preset == "house-style"
    form.box("preset").widget.currentIndex = 0
    assert note(form) == ""


def test_parameters_that_do_not_fit_are_told_and_kept(form, parameters):
    parameters.method, parameters.parameters = "demons", '{"levles": 3}'
    assert "'levles' is no parameter" in note(form)
    assert kept(parameters) == {"levles": 3}


def test_a_broken_preset_of_the_users_leaves_the_others(monkeypatch, tmp_path, scene):
    from RegSuite.panel.parameter_form import ParameterForm

    (tmp_path / "mine.yaml").write_text("title: [")
    monkeypatch.setenv("REGSUITE_PRESETS", str(tmp_path))
    form = ParameterForm(WORKFLOW)
    form.set_parameter_node(nodes.parameters_for(WORKFLOW))
    assert "mine.yaml" in note(form)
    assert form.box("preset").widget.count > 5
    form.set_parameter_node(None)
