"""From points to volume on abdomen phantoms: Dice of warped label maps, and errors near sliding borders.

    python -m Testing.benchmarks.organ_volumes -o FOLDER [--seeds 0 10]      (goes on where it stopped)

Two people on voxels of 3 mm, organ-wise drift of their surface points with a preset's elasticity, the dense
fields of `cloud_fields`, with both label maps ("both") and with the source's alone ("source").
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from RegSuite.geometry import Grid, Image
from RegSuite.phantoms.abdomen import AbdomenPhantom, abdomen_pair
from RegSuite.pointcloud.field.cloud_fields import cloud_fields
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.presets import load_elasticity
from RegSuite.pointcloud.stages import drift_in_stages
from Testing.benchmarks.organ_study import read_rows

SPACING_MM, APART_MM = 3.0, 6.0


def measured(case: AbdomenPhantom, label_maps: str, preset: str, tolerance: float) -> dict[str, Any]:
    """Dice by organ; errors in mm of the field target to source, near borders that slide and inside."""
    clouds = case.clouds
    elasticity = load_elasticity(preset)
    model = elasticity.model(clouds.organs, clouds.label_names, coherence="organ")
    linear: Any = "none" if elasticity.stages else "similarity"
    parameters = DriftParameters(start="centres", outliers=0.0, gamma=1.0, tolerance=tolerance, linear=linear)
    found = drift_in_stages(clouds.source, clouds.target, model, parameters, stages=elasticity.stages)
    began = time.perf_counter()
    fields = cloud_fields(
        found,
        case.source.grid,
        case.target.grid,
        case.source_labels,
        case.target_labels if label_maps == "both" else None,
    )
    seconds = time.perf_counter() - began
    wanted, near = case.target_organs.data[0].numpy(), case.target_sliding.data[0].numpy()
    u = fields.backward.displacement_mm
    warped = _labels_at(case.source_organs, u, case.target.grid)
    error = (u.double() - case.displacement.data.double()).norm(dim=0).numpy()
    organ = wanted > 0
    places = {"inside": organ & (near == 0), "near organ": near == 1, "near wall": near == 2}
    return {
        "seed": case.seed,
        "label_maps": label_maps,
        "preset": preset,
        "dice": {str(n): _dice(warped == n, wanted == n) for n in sorted(case.label_names)},
        "error_mm": {name: float(error[where].mean()) for name, where in places.items() if where.any()},
        "voxels": {name: int(where.sum()) for name, where in places.items()},
        "folds_percent": 100 * float((fields.jacobian.data[0].numpy()[organ] <= 0).mean()),
        "seconds": seconds,
    }


def _labels_at(labels: Image, u: torch.Tensor, grid: Grid) -> Any:
    """The source's labels at the voxel nearest to x + u(x), of a grid's voxels x."""
    there = grid.all_points() + np.moveaxis(u.double().numpy(), 0, -1)
    index = np.rint(labels.grid.index(there)).astype(int)
    seen = ((index >= 0) & (index < np.array(labels.grid.size))).all(axis=-1)
    out = np.zeros(grid.shape, dtype=np.int64)
    x, y, z = index[seen].T
    out[seen] = labels.data[0].numpy()[z, y, x]
    return out


def _dice(a: Any, b: Any) -> float:
    return 2 * float((a & b).sum()) / max(float(a.sum() + b.sum()), 1.0)


def table(rows: list[Any]) -> str:
    """Means over the pairs, smallest Dice, and the ratio that is asked for."""
    places = ("inside", "near organ", "near wall")
    head = ("preset, label maps", "Dice of organs 1 to 5: mean (least)", *places, "ratio", "folds %", "s")
    lines = [f"| {' | '.join(head)} |"]
    lines.append("|---" * 8 + "|")
    for preset, maps in dict.fromkeys((row["preset"], row["label_maps"]) for row in rows):
        own = [r for r in rows if (r["preset"], r["label_maps"]) == (preset, maps)]
        dice = np.array([list(r["dice"].values()) for r in own])
        cells = ", ".join(f"{m:.2f} ({low:.2f})" for m, low in zip(dice.mean(0), dice.min(0), strict=True))
        means = {p: np.mean([r["error_mm"][p] for r in own if p in r["error_mm"]]) for p in places}
        numbers = " | ".join(f"{value:.1f}" for value in means.values())
        folds, seconds = np.mean([r["folds_percent"] for r in own]), np.median([r["seconds"] for r in own])
        ratio = means["near organ"] / means["inside"]
        row = (
            f"{preset}, {maps} ({len(own)} pairs)",
            cells,
            numbers,
            f"{ratio:.2f}",
            f"{folds:.3f}",
            f"{seconds:.1f}",
        )
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def main() -> int:
    """Run what is missing and print the table."""
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks.organ_volumes", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("bench/organs"))
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 10), metavar=("FIRST", "END"))
    parser.add_argument("--presets", nargs="+", default=["paper", "whole-organs"], help="of elasticity")
    parser.add_argument("--tolerance", type=float, default=1e-3)
    parser.add_argument("--until", type=float, default=math.inf, help="begin no pair after so many seconds")
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    path = given.output / "volumes.jsonl"
    done = {(row["seed"], row["preset"], row["label_maps"]) for row in read_rows(path)}
    began = time.perf_counter()
    for seed in range(*given.seeds):
        jobs = [(p, maps) for p in given.presets for maps in ("both", "source")]
        left = [job for job in jobs if (seed, *job) not in done]
        if not left or time.perf_counter() - began > given.until:
            continue
        case = abdomen_pair(seed, spacing_mm=SPACING_MM, points_apart_mm=APART_MM)
        for preset, maps in left:
            with path.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(measured(case, maps, preset, given.tolerance)) + "\n")
    print(table([*read_rows(path)]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
