"""Slabs, threads and the plain torch twins: however the work is cut, the dose is the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from RegSuite.dose.mapping.prepared import prepared_mapping, with_halo
from RegSuite.errors import GeometryError
from Testing.dose.bodies import OBLIQUE
from Testing.dose.mapping.fields import fraction


def rough(turn=OBLIQUE):
    """A fraction whose deformation has holes, folds and points beyond the dose."""
    given = fraction(20.0, turn, size=(24, 22, 14), at=(30, 0, 0))
    rng = np.random.default_rng(1)
    given.displacement[...] += rng.normal(0, 0.8, given.displacement.shape)
    given.displacement[:, 5:8, 4:9, 3:7] = np.nan
    return given


def prepared(given, mapping):
    return prepared_mapping(given.dose, given.dose_grid, given.grid, mapping=mapping, density=given.density)


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
def test_slabs_and_threads_change_no_bit(mapping):
    given = rough()
    job = prepared(given, mapping)
    whole = [given.mapped(mapping, account=False, workers=workers) for workers in (1, 3)]
    pieces = []
    for z0, z1 in ((0, 1), (1, 6), (6, 13), (13, 14)):
        first, last = with_halo(z0, z1, 14)
        pieces.append(job.slab(given.displacement[:, first:last], z0, z1))
    for other in (whole[1].dose_gy, np.concatenate([p.dose_gy for p in pieces])):
        assert np.array_equal(whole[0].dose_gy, other, equal_nan=True)
    assert np.array_equal(whole[0].marks, np.concatenate([p.marks for p in pieces]))
    assert set(np.unique(whole[0].marks)) >= {0, 1, 2, 4}


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
@pytest.mark.parametrize("turn", [np.eye(3), OBLIQUE])
def test_the_compiled_kernels_are_their_plain_twins(mapping, turn):
    given = rough(turn)
    job = prepared(given, mapping)
    ours = job.slab(given.displacement[:, 2:11], 3, 10)
    dose, marks, sums = job.slab_on(torch.from_numpy(given.displacement[:, 2:11]), 3, 10)
    assert np.array_equal(ours.marks, marks.numpy())
    assert ours.dose_gy == pytest.approx(dose.numpy(), abs=2e-5, nan_ok=True)
    assert ours.sums == pytest.approx(sums.numpy(), rel=1e-6, abs=1e-6)


def test_the_twin_takes_many_samples_at_once():
    given = fraction(10.0, OBLIQUE, size=(12, 11, 8))
    job = prepared(given, "ddm")
    samples = np.stack([given.displacement, given.displacement + 1.5, 0 * given.displacement])
    dose, marks, _ = job.slab_on(torch.from_numpy(samples), 0, 8)
    assert dose.shape == marks.shape == (3, 8, 11, 12)
    for sample, found in zip(samples, dose.numpy(), strict=True):
        one = job.slab(np.ascontiguousarray(sample), 0, 8)
        assert one.dose_gy == pytest.approx(found, abs=2e-5, nan_ok=True)


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
def test_a_device_gives_the_same_as_the_compiled_kernels(mapping):
    given = rough()
    device = "cuda" if torch.cuda.is_available() else "cpu:0"  # cpu:0 takes the torch path
    one, other = (given.mapped(mapping, device=where) for where in ("cpu", device))
    assert np.array_equal(one.marks, other.marks)
    assert one.dose_gy == pytest.approx(other.dose_gy, abs=2e-5, nan_ok=True)
    if mapping == "emt":
        assert one.energy.residual == pytest.approx(other.energy.residual, abs=1e-6)


def test_a_slab_without_its_neighbouring_slices_is_refused():
    given = fraction(10.0, size=(12, 11, 8))
    job = prepared(given, "ddm")
    with pytest.raises(GeometryError, match="does not hold what slices 3 to 5"):
        job.slab(given.displacement[:, 3:6], 3, 6, first=3)
    with pytest.raises(GeometryError, match="does not hold"):
        job.slab(given.displacement[:, :, 1:], 3, 6, first=0)
    assert np.array_equal(
        job.slab(given.displacement, 3, 6, first=0).dose_gy,
        job.slab(given.displacement[:, 2:7], 3, 6).dose_gy,
        equal_nan=True,
    )


@pytest.mark.parametrize("mapping", ["ddm", "emt"])
def test_a_planning_grid_whose_axis_runs_the_other_way_has_the_same_dose_in_reverse(mapping):
    """Its direction is left-handed; determinants keep their sign all the same."""
    given = rough()
    matrix = np.asarray(given.grid.direction) * [1, 1, -1]
    end = given.grid.points([0, 0, given.grid.size[2] - 1])
    reverse = replace(given.grid, origin=tuple(end), direction=tuple(map(tuple, matrix)))
    one = given.mapped(mapping, account=False)
    other = replace(given, grid=reverse, displacement=given.displacement[:, ::-1]).mapped(
        mapping, account=False
    )
    assert np.array_equal(one.marks, other.marks[::-1])
    assert one.dose_gy == pytest.approx(other.dose_gy[::-1], abs=1e-4, nan_ok=True)
