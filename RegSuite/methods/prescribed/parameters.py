"""Parameters of the variational method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from RegSuite.methods.base import MethodParameters

_MM: JsonDict = {"unit": "mm"}


class VariationalParameters(MethodParameters):
    """What a map under control functions f = J_min + f_hat^2 and g is found with."""

    intensities: Literal["histogram", "linear", "none"] = Field(
        "none",
        description="how the moving image's intensities are brought to the fixed one's before they are "
        "compared: histogram (quantiles), linear (mean and sd) or none (they are on one scale already)",
    )
    jacobian_min: float = Field(
        0.4,
        gt=0,
        lt=1,
        description="J_min: the control function f stays above it; f only mimics the Jacobian determinant, "
        "which the penalty of determinant_weight keeps between J_min and 1 / J_min",
    )
    determinant_weight: float = Field(
        300.0,
        ge=0,
        le=1e6,
        description="weight of that penalty against the images' difference (in variances of the fixed "
        "image); 0: f alone holds the determinant, and a step that would fold is not taken",
    )
    smoothing_mm: float | None = Field(
        None,
        ge=0,
        le=200,
        description="sigma of the Gaussian that smooths the control functions' force, at the finest level; "
        "coarser levels scale it with their voxels; None: four of the finest level's voxels",
        json_schema_extra=_MM,
    )
    levels: int = Field(4, ge=1, le=8, description="resolutions, each twice as fine as the one before")
    finest_mm: float | None = Field(
        None,
        gt=0,
        le=50,
        description="voxel size of the finest level; the fixed image's smallest spacing if left out",
        json_schema_extra=_MM,
    )
    pieces: int = Field(
        10,
        ge=1,
        le=100,
        description="regriddings a level, at most: each composes the map found with a new one that starts "
        "from the identity",
    )
    piece_gain: float = Field(
        0.02, ge=0, lt=1, description="a level ends when a piece gains less than this share of the energy"
    )
    iterations: int = Field(40, ge=1, le=1000, description="descent steps a piece, at most")
    tolerance: float = Field(
        1e-3, ge=0, lt=1, description="a piece ends when a step gains less than this share of the energy"
    )

    def smoothing_at(self, finest_mm: float) -> float:
        """The smoothing in mm, of a finest level of that voxel size."""
        return 4 * finest_mm if self.smoothing_mm is None else self.smoothing_mm
