"""Nothing that Qt or VTK swallows passes unseen."""

from __future__ import annotations

import pytest

from Testing.harness import errors

pytestmark = pytest.mark.slicer


def test_exception_in_a_slot_fails_the_test(slicer_app):
    import qt

    button = qt.QPushButton()
    button.connect("clicked()", lambda: {}["x"])
    with pytest.raises(errors.HiddenErrors, match="KeyError: 'x'"), errors.no_hidden_errors():
        button.click()


def test_exception_in_an_observer_fails_the_test(slicer_app):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    tag = node.AddObserver("ModifiedEvent", lambda *_: 1 / 0)
    with pytest.raises(errors.HiddenErrors, match="ZeroDivisionError"), errors.no_hidden_errors():
        node.Modified()
    node.RemoveObserver(tag)


def test_exception_in_a_timer_fails_the_test(slicer_app):
    import qt

    from Testing import harness

    done = []

    def fail():
        done.append(True)
        raise ValueError("late")

    qt.QTimer.singleShot(0, fail)
    with pytest.raises(errors.HiddenErrors, match="ValueError: late"), errors.no_hidden_errors():
        harness.wait_until(lambda: done, 5)


def test_vtk_error_fails_the_test(slicer_app):
    import vtk

    reader = vtk.vtkXMLImageDataReader()
    reader.SetFileName("no such file.vti")
    with pytest.raises(errors.HiddenErrors, match="vtkXMLImageDataReader"), errors.no_hidden_errors():
        reader.Update()


def test_expected_warning_passes(slicer_app):
    import vtk

    with errors.no_hidden_errors() as hidden:
        errors.expect_warning("vtkXMLImageDataReader")
        errors.expect_warning("no such file.vti")
        reader = vtk.vtkXMLImageDataReader()
        reader.SetFileName("no such file.vti")
        reader.Update()
    assert hidden == []


def test_modal_dialog_fails_instead_of_waiting_for_ever(clean):
    import qt

    from Testing.harness import dialogs

    with pytest.raises(dialogs.WouldBlock, match="modal"):
        qt.QMessageBox.question(None, "title", "text")
    with pytest.raises(dialogs.WouldBlock, match="modal"):
        qt.QDialog().exec_()


def test_question_is_answered_as_the_test_says(clean):
    import slicer

    from Testing.harness import messages

    messages.answer(False, True)
    assert slicer.util.confirmYesNoDisplay("first?") is False
    assert slicer.util.confirmOkCancelDisplay("second?") is True
    assert messages.of("question") == ["first?", "second?"]
