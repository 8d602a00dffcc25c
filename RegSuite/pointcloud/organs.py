"""Organs as a point cloud's labels: how stiff each is, how they move together, how labels are mistaken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import InputError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Organ:
    """One organ: magnitude_mm is Lambda, bandwidth_mm is B of paper 13, Eq. 3; outliers its own omega."""

    label: int
    name: str
    magnitude_mm: float = 10.0
    bandwidth_mm: float = 30.0
    outliers: float | None = None
    source: str = ""


@dataclass(frozen=True, eq=False)
class OrganModel:
    """Organs, their coherence S [L, L] and the transition of labels U [target, source] (columns sum to 1)."""

    organs: tuple[Organ, ...]
    coherence: FloatArray
    transition: FloatArray

    @classmethod
    def of(
        cls,
        source_labels: ArrayLike,
        target_labels: ArrayLike,
        names: Mapping[int, str] | None = None,
        *,
        magnitude_mm: float = 10.0,
        bandwidth_mm: float = 30.0,
        coherence: Literal["organ", "global"] | FloatArray = "organ",
        transition: FloatArray | None = None,
    ) -> OrganModel:
        """All organs of both clouds with one elasticity."""
        labels = np.union1d(np.asarray(source_labels), np.asarray(target_labels))
        known = names or {}
        organs = tuple(
            Organ(int(v), known.get(int(v), f"label {int(v)}"), magnitude_mm, bandwidth_mm) for v in labels
        )
        count = len(organs)
        if isinstance(coherence, str):
            matrix = np.eye(count) if coherence == "organ" else np.ones((count, count))
        else:
            matrix = np.asarray(coherence, dtype=np.float64)
        return cls(organs, matrix, np.eye(count) if transition is None else np.asarray(transition))

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels [L], in the order of the matrices."""
        return np.array([organ.label for organ in self.organs], dtype=np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """Names [L]."""
        return tuple(organ.name for organ in self.organs)

    def indices(self, labels: NDArray[np.int64] | None, count: int = 0) -> NDArray[np.int64]:
        """Place of each label among the organs [n]; zeros [count] for points without labels."""
        if labels is None:
            return np.zeros(count, dtype=np.int64)
        order = np.argsort(self.labels)
        place = np.searchsorted(self.labels[order], labels).clip(0, len(self.organs) - 1)
        found: NDArray[np.int64] = order[place]
        wrong = np.flatnonzero(self.labels[found] != labels)
        if wrong.size:
            raise InputError(f"label {labels[wrong[0]]} is not among the organs", where="labels")
        return found
