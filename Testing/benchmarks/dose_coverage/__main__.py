"""`python -m Testing.benchmarks.dose_coverage -o bench/dose-coverage`: measures draws, then judges settings.

What a draw gave is kept by source, method and seed in .npz, what a setting gave in rows.jsonl, so that
a stopped run goes on. A setting (scale, floor, correlation) is chosen on the fitting draws
(`--draws fitting`) and measured on the unseen ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from Testing.benchmarks.dose_coverage.measured import FITTING, METHODS, UNSEEN, Measured, measured
from Testing.benchmarks.dose_coverage.report import chosen_rows, written_tables
from Testing.benchmarks.dose_coverage.score import Setting, calibration_of, judged
from Testing.benchmarks.dose_coverage.sources import SOURCES
from Testing.benchmarks.rows import Rows

DRAWS = {"fitting": FITTING, "unseen": UNSEEN}


def main() -> int:
    """Do what is missing within the seconds given, and print the tables."""
    given = _arguments()
    rows = Rows(given.output)
    settings = [Setting.parsed(text) for text in given.settings]
    if not given.table and not given.calibration:
        if not given.measured:
            _measure(given, time.monotonic() + given.seconds)
        _judge(given, rows, settings, time.monotonic() + given.seconds)
    if given.calibration:
        found = chosen_rows(rows, given.source, given.methods[0], DRAWS["unseen"], settings[0])
        calibration = calibration_of(found, settings[0], given.words)
        given.calibration.write_text(json.dumps(calibration.to_dict(), indent=2) + "\n", encoding="utf-8")
    if settings:
        print(written_tables(rows, given.source, settings, DRAWS))
    return 0


def _path(given: argparse.Namespace, method: str, seed: int) -> Path:
    return given.output / given.source / method / f"{seed}.npz"


def _measure(given: argparse.Namespace, end: float) -> None:
    """The draws of which nothing is kept yet."""
    for seed in DRAWS[given.draws][given.first :][: given.count]:
        missing = [method for method in given.methods if not _path(given, method, seed).is_file()]
        if not missing:
            continue
        if time.monotonic() > end:
            return print("stopped: the seconds are over", file=sys.stderr)
        for method, found in measured(seed, missing, SOURCES[given.source]).items():
            found.save(_path(given, method, seed))
        print(time.strftime("%H:%M:%S"), given.source, seed, flush=True)
    return None


def _judge(given: argparse.Namespace, rows: Rows, settings: list[Setting], end: float) -> None:
    """The settings for which a draw has no row yet."""
    kept = {(row["source"], row["method"], row["seed"], row["setting"]) for row in rows}
    for seed in DRAWS[given.draws][given.first :][: given.count]:
        for method in given.methods:
            key = {"source": given.source, "method": method, "seed": seed}
            wanted = [s for s in settings if (*key.values(), str(s)) not in kept]
            if time.monotonic() > end or not wanted or not _path(given, method, seed).is_file():
                continue
            found = Measured.load(_path(given, method, seed))
            paths = {name: _path(given, name, seed) for name in METHODS if name != method}
            others = {name: Measured.load(path) for name, path in paths.items() if path.is_file()}
            for setting in wanted:
                rows.add({**key, "setting": str(setting), **judged(found, setting, others)})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks.dose_coverage", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("bench/dose-coverage"))
    parser.add_argument("--source", choices=tuple(SOURCES), default="laplace")
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS), default=["deformable"])
    parser.add_argument("--draws", choices=tuple(DRAWS), default="unseen")
    parser.add_argument("--first", type=int, default=0, help="leave so many of these draws out")
    parser.add_argument("--count", type=int, help="only so many draws")
    parser.add_argument("--seconds", type=float, default=1e9, help="begin nothing new after so long")
    parser.add_argument(
        "--settings", nargs="*", default=[], help="SCALE,FLOOR_MM,CORRELATION_MM,same|independent"
    )
    parser.add_argument("--measured", action="store_true", help="judge what is there, measure no draw")
    parser.add_argument("--table", action="store_true", help="only print the tables")
    parser.add_argument("--calibration", type=Path, help="write the first setting's calibration to this file")
    parser.add_argument("--words", default="", help="what it was measured on, for the calibration")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
