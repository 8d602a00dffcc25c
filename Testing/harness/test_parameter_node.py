"""The stand-in of Slicer's parameter node wrapper refuses what Slicer refuses."""

from __future__ import annotations

import enum
import pathlib
from typing import Annotated, Any, Optional

import pytest

pytestmark = [pytest.mark.slicer, pytest.mark.usefixtures("clean")]


def node_of(annotations: dict[str, Any], **defaults: Any) -> Any:
    """A wrapped new node of a class with these fields."""
    import slicer
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    wrapped = parameterNodeWrapper(type("Fields", (), {"__annotations__": annotations, **defaults}))
    return wrapped(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


class Side(enum.Enum):
    LEFT = "l"
    RIGHT = "r"


@pytest.mark.parametrize(
    ("kind", "first", "value", "stored"),
    [
        (int, 0, -3, {"x": "-3"}),
        (float, 0, 2.5, {"x": "2.5"}),
        (bool, False, True, {"x": "True"}),
        (str, "", "a\nb", {"x": "a\nb"}),
        (pathlib.PurePosixPath, pathlib.PurePosixPath(), pathlib.PurePosixPath("/a/b"), {"x": "/a/b"}),
        (Side, Side.LEFT, Side.RIGHT, {"x": "RIGHT"}),
        (list[int], [], [3, 1], {"x_len": "2", "x_0": "3", "x_1": "1"}),
        (Optional[float], None, 1.5, {"x_0": "1.5"}),  # noqa: UP045  # Slicer knows no bar
    ],
)
def test_value_of_each_type_is_stored_as_slicer_stores_it(kind, first, value, stored):
    parameters = node_of({"x": kind})
    assert parameters.x == first
    parameters.x = value
    assert parameters.x == value
    node = parameters.parameterNode
    assert {name: node.GetParameter(name) for name in node.GetParameterNames()} == stored


def test_a_value_is_the_one_of_the_last_modified_event_as_in_slicer():
    parameters = node_of({"x": int})
    node = parameters.parameterNode
    was = node.StartModify()
    node.SetParameter("x", "4")
    assert parameters.x == 0
    node.EndModify(was)
    assert parameters.x == 4


def test_a_node_that_leaves_the_scene_leaves_the_parameter():
    import slicer

    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    parameters = node_of({"x": slicer.vtkMRMLScalarVolumeNode})
    parameters.x = volume
    slicer.mrmlScene.RemoveNode(volume)
    assert parameters.x is None


def test_optional_goes_back_to_none():
    parameters = node_of({"x": Optional[int]}, x=4)  # noqa: UP045  # Slicer knows no bar
    parameters.x = None
    assert parameters.x is None
    assert parameters.parameterNode.GetParameter("x_1") == "True"


@pytest.mark.parametrize(
    ("kind", "value"), [(int, 2.5), (float, "2"), (str, 3), (bool, 1), (Side, "l"), (int, None)]
)
def test_value_of_another_type_is_refused(kind, value):
    with pytest.raises((TypeError, ValueError), match="x: "):
        node_of({"x": kind}).x = value


def test_checks_of_annotations_are_made():
    from slicer.parameterNodeWrapper import Choice, Maximum, Minimum, WithinRange

    parameters = node_of(
        {
            "range": Annotated[float, WithinRange(0, 1)],
            "low": Annotated[int, Minimum(3)],
            "high": Annotated[int, Maximum(3)],
            "choice": Annotated[str, Choice(["a", "b"])],
        },
        low=3,
        choice="a",
    )
    for name, value in (("range", 1.5), ("low", 2), ("high", 4), ("choice", "c")):
        with pytest.raises(ValueError, match=f"{name}: "):
            setattr(parameters, name, value)


def test_default_that_breaks_its_own_check_is_refused():
    from slicer.parameterNodeWrapper import Minimum

    with pytest.raises(ValueError, match="x: 0 is below 3"):
        node_of({"x": Annotated[int, Minimum(3)]})


def test_union_with_a_bar_is_refused_as_in_slicer():
    with pytest.raises(TypeError, match="Optional"):
        node_of({"x": int | None})


def test_misspelt_parameter_is_refused():
    with pytest.raises(AttributeError, match="no parameter 'y'"):
        node_of({"x": int}).y = 3


def test_node_of_another_class_is_refused():
    import slicer

    parameters = node_of({"x": slicer.vtkMRMLScalarVolumeNode})
    with pytest.raises(TypeError, match="vtkMRMLModelNode"):
        parameters.x = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode")


def test_list_is_written_when_it_is_changed_in_place_and_is_no_list():
    parameters = node_of({"x": list[str]})
    parameters.x.append("a")
    parameters.x += ["b"]
    assert parameters.x == ["a", "b"]
    assert not isinstance(parameters.x, list)
    parameters.x = ["c"]
    assert set(parameters.parameterNode.GetParameterNames()) == {"x_len", "x_0"}


def test_widget_that_slicer_cannot_connect_is_refused():
    import ctk
    import qt

    for kind, widget in (
        (float, ctk.ctkDoubleSpinBox()),
        (bool, ctk.ctkCheckBox()),
        (str, qt.QPlainTextEdit()),
    ):
        with pytest.raises(RuntimeError, match="cannot connect"):
            node_of({"x": kind}).connectParametersToGui({"x": widget})


def test_slider_without_bounds_is_refused():
    import ctk

    with pytest.raises(RuntimeError, match="WithinRange"):
        node_of({"x": float}).connectParametersToGui({"x": ctk.ctkSliderWidget()})


def test_connected_widgets_follow_until_disconnected():
    import qt

    parameters, box = node_of({"x": int}), qt.QSpinBox()
    tag = parameters.connectParametersToGui({"x": box})
    parameters.x = 7
    assert box.value == 7
    box.value = 9
    assert parameters.x == 9
    parameters.disconnectGui(tag)
    parameters.x = 1
    assert box.value == 9
    box.value = 5
    assert parameters.x == 1


def test_connect_gui_gives_no_tag_as_in_slicer():
    import qt

    window = qt.QWidget()
    box = qt.QSpinBox(window)
    box.setProperty("SlicerParameterName", "x")
    parameters = node_of({"x": int})
    assert parameters.connectGui(window) is None
    box.value = 3
    assert parameters.x == 3
