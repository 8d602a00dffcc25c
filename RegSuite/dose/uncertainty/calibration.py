"""Calibration: how often the truth was found inside the stated intervals, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Coverage:
    """Share of true values inside the central interval that should hold `nominal` of them.

    nominal, measured, low, high: 0..1; low and high bound `measured` (95 % bootstrap over cases).
    """

    nominal: float
    measured: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """What is known about a source's honesty.

    measured_on: in words, for people (how many cases, of what). vectors: coverage of the deformation's
    components (50, 68, 90, 95 %). dvh: coverage of the true accumulated DVH by the 5 to 95 % band, by
    kind of structure ("organs", "targets"). scale, floor_mm: SD = sqrt((scale * raw)^2 + floor^2).
    log_likelihood: mean log density at landmarks (paper 11, Eq. 5, 1 % trimmed), and that of a
    constant SD fitted to the same landmarks. preset: of the registrations that it was measured on;
    fractions: how the errors of a course's fractions were drawn (same, independent); "" where any.
    """

    measured_on: str
    scale: float = 1.0
    floor_mm: float = 0.0
    correlation_mm: float = 30.0
    vectors: tuple[Coverage, ...] = ()
    dvh: Mapping[str, Coverage] = field(default_factory=dict)
    log_likelihood: float | None = None
    log_likelihood_constant: float | None = None
    preset: str = ""
    fractions: str = ""

    def applied(self, raw_mm: Tensor) -> Tensor:
        """The SD that a source's own estimate stands for: sqrt((scale raw)^2 + floor^2), in mm."""
        return ((self.scale * raw_mm).square() + self.floor_mm**2).sqrt()

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Calibration:
        """From what `to_dict` gave. Raises TypeError for fields that are not known."""
        values = dict(content)
        values["vectors"] = tuple(Coverage(**c) for c in values.get("vectors", ()))
        values["dvh"] = {name: Coverage(**c) for name, c in values.get("dvh", {}).items()}
        return cls(**values)
