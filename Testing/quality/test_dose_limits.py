"""Limits on doses: which side a value and its band are on, and what a limits file may not say."""

from __future__ import annotations

import pytest

from RegSuite.errors import InputError
from RegSuite.quality import load_limits
from RegSuite.quality.dose_limits import DoseLimit, Measured, judge_doses
from RegSuite.workflows.limits import dose_metrics

CORD = DoseLimit(structure="Cord", metric="D0.03cc", max_gy=45.0)
TARGET = DoseLimit(structure="PTV", metric="D95%", min_gy=57.0, source="plan")


def verdict(limit, *measured):
    found = {(limit.structure, limit.metric): Measured(*measured)} if measured else {}
    return judge_doses(found, [limit], "the clinic")[0]


@pytest.mark.parametrize(
    ("limit", "measured", "word"),
    [
        (CORD, (45.0,), "pass"),
        (CORD, (45.1,), "fail"),
        (CORD, (44.0, 42.0, 45.0), "pass"),
        (CORD, (44.0, 42.0, 45.2), "not certain"),
        (CORD, (45.2, 44.9, 47.0), "not certain"),
        (CORD, (47.0, 45.2, 49.0), "fail"),
        (TARGET, (58.0, 57.0, 59.0), "pass"),
        (TARGET, (58.0, 56.0, 59.0), "not certain"),
        (TARGET, (55.0, 54.0, 56.0), "fail"),
        (CORD, (), "not measured"),
    ],
)
def test_a_limit_passes_or_fails_only_where_the_whole_band_is_on_one_side(limit, measured, word):
    assert verdict(limit, *measured).verdict == word


def test_a_verdict_carries_value_band_limit_unit_and_source():
    found = verdict(CORD, 44.0, 42.0, 45.2)
    assert (found.measure, found.value, found.p05, found.p95) == ("dose.Cord.D0.03cc", 44.0, 42.0, 45.2)
    assert (found.limit, found.unit, found.bound, found.source) == (45.0, "Gy", "max", "the clinic")
    assert verdict(TARGET, 58.0).source == "plan"


def limits_file(tmp_path, text):
    file = tmp_path / "limits.yaml"
    file.write_text(f"schema: regsuite.limits/1\nname: ours\n{text}")
    return file


def test_a_limits_file_may_hold_doses_alone(tmp_path):
    entries = (
        "{structure: Cord, metric: D0.03cc, max_gy: 45}",
        "{structure: Lung, metric: V20Gy, max_percent: 35}",
    )
    text = "dose:\n" + "".join(f"- {entry}\n" for entry in entries)
    limits = load_limits(limits_file(tmp_path, text))
    assert [(d.structure, d.bound, d.number, d.unit) for d in limits.dose] == [
        ("Cord", "max", 45.0, "Gy"),
        ("Lung", "max", 35.0, "%"),
    ]
    assert [m.name for m in dose_metrics(limits)] == ["D0.03cc", "V20Gy"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{structure: Cord, metric: D0.03cc}", "one of max_gy, .* is wanted, not none"),
        ("{structure: Cord, metric: D0.03cc, max_gy: 45, min_gy: 3}", "not max_gy, min_gy"),
        ("{structure: Cord, metric: D0.03cc, max: 45}", "max: is no known key"),
    ],
)
def test_a_dose_limit_without_one_bound_is_refused(tmp_path, entry, words):
    with pytest.raises(InputError, match=words):
        load_limits(limits_file(tmp_path, f"dose:\n- {entry}\n"))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            "{structure: Cord, metric: V20Gy, max_gy: 45}",
            r"V20Gy is in % and its limit in Gy\n.*\n.*max_percent",
        ),
        ("{structure: Cord, metric: Dmaximum, max_gy: 45}", "'Dmaximum' is no metric"),
    ],
)
def test_a_metric_that_is_none_or_in_another_unit_is_refused(tmp_path, entry, words):
    with pytest.raises(InputError, match=words):
        dose_metrics(load_limits(limits_file(tmp_path, f"dose:\n- {entry}\n")))


def test_a_limit_is_not_met_for_sure_while_the_dose_of_a_part_is_not_known():
    least, most = (DoseLimit(structure="GTV", metric="D95%", **b) for b in ({"min_gy": 57}, {"max_gy": 57}))
    for covered, word in ((1.0, "pass"), (0.9996, "pass"), (0.8, "not certain")):
        measured = {("GTV", "D95%"): Measured(60.0, 59.0, 61.0, covered)}
        assert [v.verdict for v in judge_doses(measured, [least, most])] == [word, "fail"]
