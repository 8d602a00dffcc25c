"""Fixtures: the command in this process, the local methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from RegSuite import methods
from RegSuite.cli.app import build_app
from Testing.workflows.local_methods import NAMES


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys, monkeypatch) -> Callable[..., Ended]:
    """run("register", ...): `regsuite register ...` in this process, with the local methods.

    Another process would import torch anew, for two seconds a test.
    """
    for name, place in NAMES.items():
        monkeypatch.setitem(methods._METHODS, name, place)

    def run_command(*words: object) -> Ended:
        texts = [str(word) for word in words]
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            build_app(texts)(args=texts)
        streams = capsys.readouterr()
        return Ended(int(ended.value.code or 0), streams.out, streams.err)

    return run_command
