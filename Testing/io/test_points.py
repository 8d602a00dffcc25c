"""Points as CSV keep every digit, and errors name the line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from RegSuite.errors import InputError
from RegSuite.geometry import PointSet
from RegSuite.io import read_points, write_points
from Testing.data import data_folder


@settings(deadline=None, max_examples=30)
@given(
    points=hnp.arrays(
        float, st.tuples(st.integers(1, 8), st.sampled_from([2, 3])), elements=st.floats(-1e6, 1e6)
    ),
    with_more=st.booleans(),
)
def test_points_come_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory, points: np.ndarray, with_more: bool
) -> None:
    path = tmp_path_factory.mktemp("points") / "p.csv"
    labels = np.arange(len(points)) if with_more else None
    names = tuple(f'point, "{i}"' for i in range(len(points))) if with_more else None
    write_points(PointSet(points, labels, names), path)
    back = read_points(path)
    np.testing.assert_array_equal(back.points, points)
    assert back.names == names
    assert (back.labels is None) == (labels is None)
    if labels is not None:
        np.testing.assert_array_equal(back.labels, labels)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,c\n1,2,3\n", "no columns x,y,z; there are a, b, c"),
        ("x,y,z\n", "has no points"),
        ("", "no columns x,y,z; there are none"),
        ("x,y,z\n1,2,3\n1,two,3\n", "y is 'two', not a number(.|\n)*line 3"),
        ("x,y,z\n1,2\n", "z is 'None', not a number(.|\n)*line 2"),
        ("x,y,z,label\n1,2,3,1.5\n", "label 1.5 is no whole number(.|\n)*line 2"),
        ("x,y,z\n1,2,nan\n", "1 of 1 points are not finite"),
        ("x,y,z,label\n1,2,3,nan\n", "label nan is no whole number"),
    ],
)
def test_what_is_no_table_of_points_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_points(tmp_path / "p.csv")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="points file does not exist"):
        read_points(tmp_path / "p.csv")


def test_spaces_a_byte_order_mark_and_other_columns_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes("\ufeffname, x, y, z, remark\napex, 1, 2, 3, ok\n".encode())
    points = read_points(tmp_path / "p.csv")
    np.testing.assert_array_equal(points.points, [[1.0, 2.0, 3.0]])
    assert points.names == ("apex",)


def test_real_lung_keypoints_are_read_where_they_have_the_columns() -> None:
    folder = data_folder("lung_keypoints")
    tables = [p for p in sorted(folder.rglob("*.csv")) if p.read_text().split("\n")[0].startswith("x,y,z")]
    for path in tables[:3]:
        assert len(read_points(path)) == len(path.read_text().strip().split("\n")) - 1
