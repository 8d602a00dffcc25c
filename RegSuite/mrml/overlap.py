"""Segments that lie on each other, which a label map cannot hold."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from RegSuite.errors import InputError

logger = logging.getLogger(__name__)

OVERLAP_FRACTION = 0.05
"""Of the smaller segment; borders of neighbours share less, a target within an organ more."""
NAMED = 3
"""Pairs that a message names."""


def check_overlap(
    shared: Mapping[tuple[int, int], int],
    sizes: NDArray[np.int64],
    names: Sequence[str],
    where: str,
    warnings: list[str] | None,
) -> None:
    """Raise InputError where two segments share too much; a sentence in `warnings` (else the log) for less.

    shared: voxels by pair of segments (numbers from 1). sizes: voxels by the number of the
    segment that stands there (0 = none).
    """
    if not shared:
        return
    hidden = np.zeros(len(names) + 1, dtype=np.int64)
    for (first, second), count in shared.items():
        hidden[min(first, second)] += count
    whole = sizes[: len(hidden)] + hidden
    shares = {pair: count / max(1, min(whole[pair[0]], whole[pair[1]])) for pair, count in shared.items()}
    worst = sorted(shares, key=lambda pair: -shares[pair])
    told = ", ".join(
        f"'{names[a - 1]}' and '{names[b - 1]}' ({_percent(shares[a, b])} % of the smaller)"
        for a, b in worst[:NAMED]
    )
    more = f" and {len(worst) - NAMED} more pairs" if len(worst) > NAMED else ""
    if shares[worst[0]] > OVERLAP_FRACTION:
        raise InputError(
            f"segments overlap: {told}{more}",
            where=where,
            mend="a label map holds one segment a voxel: copy the ones you want into a segmentation of their "
            "own, or remove the overlap (Segment Editor, Logical operators)",
        )
    sentence = f"{where}: segments overlap a little, the later one stands: {told}{more}"
    if warnings is None:
        logger.warning(sentence)
    else:
        warnings.append(sentence)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.01 else f"{100 * share:.1g}"
