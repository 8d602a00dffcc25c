"""Limits files and their verdicts."""

import math

import pytest

from RegSuite.errors import InputError
from RegSuite.quality import default_limits, judge, load_limits
from RegSuite.quality.definitions import JUDGEABLE, MEASURES
from RegSuite.quality.limits import measure_of

HEAD = "schema: regsuite.limits/1\nname: mine\nsource: our physics group\nlimits:\n"


@pytest.fixture
def a_file(tmp_path):
    """Writes a limits file with these lines under `limits:`."""

    def write(lines, head=HEAD):
        path = tmp_path / "limits.yaml"
        path.write_text(head + lines, encoding="utf-8")
        return path

    return write


def verdicts(metrics, limits=None, largest_voxel_mm=2.0):
    return {v.measure: v for v in judge(metrics, limits or default_limits(), largest_voxel_mm)}


def test_nothing_measured_is_nothing_passed():
    found = verdicts({})
    assert set(found) == set(default_limits().limits)
    assert {v.verdict for v in found.values()} == {"not measured"}
    assert all(v.value is None for v in found.values())


def test_the_largest_voxel_is_the_limit_of_the_landmarks_error():
    assert verdicts({"tre_mm": {"mean": 1.99}})["tre_mm.mean"].verdict == "pass"
    assert verdicts({"tre_mm": {"mean": 2.01}})["tre_mm.mean"].verdict == "fail"
    at = verdicts({"tre_mm": {"mean": 3.0}}, largest_voxel_mm=3.0)["tre_mm.mean"]
    assert (at.verdict, at.limit) == ("pass", 3.0)


def test_each_label_is_judged_by_itself_and_against_its_own_limit_where_it_has_one(a_file):
    limits = load_limits(a_file("  dice:\n    min: 0.8\n    labels: {17: 0.6}\n"))
    found = verdicts({"dice": {"4": 0.79, "17": 0.61, "10": 0.9}}, limits)
    assert {k: v.verdict for k, v in found.items()} == {
        "dice.4": "fail",
        "dice.17": "pass",
        "dice.10": "pass",
    }
    assert found["dice.17"].limit == 0.6
    assert measure_of(found["dice.17"]) == "dice"
    assert measure_of(verdicts({})["jacobian.percent_nonpositive"]) == "jacobian.percent_nonpositive"


def test_a_single_folded_voxel_fails():
    assert (
        verdicts({"jacobian": {"percent_nonpositive": 0.0}})["jacobian.percent_nonpositive"].verdict == "pass"
    )
    assert (
        verdicts({"jacobian": {"percent_nonpositive": 1e-6}})["jacobian.percent_nonpositive"].verdict
        == "fail"
    )


def test_the_transform_with_its_own_inverse_is_never_judged(a_file):
    found = verdicts({"inverse_residual_mm": {"mean": 50.0, "p95": 60.0, "max": 70.0}})
    assert found["inverse_consistency_mm.mean"].verdict == "not measured"
    assert not any(path.startswith("inverse_residual_mm") for path in [*found, *JUDGEABLE])
    with pytest.raises(InputError, match="its own inverse.*never judged"):
        load_limits(a_file("  inverse_residual_mm.mean: {max: 1}\n"))


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "1.0"])
def test_a_value_that_is_no_number_is_not_measured(value):
    assert verdicts({"dice_mean": value})["dice_mean"].verdict == "not measured"


def test_the_source_stands_beside_each_verdict(a_file):
    assert "TG-132" in verdicts({})["tre_mm.mean"].source
    limits = load_limits(a_file("  tre_mm.max: {max: 5}\n  hd95_mm: {max: 4, source: thesis}\n"))
    found = verdicts({}, limits)
    assert found["tre_mm.max"].source == "our physics group"
    assert found["hd95_mm"].source == "thesis"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("  tre_mm.mean: {max: 2, severity: high}\n", "tre_mm.mean.severity: is no known key"),
        ("  tre.mean: {max: 2}\n", "'tre.mean' is no measure; did you mean 'tre_mm.mean'"),
        ("  dice_mean: {max: 0.8}\n", "dice_mean wants the one limit 'min'"),
        ("  dice_mean: {}\n", "dice_mean wants the one limit 'min'"),
        ("  tre_mm.mean: {max: 2, min: 1}\n", "wants the one limit 'max'"),
        ("  dice_mean: {min: largest_voxel}\n", "dice_mean is not in mm"),
        ("  tre_mm.mean: {max: smallest_voxel}\n", "tre_mm.mean.max"),
        ("  tre_mm.mean: {max: .nan}\n", "tre_mm.mean.max"),
        ("  tre_mm.mean: {max: 2, labels: {1: 3}}\n", "tre_mm.mean is not taken per label"),
        ("  : [\n", "is no YAML"),
    ],
)
def test_a_limits_file_that_cannot_be_is_refused_with_words(a_file, lines, words):
    with pytest.raises(InputError) as caught:
        load_limits(a_file(lines))
    assert words in str(caught.value)
    assert "limits.yaml" in str(caught.value)


def test_another_schema_an_unknown_top_key_and_a_missing_file_are_refused(a_file, tmp_path):
    with pytest.raises(InputError, match="schema"):
        load_limits(a_file("  {}\n", head=HEAD.replace("limits/1", "limits/9")))
    with pytest.raises(InputError, match="tolerances: is no known key"):
        load_limits(a_file("  {}\ntolerances: 3\n"))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_limits(tmp_path / "none.yaml")


def test_every_default_limit_is_a_measure_with_a_definition():
    for path in default_limits().limits:
        assert MEASURES[path].definition
    assert default_limits().limits["jacobian.percent_nonpositive"].max == 0
