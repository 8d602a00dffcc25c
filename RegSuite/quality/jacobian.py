"""Statistics of the Jacobian determinant: does the transform fold, and how unevenly does it stretch?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from RegSuite.errors import GeometryError, InputError, MethodFailed

if TYPE_CHECKING:
    from torch import Tensor


def jacobian_statistics(determinant: Tensor, mask: Tensor | None = None) -> dict[str, float]:
    """{min, max, percent_nonpositive, sd_log} of det dT/dx over the mask (all voxels if None).

    determinant: [*shape], 1 where volume is kept, below 1 where the moving image's tissue is
    sampled more densely (it grows on its way to the fixed image), <= 0 where the transform folds.
    percent_nonpositive: share of voxels with a determinant <= 0, in percent of the mask.
    sd_log: standard deviation (of the population) of ln J over the voxels with J > 0; absent
    when there are none.
    Raises GeometryError for a mask of another shape, InputError for an empty one, MethodFailed
    for values that are not finite. Source: AAPM TG-132 (no negative value); SDlogJ after
    Hering et al. 2022 (Learn2Reg, TMI 42:697).
    """
    values = determinant.detach().double()
    if mask is not None:
        if mask.shape != determinant.shape:
            raise GeometryError(
                f"mask of shape {tuple(mask.shape)} on a Jacobian of {tuple(determinant.shape)}"
            )
        values = values[mask.bool()]
    if values.numel() == 0:
        raise InputError("the mask for the Jacobian is empty", mend="give a mask with at least one voxel")
    if not bool(values.isfinite().all()):
        raise MethodFailed(f"{int((~values.isfinite()).sum())} values of the Jacobian are not finite")
    positive = values > 0
    out = {
        "min": float(values.min()),
        "max": float(values.max()),
        "percent_nonpositive": 100.0 * float((~positive).double().mean()),
    }
    if bool(positive.any()):
        out["sd_log"] = float(values[positive].log().std(correction=0))
    return out
