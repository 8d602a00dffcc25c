"""The command's help is quick, and lists what can be run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from RegSuite.cli.app import COMMANDS
from Testing.cli.command import ROOT, regsuite

HEAVY = ("torch", "numpy", "SimpleITK", "pydantic", "numba", "scipy", "matplotlib")


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['regsuite', '--help']\n"
        "from RegSuite.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "register" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="the standard library has no CPU time of children there")
def test_help_takes_at_most_three_tenths_of_a_second_of_cpu():
    """CPU time, the least of five: how long a busy machine lets it wait is not the command's doing."""
    import resource

    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    least = 9.0
    for _ in range(5):
        before = spent()
        assert regsuite("--help").returncode == 0
        least = min(least, spent() - before)
    assert least <= 0.3


def test_importing_the_package_imports_nothing_heavy():
    code = f"import sys, RegSuite; sys.stderr.write(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_listed_command_has_help_of_its_own():
    for name in COMMANDS:
        done = regsuite(name, "--help")
        assert done.returncode == 0, done.stderr
        assert "--help" in done.stdout


def test_the_version_is_the_packages():
    import RegSuite

    assert regsuite("--version").stdout.strip() == f"regsuite {RegSuite.__version__}"


@pytest.mark.parametrize("words", ["regster", "register", "register --nonsense", "methods --x"])
def test_wrong_usage_leaves_status_2_and_stdout_empty(words):
    done = regsuite(*words.split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr
