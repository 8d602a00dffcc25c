"""How good a fraction's deformation is: Jacobian, marks, lengths, in the whole and by structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from RegSuite.dose.mapping.mapped import MappedDose
    from RegSuite.dose.uncertainty.deformation import DeformationUncertainty
    from RegSuite.geometry import Image
    from RegSuite.workflows.dose_data import CourseData
    from RegSuite.workflows.run import Run


def field_quality(
    displacement: Image, uncertainty: DeformationUncertainty | None, mapped: MappedDose, data: CourseData
) -> dict[str, Any]:
    """Jacobian, marks and lengths in mm of one fraction, in the whole and by structure."""
    from RegSuite.numerics.jacobian import jacobian_determinant

    length = _length(displacement.data.numpy())
    determinant = jacobian_determinant(displacement.data, data.grid)
    marked = np.asarray(mapped.marks) > 0
    counts = mapped.counts
    spread = None if uncertainty is None else _length(uncertainty.sigma_mm.data.numpy())
    structures = {}
    for name, voxels in data.volumes.items():
        own = {"marked_percent": 100 * voxels.share(marked), "displacement_mm": voxels.mean(length)}
        if spread is not None:
            own["uncertainty_mm"] = voxels.mean(spread)
        structures[name] = {key: value for key, value in own.items() if value is not None}
    out: dict[str, Any] = {
        "jacobian": _jacobian(determinant),
        "marks": {"outside": counts.outside, "folded": counts.folded, "undefined": counts.undefined},
        "displacement_mm": _statistics(length),
        "structures": structures,
    }
    if spread is not None:
        out["uncertainty_mm"] = _statistics(spread)
    return {key: value for key, value in out.items() if value is not None}


def warn_of_marks(name: str, quality: Mapping[str, Any], run: Run) -> None:
    """Say where the fraction's dose is not known, structure by structure."""
    marks = quality["marks"]
    kinds = {
        "outside": "beyond the dose grid" + (" or its image's density" if run.method == "emt" else ""),
        "folded": "where the deformation folds",
        "undefined": "where the deformation is undefined",
    }
    said = [f"{marks[kind]} {words}" for kind, words in kinds.items() if marks[kind]]
    if not said:
        return
    within = {n: s["marked_percent"] for n, s in quality["structures"].items() if s["marked_percent"] > 0.05}
    words = ", ".join(f"{percent:.2g} % of {n}" for n, percent in within.items())
    run.warn(
        f"{name}: the dose of {' and '.join(said)} (voxels) is not known: marked and left out"
        + (f"; that is {words}" if words else "; no structure is touched")
    )


def _length(vectors: np.ndarray) -> np.ndarray:
    """[Z, Y, X] lengths of [3, Z, Y, X], NaN where any component is."""
    return np.asarray(np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=0)), np.float32)


def _statistics(values: np.ndarray) -> dict[str, float] | None:
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    return {
        "mean": float(known.mean(dtype=np.float64)),
        "p95": float(np.percentile(known, 95)),
        "max": float(known.max()),
    }


def _jacobian(determinant: torch.Tensor) -> dict[str, float] | None:
    """Statistics over the voxels where it is known."""
    from RegSuite.quality import jacobian_statistics

    known = determinant.isfinite()
    return jacobian_statistics(determinant[known]) if bool(known.any()) else None
