"""The extension as Slicer's CMake macros configure and install it, by the stand-in of Testing/cmake_stub."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "Testing" / "cmake_stub"
MODULES = Path("lib") / "Slicer-5.12" / "qt-scripted-modules"

Done = subprocess.CompletedProcess[str]


def configure(source: Path, build: Path) -> Done:
    """`cmake` on an extension's source. No compiler is asked for: there is nothing to compile."""
    nothing = shutil.which("true") or "true"
    languages = [
        f"-DCMAKE_{language}_COMPILER{option}"
        for language in ("C", "CXX")
        for option in (f"={nothing}", "_FORCED=ON")
    ]
    words = ["cmake", "-S", source, "-B", build, "-G", "Unix Makefiles", f"-DSlicer_DIR={STUB}", *languages]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


def install(build: Path, prefix: Path) -> Path:
    """The folder of modules in what a configured extension installs."""
    subprocess.run(
        ["cmake", "--install", build, "--prefix", prefix],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return prefix / MODULES


def copy_of_sources(target: Path) -> Path:
    """The files that CMake reads, copied, to be spoilt."""
    for folder in ("RegSuite", "Resources", "Modules", "CMake"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "CMakeLists.txt", target)
    return target
