"""Limits on doses of structures, and verdicts that know how sure a dose is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from RegSuite.quality.verdict import Verdict

_BOUNDS: tuple[tuple[str, Literal["max", "min"], str], ...] = (
    ("max_gy", "max", "Gy"),
    ("min_gy", "min", "Gy"),
    ("max_percent", "max", "%"),
    ("min_percent", "min", "%"),
    ("max_cc", "max", "cc"),
    ("min_cc", "min", "cc"),
)


COVERED = 0.9995
"""A limit is met for sure only where the dose of so much of the structure is known."""


class DoseLimit(BaseModel):
    """The limit on one metric of one structure, with its unit in its name: `max_gy: 45`.

    metric: as `regsuite dvh` names them (D0.03cc, mean, V20Gy, EQD2(D2%)). source: where the limit
    comes from; the file's own source where empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    structure: str
    metric: str
    max_gy: float | None = None
    min_gy: float | None = None
    max_percent: float | None = None
    min_percent: float | None = None
    max_cc: float | None = None
    min_cc: float | None = None
    source: str = ""

    @model_validator(mode="after")
    def _one_bound(self) -> DoseLimit:
        given = [name for name, _, _ in _BOUNDS if getattr(self, name) is not None]
        if len(given) != 1:
            said = ", ".join(given) or "none"
            raise ValueError(f"one of {', '.join(name for name, _, _ in _BOUNDS)} is wanted, not {said}")
        return self

    @property
    def _given(self) -> tuple[str, Literal["max", "min"], str]:
        return next(b for b in _BOUNDS if getattr(self, b[0]) is not None)

    @property
    def bound(self) -> Literal["max", "min"]:
        """The side the limit is on: "max" is at most."""
        return self._given[1]

    @property
    def unit(self) -> str:
        """Gy, % or cc."""
        return self._given[2]

    @property
    def number(self) -> float:
        """The limit in its unit."""
        return float(getattr(self, self._given[0]))


@dataclass(frozen=True)
class Measured:
    """A metric: without errors of the deformation, and its 5th and 95th percentile where these are known.

    covered: share 0..1 of the structure whose dose is known, of which alone the value is.
    """

    value: float
    p05: float | None = None
    p95: float | None = None
    covered: float = 1.0


def judge_doses(
    found: Mapping[tuple[str, str], Measured], limits: Sequence[DoseLimit], source: str = ""
) -> list[Verdict]:
    """A verdict for every limit, named `dose.STRUCTURE.METRIC`.

    found: by (structure, metric). pass or fail where the value and its whole band from p05 to p95 are on
    one side of the limit, "not certain" where the band straddles it, and in place of "pass" where part of
    the structure (more than 1 - COVERED) has no known dose; "not measured" without a value.
    A value on the limit passes.
    """
    return [_verdict(found.get((limit.structure, limit.metric)), limit, source) for limit in limits]


def _verdict(found: Measured | None, limit: DoseLimit, source: str) -> Verdict:
    out = Verdict(
        measure=f"dose.{limit.structure}.{limit.metric}",
        limit=limit.number,
        verdict="not measured",
        source=limit.source or source,
        unit=limit.unit,
        bound=limit.bound,
    )
    if found is None:
        return out
    places = [v for v in (found.value, found.p05, found.p95) if v is not None]
    good = [v <= limit.number if limit.bound == "max" else v >= limit.number for v in places]
    word = "pass" if all(good) and found.covered >= COVERED else "not certain" if any(good) else "fail"
    return out.model_copy(update={"value": found.value, "p05": found.p05, "p95": found.p95, "verdict": word})
