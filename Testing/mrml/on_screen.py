"""The marked phantom as a volume node, and where its markers are in a picture of a view."""

from __future__ import annotations

import numpy as np

from Testing.mrml.marked import a_marked_phantom


def a_volume(grid, *, window=(0, 255)):
    from RegSuite.mrml.volumes import volume_from_image

    node = volume_from_image(a_marked_phantom(grid))
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().AutoWindowLevelOff()
    node.GetDisplayNode().SetInterpolate(0)
    node.GetDisplayNode().SetWindowLevelMinMax(*window)
    return node


def centre_of(picture, colour, tolerance=6):
    """(right, up) in pixels of the middle of all pixels of a colour, from the middle of the picture."""
    wanted = np.broadcast_to(colour, 3)
    rows, columns = np.nonzero((np.abs(picture.astype(int) - wanted) <= tolerance).all(-1))
    assert rows.size > 20, f"only {rows.size} pixels of colour {colour}"
    height, width, _ = picture.shape
    return columns.mean() - (width - 1) / 2, (height - 1) / 2 - rows.mean()


def mm_per_pixel(view):
    return view.node.GetFieldOfView()[0] / view.window.GetSize()[0]
