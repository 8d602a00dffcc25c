"""`regsuite methods` and `regsuite doctor`: tables for people, one line of JSON for programs."""

from __future__ import annotations

import json

from RegSuite.methods import get_method, method_names
from Testing.cli.command import regsuite


def test_the_list_names_every_method_on_stderr_and_leaves_stdout_empty():
    done = regsuite("methods")
    assert (done.returncode, done.stdout) == (0, "")
    for name in method_names():
        assert name in done.stderr


def test_json_of_all_methods_is_one_line_with_every_parameter():
    done = regsuite("methods", "--json")
    assert done.stdout.count("\n") == 1
    described = json.loads(done.stdout)
    assert tuple(described) == method_names()
    for name, method in described.items():
        assert set(method["parameters"]) == set(get_method(name).Parameters.model_fields)
        assert method["summary"]


def test_the_table_of_one_method_shows_its_parameters():
    done = regsuite("methods", "rigid")
    assert done.returncode == 0
    for name in get_method("rigid").Parameters.model_fields:
        assert name in done.stderr


def test_an_unknown_method_is_refused_with_the_near_one():
    done = regsuite("methods", "affin")
    assert done.returncode == 2
    assert "did you mean 'affine'?" in done.stderr


def test_the_doctor_names_versions_device_and_what_is_missing():
    found = json.loads(regsuite("doctor", "--json").stdout)
    assert found["versions"]["torch"]
    assert found["cores"] >= 1
    assert found["devices"][0]["device"] == "cpu"
    assert set(found["extras"]) == {"vtk", "slicer-core", "viewer"}
    for extra in found["extras"].values():
        assert extra["present"] or "pip install" in extra["for"]


def test_the_doctor_speaks_to_people_on_stderr():
    done = regsuite("doctor")
    assert done.stdout == ""
    assert "torch" in done.stderr
    assert "cores" in done.stderr
