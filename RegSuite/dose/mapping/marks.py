"""Marks: why the mapped dose of a voxel is not known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Marks = NDArray[np.uint8]

OUTSIDE = 1
"""The point that the voxel maps to lies beyond the fraction's dose grid (EMT: or beyond its density)."""
FOLDED = 2
"""The Jacobian determinant of x + u(x) is not positive: tissue would be turned inside out."""
UNDEFINED = 4
"""The deformation is undefined (NaN) here, or all around, so that its determinant is not known."""

WORDS = {
    OUTSIDE: "outside of the fraction's dose grid",
    FOLDED: "where the deformation folds",
    UNDEFINED: "where the deformation is undefined",
}


@dataclass(frozen=True)
class MarkCounts:
    """How many voxels bear each mark; `voxels`: of how many. A voxel may bear several marks."""

    outside: int
    folded: int
    undefined: int
    marked: int
    voxels: int

    @classmethod
    def of(cls, marks: Marks) -> MarkCounts:
        """The counts of a map of marks."""
        outside, folded, undefined = (int(np.count_nonzero(marks & bit)) for bit in WORDS)
        return cls(outside, folded, undefined, int(np.count_nonzero(marks)), int(marks.size))

    def sentences(self) -> tuple[str, ...]:
        """One sentence a kind of mark that is there, with voxels and percent."""
        counts = zip(WORDS.values(), (self.outside, self.folded, self.undefined), strict=True)
        return tuple(
            f"{count} voxels ({100 * count / self.voxels:.2g} %) lie {words}: their dose is not known"
            for words, count in counts
            if count
        )
