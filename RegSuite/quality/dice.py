"""Dice overlap of label maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from RegSuite.quality.labels import LabelArray, label_pair, relabelled

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class DiceOverlap:
    """Dice of every label that is in both maps, and the labels that are in one only.

    mean is None when no label is in both: then there is no overlap to speak of.
    """

    values: dict[int, float]
    mean: float | None
    only_fixed: tuple[int, ...] = ()
    only_moving: tuple[int, ...] = ()

    def warnings(self, names: Mapping[int, str] | None = None) -> list[str]:
        """A sentence for each side's labels that the other side lacks."""
        out = []
        for labels, there, here in (
            (self.only_fixed, "fixed", "warped moving"),
            (self.only_moving, "warped moving", "fixed"),
        ):
            if labels:
                shown = ", ".join(_named(label, names) for label in labels[:8])
                more = f" and {len(labels) - 8} more" if len(labels) > 8 else ""
                out.append(
                    f"{len(labels)} labels of the {there} image are missing in the {here} image and are in "
                    f"no Dice or surface distance: {shown}{more}"
                )
        return out


def dice(fixed: Tensor | LabelArray, warped: Tensor | LabelArray) -> DiceOverlap:
    """2 |A and B| / (|A| + |B|) of each label, and the mean over labels present in both maps.

    fixed, warped: label maps [*shape] on one grid, whole numbers, 0 = background. Voxels are
    counted, so spacing plays no part. A label that one map lacks has no Dice (it is named in
    only_fixed or only_moving), so that the mean is over structures that could overlap.
    Raises GeometryError for unequal shapes. Source: Dice 1945; AAPM TG-132 (Brock et al. 2017).
    """
    labels, a, b = relabelled(*label_pair(fixed, warped))
    n = len(labels) + 1
    count_a, count_b = (np.bincount(m.ravel(), minlength=n) for m in (a, b))
    both = np.bincount(a[a == b], minlength=n)
    values: dict[int, float] = {}
    only_fixed: list[int] = []
    only_moving: list[int] = []
    for rank, label in enumerate(labels, start=1):
        if count_a[rank] and count_b[rank]:
            values[label] = float(2 * both[rank] / (count_a[rank] + count_b[rank]))
        else:
            (only_fixed if count_a[rank] else only_moving).append(label)
    mean = float(np.mean(list(values.values()))) if values else None
    return DiceOverlap(values, mean, tuple(only_fixed), tuple(only_moving))


def _named(label: int, names: Mapping[int, str] | None) -> str:
    """'17 (Left-Hippocampus)', or '17' without a name."""
    name = (names or {}).get(label)
    return f"{label} ({name})" if name else str(label)
