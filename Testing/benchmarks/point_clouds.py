"""Point clouds: half balls that slide, time and memory, recovery of turned bodies, pycpd beside them.

python -m Testing.benchmarks.point_clouds -o FILE.json [--only half_balls time memory turned] [--device cuda]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from RegSuite.pointcloud.drift import drift
from RegSuite.pointcloud.parameters import DriftParameters
from RegSuite.pointcloud.result import Drift
from Testing.pointcloud.bent_body import turned_body
from Testing.pointcloud.half_balls import HalfBalls, half_balls

Row = dict[str, object]
GOOD = 0.02
"""Mean error, in diagonals of the cloud, under which a turned body counts as found."""


def timed(balls: HalfBalls, device: str, times: int = 3) -> tuple[Drift, float, float]:
    """The drift of half balls with labels; least wall and CPU seconds of some runs, the first left out."""
    walls, cpus = [], []
    for _ in range(times + 1):
        begun, worked = time.perf_counter(), time.process_time()
        found = drift(balls.source, balls.target, balls.model, device=device)
        walls.append(time.perf_counter() - begun)
        cpus.append(time.process_time() - worked)
    return found, min(walls[1:] or walls), min(cpus[1:] or cpus)


def row_of(balls: HalfBalls, found: Drift, seconds: float, cpu_seconds: float) -> Row:
    """What a drift of half balls reached."""
    mean, near = balls.errors(found.points(balls.points, balls.labels))
    return {
        "source_points": len(balls.source),
        "target_points": len(balls.target),
        "error_mm": round(mean, 3),
        "error_near_the_plane_mm": round(near, 3),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "iterations": len(found.convergence),
        "rank": found.basis.rank if found.basis else 0,
        "sigma_mm": round(found.sigma_mm, 3),
        "warnings": list(found.warnings),
    }


def sliding(device: str) -> list[Row]:
    """2000 points (peers.md 4(b)): at most 0.6 mm, 1.0 near the plane, 3 s."""
    rows = []
    for seed in range(5):
        balls = half_balls(2000, seed)
        rows.append({"seed": seed, **row_of(balls, *timed(balls, device, times=1))})
    return rows


def speed(device: str) -> list[Row]:
    """5000 against 5000 in at most 5 s."""
    rows = []
    for count in (1000, 2000, 5000, 10_000):
        balls = half_balls(count)
        rows.append(row_of(balls, *timed(balls, device, times=2)))
    return rows


def memory(device: str) -> list[Row]:
    """40 000 and 100 000 points, each in a process of its own for its peak."""
    rows = []
    for count in (5000, 40_000, 100_000):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "Testing.benchmarks.point_clouds",
                "--child",
                str(count),
                "--device",
                device,
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    return rows


def child(count: int, device: str) -> None:
    """One drift of `count` points, its peak memory and that of the imports."""
    import resource

    balls = half_balls(500)
    drift(balls.source, balls.target, balls.model, device=device)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    balls = half_balls(count)
    found, *seconds = timed(balls, device, times=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = row_of(balls, found, *seconds)
    print(json.dumps({**row, "peak_mb": round(peak), "before_mb": round(before)}))


def turned(device: str, count: int = 100) -> list[Row]:
    """Rotations up to 90 degrees, scales 0.5 to 2, 30 % outliers, 40 % missing: 95 of 100."""
    rows: list[Row] = []
    settings = DriftParameters(transform="similarity", start="global")
    for whole in (True, False):
        errors, seconds, warned = [], [], 0
        for seed in range(count):
            case = turned_body(seed, whole=whole)
            begun = time.perf_counter()
            found = drift(case.source, case.target, parameters=settings, device=device)
            seconds.append(time.perf_counter() - begun)
            errors.append(case.error(found.moved_mm))
            warned += bool(errors[-1] >= GOOD and found.warnings)
        failed = [seed for seed, error in enumerate(errors) if error >= GOOD]
        rows.append(
            {
                "missing": "here and there" if whole else "all on one side",
                "runs": count,
                "found": count - len(failed),
                "failed_seeds": failed,
                "failed_and_warned": warned,
                "median_error_percent": round(100 * float(np.median(errors)), 3),
                "median_seconds": round(float(np.median(seconds)), 2),
            }
        )
    return rows


def beside_pycpd(device: str) -> list[Row]:
    """The same half balls by pycpd's deformable registration (alpha 2, beta 2, w 0.1, 100 iterations)."""
    if importlib.util.find_spec("pycpd") is None:
        return [{"skipped": "pycpd is not installed (pip install pycpd)"}]
    from pycpd import DeformableRegistration

    balls = half_balls(2000)
    begun = time.perf_counter()
    registration = DeformableRegistration(
        X=balls.target.points, Y=balls.source.points, alpha=2, beta=2, w=0.1, max_iterations=100
    )
    registration.register()
    seconds = time.perf_counter() - begun
    mean, near = balls.errors(registration.transform_point_cloud(balls.points))
    return [
        {
            "program": "pycpd",
            "error_mm": round(mean, 3),
            "error_near_the_plane_mm": round(near, 3),
            "seconds": round(seconds, 1),
        }
    ]


PARTS: dict[str, Callable[[str], list[Row]]] = {
    "half_balls": sliding,
    "time": speed,
    "memory": memory,
    "turned": turned,
    "pycpd": beside_pycpd,
}


def main() -> None:
    """Measure the parts that are asked for and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("bench/point_clouds.json"))
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.device)
        return
    known = json.loads(asked.output.read_text()) if asked.output.exists() else {}
    for part in asked.only:
        known[part] = PARTS[part](asked.device)
        known["machine"] = f"{platform.machine()}, {platform.python_version()}, {asked.device}"
        print(part, json.dumps(known[part], indent=1))
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    main()
