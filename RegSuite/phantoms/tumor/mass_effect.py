"""The mass effect of a tumour as a formula: points move along rays from its seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from RegSuite.phantoms.tumor.directional import Directional

FloatArray = NDArray[np.float64]
OfRays = Callable[[FloatArray, FloatArray], FloatArray]
"""A function of radii [k] and unit vectors [k, d]: [k]."""

FALL = {2: 0.8, 3: 1.6}
"""Far from the core the displacement falls as r^(FALL - (d - 1)): 1/r^(d-1), which keeps all volume,
would leave nothing of it at the ventricles; tissue next to the tumour swells by the difference."""

SHARPNESS = 6
"""Of the bend at the core's surface: it is rounded over about a sixth of the radius."""

MAX_SHARE = 0.85
"""Of a ray's volume that is pushed; above 2^(-1/SHARPNESS) = 0.89 points would cross."""

CHUNK = 100_000
NEWTON_STEPS = 60
TOLERANCE_MM = 1e-9


@dataclass(frozen=True, eq=False)
class MassEffect:
    """A map of space that grows a core from a seed, from the grown to the healthy place and back.

    With n the direction from `centre` and a(n) the core's radius, b(n) the radius where nothing moves
    any more (inside the skull) and p(n) the share of the core's volume that is pushed, a point at r n
    was at rho n before:
        rho^d = r^d - p' a^d W(r / a) window((r - a) / (b - a)),   p' = 2^(1/q) p,
        W(s) = (s^(-q d) + s^(-q f))^(-1/q),  window(t) = (1 - t^2)^2 from t = 0 to 1,
    q = SHARPNESS, f = FALL. On the surface rho^d = (1 - p) a^d: the core displaces a share p of itself
    and replaces the rest. W rises slower than r^d / p' and the window falls, so that rho rises with r
    in every direction: the map has no fold, and its Jacobian determinant is d(rho^d) / d(r^d), exactly.

    shape: the logarithms of a and b in mm, and p's raw value (see `share_of`), as one Directional.
    """

    centre: FloatArray
    shape: Directional

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return len(self.centre)

    def along(self, directions: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """a, b in mm and p of unit vectors [..., d]."""
        values = self.shape(directions)
        return np.exp(values[..., 0]), np.exp(values[..., 1]), share_of(values[..., 2])

    def relative_radius(self, points_mm: FloatArray) -> FloatArray:
        """r / a(n) of grown points [..., d]: below 1 in the core."""
        return _in_chunks(lambda r, n: r / self.along(n)[0], points_mm - self.centre)

    def surface_distance(self, points_mm: FloatArray) -> FloatArray:
        """r - a(n) of grown points [..., d] in mm, along the ray: negative in the core."""
        return _in_chunks(lambda r, n: r - self.along(n)[0], points_mm - self.centre)

    def seed_distance(self, points_mm: FloatArray) -> FloatArray:
        """How far in mm healthy points [..., d] are, along the ray, from tissue that the core replaces."""

        def distance(rho: FloatArray, n: FloatArray) -> FloatArray:
            a, _, p = self.along(n)
            return rho - (1 - p) ** (1 / self.ndim) * a

        return _in_chunks(distance, points_mm - self.centre)

    def to_healthy(self, points_mm: FloatArray) -> FloatArray:
        """Where grown points [..., d] were before the tumour."""
        return self._moved(points_mm, lambda r, n: self._before(r, *self.along(n))[0])

    def to_grown(self, points_mm: FloatArray) -> FloatArray:
        """Where healthy points [..., d] are pushed to: `to_healthy`'s inverse to 1e-9 mm."""
        return self._moved(points_mm, lambda rho, n: self._after(rho, *self.along(n)))

    def determinant(self, points_mm: FloatArray) -> FloatArray:
        """det of the map from grown to healthy at grown points [..., d]: above 1 where tissue is squeezed."""
        return _in_chunks(lambda r, n: self._before(r, *self.along(n))[1], points_mm - self.centre)

    def _moved(self, points_mm: FloatArray, radius_of: OfRays) -> FloatArray:
        offset = points_mm - self.centre
        r = np.linalg.norm(offset, axis=-1)
        new = _in_chunks(radius_of, offset)
        factor = np.divide(new, r, out=np.ones_like(r), where=r > 0)
        return np.asarray(self.centre + offset * factor[..., None])

    def _before(
        self, r: FloatArray, a: FloatArray, b: FloatArray, p: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """rho and d(rho^d) / d(r^d)."""
        d, q, fall = self.ndim, SHARPNESS, FALL[self.ndim]
        s = np.maximum(r / a, 1e-9)
        z = s ** ((d - fall) * q)
        w = s**d * (1 + z) ** (-1 / q)
        slope = s ** (d - 1) * (1 + z) ** (-1 / q) * (d - (d - fall) * z / (1 + z)) / a
        t = np.clip((r - a) / (b - a), 0.0, 1.0)
        window, fading = (1 - t * t) ** 2, -4 * t * (1 - t * t) / (b - a)
        pushed = 2 ** (1 / q) * p * a**d
        power = r**d - pushed * w * window
        safe = np.maximum(r, 1e-9 * a)
        determinant = 1 - pushed * (slope * window + w * fading) / (d * safe ** (d - 1))
        return np.maximum(power, 0.0) ** (1 / d), determinant

    def _after(self, rho: FloatArray, a: FloatArray, b: FloatArray, p: FloatArray) -> FloatArray:
        """r with rho(r) = rho: Newton's method on rho^d, with bisection where it would leave the bracket."""
        d = self.ndim
        low, high = rho.copy(), np.where(rho < b, b, rho)
        r = np.clip(rho * (1 + 0.2 * (rho < a)), low, high)
        for _ in range(NEWTON_STEPS):
            found, determinant = self._before(r, a, b, p)
            error = found - rho
            low, high = np.where(error < 0, r, low), np.where(error > 0, r, high)
            if float(np.abs(error).max(initial=0.0)) < TOLERANCE_MM:
                break
            # d rho / d r = det (r / rho)^(d-1)
            slope = determinant * (r / np.maximum(found, 1e-9)) ** (d - 1)
            step = r - error / np.maximum(slope, 1e-9)
            r = np.where((step > low) & (step < high), step, (low + high) / 2)
        return np.asarray(r)


def share_of(raw: FloatArray) -> FloatArray:
    """Any number as a share between 0 and MAX_SHARE."""
    return np.asarray(MAX_SHARE / (1 + np.exp(-raw)))


def raw_of(share: FloatArray) -> FloatArray:
    """`share_of`'s inverse; shares are taken between 1 % and 99 % of MAX_SHARE."""
    part = np.clip(share / MAX_SHARE, 0.01, 0.99)
    return np.asarray(np.log(part / (1 - part)))


def _in_chunks(function: OfRays, offset: FloatArray) -> FloatArray:
    """function(r [k], n [k, d]) -> [k] over all offsets [..., d], a part at a time."""
    d = offset.shape[-1]
    flat = offset.reshape(-1, d)
    out = np.empty(len(flat))
    for start in range(0, len(flat), CHUNK):
        part = flat[start : start + CHUNK]
        r = np.linalg.norm(part, axis=-1)
        n = np.zeros_like(part)
        n[:, 0] = 1.0
        np.divide(part, r[:, None], out=n, where=r[:, None] > 0)
        out[start : start + CHUNK] = function(r, n)
    return out.reshape(offset.shape[:-1])
