"""Writes CMake/Engine.cmake: every file of the engine that the extension installs (make files).

python CMake/list_engine.py           write it
python CMake/list_engine.py --check   say what it lacks or has too many, status 1 if anything
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "CMake" / "Engine.cmake"
_LEFT_OUT = ("__pycache__",)
_SUFFIXES_LEFT_OUT = (".pyc", ".nbi", ".nbc")


def engine_files(root: Path = ROOT) -> tuple[list[str], list[str]]:
    """Python files of RegSuite/, and all other files of RegSuite/ and Resources/, relative to `root`."""
    found = sorted(
        path.relative_to(root).as_posix()
        for folder in ("RegSuite", "Resources")
        for path in (root / folder).rglob("*")
        if path.is_file()
        and not any(part.startswith(".") or part in _LEFT_OUT for part in path.relative_to(root).parts)
        and path.suffix not in _SUFFIXES_LEFT_OUT
    )
    scripts = [file for file in found if file.endswith(".py")]
    return scripts, [file for file in found if not file.endswith(".py")]


def text_of(scripts: list[str], resources: list[str]) -> str:
    """The CMake file with these lists."""
    blocks = [
        "# Written by CMake/list_engine.py (make files): every file of the engine that is installed.",
        _listed("ENGINE_SCRIPTS", scripts),
        _listed("ENGINE_RESOURCES", resources),
    ]
    return "\n".join(blocks)


def listed_in(text: str) -> set[str]:
    """The files that a text of `text_of` lists."""
    return {line.strip() for line in text.splitlines() if line.startswith("  ") and line.strip() != ")"}


def _listed(name: str, files: list[str]) -> str:
    return "\n".join([f"set({name}", *(f"  {file}" for file in files), "  )\n"])


def main() -> int:
    """Write the list, or check it."""
    scripts, resources = engine_files()
    if "--check" not in sys.argv[1:]:
        LIST.write_text(text_of(scripts, resources), encoding="utf-8")
        return 0
    has, wants = listed_in(LIST.read_text(encoding="utf-8")), {*scripts, *resources}
    lines = [f"not listed: {file}" for file in sorted(wants - has)]
    lines += [f"listed, but not there: {file}" for file in sorted(has - wants)]
    sys.stderr.write("".join(f"{line}\n" for line in lines) + ("mend: make files\n" if lines else ""))
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())
