"""Bands are calibrated for one registration: another one is told of."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from RegSuite.dose.uncertainty.calibration import Calibration
from RegSuite.dose.uncertainty.shipped import shipped_calibration
from RegSuite.methods.choice import choice_of
from RegSuite.presets import load_preset
from RegSuite.workflows.dose_calibration import calibration_doubts, settings_of


def fraction(method=None, preset=None, **parameters):
    """A fraction registered so, or (without a method) by a transform of another system."""
    quality = {"registered": method or "day.tfm"}
    if method is not None:
        chosen = None if preset is None else load_preset(preset)
        quality["settings"] = settings_of(choice_of(method, parameters, preset=chosen, seed=4))
    return SimpleNamespace(name=method or "day.tfm", quality=quality)


def said(fractions, calibration, correlation="same"):
    known = [SimpleNamespace(source="laplace", calibration=calibration) for _ in fractions]
    return calibration_doubts(SimpleNamespace(correlation=correlation), fractions, known)


def test_nothing_is_said_of_registrations_that_the_calibration_was_measured_on():
    calibration = shipped_calibration("laplace")
    assert (calibration.preset, calibration.fractions) == ("ct-lung", "same")
    assert said([fraction("deformable", "ct-lung"), fraction("deformable", "ct-lung")], calibration) == []


@pytest.mark.parametrize(
    "other",
    [
        fraction(),
        fraction("bspline"),
        fraction("deformable", "ct-head-neck"),
        fraction("deformable", "ct-lung", smoothness_mm=4.0),
    ],
    ids=["given transform", "other method", "other preset", "other parameters"],
)
def test_another_registration_is_told_by_name(other):
    (sentence,) = said([fraction("deformable", "ct-lung"), other], shipped_calibration("laplace"))
    assert "preset ct-lung alone" in sentence
    assert f"and {other.name} was not registered so" in sentence


def test_other_draws_than_those_of_the_calibration_are_told():
    two = [fraction("deformable", "ct-lung")] * 2
    (sentence,) = said(two, shipped_calibration("laplace"), "independent")
    assert "correlation: same" in sentence
    assert said(two[:1], shipped_calibration("laplace"), "independent") == []


def test_no_calibration_is_told_and_one_for_all_is_believed():
    assert "not calibrated" in said([fraction("bspline")], None)[0]
    assert said([fraction("bspline")], Calibration("everything")) == []
