"""Left is right: radiological planes, asserted on pixels."""

import io
from itertools import permutations, product

import numpy as np
import pytest
from matplotlib.image import imread

from RegSuite.geometry import Grid
from RegSuite.report.comparisons import originals
from RegSuite.report.draw import png
from RegSuite.report.planes import planes_of
from RegSuite.report.view import View
from Testing.quality.grids import oblique
from Testing.report.pictures import report_images

HANGING = [  # every way that voxel axes can lie along the patient's
    np.eye(3)[:, list(p)] * np.array(s)
    for p, s in product(permutations(range(3)), product((1, -1), repeat=3))
]


@pytest.mark.parametrize("direction", [*HANGING, oblique(3, 20.0)])
def test_on_screen_left_is_right_front_is_up_and_head_is_up_whatever_the_voxel_order(direction):
    grid = Grid.make((5, 6, 7), (1.0, 1.2, 1.5), direction=direction)
    x, y, z = np.moveaxis(grid.all_points(), -1, 0)
    axial, coronal, sagittal = planes_of(grid)
    at = (2, 3, 3)
    assert (np.diff(axial.cut(x, at), axis=1) > 0).all()  # towards the patient's left
    assert (np.diff(axial.cut(y, at), axis=0) > 0).all()  # towards the back
    assert (np.diff(coronal.cut(x, at), axis=1) > 0).all()
    assert (np.diff(coronal.cut(z, at), axis=0) < 0).all()  # towards the feet
    assert (np.diff(sagittal.cut(y, at), axis=1) > 0).all()
    assert (np.diff(sagittal.cut(z, at), axis=0) < 0).all()
    assert axial.edges == ("R", "L", "A", "P")
    assert coronal.edges == ("R", "L", "S", "I")
    assert sagittal.edges == ("A", "P", "S", "I")


def test_the_place_on_screen_is_the_voxel_it_names():
    grid = Grid.make((5, 6, 7), (1.0, 1.2, 1.5), direction=HANGING[13])
    volume = np.zeros(grid.shape)
    at = (1, 4, 2)
    volume[at[::-1]] = 1.0
    for plane in planes_of(grid):
        assert plane.cut(volume, at)[plane.position(at, grid.size)] == 1.0


def test_the_tilt_of_an_oblique_grid_is_told():
    a = np.deg2rad(23.0)
    tilted = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    assert planes_of(Grid.make((4, 4, 4), 1.0, direction=tilted))[0].tilt_degrees == pytest.approx(23.0)
    assert planes_of(Grid.make((4, 4, 4), 1.0))[0].tilt_degrees == 0.0


def test_a_flat_image_has_one_plane_with_x_to_the_right_and_y_down():
    grid = Grid.make((5, 6), (1.0, 1.5), direction=[[0, -1], [1, 0]])
    (plane,) = planes_of(grid)
    x, y = np.moveaxis(grid.all_points(), -1, 0)
    assert (np.diff(plane.cut(x, (2, 2)), axis=1) > 0).all()
    assert (np.diff(plane.cut(y, (2, 2)), axis=0) > 0).all()
    thin = planes_of(Grid.make((5, 6, 1), 1.0))
    assert [p.name for p in thin] == ["axial"]


@pytest.mark.parametrize("direction", [HANGING[0], HANGING[7], HANGING[29], HANGING[46], oblique(3, 12.0)])
def test_a_spot_at_the_patients_left_front_above_is_there_in_the_drawn_pixels(direction):
    grid = Grid.make((40, 38, 36), (1.0, 1.05, 1.1), direction=direction)
    view = View(report_images(grid))
    spot = np.unravel_index(int(view.fixed.argmax()), view.fixed.shape)
    view.__dict__["centre"] = view._place(tuple(int(i) for i in spot[::-1]), "the spot")
    pixels = imread(io.BytesIO(png(originals(view)[1].after)))[..., :3].mean(axis=-1)
    pixels[pixels < 0.02] = 0
    third = pixels.shape[1] // 3
    for panel, column_sign in ((0, 1), (1, 1), (2, -1)):  # axial, coronal: L is right; sagittal: A is left
        part = pixels[:, panel * third : (panel + 1) * third]
        inner = slice(int(0.14 * third), int(0.86 * third))  # without the letters at the edges
        high = slice(int(0.14 * len(part)), int(0.86 * len(part)))
        bright, body = part[high, inner] > 0.9, part[high, inner] > 0.1
        assert bright.any()
        rows, columns = (np.argwhere(bright).mean(axis=0) - np.argwhere(body).mean(axis=0)) / third
        assert rows < -0.02  # front or head: up
        assert columns * column_sign > 0.02
