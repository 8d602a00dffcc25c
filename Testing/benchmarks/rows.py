"""What has been measured so far: one JSON line a run in rows.jsonl, added as soon as it is there."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


class Rows:
    """The rows of one output folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "rows.jsonl"

    def __iter__(self) -> Iterator[Row]:
        if self.path.is_file():
            for line in self.path.read_text().splitlines():
                yield json.loads(line)

    def count(self, method: str, pair: str, version: str) -> int:
        """How many finished runs there are of a method and version on a pair."""
        wanted = (method, pair, version)
        done = (r for r in self if "failed" not in r and "skipped" not in r)
        return sum((r["method"], r["pair"], r["version"]) == wanted for r in done)

    def add(self, row: Row) -> None:
        """Add a row with the date and the machine, in one write."""
        stamped = {**row, "date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
        with self.path.open("a") as stream:
            stream.write(json.dumps(stamped) + "\n")


def package_version(package: str) -> str | None:
    """The installed version; None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def our_version() -> str:
    """`git describe` of RegSuite's sources; with uncommitted changes the hash of what they say."""
    described = _git("describe", "--always", "--tags") or "unversioned"
    if not _git("status", "--porcelain", "--", "RegSuite"):
        return described
    digest = hashlib.sha256()
    for path in sorted((PROJECT / "RegSuite").rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{described}+{digest.hexdigest()[:8]}"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def machine() -> str:
    """Processor, cores, memory and Python in a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9 if hasattr(os, "sysconf") else 0
    software = f"{platform.system()}, Python {platform.python_version()}"
    return f"{cores} CPU cores ({_processor()}), {memory:.0f} GB, {software}"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
