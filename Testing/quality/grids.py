"""Grids that show mistakes: anisotropic, oblique, 2D and one slice thick."""

import numpy as np

from RegSuite.geometry import Grid


def oblique(ndim, degrees=25.0):
    """A direction turned about every axis."""
    if ndim == 2:
        a = np.deg2rad(degrees)
        return np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("xyz", [degrees, -degrees, degrees / 2], degrees=True).as_matrix()


def a_grid(size, spacing, turned=True):
    """An anisotropic grid, oblique unless `turned` is False, with an origin off zero."""
    d = len(size)
    return Grid.make(size, spacing, [10.0, -20.0, 30.0][:d], oblique(d) if turned else None)


def ball(grid, centre_mm, radius_mm):
    """Voxels whose centre is within `radius_mm` of a point: boolean [*shape]."""
    return np.linalg.norm(grid.all_points() - np.asarray(centre_mm), axis=-1) <= radius_mm
