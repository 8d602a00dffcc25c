"""The decorator @parameterNodeWrapper: a class whose fields are kept in a parameter node."""

from __future__ import annotations

import weakref
from typing import Any, get_type_hints

import qt
import slicer
import vtk
from slicer.parameterNodeWrapper.annotations import Default
from slicer.parameterNodeWrapper.connectors import connector_of
from slicer.parameterNodeWrapper.parameter import ParameterInfo, parameter_of

SlicerParameterNamePropertyName = "SlicerParameterName"


class Wrapper:
    """What every decorated class can do; mixed into it by the decorator."""

    allParameters: dict[str, ParameterInfo]

    def __init__(self, parameterNode: Any) -> None:
        self._node = parameterNode
        self._guis: dict[int, dict[str, Any]] = {}
        self._observed: dict[int, int] = {}
        self._next_gui = 0
        self._writing_gui = False
        self._values: dict[str, Any] = {}
        self._read_again()
        self._observed[-1] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, _weak_call(self, "_read_again"))

    @property
    def parameterNode(self) -> Any:
        return self._node

    def __setattr__(self, name: str, value: Any) -> None:
        """Slicer takes any name and forgets it; a misspelt parameter is an error here."""
        if not name.startswith("_") and name not in self.allParameters:
            raise AttributeError(f"{type(self).__name__} has no parameter '{name}'")
        object.__setattr__(self, name, value)

    def default(self, name: str) -> Default:
        return self._known(name).default

    def dataType(self, name: str) -> Any:
        return self._known(name).unalteredType

    def getValue(self, name: str) -> Any:
        """As in Slicer the value of the last ModifiedEvent: older than the node's while that is held back."""
        parameter = self._known(name)
        return parameter.read(self._node) if parameter.is_list else self._values[name]

    def setValue(self, name: str, value: Any) -> None:
        parameter = self._known(name)
        with slicer.util.NodeModify(self._node):
            parameter.write(self._node, value)
            self._values[name] = parameter.read(self._node)

    def _read_again(self) -> None:
        self._values = {name: found.read(self._node) for name, found in self.allParameters.items()}

    def connectGui(self, gui: Any) -> None:
        """Bind the widgets that name a parameter. Gives nothing, as in Slicer: see the harness's README."""
        widgets = gui.findChildren(qt.QWidget) if hasattr(gui, "isWidgetType") else list(vars(gui).values())
        named = {w.property(SlicerParameterNamePropertyName): w for w in widgets}
        self.connectParametersToGui({name: widget for name, widget in named.items() if name})

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        connectors = {name: connector_of(widget, self.dataType(name)) for name, widget in mapping.items()}
        tag, self._next_gui = self._next_gui, self._next_gui + 1
        self._guis[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.connect(self._from_gui(name, connector))
        self._observed[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, _weak_call(self, "_to_guis"))
        return tag

    def disconnectGui(self, tag: int | None) -> None:
        for connector in self._guis.pop(tag, {}).values():  # type: ignore[arg-type]
            connector.disconnect()
        if tag in self._observed:
            self.RemoveObserver(self._observed.pop(tag))

    def __del__(self) -> None:
        """Python's collector empties the observers of a node that it finds in a cycle, although the scene
        keeps the node and would call them: they are taken off before.
        """
        for observed in self._observed.values():
            self.RemoveObserver(observed)

    def StartModify(self) -> int:
        return int(self._node.StartModify())

    def EndModify(self, was: int) -> None:
        self._node.EndModify(was)

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:
        return int(self._node.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        self._node.RemoveObserver(tag)

    def Modified(self) -> None:
        self._node.Modified()

    def _known(self, name: str) -> ParameterInfo:
        if name not in self.allParameters:
            raise ValueError(f"no parameter '{name}' among {', '.join(self.allParameters)}")
        return self.allParameters[name]

    def _from_gui(self, name: str, connector: Any) -> Any:
        def changed() -> None:
            if not self._writing_gui:
                with slicer.util.NodeModify(self):
                    self.setValue(name, connector.read())

        return changed

    def _to_guis(self) -> None:
        if self._writing_gui:
            return
        self._writing_gui = True
        try:
            with slicer.util.NodeModify(self):
                for connectors in self._guis.values():
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._writing_gui = False


def _weak_call(wrapper: Wrapper, method: str) -> Any:
    """An observer that does not keep the wrapper alive."""
    reference = weakref.ref(wrapper)

    def call(*_: Any) -> None:
        alive = reference()
        if alive is not None:
            getattr(alive, method)()

    return call


def parameterNodeWrapper(classtype: Any = None) -> Any:
    """Class decorator, with or without parentheses."""
    return _wrapped if classtype is None else _wrapped(classtype)


def _wrapped(classtype: type) -> type:
    reserved = sorted(name for name in vars(Wrapper) if not name.startswith("_") and hasattr(classtype, name))
    if reserved:
        raise ValueError(f"Slicer uses the names {', '.join(reserved)} in parameter node wrappers")
    parameters = {
        name: parameter_of(classtype, name, hint)
        for name, hint in get_type_hints(classtype, include_extras=True).items()
    }
    kept = {
        name: value
        for name, value in vars(classtype).items()
        if name not in ("__dict__", "__weakref__", *parameters)
    }
    fields = {name: _property(name) for name in parameters}
    return type(
        classtype.__name__, (Wrapper, *classtype.__bases__), {**kept, **fields, "allParameters": parameters}
    )


def _property(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def isParameterNodeWrapper(class_or_object: Any) -> bool:
    return issubclass(
        class_or_object if isinstance(class_or_object, type) else type(class_or_object), Wrapper
    )


def findChildWidgetForParameter(widget: Any, name: str) -> Any:
    children = widget.findChildren(qt.QWidget)
    return next(
        (child for child in children if child.property(SlicerParameterNamePropertyName) == name), None
    )
