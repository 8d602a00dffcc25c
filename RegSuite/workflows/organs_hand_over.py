"""What the page of registered organs or points is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.report.organs_content import OrganLandmarks, OrganShown, OrgansPage, OrganSurface, SurfaceGap

if TYPE_CHECKING:
    from RegSuite.geometry import PointSet
    from RegSuite.workflows.organs_result import CloudResult


def page_of(result: CloudResult) -> OrgansPage:
    """The page's content."""
    prepared, drift, found = result.prepared, result.drift, result.found
    model = prepared.model
    organs = _organs(result)
    place = {organ.label: k for k, organ in enumerate(organs)}
    return OrgansPage(
        source_mm=drift.source.points,
        target_mm=drift.target.points,
        moved_mm=drift.moved_mm,
        source_organs=_places(drift.source, place, model is None),
        target_organs=_places(drift.target, place, model is None),
        organs=organs,
        residual_mm=drift.residual_mm,
        outlier_probability=drift.outlier_probability,
        sd_mm=drift.point_sd_mm,
        coherence=None if model is None else model.coherence,
        transition=None if model is None else model.transition,
        landmarks=_landmarks(result, place),
        source_surfaces=_surfaces(result, "source_surfaces", place),
        moved_surfaces=_surfaces(result, "moved_surfaces", place),
        target_surfaces=_surfaces(result, "target_surfaces", place),
        target=prepared.target.side.image,
        before=found.before,
        warped=found.warped,
        target_labels=prepared.target.labels,
        before_labels=found.before_labels,
        warped_labels=found.warped_labels,
        displacement_mm=result.images["displacement"],
        jacobian=found.jacobian,
        uncertainty_mm=found.sd_mm,
        comparable=_comparable(result),
        sigma_mm=[point.sigma_mm for point in drift.convergence],
        source_name=prepared.source.side.name,
        target_name=prepared.target.side.name,
    )


def _organs(result: CloudResult) -> tuple[OrganShown, ...]:
    """Those that were registered, in the model's order; of plain points one. Others stand in a warning."""
    prepared = result.prepared
    entries: dict[str, Any] = result.metrics["organs"]
    if prepared.model is None:
        entry = entries["0"]
        return (OrganShown(0, entry["name"], before=_gap(entry, "before"), after=_gap(entry, "after")),)
    shown = [
        OrganShown(
            organ.label,
            organ.name,
            colour=_colour(result, organ.label),
            magnitude_mm=organ.magnitude_mm,
            bandwidth_mm=organ.bandwidth_mm,
            outliers=organ.outliers,
            wider=organ.finer,
            source=organ.source,
            before=_gap(entries[str(organ.label)], "before"),
            after=_gap(entries[str(organ.label)], "after"),
            cut_off=tuple(
                c.side.role for c in (prepared.source, prepared.target) if organ.label in c.cut_off
            ),
        )
        for organ in prepared.model.organs
    ]
    return tuple(shown)


def _gap(entry: dict[str, Any], when: str) -> SurfaceGap | None:
    found = entry.get(f"distance_{when}_mm")
    return None if found is None else SurfaceGap(found["mean"], found["p95"], found["max"])


def _colour(result: CloudResult, label: int) -> tuple[int, ...] | None:
    """The colour that a structure was drawn with, the target's first."""
    for cloud in (result.prepared.target, result.prepared.source):
        surface = cloud.surfaces.get(label)
        for structure in cloud.side.structures:
            if surface is not None and structure.name == surface.name and structure.colour is not None:
                return tuple(structure.colour)
    return None


def _places(cloud: PointSet, place: dict[int, int], plain: bool) -> NDArray[np.int64]:
    if plain or cloud.labels is None:
        return np.zeros(len(cloud), dtype=np.int64)
    return np.array([place[int(v)] for v in cloud.labels], dtype=np.int64)


def _landmarks(result: CloudResult, place: dict[int, int]) -> OrganLandmarks | None:
    found = result.landmarks
    if found is None:
        return None
    names = found.source.names or found.target.names or tuple(str(i + 1) for i in range(len(found.source)))
    return OrganLandmarks(
        names=tuple(names),
        source_mm=found.source.points,
        target_mm=found.target.points,
        moved_mm=found.moved,
        sd_mm=found.sd_mm if np.isfinite(found.sd_mm).any() else None,
        organs=np.array([place.get(int(v), -1) for v in found.labels], dtype=np.int64),
    )


def _surfaces(result: CloudResult, role: str, place: dict[int, int]) -> dict[int, OrganSurface]:
    return {place[label]: surface for label, surface in result.meshes.of(role).items()}


def _comparable(result: CloudResult) -> bool:
    """Whether both scans are of one modality, as their headers say, else as they look (CT, or not)."""
    from RegSuite.methods.appearance import is_ct

    scans = [cloud.side.image for cloud in (result.prepared.source, result.prepared.target)]
    known = [scan for scan in scans if scan is not None]
    if len(known) < 2:
        return True
    said = {scan.modality for scan in known}
    if None not in said:
        return len(said) == 1
    return is_ct(known[0]) == is_ct(known[1])
