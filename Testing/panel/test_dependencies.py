"""Missing packages: found without importing them, asked for once, installed by Slicer, refused in words."""

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from RegSuite.errors import InputError

ROOT = Path(__file__).parents[2]

LOOKING = """
import sys
from Testing import harness
harness.start()
before = set(sys.modules)
from RegSuite.panel import dependencies
assert dependencies.missing() == [], dependencies.missing()
assert dependencies.panel_ready()
print(sorted({"torch", "numba", "pydantic", "yaml", "jinja2", "matplotlib"} & (set(sys.modules) - before)))
"""

OPENING_WITHOUT = """
import importlib.metadata, sys
from Testing import harness
harness.start()
absent = ("pydantic", "pydantic_core", "yaml", "torch", "numba", "jinja2", "matplotlib", "typer", "rich")
for name in [name for name in sys.modules if name.partition(".")[0] in absent]:
    del sys.modules[name]
sys.modules.update(dict.fromkeys(absent))
true_version = importlib.metadata.version
def version(name):
    if name in (*absent, "pyyaml"):
        raise importlib.metadata.PackageNotFoundError(name)
    return true_version(name)
importlib.metadata.version = version
panel = harness.open_panel(harness.load_module("Modules/AtlasRegistration/AtlasRegistration.py"))
print(panel.install_box.widget.visible, panel.install_box.label.text)
"""


@pytest.fixture
def dependencies(scene):
    from RegSuite.panel import dependencies as module
    from Testing.harness import messages

    messages.clear()
    module._refused.clear()
    yield module
    messages.clear()
    module._refused.clear()


@pytest.fixture
def without(monkeypatch, dependencies):
    """Makes packages absent until what is asked of Slicer or of the PyTorch extension has been installed."""
    import PyTorchUtils
    import slicer.packaging

    slicer.packaging.asked.clear()
    PyTorchUtils.asked.clear()

    def use(*names, installs=True):
        true_version = importlib.metadata.version

        def version(name):
            asked = bool(PyTorchUtils.asked) if name == "torch" else bool(slicer.packaging.asked)
            if name in names and not (installs and asked):
                raise importlib.metadata.PackageNotFoundError(name)
            return true_version(name)

        monkeypatch.setattr(importlib.metadata, "version", version)
        monkeypatch.setattr(dependencies, "version", version)
        return slicer.packaging.asked, PyTorchUtils.asked

    return use


def questions():
    from Testing.harness import messages

    return messages.of("question")


def test_nothing_missing_asks_nothing(dependencies):
    assert dependencies.ensure() == []
    assert questions() == []


def test_one_question_names_packages_and_sizes_and_all_are_installed(without, dependencies):
    by_slicer, by_pytorch = without("torch", "numba", "pyyaml")
    assert dependencies.ensure() == []
    assert len(questions()) == 1
    for words in ("torch>=2.4  (about 200 MB", "numba>=0.60  (about 45 MB)", "pyyaml", "Install them now?"):
        assert words in questions()[0]
    assert "jinja2" not in questions()[0]
    assert [set(asked.requirements) for asked in by_slicer] == [{"numba>=0.60", "pyyaml>=6.0"}]
    assert by_slicer[0].requester == "RegSuite"
    assert [asked["torchVersionRequirement"] for asked in by_pytorch] == [">=2.4"]
    assert not by_pytorch[0]["askConfirmation"]


def test_a_version_that_is_too_old_is_missing(monkeypatch, dependencies):
    monkeypatch.setattr(dependencies, "version", lambda name: "0.1")
    assert {r.name for r in dependencies.missing()} >= {"torch", "numba", "pydantic"}


def test_slicers_own_packages_are_held(without, dependencies, monkeypatch):
    import slicer.packaging

    without("numba", installs=False)
    held = []
    monkeypatch.setattr(
        slicer.packaging,
        "pip_ensure",
        lambda _reqs, constraints, **_: held.append(Path(constraints).read_text()),
    )
    with pytest.raises(InputError, match="not installed: numba"):
        dependencies.ensure()
    import numpy

    assert f"numpy=={numpy.__version__}\n" in held[0]
    assert "SimpleITK==" in held[0]


def test_a_refusal_is_remembered_and_told_with_the_mend(without, dependencies):
    from Testing.harness import messages

    by_slicer, _ = without("numba")
    messages.answer(False)
    for _attempt in range(2):
        with pytest.raises(
            InputError, match="numba missing, and not to be installed in this session"
        ) as error:
            dependencies.ensure()
    assert len(questions()) == 1
    assert by_slicer == []
    assert 'PythonSlicer -m pip install "numba>=0.60"' in error.value.mend
    assert dependencies.ensure(again=True) == []
    assert len(questions()) == 2


def test_a_missing_pytorch_extension_is_told_with_the_mend(without, dependencies, monkeypatch):
    without("torch")
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(InputError, match="torch is missing") as error:
        dependencies.ensure()
    assert "extension 'PyTorch'" in error.value.mend


def test_a_failed_installation_is_told(without, dependencies, monkeypatch):
    import slicer.packaging

    def fail(*_arguments, **_options):
        raise subprocess.CalledProcessError(1, "pip install")

    without("numba")
    monkeypatch.setattr(slicer.packaging, "pip_ensure", fail)
    with pytest.raises(InputError, match="the installation failed") as error:
        dependencies.ensure()
    assert "network" in error.value.mend


def test_a_package_replaced_while_in_use_asks_for_a_restart(dependencies, monkeypatch):
    import slicer.packaging

    versions = {"numba": "0.1"}
    true_version = importlib.metadata.version
    monkeypatch.setitem(sys.modules, "numba", object())
    monkeypatch.setattr(dependencies, "version", lambda name: versions.get(name) or true_version(name))
    monkeypatch.setattr(slicer.packaging, "pip_ensure", lambda *_a, **_o: versions.update(numba="0.99"))
    assert dependencies.ensure() == ["Restart Slicer: numba was replaced while in use"]


def test_forms_need_less_than_the_worker(without, dependencies):
    without("torch", "numba", "jinja2", "matplotlib")
    assert dependencies.panel_ready()
    without("pyyaml")
    assert not dependencies.panel_ready()


def test_looking_imports_nothing(scene):
    run = subprocess.run([sys.executable, "-c", LOOKING], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"


def test_a_module_opens_in_a_slicer_without_any_of_the_packages(scene):
    run = subprocess.run(
        [sys.executable, "-c", OPENING_WITHOUT], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
    shown, _, words = run.stdout.strip().partition(" ")
    assert shown == "True"
    assert "pydantic>=2.7" in words


def test_every_requirement_stands_in_pyproject_too():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = [
        line
        for line in (ROOT / "Resources" / "requirements.txt").read_text().splitlines()
        if line[:1] not in ("", "#")
    ]
    assert set(ours) <= set(project["dependencies"])
    brought_by_slicer = {"numpy", "scipy", "SimpleITK", "pydicom"}
    of_the_command_alone = {"typer", "rich"}
    left_out = {Requirement(d).name for d in project["dependencies"]} - {Requirement(o).name for o in ours}
    assert left_out == brought_by_slicer | of_the_command_alone


def test_the_worker_runs_without_what_is_left_out():
    """Neither workflows nor the worker import what only the command needs."""
    code = (
        "import sys; sys.modules.update(typer=None, rich=None); "
        "import RegSuite.backend.worker, RegSuite.workflows.register, RegSuite.report, RegSuite.workflows.run"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr


def test_the_install_box_stands_until_everything_is_there(without, dependencies):
    from RegSuite.panel.install_box import InstallBox
    from Testing.harness import messages

    without("pydantic")
    ready = []
    box = InstallBox(lambda: ready.append(True))
    box.widget.show()
    assert "pydantic>=2.7" in box.label.text
    messages.answer(False)
    box.button.click()
    assert "not to be installed in this session" in box.label.text
    assert box.button.enabled
    assert ready == []
    box.button.click()
    assert ready == [True]
    assert not box.widget.visible


def test_the_install_box_never_stands_as_a_window_of_its_own(without, dependencies):
    import qt

    from RegSuite.panel.install_box import InstallBox

    without("pydantic")
    box = InstallBox(lambda: None)
    assert not box.widget.visible
    home = qt.QWidget()
    qt.QVBoxLayout(home).addWidget(box.widget)
    home.show()
    assert box.widget.visible
    home.hide()
