"""Surfaces of organs as evenly spread points: where they lie, how many, what the scan cuts off."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.geometry.structure import ContourStructure, SurfaceStructure, VoxelStructure
from RegSuite.pointcloud.sampling import organ_surfaces, surface_cloud

RADIUS_MM = 24.0


def oblique(ndim):
    a, b = np.deg2rad([25.0, -15.0])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1.0]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return (about_z @ about_x) if ndim == 3 else about_z[:2, :2]


def a_ball(spacing, ndim=3, label=1, size_mm=62.0, centre=None):
    """A label map with a ball (disc) in its middle, on an oblique grid."""
    size = [round(size_mm / s) for s in spacing]
    grid = Grid.make(size, spacing, (10.0, -20.0, 5.0)[:ndim], oblique(ndim))
    middle = grid.centre if centre is None else centre(grid)
    inside = np.linalg.norm(grid.all_points() - middle, axis=-1) < RADIUS_MM
    return Image(torch.from_numpy(inside.astype(np.int32) * label)[None], grid, name="ball"), middle


def nearest(points):
    from scipy.spatial import cKDTree

    return cKDTree(points).query(points, k=2)[0][:, 1]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 2.5, 3.0), (1.2, 1.0, 4.0)])
def test_points_of_a_ball_lie_on_its_sphere(spacing):
    image, middle = a_ball(spacing)
    cloud = surface_cloud(image, spacing_mm=4.0)
    off = np.linalg.norm(cloud.points - middle, axis=1) - RADIUS_MM
    assert abs(off.mean()) < 0.1 * max(spacing)
    assert np.abs(off).mean() < 0.25 * max(spacing)
    assert np.abs(off).max() < 0.6 * max(spacing)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 2.5, 3.0)])
def test_a_spacing_gives_one_point_a_spacing_squared_and_no_gaps(spacing):
    image, _ = a_ball(spacing)
    cloud = surface_cloud(image, spacing_mm=4.0)
    wanted = 4 * np.pi * RADIUS_MM**2 / 16
    assert abs(len(cloud) / wanted - 1) < 0.1
    apart = nearest(cloud.points)
    assert apart.min() > 0.6 * 4
    assert apart.max() < 1.7 * 4


def test_a_count_is_shared_by_area():
    grid = Grid.make((60, 34, 34), 2.0)
    points = grid.all_points()
    values = np.zeros(grid.shape, dtype=np.int32)
    values[np.linalg.norm(points - (32, 33, 33), axis=-1) < 24] = 7
    values[np.linalg.norm(points - (92, 33, 33), axis=-1) < 12] = 3
    cloud = surface_cloud(Image(torch.from_numpy(values)[None], grid), {7: "big", 3: "small"}, count=1000)
    assert abs(len(cloud) - 1000) < 100
    counts = {label: int((cloud.labels == label).sum()) for label in (3, 7)}
    assert counts[7] / counts[3] == pytest.approx(4, rel=0.15)
    assert {cloud.names[i] for i in np.flatnonzero(cloud.labels == 7)} == {"big"}


def test_a_disc_of_a_slice_gives_points_on_its_circle():
    image, middle = a_ball((1.0, 1.4), ndim=2)
    cloud = surface_cloud(image, spacing_mm=2.0)
    off = np.linalg.norm(cloud.points - middle, axis=1) - RADIUS_MM
    assert cloud.ndim == 2
    assert np.abs(off).max() < 0.9
    assert abs(len(cloud) / (np.pi * RADIUS_MM) - 1) < 0.12


def test_the_same_seed_gives_the_same_points_and_another_one_others():
    image, _ = a_ball((2.0, 2.0, 2.0))
    one, same, other = (surface_cloud(image, spacing_mm=5.0, seed=s).points for s in (3, 3, 4))
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_the_callers_label_map_is_left_alone():
    image, _ = a_ball((2.0, 2.0, 2.0))
    before = image.data.clone()
    surface_cloud(image, spacing_mm=5.0)
    assert torch.equal(image.data, before)


def test_the_face_on_which_the_scan_cuts_an_organ_bears_no_points_and_is_named():
    grid = Grid.make((40, 40, 20), 2.0, (0.0, 0.0, 100.0))
    top = grid.points((19.5, 19.5, 19.0))
    inside = np.linalg.norm(grid.all_points() - top, axis=-1) < RADIUS_MM
    image = Image(torch.from_numpy(inside.astype(np.int32))[None], grid)
    (organ,) = organ_surfaces(image)
    assert organ.cut_off == ("superior",)
    off = np.linalg.norm(organ.elements.points - top, axis=1) - RADIUS_MM
    assert np.abs(off).max() < 1.5  # on the half sphere, none on the flat face within
    whole, _ = a_ball((2.0, 2.0, 2.0))
    assert organ_surfaces(whole)[0].cut_off == ()


def test_a_part_of_a_map_cuts_only_where_the_map_itself_ends():
    image, _ = a_ball((2.0, 2.0, 2.0))
    held = np.argwhere(image.data[0].numpy() > 0)
    low, high = held.min(axis=0) - 1, held.max(axis=0) + 2
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    origin = image.grid.points(low[::-1]).tolist()
    part = Grid.make((high - low)[::-1].tolist(), 2.0, origin, image.grid.direction)
    structure = VoxelStructure("ball", Image(image.data[0][box][None].float(), part), 1)
    (organ,) = organ_surfaces([structure])
    (whole,) = organ_surfaces(image)
    assert organ.cut_off == ()
    assert organ.area == pytest.approx(whole.area, rel=1e-6)


def a_closed_sphere(rings=30):
    """Triangles of a sphere at 0."""
    theta = np.linspace(0, np.pi, rings)[1:-1]
    phi = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    t, p = np.meshgrid(theta, phi, indexing="ij")
    body = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], axis=-1).reshape(-1, 3)
    points = RADIUS_MM * np.concatenate([body, [[0, 0, 1.0]], [[0, 0, -1.0]]])
    n, m = len(theta), len(phi)
    at = np.arange(n * m).reshape(n, m)
    a, b, c, d = at[:-1], np.roll(at[:-1], -1, 1), at[1:], np.roll(at[1:], -1, 1)
    sides = [np.stack(x, -1).reshape(-1, 3) for x in ((a, c, b), (b, c, d))]
    caps = [
        np.stack([np.full(m, n * m), at[0], np.roll(at[0], -1)], -1),
        np.stack([np.full(m, n * m + 1), np.roll(at[-1], -1), at[-1]], -1),
    ]
    return SurfaceStructure("ball", points, np.concatenate([*sides, *caps]), number=4)


def test_a_closed_surface_is_sampled_evenly():
    cloud = surface_cloud([a_closed_sphere()], spacing_mm=4.0)
    off = np.linalg.norm(cloud.points, axis=1) - RADIUS_MM
    assert np.abs(off).max() < 0.2
    assert abs(len(cloud) / (4 * np.pi * RADIUS_MM**2 / 16) - 1) < 0.1
    assert set(cloud.labels.tolist()) == {4}
    assert nearest(cloud.points).min() > 2.4


def test_a_surface_that_ends_with_the_scan_is_cut_there():
    sphere = a_closed_sphere()
    capped = np.minimum(sphere.points, (np.inf, np.inf, 0.0))  # flattened onto z = 0, the scan's last plane
    scan = Grid.make((40, 40, 40), 1.5, (-29.0, -29.0, -58.5))
    (organ,) = organ_surfaces([SurfaceStructure("half", capped, sphere.triangles)], within=scan)
    assert organ.cut_off == ("superior",)
    assert organ.elements.points[:, 2].max() < -0.3


def contours_of_a_ball(distance=3.0, turn=None):
    frame = np.eye(3) if turn is None else turn
    rings = []
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    for z in np.arange(-21.0, 21.1, distance):
        r = np.sqrt(RADIUS_MM**2 - z**2)
        ring = np.stack([r * np.cos(angle), r * np.sin(angle), np.full_like(angle, z)], axis=1)
        rings.append(ring @ frame.T + (5, 6, 7))
    return ContourStructure("ball", tuple(rings))


@pytest.mark.parametrize("turn", [None, oblique(3)])
def test_contours_of_any_plane_give_points_on_the_surface_they_were_drawn_of(turn):
    cloud = surface_cloud([contours_of_a_ball(turn=turn)], spacing_mm=4.0)
    off = np.linalg.norm(cloud.points - (5, 6, 7), axis=1) - RADIUS_MM
    assert np.abs(off).mean() < 0.8  # slices of 3 mm
    assert abs(off.mean()) < 0.5
    assert abs(len(cloud) / (4 * np.pi * RADIUS_MM**2 / 16) - 1) < 0.15


def test_a_hole_in_contours_has_a_surface_too():
    outer = contours_of_a_ball()
    inner = tuple((ring - (5, 6, 7)) * (0.4, 0.4, 1) + (5, 6, 7) for ring in outer.contours)
    plain, hollow = (
        organ_surfaces([ContourStructure("ball", rings)])[0]
        for rings in (outer.contours, outer.contours + inner)
    )
    assert hollow.area > 1.15 * plain.area
    middle = hollow.elements.points - (5, 6, 7)
    assert (np.linalg.norm(middle[:, :2], axis=1)[np.abs(middle[:, 2]) < 5] < 12).any()


def test_one_contour_alone_is_refused_with_words():
    one = ContourStructure("node", contours_of_a_ball().contours[:1])
    with pytest.raises(GeometryError, match=r"one slice only(.|\n)*'node'(.|\n)*neighbouring slices"):
        surface_cloud([one], spacing_mm=3.0)


def test_a_thin_vessel_is_not_lost_by_smoothing():
    grid = Grid.make((20, 20, 20), 3.0)
    values = np.zeros(grid.shape, dtype=np.int32)
    values[2:18, 10, 9:11] = 1
    cloud = surface_cloud(Image(torch.from_numpy(values)[None], grid), spacing_mm=4.0)
    assert len(cloud) > 30
    assert np.ptp(cloud.points[:, 2]) > 40


def test_an_empty_map_and_two_wishes_at_once_are_refused():
    grid = Grid.make((5, 5, 5))
    empty = Image(torch.zeros((1, 5, 5, 5), dtype=torch.int32), grid)
    with pytest.raises(InputError, match="no organ"):
        surface_cloud(empty, count=10)
    with pytest.raises(InputError, match="either a spacing or a count"):
        surface_cloud(empty, count=10, spacing_mm=3.0)
