"""Errors are said in the panel: what, where, the mend, and the field concerned is outlined."""

import pytest

from RegSuite.errors import GeometryError
from Testing.panel.records import words_of


@pytest.fixture
def box():
    from RegSuite.panel.error_box import ErrorBox

    return ErrorBox()


@pytest.fixture
def field():
    import qt

    return qt.QComboBox()


def test_an_error_is_said_with_what_where_and_mend(box):
    box.show_error(GeometryError("they do not overlap", where="Moving image", mend="choose a start"))
    assert box.text.splitlines() == [
        "\u2717 they do not overlap",
        "Where: Moving image",
        "Mend: choose a start",
    ]
    assert not box.widget.isHidden()


def test_an_error_nobody_foresaw_is_called_that(box):
    box.show_error(KeyError("role"))
    assert "KeyError: 'role'" in box.text
    assert "not foreseen" in box.text


def test_the_field_concerned_is_outlined_until_the_next_word(box, field):
    box.show_error(GeometryError("wrong"), field)
    assert field.property("RegSuiteHighlighted")
    assert "border" in field.styleSheet
    box.say("Cancelled")
    assert not field.property("RegSuiteHighlighted")
    assert field.styleSheet == ""


def test_clearing_hides_the_box_and_the_outline(box, field):
    box.show_error(GeometryError("wrong"), field)
    box.clear()
    assert box.widget.isHidden()
    assert box.text == ""
    assert field.styleSheet == ""


def test_findings_stand_below_each_other_each_with_its_mend(box):
    from RegSuite.panel.finding import Finding

    box.show_findings(
        [Finding("error", "no voxels", mend="load it"), Finding("warning", "far apart", mend="give a start")]
    )
    assert box.text.splitlines() == [
        "\u2717 no voxels",
        "Mend: load it",
        "! far apart",
        "Mend: give a start",
    ]


def test_no_findings_is_nothing_to_say(box):
    box.show_findings([])
    assert box.widget.isHidden()


def test_markup_in_a_nodes_name_is_shown_as_it_is(box):
    box.show("'<i>scan</i>' has no voxels")
    assert "'<i>scan</i>'" in words_of(box.widget)
