"""Where a tumour's registration may change intensity, and from when on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.growth_masks import growth_of

if TYPE_CHECKING:
    from RegSuite.methods.base import Progress
    from RegSuite.workflows.run import Run
    from RegSuite.workflows.tumor import TumorParameters
    from RegSuite.workflows.tumor_inputs import TumorInputs

CORE, OEDEMA = 1, 2
"""How the tumour's parts are called in mask.nii.gz."""


@dataclass(frozen=True, eq=False)
class Weight:
    """growth: M_t, None for a method that weighs nothing. origin: how the tumour is known.

    tumor: uint8 [*shape], CORE or OEDEMA, 0 elsewhere; None where no tumour is known.
    """

    growth: Growth | None
    tumor: Tensor | None
    origin: Literal["given", "estimated", "none"]

    @property
    def region(self) -> Tensor | None:
        """Where the tumour is: bool [*shape]."""
        return None if self.tumor is None else self.tumor > 0


def weight_of(given: TumorInputs, parameters: TumorParameters, progress: Progress, run: Run) -> Weight:
    """The weight that method and inputs ask for. Raises InputError where nothing says where the tumour is."""
    tumor = _tumor(given)
    origin: Literal["given", "none"] = "none" if tumor is None else "given"
    if parameters.method != "weighted":
        return Weight(None, tumor, origin)
    growth = given.growth
    if growth is None and tumor is None:
        raise InputError(
            "method weighted changes intensity in the tumour, and none was given",
            where="tumor_mask, oedema_mask, growth",
            mend="give the tumour's mask, or take --method metamorphosis or lddmm",
        )
    if growth is None:
        growth = growth_of(
            given.core,
            given.oedema,
            given.target.grid,
            evolving=parameters.weight == "evolving",
            core_weight=parameters.core_weight,
            oedema_weight=parameters.oedema_weight,
            progress=progress,
        )
    run.notes.extend(growth.notes)
    return Weight(growth, tumor, origin)


def _tumor(given: TumorInputs) -> Tensor | None:
    """CORE and OEDEMA by voxel; a growth without masks is all CORE."""
    region = given.region
    if region is None:
        return None
    out = region.to(torch.uint8) * CORE
    if given.oedema is not None:
        out[given.oedema] = OEDEMA
    return out
