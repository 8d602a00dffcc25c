"""Refine a field of organs by the scans, each organ for itself, so that they go on sliding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from RegSuite.errors import InputError
from RegSuite.geometry import Grid, Image
from RegSuite.methods import get_method
from RegSuite.methods.base import Progress, part_of
from RegSuite.methods.deformable import DeformableParameters
from RegSuite.numerics.jacobian import jacobian_determinant
from RegSuite.pointcloud.field import CloudFields
from RegSuite.pointcloud.field.box import Box, voxels_of
from RegSuite.pointcloud.field.organ_inverse import OrganInverse
from RegSuite.pointcloud.field.reach import REACH, STAY, distance_to, pull
from RegSuite.transforms import DisplacementTransform
from RegSuite.transforms.inversion import invert_displacement

MARGIN_MM = 24.0
"""How far from an organ the tissue shares in what the scans changed."""

FEWEST_VOXELS = 200
"""Of an organ on either side that the scans can say something about."""

SETTINGS = DeformableParameters.model_validate(
    {"iterations": (10, 10, 5, 0), "smoothness_mm": 6.0, "window_mm": 9.0}
)
"""Stiff: an organ is nearly right already, and its inside shows little.

Abdomen's phantom of 5 mm voxels, mean error in organs. One person on two days: 5.0 mm by organs alone, with
these settings 2.9 mm (seed 0, on which they were chosen), 4.3 to 3.2 mm (seed 1); with the method's defaults
4.5 mm, and on the whole volume at once, across the organs' borders, 4.7 mm, with a bladder's Dice of 0.85
instead of 0.94. Between two people, whose insides differ, it gains nothing: 7.7 to 7.4 mm (seed 1), Dice of
the kidneys 0.92 to 0.89.
"""


@dataclass(frozen=True, eq=False)
class RefinedFields:
    """backward: target to source on the target's grid, forward: source to target on the source's.

    jacobian: det of the backward map; in organs of their own smooth motion.
    """

    backward: DisplacementTransform
    forward: DisplacementTransform
    jacobian: Image
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def refined_by_organ(
    fields: CloudFields, fixed: Image, moving: Image, device: str, progress: Progress
) -> RefinedFields:
    """`deformable` on each organ alone, from its own map: masks of the organ on both scans.

    fixed, moving: the target's and the source's scan on the grids of `fields`. So neither a neighbour that
    slides along nor the jump at the border has a say. The tissue around takes part in each organ's change,
    less with the distance, none MARGIN_MM away. Organs that are small, or without structure in the scans,
    stay as they were, and the notes name them. Without label maps all is one organ: the whole volume.
    """
    sums = _Sums(fields)
    maps = fields.organ_maps
    done: list[str] = []
    left: list[str] = []
    for k, one in enumerate(maps):
        share = part_of(progress, k / len(maps), (k + 1) / len(maps))
        reason = _refine(sums, one, fixed, moving, device, share)
        if reason is None:
            done.append(one.field.organ.name)
        else:
            left.append(reason)
    if not done:
        sentence = "nothing was refined by the scans: no organ is large enough on label maps of both sides"
        return sums.result((), (sentence, *left))
    notes = (
        "refined by `deformable` on both scans, organ by organ, from where the organs ended: "
        + ", ".join(done),
        *left,
    )
    apart = (
        "refined by the scans: uncertainty, residuals, registered.csv, correspondences and moved surfaces "
        "are those of the organs alone, before that; distances, fields, warped scan and labels are refined"
    )
    return sums.result(notes, (apart,))


class _Sums:
    """The fields while organ after organ is refined."""

    def __init__(self, fields: CloudFields) -> None:
        self.target, self.source = fields.backward.grid, fields.forward.grid
        self.backward = fields.backward.displacement_mm.clone()
        self.forward = fields.forward.displacement_mm.clone()
        self.determinant = fields.jacobian.data[0].clone()
        self.target_at, self.source_at = fields.target_labels.data[0], fields.source_labels.data[0]
        self.change = torch.zeros_like(self.backward)
        self.weight = torch.zeros(self.target.shape)
        self.near = torch.zeros(self.source.shape, dtype=torch.bool)

    def add(
        self, one: OrganInverse, found: Tensor, boxes: tuple[Box, Box], masks: tuple[Tensor, Tensor]
    ) -> None:
        """Take an organ's refined map [d, *box] on the target's box."""
        box, back = boxes
        at = (slice(None), *box.slices)
        inside = masks[0][box.slices]
        a = pull(distance_to(inside, box.grid), MARGIN_MM / REACH)
        a = torch.where((self.target_at[box.slices] == 0) & ~inside, a, 0.0)
        self.change[at] += a * (found - one.displacement(box.grid))
        self.weight[box.slices] += a
        self.backward[at] = torch.where(inside, found, self.backward[at])
        own = jacobian_determinant(found, box.grid)
        self.determinant[box.slices] = torch.where(inside, own, self.determinant[box.slices])
        inverse = invert_displacement(found, box.grid, back.grid).displacement_mm
        at, inside = (slice(None), *back.slices), masks[1][back.slices]
        self.forward[at] = torch.where(inside, inverse, self.forward[at])
        self.near[back.slices] |= distance_to(inside, back.grid) < MARGIN_MM

    def result(self, notes: tuple[str, ...], warnings: tuple[str, ...]) -> RefinedFields:
        """With the tissue around, both ways."""
        changed = self.weight > 0
        if bool(changed.any()):
            self.backward += self.change / (self.weight + STAY)
            own = jacobian_determinant(self.backward, self.target)
            self.determinant = torch.where(changed, own, self.determinant)
            inverse = invert_displacement(self.backward, self.target, self.source).displacement_mm
            self.forward = torch.where(self.near & (self.source_at == 0), inverse, self.forward)
        return RefinedFields(
            DisplacementTransform(self.backward, self.target),
            DisplacementTransform(self.forward, self.source),
            Image(self.determinant[None], self.target, "jacobian"),
            notes,
            warnings,
        )


def _refine(
    sums: _Sums, one: OrganInverse, fixed: Image, moving: Image, device: str, progress: Progress
) -> str | None:
    """Refine one organ; a sentence on why not, where it stays as it was."""
    organ = one.field.organ
    masks = sums.target_at == organ.label, sums.source_at == organ.label
    counts = [int(mask.sum()) for mask in masks]
    if min(counts) < FEWEST_VOXELS:
        return (
            f"{organ.name} is not refined: it has {counts[0]} voxels in the target, {counts[1]} in the source"
        )
    boxes = _box(masks[0], fixed.grid), _box(masks[1], moving.grid)
    start = DisplacementTransform(one.displacement(boxes[0].grid), boxes[0].grid)
    try:
        found = get_method("deformable").register(
            _cropped(fixed, boxes[0], masks[0]).to(device),
            _cropped(moving, boxes[1], masks[1]).to(device),
            SETTINGS,
            progress,
            initial=start,
        )
    except InputError as error:
        return f"{organ.name} is not refined: {error.what}"
    sums.add(one, found.transform.displacement(boxes[0].grid), boxes, masks)
    return None


def _box(mask: Tensor, grid: Grid) -> Box:
    return Box.about(voxels_of(mask.numpy()), MARGIN_MM, grid)


def _cropped(image: Image, box: Box, mask: Tensor) -> Image:
    return Image(image.data[(slice(None), *box.slices)], box.grid, image.name, mask[box.slices])
