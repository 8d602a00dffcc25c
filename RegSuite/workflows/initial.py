"""Where a registration starts: a transform file, a Transform, or a word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import GeometryError, InputError
from RegSuite.transforms.arrays import ArrayTransform
from RegSuite.transforms.base import Transform

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.presets import Start

WORDS = ("identity", "center", "center-of-mass", "rigid", "affine")
_ALSO = {"centre": "center", "centre-of-mass": "center-of-mass", "center_of_mass": "center-of-mass"}


def initial_of(
    given: Any, fixed: Image, moving: Image, warn: Callable[[str], None] | None = None
) -> tuple[Transform | None, Start | None]:
    """The transform to start from, and what is to run before the method (None: the method's own habit).

    identity, a file or a Transform: start there, nothing runs before. center, center-of-mass: a
    translation of the volumes' or the intensities' centres. rigid, affine: that registration
    runs first. Raises InputError for another word, or a file that is no transform.
    """
    if given is None:
        return None, None
    if isinstance(given, ArrayTransform):
        given = given.transform(warn)
    if isinstance(given, Transform):
        return _checked(given, fixed, "initial"), "identity"
    word = _ALSO.get(str(given), str(given))
    if word == "identity":
        return None, "identity"
    if word in ("rigid", "affine"):
        return None, "rigid" if word == "rigid" else "affine"
    if word in ("center", "center-of-mass"):
        return _between_centres(fixed, moving, by_mass=word == "center-of-mass"), None
    return _from_file(Path(word), fixed), "identity"


def _from_file(path: Path, fixed: Image) -> Transform:
    from RegSuite.io.transforms import load_transform
    from RegSuite.transforms import PartialTransform

    if not path.exists() and "." not in path.name:
        raise InputError(
            f"{str(path)!r} is neither a file nor a word for a start",
            where="initial",
            mend="give a transform file, or one of " + ", ".join(WORDS),
        )
    found = load_transform(path, ndim=fixed.ndim)
    # a start needs a number everywhere: where a DICOM deformation is unknown the images say more
    return found.inner if isinstance(found, PartialTransform) else found


def _checked(transform: Transform, fixed: Image, where: str) -> Transform:
    if transform.ndim != fixed.ndim:
        raise GeometryError(f"a {transform.ndim}D transform for {fixed.ndim}D images", where=where)
    return transform


def _between_centres(fixed: Image, moving: Image, *, by_mass: bool) -> Transform:
    """The translation from the fixed centre to the moving one."""
    from RegSuite.transforms import AffineTransform

    ends = [_mass_centre(image) if by_mass else image.grid.centre for image in (fixed, moving)]
    return AffineTransform(np.eye(fixed.ndim), ends[1] - ends[0])


def _mass_centre(image: Image) -> np.ndarray:
    """Centre in LPS mm of the intensities above the smallest, within the mask where there is one."""
    weights = image.data[0].double()
    weights = weights - weights.min()
    if image.mask is not None:
        weights = weights * image.mask
    total = float(weights.sum())
    if total <= 0:
        raise InputError("the image has no intensities to take a centre of", where=image.name)
    index = []
    for dim in reversed(range(weights.ndim)):  # x first
        others = [other for other in range(weights.ndim) if other != dim]
        along = weights.sum(dim=others).cpu().numpy()
        index.append(float(along @ np.arange(len(along))) / total)
    return image.grid.points(index)
