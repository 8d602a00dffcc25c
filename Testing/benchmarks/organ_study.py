"""Which drift brings five organs of one person best onto those of another: a study on phantoms.

    python -m Testing.benchmarks.organ_study -o FOLDER [--seeds 0 50]      (goes on where it stopped)
    python -m Testing.benchmarks.organ_study -o FOLDER --table

Paper 13's task and settings: surface points of liver, spleen, kidneys and bladder of two people, Lambda 10
mm, B 30 mm, omega 0, gamma 1, U identity; the error of the eleven landmarks of its Table 1 under the true
map. Nothing is chosen on these phantoms: the settings are the paper's, the phantom's were fixed before.
Methods: `similarity` and `plain` know no labels; plain-0.01 is BCPD with lambda = 1/Lambda^2, plain-0.1 with
the paper's lambda; global and organ are MO-BCPD with S = 1 and S = I; plain-whole and organ-whole
have the prior and the stages of the preset whole-organs (not the paper's), and no map of the whole cloud
beneath. swapped-*: organ and organ-whole, a tenth of all labels swapped between neighbours on both sides,
with the true U or with U = I.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import PointSet
from RegSuite.phantoms.abdomen import AbdomenClouds, abdomen_clouds
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.presets import load_elasticity
from RegSuite.pointcloud.stages import drift_in_stages
from Testing.benchmarks.organ_table import write_table

MAGNITUDE_MM, BANDWIDTH_MM = 10.0, 30.0
APART_MM = 12.0
"""Between neighbouring surface points: about 570 a person."""
PRESET = "whole-organs"
"""Of plain-whole and organ-whole; chosen on phantoms of seeds that are not in the study."""
SWAPPED = 0.1
METHODS = ("similarity", "plain-0.01", "plain-0.1", "global", "organ", "plain-whole", "organ-whole")
WITH_MISTAKES = ("swapped-u", "swapped-identity", "swapped-whole-u")


def measured(case: AbdomenClouds, method: str, tolerance: float) -> dict[str, Any]:
    """One drift: errors of the landmarks in mm, rows as case.target_landmarks, and seconds."""
    source, target, model = _told(case, method)
    kind: Any = "similarity" if method == "similarity" else "deformable"
    whole = "whole" in method
    parameters = DriftParameters(
        transform=kind,
        start="centres",
        outliers=0.0,
        gamma=1.0,
        tolerance=tolerance,
        linear="none" if whole else "similarity",
    )
    stages = load_elasticity(PRESET).stages if whole else ()
    began = time.perf_counter()
    found = drift_in_stages(source, target, model, parameters, stages=stages)
    seconds = time.perf_counter() - began
    marks, labels = case.source_landmarks, case.source_landmarks.labels
    own = labels if len(model.organs) > 1 else np.zeros(len(marks), np.int64)
    moved = found.points(marks.points, own)
    return {
        "method": method,
        "tolerance": tolerance,
        "seed": case.seed,
        "error_mm": np.linalg.norm(moved - case.target_landmarks.points, axis=1).tolist(),
        "sd_mm": found.sd_mm(marks.points, own).tolist(),
        "landmarks": list(marks.names or ()),
        "sigma_mm": found.sigma_mm,
        "iterations": len(found.convergence),
        "converged": not any("not converged" in warning for warning in found.warnings),
        "points": [len(source), len(target)],
        "seconds": seconds,
    }


def best_similarity(case: AbdomenClouds) -> dict[str, Any]:
    """The similarity that fits the true map of all points best: what no similarity can beat."""
    a, true = case.source.points, case.source_true
    b = case.anatomy.to_target(a, true)
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    left, values, right = np.linalg.svd((b - mean_b).T @ (a - mean_a))
    turn = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    linear = (left * turn) @ right * float((values * turn).sum() / np.square(a - mean_a).sum())
    moved = (case.source_landmarks.points - mean_a) @ linear.T + mean_b
    return {
        "method": "best similarity",
        "tolerance": 0.0,
        "seed": case.seed,
        "error_mm": np.linalg.norm(moved - case.target_landmarks.points, axis=1).tolist(),
        "landmarks": list(case.source_landmarks.names or ()),
    }


def _told(case: AbdomenClouds, method: str) -> tuple[PointSet, PointSet, OrganModel]:
    """The clouds as a method sees them, and its model."""
    if method == "similarity" or method.startswith("plain"):
        lambda_ = 0.1 if method == "plain-0.1" else 1 / MAGNITUDE_MM**2
        one = np.zeros(1, dtype=np.int64)
        model = OrganModel.of(one, one, magnitude_mm=1 / math.sqrt(lambda_), bandwidth_mm=BANDWIDTH_MM)
        if method == "plain-whole":
            model = load_elasticity(PRESET).model(one)
        return (*(_one_organ(cloud) for cloud in (case.source, case.target)), model)
    model = OrganModel.of(
        case.organs,
        case.organs,
        case.label_names,
        magnitude_mm=MAGNITUDE_MM,
        bandwidth_mm=BANDWIDTH_MM,
        coherence="global" if method == "global" else "organ",
        transition=case.transition if method.endswith("-u") else None,
    )
    if "whole" in method:
        model = load_elasticity(PRESET).model(
            case.organs, case.label_names, coherence="organ", transition=model.transition
        )
    return case.source, case.target, model


def _one_organ(cloud: PointSet) -> PointSet:
    labels: NDArray[np.int64] = np.zeros(len(cloud), dtype=np.int64)
    return PointSet(cloud.points, labels, name=cloud.name)


def run(
    folder: Path,
    seeds: Iterable[int],
    tolerances: Sequence[float],
    motion: float,
    apart_mm: float,
    until_s: float,
) -> bool:
    """Append the rows that are missing; whether all are there. No seed is begun after until_s seconds."""
    rows = folder / "rows.jsonl"
    done = {(row["seed"], row["method"], row["tolerance"]) for row in read_rows(rows)}
    began = time.perf_counter()
    for seed in seeds:
        wanted = [(m, t, 0.0) for m in METHODS for t in tolerances]
        wanted += [(m, t, SWAPPED) for m in WITH_MISTAKES for t in tolerances]
        wanted = [job for job in wanted if (seed, *job[:2]) not in done]
        if not wanted and (seed, "best similarity", 0.0) in done:
            continue
        if time.perf_counter() - began > until_s:
            return False
        cases = {
            e: abdomen_clouds(seed, spacing_mm=apart_mm, label_error=e, motion=motion) for e in (0.0, SWAPPED)
        }
        with rows.open("a", encoding="utf-8") as stream:
            if (seed, "best similarity", 0.0) not in done:
                stream.write(json.dumps(best_similarity(cases[0.0])) + "\n")
            for method, tolerance, error in wanted:
                stream.write(json.dumps(measured(cases[error], method, tolerance)) + "\n")
                stream.flush()
    return True


def read_rows(path: Path) -> list[Mapping[str, Any]]:
    """All rows; none where there is no file yet."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def main() -> int:
    """Run what is missing, or print the tables."""
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks.organ_study", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("bench/organs"))
    parser.add_argument("--seeds", type=int, nargs=2, default=(0, 50), metavar=("FIRST", "END"))
    parser.add_argument("--tolerance", type=float, nargs="+", default=[1e-3], help="at which a drift ends")
    parser.add_argument("--apart", type=float, default=APART_MM, help="mm between neighbouring points")
    parser.add_argument("--motion", type=float, default=1.0, help="factor of organs' shifts and turns")
    parser.add_argument("--until", type=float, default=math.inf, help="begin no pair after so many seconds")
    parser.add_argument("--table", action="store_true", help="only print the tables")
    given = parser.parse_args()
    folder = given.output / f"motion-{given.motion:g}"
    folder.mkdir(parents=True, exist_ok=True)
    complete = given.table or run(
        folder, range(*given.seeds), given.tolerance, given.motion, given.apart, given.until
    )
    print(write_table(read_rows(folder / "rows.jsonl")))
    return 0 if complete else 1


if __name__ == "__main__":
    raise SystemExit(main())
