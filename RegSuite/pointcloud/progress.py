"""How a drift tells of itself while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Progress = Callable[[float, str, Mapping[str, float]], None]
"""progress(fraction 0..1, stage, metrics); it may raise Cancelled."""

Watch = Callable[[NDArray[np.float64]], None]
"""watch(moved source points [M, d], LPS mm), now and then."""


def quiet(fraction: float, stage: str, metrics: Mapping[str, float]) -> None:
    """A progress that tells nobody."""
