"""A scan written as CT slices is read back where it was, whole HU, in one series."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import torch

from RegSuite.errors import GeometryError
from RegSuite.geometry import Grid, Image
from RegSuite.io import read_image
from RegSuite.io.image_series import image_series, made_series
from RegSuite.io.write_ct import write_ct

TURN = np.linalg.qr(np.array([[0.9, -0.3, 0.2], [0.35, 0.85, -0.3], [-0.1, 0.4, 0.9]]))[0]
TURN = TURN * np.sign(np.diag(TURN))


def a_scan(direction) -> Image:
    values = torch.from_numpy(np.random.default_rng(0).uniform(-1200, 3000, (1, 5, 6, 7))).float()
    return Image(values, Grid.make((7, 6, 5), (1.5, 2.0, 3.0), (-30.0, 12.0, 99.5), direction), name="scan")


@pytest.mark.parametrize("direction", [np.eye(3), TURN, np.diag([1.0, -1.0, 1.0])[[0, 2, 1]]])
def test_values_stand_where_they_stood(tmp_path, direction):
    scan = a_scan(direction)
    written = write_ct(scan, tmp_path / "ct", of=made_series())
    read = read_image(tmp_path / "ct")
    points = scan.grid.all_points()
    index = np.rint(read.grid.index(points)).astype(int)
    np.testing.assert_allclose(read.grid.points(index), points, atol=1e-6)
    found = read.data[0].numpy()[index[..., 2], index[..., 1], index[..., 0]]
    np.testing.assert_allclose(found, scan.data[0].numpy().clip(-1024), atol=0.5)
    assert read.modality == "CT"
    assert written.grid is not None
    assert written.grid.same_space(read.grid)


def test_the_slices_are_one_series_in_the_frame_given(tmp_path):
    of = made_series()
    written = write_ct(a_scan(np.eye(3)), tmp_path / "ct", of=of, description="day 2")
    again = image_series(tmp_path / "ct")
    assert (again.frame_of_reference, again.study) == (of.frame_of_reference, of.study)
    assert (again.series, again.images) == (written.series, written.images)
    slices = [pydicom.dcmread(f) for f in written.files]
    assert len({s.SOPInstanceUID for s in slices}) == 5
    assert {s.SeriesDescription for s in slices} == {"day 2"}
    assert {(s.RescaleSlope, s.RescaleIntercept, s.RescaleType) for s in slices} == {(1, -1024, "HU")}


def test_what_is_no_volume_of_one_value_is_refused(tmp_path):
    field = Image(torch.zeros(3, 4, 4, 4), Grid.make((4, 4, 4)), name="field")
    with pytest.raises(GeometryError, match="3 values a voxel"):
        write_ct(field, tmp_path / "ct", of=made_series())
    assert not (tmp_path / "ct").exists()
