"""Slicer's Four-Up layout offscreen: axial and 3D above, coronal and sagittal below."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from Testing.harness.view import SIZE, View, write_png
from Testing.harness.views import SliceView, ThreeDView

GAP = 4
"""Pixels between the views."""


class FourUp:
    """The four views; closed at the end of a `with`.

    red (axial), green (coronal), yellow (sagittal), three_d.
    """

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.red = SliceView("Red", "Axial", size)
        self.green = SliceView("Green", "Coronal", size)
        self.yellow = SliceView("Yellow", "Sagittal", size)
        self.three_d = ThreeDView("1", size)

    @property
    def slices(self) -> tuple[SliceView, ...]:
        return self.red, self.green, self.yellow

    @property
    def views(self) -> tuple[View, ...]:
        return *self.slices, self.three_d

    def show(self, **layers) -> None:
        """The same layers in all slices, as SliceView.show takes them."""
        for view in self.slices:
            view.show(**layers)

    def image(self) -> np.ndarray:
        """All four in one picture: [h, w, 3] uint8."""
        rows = [(self.red, self.three_d), (self.green, self.yellow)]
        return _stack([_stack([view.image() for view in row], 1) for row in rows], 0)

    def png(self, path: Path) -> Path:
        """Write the picture of all four."""
        return write_png(self.image(), path)

    def close(self) -> None:
        for view in self.views:
            view.close()

    def __enter__(self) -> FourUp:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _stack(pictures: list[np.ndarray], axis: int) -> np.ndarray:
    """Pictures side by side (axis 1) or one above the other (0), a white gap between them."""
    shape = list(pictures[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, np.uint8)
    parts = [part for picture in pictures for part in (gap, picture)][1:]
    return np.concatenate(parts, axis)
