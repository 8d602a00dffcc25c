"""Fixtures: local methods in the registry, the small pair as files."""

from __future__ import annotations

import pytest

from RegSuite import methods
from Testing.workflows.local_methods import NAMES
from Testing.workflows.small import write_pair


@pytest.fixture
def local_methods(monkeypatch):
    """The methods of local_methods.py, by name, for the time of a test."""
    for name, place in NAMES.items():
        monkeypatch.setitem(methods._METHODS, name, place)


@pytest.fixture
def a_pair_on_disk(tmp_path):
    """{role: file} of the small pair."""
    return write_pair(tmp_path)
