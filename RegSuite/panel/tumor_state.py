"""What the panel remembers of a tumour: a segmentation, and which of its segments are core or oedema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from RegSuite.panel.regions import CORE, OEDEMA, guessed, regions_of

TUMOR = "tumorRegions"
"""Node reference of the parameter node."""

PARTS = "tumorParts"
"""Parameter of it: core or oedema by segment ID or label number, as JSON."""

ROLES = {CORE: "tumor_mask", OEDEMA: "oedema_mask"}
"""Inputs of the workflow by what a region is."""


class TumorState:
    """The tumour of a MRML parameter node (not the wrapped one). It survives saving and loading a scene."""

    def __init__(self, node: Any) -> None:
        self._node = node

    @property
    def regions(self) -> Any:
        """The segmentation or label map, None for none: then the tumour is estimated."""
        return self._node.GetNodeReference(TUMOR)

    @property
    def parts(self) -> dict[str, str]:
        """core or oedema by region; of others nothing. Regions that are gone are left out."""
        kept = json.loads(self._node.GetParameter(PARTS) or "{}")
        there = {region.key for region in regions_of(self.regions)}
        return {key: part for key, part in kept.items() if key in there and part in ROLES}

    def choose(self, node: Any, parts: Mapping[str, str] | None = None) -> None:
        """Keep a segmentation or label map; parts: by region, guessed from the names if None."""
        found = {region.key: guessed(region) for region in regions_of(node)} if parts is None else dict(parts)
        was = self._node.StartModify()
        try:
            self._node.SetNodeReferenceID(TUMOR, None if node is None else node.GetID())
            self._node.SetParameter(PARTS, json.dumps({key: part for key, part in found.items() if part}))
        finally:
            self._node.EndModify(was)

    def set_parts(self, parts: Mapping[str, str]) -> None:
        """Keep what each region is."""
        self._node.SetParameter(PARTS, json.dumps({key: part for key, part in parts.items() if part}))

    def masks(self) -> dict[str, Any]:
        """The inputs tumor_mask and oedema_mask as (node, region, ...); those without a region left out."""
        node, parts = self.regions, self.parts
        keys = {role: [k for k, p in parts.items() if p == part] for part, role in ROLES.items()}
        return {role: (node, *found) for role, found in keys.items() if node is not None and found}


def tumor_inputs(parameters: Any, workflow: Any) -> dict[str, Any]:
    """The chosen inputs by role, core and oedema as regions of their segmentation."""
    from RegSuite.panel.parameter_node import inputs_of

    return {**inputs_of(parameters, workflow), **TumorState(parameters.parameterNode).masks()}
