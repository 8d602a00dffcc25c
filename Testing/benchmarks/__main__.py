"""`python -m Testing.benchmarks -o bench`: runs what rows.jsonl does not hold yet, then prints the table.

Each run is a process of its own. A run that was stopped is repeated, a finished one never:
RegSuite's rows are kept by `git describe`, the peers' by their version. What cannot run says why.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from Testing.benchmarks.pairs import Pair, all_pairs
from Testing.benchmarks.peers import PEERS
from Testing.benchmarks.rows import PROJECT, Rows, our_version, package_version
from Testing.benchmarks.table import write_tables

OURS = ("regsuite-deformable", "regsuite-bspline", "regsuite-demons", "regsuite-convex", "regsuite-command")
SLOW_PEERS = ("ants-syn-cc",)
KINDS = ("known-field", "labelled", "unlabelled", "scaling", "rigid-start", "gpu")
PEER_PACKAGES = {
    "greedy": "picsl_greedy", "sitk-demons": "SimpleITK", "ants-syn": "antspyx", "ants-syn-cc": "antspyx",
    "convexadam": "convexAdam", "elastix": "itk-elastix", "dipy-syn-cc": "dipy",
}  # fmt: skip


def main() -> int:
    """Run the missing rows and print the tables."""
    given = _arguments()
    given.output = given.output.resolve()
    rows = Rows(given.output)
    if given.table:
        print(write_tables(rows, given.docs))
        return 0
    if not given.data.is_dir():
        print(
            f"no data in {given.data}: give --data FOLDER (brain_t1 and brain_multimodal in it)",
            file=sys.stderr,
        )
        return 1
    pairs = [
        p
        for p in all_pairs(given.data)
        if p.kind in given.rows and (not given.pairs or p.name in given.pairs)
    ]
    runner = Runner(given, rows)
    for method in given.only or (*OURS, *(p for p in PEERS if p not in SLOW_PEERS), *SLOW_PEERS):
        for pair in _cheapest_first(pairs) if method in SLOW_PEERS else pairs:
            runner.registrations(method, pair)
    for name in ("scaling", "rigid-start", "gpu"):
        if name in given.rows and not given.pairs:
            runner.extra(name)
    print(write_tables(rows, given.docs))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("bench"))
    parser.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared" / "data", help="the data folder"
    )
    parser.add_argument("--only", nargs="+", metavar="METHOD", help=f"{', '.join((*OURS, *PEERS))}")
    parser.add_argument("--rows", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of rows")
    parser.add_argument("--pairs", nargs="+", help="names of pairs (FIXED_MOVING)")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each row; the table has medians")
    parser.add_argument("--again", type=int, default=0, help="further runs beside those that are there")
    parser.add_argument("--quick", action="store_true", help="images of half the size, for a look")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds a run may take")
    parser.add_argument("--lock", type=Path, help="hold this file's lock during each run (a shared machine)")
    parser.add_argument("--table", action="store_true", help="only print the tables")
    parser.add_argument("--docs", type=Path, help="write the tables into this file, between its markers")
    return parser.parse_args()


def _data() -> Path:
    """REGSUITE_TEST_DATA, else shared/data beside the project, as the tests have it."""
    return Path(os.environ.get("REGSUITE_TEST_DATA", PROJECT.parent / "shared" / "data"))


def _cheapest_first(pairs: list[Pair]) -> list[Pair]:
    """Pairs with the 2 mm template as fixed image come first."""
    return sorted(pairs, key=lambda pair: not pair.name.startswith("avg152"))


class Runner:
    """Starts the child processes."""

    def __init__(self, given: argparse.Namespace, rows: Rows) -> None:
        self.given, self.rows = given, rows
        self.suffix = ":half" if given.quick else ""
        self.pairs = given.output / ("pairs-half" if given.quick else "pairs")
        self.fields = given.output / ("fields-half" if given.quick else "fields")

    def registrations(self, method: str, pair: Pair) -> None:
        """The runs of one method on one pair that are still missing."""
        version = our_version() if method in OURS else package_version(PEER_PACKAGES[method])
        if version is None:
            return print(
                f"{method}: skipped, {PEER_PACKAGES[method]} is not installed (pip install '.[bench]')"
            )
        name = pair.name + self.suffix
        missing = self.given.again or self.given.repeat - self.rows.count(method, name, version)
        for _ in range(max(missing, 0)):
            if not self._prepared(pair):
                return None
            field = self.fields / method / f"{pair.name}.mha"
            found = self._child("Testing.benchmarks.child", method, self.pairs / pair.name, field,
                                "--threads", self.given.threads)  # fmt: skip
            self._keep(found, method=method, pair=name, kind=pair.kind, version=version)
            if "failed" in found:
                return None
        if missing > 0:
            self._consistency(method, pair, version)
        return None

    def _consistency(self, method: str, pair: Pair, version: str) -> None:
        """Both directions against each other, when both are there."""
        fields = [self.fields / method / f"{name}.mha" for name in (pair.name, pair.swapped_name())]
        swapped = pair.swapped_name() + self.suffix
        if pair.kind == "known-field" or not self.rows.count(method, swapped, version):
            return
        for name, there, back in ((pair.name, *fields), (pair.swapped_name(), *reversed(fields))):
            found = self._child("Testing.benchmarks.child", "consistency", there, back,
                                "--pair", self.pairs / name)  # fmt: skip
            self._keep(found, method=f"{method}/consistency", pair=name + self.suffix, version=version)

    def extra(self, name: str) -> None:
        """A row that is no registration of a pair: a module of its own that prints JSON."""
        version = our_version() + self.suffix
        if self.rows.count(name, "-", version) and not self.given.again:
            return
        module = f"Testing.benchmarks.{name.replace('-', '_')}"
        found = self._child(module, "--data", self.given.data, "--threads", self.given.threads,
                            *(["--quick"] if self.given.quick else []))  # fmt: skip
        self._keep(found, method=name, pair="-", kind=name, version=version)

    def _prepared(self, pair: Pair) -> bool:
        """Make the pair's folder where it is missing."""
        folder = self.pairs / pair.name
        if folder.is_dir():
            return True
        found = self._child("Testing.benchmarks.prepare", pair.name, self.given.data, folder,
                            *(["--half"] if self.given.quick else []), answers=False)  # fmt: skip
        if "failed" in found:
            print(f"{pair.name}: cannot be prepared: {found['failed']}", file=sys.stderr)
        return "failed" not in found

    def _keep(self, found: dict[str, object], **key: object) -> None:
        self.rows.add({**key, **found})
        words = found.get("failed") or found.get("skipped") or f"{found.get('wall_s', 0):.1f} s"
        print(f"{time.strftime('%H:%M:%S')} {key['method']} {key['pair']}: {words}", flush=True)

    def _child(self, module: str, *arguments: object, answers: bool = True) -> dict[str, object]:
        """Run a module in its own process; its JSON answer, or {"failed": why}."""
        threads = str(self.given.threads)
        names = ("OMP", "MKL", "OPENBLAS", "NUMBA", "VECLIB_MAXIMUM", "NUMEXPR")
        limits = {f"{name}_NUM_THREADS": threads for name in names}
        limits |= {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": threads, "REGSUITE_THREADS": threads}
        command = [sys.executable, "-m", module, *map(str, arguments)]
        with _locked(self.given.lock):
            try:
                done = subprocess.run(
                    command, cwd=PROJECT, env={**os.environ, **limits}, capture_output=True, text=True,
                    timeout=self.given.timeout, check=False,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                return {"failed": f"took longer than {self.given.timeout:.0f} s"}
        if done.returncode != 0:
            said = " / ".join(done.stderr.strip().splitlines()[-4:]) or "no message"
            return {"failed": f"exit status {done.returncode}: {said[-500:]}"}
        return json.loads(done.stdout) if answers else {}


@contextlib.contextmanager
def _locked(path: Path | None) -> Iterator[None]:
    """Hold an advisory lock, for machines on which other work waits for its turn."""
    if path is None:
        yield
        return
    import fcntl

    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
