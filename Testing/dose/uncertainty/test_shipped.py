"""The calibrations that RegSuite ships: readable, and measured."""

from __future__ import annotations

import pytest

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.shipped import shipped_calibration
from RegSuite.errors import InputError


def test_laplace_has_one_that_says_what_it_was_measured_on():
    found = shipped_calibration("laplace")
    assert "phantom" in found.measured_on
    assert found.scale > 0
    assert set(found.dvh) == {"organs", "targets"}
    assert [c.nominal for c in found.vectors] == [0.5, 0.68, 0.9, 0.95]


def test_its_bands_hold_what_they_promise():
    for kind, coverage in shipped_calibration("laplace").dvh.items():
        assert coverage.nominal == 0.9
        assert 0.87 <= coverage.measured <= 0.93, kind
        assert coverage.low < coverage.measured < coverage.high


def test_landmarks_are_likelier_than_under_one_sd_for_all():
    found = shipped_calibration("laplace")
    assert found.log_likelihood > found.log_likelihood_constant


def test_it_is_what_was_written():
    found = shipped_calibration("laplace")
    assert Calibration.from_dict(found.to_dict()) == found


def test_another_source_has_none():
    with pytest.raises(InputError, match="no calibration of 'guess'"):
        shipped_calibration("guess")
