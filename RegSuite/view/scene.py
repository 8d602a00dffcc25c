"""The scene of a result folder in Slicer's own application logic: scene.mrb, or else the images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from RegSuite.errors import InputError

if TYPE_CHECKING:
    from RegSuite.report.result import Result

SCENE_FILE = "scene.mrb"
_FIRST_3D_VIEW = "1"


def open_scene(app: Any, folder: Path, result: Result) -> str:
    """Fill the application's scene; gives a sentence for the reader, empty where all is as written.

    Raises InputError for a scene that cannot be read, and for a folder without scene and images.
    """
    _complete(app)
    file = folder / SCENE_FILE
    if file.is_file():
        _load(app, file)
        return ""
    from RegSuite.view.images import load_images

    if not load_images(app, folder, result):
        raise InputError(
            f"the folder holds neither {SCENE_FILE} nor an image that can be shown",
            where=str(folder),
            mend="give the result folder of a registration that was completed",
        )
    return f"There is no {SCENE_FILE} here: shown are the images, in plain colours."


def _load(app: Any, file: Path) -> None:
    try:
        read = app.io_manager.load_scene(file)
    except (OSError, BadZipFile) as error:
        raise _unreadable(file, str(error)) from error
    if not read:
        raise _unreadable(file, "Slicer cannot read this scene")


def _unreadable(file: Path, what: str) -> InputError:
    mend = "delete it to see the images instead, or run the registration again"
    return InputError(what, where=str(file), mend=mend)


def arrange(app: Any) -> None:
    """Fit the views to their windows, each at the slice, and from the side, that the scene has chosen."""
    for view in app.view_manager.get_slice_views():
        place = view.get_slice_value()
        view.fit_view_to_content()
        low, high = view.get_slice_range()
        if low <= place <= high:
            view.set_slice_value(place)
    if not _has_surfaces(app.scene):
        for view in app.view_manager.get_slice_views():
            view.set_visible_in_3d(True)
    for view in app.view_manager.get_threed_views():
        view.reset_view()
        view.set_orientation_marker(view.get_view_node().OrientationMarkerTypeCube)
        _look_from(view, app.scene.GetSingletonNode(_FIRST_3D_VIEW, "vtkMRMLCameraNode"))


def _look_from(view: Any, wanted: Any) -> None:
    """Place the camera of a 3D view as the scene's own is.

    The page cannot call its view "1", as Slicer and so the scene do.
    """
    camera = view.get_camera_node()
    if wanted is None or camera is None:
        return
    camera.SetPosition(wanted.GetPosition())
    camera.SetFocalPoint(wanted.GetFocalPoint())
    camera.SetViewUp(wanted.GetViewUp())
    camera.ResetClippingRange()


def _complete(app: Any) -> None:
    """Add the kinds of nodes that RegSuite's scenes hold and trame-slicer's application does not know."""
    import slicer

    app.register_module_logic(slicer.vtkSlicerSequencesLogic())
    app.scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())


def _has_surfaces(scene: Any) -> bool:
    """Whether there is something to see in 3D without the slices."""
    segmentations = scene.GetNodesByClass("vtkMRMLSegmentationNode")
    segmentations.UnRegister(None)
    return bool(segmentations.GetNumberOfItems())
