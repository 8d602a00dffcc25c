"""Whether errors of landmarks are as large as the stated uncertainty says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from RegSuite.report.organs_content import OrganLandmarks

FEWEST = 10
"""Landmarks needed to judge the stated uncertainty."""
RADIUS = {2: 2.448, 3: 2.795}
"""Within so many standard deviations (of each coordinate) 95 % of errors lie: sqrt of chi-squared's."""


@dataclass(frozen=True)
class Calibration:
    """Whether errors are as large as stated, over `count` landmarks with a known standard deviation.

    ratio: root mean square error by what the standard deviations promise. within: landmarks inside the
    radius that should hold 95 % of them; radius: of that, in standard deviations of a coordinate.
    """

    count: int
    ratio: float
    within: int
    radius: float

    @property
    def verdict(self) -> Literal["too few", "too sure", "cautious", "honest"]:
        """In one or two words."""
        if self.count < FEWEST:
            return "too few"
        return "too sure" if self.ratio > 1.5 else "cautious" if self.ratio < 0.67 else "honest"

    @property
    def sentence(self) -> str:
        """In words."""
        said = (
            f"{self.within} of {self.count} landmarks lie within the radius that should hold 95 % of them "
            f"({self.radius:.1f} standard deviations); errors are {self.ratio:.2g} times what is stated."
        )
        end = {
            "too few": f" With fewer than {FEWEST} landmarks this tells little.",
            "too sure": " The uncertainty is too small: multiply it by that before you rely on it.",
            "cautious": " The uncertainty is larger than it need be.",
            "honest": " The stated uncertainty can be believed where landmarks are.",
        }
        return said + end[self.verdict]


def calibration_of(marks: OrganLandmarks) -> Calibration | None:
    """Errors of landmarks against their standard deviations; None where these are known nowhere."""
    if marks.sd_mm is None:
        return None
    sd, error = np.asarray(marks.sd_mm, float), marks.after_mm
    usable = np.isfinite(sd) & (sd > 0) & np.isfinite(error)
    if not usable.any():
        return None
    dimensions = marks.source_mm.shape[1]
    apart = error[usable] / sd[usable]
    return Calibration(
        int(usable.sum()),
        float(np.sqrt(np.mean(apart**2) / dimensions)),
        int((apart <= RADIUS[dimensions]).sum()),
        RADIUS[dimensions],
    )
