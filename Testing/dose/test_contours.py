"""Contours: the solid that the slice rule defines, holes, keyholes, oblique planes, bad drawings."""

from __future__ import annotations

import numpy as np
import pytest

from RegSuite.dose.dvh import structure_dvh
from RegSuite.errors import GeometryError
from RegSuite.geometry.structure import ContourStructure
from Testing.dose.bodies import OBLIQUE, contours, linear_dose, slices_of

SLOPE = 2.0


def square(side, z, at=(0.0, 0.0)):
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2 + at
    return np.column_stack([corners, np.full(4, float(z))])


def stack(*outlines_of_a_plane, heights=range(0, 24, 2)):
    return ContourStructure(
        "drawn",
        tuple(np.column_stack([o[:, :2], np.full(len(o), z)]) for z in heights for o in outlines_of_a_plane),
    )


def volume(structure, **options):
    dose, grid = linear_dose([0, 0, 1.0])
    return structure_dvh(structure, dose, grid, **options).histogram.volume_cc


def discs_dose_at(discs, distance, share, across):
    """D of the solid of discs, each half a distance up and down: dose along its axis, or across it."""
    grain = np.linspace(-1, 1, 20001)
    if across:
        pieces = [(SLOPE * r * grain, r * r * np.sqrt(1 - grain**2)) for _, r in discs]
    else:
        pieces = [(SLOPE * (h + distance / 2 * grain), np.full(grain.shape, r * r)) for h, r in discs]
    dose = np.concatenate([d for d, _ in pieces])
    weight = np.concatenate([w for _, w in pieces])
    order = np.argsort(-dose)
    total = np.cumsum(weight[order])
    return 60 + float(np.interp(share * total[-1], total, dose[order]))


@pytest.mark.parametrize("kind", ["sphere", "cylinder", "cone"])
@pytest.mark.parametrize("size_mm", [5.0, 20.0])
@pytest.mark.parametrize("distance", [1.0, 3.0])
@pytest.mark.parametrize("turned", [False, True])
def test_volume_and_doses_are_those_of_the_solid_that_the_slice_rule_defines(kind, size_mm, distance, turned):
    turn = OBLIQUE if turned else np.eye(3)
    discs = slices_of(kind, size_mm, distance)
    if len(discs) < 2:
        pytest.skip("one slice only")
    wanted = sum(np.pi * r * r * distance for _, r in discs) / 1000
    for across in (False, True):
        dose, grid = linear_dose(turn[:, 0 if across else 2] * SLOPE)
        found = structure_dvh(contours(kind, size_mm, distance, turn), dose, grid).histogram
        assert found.volume_cc == pytest.approx(wanted, rel=5e-3)
        for share in (0.95, 0.05):
            truth = discs_dose_at(discs, distance, share, across)
            assert found.dose_gy_at(share * found.covered_cc) == pytest.approx(truth, rel=5e-3)
            assert abs(found.dose_gy_at(share * found.covered_cc) - truth) <= 0.005 * SLOPE * size_mm


def test_end_slices_reach_half_a_slice_beyond_or_end_in_their_plane():
    drawn = stack(square(10, 0), heights=(0, 2, 4, 6))
    assert volume(drawn) == pytest.approx(10 * 10 * 8 / 1000, rel=1e-9)
    assert volume(drawn, end_slices="none") == pytest.approx(10 * 10 * 6 / 1000, rel=1e-9)


def test_tapered_ends_hold_a_third_of_flat_ones_and_reach_as_far():
    drawn = stack(square(10, 0), heights=(0, 2, 4, 6))
    wanted = 10 * 10 * (6 + 2 * 1 / 3) / 1000
    assert volume(drawn, end_slices="tapered") == pytest.approx(wanted, rel=1e-9)
    dose, grid = linear_dose([0, 0, SLOPE])
    found = structure_dvh(drawn, dose, grid, end_slices="tapered")
    flat = structure_dvh(drawn, dose, grid, end_slices="half").histogram
    assert (found.histogram.min_gy, found.histogram.max_gy) == pytest.approx((flat.min_gy, flat.max_gy))
    assert found.region.slices == 4


def test_a_tapered_end_shrinks_each_island_to_its_own_centre_and_keeps_its_hole():
    island, hole = square(10, 0, at=(-20, 3)), square(4, 0, at=(-22, 4))
    drawn = stack(island, hole, square(6, 0, at=(15, 0)), heights=(0, 2, 4))
    wanted = (100 - 16 + 36) * (4 + 2 / 3) / 1000
    assert volume(drawn, end_slices="tapered") == pytest.approx(wanted, rel=1e-9)
    dose, grid = linear_dose([1.0, 0, 0])
    found = structure_dvh(drawn, dose, grid, end_slices="tapered").histogram
    flat = structure_dvh(drawn, dose, grid).histogram
    # the island's hole is not in its middle: its ends shrink to the island's centre, x = -20
    main, caps = 4.0, 2 / 3
    moment = main * (100 * -20 - 16 * -22 + 36 * 15)
    moment += caps * (100 * -20 + 36 * 15) - 16 * (2 * -20 * (1 / 3) + 2 * -2 * (1 / 4))
    assert found.mean_gy - 60 == pytest.approx(moment / (wanted * 1000), abs=0.01)
    assert flat.volume_cc > found.volume_cc


def test_both_sides_of_a_gap_taper():
    drawn = stack(square(10, 0), heights=(0, 2, 4, 12, 14))
    wanted = 100 * (4 + 2 + 4 / 3) / 1000
    assert volume(drawn, end_slices="tapered") == pytest.approx(wanted, rel=1e-9)


def test_a_contour_within_a_contour_is_a_hole_and_one_within_that_an_island():
    drawn = stack(square(20, 0), square(12, 0), square(4, 0))
    assert volume(drawn) == pytest.approx((400 - 144 + 16) * 24 / 1000, rel=1e-9)


def test_a_keyhole_contour_has_the_volume_of_the_ring_that_it_draws():
    outer, inner = square(20, 0)[:, :2], square(10, 0)[::-1, :2]
    keyhole = np.concatenate([outer, outer[:1], inner[1:], inner[:2]])
    drawn = stack(np.column_stack([keyhole, np.zeros(len(keyhole))]))
    ring = stack(square(20, 0), square(10, 0))
    assert volume(drawn) == pytest.approx(volume(ring), rel=1e-9)


def test_several_contours_a_plane_add_up_in_any_order():
    parts = (square(6, 0, (-8, 0)), square(4, 0, (7, 5)))
    assert volume(stack(*parts)) == pytest.approx((36 + 16) * 24 / 1000, rel=1e-9)
    assert volume(stack(*parts[::-1], heights=range(22, -1, -2))) == pytest.approx(
        (36 + 16) * 24 / 1000, rel=1e-9
    )


def test_turning_patient_and_dose_together_changes_nothing():
    dose, grid = linear_dose([0.5, 1.0, 2.0])
    straight = structure_dvh(contours("cone", 15.0, 2.0), dose, grid).histogram
    dose, grid = linear_dose(OBLIQUE @ [0.5, 1.0, 2.0], turn=OBLIQUE)
    turned = structure_dvh(contours("cone", 15.0, 2.0, OBLIQUE), dose, grid).histogram
    assert turned.volume_cc == pytest.approx(straight.volume_cc, rel=1e-6)
    for share in (0.95, 0.5, 0.05):
        one, other = (h.dose_gy_at(share * h.covered_cc) for h in (straight, turned))
        assert one == pytest.approx(other, abs=2e-3)


def test_a_missing_slice_leaves_the_parts_unjoined():
    drawn = stack(square(10, 0), heights=(0, 2, 4, 12, 14, 16))
    dose, grid = linear_dose([0, 0, 1.0])
    found = structure_dvh(drawn, dose, grid)
    assert found.region.stack is not None
    assert found.region.stack.gaps == 1
    assert found.histogram.volume_cc == pytest.approx(100 * 12 / 1000, rel=1e-9)


def test_one_plane_is_as_thick_as_the_slices_of_the_dose():
    dose, grid = linear_dose([0, 0, 1.0])
    assert structure_dvh(stack(square(10, 0), heights=(3,)), dose, grid).histogram.volume_cc == pytest.approx(
        0.25
    )


def test_contours_that_are_not_parallel_or_without_area_are_refused():
    bent = square(10, 0).copy()
    bent[0, 2] = 3.0
    dose, grid = linear_dose([0, 0, 1.0])
    with pytest.raises(GeometryError, match=r"contour \d leaves the common plane"):
        structure_dvh(ContourStructure("bent", (square(20, 4), bent)), dose, grid)
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    with pytest.raises(GeometryError, match="no area"):
        structure_dvh(ContourStructure("line", (line,)), dose, grid)
    with pytest.raises(GeometryError, match="no contours"):
        structure_dvh(ContourStructure("none", ()), dose, grid)
