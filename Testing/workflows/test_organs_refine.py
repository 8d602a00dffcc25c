from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
import torch

from RegSuite.errors import Cancelled
from RegSuite.geometry import Image
from RegSuite.methods.base import no_progress
from RegSuite.pointcloud.field import CloudFields, cloud_fields
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.workflows.organs_refine import MARGIN_MM, RefinedFields, refined_by_organ
from Testing.pointcloud.field.regression import (
    known_drift,
    label_image,
    oblique_grid,
    slab_points,
    slabs_on,
)

SHIFT = np.array([10.0, 0.0, 0.0])


class Refined(NamedTuple):
    """Two slabs that slide by +-10 mm and bend by 3 mm inside, which their points do not tell."""

    before: CloudFields
    after: RefinedFields
    truth: np.ndarray
    labels: np.ndarray


def texture(points):
    """Values whose features are some 20 mm large."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    fine = np.sin(x / 5 + 1.3 * np.sin(y / 8)) + np.cos(y / 6 + z / 7) + np.sin(z / 5 - x / 9)
    return (100 * fine).astype(np.float32)


def origin(points, sign):
    """Where target points of a slab come from: the slide, and a bend that dies down at its faces."""
    home = points - sign * SHIFT
    height = np.clip(np.abs(home[..., 2]) / 40, 0, 1)
    home = home.copy()
    home[..., 1] += 3 * np.sin(np.pi * height)
    return home


@cache
def slabs():
    points = slab_points(3)
    model = OrganModel.of([1, 2], [1, 2], {1: "upper", 2: "lower"})
    drift = known_drift(points, np.where(points.labels[:, None] == 1, SHIFT, -SHIFT), model)
    grid = oblique_grid(3)
    labels = slabs_on(grid, SHIFT)
    source, target = label_image(slabs_on(grid), grid), label_image(labels, grid)
    places = grid.all_points()
    truth = np.zeros((*grid.shape, 3))
    for label, sign in ((1, 1.0), (2, -1.0)):
        truth[labels == label] = (origin(places, sign) - places)[labels == label]
    fixed = Image(torch.from_numpy(texture(places + truth))[None], grid)
    moving = Image(torch.from_numpy(texture(places))[None], grid)
    before = cloud_fields(drift, grid, grid, source, target)
    return Refined(before, refined_by_organ(before, fixed, moving, "cpu", no_progress), truth, labels)


def error(field, found):
    return np.linalg.norm(np.moveaxis(field.displacement_mm.numpy(), 0, -1) - found.truth, axis=-1)


def test_scans_show_what_surfaces_did_not_and_organs_go_on_sliding():
    found = slabs()
    height = np.abs(found.before.backward.grid.all_points()[..., 2])
    before, after = error(found.before.backward, found), error(found.after.backward, found)
    for label in (1, 2):
        inside = (found.labels == label) & (height > 10)
        near = (found.labels == label) & (height < 10)
        assert after[inside].mean() < 0.6 * before[inside].mean()
        assert after[near].mean() < 1.5 * after[inside].mean()
    assert ["registered.csv" in warning for warning in found.after.warnings] == [True]
    assert "upper, lower" in found.after.notes[0]


def test_both_ways_belong_together_after_refining():
    found = slabs()
    grid = found.before.backward.grid
    inner = np.zeros(grid.shape, bool)
    height = np.abs(grid.all_points()[..., 2])
    inner[(found.labels > 0) & (height > 12) & (height < 28)] = True
    inner &= (np.abs(grid.all_points()[..., :2]) < 25).all(axis=-1)
    places = torch.from_numpy(grid.all_points()[inner])
    there = found.after.backward.points(places)
    back = found.after.forward.points(there)
    assert float((back - places).norm(dim=1).mean()) < 0.3
    assert float(found.after.jacobian.data[0][torch.from_numpy(found.labels > 0)].min()) > 0


def test_tissue_far_from_organs_stays_as_it_was():
    from RegSuite.pointcloud.field.reach import distance_to

    found = slabs()
    grid = found.before.backward.grid
    far = distance_to(torch.from_numpy(found.labels > 0), grid) > MARGIN_MM
    change = found.after.backward.displacement_mm - found.before.backward.displacement_mm
    assert float(change[:, far].abs().max()) == 0
    near = (distance_to(torch.from_numpy(found.labels > 0), grid) < 6) & torch.from_numpy(found.labels == 0)
    assert float(change[:, near].norm(dim=0).mean()) > 0.1


def test_organs_without_structure_or_label_maps_stay_and_are_named():
    found = slabs()
    grid = found.before.backward.grid
    flat = Image(torch.ones((1, *grid.shape)), grid)
    after = refined_by_organ(found.before, flat, flat, "cpu", no_progress)
    assert torch.equal(after.backward.displacement_mm, found.before.backward.displacement_mm)
    assert "nothing was refined" in after.warnings[0]
    assert any("upper is not refined" in sentence for sentence in after.warnings)


def test_refining_may_be_cancelled():
    found = slabs()
    grid = found.before.backward.grid
    scan = Image(torch.from_numpy(texture(grid.all_points()))[None], grid)

    def stop(fraction, stage, metrics):
        raise Cancelled

    with pytest.raises(Cancelled):
        refined_by_organ(found.before, scan, scan, "cpu", stop)
