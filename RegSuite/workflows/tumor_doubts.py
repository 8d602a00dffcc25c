"""What of a tumour's registration must not be trusted, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from RegSuite.methods.shooting.shot import EnergyPoint

SMALL_JACOBIAN = 0.1
STILL_FALLING = 0.01
"""Share of the energy by which the last iteration may still have lowered it."""
UNDER_TUMOR_PERCENT = 5.0
APPEARANCE_OUTSIDE = 0.1
APPEARANCE_FOR_SHAPE = 0.5
SHAPE_INSIDE = 0.5
_NAMED = 6


def doubts(
    metrics: Mapping[str, Any], energies: Sequence[EnergyPoint], names: Mapping[int, str]
) -> Iterator[str]:
    """Sentences on the result's `metrics` (with its part `tumor`). names: of labels."""
    found: Mapping[str, Any] = metrics.get("tumor", {})
    yield from _of_the_map(metrics.get("jacobian", {}))
    yield from _of_the_shares(found)
    yield from _of_the_end(energies)
    yield from _of_labels(found.get("labels", {}), names)


def _of_the_map(jacobian: Mapping[str, Any]) -> Iterator[str]:
    percent, least = jacobian.get("percent_nonpositive", 0.0), jacobian.get("min")
    if percent:
        yield (
            f"the transform folds in {percent:.2g} % of the voxels: labels and volumes there mean nothing; "
            "take a larger kernel or more regularisation"
        )
    elif least is not None and least < SMALL_JACOBIAN:
        yield f"tissue is compressed to {100 * least:.0f} % of its volume in places (Jacobian {least:.2f})"


def _of_the_shares(found: Mapping[str, Any]) -> Iterator[str]:
    outside = found.get("appearance_outside_share")
    if outside is not None and outside > APPEARANCE_OUTSIDE:
        yield (
            f"{100 * outside:.0f} % of the intensity change (squared) lies outside of the tumour: what it "
            "explains there, the deformation does not show"
        )
    share = found.get("appearance_share_outside")
    if share is not None and share > APPEARANCE_FOR_SHAPE:
        yield (
            f"outside of the tumour {100 * share:.0f} % of the change is appearance where deformation was "
            "expected: raise the cost of intensity (rho), or lower that of deformation (lambda)"
        )
    share = found.get("shape_share_inside")
    if share is not None and share > SHAPE_INSIDE and (found.get("appearance_share") or 0.0) > 0.0:
        yield (
            f"within the tumour {100 * share:.0f} % of the change is shape: tissue may have been dragged to "
            "imitate the tumour; a higher mu makes intensity cheaper there"
        )
    before, after = found.get("ssd_before_outside"), found.get("ssd_deformed_outside")
    if before is not None and after is not None and after > before:
        yield (
            f"outside of the tumour the deformed template fits worse than at the start (SSD {after:.4g}, "
            f"{before:.4g} before): do not use the deformation alone"
        )


def _of_the_end(energies: Sequence[EnergyPoint]) -> Iterator[str]:
    sums = [point.data + point.velocity + point.intensity for point in energies[-2:]]
    one_stage = len({point.stage for point in energies[-2:]}) == 1
    if len(sums) == 2 and one_stage and sums[0] - sums[1] > STILL_FALLING * abs(sums[1]):
        yield (
            f"the energy still fell by {100 * (sums[0] - sums[1]) / abs(sums[1]):.1f} % in the last "
            "iteration: allow more iterations"
        )


def _of_labels(shares: Mapping[Any, Mapping[str, float]], names: Mapping[int, str]) -> Iterator[str]:
    under = sorted(
        ((entry["tumor_percent"], label) for label, entry in shares.items()), reverse=True, key=lambda p: p[0]
    )
    under = [(percent, label) for percent, label in under if percent > UNDER_TUMOR_PERCENT]
    if under:
        words = ", ".join(f"{names.get(int(b), f'label {b}')} {p:.0f} %" for p, b in under[:_NAMED])
        more = f" and {len(under) - _NAMED} more" if len(under) > _NAMED else ""
        yield f"labels are not to be trusted where they lie in the tumour: {words}{more}"
