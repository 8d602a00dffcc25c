"""What one stage of a drift in stages does otherwise."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters


class DriftStage(BaseModel):
    """What one stage does otherwise than the run's parameters and the organs' own elasticity say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="what it is for, in a word or two")
    outliers: float | None = Field(default=None, ge=0, lt=1, description="expected share of outliers")
    first_sigma_mm: float | None = Field(
        default=None, gt=0, description="standard deviation that it begins with, at most"
    )
    scales: tuple[tuple[float, float], ...] = Field(
        default=(), description="magnitude and bandwidth in mm, of every organ; empty: each organ's own"
    )
    iterations: int | None = Field(default=None, ge=1, description="at most")
    fresh: bool = Field(default=False, description="begins where the run starts, not where one ended")

    def parameters(self, given: DriftParameters) -> DriftParameters:
        """The run's parameters as this stage has them."""
        own = {
            key: value
            for key in ("outliers", "first_sigma_mm", "iterations")
            if (value := getattr(self, key)) is not None
        }
        return given.model_copy(update=own)

    def model(self, given: OrganModel) -> OrganModel:
        """The organs as this stage has them: a stage's own outliers are those of every organ."""
        organs = given.organs
        if self.scales:
            (magnitude, bandwidth), *finer = self.scales
            organs = tuple(
                replace(o, magnitude_mm=magnitude, bandwidth_mm=bandwidth, finer=tuple(finer)) for o in organs
            )
        if self.outliers is not None:
            organs = tuple(replace(o, outliers=None) for o in organs)
        return OrganModel(organs, given.coherence, given.transition)

    def comparable(self, other: DriftStage) -> bool:
        """Whether the bounds of both stages' evidence are of one model."""
        return (self.outliers, self.scales) == (other.outliers, other.scales)
