"""Code that would fail in Slicer fails in the harness, and Slicer's forms work."""

from __future__ import annotations

import pytest

from Testing.harness.source_check import PySideOnly, check

pytestmark = [pytest.mark.slicer, pytest.mark.usefixtures("clean")]


def test_property_is_an_attribute_and_no_method():
    import ctk
    import qt

    label, slider = qt.QLabel("words"), ctk.ctkSliderWidget()
    assert label.text == "words"
    slider.value = 2.5
    assert slider.value == 2.5
    with pytest.raises(TypeError):
        label.text()
    with pytest.raises(TypeError):
        slider.value()


def test_misspelt_attribute_is_refused():
    import ctk
    import qt
    import slicer

    for widget in (qt.QPushButton(), ctk.ctkSliderWidget(), slicer.qMRMLNodeComboBox(), qt.QTimer()):
        with pytest.raises(AttributeError, match="enabledd"):
            widget.enabledd = True
        with pytest.raises(AttributeError):
            _ = widget.enabledd


def test_method_cannot_be_replaced():
    import qt

    with pytest.raises(AttributeError, match="is a method"):
        qt.QPushButton().click = lambda: None


def test_property_takes_its_own_type_alone():
    import ctk
    import qt

    with pytest.raises(AttributeError, match="is a"):
        qt.QSpinBox().value = 2.5
    with pytest.raises(AttributeError, match="is a"):
        qt.QLabel().text = 5
    with pytest.raises(AttributeError, match="is a"):
        ctk.ctkSliderWidget().value = "2"


def test_read_only_property_is_refused():
    import qt

    with pytest.raises(AttributeError, match="read-only"):
        qt.QComboBox().count = 3


def test_list_of_strings_comes_back_as_a_tuple():
    import slicer

    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLModelNode", "vtkMRMLTextNode"]
    assert combo.nodeTypes == ("vtkMRMLModelNode", "vtkMRMLTextNode")


def test_signal_is_connected_by_its_signature_and_by_its_name():
    import qt

    heard = []
    button = qt.QPushButton()
    button.checkable = True
    button.connect("toggled(bool)", heard.append)
    button.connect("clicked()", lambda *arguments: heard.append(arguments))
    button.clicked.connect(lambda: heard.append("by name"))
    button.click()
    assert heard == [True, (), "by name"]
    button.disconnect("toggled(bool)", heard.append)
    button.click()
    assert False not in heard


def test_signal_of_a_stand_in_is_connected_by_its_signature():
    import slicer

    heard = []
    combo = slicer.qMRMLNodeComboBox()
    combo.nodeTypes = ["vtkMRMLTextNode"]
    combo.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    combo.setMRMLScene(slicer.mrmlScene)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    assert heard == [node]


@pytest.mark.parametrize("signal", ["pressd()", "clicked(int)", "currentIndexChanged(int)"])
def test_signal_that_is_not_there_is_refused(signal):
    import qt

    with pytest.raises(AttributeError, match="has no signal"):
        qt.QPushButton().connect(signal, lambda: None)


def test_widgets_made_by_qt_itself_take_slicers_forms_too():
    import qt

    heard = []
    combo = qt.QComboBox()
    combo.editable = True
    combo.lineEdit().connect("textChanged(QString)", heard.append)
    combo.lineEdit().text = "typed"
    assert heard == ["typed"]


@pytest.mark.parametrize("name", ["Signal", "Slot", "Property"])
def test_what_only_pyside_has_is_not_in_qt(name):
    import qt

    assert not hasattr(qt, name)


def test_event_handler_in_python_is_refused():
    import qt

    with pytest.raises(TypeError, match="paintEvent"):
        type("Painted", (qt.QWidget,), {"paintEvent": lambda self, event: None, "__module__": "a_module"})


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import qt\nqt.Qt.AlignmentFlag.AlignLeft", r":2: .*qt\.Qt\.AlignLeft"),
        ("import qt\nqt.QMessageBox.StandardButton.Ok", r":2: .*qt\.QMessageBox\.Ok"),
        ("import qt\nqt.QLabel(text='a')", ":2: .*keyword"),
        ("from PySide6 import QtCore", ":1: imports PySide6"),
    ],
)
def test_pysides_forms_are_found_in_the_source(tmp_path, source, words):
    (tmp_path / "Module.py").write_text(source)
    with pytest.raises(PySideOnly, match=words):
        check(tmp_path / "Module.py")


def test_pictures_painters_icons_and_timers_work():
    import qt

    from Testing import harness

    pixmap = qt.QPixmap(20, 10)
    pixmap.fill(qt.QColor(255, 255, 255))
    painter = qt.QPainter(pixmap)
    painter.fillRect(0, 0, 10, 10, qt.QColor(255, 0, 0))
    painter.end()
    label = qt.QLabel()
    label.pixmap = pixmap
    assert label.pixmap.toImage().pixelColor(2, 2).red() == 255
    assert label.pixmap.toImage().pixelColor(2, 2).green() == 0
    button = qt.QPushButton()
    button.icon = qt.QIcon(pixmap)
    assert not button.icon.isNull()
    ticks = []
    timer = qt.QTimer()
    timer.singleShot = True
    timer.timeout.connect(lambda: ticks.append("once"))
    timer.start(1)
    qt.QTimer.singleShot(1, lambda: ticks.append("static"))
    harness.wait_until(lambda: len(ticks) == 2, 5)


def test_opened_address_is_collected():
    import qt

    from Testing.harness import dialogs

    dialogs.OPENED.clear()
    assert qt.QDesktopServices.openUrl(qt.QUrl("https://www.slicer.org/"))
    assert dialogs.OPENED == ["https://www.slicer.org/"]
