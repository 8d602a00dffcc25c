"""The Slicer extension: every file is listed, the installed layout works, the catalogue entry is valid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Testing import needs
from Testing.extension.layout import ROOT, configure, copy_of_sources, install


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder qt-scripted-modules of the installed extension."""
    needs.cmake()
    folder = tmp_path_factory.mktemp("extension")
    done = configure(ROOT, folder / "build")
    assert done.returncode == 0, done.stderr
    assert "CMake Warning" not in done.stderr
    return install(folder / "build", folder / "installed")


def python_in(modules: Path, code: str) -> str:
    """What code prints in a Python that knows the installed extension and not this checkout."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=modules.parent,
        env={**os.environ, "PYTHONPATH": str(modules)},
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_list_of_the_engines_files_is_complete():
    """`make files` writes it anew."""
    done = subprocess.run(
        [sys.executable, ROOT / "CMake" / "list_engine.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_installed_engine_is_the_one_that_is_imported_and_finds_its_resources(installed):
    code = (
        "import RegSuite; from RegSuite.resources import resources_folder\n"
        "print(RegSuite.__file__, resources_folder(), ' '.join(RegSuite.preset_names()), sep='\\n')"
    )
    package, resources, presets = python_in(installed, code).splitlines()
    assert Path(package) == installed / "RegSuite" / "__init__.py"
    assert Path(resources) == installed / "Resources"
    assert "brain-mri" in presets.split()


def test_every_module_of_the_installed_engine_has_come_along(installed):
    there = {path.relative_to(ROOT) for path in (ROOT / "RegSuite").rglob("*.py")}
    came = {path.relative_to(installed) for path in (installed / "RegSuite").rglob("*.py")}
    assert came == there


@pytest.mark.slow
def test_the_installed_engine_registers_and_writes_its_report(installed, tmp_path):
    """Templates and limits are files that are easily forgotten."""
    code = f"""
import numpy as np, SimpleITK as sitk, RegSuite
z, y, x = np.mgrid[:24, :24, :24]
fixed, moving = (
    sitk.GetImageFromArray(np.exp(-((x - c) ** 2 + (y - 12) ** 2 / 2 + (z - 12) ** 2 / 3) / 20.0))
    for c in (12, 13)
)
result = RegSuite.register(fixed, moving, method="rigid", threads=1)
result.save({str(tmp_path / "result")!r})
"""
    python_in(installed, code)
    assert "<h1>" in (tmp_path / "result" / "report.html").read_text(encoding="utf-8")


def test_each_module_lies_beside_the_engine_with_its_panel_and_its_icon(installed):
    for folder in sorted((ROOT / "Modules").iterdir()):
        name = folder.name
        assert (installed / f"{name}.py").is_file()
        assert (installed / "Resources" / "UI" / f"{name}.ui").is_file()
        assert (installed / "Resources" / "Icons" / f"{name}.png").is_file()


@pytest.mark.parametrize("forgotten", ["RegSuite/methods/forgotten.py", "Resources/presets/forgotten.yaml"])
def test_a_file_that_was_not_listed_is_named(tmp_path, forgotten):
    needs.cmake()
    source = copy_of_sources(tmp_path / "source")
    (source / forgotten).write_text("", encoding="utf-8")
    done = configure(source, tmp_path / "build")
    assert done.returncode != 0
    assert f"{forgotten} exists but is not listed" in " ".join(done.stderr.split())


def test_a_listed_file_that_is_missing_is_named(tmp_path):
    needs.cmake()
    source = copy_of_sources(tmp_path / "source")
    (source / "Modules/AtlasRegistration/Resources/UI/AtlasRegistration.ui").unlink()
    done = configure(source, tmp_path / "build")
    assert done.returncode != 0
    assert "AtlasRegistration.ui is listed but does not exist" in " ".join(done.stderr.split())


def test_the_catalogue_entry_has_the_fields_of_schema_1_0_2_and_the_extensions_dependencies():
    entry = json.loads((ROOT / "RegSuite.json").read_text(encoding="utf-8"))
    assert entry["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"]
    assert entry["scm_url"].startswith("https://")
    assert 1 <= entry["tier"] <= 5
    known = {"$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies"}
    assert set(entry) <= known | {"dicom_support_rule", "build_subdirectory", "enabled", "tier"}
    depends = f'set(EXTENSION_DEPENDS "{" ".join(entry["build_dependencies"])}")'
    assert depends in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def test_the_pictures_that_the_extension_names_are_in_the_repository():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    named = [word.strip('")') for word in text.split() if "raw.githubusercontent.com" in word]
    assert len(named) >= 3
    for address in named:
        path = ROOT / address.partition("/main/")[2]
        assert path.is_file(), path
