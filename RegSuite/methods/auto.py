"""auto: the method and its parameters from what the images show, said in the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from RegSuite.methods.appearance import appearance, is_ct, lung_share, width_mm
from RegSuite.methods.base import MethodParameters, Progress, Registration, no_progress
from RegSuite.methods.choice import Choice, choice_of, run_choice
from RegSuite.presets import load_preset

if TYPE_CHECKING:
    from RegSuite.geometry import Image
    from RegSuite.transforms.base import Transform

LUNG_SHARE = 0.05
"""Share of voxels with lung's density from which a CT counts as one of the chest."""

NECK_WIDTH_MM = 300.0
"""A body narrower than this (in a CT without lung) counts as head and neck."""


class AutoParameters(MethodParameters):
    """What auto can be told; every other parameter goes to the method that it chooses."""

    preset: str | None = Field(
        None, description="Preset to take instead of choosing one (see Resources/presets)"
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Parameters of the chosen method that differ from the preset's"
    )
    seed: int = Field(0, ge=0, description="Seed for the chosen method")


class Auto:
    """Chooses a preset from modality, dimension and field of view, and starts with an affine registration."""

    name: ClassVar[str] = "auto"
    summary: ClassVar[str] = (
        "chooses method and parameters from modality, field of view and preset, and says why"
    )
    Parameters: ClassVar[type[MethodParameters]] = AutoParameters

    def choose(self, fixed: Image, moving: Image, parameters: AutoParameters) -> Choice:
        """The method that will run, with parameters, start and reasons."""
        return choose(fixed, moving, parameters.parameters, parameters.preset, parameters.seed)

    def register(
        self,
        fixed: Image,
        moving: Image,
        parameters: AutoParameters,
        progress: Progress = no_progress,
        *,
        initial: Transform | None = None,
    ) -> Registration:
        """Choose, and run the choice; an initial transform takes the place of the affine start."""
        choice = self.choose(fixed, moving, parameters)
        return run_choice(choice, fixed, moving, progress, initial=initial)

    def memory_mb(self, fixed: Image, moving: Image, parameters: AutoParameters) -> float:
        """That of the choice."""
        return self.choose(fixed, moving, parameters).memory_mb(fixed, moving)

    def expected_seconds(self, fixed: Image, moving: Image, parameters: AutoParameters) -> float:
        """That of the choice."""
        return self.choose(fixed, moving, parameters).expected_seconds(fixed, moving)


def choose(
    fixed: Image,
    moving: Image,
    overrides: Mapping[str, Any],
    preset: str | None = None,
    seed: int | None = None,
) -> Choice:
    """The preset that suits two images (or the one named), as a choice with its reasons."""
    if preset is not None:
        named = load_preset(preset)
        reason = f"auto took {named.method}, the method of preset {preset}"
    else:
        name, because = preset_for(fixed, moving)
        named = load_preset(name)
        reason = f"auto chose {named.method} with preset {name}: {because}"
    return choice_of(named.method, overrides, preset=named, seed=seed, notes=(reason,))


def preset_for(fixed: Image, moving: Image) -> tuple[str, str]:
    """(preset name, why) from the dimension, the modalities and, in CT, what the image holds."""
    if sum(n > 1 for n in fixed.grid.size) < 3:
        return "2d-section", f"the fixed image is a plane of {_size(fixed)} voxels"
    ct = is_ct(fixed), is_ct(moving)
    if all(ct):
        return _ct_preset(fixed)
    seen = f"fixed looks like {appearance(fixed)}, moving like {appearance(moving)}"
    if any(ct) or (fixed.modality and moving.modality and fixed.modality != moving.modality):
        return "brain-multimodal", f"{seen}: equal tissue has unequal brightness"
    return "brain-mri", f"{seen}, one kind of image as far as modality tells"


def _ct_preset(fixed: Image) -> tuple[str, str]:
    """Chest, head and neck, or trunk."""
    lung, width = lung_share(fixed), width_mm(fixed)
    if lung >= LUNG_SHARE:
        return "ct-lung", f"both are CT and {100 * lung:.0f} % of the fixed image is lung"
    words = f"both are CT, {100 * lung:.0f} % of the fixed image is lung and the body is {width:.0f} mm wide"
    return ("ct-head-neck" if width < NECK_WIDTH_MM else "ct-abdomen"), words


def _size(image: Image) -> str:
    return "x".join(map(str, image.grid.size))
