"""Parameters of geodesic shooting."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from RegSuite.methods.base import MethodParameters

_MM: dict[str, JsonValue] = {"unit": "mm"}
Positive = Annotated[float, Field(gt=0)]


class ShootingParameters(MethodParameters):
    """What LDDMM and both metamorphoses share.

    Minimised is mean (I_1 - T)^2 (or another measure) + smoothness * mean over time of
    (||v_t||_V^2 + rho <z_t, M_t z_t>), both norms as means over the voxels, lengths in units of
    the smallest sigma: so the same numbers do for a brain in mm and for a section in micrometres. To it
    comes a charge on energy that the discrete path does not conserve (objective.ROUGHNESS), 0 for a geodesic.
    """

    kernels_mm: tuple[Positive, ...] = Field(
        (8.0, 24.0),
        min_length=1,
        max_length=8,
        description="standard deviations of the Gaussians whose sum is the kernel of velocities",
        json_schema_extra=_MM,
    )
    kernel_weights: tuple[Positive, ...] | None = Field(
        None, max_length=8, description="of the Gaussians; None: all alike. They are scaled to sum 1"
    )
    smoothness: float = Field(
        5e-4, gt=0, le=100, description="what deformation and added intensity cost beside the image distance"
    )
    similarity: Literal["ssd", "lncc", "mi"] = Field(
        "ssd", description="image distance: SSD for one contrast, LNCC under bias, MI for two contrasts"
    )
    intensities: Literal["own", "common"] = Field(
        "own",
        description="own: each image is scaled by its own percentiles; common: both by one scale, for images "
        "whose intensities are already matched",
    )
    time_steps: int = Field(12, ge=2, le=100, description="steps of the integration from time 0 to 1")
    levels: int = Field(3, ge=1, le=8, description="resolutions, each twice as fine as the one before")
    finest_mm: float | None = Field(
        None,
        gt=0,
        description="voxel of the finest level; None: that of the fixed image in 2D, in 3D half of the "
        "smallest sigma where that is coarser",
        json_schema_extra=_MM,
    )
    iterations: tuple[Annotated[int, Field(ge=0, le=10_000)], ...] = Field(
        (60, 60, 40),
        min_length=1,
        max_length=8,
        description="at most, coarsest level first; the last repeats",
    )
    tolerance: float = Field(
        5e-4,
        ge=0,
        lt=1,
        description="a level ends when the energy falls by less than this share an iteration",
    )
    edge_voxels: float = Field(
        0.7, ge=0, le=4, description="Gaussian on both images at each level, so that edges span voxels"
    )
    least_jacobian: float = Field(
        0.02, gt=0, lt=1, description="steps that would bring the Jacobian determinant below are not taken"
    )

    @model_validator(mode="after")
    def _weights_fit(self) -> Self:
        if self.kernel_weights is not None and len(self.kernel_weights) != len(self.kernels_mm):
            raise ValueError(
                f"{len(self.kernel_weights)} kernel_weights for {len(self.kernels_mm)} kernels_mm: "
                "give one to each, or none"
            )
        return self

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of the Gaussians, summing to 1."""
        given = self.kernel_weights or (1.0,) * len(self.kernels_mm)
        return tuple(w / sum(given) for w in given)

    @property
    def intensity_gain(self) -> float:
        """mu^2 / rho: what a unit of momentum adds to intensity; 0 where intensity is kept."""
        return 0.0


class LDDMMParameters(ShootingParameters):
    """Those of LDDMM: only shape changes."""

    momentum: Literal["image", "vector", "stationary"] = Field(
        "image",
        description="image: initial momentum z grad S; vector: any initial momentum, transported by EPDiff; "
        "stationary: one velocity for all times (no geodesic)",
    )


class MetamorphosisParameters(ShootingParameters):
    """Those of metamorphosis. Only mu^2 / rho acts on the result."""

    mu: float = Field(0.1, gt=0, le=1000, description="gain of intensity in dI/dt = -grad I . v + mu M z")
    rho: float = Field(1.0, gt=0, le=1000, description="cost of added intensity beside that of deformation")

    @property
    def intensity_gain(self) -> float:
        return self.mu**2 / self.rho


class WeightedMetamorphosisParameters(MetamorphosisParameters):
    """Those of weighted metamorphosis: where intensity may change at all, it is cheap."""

    mu: float = Field(0.2, gt=0, le=1000, description="gain of intensity in dI/dt = -grad I . v + mu M z")
