"""A head made of formulas: which tissue is at a point, in mm from the middle of the brain (LPS)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Structure:
    """An ellipsoid inside the brain. FreeSurfer's label numbers and names; lengths in mm.

    centre, half_axes: x, y, z (LPS: left, back, up are positive). yaw, pitch: degrees about z
    and x. grey: T1-like value, white matter being 1.
    """

    label: int
    name: str
    centre: tuple[float, float, float]
    half_axes: tuple[float, float, float]
    grey: float
    yaw: float = 0.0
    pitch: float = 0.0


WHITE, GREY, FLUID = 1.0, 0.66, 0.22
SCALP, SKULL, MUSCLE, AIR = 1.05, 0.12, 0.5, 0.02
CORTEX_MM = 3.4
SULCUS_DEPTH_MM = 24.0
SULCUS_SPACING_MM = 30.0
SULCUS_WAVES = 12
BRAIN_HALF_AXES_MM = (64.0, 81.0, 58.0)

CSF, OTHER_FLUID = 24, "CSF"
CEREBRUM = {"white": (2, 41), "cortex": (3, 42)}
CEREBELLUM = {"white": (7, 46), "cortex": (8, 47)}

# (left, right) label, name, |x| y z of the centre, half axes, grey, yaw of the left one, pitch
_PAIRED = (
    ((4, 43), "Lateral-Ventricle", (9.0, -16.0, 16.0), (4.5, 17.0, 7.5), FLUID, -10.0, -14.0),
    ((4, 43), "Lateral-Ventricle", (12.0, 6.0, 19.0), (4.5, 20.0, 5.5), FLUID, 10.0, 14.0),
    ((4, 43), "Lateral-Ventricle", (21.0, 29.0, 11.0), (5.0, 15.0, 6.0), FLUID, 24.0, -38.0),
    ((10, 49), "Thalamus", (10.5, 5.0, 5.5), (7.5, 14.0, 9.0), 0.8, 22.0, 0.0),
    ((11, 50), "Caudate", (14.5, -19.0, 8.0), (4.5, 12.0, 9.0), 0.68, -10.0, -18.0),
    ((12, 51), "Putamen", (26.5, -6.0, 1.5), (5.0, 16.0, 9.5), 0.72, 12.0, 0.0),
    ((13, 52), "Pallidum", (19.5, -4.0, 0.5), (3.6, 9.0, 6.0), 0.9, 16.0, 0.0),
    ((17, 53), "Hippocampus", (26.0, 14.0, -15.0), (5.0, 18.0, 5.0), 0.66, -18.0, 14.0),
    ((18, 54), "Amygdala", (23.0, -6.0, -18.0), (7.0, 6.5, 6.5), 0.65, 0.0, 0.0),
)
_SINGLE = (
    Structure(14, "3rd-Ventricle", (0.0, 3.0, 2.0), (2.2, 13.0, 9.0), FLUID),
    Structure(15, "4th-Ventricle", (0.0, 33.0, -30.0), (6.5, 5.0, 9.0), FLUID),
)
LEFT_IS_LARGER = {4: 1.3}
"""Factor on the left structures' half axes: the head is not its own mirror image."""


def structures() -> tuple[Structure, ...]:
    """All ellipsoids, the later ones on top of the earlier ones."""
    out = []
    for labels, name, (x, y, z), axes, grey, yaw, pitch in _PAIRED:
        for side, label, word in ((1, labels[0], "Left"), (-1, labels[1], "Right")):
            factor = LEFT_IS_LARGER.get(label, 1.0)
            half = (axes[0] * factor, axes[1] * (1 + (factor - 1) / 2), axes[2] * factor)
            out.append(Structure(label, f"{word}-{name}", (side * x, y, z), half, grey, -side * yaw, pitch))
    return (*out, *_SINGLE)


def label_names() -> dict[int, str]:
    """FreeSurfer's names of all labels that `tissue` gives."""
    names = {CSF: OTHER_FLUID, 16: "Brain-Stem"} | {s.label: s.name for s in structures()}
    for part, word in ((CEREBRUM, "Cerebral"), (CEREBELLUM, "Cerebellum")):
        for tissue, (left, right) in part.items():
            kind = "White-Matter" if tissue == "white" else "Cortex"
            names[left], names[right] = (f"{side}-{word}-{kind}" for side in ("Left", "Right"))
    return dict(sorted(names.items()))


Coordinates = tuple[Tensor, Tensor, Tensor]
"""x, y, z of all points in mm, [*shape] each."""


def tissue(points_mm: Coordinates, scalp: bool, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """T1-like value (float32) and label (int32, 0 outside the brain's hull) of points x, y, z [*shape].

    The generator decides the course of the sulci. Memory: about 12 float32 a point.
    """
    x, y, z = points_mm
    folds = _sulci(points_mm, generator)
    hull = _depth(points_mm, (0.0, 0.0, 6.0), BRAIN_HALF_AXES_MM)
    hull = torch.minimum(hull, 0.7 * (z + 26.0 - 0.11 * y))
    value = torch.full_like(x, AIR)
    label = torch.zeros(x.shape, dtype=torch.int32)
    if scalp:
        _put_scalp(value, points_mm, hull)
    _put_hindbrain(value, label, points_mm, folds)
    _put_cerebrum(value, label, hull, points_mm, folds)
    for structure in structures():
        inside = _inside(points_mm, structure)
        value[inside] = structure.grey
        label[inside] = structure.label
    return value, label


def _put_cerebrum(value: Tensor, label: Tensor, hull: Tensor, points_mm: Coordinates, folds: Tensor) -> None:
    """Fluid in sulci and fissure, the ribbon of grey matter along them, white matter within."""
    x, y, z = points_mm
    # the right frontal and the left occipital pole reach over the middle, as in most people
    from_middle = x + 2.5 * (y / 81.0)
    left = from_middle > 0
    # around the corpus callosum the hemispheres are joined
    callosum = ((y - 2.0) / 40.0) ** 2 + ((z - 4.0) / 27.0) ** 2
    from_fissure = from_middle.abs() + 12.0 * (1.15 - callosum).clamp(min=0.0)
    depth = (hull / SULCUS_DEPTH_MM).clamp(0.0, 1.0)
    surface = torch.minimum(hull, from_fissure - 0.6)
    surface = torch.minimum(surface, folds + 7.0 * depth**3 - 0.8)
    brain = hull > 0
    cortex, white = brain & (surface > 0.6), brain & (surface > 0.6 + CORTEX_MM)
    fluid = brain & ~cortex
    value[fluid], label[fluid] = FLUID, CSF
    for where, grey, tissue_name in ((cortex, GREY, "cortex"), (white, WHITE, "white")):
        value[where] = grey
        for side, number in zip((left, ~left), CEREBRUM[tissue_name], strict=True):
            label[where & side] = number


def _put_hindbrain(value: Tensor, label: Tensor, points_mm: Coordinates, folds: Tensor) -> None:
    """Cerebellum with its leaves, and the brain stem."""
    x, y, z = points_mm
    bed = _depth(points_mm, (0.0, 40.0, -33.0), (52.0, 34.0, 26.0)) > -1.0
    value[bed], label[bed] = FLUID, CSF
    leaves = 1.6 * torch.sin(1.1 * z + 0.35 * y + 0.25 * folds)
    for number, sign in enumerate((1.0, -1.0)):
        depth = _depth(points_mm, (sign * 23.0, 42.0, -34.0), (27.0, 29.0, 22.0))
        side = sign * x > 0
        inside, white = side & (depth > 0), side & (depth + leaves > 8.0)
        value[inside], label[inside] = 0.62, CEREBELLUM["cortex"][number]
        value[white], label[white] = 0.95, CEREBELLUM["white"][number]
    stem = _depth((x, y + 0.25 * (z + 30.0), z), (0.0, 16.0, -36.0), (13.0, 11.0, 36.0)) > 0
    value[stem], label[stem] = 0.92, 16


def _put_scalp(value: Tensor, points_mm: Coordinates, hull: Tensor) -> None:
    """Skin and fat, skull, the fluid under it, muscle and air below, and a capsule on the right temple."""
    _, y, z = points_mm
    outer = _depth(points_mm, (0.0, 2.0, 4.0), (79.0, 97.0, 76.0))
    neck = _depth(points_mm, (0.0, 18.0, -70.0), (54.0, 62.0, 80.0))
    value[torch.maximum(outer, neck) > 0] = MUSCLE
    value[(outer > 0) & (outer < 5.5)] = SCALP
    value[(neck > 0) & (neck < 3.0) & (outer < 0)] = SCALP
    value[(outer > 5.5) & (z > -32.0 - 0.3 * y)] = SKULL
    value[(outer > 11.0) & (hull > -4.0)] = FLUID
    nose = _depth(points_mm, (0.0, -64.0, -38.0), (16.0, 22.0, 20.0))
    value[(nose > 0) & (outer > 3.0)] = AIR
    for side in (-1.0, 1.0):
        eye = _depth(points_mm, (side * 31.0, -72.0, -18.0), (12.0, 12.0, 12.0))
        value[(eye > 0) & (hull < 0)] = FLUID
    capsule = _depth(points_mm, (-78.0, -20.0, 8.0), (5.0, 9.0, 5.0))
    value[(capsule > 0) & (outer < 0)] = 1.3


def _sulci(points_mm: Coordinates, generator: torch.Generator) -> Tensor:
    """A rough distance in mm to the middle of the nearest sulcus: winding sheets, down from the surface."""
    x, y, z = points_mm
    r = (x * x + y * y + z * z).sqrt().clamp(min=1e-3)
    # along a radius the sheets hardly change
    stretch = (66.0 / r) ** 0.8
    field = torch.zeros_like(x)
    for _ in range(SULCUS_WAVES):
        direction = torch.randn(3, generator=generator)
        length_mm = SULCUS_SPACING_MM * (0.75 + 0.5 * float(torch.rand(1, generator=generator)))
        k = (2 * math.pi / length_mm / direction.norm() * direction).tolist()
        phase = 2 * math.pi * float(torch.rand(1, generator=generator))
        field += torch.sin(stretch * (k[0] * x + k[1] * y + k[2] * z) + phase)
    # the sum's slope where it is zero is about its sd times the wave number
    return field.abs() / (math.sqrt(SULCUS_WAVES / 2) * 2 * math.pi / SULCUS_SPACING_MM)


def _depth(points_mm: Coordinates, centre: tuple[float, ...], half_axes: tuple[float, ...]) -> Tensor:
    """Roughly the distance in mm inside an ellipsoid (negative outside)."""
    square = torch.zeros_like(points_mm[0])
    for p, c, a in zip(points_mm, centre, half_axes, strict=True):
        square += ((p - c) / a).square()
    return (1 - square.sqrt()) * (sum(half_axes) / 3)


def _inside(points_mm: Coordinates, structure: Structure) -> Tensor:
    """Which points are in a structure's ellipsoid."""
    x, y, z = (p - c for p, c in zip(points_mm, structure.centre, strict=True))
    yaw, pitch = math.radians(structure.yaw), math.radians(structure.pitch)
    along = x * math.cos(yaw) + y * math.sin(yaw)
    ahead = y * math.cos(yaw) - x * math.sin(yaw)
    forward = ahead * math.cos(pitch) + z * math.sin(pitch)
    up = z * math.cos(pitch) - ahead * math.sin(pitch)
    a, b, c = structure.half_axes
    return (along / a).square() + (forward / b).square() + (up / c).square() < 1
