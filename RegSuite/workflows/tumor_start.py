"""Where a tumour's registration starts: what was given, the header, or a linear registration made here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from RegSuite.errors import MethodFailed
from RegSuite.io.checks import check_pair
from RegSuite.methods import get_method
from RegSuite.methods.base import Progress, part_of
from RegSuite.methods.choice import linear_part
from RegSuite.workflows.initial import initial_of
from RegSuite.workflows.tumor_likeness import Likeness, likeness

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform
    from RegSuite.workflows.run import Run

Origin = Literal["given", "made", "none"]

ALIGNED = 0.8
"""From this correlation on the images lie on each other as they are, and nothing is tried."""
GAIN = 0.1
"""A start made here is taken where it raises the correlation by as much, ..."""
AT_LEAST = 0.25
"""... and to as much: below it says nothing of anatomy."""
GAIN_OF_AFFINE = 0.05
"""An affine start is taken instead of the rigid one where it raises the correlation by as much more."""
SCALES = (0.6, 1.6)
"""Singular values within which an affine map brings a head onto a head."""


@dataclass(frozen=True)
class Start:
    """transform: target to template points (None: as the headers say); how it came about."""

    transform: Transform | None
    origin: Origin


def start_of(
    given: Any,
    wanted: Literal["auto", "rigid", "affine", "none"],
    images: tuple[Image, Image],
    ignored: Tensor | None,
    progress: Progress,
    run: Run,
) -> Start:
    """The start for (target, template), said in the run's notes. ignored: the tumour, which is no anatomy.

    given: as `initial` of every workflow; its words rigid and affine ask for that registration.
    Raises GeometryError where the images do not overlap and no start mends that.
    """
    target, template = images
    transform, word = initial_of(given, target, template, run.warn)
    if target.ndim != template.ndim:
        check_pair(target, template)
    asked = word if word in ("rigid", "affine") else wanted
    if given is not None and asked in ("auto", "none"):
        _checked(images, transform, run)
        return Start(transform, "none" if transform is None else "given")
    seen = target if ignored is None else target.with_mask(_outside(target, ignored))
    if asked in ("rigid", "affine"):
        found = _linear(asked, seen, template, transform, progress, run)
        measured = likeness(target, template, found, ignored)
        run.notes.append(f"started with a registration by {asked}: {measured.words}")
        return Start(found, "made")
    if asked == "auto":
        helpful = _where_it_helps(images, seen, ignored, progress, run)
        if helpful is not None:
            return Start(helpful, "made")
    _checked(images, None, run)
    return Start(None, "none")


def _where_it_helps(
    images: tuple[Image, Image], seen: Image, ignored: Tensor | None, progress: Progress, run: Run
) -> Transform | None:
    """A rigid, or an affine, map where the images do not lie on each other and it mends that; else None.

    seen: the target, its mask without the tumour.
    """
    target, template = images
    before = likeness(target, template, None, ignored)
    if before.correlation is not None and before.correlation >= ALIGNED:
        run.notes.append(f"template and target lie on each other as their headers say: {before.words}")
        return None
    try:
        rigid = _linear("rigid", seen, template, None, part_of(progress, 0.0, 0.6), run)
    except MethodFailed as error:
        run.warn(f"no start was found ({error.what}); begun as the headers say: {before.words}")
        return None
    after = likeness(target, template, rigid, ignored)
    affine = _affine(seen, template, rigid, part_of(progress, 0.6, 1.0), run)
    freer = None if affine is None else likeness(target, template, affine, ignored)
    found, reached, by = rigid, after, "rigid"
    if affine is not None and freer is not None and _r(freer) >= _r(after) + GAIN_OF_AFFINE:
        found, reached, by = affine, freer, "affine"
    if _r(reached) >= max(_r(before) + GAIN, AT_LEAST):
        run.warn(
            f"template and target did not lie on each other ({before.words}): a start was made by {by} "
            f"registration outside of the tumour ({reached.words}); look at it, or give `initial`"
        )
        return found
    run.notes.append(
        f"begun as the headers say ({before.words}): a {by} registration did not bring template and "
        f"target nearer ({reached.words})"
    )
    if _r(reached) < AT_LEAST:
        run.warn(
            f"template and target may not lie on each other, or are of unlike contrasts: {before.words}; "
            "give `initial`, or a template of the target's contrast"
        )
    return None


def _affine(
    target: Image, template: Image, rigid: Transform, progress: Progress, run: Run
) -> Transform | None:
    """The affine map near the rigid one; None where none is found that a head could have."""
    try:
        found = _linear("affine", target, template, rigid, progress, run)
    except MethodFailed as error:
        run.notes.append(f"no affine start: {error.what}")
        return None
    scales = np.linalg.svd(np.asarray(linear_part(found, target.ndim).matrix), full_matrices=False)[1]
    return found if SCALES[0] <= scales.min() and scales.max() <= SCALES[1] else None


def _linear(
    name: str, target: Image, template: Image, initial: Transform | None, progress: Progress, run: Run
) -> Transform:
    """The linear registration of that name, with its defaults."""
    method = get_method(name)
    parameters = method.Parameters.model_validate({"seed": run.seed})
    fixed, moving = target.to(run.device), template.to(run.device)
    return method.register(fixed, moving, parameters, progress, initial=initial).transform


def _outside(target: Image, ignored: Tensor) -> Tensor:
    """The voxels that count: the target's mask without the tumour."""
    return ~ignored if target.mask is None else target.mask & ~ignored


def _checked(images: tuple[Image, Image], transform: Transform | None, run: Run) -> None:
    for sentence in check_pair(*images, transform):
        run.warn(sentence)


def _r(found: Likeness) -> float:
    return -1.0 if found.correlation is None else found.correlation
