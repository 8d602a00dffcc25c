"""How long a run will still take, from the share that is done."""

from __future__ import annotations


def seconds_left(elapsed_s: float, fraction: float) -> float | None:
    """Seconds until fraction 1 at the pace so far; None before there is anything to go by, and at the end."""
    if fraction < 0.02 or fraction >= 1 or elapsed_s < 0.5:
        return None
    return elapsed_s * (1 - fraction) / fraction
