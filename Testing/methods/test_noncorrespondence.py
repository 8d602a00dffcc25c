"""Finding where an image has no correspondence, together with the registration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from scipy import ndimage

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods.shooting.local_distance import local_distance, match_contrast
from RegSuite.methods.shooting.noncorrespondence import NonCorrespondence, estimate_noncorrespondence
from RegSuite.methods.shooting.parameters import LDDMMParameters
from RegSuite.methods.shooting.region import least_region
from RegSuite.methods.shooting.shot import Shot
from RegSuite.numerics.pull import pull
from RegSuite.phantoms.tumor import tumor_phantom


def dice(a: torch.Tensor, b: torch.Tensor) -> float:
    return 2 * float((a & b).sum()) / float(a.sum() + b.sum())


@dataclass(frozen=True, eq=False)
class Case:
    """target(x) = template(x + field(x)) outside of the lesion."""

    template: Image
    healthy: Image
    target: Image
    lesion: torch.Tensor
    field: torch.Tensor


@cache
def case() -> Case:
    """A drawn brain moved by smooth waves of 4 mm, and a bright lesion of 16 mm radius painted into it."""
    template = tumor_phantom(1, ndim=2, spacing_mm=2.0, oedema=False).template
    grid = template.grid
    y, x = torch.meshgrid(*(2 * torch.pi * torch.arange(n) / n for n in grid.shape), indexing="ij")
    field = torch.stack([4 * torch.sin(2 * y), 4 * torch.cos(2 * x)])
    healthy = template.with_data(pull(template.data, field, grid.spacing))
    away = np.linalg.norm(grid.all_points() - grid.centre - [25.0, 15.0], axis=-1)
    lesion = torch.from_numpy(away < 16)
    values = healthy.data.clone()
    values[0, lesion] = 1.3 * float(healthy.data.max())
    return Case(template, healthy, healthy.with_data(values), lesion, field)


@cache
def found() -> NonCorrespondence:
    return estimate_noncorrespondence(case().target, case().template)


def test_the_least_region_of_a_bright_disk_is_the_disk() -> None:
    grid = Grid.make((60, 40), (1.0, 1.5))
    disk = np.linalg.norm(grid.all_points() - grid.centre, axis=-1) < 15
    cost = np.where(disk, -1.0, 1.0)
    region = least_region(cost, 1.0, grid.spacing, np.ones(grid.shape, bool)) > 0.5
    assert np.array_equal(region, disk)


def test_a_disk_whose_perimeter_costs_more_than_its_volume_is_left_out() -> None:
    """A disk of radius r gains pi r^2 and costs 2 pi r p: it is worth while for r > 2 p."""
    grid = Grid.make((60, 60))
    away = np.linalg.norm(grid.all_points() - grid.centre, axis=-1)
    everywhere = np.ones(grid.shape, bool)
    for radius, expected in ((7.0, False), (13.0, True)):
        cost = np.where(away < radius, -1.0, 1.0)
        assert bool((least_region(cost, 5.0, grid.spacing, everywhere) > 0.5).any()) is expected


def test_the_least_region_costs_no_more_than_its_neighbours() -> None:
    rng = np.random.default_rng(2)
    cost = ndimage.gaussian_filter(rng.normal(size=(30, 30)), 2.0) * 8
    everywhere = np.ones((30, 30), bool)
    best = least_region(cost, 0.5, (1.0, 1.0), everywhere) > 0.5

    def energy(region: np.ndarray) -> float:
        s = region.astype(float)
        down, right = np.diff(s, axis=0, append=s[-1:]), np.diff(s, axis=1, append=s[:, -1:])
        return float((s * cost).sum() + 0.5 * np.sqrt(down**2 + right**2).sum())

    assert 0 < best.sum() < best.size
    for other in (cost < 0, ndimage.binary_dilation(best), ndimage.binary_erosion(best), ~best):
        assert energy(best) < energy(other) + 1e-6


def test_the_contrast_of_an_inverted_and_bent_image_is_matched() -> None:
    rng = np.random.default_rng(0)
    fixed = ndimage.gaussian_filter(rng.normal(size=(60, 60)), 2.0)
    fixed = (fixed - fixed.min()) / np.ptp(fixed)
    matched = match_contrast(3.0 - 2.0 * np.sqrt(fixed), fixed, np.ones(fixed.shape, bool))
    inner = (fixed > np.quantile(fixed, 0.05)) & (fixed < np.quantile(fixed, 0.95))
    assert np.abs(matched - fixed)[inner].max() < 0.06


def test_a_small_shift_is_no_distance_and_a_foreign_object_is() -> None:
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.normal(size=(80, 80)), 2.0) * 10
    moved = np.roll(image, (2, -1), (0, 1))
    moved[30:42, 30:42] += 6
    brain = np.ones(image.shape, bool)
    away = local_distance(moved[None], image[None], brain, (1.0, 1.0), 2.0, 3.0)
    foreign = np.zeros_like(brain)
    foreign[33:39, 33:39] = True
    far = ndimage.distance_transform_edt(~foreign) > 16
    far[:12], far[-12:], far[:, :12], far[:, -12:] = False, False, False, False
    assert away[far].max() < 1e-6
    assert away[foreign].min() > 2


def test_a_lesion_is_found_without_its_mask() -> None:
    truth = case().lesion
    assert dice(found().region, truth) > 0.85
    probability = found().probability.data[0]
    assert float(probability[truth].mean()) > 0.8
    assert float(probability[~truth].mean()) < 0.1


def test_the_search_settles_and_says_what_it_found() -> None:
    result = found()
    assert result.history[-1].overlap >= 0.9
    assert len(result.history) >= 2
    assert "no correspondence" in result.notes[0]
    assert result.warnings == ()
    assert result.mask.grid == case().target.grid
    assert result.mask.data.dtype == torch.uint8


def test_without_the_found_region_the_registration_comes_nearer_to_the_truth() -> None:
    """Against the same registration that looks at the lesion as well, in what surrounds it."""
    from RegSuite.methods.shooting.run import register_by_shooting

    grid = case().target.grid
    plain = register_by_shooting(
        case().target,
        case().template,
        LDDMMParameters.model_validate(
            {"time_steps": 6, "levels": 2, "finest_mm": 2.0, "iterations": (25, 10), "tolerance": 3e-3}
        ),
    )
    away = ndimage.distance_transform_edt(~case().lesion.numpy(), sampling=grid.spacing[::-1])
    near = torch.from_numpy((away > 0) & (away < 16)) & (case().healthy.data[0] > 30)

    def error(shot: Shot) -> float:
        field = shot.transform.displacement(grid)
        return float((field - case().field).square().sum(dim=0).sqrt()[near].mean())

    assert error(found().shot) < 0.8 * error(plain)


def test_a_healthy_pair_has_no_region_and_says_so() -> None:
    result = estimate_noncorrespondence(case().healthy, case().template)
    assert not bool(result.region.any())
    assert len(result.history) == 1
    assert "no region without correspondence" in result.notes[0]


def test_the_region_stays_in_the_brain_that_is_given() -> None:
    brain = torch.zeros(case().target.grid.shape, dtype=torch.bool)
    middle = int(np.argwhere(case().lesion.numpy()).mean(axis=0)[0])
    brain[:middle] = True
    result = estimate_noncorrespondence(case().target, case().template, brain=brain)
    assert bool(result.region.any())
    assert not bool(result.region[~brain].any())
    assert float(result.probability.data[0][~brain].max()) == 0


def test_the_images_are_not_changed() -> None:
    target, template = case().target.data.clone(), case().template.data.clone()
    found()
    assert torch.equal(case().target.data, target)
    assert torch.equal(case().template.data, template)


def test_brains_that_cannot_be_are_refused_with_words() -> None:
    target, template = case().target, case().template
    with pytest.raises(GeometryError, match="shape"):
        estimate_noncorrespondence(target, template, brain=torch.ones(3, 3))
    with pytest.raises(InputError, match="empty"):
        estimate_noncorrespondence(target, template, brain=torch.zeros(target.grid.shape, dtype=torch.bool))
    flat = target.with_data(torch.ones_like(target.data))
    with pytest.raises(InputError, match="constant"):
        estimate_noncorrespondence(flat, template, brain=torch.ones(flat.grid.shape))
