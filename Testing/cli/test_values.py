"""--set and --parameters become one mapping of the values meant."""

from __future__ import annotations

import pytest

from RegSuite.cli.values import method_parameters
from RegSuite.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("iterations=50", {"iterations": 50}),
        ("sigma_mm=1.5", {"sigma_mm": 1.5}),
        ("sigma-mm=1.5", {"sigma_mm": 1.5}),
        ("levels=[4, 2, 1]", {"levels": [4, 2, 1]}),
        ("levels=4,2,1", {"levels": [4, 2, 1]}),
        ("symmetric=false", {"symmetric": False}),
        ("similarity=lncc", {"similarity": "lncc"}),
        ("mask=null", {"mask": None}),
        ("formula=a=b", {"formula": "a=b"}),
    ],
)
def test_a_value_is_read_as_yaml(text, value):
    assert method_parameters(None, [text]) == value


def test_a_set_wins_over_the_file_and_the_later_over_the_earlier(tmp_path):
    file = tmp_path / "parameters.yaml"
    file.write_text("iterations: 10\nradius: 2\n")
    assert method_parameters(str(file), ["iterations=20", "iterations=30"]) == {"iterations": 30, "radius": 2}


def test_an_empty_file_sets_nothing(tmp_path):
    file = tmp_path / "parameters.yaml"
    file.write_text("# nothing\n")
    assert method_parameters(str(file), []) == {}


@pytest.mark.parametrize("text", ["iterations", "=3", "x=[1"])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(InputError, match="--set"):
        method_parameters(None, [text])


@pytest.mark.parametrize("content", ["- 1\n- 2\n", "just words", "a: [1", "1: 2\n"])
def test_a_file_that_is_no_mapping_is_refused_with_its_name(tmp_path, content):
    file = tmp_path / "parameters.yaml"
    file.write_text(content)
    with pytest.raises(InputError, match=r"parameters\.yaml"):
        method_parameters(str(file), [])


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.yaml"):
        method_parameters(str(tmp_path / "nowhere.yaml"), [])
