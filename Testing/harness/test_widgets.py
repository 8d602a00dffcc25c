"""Stand-ins of Slicer's widgets behave as Slicer's do where panels rely on it."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slicer, pytest.mark.usefixtures("clean")]


def combo(**properties):
    """A selector of volumes on the scene."""
    import slicer

    made = slicer.qMRMLNodeComboBox()
    made.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    for name, value in properties.items():
        setattr(made, name, value)
    made.setMRMLScene(slicer.mrmlScene)
    return made


def add(kind="vtkMRMLScalarVolumeNode", name="v"):
    import slicer

    return slicer.mrmlScene.AddNewNodeByClass(kind, name)


def test_first_node_is_chosen_by_itself_and_none_is_not():
    must, may = combo(), combo(noneEnabled=True)
    volume = add()
    assert must.currentNode() is volume
    assert may.currentNode() is None


def test_node_that_was_unset_stays_unset_when_another_comes():
    selector = combo()
    add()
    selector.setCurrentNode(None)
    add()
    assert selector.currentNode() is None


def test_only_nodes_that_fit_are_offered():
    labels, model, volume = add("vtkMRMLLabelMapVolumeNode"), add("vtkMRMLModelNode"), add()
    hidden = add()
    hidden.HideFromEditorsOn()
    assert combo().nodes() == (labels, volume)
    assert combo(showChildNodeTypes=False).nodes() == (volume,)
    assert model not in combo(showHidden=True).nodes()
    assert hidden in combo(showHidden=True).nodes()


def test_nodes_are_filtered_by_attribute():
    selector, marked = combo(), add()
    add()
    marked.SetAttribute("role", "atlas")
    selector.addAttribute("vtkMRMLScalarVolumeNode", "role", "atlas")
    assert selector.nodes() == (marked,)


def test_removed_node_is_announced_and_a_closed_widget_hears_nothing():
    import qt
    import slicer

    selector, heard = combo(noneEnabled=True), []
    volume = add()
    selector.setCurrentNode(volume)
    selector.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    slicer.mrmlScene.RemoveNode(volume)
    assert heard == [None]
    selector.deleteLater()
    qt.QCoreApplication.sendPostedEvents(None, qt.QEvent.DeferredDelete)
    add()
    assert heard == [None]


def test_new_node_of_the_menu_takes_the_base_name():
    selector, made = combo(noneEnabled=True, baseName="Warped"), []
    selector.connect("nodeAddedByUser(vtkMRMLNode*)", made.append)
    node = selector.addNode()
    assert node.GetName() == "Warped"
    assert selector.addNode().GetName() == "Warped_1"
    assert made[0] is node


def test_checked_nodes_follow_the_scene():
    import qt
    import slicer

    several = slicer.qMRMLCheckableNodeComboBox()
    several.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    several.setMRMLScene(slicer.mrmlScene)
    first, second, third = add(), add(), add()
    changes = []
    several.connect("checkedNodesChanged()", lambda: changes.append(several.checkedNodes()))
    several.setCheckState(third, qt.Qt.Checked)
    several.setCheckState(first, qt.Qt.Checked)
    assert changes == [(third,), (first, third)]
    assert several.uncheckedNodes() == (second,)
    slicer.mrmlScene.RemoveNode(first)
    assert several.checkedNodes() == (third,)


def test_segments_of_the_chosen_segmentation_are_offered():
    import slicer

    selector = slicer.qMRMLSegmentSelectorWidget()
    selector.setMRMLScene(slicer.mrmlScene)
    node = add("vtkMRMLSegmentationNode", "s")
    lung = node.GetSegmentation().AddEmptySegment("", "lung")
    heart = node.GetSegmentation().AddEmptySegment("", "heart")
    selector.setCurrentNode(None)
    selector.setCurrentNode(node)
    assert selector.currentSegmentID() == lung
    selector.setCurrentSegmentID(heart)
    assert selector.currentSegmentID() == heart


def test_folded_button_hides_what_it_holds():
    import ctk
    import qt

    button = ctk.ctkCollapsibleButton()
    button.text = "Advanced"
    inside = qt.QLabel("inside", button)
    qt.QVBoxLayout(button).addWidget(inside)
    button.collapsed = True
    button.show()
    assert not inside.visible
    open_height = button.sizeHint.height()
    assert button.maximumHeight < open_height
    button.collapsed = False
    assert inside.visible
    assert button.maximumHeight > open_height


def test_slider_and_its_box_agree_and_keep_their_bounds():
    import ctk

    slider, heard = ctk.ctkSliderWidget(), []
    slider.minimum, slider.maximum, slider.decimals = -2.0, 2.0, 3
    slider.connect("valueChanged(double)", heard.append)
    slider.value = 1.125
    slider.value = 5.0
    assert heard == [1.125, 2.0]


def test_range_keeps_its_order():
    import ctk

    bounds = ctk.ctkRangeWidget()
    bounds.setRange(0.0, 10.0)
    bounds.setValues(2.0, 5.0)
    bounds.minimumValue = 7.0
    assert (bounds.minimumValue, bounds.maximumValue) == (7.0, 7.0)


def test_ui_file_with_an_unknown_widget_says_its_name(tmp_path):
    import slicer

    path = tmp_path / "Bad.ui"
    path.write_text(
        '<ui version="4.0"><class>Bad</class><widget class="QWidget" name="Bad">'
        '<widget class="qMRMLColorPickerWidget" name="picker"/></widget></ui>'
    )
    with pytest.raises(RuntimeError, match="no stand-in for qMRMLColorPickerWidget"):
        slicer.util.loadUI(str(path))


def test_ui_connection_to_nothing_is_refused(tmp_path):
    import slicer

    path = tmp_path / "Bad.ui"
    path.write_text(
        '<ui version="4.0"><class>Bad</class><widget class="QWidget" name="Bad">'
        '<widget class="QPushButton" name="button"/></widget><connections><connection><sender>button</sender>'
        "<signal>clicked()</signal><receiver>lable</receiver><slot>hide()</slot></connection></connections></ui>"
    )
    with pytest.raises(RuntimeError, match="lable"):
        slicer.util.loadUI(str(path))
