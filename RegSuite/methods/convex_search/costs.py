"""What a convex run costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from RegSuite.geometry import Image
from RegSuite.methods.convex_search.run import make_plan
from RegSuite.methods.local_forces.lattice import as_volume

if TYPE_CHECKING:
    from RegSuite.methods.convex_search.parameters import ConvexParameters


def memory_mb(fixed: Image, moving: Image, parameters: ConvexParameters) -> float:
    """Cost volume, descriptors while they are made and as they are warped, and the dense result."""
    plan = make_plan(as_volume(fixed.grid), parameters)
    features = feature_voxels(fixed, plan.feature_mm / 2)
    return plan.costs_mb + 4e-6 * (50 * features + 14 * fixed.grid.voxels + moving.grid.voxels) + 50


def expected_seconds(fixed: Image, moving: Image, parameters: ConvexParameters) -> float:  # noqa: ARG001 - protocol
    """Search by the cost volume, refinement by descriptors (a rough estimate for two cores)."""
    plan = make_plan(as_volume(fixed.grid), parameters)
    directions = 2 if parameters.inverse_consistency else 1
    refinement = 4e-7 * feature_voxels(fixed, plan.feature_mm) * parameters.iterations
    refinement += 6e-7 * feature_voxels(fixed, plan.feature_mm / 2)
    return 0.5 + 4e-3 * directions * plan.costs_mb + refinement + 6e-8 * fixed.grid.voxels


def feature_voxels(fixed: Image, feature_mm: float) -> float:
    """Voxels of the lattice of descriptors."""
    finest = min(s for s, n in zip(fixed.grid.spacing, fixed.grid.size, strict=True) if n > 1)
    return fixed.grid.voxels * min(1.0, (finest / feature_mm) ** fixed.ndim)
