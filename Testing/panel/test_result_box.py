"""The box of a result answers at first glance: did it work, how well, what must not be trusted."""

import pytest

from Testing.panel.records import SOURCE, a_result, words_of


@pytest.fixture
def box():
    from RegSuite.panel.result_box import ResultBox

    return ResultBox()


def test_a_result_within_the_limits_says_so_with_its_numbers(box):
    box.show(a_result(), "atlas to scan")
    words = words_of(box.verdict)
    assert "Within the limits" in words
    assert "atlas to scan" in words
    assert "TRE, mean 0.9 mm (at most 2 mm)" in words
    assert not box.widget.isHidden()


def test_the_verdict_is_told_by_a_sign_and_words_beside_the_colour(box):
    box.show(a_result(), "a")
    good, good_style = words_of(box.verdict), box.verdict.styleSheet
    failing = [{"measure": "tre_mm.mean", "value": 9.0, "limit": 2.0, "verdict": "fail", "source": SOURCE}]
    box.show(a_result(verdicts=failing, metrics={"tre_mm": {"mean": 9.0, "n": 3}}), "a")
    bad, bad_style = words_of(box.verdict), box.verdict.styleSheet
    assert good.startswith("\u2713")
    assert bad.startswith("\u2717")
    assert "Outside the limits" in bad
    assert good_style != bad_style


def test_what_was_not_measured_stands_as_such_in_the_table(box):
    box.show(a_result(), "a")
    table = words_of(box.table)
    assert "HD95" in table
    assert "not measured" in table
    assert SOURCE in table


def test_without_labels_or_landmarks_nothing_is_claimed_about_accuracy(box):
    record = a_result(verdicts=[], metrics={"similarity": {"name": "lncc", "before": 0.4, "after": 0.8}})
    box.show(record, "a")
    assert "Accuracy not measured" in words_of(box.verdict)
    assert words_of(box.verdict).startswith("!")


def test_warnings_and_the_panels_own_notes_stand_together(box):
    box.show(a_result(warnings=["the masks barely overlap"]), "a", ["'scan' was deleted"])
    words = words_of(box.warnings)
    assert "the masks barely overlap" in words
    assert "'scan' was deleted" in words
    assert not box.warnings.isHidden()


def test_without_warnings_their_box_takes_no_room(box):
    box.show(a_result(), "a")
    assert box.warnings.isHidden()


def test_a_name_that_looks_like_markup_is_shown_as_it_is(box):
    box.show(a_result(), "<b>scan & atlas</b>")
    assert "<b>scan & atlas</b>" in words_of(box.verdict)


def test_copying_puts_measures_and_warnings_on_the_clipboard_as_text(box):
    import qt

    box.show(a_result(warnings=["mind this"]), "atlas to scan")
    box.copy_button.click()
    text = qt.QApplication.clipboard().text()
    assert "RegSuite: atlas to scan" in text
    assert "TRE, mean\t0.9 mm\tat most 2 mm\tpass" in text
    assert "mind this" in text
    assert "<" not in text


def test_the_buttons_call_who_listens_and_the_report_only_where_there_is_one(box):
    called = []
    box.on_report, box.on_views = lambda: called.append("report"), lambda: called.append("views")
    box.show(a_result(), "a")
    box.report_button.click()
    box.views_button.click()
    assert called == ["report", "views"]
    box.show(a_result(), "a", report=False)
    assert not box.report_button.enabled


def test_a_cleared_box_is_hidden_and_holds_nothing(box):
    box.show(a_result(), "a")
    box.clear()
    assert box.widget.isHidden()
    assert words_of(box.verdict) == ""
