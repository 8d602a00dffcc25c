"""What a run shows of its cloud on the way, put into the 3D view until the run is over."""

from __future__ import annotations

from typing import Any

MOVING, MOVING_ORGANS, TARGET = "moving", "moving_organs", "target"
"""Names under which a workflow shows its clouds, see Run.preview."""


class LiveCloud:
    """`take` and `end` are what a RunControl calls; other previews are left alone."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._cloud: Any = None

    def take(self, name: str, values: Any) -> None:
        """Show a preview."""
        if name not in (MOVING, MOVING_ORGANS, TARGET):
            return
        if self._cloud is None:
            from RegSuite.mrml.moving_cloud import MovingCloud

            self._cloud = MovingCloud(self._scene)
        show = {
            MOVING: self._cloud.show_moving,
            MOVING_ORGANS: self._cloud.know_organs,
            TARGET: self._cloud.show_target,
        }
        show[name](values)

    def end(self) -> None:
        """The run is over, one way or another: nothing of it stays."""
        cloud, self._cloud = self._cloud, None
        if cloud is not None:
            cloud.remove()
