"""TumorPhantom: a healthy template and a brain with a tumour, with all that is known of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from RegSuite.geometry import Image


@dataclass(frozen=True, eq=False)
class TumorPhantom:
    """A healthy template (moving) and a target with a tumour (fixed), and the truth about them.

    displacement: u [d, *shape] in LPS mm on the TARGET grid: a target point x shows what the template
    has at x + u(x). inverse_displacement: on the template grid, template point to target point.
    Both are finite and without folds everywhere. Where the core has replaced tissue nothing
    corresponds, and they only go on smoothly: `corresponds` (target grid) and `template_corresponds`
    (template grid), uint8, are 0 there.
    template_labels, target_labels: int32; 0 in the core, whose tissue is destroyed.
    tumor: core (necrosis and rim), oedema: around it, without mass effect; uint8 on the target grid.
    ventricles: the labels that only the mass effect changes. growth: [T, *shape] uint8, the core in
    the target's space at T equally spaced times, the last one `tumor`.
    """

    template: Image
    template_labels: Image
    target: Image
    target_labels: Image
    tumor: Image
    oedema: Image
    displacement: Image
    inverse_displacement: Image
    corresponds: Image
    template_corresponds: Image
    label_names: Mapping[int, str] = field(default_factory=dict)
    ventricles: tuple[int, ...] = ()
    growth: Image | None = None
    seed: int = 0
    name: str = "tumor"
    parameters: Mapping[str, Any] = field(default_factory=dict)
