"""Organs as a point cloud's labels: how stiff each is, how they move together, how labels are mistaken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from RegSuite.errors import InputError
from RegSuite.pointcloud.organs_coherence import checked_coherence
from RegSuite.pointcloud.organs_transition import checked_transition

FloatArray = NDArray[np.float64]
Coherence = Literal["organ", "global"]


@dataclass(frozen=True)
class Organ:
    """One organ and its elastic properties, which are lengths in mm (paper 13, Eq. 3).

    magnitude_mm: Lambda, standard deviation of each coordinate of its points' displacement, beyond what the
    similarity transform of the whole cloud explains. bandwidth_mm: B, over which its points move alike.
    outliers: omega, share of target points of this label that belong to no source point; None: that of the
    run. translation_mm: standard deviation of a shift of the organ as a whole. finer: further scales
    (magnitude_mm, bandwidth_mm) that are added to the first, for motion that is both wide and detailed.
    source: where these values were taken from.
    Raises InputError for values that cannot be.
    """

    label: int
    name: str
    magnitude_mm: float = 10.0
    bandwidth_mm: float = 30.0
    outliers: float | None = None
    source: str = ""
    translation_mm: float = 0.0
    finer: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for magnitude, bandwidth in ((self.magnitude_mm, self.bandwidth_mm), *self.finer):
            self._need(isfinite(magnitude) and magnitude > 0, "magnitude", magnitude, "above 0 mm")
            self._need(isfinite(bandwidth) and bandwidth > 0, "bandwidth", bandwidth, "above 0 mm")
        shift = self.translation_mm
        self._need(isfinite(shift) and shift >= 0, "translation", shift, "0 mm or above")
        if self.outliers is not None:
            self._need(0 <= self.outliers < 1, "share of outliers", self.outliers, "from 0 to below 1")

    def _need(self, holds: bool, what: str, value: float, wanted: str) -> None:
        if not holds:
            raise InputError(
                f"the {what} is {value}, not {wanted}",
                where=f"organ {self.name!r} (label {self.label})",
                mend=f"give a {what} {wanted}",
            )

    @property
    def scales(self) -> tuple[tuple[float, float], ...]:
        """All terms of its covariance as (magnitude_mm, bandwidth_mm); the translation has bandwidth inf."""
        shift = ((self.translation_mm, inf),) if self.translation_mm > 0 else ()
        return ((self.magnitude_mm, self.bandwidth_mm), *self.finer, *shift)

    @property
    def deviation_mm(self) -> float:
        """Standard deviation of each coordinate of its points' displacement, of all scales together."""
        return float(np.sqrt(sum(magnitude**2 for magnitude, _ in self.scales)))


@dataclass(frozen=True, eq=False)
class OrganModel:
    """Organs [L], coherence S [L, L] of their motions, transition U [L, L] of their labels (paper 13).

    S: symmetric and positive semidefinite, S[k, l] = 1 where two organs move as one, 0 where independently.
    U[target, source]: probability that a source point of label `source` gives rise to a target point of
    label `target`, so each column sums to one. Eq. 1 of the paper prints the indices the other way round,
    against its own definition two pages on, which is the one taken here.
    Raises InputError (what, where, mend) for labels that stand twice and for matrices that cannot be.
    """

    organs: tuple[Organ, ...]
    coherence: FloatArray
    transition: FloatArray

    def __post_init__(self) -> None:
        if not self.organs:
            raise InputError("there is no organ", where="organs", mend="give points at least one label")
        labels = [organ.label for organ in self.organs]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise InputError(f"label {twice[0]} stands twice", where="organs", mend="list each label once")
        object.__setattr__(self, "coherence", checked_coherence(self.coherence, self.names))
        object.__setattr__(self, "transition", checked_transition(self.transition, self.names))

    @classmethod
    def of(
        cls,
        source_labels: ArrayLike,
        target_labels: ArrayLike,
        names: Mapping[int, str] | None = None,
        *,
        magnitude_mm: float = 10.0,
        bandwidth_mm: float = 30.0,
        coherence: Coherence | FloatArray = "organ",
        transition: FloatArray | None = None,
    ) -> OrganModel:
        """All organs of both clouds, in the order of their labels, with one elasticity.

        Defaults: the paper's magnitude and bandwidth, independent organs, labels without mistakes.
        """
        labels = np.union1d(np.asarray(source_labels), np.asarray(target_labels))
        known = names or {}
        organs = tuple(
            Organ(int(v), known.get(int(v), f"label {int(v)}"), magnitude_mm, bandwidth_mm) for v in labels
        )
        return cls.made_of(organs, coherence, transition)

    @classmethod
    def made_of(
        cls,
        organs: tuple[Organ, ...],
        coherence: Coherence | FloatArray = "organ",
        transition: FloatArray | None = None,
    ) -> OrganModel:
        """These organs; `coherence` "organ" is S = 1 on the diagonal, "global" 1 everywhere."""
        one = np.eye(len(organs))
        if isinstance(coherence, str):
            if coherence not in ("organ", "global"):
                raise InputError(
                    f"there is no coherence {coherence!r}",
                    where="coherence",
                    mend="organ, global or a matrix",
                )
            coherence = one if coherence == "organ" else np.ones_like(one)
        return cls(organs, coherence, one if transition is None else transition)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels [L], in the order of the matrices."""
        return np.array([organ.label for organ in self.organs], dtype=np.int64)

    @property
    def names(self) -> tuple[str, ...]:
        """Names [L]."""
        return tuple(organ.name for organ in self.organs)

    def outliers(self, default: float) -> FloatArray:
        """omega of each organ [L]; `default` for those that have none of their own."""
        return np.array(
            [default if o.outliers is None else o.outliers for o in self.organs], dtype=np.float64
        )

    def indices(self, labels: NDArray[np.int64] | None, count: int = 0) -> NDArray[np.int64]:
        """Place of each label among the organs [n]; zeros [count] for points without labels.

        Raises InputError for a label that no organ has.
        """
        if labels is None:
            return np.zeros(count, dtype=np.int64)
        labels = np.asarray(labels)
        order = np.argsort(self.labels)
        place = np.searchsorted(self.labels[order], labels).clip(0, len(self.organs) - 1)
        found: NDArray[np.int64] = order[place]
        wrong = np.flatnonzero(self.labels[found] != labels)
        if wrong.size:
            raise InputError(
                f"label {labels[wrong[0]]} of point {wrong[0]} is not among the organs",
                where=f"labels; organs: {', '.join(f'{o.label} {o.name}' for o in self.organs[:12])}",
                mend="add the organ, or remove these points",
            )
        return found
