"""Matched keypoints against displacements that are formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.pointcloud.keypoints.lattice import finest_spacing
from RegSuite.pointcloud.keypoints.match import matched_keypoints
from RegSuite.pointcloud.keypoints.parameters import KeypointParameters
from RegSuite.pointcloud.keypoints.search import plan
from RegSuite.quality import tre_mm
from RegSuite.transforms import AffineTransform
from Testing.pointcloud.keypoints.scenes import oblique, seen, texture

SMALL = {"count": 150, "window_mm": 12.0, "distance_mm": 4.0}


def bent(points):
    """A smooth displacement in mm of up to 6 mm that stretches by a sixth."""
    wave = np.sin(points @ np.full(points.shape[-1], 0.03) + 0.3)
    direction = np.array([0.7, -0.5, 0.5])[: points.shape[-1]]
    return 5.0 * wave[..., None] * direction + np.array([1.3, 0.4, -0.7])[: points.shape[-1]]


def before(points):
    """x with x + u(x) = points."""
    x = points.copy()
    for _ in range(60):
        x = points - bent(x)
    return x


def pair(ndim, fixed_grid, moving_grid, noise=0.15):
    value = texture(ndim, seed=5)
    rng = np.random.default_rng(0)
    fixed = seen(value, fixed_grid, "fixed")
    moving = seen(lambda p: -2.0 * value(before(p)) + 30.0, moving_grid, "moving")  # contrast inverted
    for image in (fixed, moving):
        spread = float(image.data.std())
        image.data.add_(torch.from_numpy(rng.normal(0, noise * spread, image.data.shape)).float())
    return fixed, moving


GRIDS = {
    2: (Grid.make([64, 48], [1.5, 2.0], [-30, 12], oblique(2)), Grid.make([80, 64], [1.6, 1.7], [-75, -5])),
    3: (
        Grid.make([36, 32, 20], [2.0, 2.0, 3.0], [-10, -50, 30], oblique(3)),
        Grid.make([56, 44, 44], [2.1, 2.2, 2.4], [-25, -58, 0]),
    ),
}


def errors(matches, truth=bent):
    return np.linalg.norm(matches.fixed.points + truth(matches.fixed.points) - matches.moving.points, axis=1)


@pytest.mark.parametrize("ndim", [2, 3])
def test_a_known_motion_is_found_on_oblique_anisotropic_grids_of_other_contrast(ndim):
    matches = matched_keypoints(*pair(ndim, *GRIDS[ndim]), KeypointParameters(**SMALL))
    off = errors(matches)
    assert len(matches) > 0.6 * matches.searched
    assert off.mean() < 0.5 * matches.finest_mm
    assert np.percentile(off, 90) < matches.finest_mm


def test_the_graph_makes_fewer_errors_than_each_keypoint_for_itself():
    fixed, moving = pair(3, *GRIDS[3], noise=0.7)
    alone = matched_keypoints(fixed, moving, KeypointParameters(**SMALL, stiffness=0))
    together = matched_keypoints(fixed, moving, KeypointParameters(**SMALL))
    right_alone, right_together = ((errors(m) < 2.5).sum() for m in (alone, together))
    assert right_together > 1.15 * right_alone
    assert errors(together).mean() < 0.7 * errors(alone).mean()


def test_confidence_ranks_matches_by_their_errors():
    matches = matched_keypoints(*pair(3, *GRIDS[3], noise=0.7), KeypointParameters(**SMALL, stiffness=0.5))
    order = np.argsort(-matches.confidence)
    half = len(order) // 2
    off = errors(matches)
    assert off[order[:half]].mean() < 0.8 * off[order[half:]].mean()
    assert 0 <= matches.confidence.min() <= matches.confidence.max() <= 1


def test_turning_both_scans_turns_the_matches():
    fixed, moving = pair(3, GRIDS[3][0], GRIDS[3][1])
    turn = oblique(3, 80)

    def turned(image):
        g = image.grid
        return Image(
            image.data,
            Grid.make(g.size, g.spacing, turn @ np.array(g.origin), turn @ np.asarray(g.direction)),
            image.name,
        )

    ours = matched_keypoints(fixed, moving, KeypointParameters(**SMALL))
    theirs = matched_keypoints(turned(fixed), turned(moving), KeypointParameters(**SMALL))
    both = sorted(set(ours.fixed.names) & set(theirs.fixed.names))
    assert len(both) > 0.9 * len(ours)
    here, there = (m.moving.points[[m.fixed.names.index(n) for n in both]] for m in (ours, theirs))
    apart = np.linalg.norm(there - here @ turn.T, axis=1)
    assert np.percentile(apart, 95) < 0.05


def test_a_start_brings_far_images_together():
    fixed, moving = pair(2, *GRIDS[2])
    far = np.array([400.0, -250.0])
    g = moving.grid
    moved = Image(moving.data, Grid.make(g.size, g.spacing, np.array(g.origin) + far, g.direction), "moving")
    with pytest.raises(GeometryError, match=r"comes within 12 mm(.|\n)*mend: give a start"):
        matched_keypoints(fixed, moved, KeypointParameters(**SMALL))
    start = AffineTransform(np.eye(2), far)
    there = matched_keypoints(fixed, moved, KeypointParameters(**SMALL), initial=start)
    ours = matched_keypoints(fixed, moving, KeypointParameters(**SMALL))
    np.testing.assert_allclose(there.moving.points, ours.moving.points + far, atol=1e-3)


def test_partners_lie_in_the_moving_mask():
    fixed, moving = pair(2, *GRIDS[2])
    inside = torch.from_numpy(before(moving.grid.all_points())[..., 0] < 10.0)
    matches = matched_keypoints(fixed, moving.with_mask(inside), KeypointParameters(**SMALL))
    whole = matched_keypoints(fixed, moving, KeypointParameters(**SMALL))
    assert len(whole) > len(matches) > 10
    index = np.rint(moving.grid.index(matches.moving.points)).astype(int)
    assert bool(inside[index[:, 1], index[:, 0]].all())


def test_the_same_run_gives_the_same_bits_with_any_number_of_threads():
    fixed, moving = pair(2, *GRIDS[2])
    count = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(matched_keypoints(fixed, moving, KeypointParameters(**SMALL)))
    finally:
        torch.set_num_threads(count)
    np.testing.assert_array_equal(found[0].moving.points, found[1].moving.points)
    np.testing.assert_array_equal(found[0].confidence, found[1].confidence)


def test_matches_serve_as_landmarks_and_as_clouds():
    matches = matched_keypoints(*pair(2, *GRIDS[2]), KeypointParameters(**SMALL))
    least = float(np.median(matches.confidence))
    fixed, moving = matches.landmarks(least)
    still = AffineTransform(np.eye(2), np.zeros(2))
    measured = tre_mm(still, fixed, moving)
    assert measured["n"] == (matches.confidence >= least).sum()
    assert measured["mean"] == pytest.approx(np.linalg.norm(fixed.points - moving.points, axis=1).mean())
    source, target = matches.clouds(label=4)
    np.testing.assert_array_equal(source.points, matches.moving.points)  # the source is what moves
    np.testing.assert_array_equal(target.points, matches.fixed.points)
    assert set(source.labels) == set(target.labels) == {4}
    first, second, confidence = matches
    assert len(first) == len(second) == len(confidence)


def test_the_callers_images_stay_as_they_were():
    fixed, moving = pair(2, *GRIDS[2])
    copies = fixed.data.clone(), moving.data.clone()
    matched_keypoints(fixed, moving, KeypointParameters(**SMALL))
    assert torch.equal(fixed.data, copies[0])
    assert torch.equal(moving.data, copies[1])


@pytest.mark.parametrize("ndim", [2, 3])
def test_unlike_images_are_told(ndim):
    fixed, moving = pair(ndim, *GRIDS[ndim])
    assert not matched_keypoints(fixed, moving, KeypointParameters(**SMALL)).warnings
    other = seen(texture(ndim, seed=99), moving.grid)
    warnings = matched_keypoints(fixed, other, KeypointParameters(**SMALL)).warnings
    # of a slice, places that look alike by chance are found: then the window's border is told
    assert any("same anatomy" in text or "border of the window" in text for text in warnings)


def test_a_window_that_is_too_small_is_told():
    value = texture(2, seed=5)
    grid = Grid.make([64, 64], 2.0)
    moving = seen(lambda p: value(p - np.array([9.0, 0.0])), grid)
    matches = matched_keypoints(seen(value, grid), moving, KeypointParameters(**(SMALL | {"window_mm": 8.0})))
    assert any("border of the window" in text for text in matches.warnings)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda f, m: (f, m, {"window_mm": 190.0}), InputError, "window of 190 mm"),
        (lambda f, m: (f.with_data(f.data * 0), m, {}), InputError, "no structure"),
        (lambda f, m: (f, m.with_data(m.data * 0), {}), InputError, "all voxels"),
        (lambda f, m: (f.with_mask(torch.zeros(f.grid.shape, dtype=torch.bool)), m, {}), InputError, "empty"),
        (lambda f, m: (f, m.with_mask(torch.zeros(m.grid.shape, dtype=torch.bool)), {}), InputError, "empty"),
        (lambda f, m: (f, m.with_data(m.data * float("nan")), {}), InputError, "not finite"),
        (lambda f, m: (f, seen(texture(3), GRIDS[3][0]), {}), GeometryError, "2 dimensions"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(make, error, words):
    fixed, moving, more = make(*pair(2, *GRIDS[2]))
    with pytest.raises(error, match=words):
        matched_keypoints(fixed, moving, KeypointParameters(**(SMALL | more)))


def test_memory_is_bounded_by_coarser_lattices():
    large = Grid.make([1024, 1024, 800], [0.4, 0.4, 0.5])
    spacing = finest_spacing(large, large, None)
    assert np.prod(large.extent_mm / spacing) <= 8.01e6
    for count in (100, 2000, 50000):
        for _, steps in plan(1.5, 60.0, count):
            assert 4 * count * (2 * steps + 1) ** 3 <= 5.1e8
    assert plan(1.5, 12.0, 100)[-1][0] == 1.5
