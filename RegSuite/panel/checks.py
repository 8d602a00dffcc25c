"""What can be said of the chosen nodes before Apply: cheap, from geometry and sampled voxels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slicer.i18n import tr as _

from RegSuite.geometry import Grid
from RegSuite.geometry.landmarks import check_landmarks
from RegSuite.mrml.inputs import check_twice, is_node
from RegSuite.mrml.markups import points_from_markups
from RegSuite.mrml.modality import modality_of
from RegSuite.mrml.parts import node_of
from RegSuite.mrml.taken import is_models, kind_of
from RegSuite.panel.check_node import (
    Placed,
    check_image,
    check_models,
    check_points,
    check_regions,
    check_transform,
)
from RegSuite.panel.check_pair import check_memory, check_overlap, check_sizes
from RegSuite.panel.finding import Finding, Tell, refusals
from RegSuite.workflows.model import InputRole, Workflow

__all__ = ["Finding", "check_inputs"]


def sides_of(workflow: Workflow) -> tuple[str, str]:
    """The roles of the image that stays and of the one that is brought there."""
    return workflow.view.background, workflow.moved


def _stems(workflow: Workflow) -> tuple[str, ...]:
    """The same as other roles begin: target of target_image."""
    return tuple(side.removesuffix("_image") for side in sides_of(workflow))


def check_inputs(
    workflow: Workflow, given: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
) -> list[Finding]:
    """Everything that is wrong or doubtful, errors first; empty where Apply may be pressed.

    given: by role, nodes or what is no node (files, words), as `inputs_of` says; roles that were
    not chosen are absent or None. parameters: the workflow's, as `parameters_of` says. Under 50 ms
    for volumes of 512^3; no torch, no voxel copied, no node changed.
    """
    findings: list[Finding] = []
    chosen = {role: item for role, item in given.items() if item is not None}
    _check_chosen(workflow, chosen, findings.append)
    images = _check_each(workflow, chosen, findings.append)
    _check_sides(workflow, chosen, findings.append)
    if "preset" in (parameters or {}):
        _check_preset(sides_of(workflow), chosen, (parameters or {}).get("preset"), findings.append)
    sides = sides_of(workflow)
    fixed, moving = (images.get(side) for side in sides)
    if fixed is not None and moving is not None and chosen[sides[0]] is not chosen[sides[1]]:
        titles = ", ".join(role.title for side in sides if (role := workflow.input(side)) is not None)

        def tell(finding: Finding) -> None:
            findings.append(replace(finding, where=titles, roles=sides))

        check_overlap(fixed, moving, chosen.get("initial"), tell)
        check_sizes(fixed, moving, tell)
        check_memory(fixed, moving, tell)
    return sorted(findings, key=lambda finding: finding.severity)


def _check_chosen(workflow: Workflow, chosen: Mapping[str, Any], tell: Tell) -> None:
    """Required inputs are there, and no node stands in two places."""
    for role in workflow.inputs:
        if role.required and role.name not in chosen:
            what = _("no {title} is chosen").format(title=role.title.lower())
            mend = _("choose one under '{title}'").format(title=role.title)
            tell(Finding("error", what, role.title, mend, (role.name,)))
    twice = [r.name for r in workflow.inputs if sum(chosen.get(r.name) is o for o in chosen.values()) > 1]
    with refusals(tell, "", *twice):
        check_twice(workflow.inputs, chosen)


def _check_each(workflow: Workflow, chosen: Mapping[str, Any], tell: Tell) -> dict[str, Placed]:
    """Every node alone, and on the grid of its image; the images that can be used, by role."""
    initial = chosen.get("initial")
    moved = workflow.moved
    found = [(role, _node_of(chosen.get(role.name))) for role in workflow.inputs]
    nodes = [(role, node) for role, node in found if node is not None]
    images: dict[str, Placed] = {}
    for role, node in (pair for pair in nodes if pair[0].kind == "image"):
        grid = check_image(node, role, _inside(role, moved, initial), tell)
        if grid is not None:
            images[role.name] = Placed(node.GetName(), grid)
    for role, node in nodes:
        kind = kind_of(role, chosen[role.name])
        if kind == "points" and role.kind != "points":
            check_points(node, role, None, tell)
        elif kind == "structures" and role.kind != "structures":
            check_models(chosen[role.name], role, tell)
        elif role.kind in ("mask", "labels"):
            check_regions(node, role, _grid(images.get(role.image)), _inside(role, moved, initial), tell)
        elif role.kind == "transform":
            check_transform(node, role, tell)
    counts = {
        role.name: check_points(node, role, _inside(role, moved, initial), tell)
        for role, node in nodes
        if role.kind == "points"
    }
    _check_partners(chosen, counts, workflow, tell)
    return images


def _check_partners(
    chosen: Mapping[str, Any], counts: Mapping[str, int | None], workflow: Workflow, tell: Tell
) -> None:
    """Landmarks of both sides are pairs row by row, by the run's own rule of numbers and names."""
    roles = [f"{side}_points" for side in _stems(workflow)]
    if any(counts.get(name) is None for name in roles):
        return
    titles = ", ".join(found.title for name in roles if (found := workflow.input(name)) is not None)
    with refusals(tell, titles, *roles):
        fixed, moving = (points_from_markups(chosen[name], name.replace("_", " "), ndim=3) for name in roles)
        check_landmarks(fixed, moving, 3)


def _check_sides(workflow: Workflow, chosen: Mapping[str, Any], tell: Tell) -> None:
    """Labels and landmarks measure something where both sides have them."""
    sides = _stems(workflow)
    for what in ("labels", "points"):
        roles = {side: workflow.input(f"{side}_{what}") for side in sides}
        there = [side for side in sides if f"{side}_{what}" in chosen]
        if len(there) != 1 or None in roles.values():
            continue
        missing = next(role for side, role in roles.items() if side not in there and role is not None)
        words = _("{what} were given of the {side} image only: nothing is measured from them").format(
            what=what, side=there[0]
        )
        mend = _("choose {title} as well, or neither").format(title=missing.title.lower())
        tell(Finding("warning", words, missing.title, mend, (missing.name,)))


def _check_preset(sides: tuple[str, str], chosen: Mapping[str, Any], name: str | None, tell: Tell) -> None:
    """A preset was made for images of certain modalities."""
    from RegSuite.presets import load_preset

    if name is None:
        return
    with refusals(tell, _("Preset")):
        preset = load_preset(name)
        for side in sides:
            node: Any = chosen.get(side)
            found = modality_of(node) if is_node(node) else None
            if found is None or found in preset.modality:
                continue
            made_for = ", ".join(dict.fromkeys(preset.modality))
            what = _("preset '{title}' is made for {made_for}, and {side} '{name}' is {found}").format(
                title=preset.title, made_for=made_for, side=side, name=node.GetName(), found=found
            )
            mend = _("choose another preset, or 'automatic'")
            tell(Finding("warning", what, _("Preset"), mend, (side,)))


def _node_of(given: Any) -> Any:
    """The node of an input, the first one of several models."""
    return given[0] if is_models(given) else node_of(given)


def _inside(role: InputRole, moved: str, initial: Any) -> Any:
    """The initial transform, for what it moves."""
    return initial if role.image == moved and is_node(initial) else None


def _grid(image: Placed | None) -> Grid | None:
    return None if image is None else image.grid
