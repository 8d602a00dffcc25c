"""From what was given of two sides to two clouds: organs matched, sampled, given their properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.pointcloud.presets import load_elasticity
from RegSuite.workflows.organs_clouds import (
    Cloud,
    check_common,
    given_cloud,
    labels_on_grid,
    sampled_clouds,
    surfaces_of,
)
from RegSuite.workflows.organs_elasticity import model_of
from RegSuite.workflows.organs_grids import grid_about
from RegSuite.workflows.organs_inputs import Side, record_of_points
from RegSuite.workflows.organs_names import Matching, doubles, listed, match_organs, plain

if TYPE_CHECKING:
    from RegSuite.pointcloud.organs import OrganModel
    from RegSuite.pointcloud.sampling import OrganSurface
    from RegSuite.pointcloud.stage_settings import DriftStage
    from RegSuite.workflows.organs_parameters import CloudParameters, OrgansParameters
    from RegSuite.workflows.run import Run


@dataclass(frozen=True, eq=False)
class Prepared:
    """Two clouds and what is known of their organs.

    prior: the organs of the drift, those that both sides have. model: the same, None where labels are not
    used and all points are one organ that is everywhere. names: of all organs of both sides, by common
    label (0: of all points). missing: {label: the side that lacks it}. stages: of the drift, as the preset
    of elasticity has them; empty: one.
    """

    source: Cloud
    target: Cloud
    prior: OrganModel
    model: OrganModel | None
    names: Mapping[int, str]
    missing: Mapping[int, str]
    stages: tuple[DriftStage, ...] = ()


def prepare(
    source: Side, target: Side, inputs: Mapping[str, Any], parameters: OrgansParameters, run: Run
) -> Prepared:
    """Organs matched, sampled and given their properties. Raises InputError where none is shared."""
    kept = _kept(source, parameters.only), _kept(target, parameters.only)
    matching = match_organs(*kept)
    for role, names in zip(("source", "target"), kept, strict=True):
        if doubt := doubles(role, names):
            run.warn(doubt)
    _check_only(matching, parameters.only)
    surfaces = (
        surfaces_of(source, matching.source, parameters.seed, run),
        surfaces_of(target, matching.target, parameters.seed, run),
    )
    matching = _without_specks(matching, (source, target), surfaces)
    check_common(matching, run)
    run.notes.extend(matching.notes)
    clouds = _clouds((source, target), surfaces, matching, parameters)
    model = model_of({label: matching.names[label] for label in matching.common}, inputs, parameters, run)
    made = [
        _cloud(side, own, clouds[k], surfaces[k], parameters, run)
        for k, (side, own) in enumerate(((source, matching.source), (target, matching.target)))
    ]
    missing = dict.fromkeys(matching.only_source, "target") | dict.fromkeys(matching.only_target, "source")
    run.parameters = {
        **run.parameters,
        "labels_of": {
            "source": {str(k): v for k, v in matching.source.items()},
            "target": {str(k): v for k, v in matching.target.items()},
        },
    }
    stages = load_elasticity(parameters.elasticity).stages
    return Prepared(made[0], made[1], model, model, matching.names, missing, stages)


def _kept(side: Side, only: list[str] | None) -> dict[int, str | None]:
    """Own labels with their names; those that were asked for where some were."""
    names = dict(side.names or {})
    if only is None:
        return names
    asked = {plain(word) for word in only}
    return {label: n for label, n in names.items() if str(label) in asked or (n and plain(n) in asked)}


def _check_only(matching: Matching, only: list[str] | None) -> None:
    if only is None:
        return
    known = {plain(name) for name in matching.names.values()} | {str(label) for label in matching.names}
    unknown = [word for word in only if plain(word) not in known]
    if unknown:
        raise InputError(
            f"there is no organ {unknown[0]!r}",
            where="only",
            mend="give names or labels of the segmentations",
        )


def _without_specks(
    matching: Matching, sides: tuple[Side, Side], surfaces: tuple[Mapping[int, OrganSurface], ...]
) -> Matching:
    """The matching without organs whose surface was left out on a side that has surfaces."""
    lost = [
        {label for label in own.values() if side.points is None and label not in found}
        for side, own, found in zip(sides, (matching.source, matching.target), surfaces, strict=True)
    ]
    gone = lost[0] | lost[1]
    if not gone:
        return matching
    here = tuple(v for v in matching.common if v in lost[1] and v not in lost[0])
    there = tuple(v for v in matching.common if v in lost[0] and v not in lost[1])
    return replace(
        matching,
        common=tuple(v for v in matching.common if v not in gone),
        only_source=(*(v for v in matching.only_source if v not in lost[0]), *here),
        only_target=(*(v for v in matching.only_target if v not in lost[1]), *there),
    )


def _clouds(
    sides: tuple[Side, Side],
    surfaces: tuple[Mapping[int, OrganSurface], Mapping[int, OrganSurface]],
    matching: Matching,
    parameters: OrgansParameters,
) -> list[PointSet]:
    """The clouds of the common organs, source first."""
    own = (matching.source, matching.target)
    if all(side.points is None for side in sides):
        return sampled_clouds(
            surfaces, matching.common, parameters.points, parameters.spacing_mm, parameters.seed
        )[0]
    out = []
    for side, labels, found in zip(sides, own, surfaces, strict=True):
        if side.points is not None:
            out.append(given_cloud(side, labels, matching.common))
        else:
            both = (found, found)
            out.append(
                sampled_clouds(
                    both, matching.common, parameters.points, parameters.spacing_mm, parameters.seed
                )[0][0]
            )
    return out


def _cloud(
    side: Side,
    own: Mapping[int, int],
    points: PointSet,
    surfaces: Mapping[int, OrganSurface],
    parameters: CloudParameters,
    run: Run,
) -> Cloud:
    grid = side.grid or grid_about(_extent(side, points), parameters.grid_mm, 1.5)
    labels = labels_on_grid(side, own, grid, list(surfaces))
    registered = set(np.unique(points.labels).tolist()) if points.labels is not None else set(surfaces)
    cut_off = {label: s.cut_off for label, s in surfaces.items() if s.cut_off and label in registered}
    if cut_off:
        told = [f"{surfaces[label].name} ({', '.join(sides)})" for label, sides in cut_off.items()]
        run.warn(
            f"the {side.role}'s field of view cuts off {len(cut_off)} organ(s): {listed(told)}; the cut "
            "faces bear no points, and what lies beyond is guessed"
        )
    if side.points is not None:
        record_of_points(side.points, f"{side.role}_labels", run)
    return Cloud(side, grid, points, surfaces, labels, cut_off)


def _extent(side: Side, points: PointSet) -> np.ndarray:
    """All that must lie on a grid that is made for this side [n, 3]."""
    parts = [points.points]
    for structure in side.structures:
        contours = getattr(structure, "contours", None)
        parts.append(np.concatenate(contours) if contours else getattr(structure, "points", np.zeros((0, 3))))
    if side.landmarks is not None:
        parts.append(side.landmarks.points)
    return np.concatenate(parts)
