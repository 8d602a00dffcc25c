"""The sums over sample points in plain torch: the reference of kernels.py, and the way on other devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from RegSuite.methods.linear.points import Points
from RegSuite.methods.linear.pyramid import BINS, Level

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class TorchSamples:
    """As compiled.Samples: values [K, N, 4], inside [K, N] (bool), on the device."""

    values: Tensor
    inside: Tensor


class TorchSums:
    """As compiled.CompiledSums, on any device of torch; float64 there for the sums."""

    def __init__(self, points: Points, moving: Level, device: str) -> None:
        self.points = points
        self.moving = moving
        self.device = device
        self.scaled = self._tensor(points.scaled)
        self.fixed = self._tensor(points.values)
        self.fixed_bin = self.fixed.round().long().clamp(1, BINS - 2)
        self.volume = self._tensor(moving.volume)
        self.valid = self._tensor(moving.valid).bool() if moving.valid.size else None

    def _tensor(self, values: NDArray[np.generic] | FloatArray) -> Tensor:
        return torch.as_tensor(np.array(values)).to(self.device)

    def sample(self, maps: FloatArray) -> TorchSamples:
        """Trilinear value and gradient per voxel at maps [K, 3, 4] of the scaled points."""
        m = self._tensor(maps)
        index = self.scaled.double() @ m[:, :, :3].mT + m[:, None, :, 3]
        size = torch.tensor(self.volume.shape[::-1], device=self.device)
        low, high = index < -0.5, index > size - 0.5
        faces = self._tensor(self.moving.faces).bool()
        unknown = ((low & ~faces[0::2]) | (high & ~faces[1::2])).any(dim=-1)
        beyond = (low | high).any(dim=-1)
        clamped = torch.minimum(index.clamp(min=0), (size - 1).double())
        lower = torch.minimum(clamped.floor().long(), (size - 2).clamp(min=0))
        fraction = (clamped - lower).float()
        moves = ((index > 0) & (index < size - 1)).float()
        out = self._trilinear(lower, fraction, size) * torch.cat([torch.ones_like(moves[..., :1]), moves], -1)
        rest = torch.tensor([self.moving.background, 0.0, 0.0, 0.0], device=self.device)
        out = torch.where((beyond | unknown)[..., None], rest, out)
        inside = ~unknown
        if self.valid is not None:
            x, y, z = (lower + (fraction + 0.5).long()).unbind(-1)
            inside = inside & (self.valid[z, y, x] | beyond)
        return TorchSamples(out, inside)

    def _trilinear(self, lower: Tensor, fraction: Tensor, size: Tensor) -> Tensor:
        """[K, N, 4] value and its derivative along x, y, z."""
        upper = torch.minimum(lower + 1, size - 1)
        out = torch.zeros((*lower.shape[:-1], 4), device=self.device)
        for corner in range(8):
            high = [bool(corner >> axis & 1) for axis in range(3)]
            x, y, z = (upper[..., a] if high[a] else lower[..., a] for a in range(3))
            value = self.volume[z, y, x]
            w = [fraction[..., a] if high[a] else 1 - fraction[..., a] for a in range(3)]
            sign = [1.0 if h else -1.0 for h in high]
            out[..., 0] += value * w[0] * w[1] * w[2]
            out[..., 1] += value * sign[0] * w[1] * w[2]
            out[..., 2] += value * w[0] * sign[1] * w[2]
            out[..., 3] += value * w[0] * w[1] * sign[2]
        return out

    def counts(self, samples: TorchSamples) -> FloatArray:
        """[K] points at which the moving image is known."""
        return np.asarray(samples.inside.sum(dim=1).cpu().numpy(), float)

    def histograms(self, samples: TorchSamples) -> FloatArray:
        """[K, B, B] joint histograms (fixed, moving) with cubic Parzen windows."""
        u = samples.values[..., 0]
        j, weights, _ = _window(u)
        k = torch.arange(len(u), device=self.device)[:, None]
        out = torch.zeros(len(u) * BINS * BINS, dtype=torch.float64, device=self.device)
        for offset in range(4):
            flat = (k * BINS + self.fixed_bin) * BINS + j + offset - 1
            out.index_add_(0, flat.ravel(), (weights[offset] * samples.inside).double().ravel())
        return np.asarray(out.reshape(-1, BINS, BINS).cpu().numpy())

    def information_slopes(
        self, samples: TorchSamples, log_ratio: FloatArray, curvature: FloatArray
    ) -> tuple[Tensor, Tensor]:
        """Slope and curvature [K, N] of mutual information at each point."""
        table, bend = self._tensor(log_ratio).float(), self._tensor(curvature).float()
        j, _, slopes = _window(samples.values[..., 0])
        k = torch.arange(len(j), device=self.device)[:, None]
        slope = torch.stack([slopes[o] * table[k, self.fixed_bin, j + o - 1] for o in range(4)]).sum(dim=0)
        return slope * samples.inside, bend[:, self.fixed_bin] * samples.inside

    def moments(self, samples: TorchSamples) -> FloatArray:
        """[K, 6] count and means of f, m, f f, m m, f m over the known points."""
        known, m, f = samples.inside.double(), samples.values[..., 0].double(), self.fixed.double()
        n = known.sum(dim=1).clamp(min=1.0)
        terms = [known @ f, (known * m).sum(1), known @ (f * f), (known * m * m).sum(1), (known * m) @ f]
        return np.asarray(torch.stack([n, *(t / n for t in terms)], dim=1).cpu().numpy())

    def linear_slopes(
        self, samples: TorchSamples, a: FloatArray, b: FloatArray, c: FloatArray, w: FloatArray
    ) -> tuple[Tensor, Tensor]:
        """Slopes a f + b m + c and constant curvature w (each [K]) at the known points."""
        ta, tb, tc, tw = (self._tensor(v).float()[:, None] for v in (a, b, c, w))
        return samples.inside * (ta * self.fixed + tb * samples.values[..., 0] + tc), samples.inside * tw

    def local_correlation(
        self, samples: TorchSamples, flat: tuple[float, float]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sums [K, 3] of r^2, r |r| and weights, and the derivatives as `normal_equations` gives them."""
        size, k = self.points.patch, len(samples.inside)
        complete = samples.inside.reshape(k, -1, size).all(dim=2).double()
        f = self.fixed.double().reshape(1, -1, size)
        m = samples.values[..., 0].double().reshape(k, -1, size)
        g = samples.values[..., 1:].double().reshape(k, -1, size, 3)
        p = torch.cat([self.scaled, torch.ones_like(self.scaled[:, :1])], dim=1).double().reshape(-1, size, 4)
        f, m = f - f.mean(2, keepdim=True), m - m.mean(2, keepdim=True)
        own = (f * f).mean(2)
        vf, vm, c = own + flat[0], (m * m).mean(2) + flat[1], (f * m).mean(2)
        r2 = c * c / (vf * vm) * complete
        slope = (2 * c / (vf * vm) * complete)[..., None] * (f - (c / vm)[..., None] * m) / size
        gradient = torch.einsum("kqi,kqie,qij->kej", slope, g, p)
        g = g - g.mean(2, keepdim=True)
        g = g - torch.einsum("kqi,kqie->kqe", m, g)[:, :, None] / (size * vm)[..., None, None] * m[..., None]
        middle = p.mean(dim=1)
        full = torch.einsum("kq,kqie,kqif,qa,qb->kefab", 2 * r2 / (vm * size), g, g, middle, middle)
        sums = torch.stack([r2.sum(1), (r2 * c.sign()).sum(1), (complete * own / vf).sum(1)], dim=1)
        return sums.cpu().numpy(), gradient.cpu().numpy(), _packed(full)

    def normal_equations(
        self, samples: TorchSamples, slopes: Tensor, weights: Tensor
    ) -> tuple[FloatArray, FloatArray]:
        """Gradient [K, 3, 4] and packed curvature [K, 6, 10] of the map's entries."""
        p = torch.cat([self.scaled, torch.ones_like(self.scaled[:, :1])], dim=1).double()
        g = samples.values[..., 1:].double()
        gradient = (g * slopes.double()[..., None]).mT @ p
        outer = torch.einsum("na,nb->nab", p, p).reshape(len(p), 16)
        squares = (g[..., :, None] * g[..., None, :] * weights.double()[..., None, None]).reshape(
            *g.shape[:2], 9
        )
        full = (squares.mT @ outer).reshape(-1, 3, 3, 4, 4)
        return gradient.cpu().numpy(), _packed(full)


def _window(u: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Lower bin, and the four cubic B-spline weights and their slopes in u."""
    j = u.floor().long()
    t = u - j
    s = 1 - t
    weights = [s**3 / 6, (4 - 6 * t**2 + 3 * t**3) / 6, (4 - 6 * s**2 + 3 * s**3) / 6, t**3 / 6]
    return j, weights, [-s * s / 2, 1.5 * t * t - 2 * t, 2 * s - 1.5 * s * s, t * t / 2]


def _packed(full: Tensor) -> FloatArray:
    """[K, 6, 10] of [K, 3, 3, 4, 4]: the upper triangles."""
    i, j = np.triu_indices(3)
    a, b = np.triu_indices(4)
    return np.asarray(full.cpu().numpy()[:, i[:, None], j[:, None], a[None], b[None]])
