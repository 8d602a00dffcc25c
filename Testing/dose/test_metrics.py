"""Metrics, EQD2, BED and gEUD, against what they are by definition."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.dvh import structure_dvh
from RegSuite.dose.fractionation import as_effective, bed_gy, eqd2_gy, geud_gy
from RegSuite.dose.histogram import DoseHistogram
from RegSuite.dose.metrics import ALWAYS, Fractionation, metric_value, parse_metric
from RegSuite.errors import DoseError, InputError
from Testing.dose.bodies import linear_dose, surface


@pytest.fixture(scope="module")
def an_even_dvh():
    """10 cc, as much volume at each dose from 20 to 60 Gy; a fifth of 12.5 cc is outside the grid."""
    dose = np.linspace(0, 80, 16001)
    above = 10 * np.clip((60 - dose) / 40, 0, 1)
    return DoseHistogram(dose, above, 12.5, 10.0, 40.0, 20.0, 60.0)


@pytest.mark.parametrize(
    ("name", "unit", "value"),
    [
        ("volume", "cc", 12.5),
        ("mean", "Gy", 40),
        ("min", "Gy", 20),
        ("max", "Gy", 60),
        ("D95%", "Gy", 22),
        ("D95", "Gy", 22),
        ("D2", "Gy", 59.2),
        ("D100%", "Gy", 20),
        ("D0%", "Gy", 60),
        ("D2cc", "Gy", 52),
        ("D0.03cc", "Gy", 59.88),
        ("V30Gy", "%", 75),
        ("V30.5Gy", "%", 73.75),
        ("V30Gycc", "cc", 7.5),
        ("v70gy", "%", 0),
        ("V5Gy", "%", 100),
        ("gEUD(1)", "Gy", 40),
        ("gEUD(2)", "Gy", np.sqrt((60**3 - 20**3) / 120)),
        ("gEUD(-1)", "Gy", 40 / np.log(3)),
    ],
)
def test_a_metric_is_what_its_name_says(an_even_dvh, name, unit, value):
    metric = parse_metric(name)
    assert metric.unit == unit
    assert metric_value(metric, an_even_dvh) == pytest.approx(value, abs=2e-3)


def test_what_a_structure_cannot_have_is_absent(an_even_dvh):
    assert metric_value(parse_metric("D11cc"), an_even_dvh) is None
    nothing = DoseHistogram(np.zeros(2), np.zeros(2), 3.0, 0.0, np.nan, np.nan, np.nan)
    found = {name: metric_value(parse_metric(name), nothing) for name in ALWAYS}
    assert found.pop("volume") == 3.0
    assert set(found.values()) == {None}


@pytest.mark.parametrize(
    "name", ["D", "V20", "D101%", "Dmean95", "gEUD", "gEUD(0)", "EQD2(EQD2)", "EQD2(volume)", ""]
)
def test_a_name_that_says_nothing_is_refused_with_what_can_be_said(name):
    with pytest.raises(InputError):
        parse_metric(name)


def test_eqd2_of_two_gray_fractions_is_the_dose_and_of_larger_ones_more():
    assert float(eqd2_gy(50, 25, 3)) == pytest.approx(50)
    assert float(eqd2_gy(30, 5, 3)) == pytest.approx(30 * (6 + 3) / (2 + 3))
    assert float(bed_gy(60, 20, 10)) == pytest.approx(60 * (1 + 3 / 10))


def test_eqd2_metrics_convert_each_dose_before_they_count(an_even_dvh):
    how = Fractionation(20, 3.0)
    assert metric_value(parse_metric("EQD2(D95%)"), an_even_dvh, how) == pytest.approx(
        float(eqd2_gy(22, 20, 3)), abs=2e-3
    )
    mean = np.mean(eqd2_gy(np.linspace(20, 60, 100001), 20, 3))
    assert metric_value(parse_metric("EQD2"), an_even_dvh, how) == pytest.approx(mean, abs=5e-3)
    assert mean > float(eqd2_gy(40, 20, 3)) + 0.5, "not the converted mean"
    threshold = float(eqd2_gy(30, 20, 3))
    assert metric_value(parse_metric(f"EQD2(V{threshold:.6f}Gy)"), an_even_dvh, how) == pytest.approx(
        75, abs=0.01
    )
    assert metric_value(parse_metric("BED(max)"), an_even_dvh, how) == pytest.approx(float(bed_gy(60, 20, 3)))


def test_effective_dose_without_a_fractionation_is_refused(an_even_dvh):
    with pytest.raises(DoseError, match=r"(?s)EQD2 without fractions.*--alpha-beta"):
        metric_value(parse_metric("EQD2"), an_even_dvh)
    with pytest.raises(DoseError, match="alpha/beta of 0"):
        as_effective(an_even_dvh, "BED", 20, 0)
    with pytest.raises(DoseError, match="-1 fractions"):
        bed_gy(10, -1, 3)


def test_geud_of_extremes_nears_the_extremes_without_overflow():
    dose, volume = np.linspace(20, 60, 500), np.ones(500)
    assert geud_gy(dose, volume, 300.0) == pytest.approx(60, rel=0.03)
    assert geud_gy(dose, volume, -300.0) == pytest.approx(20, rel=0.03)
    assert geud_gy(np.array([0.0, 50.0]), np.ones(2), -10) == 0.0
    with pytest.raises(DoseError, match="a = 0"):
        geud_gy(dose, volume, 0)
    with pytest.raises(DoseError, match="empty"):
        geud_gy(dose, np.zeros(500), 2)


def test_metrics_do_not_hang_on_the_bin_width():
    dose, grid = linear_dose([0, 0, 1.5])
    coarse, fine = (
        structure_dvh(surface("sphere", 12.0), dose, grid, bin_width_gy=w).histogram for w in (1.0, 0.05)
    )
    for name in ("D95%", "D0.5cc", "D0.03cc", "V60Gy", "mean", "gEUD(8)"):
        one, other = (metric_value(parse_metric(name), h) for h in (coarse, fine))
        assert one == pytest.approx(other, rel=1e-4), name
