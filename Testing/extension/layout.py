"""The extension as Slicer's CMake macros configure and install it, by the stand-in of Testing/cmake_stub.

python -m Testing.extension.layout FOLDER     lay it out there (make extension)
"""

from __future__ import annotations

import shutil
import subprocess
import sys
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


def main() -> int:
    """Lay the extension out anew in the folder that was named, and say what to do with it."""
    folder = Path(sys.argv[1]).absolute()
    if shutil.which("cmake") is None:
        sys.stderr.write("cmake is not installed\n")
        return 2
    shutil.rmtree(folder, ignore_errors=True)
    done = configure(ROOT, folder / "cmake")
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        return 1
    modules = install(folder / "cmake", folder / "installed")
    sys.stdout.write(f"add this folder to Slicer's additional module paths: {modules}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
