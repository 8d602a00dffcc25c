"""Ways to see in Slicer's views whether two images lie on each other, and how space was bent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from numpy.typing import NDArray

from RegSuite.errors import InputError
from RegSuite.mrml.composed import difference_of_both, tiles_of_both
from RegSuite.mrml.display import legend_of, prepare_grid, show_grey, show_jacobian
from RegSuite.mrml.diverging import difference_colours
from RegSuite.mrml.helper_nodes import HelperNodes
from RegSuite.mrml.nodes import check_node
from RegSuite.mrml.space import grid_of_volume
from RegSuite.mrml.views import composites
from RegSuite.mrml.voxels import image_of

DIFFERENCE_HINT = (
    "Warped minus fixed image, each scaled as it is shown: grey where both are equally bright. It says "
    "something only of images of one modality and contrast; compare others by checkerboard or labels."
)
"""What a person must know of the difference; panels show it beside the picture."""

MAP_OPACITY = 0.6
"""Of the Jacobian's colours over the fixed image."""

_LAYERS = ("BackgroundVolumeID", "ForegroundVolumeID", "LabelVolumeID", "ForegroundOpacity")


@dataclass(frozen=True)
class Layers:
    """What every slice view shows: nodes, and the opacity of the upper one."""

    background: Any
    foreground: Any = None
    opacity: float = 0.0


class Comparison:
    """A fixed and a warped image in the slice views of their scene, in one way at a time.

    fixed_node, warped_node: scalar volumes that lie over each other. displacement_node: the
    transform node whose grid `deformation_grid` shows; jacobian_node: its determinants. MRML only:
    views follow on the desktop and offscreen. Volumes it needs are hidden, are not saved with the
    scene and are removed by `clear`, which also restores what the views showed before.
    Raises InputError for nodes that are missing, of another class or gone; GeometryError where
    they lie under transforms that are not rigid.
    """

    def __init__(
        self, fixed_node: Any, warped_node: Any, *, displacement_node: Any = None, jacobian_node: Any = None
    ) -> None:
        self._fixed, self._warped = fixed_node, warped_node
        self._displacement, self._jacobian = displacement_node, jacobian_node
        self._check()
        self._scene = fixed_node.GetScene()
        self._before = [(node, _state(node)) for node in composites(self._scene)]
        self._base = Layers(fixed_node, warped_node, 0.5)
        self._helpers = HelperNodes(self._scene)
        self._composed: Any = None
        self._jacobian_is_on = False
        self._grid_before: Any = None

    def fade(self, fraction: float) -> None:
        """The warped image over the fixed one: 0 the fixed alone, 1 the warped alone."""
        self._show(Layers(self._fixed, self._warped, float(np.clip(fraction, 0.0, 1.0))))

    def flicker(self) -> None:
        """The other image than now, alone; called by a timer again and again."""
        now = self._base
        showing_warped = now.foreground is self._warped and now.opacity >= 1.0
        self.fade(0.0 if showing_warped else 1.0)

    def checkerboard(self, tiles: int = 8) -> None:
        """Cubes of both images in turn, `tiles` along the longest edge, both as bright as they are shown."""
        self._check()
        node = self._compose(tiles_of_both(self._fixed, self._warped, tiles), "vtkMRMLColorTableNodeGrey")
        show_grey(node, (0.0, 1.0))
        self._show(Layers(node))

    def difference(self) -> None:
        """Warped minus fixed in diverging colours, zero in grey; see DIFFERENCE_HINT.

        The colours end at the 99th percentile of the absolute difference, at 0.05 of the windows at least.
        """
        self._check()
        values = difference_of_both(self._fixed, self._warped)
        top = max(0.05, float(np.percentile(np.abs(values[::2, ::2, ::2]), 99)))
        node = self._compose(values, self._helpers.adopt(difference_colours(self._scene)).GetID())
        show_grey(node, (-top, top))
        self._show(Layers(node))

    def jacobian(self, on: bool = True) -> None:
        """The Jacobian's colours over the fixed image, with their legend; off: the picture from before.

        Raises InputError where there is no Jacobian.
        """
        if self._jacobian is None:
            raise InputError(
                "there is no Jacobian to show", where="comparison", mend="register with a Jacobian output"
            )
        self._jacobian_is_on = on
        legend = legend_of(self._jacobian) or show_jacobian(self._jacobian)
        self._show(self._base)
        legend.SetVisibility(on)  # last: views look for what a legend is about when the legend changes

    def deformation_grid(self, on: bool = True) -> None:
        """A regular grid of the moving image where the transform takes it, over the slices.

        Raises InputError where there is no transform.
        """
        if self._displacement is None:
            raise InputError(
                "there is no transform to show", where="comparison", mend="register with a transform output"
            )
        self._check()
        if self._grid_before is None:
            self._grid_before = _copied(self._displacement.GetDisplayNode())
            prepare_grid(self._displacement, grid_of_volume(self._fixed), self._fixed)
        self._displacement.GetDisplayNode().SetVisibility(on)

    def clear(self) -> None:
        """Show what was shown before, and remove what was made; nodes that are gone are left alone."""
        for node, state in self._before:
            if node.GetScene() is self._scene:
                _restore(node, state)
        if self._jacobian_is_on and _is_there(self._jacobian):
            legend_of(self._jacobian).SetVisibility(False)
        self._jacobian_is_on = False
        if self._grid_before is not None and _is_there(self._displacement):
            self._displacement.GetDisplayNode().CopyContent(self._grid_before)
        self._grid_before = None
        self._helpers.remove()
        self._composed = None

    def _check(self) -> None:
        """Raise InputError where an image is missing or gone."""
        check_node(self._fixed, "fixed image", "vtkMRMLScalarVolumeNode")
        check_node(self._warped, "warped image", "vtkMRMLScalarVolumeNode")
        for node, role in ((self._displacement, "transform"), (self._jacobian, "Jacobian")):
            if node is not None:
                check_node(node, role, "vtkMRMLTransformNode", "vtkMRMLScalarVolumeNode")

    def _show(self, layers: Layers) -> None:
        """Put the layers into every slice view; the Jacobian, while it is on, lies over the fixed image."""
        self._check()
        self._base = layers
        if self._jacobian_is_on:
            layers = Layers(self._fixed, self._jacobian, MAP_OPACITY)
        for node in composites(self._scene):
            was = node.StartModify()
            node.SetBackgroundVolumeID(layers.background.GetID())
            node.SetForegroundVolumeID(None if layers.foreground is None else layers.foreground.GetID())
            node.SetForegroundOpacity(layers.opacity)
            node.EndModify(was)

    def _compose(self, values: NDArray[Any], colours: str) -> Any:
        """The hidden volume of this comparison with these voxels [Z, Y, X], on the fixed grid."""
        if not _is_there(self._composed):
            self._composed = self._helpers.new("vtkMRMLScalarVolumeNode", "RegSuite comparison")
            display = self._helpers.new("vtkMRMLScalarVolumeDisplayNode", "RegSuite comparison display")
            self._composed.SetAndObserveDisplayNodeID(display.GetID())
        node = self._composed
        node.CopyOrientation(self._fixed)
        node.SetAndObserveTransformNodeID(self._fixed.GetTransformNodeID())
        node.SetAndObserveImageData(image_of(values[None]))
        node.GetDisplayNode().SetAndObserveColorNodeID(colours)
        return node


def _is_there(node: Any) -> bool:
    return node is not None and node.GetScene() is not None


def _state(composite: Any) -> dict[str, Any]:
    return {name: getattr(composite, f"Get{name}")() for name in _LAYERS}


def _restore(composite: Any, state: dict[str, Any]) -> None:
    was = composite.StartModify()
    for name, value in state.items():
        gone = name.endswith("ID") and composite.GetScene().GetNodeByID(value or "") is None
        getattr(composite, f"Set{name}")(None if gone else value)
    composite.EndModify(was)


def _copied(display: Any) -> Any:
    """A transform's display as it is, outside of the scene; of one without display the hidden default."""
    copy = slicer.vtkMRMLTransformDisplayNode()
    if display is None:
        copy.SetVisibility(False)
    else:
        copy.CopyContent(display)
    return copy
