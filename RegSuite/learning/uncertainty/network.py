"""The network: fixed, moving and a found displacement in, the standard deviation of each component out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from RegSuite.learning.needs import need
from RegSuite.numerics.resample import warp

if TYPE_CHECKING:
    from RegSuite.learning.uncertainty.recipe import Recipe

CHANNELS = 5
"""Fixed, moving, and three components of the displacement."""


class UncertaintyNet(nn.Module):
    """A 3D U-Net that answers log SD: [B, 5, Z, Y, X] -> [B, 3, Z, Y, X], natural log of mm.

    Z, Y, X must be multiples of `stride`. A convolution makes features[0] maps, which each of the
    down-samplings doubles (paper 11, Sec. 2.4). There is no normalisation over the volume, so that
    a voxel's answer depends on the `reach` voxels around it and on nothing else: tiles give the
    same as the whole. The last layer starts at zero, its bias at `first_sd_mm`.
    Raises InputError where MONAI is not installed.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        need("monai")
        from monai.networks.nets.unet import UNet

        levels = len(recipe.features) - 1
        self.unet = UNet(
            spatial_dims=3,
            in_channels=CHANNELS,
            out_channels=3,
            channels=recipe.features,
            strides=(1,) + (2,) * (levels - 1),
            norm=None,  # type: ignore[arg-type]  # MONAI takes None for no normalisation
            act=("LEAKYRELU", {"negative_slope": 0.2}),
        )
        last = [m for m in self.unet.modules() if isinstance(m, nn.ConvTranspose3d)][-1]
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.constant_(last.bias, math.log(recipe.first_sd_mm))
        self.stride = 2 ** (levels - 1)
        self.reach = 4 * self.stride

    def forward(self, inputs: Tensor) -> Tensor:
        """Log of the SD in mm along the array's x, y, z axes."""
        answer: Tensor = self.unet(inputs)
        return answer


def network_input(fixed: Tensor, moving: Tensor, displacement_mm: Tensor, recipe: Recipe) -> Tensor:
    """[5, Z, Y, X] of normalised images [Z, Y, X] and a displacement [3, Z, Y, X] in mm along the axes.

    Where the displacement is not known (NaN) the network reads 0. The moving image is read as it is
    or, where the recipe says so, through the displacement.
    """
    field = torch.nan_to_num(displacement_mm, nan=0.0)
    if recipe.moving == "warped":
        identity = torch.eye(3, 4).numpy()
        moving = warp(moving[None], tuple(fixed.shape), identity, field / recipe.voxel_mm)[0]
    images = recipe.image_gain * torch.stack([fixed, moving])
    return torch.cat([images, field / recipe.displacement_mm])
