"""What the page's controls do to the layers, and what the layers tell the page."""

from __future__ import annotations

from typing import Any

from RegSuite.view.layers import Layers
from RegSuite.view.nodes import ROLE

_MAP_OPACITY = 0.6
"""Of the Jacobian's colours over the image, as in the panel's comparison."""


class Controls:
    """Binds the state of a trame server to the layers of the views."""

    def __init__(self, server: Any, layers: Layers) -> None:
        self._layers = layers
        self._state = server.state
        self._before_jacobian = layers.foreground
        self._labels_before, self._fade_before = layers.labels, layers.fade
        jacobian = layers.choices.jacobian
        self._jacobian = jacobian.GetID() if jacobian is not None else ""
        self._state.update(
            {
                "volumes": [_choice(node) for node in layers.choices.volumes],
                "label_choices": [_choice(node) for node in layers.choices.labels],
                "jacobian_id": self._jacobian,
                "jacobian": bool(self._jacobian) and layers.foreground == self._jacobian,
                "background": layers.background,
                "foreground": layers.foreground,
                "fade": layers.fade,
                "labels": layers.labels,
            }
        )
        self._name_ends()
        self._state.change("background")(lambda background, **_: self._choose_background(background or ""))
        self._state.change("foreground")(lambda foreground, **_: self._choose_foreground(foreground or ""))
        self._state.change("fade")(lambda fade, **_: layers.set_fade(float(fade)))
        self._state.change("labels")(lambda labels, **_: layers.set_labels(labels or []))
        self._state.change("jacobian")(lambda jacobian, **_: self._switch_jacobian(bool(jacobian)))

    def _choose_background(self, node_id: str) -> None:
        self._layers.set_background(node_id)
        self._name_ends()

    def _choose_foreground(self, node_id: str) -> None:
        if node_id != self._jacobian:
            self._before_jacobian = node_id
        self._layers.set_foreground(node_id)
        self._state.jacobian = bool(node_id) and node_id == self._jacobian
        self._layers.show_legend(self._state.jacobian)
        self._name_ends()

    def _switch_jacobian(self, on: bool) -> None:
        """The map in the foreground without labels over it, or what was there before it."""
        if not self._jacobian or on == (self._layers.foreground == self._jacobian):
            return
        if on:
            self._labels_before, self._fade_before = self._layers.labels, self._layers.fade
        self._state.labels = [] if on else self._labels_before
        self._state.fade = _MAP_OPACITY if on else self._fade_before
        self._state.foreground = self._jacobian if on else self._before_jacobian

    def _name_ends(self) -> None:
        """Tell the page what stands at the two ends of the fade."""
        names = {choice["value"]: choice["title"] for choice in self._state.volumes}
        self._state.background_name = names.get(self._layers.background, "none")
        self._state.foreground_name = names.get(self._layers.foreground, "none")


def _choice(node: Any) -> dict[str, str]:
    """A line of a selector; outputs are called by their own words, without the result's name before them."""
    name = str(node.GetName())
    if node.GetAttribute(ROLE):
        words = name.rpartition(": ")[2]
        name = words[:1].upper() + words[1:]
    return {"title": name, "value": node.GetID()}
