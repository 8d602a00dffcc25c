"""Verdict: what a limit says of one measure."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Verdict(BaseModel):
    """What a limit says of one measure.

    value is absent when the measure was not taken; limit is the number judged against, in the
    measure's unit. A measure taken per label has a verdict a label, named `dice.17`; a dose one a
    structure and metric, named `dose.Cord.D0.03cc`, with unit, bound ("max": at most), and p05 and p95
    where the deformation's uncertainty is known: "not certain" where these straddle the limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    measure: str
    value: float | None = None
    limit: float
    verdict: Literal["pass", "fail", "not measured", "not certain"]
    source: str = ""
    p05: float | None = None
    p95: float | None = None
    unit: str | None = None
    bound: Literal["max", "min"] | None = None
