"""Parameters of a log-demons run, shared by demons and broken-geodesic."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic.config import JsonDict

from RegSuite.methods.base import MethodParameters

_MM: JsonDict = {"unit": "mm"}


class LogDemonsParameters(MethodParameters):
    """What one stationary velocity field is found with."""

    measure: Literal["lncc", "ssd", "mind"] = Field(
        "lncc",
        description="what is compared: lncc (local correlation), ssd (intensities, matched first) "
        "or mind (self-similarity descriptors, for two modalities)",
    )
    radius_voxels: int = Field(
        2,
        ge=1,
        le=8,
        description="radius of the correlation windows in voxels of a level",
        json_schema_extra={"unit": "voxels"},
    )
    intensities: Literal["histogram", "linear", "local", "none"] = Field(
        "histogram",
        description="for ssd, how the moving image's intensities are brought to the fixed one's first: "
        "histogram (quantiles), linear (mean and sd), local (each image less its local mean, over its "
        "local sd) or none",
    )
    local_mm: float = Field(
        10.0,
        gt=0,
        le=200,
        description="sigma of the neighbourhood for intensities=local",
        json_schema_extra=_MM,
    )
    fluid_mm: float = Field(
        5.0,
        ge=0,
        le=100,
        description="sigma of the window over which one update is fitted (fluid regularity), at the "
        "finest level; coarser levels scale it with their nodes",
        json_schema_extra=_MM,
    )
    diffusion_mm: float | None = Field(
        None,
        ge=0,
        le=100,
        description="sigma of the smoothing of the velocity after each update (diffusion regularity), "
        "at the finest level; coarser levels scale it with their nodes; None: two of the finest level's "
        "voxels, and 2 mm at least",
        json_schema_extra=_MM,
    )
    symmetric: bool = Field(
        True, description="forces of both directions, so that swapping the images gives the inverse map"
    )
    bch_order: Literal[1, 2] = Field(
        1, description="terms of the Baker-Campbell-Hausdorff update: 1 (v + u) or 2 (with half the bracket)"
    )
    levels: int = Field(4, ge=1, le=8, description="resolutions, each twice as fine as the one before")
    finest_mm: float | None = Field(
        None,
        gt=0,
        le=50,
        description="voxel size of the finest level; the fixed image's smallest spacing if left out",
        json_schema_extra=_MM,
    )
    node_mm: float | None = Field(
        None,
        gt=0,
        le=50,
        description="spacing of the velocity's lattice; twice the finest level's voxels if left out",
        json_schema_extra=_MM,
    )
    iterations: int = Field(10, ge=1, le=1000, description="updates a level, at most")
    finest_iterations: int = Field(3, ge=0, le=1000, description="updates at the finest level, at most")
    tolerance: float = Field(
        1e-3, ge=0, lt=1, description="a level ends when two updates gain less than this share of the measure"
    )

    def diffusion_at(self, finest_mm: float) -> float:
        """The diffusion in mm, of a finest level of that voxel size.

        Less than a voxel holds nothing together: on 4 mm voxels of flat, noisy tissue 2 mm let the
        field wander by centimetres.
        """
        return max(2.0, 2 * finest_mm) if self.diffusion_mm is None else self.diffusion_mm
