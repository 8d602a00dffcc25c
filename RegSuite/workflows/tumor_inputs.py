"""The inputs of `tumor`, read and checked: two images, where the tumour is, and what else was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from RegSuite.errors import GeometryError, InputError
from RegSuite.methods.shooting.growth_given import growth_from_series
from RegSuite.workflows.inputs import Pair, Reader, read_pair
from RegSuite.workflows.tumor_content import content

if TYPE_CHECKING:
    from torch import Tensor

    from RegSuite.geometry import Image
    from RegSuite.methods.shooting.growth import Growth
    from RegSuite.workflows.run import Run

COVERS_ALL_SHARE = 0.9
"""A tumour of a larger share of what the target shows leaves nothing to register by."""
OUTSIDE_SHARE = 0.5
"""A mask of which a larger share lies outside of what the target shows is no mask of it."""
OUTSIDE_DOUBT = 0.05
AGREEMENT = 0.7


@dataclass(frozen=True, eq=False)
class TumorInputs:
    """pair: target (fixed) and template (moving), each with its brain mask, and their labels.

    core, oedema: bool [*target shape], apart from each other; None where not given. growth: the user's,
    on the target's grid, None where not given.
    """

    pair: Pair
    core: Tensor | None = None
    oedema: Tensor | None = None
    growth: Growth | None = None

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
        """Where the tumour is: core and oedema, else where the growth ends with half its weight; or None."""
        parts = [mask for mask in (self.core, self.oedema) if mask is not None]
        if parts:
            return parts[0] | parts[-1]
        return None if self.growth is None else _ends(self.growth)


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
    given = inputs.get("growth")
    series = None if given is None else reader.series(given, "growth", grid)
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
    growth = None if series is None else growth_from_series(series, series.grid)
    found = TumorInputs(pair, core, oedema, growth)
    _check_agreement(found, run)
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


def _check_agreement(found: TumorInputs, run: Run) -> None:
    """A warning where masks and growth name different places."""
    if found.growth is None or (found.core is None and found.oedema is None):
        return
    end, region = _ends(found.growth), found.region
    if region is None:
        return
    overlap = 2 * float((end & region).sum()) / float(end.sum() + region.sum())
    if overlap < AGREEMENT:
        run.warn(
            f"growth and masks disagree on where the tumour is (Dice {overlap:.2f}): the growth weighs where "
            "intensity may change, the masks say what is measured"
        )


def _ends(growth: Growth) -> Tensor:
    """Where the growth's last time has half of its largest weight."""
    last = growth.weights[-1]
    return last >= 0.5 * last.max()


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
