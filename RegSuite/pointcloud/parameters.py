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
    linear: Literal["similarity", "rigid", "none"] = Field(
        default="similarity",
        description="what moves the whole cloud beneath a deformable motion; none: nothing does",
    )
    start: Literal["auto", "given", "centres", "global"] = Field(
        default="auto",
        description="given: the clouds' own coordinates; centres: their (organs') centres upon each other; "
        "global: all rotations are tried, the likelihood decides; auto: given where the clouds share their "
        "place, else global",
    )
    outliers: float = Field(
        default=0.1, ge=0, lt=1, description="expected share of target points without a partner (omega)"
    )
    gamma: float = Field(
        default=1.0, gt=0, description="scale of the first standard deviation: smaller trusts the start more"
    )
    first_sigma_mm: float | None = Field(
        default=None,
        gt=0,
        description="first standard deviation in mm at most, where the start is known to be that near",
    )
    kappa: float | None = Field(
        default=None,
        gt=0,
        description="Dirichlet parameter of the source points' shares; none: all shares alike",
    )
    tolerance: float = Field(
        default=1e-3, gt=0, description="relative change of sigma, and motion per sigma, at which it ends"
    )
    iterations: int = Field(default=200, ge=1, description="at most")
    basis_tolerance: float = Field(default=1e-3, gt=0, lt=1, description="share of the prior left out")
    basis_smallest: int = Field(default=20, ge=1, description="columns of the basis at least")
    basis_largest: int = Field(default=300, ge=20, description="columns of the basis at most")
    coarse_points: int = Field(
        default=2000, ge=100, description="points of each cloud at most with which the drift begins"
    )
    truncation: float = Field(
        default=1e-4,
        ge=0,
        lt=0.1,
        description="share of a target point's density that may be left out by looking at neighbours alone",
    )
    units: Literal["check", "mm"] = Field(
        default="check",
        description="check: clouds that look like metres or voxels are refused; mm: they are what they are",
    )
    seed: int = Field(default=0, ge=0, description="of the subsamples and of the rotations tried")
