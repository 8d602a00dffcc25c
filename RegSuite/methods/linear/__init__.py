"""Linear registration: search over rotations, then coarse to fine; shared by rigid and affine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from RegSuite.methods.base import Progress, no_progress

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.methods.linear.poses import Model
    from RegSuite.transforms.affine import AffineTransform


def linear_start(
    fixed: Image,
    moving: Image,
    model: Model = "affine",
    seed: int = 0,
    progress: Progress = no_progress,
) -> AffineTransform:
    """The linear map, fixed to moving points, that a deformable method starts from.

    Raises as the methods `rigid` and `affine`, whose defaults it uses.
    """
    from RegSuite.methods.linear.parameters import LinearParameters
    from RegSuite.methods.linear.result import KINDS, register_linear

    parameters = LinearParameters.model_validate({"seed": seed})
    found = register_linear(fixed, moving, model, parameters, progress, None)
    transform = found.transform
    assert isinstance(transform, KINDS[model])  # register_linear makes it so
    return transform
