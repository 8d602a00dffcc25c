"""A network over a volume of any size, in tiles whose cores together are the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as nnf
from torch import Tensor

if TYPE_CHECKING:
    from RegSuite.learning.uncertainty.network import UncertaintyNet

CORE = 96
"""Voxels of a tile's core along each axis; its margin comes on top. 160^3 voxels take some 1.3 GB."""


def nobody(done: float) -> None:
    """Tells nobody."""


def over_tiles(
    network: UncertaintyNet,
    inputs: Tensor,
    core: int = CORE,
    tell: Callable[[float], None] = nobody,
) -> Tensor:
    """The network's answer to [C, Z, Y, X] in tiles of `core` voxels: [3, Z, Y, X], on the CPU.

    Each tile is read with `network.reach` voxels around it and begins at a multiple of
    `network.stride`: the answer equals that of the whole volume but for rounding. A volume is padded
    at its far ends to whole strides, with 0. tell: takes the share done, after each tile.
    """
    device = next(network.parameters()).device
    shape = inputs.shape[1:]
    pad = [amount for n in reversed(shape) for amount in (0, -n % network.stride)]
    padded = nnf.pad(inputs, pad)
    core = max(network.stride, core // network.stride * network.stride)
    tiles = list(_tiles(tuple(padded.shape[1:]), core, network.reach))
    out = torch.empty((3, *padded.shape[1:]))
    with torch.inference_mode():
        for count, (read, inner, place) in enumerate(tiles, start=1):
            answer = network(padded[(slice(None), *read)][None].to(device))[0]
            out[(slice(None), *place)] = answer[(slice(None), *inner)].cpu()
            tell(count / len(tiles))
    return out[(slice(None), *(slice(n) for n in shape))]


def _tiles(
    shape: tuple[int, ...], core: int, reach: int
) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...], tuple[slice, ...]]]:
    """(what is read, the core within it, the core within the volume) of each tile."""
    corners = torch.cartesian_prod(*(torch.arange(0, n, core) for n in shape)).reshape(-1, len(shape))
    for corner in corners.tolist():
        ends = [min(c + core, n) for c, n in zip(corner, shape, strict=True)]
        first = [max(0, c - reach) for c in corner]
        last = [min(n, e + reach) for e, n in zip(ends, shape, strict=True)]
        yield (
            tuple(map(slice, first, last)),
            tuple(slice(c - f, e - f) for c, e, f in zip(corner, ends, first, strict=True)),
            tuple(map(slice, corner, ends)),
        )
