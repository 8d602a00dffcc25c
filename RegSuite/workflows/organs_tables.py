"""The tables of a registration of clouds: points moved, correspondences, organs, names; CSV in LPS mm."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from RegSuite.geometry import PointSet

if TYPE_CHECKING:
    from RegSuite.pointcloud.result import Drift

_AXES = ("x", "y", "z")
_PARTS = ("mean", "p95", "max")


def registered_points(drift: Drift) -> PointSet:
    """T(source) with the labels and names of the source's points."""
    source = drift.source
    return PointSet(drift.moved_mm, source.labels, source.names, name=f"registered {source.name}")


def write_registered(drift: Drift, path: Path) -> None:
    """x,y,z of each source point moved[,label][,name],residual_mm,sd_mm; row by row the source's points.

    residual_mm: to the mean place of its partners, empty where it has none. sd_mm: standard deviation of each
    coordinate.
    """
    source = drift.source
    header = [*_AXES[: source.ndim], *(["label"] if source.labels is not None else [])]
    header += [*(["name"] if source.names else []), "residual_mm", "sd_mm"]
    sd = drift.point_sd_mm
    rows = (
        [
            *(f"{v:.6f}" for v in drift.moved_mm[i]),
            *([int(source.labels[i])] if source.labels is not None else []),
            *([source.names[i]] if source.names else []),
            _number(drift.residual_mm[i]),
            _number(sd[i]),
        ]
        for i in range(len(source))
    )
    _write(path, header, rows)


def write_correspondences(drift: Drift, path: Path) -> None:
    """A row a source point: its best partner among the target's points, with its doubt.

    source, target: row numbers from 0 in the two clouds (target empty where no target point belongs to it
    more than to another source point). probability: that the partner is its own. evidence: how many target
    points belong to it. matched_x,..: mean place of all of them. residual_mm: moved to matched. sd_mm: of
    each coordinate of the moved point.
    """
    axes = _AXES[: drift.source.ndim]
    header = ["source", "target", "probability", "evidence"]
    for what in ("source", "moved", "matched", "target"):
        header += [f"{what}_{axis}" for axis in axes]
    header += ["residual_mm", "sd_mm", *(["label"] if drift.source.labels is not None else [])]
    best = _best(drift)
    residual, sd = drift.residual_mm, drift.point_sd_mm
    rows = []
    for i in range(len(drift.source)):
        j, probability = best.get(i, (-1, np.nan))
        target = drift.target.points[j] if j >= 0 else np.full(len(axes), np.nan)
        places = np.concatenate([drift.source.points[i], drift.moved_mm[i], drift.matched_mm[i], target])
        row: list[Any] = [i, j if j >= 0 else "", _number(probability, 5), _number(drift.evidence[i], 5)]
        row += [_number(v) for v in places] + [_number(residual[i]), _number(sd[i])]
        rows.append(row + ([int(drift.source.labels[i])] if drift.source.labels is not None else []))
    _write(path, header, rows)


def _best(drift: Drift) -> dict[int, tuple[int, float]]:
    """Source point -> (target point, probability), of all that have it as their best partner the surest."""
    sources, targets, probabilities = drift.correspondences()
    out: dict[int, tuple[int, float]] = {}
    for i in np.argsort(probabilities, kind="stable").tolist():
        out[int(sources[i])] = (int(targets[i]), float(probabilities[i]))
    return out


def write_organs(metrics: Mapping[str, Any], path: Path) -> None:
    """metrics: organs, of result.json as a table, a row an organ."""
    measures = ("distance_before_mm", "distance_after_mm", "residual_mm", "sd_mm")
    header = ["label", "name", "points_source", "points_target", "outlier_share"]
    header += [f"{m[:-3]}_{p}_mm" for m in measures for p in _PARTS]
    header += ["magnitude_mm", "bandwidth_mm", "dice", "missing", "cut_off"]
    dice = {str(k): v for k, v in metrics.get("dice", {}).items()}
    rows = []
    for label, entry in metrics["organs"].items():
        row = [label, *(entry.get(k, "") for k in header[1:4]), _cell(entry.get("outlier_share"))]
        row += [_cell(entry.get(m, {}).get(p)) for m in measures for p in _PARTS]
        row += [entry.get("magnitude_mm", ""), entry.get("bandwidth_mm", ""), _cell(dice.get(label))]
        cuts = [f"{side}: {', '.join(ends)}" for side, ends in entry.get("cut_off", {}).items()]
        rows.append([*row, entry.get("missing", ""), "; ".join(cuts)])
    _write(path, header, rows)


def write_names(names: Mapping[int, str], path: Path) -> None:
    """label,name, as it is found beside a label map."""
    _write(path, ["label", "name"], ([label, names[label]] for label in sorted(names)))


def _number(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else ""


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
