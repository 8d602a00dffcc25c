"""Closed surfaces of 3 to 20 mm in a linear dose, where volume and DVH are formulas."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.dvh import structure_dvh
from RegSuite.errors import GeometryError
from RegSuite.geometry.structure import SurfaceStructure
from Testing.dose.bodies import OBLIQUE, linear_dose, surface

SLOPE = 2.0  # Gy a mm


def share_above(kind, height):
    """Share of a body of radius 1 (height -1 to 1) above a plane across its axis."""
    if kind == "sphere":
        return (1 - height) ** 2 * (2 + height) / 4
    return (1 - height) / 2 if kind == "cylinder" else ((1 - height) / 2) ** 3


def height_of(kind, share):
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if share_above(kind, middle) > share else (low, middle)
    return low


VOLUME = {"sphere": np.pi / 6, "cylinder": np.pi / 4, "cone": np.pi / 12}


@pytest.mark.parametrize("kind", ["sphere", "cylinder", "cone"])
@pytest.mark.parametrize("size_mm", [3.0, 7.0, 20.0])
@pytest.mark.parametrize("turned", ["straight", "body turned", "both turned"])
def test_volume_d95_and_d5_are_within_half_a_percent(kind, size_mm, turned):
    turn = np.eye(3) if turned == "straight" else OBLIQUE
    at = np.array([1.3, -0.7, 0.4])
    dose, grid = linear_dose(turn[:, 2] * SLOPE, turn=turn if turned == "both turned" else None)
    found = structure_dvh(surface(kind, size_mm, turn, at), dose, grid)
    histogram = found.histogram
    assert histogram.volume_cc == pytest.approx(VOLUME[kind] * size_mm**3 / 1000, rel=5e-3)
    middle = 60 + SLOPE * float(turn[:, 2] @ at)
    for share in (0.95, 0.5, 0.05):
        wanted = middle + SLOPE * size_mm / 2 * height_of(kind, share)
        found_gy = histogram.dose_gy_at(share * histogram.covered_cc)
        assert found_gy == pytest.approx(wanted, rel=5e-3)
        assert abs(found_gy - wanted) <= 0.005 * SLOPE * size_mm, "also of the dose's range in the body"
    assert histogram.min_gy == pytest.approx(middle - SLOPE * size_mm / 2, abs=0.01 * SLOPE * size_mm)
    assert histogram.max_gy == pytest.approx(middle + SLOPE * size_mm / 2, abs=0.01 * SLOPE * size_mm)
    assert found.settled


def test_a_cavity_within_a_surface_is_no_part_of_it():
    outer, inner = surface("sphere", 16.0), surface("sphere", 8.0)
    both = SurfaceStructure(
        "shell",
        np.concatenate([outer.points, inner.points]),
        np.concatenate([outer.triangles, inner.triangles + len(outer.points)]),
    )
    dose, grid = linear_dose([0, 0, 1.0])
    found = structure_dvh(both, dose, grid).histogram
    assert found.volume_cc == pytest.approx(np.pi / 6 * (16**3 - 8**3) / 1000, rel=5e-3)


def test_a_box_along_the_grid_is_exact_though_rays_run_along_its_faces():
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], float) * [10, 8, 6]
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    dose, grid = linear_dose([1.0, 0, 0])
    found = structure_dvh(SurfaceStructure("box", corners, triangles), dose, grid).histogram
    assert found.volume_cc == pytest.approx(0.48, rel=1e-9)
    assert found.mean_gy == pytest.approx(65.0, abs=1e-4)
    assert found.dose_gy_at(0.5 * 0.48) == pytest.approx(65.0, abs=5e-3)


def test_triangles_that_share_no_points_are_closed_where_they_touch():
    whole = surface("sphere", 10.0)
    apart = SurfaceStructure(
        "stl", whole.points[whole.triangles].reshape(-1, 3), np.arange(whole.triangles.size).reshape(-1, 3)
    )
    dose, grid = linear_dose([0, 0, 1.0])
    found = structure_dvh(apart, dose, grid).histogram
    assert found.volume_cc == pytest.approx(np.pi / 6 * 10**3 / 1000, rel=5e-3)


def test_a_wide_sheet_ends_in_time_and_a_flat_one_is_refused():
    corners = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)], float)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    dose, grid = linear_dose([0, 0, 1.0])
    sheet = SurfaceStructure("sheet", corners * [0.002, 300.0, 300.0] - [0, 150, 150], triangles)
    found = structure_dvh(sheet, dose, grid)
    assert found.histogram.volume_cc == pytest.approx(0.18, rel=1e-6)
    assert found.histogram.coverage < 0.2
    with pytest.raises(GeometryError, match="no volume"):
        structure_dvh(SurfaceStructure("flat", corners * [0.0, 30.0, 30.0], triangles), dose, grid)


def test_a_surface_with_a_hole_is_refused_with_the_number_of_its_open_edges():
    whole = surface("sphere", 10.0)
    torn = SurfaceStructure("torn", whole.points, whole.triangles[1:])
    dose, grid = linear_dose([0, 0, 1.0])
    with pytest.raises(GeometryError, match=r"(?s)not closed: 3 edges.*'torn'"):
        structure_dvh(torn, dose, grid)
