"""What a running job tells: stage, fraction, time, the curve of the measure, the log."""

import numpy as np
import pytest


@pytest.fixture
def box():
    from RegSuite.panel.progress_box import ProgressBox

    box = ProgressBox()
    box.widget.resize(400, 300)
    return box


def pixels(label):
    import qt

    image = label.pixmap.toImage().convertToFormat(qt.QImage.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_nothing_is_shown_before_a_run(box):
    assert box.running.isHidden()
    assert box.log_section.isHidden()


def test_stage_bar_and_time_left_are_told(box):
    box.begin("Starting")
    box.show("deformable, level 2 of 3", 0.4, 75.0)
    assert box.stage.text == "deformable, level 2 of 3"
    assert box.bar.value == 400
    assert "about 1 min 15 s left" in box.times.text
    assert "gone" in box.times.text


def test_time_left_is_not_made_up_while_nobody_knows_it(box):
    box.begin("Starting")
    box.show("reading", 0.01, None)
    assert "left" not in box.times.text


@pytest.mark.parametrize(("fraction", "value"), [(-0.5, 0), (1.7, 1000)])
def test_a_fraction_outside_its_range_stays_on_the_bar(box, fraction, value):
    box.begin("Starting")
    box.show("x", fraction, None)
    assert box.bar.value == value


def test_after_the_run_the_log_stays_and_can_be_copied(box):
    import qt

    box.begin("Starting")
    box.add_lines(["one", "two"])
    box.end()
    assert box.running.isHidden()
    assert not box.log_section.isHidden()
    assert box.log_section.collapsed
    box.widget.findChild(qt.QPushButton, "copyLogButton").click()
    assert qt.QApplication.clipboard().text() == "one\ntwo"


def test_the_next_run_begins_with_an_empty_log(box):
    box.begin("Starting")
    box.add_lines(["old"])
    box.begin("Starting")
    assert box.log.plainText == ""


def test_curves_follow_the_first_measure_stage_by_stage():
    from RegSuite.panel.convergence_plot import curves

    history = [
        (0.1, "affine", {"mi": -0.2, "step": 4.0}),
        (0.2, "affine", {"mi": -0.3}),
        (0.3, "deformable", {"mi": -0.5}),
        (0.4, "deformable", {"mi": float("nan")}),
        (0.5, "deformable", {"step": 1.0}),
    ]
    assert curves(history) == ("mi", [("affine", [-0.2, -0.3]), ("deformable", [-0.5])])


def test_a_falling_measure_is_drawn_from_top_left_to_bottom_right(box):
    box.plot.draw([(i, "", {"loss": float(10 - i)}) for i in range(11)])
    image = pixels(box.plot.widget).astype(int)
    blue = (image[..., 2] - image[..., 0]) > 80
    columns = np.flatnonzero(blue.any(0))
    left, right = (np.flatnonzero(blue[:, c]).mean() for c in (columns[2], columns[-3]))
    assert left < image.shape[0] * 0.4
    assert right > image.shape[0] * 0.6


def test_a_single_value_is_no_curve(box):
    box.plot.draw([(0.0, "affine", {"mi": 1.0})])
    assert box.plot.widget.isHidden()


def test_a_constant_measure_is_drawn_as_a_level_line(box):
    box.plot.draw([(i, "", {"loss": 3.0}) for i in range(5)])
    image = pixels(box.plot.widget).astype(int)
    blue = (image[..., 2] - image[..., 0]) > 80
    rows = np.flatnonzero(blue.any(1))
    assert rows.size
    assert rows.max() - rows.min() <= 4


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 00 s"), (4830, "1 h 20 min")]
)
def test_durations_are_said_as_a_person_says_them(seconds, words):
    from RegSuite.panel.progress_box import duration

    assert duration(seconds) == words
