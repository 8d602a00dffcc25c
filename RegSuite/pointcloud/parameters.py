"""What a drift can be told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DriftParameters(BaseModel):
    """Settings of the Bayesian coherent point drift; lengths in mm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transform: Literal["rigid", "similarity", "affine", "deformable"] = Field(
        default="deformable", description="what may move: the whole cloud, or each point as its organ lets it"
    )
    outliers: float = Field(default=0.1, ge=0, lt=1, description="expected share of outliers (omega)")
    gamma: float = Field(default=1.0, gt=0, description="scale of the first standard deviation")
    tolerance: float = Field(default=1e-4, gt=0, description="relative change of sigma at which it ends")
    iterations: int = Field(default=100, ge=1, description="at most")
    basis_tolerance: float = Field(default=1e-3, gt=0, lt=1, description="share of the prior left out")
    basis_largest: int = Field(default=300, ge=20, description="columns of the basis at most")
