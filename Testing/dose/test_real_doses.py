"""Eclipse's, CERR's and SlicerRT's tables of a prostate plan, and SlicerRT's gamma of two days."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from RegSuite.dose.dvh import structure_dvh
from RegSuite.dose.gamma import GammaCriteria, gamma
from RegSuite.io.rtdose import read_dose
from RegSuite.io.structures import read_structures
from Testing.data import data_folder


def dose_of(name):
    image = read_dose(data_folder("dose", *name.split("/"))).image
    return np.ascontiguousarray(image.data[0].numpy()), image.grid


def structures_of(kind):
    folder = data_folder("dose", kind, "structures")
    return read_structures(folder, names=data_folder("dose", "names.csv"), space="RAS")


def prostate_with(end_slices):
    """{structure without blanks: DoseHistogram}, and the largest dose."""
    dose, grid = dose_of("prostate/EclipseProstate_Dose.nrrd")
    found = {
        s.name.replace(" ", ""): structure_dvh(s, dose, grid, end_slices=end_slices)
        for s in structures_of("prostate")
    }
    return {name: dvh.histogram for name, dvh in found.items()}, float(dose.max())


@pytest.fixture(scope="module")
def prostate():
    return prostate_with("half")


@pytest.fixture(scope="module")
def prostate_with_tapered_ends():
    return prostate_with("tapered")


def mean_of(dose, volume):
    """Mean dose of a cumulative table, in Gy."""
    steps = -np.diff(np.append(volume, 0.0))[:-1]
    return float(np.sum(steps * (dose[:-1] + dose[1:]) / 2) / steps.sum())


def table(source):
    """{structure: (dose in Gy, volume in %, cc)} of a reference table, its known defects mended."""
    path = data_folder("dose", "prostate", f"EclipseProstate_DvhTable_{source}.csv")
    with path.open(newline="") as stream:
        head, *rows = list(csv.reader(stream))
    out = {}
    for column in range(0, len(head) - 1, 2):
        name = head[column].replace("_DvhArray", "").split(" Dose (")[0].replace(" ", "")
        cells = [
            (r[column], r[column + 1]) for r in rows if len(r) > column + 1 and r[column] and r[column + 1]
        ]
        dose, volume = np.array(cells, float).T
        if source == "Eclipse":  # a row has lost its decimal point
            steady = np.abs(dose - np.arange(len(dose)) * 0.046) < 0.01
            dose, volume = dose[steady], volume[steady]
        if source == "CERR":  # bin centres
            dose = np.concatenate([dose[:1], dose[1:] + 0.1])
        out[name] = dose, volume, float(head[column + 1].split(" of ")[1].split()[0])
    return out


@pytest.mark.parametrize("source", ["Eclipse", "CERR", "SlicerRT"])
def test_every_bin_of_three_systems_is_met_within_a_percent_of_volume_or_dose(prostate, source):
    """Ebert et al. 2010: distance to the computed curve in units of 1 % of volume and of the largest dose."""
    histograms, largest = prostate
    for name, (dose, volume, _) in table(source).items():
        histogram = histograms[name]
        at = np.arange(0, largest + 1, 0.01)
        curve = 100 * histogram.volume_cc_at(at) / histogram.covered_cc
        apart = np.hypot(
            curve[None, :] - volume[:, None], (at[None, :] - dose[:, None]) / (0.01 * largest)
        ).min(axis=1)
        assert (apart <= 1).all(), f"{source} {name}: {100 * (apart <= 1).mean():.2f} % of the bins"


@pytest.mark.parametrize(("source", "volume_percent"), [("Eclipse", 1.5), ("CERR", 0.3), ("SlicerRT", 1.3)])
def test_volumes_and_mean_doses_are_those_of_three_systems(prostate, source, volume_percent):
    """Eclipse and SlicerRT round the end slices off (docs/dose.md), CERR caps them as RegSuite does."""
    histograms, _ = prostate
    for name, (dose, volume, cc) in table(source).items():
        histogram = histograms[name]
        assert histogram.volume_cc == pytest.approx(cc, rel=volume_percent / 100), f"{source} {name}"
        mean = mean_of(dose, volume)
        if name != "BODY":
            assert histogram.mean_gy == pytest.approx(mean, abs=0.105), f"{source} {name}"


def test_with_tapered_ends_volumes_and_means_are_eclipses(prostate_with_tapered_ends):
    histograms, largest = prostate_with_tapered_ends
    for name, (dose, volume, cc) in table("Eclipse").items():
        histogram = histograms[name]
        assert histogram.volume_cc == pytest.approx(cc, rel=5e-3), name
        if name != "BODY":
            assert histogram.mean_gy == pytest.approx(mean_of(dose, volume), abs=0.03), name
        at = np.arange(0, largest + 1, 0.01)
        curve = 100 * histogram.volume_cc_at(at) / histogram.covered_cc
        apart = np.hypot(curve - volume[:, None], (at - dose[:, None]) / (0.01 * largest)).min(axis=1)
        assert (apart <= 1).all(), name


@pytest.mark.slow
def test_small_structures_do_not_change_when_cut_three_times_finer():
    dose, grid = dose_of("ent/EclipseEnt_Dose.nrrd")
    for structure in structures_of("ent"):
        found = structure_dvh(structure, dose, grid)
        if found.histogram.volume_cc > 40:
            continue
        assert found.settled, structure.name
        fine = structure_dvh(structure, dose, grid, step_mm=found.step_mm / 3).histogram
        rough = found.histogram
        assert rough.volume_cc == pytest.approx(fine.volume_cc, rel=2e-3), structure.name
        for share in (0.95, 0.5, 0.05):
            one, other = (h.dose_gy_at(share * h.covered_cc) for h in (rough, fine))
            assert one == pytest.approx(other, rel=3e-3, abs=0.02), structure.name


def test_the_stored_gamma_of_two_days_is_met_under_its_own_settings():
    reference, grid = dose_of("ent/EclipseEnt_Dose.nrrd")
    evaluated, other = dose_of("ent/EclipseEnt_Dose_Day2.nrrd")
    stored, _ = dose_of("ent/GammaVolume_EclipseEnt_Day1Day2_Baseline.nrrd")
    criteria = GammaCriteria(3, 3, cutoff_percent=10, max_gamma=2, interpolated=False)
    found = gamma(reference, grid, evaluated, other, criteria)
    assert found.judged.sum() == 88129
    assert found.pass_rate_percent == pytest.approx(80.895, abs=1e-3)
    assert found.values[found.judged] == pytest.approx(stored[found.judged], abs=1e-6)
    assert (stored[~found.judged] == 0).all()
