"""Normalised gradient fields against formulas."""

import pytest
import torch

from RegSuite.errors import InputError
from RegSuite.similarity import NGF
from RegSuite.similarity.masked_gradient import MaskedGradient
from Testing.similarity.pairs import SPACING, a_mask, noise


def ramp(shape, slope_per_mm):
    """An image that rises by slope (x, y, z order) a mm on a lattice of SPACING."""
    spacing = SPACING[len(shape)]
    axes = torch.meshgrid(*(torch.arange(n, dtype=torch.float64) for n in shape), indexing="ij")
    steps = zip(axes[::-1], slope_per_mm, spacing, strict=True)
    return torch.stack([g * s * a for a, g, s in steps]).sum(0)[None]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("shape", "f", "g"),
    [((6, 7), (1.0, 2.0), (-2.0, 0.5)), ((5, 6, 7), (1.0, 2.0, -1.0), (0.5, 0.3, 2.0))],
)
def test_two_ramps_have_the_sine_of_the_angle_in_mm_between_them(shape, f, g, masked):
    eta = 0.4
    a, b = torch.tensor(f), torch.tensor(g)
    expected = 1 - float((a @ b) ** 2 / ((a @ a + eta**2) * (b @ b + eta**2)))
    mask = None
    if masked:
        mask = torch.zeros(shape, dtype=torch.bool)
        mask[tuple(slice(1, 4) for _ in shape)] = True
    measure = NGF(spacing=SPACING[len(shape)], eta=eta)
    assert float(measure.value(ramp(shape, f), ramp(shape, g), mask)) == pytest.approx(expected, rel=1e-6)


def test_automatic_eta_is_the_mean_gradient_length():
    fixed = ramp((5, 6, 7), (1.0, 2.0, -1.0))
    # every gradient has the length eta, so |n|^2 = 1/2 and <n, n>^2 = 1/4
    assert float(NGF(spacing=SPACING[3]).value(fixed, -3 * fixed + 1)) == pytest.approx(0.75)


def test_spacing_matters_on_an_anisotropic_lattice():
    fixed, warped = noise((6, 7, 8), 1), noise((6, 7, 8), 2)
    assert float(NGF().value(fixed, warped)) != pytest.approx(
        float(NGF(spacing=(1, 1, 6)).value(fixed, warped)), rel=1e-4
    )


def test_a_single_slice_has_the_value_of_the_image_in_the_plane():
    fixed, warped = noise((8, 9), 1), noise((8, 9), 2)
    in_plane = float(NGF(spacing=(0.8, 1.7)).value(fixed, warped))
    thin = float(NGF(spacing=(0.8, 1.7, 5.0)).value(fixed[:, None], warped[:, None]))
    assert thin == pytest.approx(in_plane, rel=1e-12)


def test_derivatives_in_the_interior_are_central_differences():
    image = noise((5, 6, 7))
    found = MaskedGradient(None, SPACING[3])(image)
    expected = torch.gradient(image[0], spacing=SPACING[3][::-1])
    for axis in range(3):
        torch.testing.assert_close(found[0, axis], expected[2 - axis])


@pytest.mark.parametrize("shape", [(5, 6), (4, 5, 6), (1, 5, 6)], ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_the_adjoint_is_the_transposed_operator(shape, masked):
    operator = MaskedGradient(a_mask(shape).double() if masked else None, SPACING[len(shape)])
    image = noise(shape, 1)
    field = noise(shape, 2, channels=len(shape))[None]
    forward = float((operator(image) * field).sum())
    assert float((image * operator.adjoint(field)).sum()) == pytest.approx(forward, rel=1e-10)


def test_spacing_of_another_dimension_is_refused():
    with pytest.raises(InputError, match="2 dimensions"):
        NGF(spacing=(1, 1, 1)).value(noise((4, 5)), noise((4, 5)))
