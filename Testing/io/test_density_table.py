"""Density tables read from CSV."""

from __future__ import annotations

import pytest

from RegSuite.errors import InputError
from RegSuite.io.density_table import read_density_table


def written(folder, text):
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_with_its_name_as_source(tmp_path):
    table = read_density_table(
        written(tmp_path, "name, HU, density\nair,-1000,0.0012\nwater,0,1\nbone,1000,1.6\n")
    )
    assert table.hu == (-1000.0, 0.0, 1000.0)
    assert table.density == (0.0012, 1.0, 1.6)
    assert table.source == "table.csv"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hu,rho\n0,1\n", "no columns hu,density; there are hu, rho"),
        ("", "there are none"),
        ("hu,density\n0,1\n5,one\n", "density is 'one', not a number\n.*line 3"),
        ("hu,density\n0\n", "density is 'None'"),
        ("hu,density\n5,1\n0,2\n", "do not rise"),
        ("hu,density\n-1000,1.2\n0,1000\n", "a density of 1000"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_name(tmp_path, text, words):
    with pytest.raises(InputError, match=words) as found:
        read_density_table(written(tmp_path, text))
    assert "table.csv" in str(found.value)


def test_a_table_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_density_table(tmp_path / "none.csv")
