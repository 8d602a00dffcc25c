"""What each measure does not see: contrast, bias, the order of axes and channels."""

import pytest
import torch

from RegSuite.similarity import LNCC, make_similarity
from Testing.similarity.pairs import NAMES, SPACING, a_mask, a_pair, measure_of, smooth

LINEAR = [name for name in NAMES if name != "ssd"]
INVERTED = ["lncc", "mind", "ngf", "mi"]


@pytest.mark.parametrize("shape", [(10, 12), (7, 8, 9), (1, 9, 10)], ids=str)
@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_change_of_intensities_changes_nothing(name, shape):
    fixed, warped = a_pair(shape)
    measure = measure_of(name, len(shape))
    expected = float(measure.value(fixed, warped, a_mask(shape)))
    changed = float(measure.value(3.7 * fixed - 11, 0.02 * warped + 5, a_mask(shape)))
    assert changed == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", INVERTED)
def test_inverted_contrast_changes_nothing(name):
    fixed, warped = a_pair((7, 8, 9))
    measure = measure_of(name, 3)
    expected = float(measure.value(fixed, warped))
    assert float(measure.value(fixed, 4 - 2 * warped)) == pytest.approx(expected, rel=1e-9)


def test_correlation_changes_sign_with_the_contrast_and_its_square_does_not():
    fixed, warped = a_pair((7, 8, 9))
    r = float(make_similarity("ncc").value(fixed, warped))
    assert float(make_similarity("ncc").value(fixed, -warped)) == pytest.approx(-r)
    assert float(make_similarity("ncc", squared=True).value(fixed, -warped)) == pytest.approx(r * r)


def test_ssd_sees_a_shift_of_intensities():
    fixed, _ = a_pair((7, 8, 9))
    assert float(make_similarity("ssd").value(fixed, fixed + 3)) == pytest.approx(9)


def test_lncc_hardly_sees_a_smooth_bias_that_global_ncc_does_see():
    fixed = a_pair((10, 160))[0]
    bias = torch.linspace(0.5, 2, 160, dtype=torch.float64)
    biased = fixed * bias + 5 * bias  # 0.05 a voxel, of noise with standard deviation 1
    assert float(LNCC(radius=1).value(fixed, biased)) > 0.95
    assert float(make_similarity("ncc").value(fixed, biased)) < 0.5


def test_mutual_information_does_not_see_a_relabelling_of_tissues():
    # four tissues, far enough apart that their windows do not touch
    tissue = (a_pair((12, 13, 14))[0] * 1.2).round().clamp(-1, 2) + 1
    other = (a_pair((12, 13, 14))[1] * 1.2).round().clamp(-1, 2) + 1
    relabelled = torch.tensor([30.0, 0.0, 10.0, 20.0], dtype=torch.float64)[other.long()]
    measure = make_similarity("mi", bins=64)
    expected = float(measure.value(tissue, other))
    assert expected > 0.1
    assert float(measure.value(tissue, relabelled)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_axes_does_not_matter(name):
    fixed, warped = a_pair((6, 7, 8))
    mask = a_mask((6, 7, 8))
    options = {"radius": (1, 2, 3)} if name == "lncc" else {}
    measure = measure_of(name, 3, **options)
    expected = float(measure.value(fixed, warped, mask))
    if name == "lncc":
        options = {"radius": (2, 3, 1)}
    spacing = SPACING[3]
    turned = make_similarity(
        name,
        spacing=(spacing[1], spacing[2], spacing[0]),
        **options,
        **({"dilation": 1} if name == "mind" else {}),
    )
    turn = (2, 0, 1)  # tensor order z, y, x becomes x, z, y: so x, y, z becomes y, z, x
    moved = [image.permute(0, *(1 + k for k in turn)) for image in (fixed, warped)]
    assert float(turned.value(*moved, mask.permute(turn))) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_mirrored_images_are_as_similar(name):
    fixed, warped = a_pair((6, 7, 8))
    measure = measure_of(name, 3)
    expected = float(measure.value(fixed, warped))
    assert float(measure.value(fixed.flip(1, 3), warped.flip(1, 3))) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_the_value_of_channels_is_the_mean_of_their_values(name):
    fixed, warped = a_pair((6, 7, 8), channels=3)
    measure = measure_of(name, 3)
    each = [float(measure.value(fixed[c : c + 1], warped[c : c + 1])) for c in range(3)]
    assert float(measure.value(fixed, warped)) == pytest.approx(sum(each) / 3, rel=1e-12)


@pytest.mark.parametrize("shape", [(24, 26), (14, 15, 16)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_shift_by_a_voxel_or_two_is_worse_than_none(name, shape):
    measure = measure_of(name, len(shape))
    fixed = smooth(shape, (0.0,) * len(shape))
    best = float(measure.loss(fixed, fixed))
    for axis in range(len(shape)):
        losses = [best]
        for shift in (0.5, 1.0, 2.0):
            both = []
            for sign in (1, -1):
                offset = [0.0] * len(shape)
                offset[axis] = sign * shift
                both.append(float(measure.loss(fixed, smooth(shape, tuple(offset)))))
            losses.append(min(both))
        assert losses == sorted(losses)
        assert losses[1] > best


@pytest.mark.parametrize("name", INVERTED)
def test_with_another_contrast_the_match_is_still_the_optimum(name):
    shape = (14, 15, 16)
    fixed = smooth(shape, (0.0, 0.0, 0.0))
    measure = measure_of(name, 3)
    best = float(measure.loss(fixed, torch.exp(-0.5 * fixed)))
    for offset in ((1.0, 0, 0), (0, -1.0, 0), (0, 0, 1.0), (0, 0.5, 0)):
        shifted = torch.exp(-0.5 * smooth(shape, tuple(map(float, offset))))
        assert float(measure.loss(fixed, shifted)) > best
