"""What the panel says of a template brought to a tumour: shares, overlap, the views, parts of a tumour."""

from types import SimpleNamespace

import pytest

from RegSuite.report.result import Result

NAMES = {4: "Left-Lateral-Ventricle", 11: "Left-Caudate", 43: "Right-Lateral-Ventricle"}


def a_record(method="weighted", **tumor):
    found = {
        "ssd_before": 2000.0,
        "ssd_final": 90.0,
        "ssd_before_outside": 1900.0,
        "ssd_deformed_outside": 300.0,
        "shape_share": 0.81,
        "appearance_share": 0.19,
        "appearance_outside_share": 0.02,
        "mask_volume_cc": 126.4,
        "surrounding_displacement_mm": {"mean": 2.1, "p95": 5.0, "max": 7.1},
        "labels": {"11": {"volume_cc": 3.0, "tumor_percent": 65.0}, "4": {"tumor_percent": 0.0}},
        "dice_outside": {"11": 0.49, "4": 0.9},
        **tumor,
    }
    return Result(
        workflow="tumor",
        method=method,
        status="completed",
        metrics={
            "dice": {"11": 0.33, "43": 0.71, "4": 0.89},
            "dice_mean": 0.64,
            "jacobian": {"percent_nonpositive": 0.0, "min": 0.3},
            "tumor": {key: value for key, value in found.items() if value is not None},
        },
        warnings=[f"warning {n}" for n in range(6)],
    )


def shown(record, given=("template", "target", "tumor_mask", "template_labels")):
    from RegSuite.panel.tumor_result_box import TumorResultBox

    box = TumorResultBox()
    box.show(record, "atlas to patient", given, NAMES)
    return box


def words(widget):
    from RegSuite.panel.tones import plain

    return plain(str(widget.text))


def test_the_bar_is_as_long_as_the_share_of_shape_and_the_words_say_it():
    box = shown(a_record())
    text = str(box.shares.text)
    assert "width='81%'" in text
    assert "width='19%'" in text
    assert "Shape 81 %" in words(box.shares)
    assert "tumour mask 126.4 cc" in words(box.shares)
    assert "moved by 2.1 mm (largest 7.1 mm)" in words(box.shares)


def test_a_share_of_nothing_is_seen_as_a_sliver_and_one_that_was_not_measured_not_at_all():
    assert "width='6%'" in str(shown(a_record(shape_share=1.0, appearance_share=0.0)).shares.text)
    text = str(shown(a_record(shape_share=None, appearance_share=None)).shares.text)
    assert "width=" not in text
    assert "126.4" in text


def test_ventricles_stand_first_then_the_worst_and_what_lies_under_the_tumour_is_marked():
    table = shown(a_record()).table.widget
    rows = [[table.item(r, c).text() for c in range(table.columnCount)] for r in range(table.rowCount)]
    assert rows == [
        ["Right-Lateral-Ventricle", "0.71", "", ""],
        ["Left-Lateral-Ventricle", "0.89", "0.90", "0 %"],
        ["Left-Caudate", "0.33", "0.49", "65 %"],
    ]
    assert "lies under the tumour" in str(table.item(2, 0).toolTip())
    assert "lies under the tumour" not in str(table.item(1, 0).toolTip())


def test_without_labels_there_is_no_table():
    record = a_record(labels=None, dice_outside=None)
    bare = record.model_copy(update={"metrics": {"tumor": record.metrics["tumor"]}})
    assert shown(bare).table.widget.isHidden()


def test_the_headline_is_the_reports_and_folds_fail():
    from RegSuite.panel.tumor_result_box import headline_of

    assert "84 % less" in words(shown(a_record()).verdict)
    folded = a_record()
    folded.metrics["jacobian"]["percent_nonpositive"] = 0.4
    assert headline_of(folded, ("tumor_mask",)).tone == "fail"


def test_what_was_estimated_and_what_may_have_dragged_tissue_is_said():
    assert "estimated" in words(shown(a_record(), given=("template", "target")).verdict)
    assert "estimated" not in words(shown(a_record()).verdict)
    shape_alone = a_record("lddmm", appearance_share=0.0, shape_share=1.0)
    assert "dragged healthy tissue" in words(shown(shape_alone).verdict)


def test_many_warnings_are_folded_away_but_for_the_first():
    box = shown(a_record())
    assert "warning 3" in words(box.warnings)
    assert "warning 4" not in words(box.warnings)
    assert "and 2 more" in words(box.warnings)


def test_copy_has_measures_labels_and_all_warnings():
    import qt

    box = shown(a_record())
    box.buttons["copy"].click()
    text = str(qt.QApplication.clipboard().text())
    for part in ("atlas to patient", "Shape 81 %", "Left-Caudate\t0.33\t0.49\t65 %", "warning 5"):
        assert part in text


def a_view_box(times=(0.0, 0.5, 1.0), **changes):
    from RegSuite.panel.tumor_view_box import TumorViewBox

    box, told = TumorViewBox(), []
    for name in box.on:
        box.on[name] = lambda value, name=name: told.append((name, value))
    roles = ("target", "intensity_change", "jacobian", "mask", "displacement")
    nodes = dict.fromkeys(roles, SimpleNamespace())
    box.show(nodes, **{"fourth": "intensity_change", "times": times, "flat": False, **changes})
    return box, told


def test_showing_tells_nothing_and_the_last_frame_is_the_final_image():
    box, told = a_view_box()
    assert told == []
    assert str(box.time_label.text) == "final image"
    box.slider.value = 2
    assert str(box.time_label.text) == "t = 0.50"
    box.slider.value = 3
    assert told == [("frame", 2), ("frame", None)]


def test_what_is_not_there_cannot_be_chosen():
    box, told = a_view_box(times=())
    assert not box.boxes["labels"].enabled
    assert not box.boxes["labels"].checked
    assert box.boxes["tumor"].checked
    assert not box.boxes["grid"].checked
    assert box.film_row.isHidden()
    flat, _ = a_view_box(flat=True)
    assert not flat.plane_box.enabled
    assert told == []


def test_the_film_runs_from_the_template_rests_at_its_end_and_begins_anew():
    from Testing import harness

    box, told = a_view_box()
    box.play_button.click()
    harness.wait_until(lambda: told.count(("frame", 1)) == 2, 20)
    box.stop()
    assert told[:4] == [("frame", 1), ("frame", 2), ("frame", None), ("frame", 1)]
    assert str(box.play_button.text) == "Play"


def test_the_legend_says_what_the_fourth_view_means():
    box, told = a_view_box()
    assert "painted, not moved" in str(box.legend.text)
    box.fourth_box.currentIndex = 1
    assert "a fold" in str(box.legend.text)
    box.plane_box.currentIndex = 2
    box.boxes["grid"].click()
    assert told == [("fourth", "jacobian"), ("plane", "sagittal"), ("grid", True)]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Peritumoral Edema", "oedema"),
        ("oedema", "oedema"),
        ("Whole tumor", "oedema"),
        ("Enhancing tumour", "core"),
        ("necrotic core", "core"),
        ("GTV", "core"),
        ("Segment_1", ""),
        ("Right-Thalamus", ""),
    ],
)
def test_a_segment_is_what_its_name_says(name, part):
    from RegSuite.panel.regions import Region, guessed

    assert guessed(Region("1", name)) == part


def test_several_measures_are_told_as_they_are_now_and_one_alone_is_the_curve():
    from RegSuite.panel.progress_box import numbers_text

    energies = {"energy": 12.5, "data": 9.25, "velocity": 3.0, "intensity": 0.25}
    history = [(0.0, "2 mm", {"energy": 20.0, "data": 20.0}), (1.0, "2 mm", energies), (2.0, "2 mm", {})]
    assert numbers_text(history) == "energy 12.5: data 9.25, velocity 3, intensity 0.25"
    assert numbers_text([(0.0, "2 mm", {"ncc": 0.5})]) == ""
    assert numbers_text([]) == ""
