"""Lungs by keypoints alone: exhale onto inhale, each scan's keypoints found on their own.

python -m Testing.benchmarks.lung_clouds              COPD cases 2 to 5 and Learn2Reg 1 to 9, all settings
python -m Testing.benchmarks.lung_clouds --copd       COPD alone
python -m Testing.benchmarks.lung_clouds --setting plain

Prints a table in Markdown. COPD is judged by 300 manual landmarks a case in the scans' real spacing;
Learn2Reg, which had no part in the choice of the settings' scales, by image-based correspondences of its
keypoints (1.75 x 1.25 x 1.75 mm). Correspondences are read for judging only.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from RegSuite.geometry import PointSet
from RegSuite.pointcloud.organs import OrganModel
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.presets import load_elasticity
from RegSuite.pointcloud.result import Drift
from RegSuite.pointcloud.stages import drift_in_stages
from Testing.data import data_folder

COPD, L2R = (2, 3, 4, 5), tuple(range(1, 10))
L2R_SPACING = (1.75, 1.25, 1.75)
SETTINGS = ("default", "plain", "lung-keypoints")

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Lungs:
    """A case: exhale cloud (source), inhale cloud (target), and pairs [n, 3] that judge."""

    name: str
    source: PointSet
    target: PointSet
    exhale_mm: FloatArray
    inhale_mm: FloatArray

    def errors(self, found: Drift | None) -> FloatArray:
        """Distance of each carried point to its true place [n], mm; None: of the points as they lie."""
        carried = self.exhale_mm if found is None else found.points(self.exhale_mm)
        return np.asarray(np.linalg.norm(carried - self.inhale_mm, axis=1))


def copd_case(number: int) -> Lungs:
    """A COPD case: the columns x, y, z of its keypoints, its 300 landmarks."""
    folder = data_folder("lung_keypoints", "copd", f"case_{number:02d}")
    clouds = [
        PointSet(_columns(folder / f"keypoints_{state}.csv", ("x", "y", "z")), name=f"{state} keypoints")
        for state in ("exp", "insp")
    ]
    marks = [
        _columns(folder / "landmarks.csv", tuple(f"{state}_{axis}" for axis in "xyz"))
        for state in ("exp", "insp")
    ]
    return Lungs(f"COPD {number}", clouds[0], clouds[1], marks[0], marks[1])


def l2r_case(number: int) -> Lungs:
    """A Learn2Reg case: its keypoints as they were detected, its pairs for judging."""
    with np.load(data_folder("lung_keypoints", "l2r", f"case_{number:03d}.npz")) as file:
        points = {
            key: np.asarray(file[key], dtype=np.float64) * L2R_SPACING
            for key in ("exp", "insp", "exp_detected", "insp_detected")
        }
    source, target = PointSet(points["exp_detected"]), PointSet(points["insp_detected"])
    return Lungs(f"L2R {number}", source, target, points["exp"], points["insp"])


def registered(lungs: Lungs, setting: str) -> Drift:
    """The drift of a case: defaults; one drift with wide organs and outliers; or the preset's stages."""
    given = DriftParameters()
    if setting == "default":
        return drift_in_stages(lungs.source, lungs.target, None, given)
    if setting == "plain":
        model = OrganModel.of([0], [0], bandwidth_mm=60)
        return drift_in_stages(lungs.source, lungs.target, model, given.model_copy(update={"outliers": 0.5}))
    preset = load_elasticity(setting)
    return drift_in_stages(lungs.source, lungs.target, preset.model([0]), given, stages=preset.stages)


def _columns(path: Path, names: tuple[str, ...]) -> FloatArray:
    table = np.genfromtxt(path, delimiter=",", names=True)
    return np.stack([table[name] for name in names], axis=1)


def rows(cases: list[Lungs], settings: tuple[str, ...]) -> list[str]:
    """The table's lines: each case, then the mean of COPD and of Learn2Reg."""
    lines = [
        "| case | points | before | " + " | ".join(f"{s} mm (p95), s" for s in settings) + " |",
        "| --- | --- | ---: |" + " ---: |" * len(settings),
    ]
    means: dict[tuple[str, str], list[float]] = {}
    for lungs in cases:
        kind = lungs.name.split()[0]
        before = float(lungs.errors(None).mean())
        means.setdefault((kind, "before"), []).append(before)
        cells = []
        for setting in settings:
            begun = time.perf_counter()
            found = lungs.errors(registered(lungs, setting))
            seconds = time.perf_counter() - begun
            means.setdefault((kind, setting), []).append(float(found.mean()))
            cells.append(f"{found.mean():.2f} ({np.percentile(found, 95):.1f}), {seconds:.1f}")
        points = f"{len(lungs.source)}, {len(lungs.target)}"
        lines.append(f"| {lungs.name} | {points} | {before:.2f} | {' | '.join(cells)} |")
        sys.stderr.write(lines[-1] + "\n")
    for kind in dict.fromkeys(name for name, _ in means):
        cells = [f"{np.mean(means[kind, key]):.2f}" for key in ("before", *settings)]
        lines.append(f"| {kind}, mean | | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copd", action="store_true", help="COPD cases alone")
    parser.add_argument(
        "--setting", choices=SETTINGS, action="append", help="this one alone; may be repeated"
    )
    given = parser.parse_args()
    cases = [copd_case(number) for number in COPD]
    if not given.copd:
        cases += [l2r_case(number) for number in L2R]
    sys.stdout.write("\n".join(rows(cases, tuple(given.setting or SETTINGS))) + "\n")


if __name__ == "__main__":
    main()
