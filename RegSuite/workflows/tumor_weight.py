"""Where a tumour's registration may change intensity, and from when on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from RegSuite.errors import MethodFailed
from RegSuite.methods.base import MethodParameters, part_of
from RegSuite.methods.shooting.growth import Growth
from RegSuite.methods.shooting.growth_masks import growth_of
from RegSuite.methods.shooting.noncorrespondence import estimate_noncorrespondence
from RegSuite.methods.shooting.parameters import ShootingParameters

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.methods.base import Progress
    from RegSuite.transforms.base import Transform
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


@dataclass(frozen=True, eq=False)
class Scene:
    """What the weight is made for. target: in the template's units. shooting: the method's parameters."""

    given: TumorInputs
    target: Image
    start: Transform | None
    shooting: MethodParameters


def weight_of(scene: Scene, parameters: TumorParameters, progress: Progress, run: Run) -> Weight:
    """The weight that method and inputs ask for; the tumour is estimated where a method needs it.

    Raises MethodFailed where none was given and none is found.
    """
    given, needed = scene.given, parameters.method in ("weighted", "masked")
    tumor = _tumor(given)
    origin: Literal["given", "estimated", "none"] = "none" if tumor is None else "given"
    core, grown = given.core, 0.0
    if tumor is None and needed:
        grown = 0.6
        core = _estimated(scene, part_of(progress, 0.0, grown), run)
        tumor, origin = core.to(torch.uint8) * CORE, "estimated"
    if parameters.method != "weighted":
        return Weight(None, tumor, origin)
    growth = given.growth
    if growth is None:
        growth = growth_of(
            core,
            given.oedema,
            given.target.grid,
            evolving=parameters.weight == "evolving",
            core_weight=parameters.core_weight,
            oedema_weight=parameters.oedema_weight,
            progress=part_of(progress, grown, 1.0),
        )
    run.notes.extend(growth.notes)
    return Weight(growth, tumor, origin)


def _estimated(scene: Scene, progress: Progress, run: Run) -> Tensor:
    """Where the target has no counterpart in the template, bool [*shape]."""
    shooting = scene.shooting if isinstance(scene.shooting, ShootingParameters) else None
    found = estimate_noncorrespondence(
        scene.target, scene.given.template, shooting, progress, initial=scene.start
    )
    for sentence in found.warnings:
        run.warn(sentence)
    run.notes.extend(found.notes)
    region = found.region.cpu()
    if not bool(region.any()):
        raise MethodFailed(
            "no tumour was given, and none was found: nowhere do target and template differ enough",
            where="tumor_mask, oedema_mask, growth",
            mend="give the tumour's mask, or take --method lddmm or metamorphosis",
        )
    run.warn("no tumour mask was given: it was estimated with the registration; look at `mask` first")
    return region


def _tumor(given: TumorInputs) -> Tensor | None:
    """CORE and OEDEMA by voxel; a growth without masks is all CORE."""
    region = given.region
    if region is None:
        return None
    out = region.to(torch.uint8) * CORE
    if given.oedema is not None:
        out[given.oedema] = OEDEMA
    return out
