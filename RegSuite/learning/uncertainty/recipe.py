"""Recipe: everything that decides how a network of deformation uncertainty comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from RegSuite.errors import InputError

HU_OFFSET = 1000.0
HU_RANGE = 4000.0
"""Intensities are (HU + 1000) / 4000, as in the paper (Sec. 2.4)."""


class Recipe(BaseModel):
    """A training recipe, as data (Resources/models/*.yaml). Defaults are the paper's where it states them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("uncertainty", description="what the model is called")
    voxel_mm: float = Field(
        2.0, gt=0, description="images and fields are brought to these voxels (mm, isotropic)"
    )
    patch: tuple[int, int, int] = Field((96, 128, 128), description="z, y, x voxels of a training patch")
    features: tuple[int, ...] = Field(
        (16, 32, 64, 128, 64),
        min_length=2,
        description="feature maps: the first convolution, each down-sampling, then the deepest layer",
    )
    smoothness: float = Field(10.0, gt=0, description="lambda of the prior (Eq. 2), for u and voxels in mm")
    image_variance: float = Field(1e-4, gt=0, description="sigma_I^2 of the normalised intensities (Eq. 2)")
    correlation_mm: float = Field(30.0, gt=0, description="SD of the Gaussian C in mm (15 voxels of 2 mm)")
    moving: Literal["rigid", "warped"] = Field(
        "rigid",
        description="how the network reads the moving image: as in the paper, or warped",
    )
    image_gain: float = Field(1.0, gt=0, description="images enter the network multiplied by this")
    displacement_mm: float = Field(10.0, gt=0, description="displacements enter the network divided by this")
    first_sd_mm: float = Field(1.5, gt=0, description="what the untrained network answers, in mm")
    landmark_weight: float = Field(
        0.0,
        ge=0,
        description="weight of the landmarks (Eq. 5) beside the loss; the paper has 0",
    )
    draws: int = Field(2, ge=2, multiple_of=2, description="fields drawn a patch (K of Eq. 2), in +/- pairs")
    batch: int = Field(1, ge=1, description="patches a step")
    steps: int = Field(10000, ge=1, description="steps of Adam")
    learning_rate: float = Field(2e-4, gt=0, description="Adam's rate at the start")
    halvings: int = Field(6, ge=0, description="how often the rate is halved, evenly over the steps")
    validate_every: int = Field(250, ge=1, description="steps between two looks at the landmarks")
    save_every: int = Field(250, ge=1, description="steps between two checkpoints")
    seed: int = Field(0, ge=0, description="of weights, patches, flips and draws")


def read_recipe(path: Path | str, **changes: Any) -> Recipe:
    """The recipe in a YAML file, with fields changed. Raises InputError for what does not fit."""
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"not a readable YAML file: {error}", where=str(path), mend="correct it") from error
    if not isinstance(values, dict):
        raise InputError("a recipe is a YAML mapping", where=str(path), mend="see Resources/models")
    return recipe_of({**values, **changes}, str(path))


def recipe_of(values: dict[str, Any], where: str) -> Recipe:
    """The recipe made of `values`. Raises InputError that names the field which does not fit."""
    try:
        return Recipe(**values)
    except (ValidationError, TypeError) as error:
        raise InputError(
            f"the recipe does not fit: {error}", where=where, mend="see Resources/models for an example"
        ) from error
