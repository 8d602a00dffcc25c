"""The first screen says what verdicts and warnings come to, and is never green for nothing."""

import pytest

from RegSuite.report.headline import HIGHER_IS_BETTER, duration, headline
from RegSuite.report.tiles import key_numbers
from Testing.report.results import a_failure, a_result

SMOOTH = {"jacobian": {"min": 0.5, "percent_nonpositive": 0.0}}


def test_without_any_measure_it_is_unsure():
    assert headline(a_result()).tone == "unsure"
    assert headline(a_result()).title == "Accuracy not measured"


def test_a_transform_that_does_not_fold_is_no_accuracy():
    found = headline(a_result({**SMOOTH, "inverse_consistency_mm": {"mean": 0.1}}))
    assert (found.tone, found.title) == ("unsure", "Accuracy not measured")
    assert "does not fold" in found.sentence


def test_green_needs_a_measured_accuracy_no_failure_and_no_warning():
    metrics = {**SMOOTH, "tre_mm": {"mean": 1.0, "n": 5}}
    assert headline(a_result(metrics)).tone == "pass"
    warned = headline(a_result(metrics, warnings=["half the image is outside"]))
    assert warned.tone == "unsure"
    assert "1 warning below" in warned.sentence


def test_a_failure_names_measure_value_and_limit():
    found = headline(a_result({"tre_mm": {"mean": 2.5}, "dice": {"1": 0.5, "2": 0.61, "3": 0.9}}))
    assert found.tone == "fail"
    assert "TRE, mean 2.5 mm (at most 2 mm)" in found.sentence
    assert "Dice under 0.8 in 2 of 3 structures (lowest 0.5)" in found.sentence


def test_a_few_small_structures_outside_are_said_in_amber_and_most_of_them_in_red():
    dices = {str(label): 0.9 for label in range(12)}
    few = headline(a_result({"dice_mean": 0.86, "dice": dices | dict.fromkeys("123", 0.7)}))
    assert (few.tone, few.title) == ("unsure", "Within the limits but for 3 of 12 structures")
    assert "Dice under 0.8 in 3 of 12 structures (lowest 0.7)" in few.sentence
    most = headline(a_result({"dice_mean": 0.81, "dice": dices | dict.fromkeys("123456", 0.7)}))
    assert (most.tone, most.title) == ("fail", "Outside the limits")
    whole = headline(a_result({"dice_mean": 0.79, "dice": dices | dict.fromkeys("123", 0.4)}))
    assert whole.tone == "fail"


def test_what_was_within_the_limits_is_named():
    found = headline(a_result({**SMOOTH, "dice": {"1": 0.9, "2": 0.85}}))
    assert "Dice at least 0.8 in all 2 structures" in found.sentence


@pytest.mark.parametrize(
    ("name", "before", "after", "worse"),
    [
        ("ncc", 0.9, 0.5, True),
        ("ncc", 0.5, 0.9, False),
        ("ssd", 1.0, 2.0, True),
        ("ssd", 2.0, 1.0, False),
        ("of their own", 2.0, 1.0, False),
    ],
)
def test_a_similarity_that_got_worse_fails(name, before, after, worse):
    metrics = {"tre_mm": {"mean": 1.0}, "similarity": {"name": name, "before": before, "after": after}}
    assert (headline(a_result(metrics)).tone == "fail") == worse


def test_directions_of_the_measures_are_those_of_the_measures_themselves():
    from RegSuite.similarity import SIMILARITIES

    assert {name: measure.higher_is_better for name, measure in SIMILARITIES.items()} == HIGHER_IS_BETTER


def test_a_failed_run_is_a_failure_in_its_own_words():
    found = headline(a_failure())
    assert found.tone == "fail"
    assert found.sentence == "images overlap by 0 %"


def test_tiles_say_not_measured_where_nothing_was():
    tiles = {t.name: t for t in key_numbers(a_result(SMOOTH))}
    assert tiles["Accuracy"].value == "not measured"
    assert tiles["Folded voxels"].value == "0 %"
    assert "Inverse residual" not in tiles
    assert [duration(s) for s in (3.14, 75, 7300)] == ["3.1 s", "1 min 15 s", "2 h 01 min"]
