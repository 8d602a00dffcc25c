"""The inputs of `tumor`, read and checked: two images, where the tumour is, and what else was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.workflows.inputs import Pair, Reader, read_pair
from RegSuite.workflows.tumor_content import content

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image
    from RegSuite.workflows.run import Run

COVERS_ALL_SHARE = 0.9
"""A tumour of a larger share of what the target shows leaves nothing to register by."""
OUTSIDE_SHARE = 0.5
"""A mask of which a larger share lies outside of what the target shows is no mask of it."""
OUTSIDE_DOUBT = 0.05
VALUES_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class TumorInputs:
    """pair: target (fixed) and template (moving), each with its brain mask, and their labels.

    core, oedema: bool [*target shape], apart from each other; None where not given. growth: [K, *target
    shape], 0..1 at K equally spaced times, None where not given.
    """

    pair: Pair
    core: Tensor | None = None
    oedema: Tensor | None = None
    growth: Image | None = None

    @property
    def target(self) -> Image:
        """The patient's image."""
        return self.pair.fixed

    @property
    def template(self) -> Image:
        """The healthy image that is brought to it."""
        return self.pair.moving

    @property
    def region(self) -> Tensor | None:
        """Where the tumour is: core and oedema, else where the growth's last time is 0.5 or more; or None."""
        parts = [mask for mask in (self.core, self.oedema) if mask is not None]
        if parts:
            return parts[0] | parts[-1]
        return None if self.growth is None else self.growth.data[-1] >= 0.5


def read_inputs(inputs: Mapping[str, Any], run: Run) -> TumorInputs:
    """Everything read once and checked. Raises InputError or GeometryError with the file and the mend."""
    pair = read_pair(inputs, run, fixed="target", moving="template")
    doubts: list[str] = []
    reader = Reader(run.inputs, doubts)
    grid = pair.fixed.grid
    masks = {
        role: None if inputs.get(role) is None else reader.mask(inputs[role], role, grid).cpu()
        for role in ("tumor_mask", "oedema_mask")
    }
    growth = inputs.get("growth")
    series = None if growth is None else reader.series(growth, "growth", grid)
    for sentence in doubts:
        run.warn(sentence)
    for role, mask in masks.items():
        _check_not_empty(mask, role, run)
    core, oedema = masks["tumor_mask"], masks["oedema_mask"]
    if core is not None and oedema is not None:
        oedema = oedema & ~core  # a file of the whole tumour will do for the oedema
        if not bool(oedema.any()):
            run.warn("the oedema mask holds no voxel outside of the tumour mask: there is no oedema")
            oedema = None
    if series is not None:
        _check_growth(series)
    found = TumorInputs(pair, core, oedema, series)
    _check_channels(found)
    _check_region(found, run)
    if pair.fixed_labels is not None and pair.moving_labels is None:
        run.warn("labels were given of the target only: nothing is measured from them")
    return found


def _check_not_empty(mask: Tensor | None, role: str, run: Run) -> None:
    if mask is not None and not bool(mask.any()):
        raise InputError(
            f"the mask is empty: none of its {mask.numel()} voxels is 0.5 or more",
            where=f"{role} '{run.inputs[role].file}'",
            mend="draw the mask anew, or leave it out (weighted then estimates one)",
        )


def _check_growth(series: Image) -> None:
    """Raise InputError for values that are no weights."""
    from RegSuite.io.images import check_finite

    where = f"growth '{series.name}'"
    check_finite(series.data, where)
    low, high = float(series.data.min()), float(series.data.max())
    if low < -VALUES_TOLERANCE or high > 1 + VALUES_TOLERANCE:
        raise InputError(
            f"the growth's values go from {low:g} to {high:g}, a weight is 0 to 1",
            where=where,
            mend="divide by the largest value; 0: no intensity may be added here, 1: freely",
        )
    if not bool((series.data[-1] >= 0.5).any()):
        raise InputError(
            "the growth ends without a tumour: at its last time no voxel is 0.5 or more",
            where=where,
            mend="time is the last axis and goes from the healthy brain to the patient's",
        )


def _check_channels(found: TumorInputs) -> None:
    own, other = found.target.channels, found.template.channels
    if own != other:
        raise InputError(
            f"the target has {own} value(s) a voxel and the template {other}",
            where=f"target '{found.target.name}', template '{found.template.name}'",
            mend="give the same contrasts of both, in the same order",
        )


def _check_region(found: TumorInputs, run: Run) -> None:
    """Refuse a tumour that is everything or elsewhere; warn of one that lies partly outside."""
    region = found.region
    if region is None:
        return
    inside = content(found.target)
    what = "target mask" if found.target.mask is not None else "content of the target"
    where = ", ".join(
        f"{role} '{run.inputs[role].file}'"
        for role in ("tumor_mask", "oedema_mask", "growth")
        if role in run.inputs
    )
    outside = float((region & ~inside).sum()) / float(region.sum())
    if outside > OUTSIDE_SHARE:
        raise GeometryError(
            f"{100 * outside:.0f} % of the tumour lies outside of the {what}",
            where=where,
            mend="check that the mask is the target's (not the template's, not another patient's)",
        )
    covered = float((region & inside).sum()) / max(float(inside.sum()), 1.0)
    if covered > COVERS_ALL_SHARE:
        raise InputError(
            f"the tumour covers {100 * covered:.0f} % of the {what}: nothing is left to register by",
            where=where,
            mend="give the mask of the tumour (1 inside, 0 elsewhere), not its inverse or the brain's",
        )
    if outside > OUTSIDE_DOUBT:
        run.warn(f"{100 * outside:.0f} % of the tumour lies outside of the {what}")
    if _touches_border(region):
        run.warn("the tumour reaches the border of the target image: what it pushed beyond is not seen")


def _touches_border(region: Tensor) -> bool:
    """Whether a first or last plane of an axis of more than one voxel holds a voxel of it."""
    ends = [region.select(axis, index) for axis, n in enumerate(region.shape) if n > 1 for index in (0, -1)]
    return any(bool(end.any()) for end in ends)
