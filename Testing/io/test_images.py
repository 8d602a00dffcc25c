"""Images are read as they stand in space, or refused with what, where and the mend."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from RegSuite.errors import GeometryError, InputError
from RegSuite.geometry import Grid, Image
from RegSuite.io import describe, read_image, write_image
from Testing.data import data_folder
from Testing.io.headers import CODES, PIXDIM, SROW_X, floats, shorts, write_nifti


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Random 2D and 3D grids, one-voxel axes, anisotropic, oblique, left-handed ones included."""
    ndim = draw(st.sampled_from([2, 3]))
    size = [draw(st.integers(1 if ndim == 3 else 2, 6)) for _ in range(ndim)]
    spacing = [draw(st.floats(0.1, 8.0)) for _ in range(ndim)]
    origin = [draw(st.floats(-400, 400)) for _ in range(ndim)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    direction, _ = np.linalg.qr(rng.standard_normal((ndim, ndim)))
    return Grid.make(size, spacing, origin, direction)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
@settings(deadline=None, max_examples=25)
@given(grid=grids(), channels=st.sampled_from([1, 4]))
def test_what_is_written_is_read_back_at_the_same_places(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, grid: Grid, channels: int
) -> None:
    path = tmp_path_factory.mktemp("round") / f"image{suffix}"
    data = torch.randn((channels, *grid.shape), generator=torch.Generator().manual_seed(3))
    image = Image(data, grid)
    # a NIfTI file of several channels and one slice is read as 2D: ITK drops the axis
    if channels > 1 and ".nii" in suffix and grid.ndim == 3 and grid.size[2] == 1:
        return
    write_image(image, path)
    back = read_image(path, expect_ndim=grid.ndim)
    assert back.grid.size == grid.size
    np.testing.assert_allclose(back.grid.corners(), grid.corners(), atol=2e-3)
    assert torch.equal(back.data, data)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_name_path_and_type_are_kept(tmp_path: Path) -> None:
    image = read_image(write_nifti(tmp_path / "ct.nii"))
    assert (image.name, image.path, image.modality) == ("ct.nii", tmp_path / "ct.nii", None)
    assert image.data.dtype == torch.float32
    assert "4x3x2 voxels of 1.5x1.5x1.5 mm" in describe(image)
    assert "values 0..23" in describe(image)


@pytest.mark.parametrize(("key", "word", "modality"), [("Modality", "CT", "CT"), ("modality", "DWMRI", "MR")])
def test_the_modality_of_an_nrrd_header_is_kept(tmp_path: Path, key: str, word: str, modality: str) -> None:
    source = sitk.Image([3, 3, 3], sitk.sitkInt16)
    source.SetMetaData(key, word)
    sitk.WriteImage(source, str(tmp_path / "a.nrrd"))
    assert read_image(tmp_path / "a.nrrd").modality == modality


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"does not exist(.|\n)*where: .*nowhere\.nii(.|\n)*mend: check the name"
    ):
        read_image(tmp_path / "nowhere.nii")


@pytest.mark.parametrize("spacing", [0.0, -2.0, float("nan"), float("inf")])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_nifti_spacing_that_simpleitk_would_mend_silently_is_refused(
    tmp_path: Path, spacing: float, axis: int
) -> None:
    path = write_nifti(tmp_path / "a.nii", floats(PIXDIM + 4 + 4 * axis, spacing))
    with pytest.raises(
        GeometryError, match=rf"spacing .*{spacing:g}.* mm is not positive(.|\n)*field pixdim"
    ):
        read_image(path)


@pytest.mark.parametrize("spacing", [b"0", b"-2"])
@pytest.mark.parametrize("field", [b"ElementSpacing"])
def test_a_metaimage_spacing_that_is_not_positive_is_refused(
    tmp_path: Path, spacing: bytes, field: bytes
) -> None:
    path = tmp_path / "a.mha"
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkFloat32), str(path))
    path.write_bytes(path.read_bytes().replace(field + b" = 1 1 1", field + b" = " + spacing + b" 1 1"))
    with pytest.raises(GeometryError, match="not positive(.|\n)*field ElementSpacing"):
        read_image(path)


def test_an_nrrd_axis_without_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nrrd"
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkFloat32), str(path))
    path.write_bytes(path.read_bytes().replace(b"(1,0,0)", b"(0,0,0)"))
    with pytest.raises(GeometryError, match="spacing is zero"):
        read_image(path)


@pytest.mark.parametrize(
    ("suffix", "straight", "sheared"),
    [
        (".mha", b"TransformMatrix = 1 0 0 0 1 0", b"TransformMatrix = 1 0.3 0 0 1 0"),
        (".nrrd", b"(1,0,0)", b"(1,0.3,0)"),
    ],
)
def test_a_sheared_direction_is_refused(tmp_path: Path, suffix: str, straight: bytes, sheared: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkFloat32), str(path))
    path.write_bytes(path.read_bytes().replace(straight, sheared))
    with pytest.raises(GeometryError, match=rf"not orthonormal(.|\n)*where: .*a{suffix}"):
        read_image(path)


def test_a_sheared_sform_without_a_qform_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", floats(SROW_X, -1.5, 0.5, 0, 0), shorts(CODES, 0, 1))
    with pytest.raises(GeometryError, match="sform is sheared"):
        read_image(path)


def test_a_sheared_sform_beside_a_qform_is_a_warning(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", floats(SROW_X, -1.5, 0.5, 0, 0), shorts(CODES, 1, 1))
    warnings: list[str] = []
    image = read_image(path, warnings=warnings)
    assert "the sform is sheared" in warnings[0]
    np.testing.assert_allclose(image.grid.direction, np.eye(3), atol=1e-6)


def test_sform_and_qform_that_disagree_are_a_warning_with_the_distance(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", floats(SROW_X + 12, 30.0), shorts(CODES, 1, 1))
    warnings: list[str] = []
    image = read_image(path, warnings=warnings)
    assert "up to 30.0 mm apart; the sform was taken" in warnings[0]
    assert image.grid.origin[0] == pytest.approx(-30.0)


def test_a_sform_of_another_voxel_size_than_pixdim_is_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", floats(SROW_X, -3.0), shorts(CODES, 1, 1))
    with pytest.raises(
        GeometryError, match=r"voxel size 3, 1\.5, 1\.5 mm in the sform, 1\.5, 1\.5, 1\.5 mm in pixdim"
    ):
        read_image(path)


def test_a_nifti_without_any_form_is_read_with_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    read_image(write_nifti(tmp_path / "a.nii", shorts(CODES, 0, 0)), warnings=warnings)
    assert "neither sform nor qform" in warnings[0]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@settings(deadline=None, max_examples=15)
@given(share=st.floats(0.0, 0.97))
def test_a_file_cut_short_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, share: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / f"a{suffix}"
    data = torch.randn((1, 8, 9, 10), generator=torch.Generator().manual_seed(1))
    write_image(Image(data, Grid.make((10, 9, 8))), path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(InputError, match="mend: "):
        read_image(path)


def test_a_gzip_file_of_two_members_is_whole(tmp_path: Path) -> None:
    raw = write_nifti(tmp_path / "a.nii").read_bytes()
    path = tmp_path / "b.nii.gz"
    path.write_bytes(gzip.compress(raw[:360]) + gzip.compress(raw[360:]))
    assert float(read_image(path).data.max()) == 23


def test_frames_are_counted_and_refused(tmp_path: Path) -> None:
    path = write_nifti(tmp_path / "a.nii", size=(4, 3, 2, 5))
    with pytest.raises(
        InputError, match="4D with 5 frames where one volume is wanted(.|\n)*extract one frame"
    ):
        read_image(path)


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha"])
def test_a_4d_image_of_one_frame_is_3d(tmp_path: Path, suffix: str) -> None:
    image = sitk.JoinSeries([sitk.Image([4, 3, 2], sitk.sitkInt16)])
    sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
    assert read_image(tmp_path / f"a{suffix}", expect_ndim=3).grid.size == (4, 3, 2)


def test_another_dimension_than_wanted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GeometryError, match="the image is 3D where 2D is wanted"):
        read_image(write_nifti(tmp_path / "a.nii"), expect_ndim=2)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_not_a_number_is_refused_with_counts_and_the_first_voxel(tmp_path: Path, suffix: str) -> None:
    data = torch.zeros((1, 3, 4, 5))
    data[0, 1, 2, 3] = float("nan")
    data[0, 2, 0, 0] = float("inf")
    write_image(Image(data, Grid.make((5, 4, 3))), tmp_path / f"a{suffix}")
    with pytest.raises(
        InputError, match=r"1 NaN and 1 infinite values in 60, the first at voxel \(3, 2, 1\)"
    ):
        read_image(tmp_path / f"a{suffix}")


def test_a_complex_image_is_refused(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.Image([4, 3, 2], sitk.sitkComplexFloat32), str(tmp_path / "a.nii"))
    with pytest.raises(InputError, match="complex(.|\n)*magnitude"):
        read_image(tmp_path / "a.nii")


def test_a_grey_png_is_read_with_a_word_on_its_pixel_size(tmp_path: Path) -> None:
    sitk.WriteImage(
        sitk.GetImageFromArray(np.arange(12, dtype=np.uint8).reshape(3, 4)), str(tmp_path / "a.png")
    )
    warnings: list[str] = []
    image = read_image(tmp_path / "a.png", warnings=warnings)
    np.testing.assert_array_equal(image.data[0].numpy(), np.arange(12).reshape(3, 4))
    assert warnings == ["a.png: the format stores no pixel size; 1 mm a pixel is assumed"]


@pytest.mark.parametrize("channels", [3, 4])
def test_colours_become_luminance_with_a_warning(tmp_path: Path, channels: int) -> None:
    colours = np.full((3, 4, channels), (200, 100, 50, 255)[:channels], np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(colours, isVector=True), str(tmp_path / "a.png"))
    warnings: list[str] = []
    image = read_image(tmp_path / "a.png", warnings=warnings)
    assert image.channels == 1
    assert float(image.data[0, 0, 0]) == pytest.approx(0.2126 * 200 + 0.7152 * 100 + 0.0722 * 50, abs=1e-3)
    assert any("luminance" in w for w in warnings)


def test_a_text_file_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "a.nii.gz").write_text("hello")
    with pytest.raises(InputError, match="no format that SimpleITK reads"):
        read_image(tmp_path / "a.nii.gz")


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_a_header_with_random_bytes_is_read_or_refused_but_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = write_nifti(tmp_path_factory.mktemp("fuzz") / "a.nii")
    raw = bytearray(path.read_bytes())
    # sizes are left alone: a size of 30000^3 is a matter of memory, not of the header
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.sampled_from([*range(76, 108), *range(252, 328)]))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw))
    where, size = str(path), (4, 3, 2)
    try:
        image = read_image(path)
        size = image.grid.size
        assert np.isfinite(image.grid.matrix).all()
    except InputError as error:
        where = error.where
    assert size == (4, 3, 2)
    assert str(path) in where


def test_a_real_oblique_scan_is_where_simpleitk_has_it() -> None:
    path = data_folder("prostate_mr", "10000_1000000_adc.mha")
    image, other = read_image(path), sitk.ReadImage(str(path))
    index = (100, 10, 30)
    np.testing.assert_allclose(
        image.grid.points(index), other.TransformIndexToPhysicalPoint(index), atol=1e-6
    )
    assert float(image.data[0, 30, 10, 100]) == other[index]


def test_all_real_brains_are_read_without_a_warning() -> None:
    for path in sorted(data_folder("brain_t1").glob("*_seg.nii.gz")) + [
        data_folder("brain_t1", "mni_brain.nii.gz")
    ]:
        warnings: list[str] = []
        assert read_image(path, expect_ndim=3, warnings=warnings).channels == 1
        assert warnings == []
