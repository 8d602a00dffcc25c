"""Parameters of the broken-geodesic method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from RegSuite.methods.log_demons.parameters import LogDemonsParameters


class BrokenGeodesicParameters(LogDemonsParameters):
    """Those of each piece, and how many there are."""

    measure: Literal["lncc", "ssd", "mind"] = Field(
        "ssd",
        description="what is compared: ssd (intensities, matched first; as in the paper), lncc (local "
        "correlation) or mind (self-similarity descriptors, for two modalities)",
    )
    pieces: int = Field(5, ge=1, le=20, description="pieces of the path, at most")
    piece_gain: float = Field(
        0.02,
        ge=0,
        lt=1,
        description="the path ends with a piece that gains less than this share of the measure left",
    )
